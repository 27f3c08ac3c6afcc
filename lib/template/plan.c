#include "template/plan.h"

#include "packet/bytes.h"
#include "packet/checksum.h"

#include <string.h>

// A burst of stimuli of one shape; everything is done field by field, so that each step is a short loop.
struct plan_burst {
    const struct plan_shape *shape;
    unsigned n;
    uint8_t *const *frames;
    const struct plan_tags *tags;
    uint64_t (*digits)[PLAN_BURST]; // by digit, then by stimulus
    uint64_t values[PLAN_BURST];
    uint64_t totals[BUILD_SUMS_MAX][PLAN_BURST];
};

// Splits each number into quotient and remainder.
static void plan_split(const struct divider *by, uint64_t *numbers, uint64_t *remainders, unsigned n)
{
    const struct divider divider = *by;

    if ((divider.by & (divider.by - 1)) == 0) {
        unsigned shift = (unsigned)__builtin_ctzll(divider.by);

        for (unsigned k = 0; k < n; k++) {
            remainders[k] = numbers[k] & (divider.by - 1);
            numbers[k] >>= shift;
        }
        return;
    }
    for (unsigned k = 0; k < n; k++) {
        uint64_t quotient = divider_divide(numbers[k], &divider);

        remainders[k] = numbers[k] - quotient * divider.by;
        numbers[k] = quotient;
    }
}

// The fastest digit is the last one.
static void plan_digits(const struct plan *plan, const uint64_t *indices, unsigned n,
                        uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST])
{
    memcpy(digits[0], indices, n * sizeof(*indices));
    for (unsigned d = plan->n_digits; d-- > 1;)
        plan_split(&plan->digits[d].divider, digits[0], digits[d], n);
}

static void plan_tag_values(struct plan_burst *b, enum layer_tag tag)
{
    unsigned shift = tag == TAG_HIGH ? 16 : 0;
    uint32_t mask = tag == TAG_LOW ? 0xffff : UINT32_MAX;

    if (tag == TAG_PORT || tag == TAG_ID) {
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = tag == TAG_PORT ? b->tags[k].port : b->tags[k].id;
        return;
    }
    for (unsigned k = 0; k < b->n; k++)
        b->values[k] = b->tags[k].value >> shift & mask;
}

static void plan_range_values(struct plan_burst *b, const struct plan_patch *p)
{
    const uint64_t *digits = b->digits[p->digit];
    const uint64_t start = p->start, step = (uint64_t)p->step;

    if (step == 1) {
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = start + digits[k];
        return;
    }
    for (unsigned k = 0; k < b->n; k++)
        b->values[k] = start + digits[k] * step;
}

static void plan_patch_values(struct plan_burst *b, const struct plan_patch *p)
{
    const uint64_t *digits = b->digits[p->digit];

    switch ((enum plan_source)p->source) {
    case PLAN_RANGE:
        plan_range_values(b, p);
        break;
    case PLAN_LIST:
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = p->list[digits[k]];
        break;
    case PLAN_TAG:
        plan_tag_values(b, (enum layer_tag)p->tag);
        break;
    case PLAN_VALUES:
    case PLAN_WIDE:
    case PLAN_STRING:
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = (uint64_t)values_number(p->values, digits[k]);
        break;
    }
}

// One loop for each width, none of which asks for the width.
__attribute__((always_inline)) static inline void
plan_store_words(struct plan_burst *b, const struct plan_patch *p, const unsigned bytes)
{
    const unsigned offset = p->offset, shift = p->shift;

    for (unsigned k = 0; k < b->n; k++) {
        uint8_t *at = b->frames[k] + offset;
        uint64_t v = b->values[k] << shift;

        if (bytes == 2) {
            put16(at, (uint16_t)(get16(at) | v));
        } else if (bytes == 4) {
            put32(at, (uint32_t)(get32(at) | v));
        } else if (bytes == 6) {
            put16(at, (uint16_t)(get16(at) | v >> 32));
            put32(at + 2, (uint32_t)(get32(at + 2) | v));
        } else {
            put64(at, get64(at) | v);
        }
    }
}

