// The order of sending: which index stands at a position.
//
// An order is a bijection position -> index for positions 0..n-1: as written, shuffled by a keyed permutation,
// or a list (the unanswered of the round before). Immutable after init: any thread may read it.
#ifndef VOLLEY_PROBE_ORDER_H
#define VOLLEY_PROBE_ORDER_H

#include "base/base.h"

#include <stdbool.h>

#define ORDER_ROUNDS 4 // 3 show structure over 2^24: see the chi-squared test

enum order_kind { ORDER_SEQUENTIAL, ORDER_RANDOM, ORDER_LIST };

// Random order: x -> x on 0..2^bits-1 by a keyed addition and keyed rounds of odd multiplication and xor with the upper
// half, each a bijection, walked until the result is below n (under 2 steps on average). O(1) memory. It spreads the load over
// networks; it is not a cipher.
struct order {
    enum order_kind kind;
    unsigned shift; // half of the bits, rounded up, at least 1
    bool wide;      // this CPU multiplies 64-bit words in vectors; same results
    uint64_t n;
    const uint64_t *list; // ORDER_LIST: borrowed, n indices
    uint64_t mask;        // 2^bits - 1
    uint64_t add;
    uint64_t multiply[ORDER_ROUNDS]; // odd
};

void order_init_sequential(struct order *order, uint64_t n);
// The same seed gives the same order. n up to 2^63.
void order_init_random(struct order *order, uint64_t n, uint64_t seed);
void order_init_list(struct order *order, const uint64_t *list, uint64_t n);

// indices[k] = the index at position first + k, for k < count. All positions must be below n.
void order_indices(const struct order *order, uint64_t first, uint64_t *indices, unsigned count);
// indices[k] = the index at positions[k].
void order_indices_at(const struct order *order, const uint64_t *positions, uint64_t *indices,
                      unsigned count);

#endif
