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
};

struct values_segment {
    uint64_t first; // digit of its first value
    int64_t step;
    u128 start;
};

struct values_string {
    const uint8_t *bytes;
    uint32_t len;
};

struct values {
    enum values_kind kind;
    uint8_t width; // bytes of an address, where the field does not say; else 0
    uint64_t n;    // 0: the set is empty
    u128 start;    // VALUES_RANGE
    int64_t step;
    uint64_t n_segments;
    const struct values_segment *segments;
    const uint64_t *list;
    const struct values_string *strings;
};

u128 values_number(const struct values *values, uint64_t digit);
// 0 for strings and the empty set.
u128 values_largest(const struct values *values);

// Collects ranges (or strings, not both) and then makes the set.
struct values_builder {
    struct values_segment *segments; // heap
    struct values_string *strings;   // heap
    uint64_t n_segments, n_strings;
    uint64_t segments_room, strings_room;
    uint64_t n;
    uint8_t width;
    bool all_single, all_narrow;
};

void values_builder_init(struct values_builder *builder);
void values_builder_release(struct values_builder *builder);
// False: out of memory, or more than VALUES_MAX values in all.
bool values_builder_range(struct values_builder *builder, u128 start, int64_t step, uint64_t n) MUST_USE;
// bytes must outlive the set.
bool values_builder_string(struct values_builder *builder, const uint8_t *bytes, uint32_t len) MUST_USE;
// NULL: out of memory.
const struct values *values_builder_make(struct values_builder *builder, struct arena *arena) MUST_USE;

#endif
