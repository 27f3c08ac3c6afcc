// What the parts of GTP share.
#ifndef VOLLEY_PACKET_LAYERS_GTP_H
#define VOLLEY_PACKET_LAYERS_GTP_H

#include "packet/layer.h"

extern const struct name gtp_extensions[]; // types of extension headers

// The packet of a user, by its first byte; `len` is at least 1.
enum layer_id gtp_user_packet(const uint8_t *payload);

#endif
