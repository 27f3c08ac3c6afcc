// Which branch of a template an index falls to.
//
// A template is a product of parts (layers, from the slowest to the fastest), each a layer or a choice among alternatives that
// are templates themselves. Leaves are layers with a number of packets of their own. Immutable once made; in an arena.
#ifndef VOLLEY_TEMPLATE_CHOICE_H
#define VOLLEY_TEMPLATE_CHOICE_H

#include "base/arena.h"
#include "base/base.h"

#include <stdbool.h>

#define CHOICE_BRANCHES_MAX 4096

enum choice_kind {
    CHOICE_LAYER,
    CHOICE_FRAMES,  // of a capture; alone in its branch
    CHOICE_PRODUCT, // of its parts
    CHOICE_UNION,   // one of its parts: all packets of the first, then all of the second ...
    CHOICE_REPEAT,  // its one part, several times
};

struct template_layer;
struct frame_source;

struct choice {
    enum choice_kind kind;
    uint64_t n; // packets
    uint32_t n_branches;
    const uint64_t *branch_n; // packets of each branch alone
    uint64_t times;           // CHOICE_REPEAT
    uint32_t n_parts;
    const struct choice *const *parts;
    const struct template_layer *layer; // CHOICE_LAYER
    const struct frame_source *source;  // CHOICE_FRAMES
    bool has_frames;                    // here or in a part
};

// A branch, and the index in its own product.
struct choice_place {
    uint32_t branch;
    uint64_t index;
};

// NULL: out of memory, or more than 2^62 packets or CHOICE_BRANCHES_MAX branches.
const struct choice *choice_of_layer(const struct template_layer *layer, uint64_t n,
                                     struct arena *arena) MUST_USE;
const struct choice *choice_of_frames(const struct frame_source *source, uint64_t n,
                                      struct arena *arena) MUST_USE;
const struct choice *choice_of_parts(enum choice_kind kind, const struct choice *const *parts,
                                     uint32_t n_parts, struct arena *arena) MUST_USE;
const struct choice *choice_repeated(const struct choice *part, uint64_t times, struct arena *arena) MUST_USE;

struct choice_place choice_place(const struct choice *choice, uint64_t index);

// The captured frames that a branch is; NULL: it has layers.
const struct frame_source *choice_frames(const struct choice *choice, uint32_t branch);

// The layers of a branch, from the outside in. Returns how many, or max + 1 if there are more than `max`.
unsigned choice_layers(const struct choice *choice, uint32_t branch, const struct template_layer **layers,
                       unsigned max);

#endif
