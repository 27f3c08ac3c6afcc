#include "probe/tag.h"

#include "base/hash.h"

#include <string.h>

static inline uint16_t left(uint16_t x, unsigned by)
{
    return (uint16_t)(x << by | x >> (16 - by));
}

static inline uint16_t right(uint16_t x, unsigned by)
{
    return (uint16_t)(x >> by | x << (16 - by));
}

// Beaulieu et al., The SIMON and SPECK families of lightweight block ciphers (2013), section 4: words of 16 bits,
// rotations by 7 and 2.
static inline void round_forth(uint16_t *x, uint16_t *y, uint16_t key)
{
    *x = (uint16_t)((uint16_t)(right(*x, 7) + *y) ^ key);
    *y = left(*y, 2) ^ *x;
}

static inline void round_back(uint16_t *x, uint16_t *y, uint16_t key)
{
    *y = right(*x ^ *y, 2);
    *x = left((uint16_t)((*x ^ key) - *y), 7);
}

// The schedule runs the round function over the key's four words, with the round's number as its key.
static void cipher_init(uint16_t round[TAG_CIPHER_ROUNDS], uint64_t key)
{
    uint16_t k = (uint16_t)key;
    uint16_t l[3] = {(uint16_t)(key >> 16), (uint16_t)(key >> 32), (uint16_t)(key >> 48)};

    for (uint16_t i = 0; i < TAG_CIPHER_ROUNDS; i++) {
        round[i] = k;
        round_forth(&l[i % 3], &k, i);
    }
}

static void shuffle_init(struct tag_shuffle *shuffle, uint64_t add, uint64_t multiply)
{
    shuffle->add = (uint16_t)add;
    for (unsigned i = 0; i < TAG_SHUFFLE_ROUNDS; i++)
        shuffle->multiply[i] = (uint16_t)(multiply >> (16 * i) | 1);
}

void tag_key_init(struct tag_key *key, uint64_t seed)
{
    const struct hash_key from = {{seed, UINT64_C(0x766f6c6c65792e74)}};

#ifdef __x86_64__
    key->wide = __builtin_cpu_supports("avx2");
#else
    key->wide = false;
#endif
    cipher_init(key->round, hash_word(&from, 0));
    shuffle_init(&key->port, hash_word(&from, 1), hash_word(&from, 2));
    shuffle_init(&key->id, hash_word(&from, 3), hash_word(&from, 4));
}

uint32_t tag_of(const struct tag_key *key, uint64_t position)
{
    uint16_t x = (uint16_t)(position >> 16), y = (uint16_t)position;

    for (unsigned i = 0; i < TAG_CIPHER_ROUNDS; i++)
        round_forth(&x, &y, key->round[i]);
    return (uint32_t)x << 16 | y;
}

// So many positions are enciphered together, in two vectors; fewer than PAIR_MIN are faster one by one.
#define PAIR     32
#define PAIR_MIN 6
typedef uint16_t lanes __attribute__((vector_size(PAIR / 2 * sizeof(uint16_t))));

__attribute__((always_inline)) static inline void lanes_forth(lanes *x, lanes *y, uint16_t key)
{
    *x = ((*x >> 7 | *x << 9) + *y) ^ key;
    *y = (*y << 2 | *y >> 14) ^ *x;
}

__attribute__((always_inline)) static inline void lanes_back(lanes *x, lanes *y, uint16_t key)
{
    lanes mixed = *x ^ *y, less;

    *y = mixed >> 2 | mixed << 14;
    less = (*x ^ key) - *y;
    *x = less << 7 | less >> 9;
}