// Ors the values into their words, and leaves in values[] what they add to a sum.
static void plan_patch_store(struct plan_burst *b, const struct plan_patch *p)
{
    const unsigned shift = p->shift;

    switch (p->bytes) {
    case 2:
        plan_store_words(b, p, 2);
        break;
    case 4:
        plan_store_words(b, p, 4);
        break;
    case 6:
        plan_store_words(b, p, 6);
        break;
    default:
        plan_store_words(b, p, 8);
    }
    for (unsigned k = 0; k < b->n; k++) {
        uint64_t v = b->values[k] << shift;

        b->values[k] = (v >> 32) + (uint32_t)v;
    }
}

// Bytes at an odd offset weigh as if the sum's halves were swapped.
static uint64_t plan_bytes_sum(const uint8_t *bytes, unsigned len, unsigned offset)
{
    uint64_t sum = checksum_add(bytes, len);

    return offset % 2 == 0 ? sum : __builtin_bswap16(checksum_fold(sum));
}

static void plan_patch_wide(struct plan_burst *b, const struct plan_patch *p)
{
    for (unsigned k = 0; k < b->n; k++) {
        uint8_t bytes[16], *at = b->frames[k] + p->offset;

        put128(bytes, values_number(p->values, b->digits[p->digit][k]));
        memcpy(at, bytes + 16 - p->bytes, p->bytes);
        b->values[k] = plan_bytes_sum(at, p->bytes, p->offset);
    }
}

static void plan_patch_string(struct plan_burst *b, const struct plan_patch *p)
{
    for (unsigned k = 0; k < b->n; k++) {
        const struct values_string *string = &p->values->strings[b->digits[p->digit][k]];

        memcpy(b->frames[k] + p->offset, string->bytes, p->len);
        b->values[k] = plan_bytes_sum(string->bytes, p->len, p->offset);
    }
}

// To the totals of these sums.
static void plan_add_values(struct plan_burst *b, uint32_t sums)
{
    for (; sums != 0; sums &= sums - 1) {
        uint64_t *total = b->totals[__builtin_ctz(sums)];

        for (unsigned k = 0; k < b->n; k++)
            total[k] += b->values[k];
    }
}

static void plan_apply_patch(struct plan_burst *b, const struct plan_patch *p)
{
    if (p->source == PLAN_WIDE) {
        plan_patch_wide(b, p);
    } else if (p->source == PLAN_STRING) {
        plan_patch_string(b, p);
    } else {
        plan_patch_values(b, p);
        plan_patch_store(b, p);
    }
    plan_add_values(b, p->sums);
}

static void plan_store_sum(struct plan_burst *b, unsigned s)
{
    const struct plan_sum sum = b->shape->sums[s];
    const uint16_t instead_of_zero = sum.zero_is_ones ? 0xffff : 0;

    for (unsigned k = 0; k < b->n; k++) {
        uint16_t value = (uint16_t)~checksum_fold(b->totals[s][k]);

        b->values[k] = value == 0 ? instead_of_zero : value; // either way round
    }
    for (unsigned k = 0; k < b->n; k++) {
        uint16_t value = (uint16_t)b->values[k];

        put16(b->frames[k] + sum.store, sum.swap ? __builtin_bswap16(value) : value);
    }
    // Where it is stored as it weighs in others: at even offsets, or swapped at odd ones.
    if (sum.swap != (sum.store % 2 != 0)) {
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = __builtin_bswap16((uint16_t)b->values[k]);
    }
    plan_add_values(b, sum.sums);
}

// The frames hold the shape's constant bytes.
static void plan_vary(struct plan_burst *b)
{
    const struct plan_shape *shape = b->shape;

    for (unsigned s = 0; s < shape->n_sums; s++) {
        for (unsigned k = 0; k < b->n; k++)
            b->totals[s][k] = shape->sums[s].base;
    }
    for (unsigned p = 0; p < shape->n_patches; p++)
        plan_apply_patch(b, &shape->patches[p]);
    for (unsigned s = 0; s < shape->n_sums; s++)
        plan_store_sum(b, s);
}

