// The compiler's state, between its parts: digits (plan_digits.c), one shape after another (plan_shape.c), and plan_compile.c
// around them. Not for others.
#ifndef VOLLEY_TEMPLATE_PLAN_COMPILER_H
#define VOLLEY_TEMPLATE_PLAN_COMPILER_H

#include "template/plan.h"

// A field with a value set: of a layer, or of a packet in a field.
struct plan_slot {
    const struct template_field *given;
    const struct layer_desc *desc;
    struct build_layer *layer; // in the build
    uint8_t field;
    int8_t digit; // -1: constant
};

#define PLAN_SLOTS_MAX 1024

struct plan_compiler {
    struct plan *plan;
    const struct plan_options *options;
    struct arena *arena;
    struct diag *diag;
    // Of the branch being made.
    const struct template_branch *from;
    struct plan_branch *branch;
    struct plan_digit digits[PLAN_DIGITS_MAX];
    struct plan_slot slots[PLAN_SLOTS_MAX]; // in the order of the loop nest
    unsigned n_slots;
    uint8_t *zeros;              // arena; as long as the longest string
    struct build *build;         // heap; of the shape being made
    struct build_layer *packets; // heap; as many as the template has in fields
    unsigned n_packets;
    struct plan_patch patches[PLAN_PATCHES_MAX];
    unsigned n_patches;
    const uint32_t
        *group_first[PLAN_DIGITS_MAX]; // arena; by digit, then group: the first value; NULL: one group
};

// Always false.
bool plan_no_memory(struct plan_compiler *c);

static inline const struct field_desc *plan_field(const struct plan_slot *slot)
{
    return &slot->desc->fields[slot->field];
}

// The branch's slots, its digits and their groups, and how many shapes these make.
bool plan_digits_make(struct plan_compiler *c) MUST_USE;

// One shape of the branch.
bool plan_shape_make(struct plan_compiler *c, uint32_t number) MUST_USE;

#endif
