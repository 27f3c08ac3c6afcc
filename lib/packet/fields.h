// Where the fields of one header lie.
//
// Fields stand in wire order, so a field's place follows from the widths of those before it. Conditions, widths and lengths may
// look at earlier fields only; while reading as while building, those are placed when they are asked for.
#ifndef VOLLEY_PACKET_FIELDS_H
#define VOLLEY_PACKET_FIELDS_H

#include "base/base.h"

#include <stdbool.h>

#define LAYER_FIELDS_MAX  32
#define FIELD_ABSENT      UINT32_MAX
#define FIELD_PACKETS_MAX 1024 // in one field, when reading
#define FIELD_NESTING_MAX 8
#define FIELD_BER_BYTES   5 // the longest length field of BER: lengths below 2^32

struct layer_desc;

struct fields {
    const uint8_t *bytes; // borrowed; the frame
    uint32_t start;       // of the header in it
    uint32_t end;         // reading: nothing of the header or its payload lies behind
    uint32_t header_bytes;
    uint64_t unseen; // of the field without bytes: its value; reading, its default
    uint8_t below;   // enum layer_id of the layer under it; LAYER_NONE: none, or it is a packet in a field
    uint32_t
        bit[LAYER_FIELDS_MAX]; // where it starts, in bits from the frame's start; FIELD_ABSENT: not there
    uint32_t bits[LAYER_FIELDS_MAX]; // its width
};

static inline const uint8_t *fields_header(const struct fields *at)
{
    return at->bytes + at->start;
}

// A placed field of up to 64 bits; 0 if it is absent.
uint64_t fields_get(const struct fields *at, unsigned field);

// Places all fields of a header that stands at at->start, given `bytes`, `start`, `end` and `below`. False: it is cut short or
// contradicts itself. Reads nothing behind `end`; nesting below FIELD_NESTING_MAX.
bool fields_place(struct fields *at, const struct layer_desc *desc, unsigned nesting) MUST_USE;

// The bytes of the element at `from` in a field that holds packets, and its layer; 0: none fits there.
uint32_t fields_element(const struct fields *at, const struct layer_desc *desc, unsigned field, uint32_t from,
                        uint32_t to, unsigned nesting, uint8_t *id);

#endif
