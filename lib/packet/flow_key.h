// The flow key: what a stimulus and its responses have in common, computed from either.
//
// Every layer adds the words by which an answer is told from another flow's answer, turned to the side of who asked. A
// key is only a way to find candidates: whether a response answers is decided by answers.h on the bytes.
#ifndef VOLLEY_PACKET_FLOW_KEY_H
#define VOLLEY_PACKET_FLOW_KEY_H

#include "packet/answers.h"

enum flow_role {
    FLOW_STIMULUS,          // as it was sent, or as an ICMP error quotes it
    FLOW_RESPONSE,          // from the address that was asked
    FLOW_RESPONSE_TO_GROUP, // from anyone: the stimulus went to a multicast or broadcast address
};

struct flow_key {
    uint64_t state;
};

// What a run's flow keys depend on: what its answers are not compared by is in none of them.
struct flow_hash {
    uint64_t seed;
    struct answer_rules rules;
};

static inline void flow_key_add(struct flow_key *key, uint64_t word)
{
    u128 product = (u128)(key->state ^ word) * 0x9e3779b97f4a7c15u;

    key->state = (uint64_t)product ^ (uint64_t)(product >> 64) ^ 0x2545f4914f6cdd1du;
}

// The hash of the flow key of the layers from `first` on.
uint64_t flow_key_of(const struct view *view, unsigned first, enum flow_role role,
                     const struct flow_hash *how);

// Of n stimuli whose views differ in `bytes` only.
void flow_key_of_stimuli(const struct view *alike, uint8_t *const *bytes, unsigned n, unsigned first,
                         const struct flow_hash *how, uint64_t *hashes);

// Of a received frame: an ICMP error has the flow key of what it quotes.
uint64_t flow_key_of_response(const struct view *view, unsigned first, enum flow_role role,
                              const struct flow_hash *how);

#endif
