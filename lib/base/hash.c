#include "base/hash.h"

#include <endian.h>
#include <string.h>

// SipHash: a fast short-input PRF, section 2. https://www.aumasson.jp/siphash/siphash.pdf
struct sip {
    uint64_t v[4];
};

static inline uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static inline void sip_rounds(struct sip *s, unsigned rounds)
{
    uint64_t *v = s->v;

    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static inline struct sip sip_start(const struct hash_key *key)
{
    // "somepseudorandomlygeneratedbytes"
    return (struct sip){{
        key->k[0] ^ UINT64_C(0x736f6d6570736575),
        key->k[1] ^ UINT64_C(0x646f72616e646f6d),
        key->k[0] ^ UINT64_C(0x6c7967656e657261),
        key->k[1] ^ UINT64_C(0x7465646279746573),
    }};
}

static inline void sip_word(struct sip *s, uint64_t word, unsigned rounds)
{
    s->v[3] ^= word;
    sip_rounds(s, rounds);
    s->v[0] ^= word;
}

static inline uint64_t sip_end(struct sip *s, unsigned rounds)
{
    s->v[2] ^= 0xff;
    sip_rounds(s, rounds);
    return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

static inline uint64_t sip(const struct hash_key *key, const void *bytes, size_t len, unsigned rounds,
                           unsigned end_rounds)
{
    const uint8_t *at = bytes;
    struct sip s = sip_start(key);
    uint64_t last = (uint64_t)len << 56;
    size_t left = len;

    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;

        memcpy(&word, at, 8);
        sip_word(&s, le64toh(word), rounds);
    }
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)at[i] << (8 * i);
    sip_word(&s, last, rounds);
    return sip_end(&s, end_rounds);
}

uint64_t hash_sip24(const struct hash_key *key, const void *bytes, size_t len)
{
    return sip(key, bytes, len, 2, 4);
}

uint64_t hash_sip13(const struct hash_key *key, const void *bytes, size_t len)
{
    return sip(key, bytes, len, 1, 3);
}

uint64_t hash_word(const struct hash_key *key, uint64_t word)
{
    struct sip s = sip_start(key);

    sip_word(&s, word, 1);
    sip_word(&s, UINT64_C(8) << 56, 1);
    return sip_end(&s, 3);
}
