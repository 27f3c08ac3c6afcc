// Neighbour discovery's messages and their options, which stand on them as layers.
#ifndef VOLLEY_PACKET_LAYERS_ICMPV6_ND_H
#define VOLLEY_PACKET_LAYERS_ICMPV6_ND_H

#include "packet/layer.h"

extern const struct name nd_preferences[]; // of routers (RFC 4191 2.1)

// Options by their type: they follow one another, and no field of what stands before announces them.
enum layer_id nd_option_next(const struct fields *at, const uint8_t *payload, uint32_t len);

// What the options' summaries start with.
void nd_option_title(const struct view *view, unsigned i, struct text *text);
// An IPv6 address of which the first `len` bytes are at p.
void nd_address_add(const uint8_t *p, uint32_t len, struct text *text);

#endif
