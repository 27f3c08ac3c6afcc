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

// The fastest digit is the last one.
static void plan_digits(const struct plan *plan, const uint64_t *indices, unsigned n,
                        uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST])
{
    uint64_t rest[PLAN_BURST];

    memcpy(rest, indices, n * sizeof(*rest));
    for (unsigned d = plan->n_digits; d-- > 1;) {
        const struct divider divider = plan->digits[d].divider;

        for (unsigned k = 0; k < n; k++) {
            uint64_t quotient = divider_divide(rest[k], &divider);

            digits[d][k] = rest[k] - quotient * divider.by;
            rest[k] = quotient;
        }
    }
    memcpy(digits[0], rest, n * sizeof(*rest));
}

static void plan_tag_values(struct plan_burst *b, enum layer_tag tag)
{
    for (unsigned k = 0; k < b->n; k++) {
        const struct plan_tags *t = &b->tags[k];

        b->values[k] = tag == TAG_WHOLE  ? t->value
                       : tag == TAG_HIGH ? t->value >> 16
                       : tag == TAG_LOW  ? t->value & 0xffff
                       : tag == TAG_PORT ? t->port
                                         : t->id;
    }
}

static void plan_patch_values(struct plan_burst *b, const struct plan_patch *p)
{
    const uint64_t *digits = b->digits[p->digit];

    switch ((enum plan_source)p->source) {
    case PLAN_RANGE:
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = p->start + digits[k] * (uint64_t)p->step;
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

// Ors the values into their words, and leaves in values[] what they add to a sum.
static void plan_patch_store(struct plan_burst *b, const struct plan_patch *p)
{
    for (unsigned k = 0; k < b->n; k++) {
        uint8_t *at = b->frames[k] + p->offset;
        uint64_t v = b->values[k] << p->shift;

        switch (p->bytes) {
        case 2:
            put16(at, (uint16_t)(get16(at) | v));
            break;
        case 4:
            put32(at, (uint32_t)(get32(at) | v));
            break;
        case 6:
            put16(at, (uint16_t)(get16(at) | v >> 32));
            put32(at + 2, (uint32_t)(get32(at + 2) | v));
            break;
        default:
            put64(at, get64(at) | v);
        }
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
    for (uint32_t sums = p->sums; sums != 0; sums &= sums - 1) {
        uint64_t *total = b->totals[__builtin_ctz(sums)];

        for (unsigned k = 0; k < b->n; k++)
            total[k] += b->values[k];
    }
}

static void plan_store_sum(struct plan_burst *b, unsigned s)
{
    const struct plan_sum *sum = &b->shape->sums[s];

    for (unsigned k = 0; k < b->n; k++) {
        uint16_t value = (uint16_t)~checksum_fold(b->totals[s][k]);

        if (sum->swap)
            value = __builtin_bswap16(value);
        if (value == 0 && sum->zero_is_ones)
            value = 0xffff;
        put16(b->frames[k] + sum->store, value);
        b->values[k] = sum->store % 2 == 0 ? value : __builtin_bswap16(value);
    }
    for (uint32_t sums = sum->sums; sums != 0; sums &= sums - 1) {
        uint64_t *total = b->totals[__builtin_ctz(sums)];

        for (unsigned k = 0; k < b->n; k++)
            total[k] += b->values[k];
    }
}

static void plan_build_shape(struct plan_burst *b)
{
    const struct plan_shape *shape = b->shape;

    for (unsigned k = 0; k < b->n; k++)
        memcpy(b->frames[k], shape->bytes, shape->len);
    for (unsigned s = 0; s < shape->n_sums; s++) {
        for (unsigned k = 0; k < b->n; k++)
            b->totals[s][k] = shape->sums[s].base;
    }
    for (unsigned p = 0; p < shape->n_patches; p++)
        plan_apply_patch(b, &shape->patches[p]);
    for (unsigned s = 0; s < shape->n_sums; s++)
        plan_store_sum(b, s);
}

static const struct plan_shape *plan_shape_of(const struct plan *plan, uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST],
                                              unsigned k)
{
    uint32_t shape = 0;

    for (unsigned d = 0; d < plan->n_digits; d++) {
        const struct plan_digit *digit = &plan->digits[d];

        if (digit->groups != NULL)
            shape += digit->groups[digits[d][k]] * digit->stride;
    }
    return &plan->shapes[shape];
}

void plan_build_burst(const struct plan *plan, const uint64_t *indices, const struct plan_tags *tags,
                      uint8_t *const *frames, uint16_t *lengths, const struct plan_shape **shapes, unsigned n)
{
    uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST];
    struct plan_burst b;

    plan_digits(plan, indices, n, digits);
    for (unsigned k = 0; k < n; k++) {
        shapes[k] = plan->n_shapes == 1 ? plan->shapes : plan_shape_of(plan, digits, k);
        lengths[k] = shapes[k]->len;
    }
    // Runs of one shape are built together.
    for (unsigned from = 0, to; from < n; from = to) {
        uint64_t run[PLAN_DIGITS_MAX][PLAN_BURST];

        for (to = from + 1; to < n && shapes[to] == shapes[from]; to++)
            ;
        b.shape = shapes[from];
        b.n = to - from;
        b.frames = frames + from;
        b.tags = tags + from;
        b.digits = digits;
        if (from > 0) {
            for (unsigned d = 0; d < plan->n_digits; d++)
                memcpy(run[d], digits[d] + from, b.n * sizeof(run[d][0]));
            b.digits = run;
        }
        plan_build_shape(&b);
    }
}

uint16_t plan_build(const struct plan *plan, uint64_t index, const struct plan_tags *tags, uint8_t *frame)
{
    const struct plan_shape *shape;
    uint16_t length;

    plan_build_burst(plan, &index, tags, &frame, &length, &shape, 1);
    return length;
}
