#include "template/values.h"

#include <stdlib.h>
#include <string.h>

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
    case VALUES_STRINGS:
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
    u128 largest = 0;

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

void values_builder_init(struct values_builder *builder)
{
    *builder = (struct values_builder){.all_single = true, .all_narrow = true};
}

void values_builder_release(struct values_builder *builder)
{
    free(builder->segments);
    free(builder->strings);
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

bool values_builder_range(struct values_builder *b, u128 start, int64_t step, uint64_t n)
{
    if (n == 0)
        return true;
    if (n > VALUES_MAX - b->n)
        return false;
    struct values_segment *last = b->n_segments == 0 ? NULL : &b->segments[b->n_segments - 1];
    // A step of 0 repeats one value: derived sets have many of those in a row.
    if (last != NULL && last->step == 0 && step == 0 && last->start == start) {
        b->n += n;
        b->all_single = false;
        return true;
    }
    void *segments = values_builder_grow(b->segments, b->n_segments, &b->segments_room, sizeof(*b->segments));
    if (segments == NULL)
        return false;
    b->segments = segments;
    b->segments[b->n_segments++] = (struct values_segment){b->n, step, start};
    b->n += n;
    b->all_single &= n == 1;
    b->all_narrow &= start <= UINT64_MAX;
    return true;
}

bool values_builder_string(struct values_builder *b, const uint8_t *bytes, uint32_t len)
{
    void *strings = values_builder_grow(b->strings, b->n_strings, &b->strings_room, sizeof(*b->strings));

    if (strings == NULL)
        return false;
    b->strings = strings;
    b->strings[b->n_strings++] = (struct values_string){bytes, len};
    b->n++;
    return true;
}

static bool values_make_list(const struct values_builder *b, struct arena *arena, struct values *values)
{
    uint64_t *list = arena_alloc(arena, b->n_segments * sizeof(*list));

    if (list == NULL)
        return false;
    for (uint64_t i = 0; i < b->n_segments; i++)
        list[i] = (uint64_t)b->segments[i].start;
    values->kind = VALUES_LIST;
    values->list = list;
    return true;
}

static bool values_make(const struct values_builder *b, struct arena *arena, struct values *values)
{
    if (b->n_strings > 0) {
        values->kind = VALUES_STRINGS;
        values->strings = arena_copy(arena, b->strings, b->n_strings * sizeof(*b->strings));
        return values->strings != NULL;
    }
    if (b->n_segments <= 1) {
        values->kind = VALUES_RANGE;
        values->start = b->n == 0 ? 0 : b->segments[0].start;
        values->step = b->n == 0 ? 0 : b->segments[0].step;
        return true;
    }
    if (b->all_single && b->all_narrow)
        return values_make_list(b, arena, values);
    values->kind = VALUES_SEGMENTS;
    values->segments = arena_copy(arena, b->segments, b->n_segments * sizeof(*b->segments));
    values->n_segments = b->n_segments;
    return values->segments != NULL;
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
