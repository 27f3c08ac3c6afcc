// What ICMP must know of its extensions.
#ifndef VOLLEY_PACKET_LAYERS_ICMP_EXTENSIONS_H
#define VOLLEY_PACKET_LAYERS_ICMP_EXTENSIONS_H

#include "packet/names.h"

extern const struct name icmp_extension_classes[];

#endif
