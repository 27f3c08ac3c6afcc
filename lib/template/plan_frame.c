#include "template/plan_frame.h"

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

static void plan_frame_tag_values(struct plan_burst *b, enum layer_tag tag)
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

static void plan_frame_range_values(struct plan_burst *b, const struct plan_patch *p)
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

static void plan_frame_patch_values(struct plan_burst *b, const struct plan_patch *p)
{
    const uint64_t *digits = b->digits[p->digit];

    switch ((enum plan_source)p->source) {
    case PLAN_RANGE:
        plan_frame_range_values(b, p);
        break;
    case PLAN_LIST:
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = p->list[digits[k]];
        break;
    case PLAN_TAG:
        plan_frame_tag_values(b, (enum layer_tag)p->tag);
        break;
    default:
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = (uint64_t)values_number(p->values, digits[k]);
        break;
    }
}

// One loop for each width, none of which asks for the width. What stays the same is copied, so that the compiler knows that
// writing to frames does not change it.
__attribute__((always_inline)) static inline void
plan_frame_store_words(struct plan_burst *b, const struct plan_patch *p, const unsigned bytes)
{
    const unsigned offset = p->offset, shift = p->shift, n = b->n;
    uint8_t *const *const frames = b->frames;

    for (unsigned k = 0; k < n; k++) {
        uint8_t *at = frames[k] + offset;
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
        b->values[k] = bytes <= 4 ? v : (v >> 32) + (uint32_t)v;
    }
}

// Ors the values into their words, and leaves in values[] what they add to a sum.
static void plan_frame_patch_store(struct plan_burst *b, const struct plan_patch *p)
{
    switch (p->bytes) {
    case 2:
        plan_frame_store_words(b, p, 2);
        break;
    case 4:
        plan_frame_store_words(b, p, 4);
        break;
    case 6:
        plan_frame_store_words(b, p, 6);
        break;
    default:
        plan_frame_store_words(b, p, 8);
    }
}

// Bytes at an odd offset weigh as if the sum's halves were swapped.
static uint64_t plan_frame_bytes_sum(const uint8_t *bytes, unsigned len, unsigned offset)
{
    uint64_t sum = checksum_add(bytes, len);

    return offset % 2 == 0 ? sum : __builtin_bswap16(checksum_fold(sum));
}

// One loop for whole addresses, which need no copying about, and one for the rest.
__attribute__((always_inline)) static inline void
plan_frame_store_wide(struct plan_burst *b, const struct plan_patch *p, const bool whole)
{
    const struct values values = *p->values;
    const uint64_t *const digits = b->digits[p->digit];
    uint8_t *const *const frames = b->frames;
    const unsigned offset = p->offset, bytes = p->bytes, n = b->n;

    for (unsigned k = 0; k < n; k++) {
        u128 number = values.kind == VALUES_RANGE ? values.start + (u128)((i128)digits[k] * values.step)
                                                  : values_number(&values, digits[k]);
        uint64_t high = (uint64_t)(number >> 64), low = (uint64_t)number;
        uint8_t turned[16];

        put128(whole ? frames[k] + offset : turned, number);
        if (!whole)
            memcpy(frames[k] + offset, turned + 16 - bytes, bytes);
        b->values[k] = (high >> 32) + (uint32_t)high + (low >> 32) + (uint32_t)low;
    }
}

static void plan_frame_patch_wide(struct plan_burst *b, const struct plan_patch *p)
{
    if (p->bytes == 16)
        plan_frame_store_wide(b, p, true);
    else
        plan_frame_store_wide(b, p, false);
    if ((p->offset + p->bytes) % 2 == 0)
        return;
    // Its lowest byte is the high one of a word.
    for (unsigned k = 0; k < b->n; k++)
        b->values[k] = __builtin_bswap16(checksum_fold(b->values[k]));
}

static void plan_frame_patch_string(struct plan_burst *b, const struct plan_patch *p)
{
    for (unsigned k = 0; k < b->n; k++) {
        uint64_t digit = b->digits[p->digit][k];
        uint8_t *at = b->frames[k] + p->offset;

        if (p->source == PLAN_RANDOM)
            values_random_string(p->values, digit, at);
        else
            memcpy(at, p->values->strings[digit].bytes, p->len);
        b->values[k] = plan_frame_bytes_sum(at, p->len, p->offset);
    }
}

// To the totals of these sums.
static void plan_frame_add_values(struct plan_burst *b, uint32_t sums)
{
    for (; sums != 0; sums &= sums - 1) {
        uint64_t *total = b->totals[__builtin_ctz(sums)];

        for (unsigned k = 0; k < b->n; k++)
            total[k] += b->values[k];
    }
}

static void plan_frame_apply_patch(struct plan_burst *b, const struct plan_patch *p)
{
    if (p->source == PLAN_WIDE) {
        plan_frame_patch_wide(b, p);
    } else if (p->source == PLAN_STRING || p->source == PLAN_RANDOM) {
        plan_frame_patch_string(b, p);
    } else {
        plan_frame_patch_values(b, p);
        plan_frame_patch_store(b, p);
    }
    plan_frame_add_values(b, p->sums);
    if (p->turned_sums == 0)
        return;
    for (unsigned k = 0; k < b->n; k++)
        b->values[k] = __builtin_bswap16(checksum_fold(b->values[k]));
    plan_frame_add_values(b, p->turned_sums);
}

