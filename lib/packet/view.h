// A view: where the layers of a frame lie.
//
// Decoding never reads outside the frame, never allocates, and stops after VIEW_LAYERS_MAX layers. What does not dissect as the
// layer that its lower layer announces becomes Raw, as in Scapy; `malformed` then says that a header was cut short or
// contradicts itself, also where Scapy reads on (`broken`). Bytes behind what IP, IPv6 or ARP say is theirs are Padding. A view borrows the frame.
#ifndef VOLLEY_PACKET_VIEW_H
#define VOLLEY_PACKET_VIEW_H

#include "base/base.h"

#include <stdbool.h>

#define VIEW_LAYERS_MAX 16

enum layer_id {
    LAYER_NONE,
#define LAYER(id, symbol) LAYER_##id,
#include "packet/layers.list"
#undef LAYER
    LAYER_COUNT
};

struct view_layer {
    uint8_t id;      // enum layer_id
    bool quoted : 1; // inside an ICMP error: Scapy's IPerror, TCPerror ...; may be cut short
    // A length or version in it can't be right, but not in a quote; or these are the bytes of a header that can't be read.
    bool broken : 1;
    uint16_t start;        // of the header
    uint16_t header_bytes; // with options
    uint16_t end;          // of the header and all it carries, without padding
};

struct view {
    const uint8_t *bytes; // borrowed
    uint16_t len;
    uint8_t n;
    bool malformed;
    struct view_layer layers[VIEW_LAYERS_MAX];
};

// `first` is the outermost layer (LAYER_ETHER for frames of a port). `len` up to 65535.
void view_decode(struct view *view, const uint8_t *bytes, uint32_t len, enum layer_id first);

// The index of the first layer of that kind that is not quoted, or -1.
int view_find(const struct view *view, enum layer_id id);

// Whether layer i is what TCP or UDP carries.
static inline bool view_is_transport_payload(const struct view *view, unsigned i)
{
    return i > 0 && (view->layers[i - 1].id == LAYER_TCP || view->layers[i - 1].id == LAYER_UDP);
}

static inline const uint8_t *view_header(const struct view *view, unsigned i)
{
    return view->bytes + view->layers[i].start;
}

#endif
