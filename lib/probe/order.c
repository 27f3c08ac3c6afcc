#include "probe/order.h"

#include "base/hash.h"

#include <assert.h>
#include <string.h>

#define CHUNK 64 // positions that are walked together

void order_init_sequential(struct order *order, uint64_t n)
{
    *order = (struct order){.kind = ORDER_SEQUENTIAL, .n = n};
}

void order_init_list(struct order *order, const uint64_t *list, uint64_t n)
{
    *order = (struct order){.kind = ORDER_LIST, .n = n, .list = list};
}

void order_init_random(struct order *order, uint64_t n, uint64_t seed)
{
    const struct hash_key key = {{seed, UINT64_C(0x766f6c6c65792e6f)}};
    unsigned bits = n > 1 ? 64 - (unsigned)__builtin_clzll(n - 1) : 0;

    assert(n <= UINT64_C(1) << 63);
    *order = (struct order){.kind = ORDER_RANDOM, .n = n, .mask = (UINT64_C(1) << bits) - 1};
    order->shift = bits > 1 ? (bits + 1) / 2 : 1;
#ifdef __x86_64__
    order->wide = __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    order->add = hash_word(&key, 0);
    for (unsigned i = 0; i < ORDER_ROUNDS; i++)
        order->multiply[i] = hash_word(&key, i + 1) | 1;
}

// Takes every x one step. The key is copied so that the compiler knows that writing x does not change it.
__attribute__((always_inline)) static inline void step(const struct order *shared, uint64_t *x, unsigned n)
{
    const struct order order = *shared;

    for (unsigned k = 0; k < n; k++) {
        uint64_t v = x[k] + order.add;

        for (unsigned i = 0; i < ORDER_ROUNDS; i++) {
            v = v * order.multiply[i] & order.mask;
            v ^= v >> order.shift; // its own inverse: the upper half stays
        }
        x[k] = v;
    }
}

static void step_plain(const struct order *order, uint64_t *x, unsigned n)
{
    step(order, x, n);
}

// vpmullq: a step takes 2.7 cycles an index instead of 7.4.
#ifdef __x86_64__
#define WIDE __attribute__((target("avx512f,avx512dq,avx512vl")))
#else
#define WIDE
#endif

WIDE static void step_wide(const struct order *order, uint64_t *x, unsigned n)
{
    step(order, x, n);
}

// Who is walking: x[k] is the place of whose[k], still outside.
struct walk {
    uint64_t x[CHUNK];
    uint8_t whose[CHUNK];
    unsigned n;
};

// Puts the places that are below n into indices and keeps the others, in place and without a branch.
static void walk_settle(struct walk *walk, uint64_t n, uint64_t *indices)
{
    unsigned left = 0;

    for (unsigned k = 0; k < walk->n; k++) {
        uint64_t x = walk->x[k];
        uint8_t whose = walk->whose[k];

        indices[whose] = x; // overwritten later, if x is outside
        walk->x[left] = x;
        walk->whose[left] = whose;
        left += x >= n;
    }
    walk->n = left;
}

// Whether a position's walk goes on is a coin toss that no branch predictor learns. So all positions of a chunk take a
// step together, and those that are still outside are gathered for the next: about 6 steps for 64 positions.
static void random_chunk(const struct order *order, uint64_t *indices, unsigned count)
{
    void (*const take_step)(const struct order *, uint64_t *, unsigned) =
        order->wide ? step_wide : step_plain;
    struct walk walk;
    unsigned left = 0;

    take_step(order, indices, count);
    if (order->mask < order->n)
        return;
    for (unsigned k = 0; k < count; k++) {
        walk.x[left] = indices[k];
        walk.whose[left] = (uint8_t)k;
        left += indices[k] >= order->n;
    }
    for (walk.n = left; walk.n > 0;) {
        take_step(order, walk.x, walk.n);
        walk_settle(&walk, order->n, indices);
    }
}

// Positions become indices.
static void random_indices(const struct order *order, uint64_t *indices, unsigned count)
{
    for (unsigned done = 0; done < count; done += CHUNK) {
        unsigned left = count - done;

        random_chunk(order, indices + done, left < CHUNK ? left : CHUNK);
    }
}

void order_indices(const struct order *order, uint64_t first, uint64_t *indices, unsigned count)
{
    assert(first <= order->n && count <= order->n - first);
    if (count == 0)
        return;
    if (order->kind == ORDER_LIST) {
        memcpy(indices, order->list + first, count * sizeof(*indices));
        return;
    }
    for (unsigned k = 0; k < count; k++)
        indices[k] = first + k;
    if (order->kind == ORDER_RANDOM)
        random_indices(order, indices, count);
}

void order_indices_at(const struct order *order, const uint64_t *positions, uint64_t *indices, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        assert(positions[k] < order->n);
        indices[k] = order->kind == ORDER_LIST ? order->list[positions[k]] : positions[k];
    }
    if (order->kind == ORDER_RANDOM)
        random_indices(order, indices, count);
}
