// An encoder: how a capture format lays out its blocks. Sizes are told first, so that blocks are built in place.
#ifndef VOLLEY_CAPTURE_ENCODER_H
#define VOLLEY_CAPTURE_ENCODER_H

#include "capture/capture.h"

// A packet's block, measured.
struct encoder_shape {
    // Set before.
    uint32_t stored_len;   // of the packet, after the snaplen
    uint32_t original_len; // of the packet on the wire

    uint32_t comment_len; // with its newline; 0: none
    size_t bytes;         // of the whole block
};

#define ENCODER_HEADER_MAX (256u << 10)

struct encoder {
    // Writes the file's header, at most ENCODER_HEADER_MAX bytes, and returns its length.
    size_t (*header)(uint8_t *to, const struct capture_options *options);
    void (*measure)(const struct capture_packet *packet, struct encoder_shape *shape);
    void (*packet)(uint8_t *to, const struct capture_packet *packet, const struct encoder_shape *shape);
    // Statistics of one side; returns its length. NULL: the format has none.
    size_t (*statistics)(uint8_t *to, const struct capture_statistics *statistics, enum capture_side side);
    // Writes a block without meaning of exactly `len` bytes, a multiple of 4 not below padding_min. NULL: none.
    void (*padding)(uint8_t *to, uint32_t len);
    uint32_t padding_min;
    // As sink_measure: of a block behind the header.
    size_t (*block)(const uint8_t *block, bool *packet);
};

extern const struct encoder pcapng_encoder;
extern const struct encoder pcap_encoder;

#endif
