// What other layers must know of ICMP.
#ifndef VOLLEY_PACKET_LAYERS_ICMP_H
#define VOLLEY_PACKET_LAYERS_ICMP_H

#include <stdbool.h>
#include <stdint.h>

// Whether messages of that type quote what they are about.
bool icmp_is_error(uint8_t type);

#endif
