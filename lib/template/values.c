#include "template/values.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_HIGH_BITS UINT64_C(0x9e3779b97f4a7c15) // any odd number does

static u128 values_in_segment(const struct values_segment *segment, uint64_t digit)
{
    return segment->start + (u128)((i128)(digit - segment->first) * segment->step);
}

static const struct values_segment *values_find(const struct values *values, uint64_t digit)
{
    uint64_t low = 0, high = values->n_segments;

    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;

        if (values->segments[middle].first <= digit)
            low = middle;
        else
            high = middle;
    }
    return &values->segments[low];
}

u128 values_number(const struct values *values, uint64_t digit)
{
    switch (values->kind) {
    case VALUES_RANGE:
        return values->start + (u128)((i128)digit * values->step);
    case VALUES_LIST:
        return values->list[digit];
    case VALUES_SEGMENTS:
        return values_in_segment(values_find(values, digit), digit);
    case VALUES_HASH:
        return values->start | (((u128)hash_mix64(digit, VALUES_HIGH_BITS) << 64 | digit) & values->mask);
    case VALUES_STRINGS:
    case VALUES_RANDOM_STRING:
        break;
    }
    return 0;
}

static u128 values_larger(u128 a, u128 b)
{
    return a > b ? a : b;
}

u128 values_largest(const struct values *values)
{
    u128 largest = values->kind == VALUES_HASH ? values->start | values->mask : 0;

    if (values->kind == VALUES_RANGE && values->n > 0)
        return values_larger(values->start, values_number(values, values->n - 1));
    for (uint64_t i = 0; values->kind == VALUES_LIST && i < values->n; i++)
        largest = values_larger(largest, values->list[i]);
    for (uint64_t i = 0; values->kind == VALUES_SEGMENTS && i < values->n_segments; i++) {
        uint64_t next = i + 1 < values->n_segments ? values->segments[i + 1].first : values->n;

        largest =
            values_larger(largest, values_larger(values->segments[i].start, values_number(values, next - 1)));
    }
    return largest;
}

void values_random_string(const struct values *values, uint64_t digit, uint8_t *out)
{
    const struct values_letters *letters = values->letters;
    uint32_t size = letters->alphabet == NULL ? 256 : letters->alphabet_len;
    uint64_t word = 0;

    if (letters->image != NULL)
        memcpy(out, letters->image, values->len);
    // 32 of the word's bits make a letter.
    for (uint32_t i = 0; i < letters->n; i++) {
        word = i % 2 == 0 ? hash_mix64(digit + i, VALUES_HIGH_BITS) : word >> 32;
        uint32_t letter = (uint32_t)((word & UINT32_MAX) * size >> 32);

        out[letters->at + i] = letters->alphabet == NULL ? (uint8_t)letter : letters->alphabet[letter];
    }
}

void values_builder_init(struct values_builder *builder)
{
    *builder = (struct values_builder){0};
}

void values_builder_release(struct values_builder *builder)
{
    free(builder->singles);
    free(builder->segments);
    free(builder->strings);
    *builder = (struct values_builder){0};
}

// Room for one more item; NULL: out of memory, and the items stay as they are.
static void *values_builder_grow(void *items, uint64_t used, uint64_t *room, size_t size)
{
    if (used < *room)
        return items;
    uint64_t larger = *room == 0 ? 16 : *room * 2;
    void *grown = reallocarray(items, larger, size);

    if (grown != NULL)
        *room = larger;
    return grown;
}

static bool values_builder_single(struct values_builder *b, uint64_t number)
{
    void *singles = values_builder_grow(b->singles, b->n_singles, &b->singles_room, sizeof(*b->singles));

    if (singles == NULL)
        return false;
    b->singles = singles;
    b->singles[b->n_singles++] = number;
    b->n++;
    return true;
}

static bool values_builder_segment(struct values_builder *b, u128 start, int64_t step, uint64_t n)
{
    void *segments = values_builder_grow(b->segments, b->n_segments, &b->segments_room, sizeof(*b->segments));

    if (segments == NULL)
        return false;
    b->segments = segments;
    b->segments[b->n_segments++] = (struct values_segment){b->n, step, start};
    b->n += n;
    return true;
}

