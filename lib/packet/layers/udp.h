// What other layers must know of UDP.
#ifndef VOLLEY_PACKET_LAYERS_UDP_H
#define VOLLEY_PACKET_LAYERS_UDP_H

#include "packet/view.h"

// Whether layer i is UDP that is answered from another port than it asks: a server of TFTP chooses one (RFC 1350 4).
bool udp_moves(const struct view *view, unsigned i);

#endif
