// What ICMPv6's messages share.
#ifndef VOLLEY_PACKET_LAYERS_ICMPV6_H
#define VOLLEY_PACKET_LAYERS_ICMPV6_H

#include "packet/build.h"

enum { ICMPV6_TYPE, ICMPV6_CODE, ICMPV6_CKSUM };

void icmpv6_finish(struct build *build, unsigned i);

#endif
