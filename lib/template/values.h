// A value set: the values that a field takes, in order. A pure function of the digit 0..n-1.
//
// Numbers of any width up to 128 bits, or byte strings. Immutable once made; lies in an arena.
#ifndef VOLLEY_TEMPLATE_VALUES_H
#define VOLLEY_TEMPLATE_VALUES_H

#include "base/arena.h"
#include "base/base.h"

#include <stdbool.h>

#define VALUES_MAX ((uint64_t)1 << 62)

enum values_kind {
    VALUES_RANGE,    // start + digit x step
    VALUES_LIST,     // 64-bit numbers
    VALUES_SEGMENTS, // ranges in a row
    VALUES_STRINGS,
    VALUES_HASH, // start, with the bits of `mask` taken from the digit, which is any 64-bit number: for random values
    VALUES_RANDOM_STRING, // of `len` bytes, drawn by the digit, which is any 64-bit number
};

struct values_segment {
    uint64_t first; // digit of its first value
    int64_t step;
    u128 start;
};

struct values_string {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t items; // how many elements it was written as: what a field that counts them says
};

// What is drawn in a random string: `n` letters from the byte `at` on. The others are as in `image`.
struct values_letters {
    const uint8_t *image;    // NULL: all bytes are drawn
    const uint8_t *alphabet; // NULL: any byte
    uint32_t alphabet_len;
    uint32_t at, n;
};

struct values {
    enum values_kind kind;
    uint8_t width; // bytes of an address, where the field does not say; else 0
    bool
        random; // one of the n is drawn for each stimulus, by seed and index: the set takes no part in the product
    uint64_t n; // 0: the set is empty; VALUES_HASH, VALUES_RANDOM_STRING: UINT64_MAX
    u128 start; // VALUES_RANGE, VALUES_HASH
    u128 mask;  // VALUES_HASH
    int64_t step;
    uint64_t n_segments;
    const struct values_segment *segments;
    const uint64_t *list;
    const struct values_string *strings;
    uint32_t len;                         // VALUES_RANDOM_STRING
    const struct values_letters *letters; // VALUES_RANDOM_STRING
};

u128 values_number(const struct values *values, uint64_t digit);
// 0 for strings and the empty set.
u128 values_largest(const struct values *values);
// Writes the `len` bytes of a VALUES_RANDOM_STRING.
void values_random_string(const struct values *values, uint64_t digit, uint8_t *out);

// Collects ranges (or strings, not both) and then makes the set.
struct values_builder {
    uint64_t *singles;               // heap; as long as there is nothing but single numbers of 64 bits
    struct values_segment *segments; // heap
    struct values_string *strings;   // heap
    uint64_t n_singles, n_segments, n_strings;
    uint64_t singles_room, segments_room, strings_room;
    uint64_t n;
    uint8_t width;
};

void values_builder_init(struct values_builder *builder);
void values_builder_release(struct values_builder *builder);
// False: out of memory, or more than VALUES_MAX values in all.
bool values_builder_range(struct values_builder *builder, u128 start, int64_t step, uint64_t n) MUST_USE;
// Its bytes must outlive the set.
bool values_builder_string(struct values_builder *builder, struct values_string string) MUST_USE;
// What was collected goes to the arena; the builder has to be released all the same. NULL: out of memory.
const struct values *values_builder_make(struct values_builder *builder, struct arena *arena) MUST_USE;

#endif