// Up to PAIR words, forth or back.
__attribute__((always_inline)) static inline void crypt(const struct tag_key *key, const uint32_t *from,
                                                        uint32_t *to, unsigned n, const bool forth)
{
    uint16_t high[PAIR] = {0}, low[PAIR] = {0};
    lanes x[2], y[2];

    for (unsigned k = 0; k < n; k++) {
        high[k] = (uint16_t)(from[k] >> 16);
        low[k] = (uint16_t)from[k];
    }
    memcpy(x, high, sizeof(x));
    memcpy(y, low, sizeof(y));
    for (unsigned i = 0; i < TAG_CIPHER_ROUNDS; i++) {
        const uint16_t round = key->round[forth ? i : TAG_CIPHER_ROUNDS - 1 - i];

        for (unsigned half = 0; half < 2; half++) {
            if (forth)
                lanes_forth(&x[half], &y[half], round);
            else
                lanes_back(&x[half], &y[half], round);
        }
    }
    memcpy(high, x, sizeof(x));
    memcpy(low, y, sizeof(y));
    for (unsigned k = 0; k < n; k++)
        to[k] = (uint32_t)high[k] << 16 | low[k];
}

static void encipher_plain(const struct tag_key *key, const uint32_t *from, uint32_t *to, unsigned n)
{
    crypt(key, from, to, n, true);
}

static void decipher_plain(const struct tag_key *key, const uint32_t *from, uint32_t *to, unsigned n)
{
    crypt(key, from, to, n, false);
}

// A tag takes 5.4 cycles; without AVX2 28; one by one 38.
#ifdef __x86_64__
#define WIDE __attribute__((target("avx2")))
#else
#define WIDE
#endif

WIDE static void encipher_wide(const struct tag_key *key, const uint32_t *from, uint32_t *to, unsigned n)
{
    crypt(key, from, to, n, true);
}

WIDE static void decipher_wide(const struct tag_key *key, const uint32_t *from, uint32_t *to, unsigned n)
{
    crypt(key, from, to, n, false);
}

void tag_of_burst(const struct tag_key *key, const uint64_t *positions, uint32_t *tags, unsigned n)
{
    void (*const encipher)(const struct tag_key *, const uint32_t *, uint32_t *, unsigned) =
        key->wide ? encipher_wide : encipher_plain;

    for (unsigned done = 0, count; done < n; done += count) {
        uint32_t words[PAIR];

        count = n - done < PAIR ? n - done : PAIR;
        for (unsigned k = 0; k < count; k++)
            words[k] = (uint32_t)positions[done + k];
        if (count >= PAIR_MIN) {
            encipher(key, words, tags + done, count);
            continue;
        }
        for (unsigned k = 0; k < count; k++)
            tags[done + k] = tag_of(key, words[k]);
    }
}

void tag_position_burst(const struct tag_key *key, const uint32_t *tags, uint32_t *positions, unsigned n)
{
    void (*const decipher)(const struct tag_key *, const uint32_t *, uint32_t *, unsigned) =
        key->wide ? decipher_wide : decipher_plain;

    for (unsigned done = 0, count; done < n; done += count) {
        count = n - done < PAIR ? n - done : PAIR;
        if (count >= PAIR_MIN) {
            decipher(key, tags + done, positions + done, count);
            continue;
        }
        for (unsigned k = 0; k < count; k++)
            positions[done + k] = tag_position(key, tags[done + k]);
    }
}

uint32_t tag_position(const struct tag_key *key, uint32_t tag)
{
    uint16_t x = (uint16_t)(tag >> 16), y = (uint16_t)tag;

    for (unsigned i = TAG_CIPHER_ROUNDS; i-- > 0;)
        round_back(&x, &y, key->round[i]);
    return (uint32_t)x << 16 | y;
}

// Each step is a bijection below mask + 1 = 2^15 or 2^16; 8 bits are at least half of either.
static inline uint32_t shuffled(const struct tag_shuffle *shuffle, uint64_t position, uint32_t mask)
{
    uint32_t x = (uint32_t)position + shuffle->add;

    for (unsigned i = 0; i < TAG_SHUFFLE_ROUNDS; i++) {
        x = x * shuffle->multiply[i] & mask;
        x ^= x >> 8;
    }
    return x;
}

uint16_t tag_port(const struct tag_key *key, uint64_t position)
{
    return (uint16_t)(0x8000 | shuffled(&key->port, position, 0x7fff));
}

uint16_t tag_id(const struct tag_key *key, uint64_t position)
{
    return (uint16_t)shuffled(&key->id, position, 0xffff);
}
