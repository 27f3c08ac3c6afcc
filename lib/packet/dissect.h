// A frame as a tree: its layers, where their fields lie, and the packets in fields, which are layers again.
//
// Made from a view, and bounded like it: at most DISSECT_NODES_MAX nodes. The tree borrows the frame. Layers
// whose bytes do not hold what their table says (quotes in ICMP errors may be cut short) are `cut`: they have
// the fields that are there.
#ifndef VOLLEY_PACKET_DISSECT_H
#define VOLLEY_PACKET_DISSECT_H

#include "base/arena.h"
#include "packet/build.h"
#include "packet/fields.h"
#include "packet/view.h"

#define DISSECT_NODES_MAX 4096u

struct dissect_node {
    uint8_t id;    // enum layer_id
    uint8_t field; // of a packet in a field: which
    bool quoted, cut;
    uint32_t first;   // packet in its fields, an index of nodes[]; 0: none
    uint32_t next;    // packet in the same layer's fields, in wire order; 0: none
    struct fields at; // at.start and at.header_bytes are the header's, whatever else holds
};

struct dissect {
    const struct view *view; // borrowed
    uint32_t n_layers;       // nodes[0..n_layers) are the frame's layers
    uint32_t n;
    bool full;                  // some packets in fields are left out
    struct dissect_node *nodes; // owned; DISSECT_NODES_MAX
};

// False: out of memory.
bool dissect_init(struct dissect *dissect) MUST_USE;
void dissect_release(struct dissect *dissect);

void dissect_frame(struct dissect *dissect, const struct view *view);

// A placed field of up to 128 bits, as a number.
u128 dissect_number(const struct fields *at, unsigned field);

// Sets the layers of `build` so that build_frame makes the same frame again: every field is set, none is
// computed. A layer that its fields cannot say (it was cut, or has bytes between its fields) becomes Raw, and
// packets that they cannot say become bytes. build->bytes is the caller's and is written to. False: out of
// memory.
bool dissect_rebuild(const struct dissect *dissect, struct build *build, struct arena *arena) MUST_USE;

#endif
