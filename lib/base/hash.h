// Keyed hashes: SipHash for what strangers may choose, a multiply-fold mixer for what they may not.
//
// Pure functions; any thread. Equal keys and bytes give equal hashes on every machine.
#ifndef VOLLEY_BASE_HASH_H
#define VOLLEY_BASE_HASH_H

#include "base/base.h"

struct hash_key {
    uint64_t k[2];
};

// SipHash by Aumasson and Bernstein, 64 bits of result. 2-4 is the authors' default; 1-3 is the faster choice for hash
// tables. A key of 16 bytes is two little-endian words. bytes may be NULL if len is 0.
uint64_t hash_sip24(const struct hash_key *key, const void *bytes, size_t len);
uint64_t hash_sip13(const struct hash_key *key, const void *bytes, size_t len);

// hash_sip13 of the word's eight little-endian bytes: to draw many keys from one seed.
uint64_t hash_word(const struct hash_key *key, uint64_t word);

// One multiplication to 128 bits, folded (wyhash's step): about 5 cycles. At least one of a and b must hold bits of a
// secret key if strangers choose the rest, and what is found by it must be verified: it is no SipHash. The constants keep
// zeros from swallowing the other word.
static inline uint64_t hash_mix64(uint64_t a, uint64_t b)
{
    u128 product = (u128)(a ^ UINT64_C(0xa0761d6478bd642f)) * (b ^ UINT64_C(0xe7037ed1a0b428db));

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
