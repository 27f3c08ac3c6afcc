// One line of text for a frame, as Scapy's Packet.summary() has it.
#ifndef VOLLEY_PACKET_SUMMARISE_H
#define VOLLEY_PACKET_SUMMARISE_H

#include "packet/names.h"
#include "packet/text.h"
#include "packet/view.h"

// From layer `first` on. services may be NULL: ports are numbers then.
void summarise(const struct view *view, unsigned first, const struct services *services, struct text *text);

#endif
