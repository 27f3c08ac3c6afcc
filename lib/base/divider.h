// Division of 64-bit numbers by a number known at run time, by one multiplication (Granlund and Montgomery, "Division by
// Invariant Integers using Multiplication", 1994, figure 4.1).
#ifndef VOLLEY_BASE_DIVIDER_H
#define VOLLEY_BASE_DIVIDER_H

#include "base/base.h"

struct divider {
    uint64_t by;
    uint64_t magic;
    uint8_t shift1, shift2;
};

// by is at least 1.
static inline struct divider divider_of(uint64_t by)
{
    unsigned bits = by == 1 ? 0 : 64u - (unsigned)__builtin_clzll(by - 1); // ceil(log2 by)
    u128 power = (u128)1 << bits;

    return (struct divider){
        .by = by,
        .magic = (uint64_t)((((u128)1 << 64) * (power - by)) / by + 1),
        .shift1 = bits < 1 ? 0 : 1,
        .shift2 = (uint8_t)(bits < 1 ? 0 : bits - 1),
    };
}

static inline uint64_t divider_divide(uint64_t n, const struct divider *d)
{
    uint64_t high = (uint64_t)(((u128)d->magic * n) >> 64);

    return (high + ((n - high) >> d->shift1)) >> d->shift2;
}

#endif