static void plan_frame_store_crc(struct plan_burst *b, const struct plan_sum *sum)
{
    for (unsigned k = 0; k < b->n; k++) {
        uint8_t *at = b->frames[k] + sum->store;

        put32(at, 0);
        put32(at,
              __builtin_bswap32(checksum_crc32c(b->frames[k] + sum->from, (size_t)(sum->to - sum->from))));
        b->values[k] = plan_frame_bytes_sum(at, 4, sum->store);
    }
    plan_frame_add_values(b, sum->sums);
}

static void plan_frame_store_sum(struct plan_burst *b, unsigned s)
{
    const struct plan_sum sum = b->shape->sums[s];

    if (sum.kind == BUILD_SUM_CRC32C) {
        plan_frame_store_crc(b, &sum);
        return;
    }
    const uint16_t instead_of_zero = sum.zero_is_ones ? 0xffff : 0;
    uint8_t *const *const frames = b->frames;
    const unsigned n = b->n;

    for (unsigned k = 0; k < n; k++) {
        uint16_t value = (uint16_t)~checksum_fold(b->totals[s][k]);

        b->values[k] = value == 0 ? instead_of_zero : value; // either way round
    }
    for (unsigned k = 0; k < n; k++) {
        uint16_t value = (uint16_t)b->values[k];

        put16(frames[k] + sum.store, sum.swap ? __builtin_bswap16(value) : value);
    }
    // Where it is stored as it weighs in others: at even offsets, or swapped at odd ones.
    if (sum.swap != (sum.store % 2 != 0)) {
        for (unsigned k = 0; k < b->n; k++)
            b->values[k] = __builtin_bswap16((uint16_t)b->values[k]);
    }
    plan_frame_add_values(b, sum.sums);
}

// The frames hold the shape's constant bytes.
static void plan_frame_vary(struct plan_burst *b)
{
    const struct plan_shape *shape = b->shape;

    for (unsigned s = 0; s < shape->n_sums; s++) {
        for (unsigned k = 0; k < b->n; k++)
            b->totals[s][k] = shape->sums[s].base;
    }
    for (unsigned p = 0; p < shape->n_patches; p++)
        plan_frame_apply_patch(b, &shape->patches[p]);
    for (unsigned s = 0; s < shape->n_sums; s++)
        plan_frame_store_sum(b, s);
}

// Short frames are built side by side and then moved to their buffers. Buffers lie on as many pages, so that each pass over
// them costs as many TLB misses: one pass instead of one a field makes frames of 60 bytes 10 cycles cheaper.
#define PLAN_ROW_MIN 32
#define PLAN_ROW     128

// Two moves of constant size, that may overlap.
static inline void plan_frame_move(uint8_t *restrict to, const uint8_t *restrict from, unsigned len)
{
    if (len <= PLAN_ROW / 2) {
        memcpy(to, from, PLAN_ROW / 4);
        memcpy(to + len - PLAN_ROW / 4, from + len - PLAN_ROW / 4, PLAN_ROW / 4);
    } else {
        memcpy(to, from, PLAN_ROW / 2);
        memcpy(to + len - PLAN_ROW / 2, from + len - PLAN_ROW / 2, PLAN_ROW / 2);
    }
}

static void plan_frame_build_rows(struct plan_burst *b)
{
    _Alignas(CACHE_LINE) uint8_t bytes[PLAN_BURST][PLAN_ROW];
    uint8_t *const *frames = b->frames;
    uint8_t *rows[PLAN_BURST];
    const unsigned len = b->shape->len;

    for (unsigned k = 0; k < b->n; k++) {
        rows[k] = bytes[k];
        plan_frame_move(rows[k], b->shape->bytes, len);
    }
    b->frames = rows;
    plan_frame_vary(b);
    for (unsigned k = 0; k < b->n; k++)
        plan_frame_move(frames[k], rows[k], len);
}

static void plan_frame_make(struct plan_burst *b)
{
    const struct plan_shape *shape = b->shape;

    if (b->n > 1 && shape->len >= PLAN_ROW_MIN && shape->len <= PLAN_ROW) {
        plan_frame_build_rows(b);
        return;
    }
    for (unsigned k = 0; k < b->n; k++)
        memcpy(b->frames[k], shape->bytes, shape->len);
    plan_frame_vary(b);
}

// All of the above once more, for CPUs whose vectors have all operations on 64-bit words: 14.6 cycles a frame of 60 bytes
// instead of 17; AVX2 alone gains nothing. Shorter bursts fill no vectors.
#define PLAN_WIDE_MIN 8

#ifdef __x86_64__
__attribute__((flatten, target("avx512f,avx512bw,avx512dq,avx512vl"))) static void
plan_frame_make_wide(struct plan_burst *b)
{
    plan_frame_make(b);
}

static bool plan_frame_is_wide(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#else
#define plan_frame_make_wide plan_frame_make
#define plan_frame_is_wide() false
#endif

void plan_frame_build(const struct plan_shape *shape, uint64_t (*digits)[PLAN_BURST],
                      const struct plan_tags *tags, uint8_t *const *frames, unsigned n)
{
    struct plan_burst b;

    b.shape = shape;
    b.n = n;
    b.frames = frames;
    b.tags = tags;
    b.digits = digits;
    if (n >= PLAN_WIDE_MIN && plan_frame_is_wide())
        plan_frame_make_wide(&b);
    else
        plan_frame_make(&b);
}
