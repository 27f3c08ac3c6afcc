// What BOOTP and DHCP have in common (RFC 951, RFC 2131).
#ifndef VOLLEY_PACKET_LAYERS_BOOTP_H
#define VOLLEY_PACKET_LAYERS_BOOTP_H

#include "packet/layer.h"

#define BOOTP_MAGIC 0x63825363 // in BOOTP's options: DHCP's follow

#endif
