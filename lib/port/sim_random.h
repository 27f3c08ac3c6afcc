// Keyed draws of the simulated network: the same seed and the same bytes give the same numbers.
#ifndef VOLLEY_PORT_SIM_RANDOM_H
#define VOLLEY_PORT_SIM_RANDOM_H

#include "packet/bytes.h"

#include <stdbool.h>

// Both halves of a 128-bit product, folded: each bit of the result depends on all of both operands.
static inline uint64_t sim_mix(uint64_t a, uint64_t b)
{
    u128 product = (u128)(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xd6e8feb86659fd93);

    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static inline uint64_t sim_hash(uint64_t seed, const uint8_t *bytes, size_t len)
{
    uint64_t h = sim_mix(seed, len);
    uint8_t last[16] = {0};

    for (; len > 16; len -= 16, bytes += 16)
        h = sim_mix(get64(bytes) ^ h, get64(bytes + 8));
    memcpy(last, bytes, len);
    return sim_mix(sim_mix(get64(last) ^ h, get64(last + 8)), h);
}

// Independent 32-bit draws from one 64-bit hash, told apart by `what`.
static inline uint32_t sim_draw(uint64_t hash, uint64_t what)
{
    return (uint32_t)(sim_mix(hash, what * 0xa0761d6478bd642f) >> 32);
}

static inline bool sim_draw_hits(uint64_t hash, uint64_t what, uint64_t share)
{
    return share != 0 && sim_draw(hash, what) < share;
}

#endif
