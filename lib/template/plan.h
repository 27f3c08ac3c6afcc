// A plan: a template compiled. N stimuli; stimulus i can be built at any time, by any thread, from i alone.
//
// An index falls to a branch (choice.h) and to an index in its product, a mixed-radix number over the branch's digits, the first
// digit being the slowest. Random fields have digits of their own, which are drawn by seed and index and count for nothing.
// Digits that change the frame's length or layout select a shape; all others are patches on the shape's constant frame:
//
//   patch   where the value comes from           what it writes
//   range   start + digit x step                 2 to 8 bytes at an even offset, ored into place
//   list    a table of numbers                   the same
//   values  binary search over ranges            the same
//   wide    any of these, up to 128 bits         up to 16 bytes at any offset
//   string  a table of strings of one length     the string
//   random  letters drawn by the digit           the string
//   tag     the position, keyed (probe/tag.h)    2 to 8 bytes at an even offset
//
// Internet checksums are kept as sums of the constant bytes; each patch adds its words to the sums that cover it. CRCs are
// computed over the finished bytes.
#ifndef VOLLEY_TEMPLATE_PLAN_H
#define VOLLEY_TEMPLATE_PLAN_H

#include "base/divider.h"
#include "packet/build.h"
#include "template/template.h"

#define PLAN_BURST       32
#define PLAN_DIGITS_MAX  40
#define PLAN_PATCHES_MAX 48
#define PLAN_SHAPES_MAX  4096 // of one branch

enum plan_source { PLAN_RANGE, PLAN_LIST, PLAN_VALUES, PLAN_WIDE, PLAN_STRING, PLAN_RANDOM, PLAN_TAG };

struct plan_patch {
    uint8_t source; // enum plan_source
    uint8_t bytes;  // written: 2, 4, 6, 8; WIDE: up to 16
    uint8_t shift;  // of the value, to its place in those bytes
    uint8_t tag;    // enum layer_tag
    uint8_t digit;
    uint8_t field; // for listings
    uint16_t offset;
    uint16_t len;         // of a string
    uint32_t sums;        // bit s: sum s covers it
    uint32_t turned_sums; // the same, but its bytes are the other halves of that sum's words
    uint64_t start;       // RANGE
    int64_t step;
    const uint64_t *list;
    const struct values *values;
    const struct layer_desc *desc; // for listings
};

struct plan_sum {
    uint8_t kind; // enum build_sum_kind
    bool zero_is_ones;
    bool swap; // it starts at an odd offset
    uint16_t store;
    uint16_t from, to;              // CRC: what it covers
    uint32_t sums;                  // later sums that cover this one's field
    uint64_t base;                  // of the constant bytes, as if it started at an even offset
    const struct build_sum *covers; // for listings
};

struct plan_shape {
    const uint8_t *bytes;
    uint16_t len;
    uint8_t n_patches, n_sums;
    struct plan_patch *patches;
    struct plan_sum *sums;
    struct view view; // of any stimulus of this shape, but for `bytes`
};

enum plan_draw { PLAN_COUNTED, PLAN_DRAWN, PLAN_DRAWN_WHOLE }; // part of the index; drawn of n; any 64 bits

struct plan_digit {
    struct divider divider; // by the radix
    const uint32_t *groups; // digit -> group; NULL: all are one group
    uint32_t n_groups;
    uint32_t stride;               // of its group in the shape's number
    uint8_t draw;                  // enum plan_draw
    uint8_t field;                 // for listings
    uint64_t n;                    // values
    const struct layer_desc *desc; // for listings
};

struct plan_branch {
    uint64_t n;
    const struct frame_source *source; // captured frames are the stimuli; NULL: they are built, as follows
    unsigned n_counted;                // digits that the index is made of; they stand first
    unsigned n_digits;
    struct plan_digit *digits;
    uint32_t n_shapes;
    struct plan_shape *shapes;
};

struct plan {
    uint64_t n;
    uint64_t seed; // of random fields
    uint32_t n_branches;
    const struct plan_branch *branches;
    const struct choice *choice; // NULL: one branch, whose indices are the plan's
    unsigned first_written; // layer of the views at which what the user wrote starts: 1 behind an added Ether
    uint32_t n_shapes;      // of all branches
    uint16_t longest;       // frame, in bytes
    bool has_group;         // some destination may be a multicast or broadcast address
    bool has_moved;         // some stimulus may be answered from another port than it asked, as TFTP's: UDP
    uint32_t tags;          // bit t: enum layer_tag t is filled in some shape
    uint32_t n_whole_tags;  // shapes with a tag of 32 bits
    bool is_lost_untagged;  // some answers may carry no such tag back
};

// The values of tags for one position; all zero where the plan has none.
struct plan_tags {
    uint32_t value;
    uint16_t port, id;
};

// Whether tags (bits by enum layer_tag) carry 32 bits of the position.
static inline bool plan_tags_whole(uint32_t tags)
{
    return (tags & 1u << TAG_WHOLE) != 0 || (tags >> TAG_HIGH & tags >> TAG_LOW & 1) != 0;
}

struct plan_options {
    bool tags;     // fill open fields that answers echo
    uint64_t seed; // of random fields
};

// The template must have been derived, and must live as long as the plan does; both lie in the arena.
bool plan_compile(struct plan *plan, const struct template *template, const struct plan_options *options,
                  struct arena *arena, struct diag *diag) MUST_USE;

// Builds stimulus `index` in `frame` (plan->longest bytes and PLAN_SLACK more). Returns its length.
#define PLAN_SLACK 32
uint16_t plan_build(const struct plan *plan, uint64_t index, const struct plan_tags *tags, uint8_t *frame);

// Several stimuli. Those with the same view pointer differ in their bytes only.
struct plan_built {
    uint64_t indices[PLAN_BURST]; // set by who calls
    uint16_t lengths[PLAN_BURST];
    const struct view *views[PLAN_BURST]; // of a shape, or of `own`; but for `bytes`
    struct view own[PLAN_BURST];          // captured frames have each their own
};

// The same for up to PLAN_BURST indices; tags[k] belongs to built->indices[k].
void plan_build_burst(const struct plan *plan, const struct plan_tags *tags, uint8_t *const *frames,
                      struct plan_built *built, unsigned n);

#endif
