// A plan: a template compiled. N stimuli; stimulus i can be built at any time, by any thread, from i alone.
//
// An index is a mixed-radix number over the digits, the first digit being the slowest. Digits that change the frame's
// length or layout select a shape; all others are patches on the shape's constant frame:
//
//   patch  where the value comes from           what it writes
//   RANGE  start + digit x step                 2 to 8 bytes at an even offset, ored into place
//   LIST   a table of numbers                   the same
//   VALUES binary search over ranges            the same
//   WIDE   any of these, up to 128 bits         up to 16 bytes at any offset
//   STRING a table of strings of one length     the string
//   TAG    the position, keyed (probe/tag.h)    2 to 8 bytes at an even offset
//
// Internet checksums are kept as sums of the constant bytes; each patch adds its words to the sums that cover it.
#ifndef VOLLEY_TEMPLATE_PLAN_H
#define VOLLEY_TEMPLATE_PLAN_H

#include "base/divider.h"
#include "packet/build.h"
#include "template/template.h"

#define PLAN_BURST       32
#define PLAN_DIGITS_MAX  24
#define PLAN_PATCHES_MAX 32
#define PLAN_SHAPES_MAX  4096

enum plan_source { PLAN_RANGE, PLAN_LIST, PLAN_VALUES, PLAN_WIDE, PLAN_STRING, PLAN_TAG };

struct plan_patch {
    uint8_t source; // enum plan_source
    uint8_t bytes;  // written: 2, 4, 6, 8; WIDE: up to 16
    uint8_t shift;  // of the value, to its place in those bytes
    uint8_t tag;    // enum layer_tag
    uint8_t digit;
    uint16_t offset;
    uint16_t len;   // of a string
    uint32_t sums;  // bit s: sum s covers it
    uint64_t start; // RANGE
    int64_t step;
    const uint64_t *list;
    const struct values *values;
    uint8_t layer, field; // for listings
};

struct plan_sum {
    uint16_t store;
    bool zero_is_ones;
    bool swap;     // it starts at an odd offset
    uint32_t sums; // later sums that cover this one's field
    uint64_t base; // of the constant bytes, as if it started at an even offset
};

struct plan_shape {
    const uint8_t *bytes;
    uint16_t len;
    uint8_t n_patches, n_sums;
    struct plan_patch *patches;
    struct plan_sum *sums;
    struct view view; // of any stimulus of this shape, but for `bytes`
};

struct plan_digit {
    struct divider divider; // by the radix
    const uint32_t *groups; // digit -> group; NULL: all are one group
    uint32_t n_groups;
    uint32_t stride;      // of its group in the shape's number
    uint8_t layer, field; // for listings
};

struct plan {
    uint64_t n;
    unsigned n_digits;
    struct plan_digit digits[PLAN_DIGITS_MAX];
    uint32_t n_shapes;
    struct plan_shape *shapes;
    unsigned first_written; // layer of the views at which what the user wrote starts: 1 behind an added Ether
    uint16_t longest;       // frame, in bytes
    bool has_group;         // some destination may be a multicast or broadcast address
    uint32_t tags;          // bit t: enum layer_tag t is filled in some shape
};

// The values of tags for one position; all zero where the plan has none.
struct plan_tags {
    uint32_t value;
    uint16_t port, id;
};

struct plan_options {
    bool tags; // fill open fields that answers echo
};

// The template must have been derived, and must live as long as the plan does; both lie in the arena.
bool plan_compile(struct plan *plan, const struct template *template, const struct plan_options *options,
                  struct arena *arena, struct diag *diag) MUST_USE;

// Builds stimulus `index` in `frame` (plan->longest bytes and PLAN_SLACK more). Returns its length.
#define PLAN_SLACK 32
uint16_t plan_build(const struct plan *plan, uint64_t index, const struct plan_tags *tags, uint8_t *frame);

// The same for up to PLAN_BURST indices; tags[k] belongs to indices[k]. shapes[k] tells the shape of each.
void plan_build_burst(const struct plan *plan, const uint64_t *indices, const struct plan_tags *tags,
                      uint8_t *const *frames, uint16_t *lengths, const struct plan_shape **shapes,
                      unsigned n);

#endif
