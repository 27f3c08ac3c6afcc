// Tags: keyed values that carry a probe's position in fields which the template leaves open.
//
// The tag of 32 bits is the position enciphered by Speck32/64 (22 rounds): a bijection, so that 2^32 consecutive
// positions have different tags, and one that cannot be guessed from other tags. Ports and ids have too few
// bits for secrets: theirs are keyed shuffles. Pure functions; any thread.
#ifndef VOLLEY_PROBE_TAG_H
#define VOLLEY_PROBE_TAG_H

#include "base/base.h"

#include <stdbool.h>

#define TAG_CIPHER_ROUNDS  22
#define TAG_SHUFFLE_ROUNDS 4

struct tag_shuffle {
    uint16_t add;
    uint16_t multiply[TAG_SHUFFLE_ROUNDS]; // odd
};

struct tag_key {
    uint16_t round[TAG_CIPHER_ROUNDS]; // Speck's round keys
    struct tag_shuffle port, id;
    bool wide; // this CPU has vectors of 32 bytes; same results
};

void tag_key_init(struct tag_key *key, uint64_t seed);

// A bijection of position mod 2^32.
uint32_t tag_of(const struct tag_key *key, uint64_t position);
// tags[k] = tag_of(key, positions[k]), for k < n: in vectors.
void tag_of_burst(const struct tag_key *key, const uint64_t *positions, uint32_t *tags, unsigned n);
// Its inverse: the low 32 bits of the position.
uint32_t tag_position(const struct tag_key *key, uint32_t tag);
// positions[k] = tag_position(key, tags[k]), for k < n: in vectors.
void tag_position_burst(const struct tag_key *key, const uint32_t *tags, uint32_t *positions, unsigned n);

// A bijection of position mod 2^15 to 32768..65535: for source ports.
uint16_t tag_port(const struct tag_key *key, uint64_t position);
// A bijection of position mod 2^16: for IP.id.
uint16_t tag_id(const struct tag_key *key, uint64_t position);

#endif
