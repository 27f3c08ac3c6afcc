// What other layers must know of Ethernet's types.
#ifndef VOLLEY_PACKET_LAYERS_ETHER_H
#define VOLLEY_PACKET_LAYERS_ETHER_H

#include "packet/names.h"
#include "packet/text.h"

#define ETHER_LENGTH_MAX 1500 // what is not above this is no type, but a length (IEEE 802.3 3.2.6)

extern const struct name ether_types[];

void ether_ends_text(const uint8_t *header, struct text *text); // "source > destination"
void ether_type_text(uint16_t type, struct text *text);         // its name, or 0x...

#endif