static const struct plan_shape *plan_shape_of(const struct plan *plan,
                                              uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST], unsigned k)
{
    uint32_t shape = 0;

    for (unsigned d = 0; d < plan->n_digits; d++) {
        const struct plan_digit *digit = &plan->digits[d];

        if (digit->groups != NULL)
            shape += digit->groups[digits[d][k]] * digit->stride;
    }
    return &plan->shapes[shape];
}

// Short frames are built side by side and then moved to their buffers. Buffers lie on as many pages, so that each pass over
// them costs as many TLB misses: one pass instead of one a field makes frames of 60 bytes 10 cycles cheaper.
#define PLAN_ROW_MIN 32
#define PLAN_ROW     128

// Two moves of constant size, that may overlap.
static inline void plan_move(uint8_t *restrict to, const uint8_t *restrict from, unsigned len)
{
    if (len <= PLAN_ROW / 2) {
        memcpy(to, from, PLAN_ROW / 4);
        memcpy(to + len - PLAN_ROW / 4, from + len - PLAN_ROW / 4, PLAN_ROW / 4);
    } else {
        memcpy(to, from, PLAN_ROW / 2);
        memcpy(to + len - PLAN_ROW / 2, from + len - PLAN_ROW / 2, PLAN_ROW / 2);
    }
}

static void plan_build_rows(struct plan_burst *b)
{
    _Alignas(CACHE_LINE) uint8_t bytes[PLAN_BURST][PLAN_ROW];
    uint8_t *const *frames = b->frames;
    uint8_t *rows[PLAN_BURST];
    const unsigned len = b->shape->len;

    for (unsigned k = 0; k < b->n; k++) {
        rows[k] = bytes[k];
        plan_move(rows[k], b->shape->bytes, len);
    }
    b->frames = rows;
    plan_vary(b);
    for (unsigned k = 0; k < b->n; k++)
        plan_move(frames[k], rows[k], len);
}

static void plan_build_run(const struct plan_shape *shape, uint64_t (*digits)[PLAN_BURST],
                           const struct plan_tags *tags, uint8_t *const *frames, unsigned n)
{
    struct plan_burst b;

    b.shape = shape;
    b.n = n;
    b.frames = frames;
    b.tags = tags;
    b.digits = digits;
    if (n > 1 && shape->len >= PLAN_ROW_MIN && shape->len <= PLAN_ROW) {
        plan_build_rows(&b);
        return;
    }
    for (unsigned k = 0; k < n; k++)
        memcpy(frames[k], shape->bytes, shape->len);
    plan_vary(&b);
}

void plan_build_burst(const struct plan *plan, const uint64_t *indices, const struct plan_tags *tags,
                      uint8_t *const *frames, uint16_t *lengths, const struct plan_shape **shapes, unsigned n)
{
    uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST];

    plan_digits(plan, indices, n, digits);
    for (unsigned k = 0; k < n; k++)
        shapes[k] = plan->shapes;
    if (plan->n_shapes > 1) {
        for (unsigned k = 0; k < n; k++)
            shapes[k] = plan_shape_of(plan, digits, k);
    }
    for (unsigned k = 0; k < n; k++)
        lengths[k] = shapes[k]->len;
    // Runs of one shape are built together.
    for (unsigned from = 0, to; from < n; from = to) {
        uint64_t run[PLAN_DIGITS_MAX][PLAN_BURST];

        for (to = from + 1; to < n && shapes[to] == shapes[from]; to++)
            ;
        for (unsigned d = 0; from > 0 && d < plan->n_digits; d++)
            memcpy(run[d], digits[d] + from, (to - from) * sizeof(run[d][0]));
        plan_build_run(shapes[from], from > 0 ? run : digits, tags + from, frames + from, to - from);
    }
}

uint16_t plan_build(const struct plan *plan, uint64_t index, const struct plan_tags *tags, uint8_t *frame)
{
    const struct plan_shape *shape;
    uint16_t length;

    plan_build_burst(plan, &index, tags, &frame, &length, &shape, 1);
    return length;
}
