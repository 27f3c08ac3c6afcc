// Big-endian loads and stores: the only place where byte order appears.
//
// The caller has checked the bounds.
#ifndef VOLLEY_PACKET_BYTES_H
#define VOLLEY_PACKET_BYTES_H

#include "base/base.h"

#include <string.h>

static inline uint16_t get16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return __builtin_bswap16(v);
}

static inline uint32_t get32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return __builtin_bswap32(v);
}

static inline uint64_t get64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return __builtin_bswap64(v);
}

static inline u128 get128(const uint8_t *p)
{
    return (u128)get64(p) << 64 | get64(p + 8);
}

static inline void put16(uint8_t *p, uint16_t v)
{
    v = __builtin_bswap16(v);
    memcpy(p, &v, sizeof(v));
}

static inline void put32(uint8_t *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof(v));
}

static inline void put64(uint8_t *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof(v));
}

static inline void put128(uint8_t *p, u128 v)
{
    put64(p, (uint64_t)(v >> 64));
    put64(p + 8, (uint64_t)v);
}

#endif