// Something came that is no single number: from now on all are segments.
static bool values_builder_widen(struct values_builder *b)
{
    if (b->n_singles == 0)
        return true;
    b->n = 0;
    for (uint64_t i = 0; i < b->n_singles; i++) {
        if (!values_builder_segment(b, b->singles[i], 1, 1))
            return false;
    }
    free(b->singles);
    b->singles = NULL;
    b->n_singles = b->singles_room = 0;
    return true;
}

bool values_builder_range(struct values_builder *b, u128 start, int64_t step, uint64_t n)
{
    if (n == 0)
        return true;
    if (n > VALUES_MAX - b->n)
        return false;
    // A step of 0 repeats one value: derived sets have many of those in a row.
    if (n == 1 && step != 0 && start <= UINT64_MAX && b->n_segments == 0)
        return values_builder_single(b, (uint64_t)start);
    if (!values_builder_widen(b))
        return false;
    struct values_segment *last = b->n_segments == 0 ? NULL : &b->segments[b->n_segments - 1];
    if (last != NULL && last->step == 0 && step == 0 && last->start == start) {
        b->n += n;
        return true;
    }
    return values_builder_segment(b, start, step, n);
}

bool values_builder_string(struct values_builder *b, struct values_string string)
{
    void *strings = values_builder_grow(b->strings, b->n_strings, &b->strings_room, sizeof(*b->strings));

    if (strings == NULL)
        return false;
    b->strings = strings;
    b->strings[b->n_strings++] = string;
    b->n++;
    return true;
}

static bool values_make_strings(struct values_builder *b, struct arena *arena, struct values *values)
{
    values->kind = VALUES_STRINGS;
    values->strings = arena_adopt(arena, b->strings, b->n_strings * sizeof(*b->strings));
    if (values->strings != NULL)
        b->strings = NULL;
    return values->strings != NULL;
}

static bool values_make_list(struct values_builder *b, struct arena *arena, struct values *values)
{
    values->kind = VALUES_LIST;
    values->list = arena_adopt(arena, b->singles, b->n_singles * sizeof(*b->singles));
    if (values->list != NULL)
        b->singles = NULL;
    return values->list != NULL;
}

static bool values_make_segments(struct values_builder *b, struct arena *arena, struct values *values)
{
    values->kind = VALUES_SEGMENTS;
    values->n_segments = b->n_segments;
    values->segments = arena_adopt(arena, b->segments, b->n_segments * sizeof(*b->segments));
    if (values->segments != NULL)
        b->segments = NULL;
    return values->segments != NULL;
}

// Single numbers that came as segments of their own.
static bool values_builder_narrow(struct values_builder *b)
{
    bool narrow = b->n == b->n_segments;

    for (uint64_t i = 0; i < b->n_segments && narrow; i++)
        narrow = b->segments[i].start <= UINT64_MAX;
    if (!narrow)
        return true;
    b->n = 0;
    for (uint64_t i = 0; i < b->n_segments; i++) {
        if (!values_builder_single(b, (uint64_t)b->segments[i].start))
            return false;
    }
    b->n_segments = 0;
    return true;
}

static bool values_make(struct values_builder *b, struct arena *arena, struct values *values)
{
    if (b->n_strings > 0)
        return values_make_strings(b, arena, values);
    if (b->n_segments + b->n_singles <= 1) {
        bool segment = b->n_segments == 1;

        values->kind = VALUES_RANGE;
        values->start = segment ? b->segments[0].start : b->n == 0 ? 0 : b->singles[0];
        values->step = segment ? b->segments[0].step : b->n == 0 ? 0 : 1;
        return true;
    }
    if (!values_builder_narrow(b))
        return false;
    return b->n_segments > 0 ? values_make_segments(b, arena, values) : values_make_list(b, arena, values);
}

const struct values *values_builder_make(struct values_builder *b, struct arena *arena)
{
    struct values *values = arena_alloc(arena, sizeof(*values));

    if (values == NULL)
        return NULL;
    values->n = b->n;
    values->width = b->width;
    return values_make(b, arena, values) ? values : NULL;
}
