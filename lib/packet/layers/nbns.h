// What the layers of NetBIOS over TCP/IP have in common (RFC 1002).
#ifndef VOLLEY_PACKET_LAYERS_NBNS_H
#define VOLLEY_PACKET_LAYERS_NBNS_H

#include "packet/layer.h"

extern const struct name nbns_suffixes[]; // of names: the two letters that encode the 16th character

#endif
