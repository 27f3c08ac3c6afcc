// SCTP: what the header, the chunks and their parameters share.
#ifndef VOLLEY_PACKET_LAYERS_SCTP_H
#define VOLLEY_PACKET_LAYERS_SCTP_H

#include "packet/layer.h"

extern const struct name sctp_chunk_types[], sctp_param_types[];

// The chunk that starts at `payload` behind a header or another chunk; less than a chunk's header is Padding. A layer's `next`.
enum layer_id sctp_next_chunk(const struct fields *at, const uint8_t *payload, uint32_t len);

// The parameters of a chunk.
extern const struct packets_desc sctp_params;

#endif
