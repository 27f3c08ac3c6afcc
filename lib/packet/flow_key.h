// The flow key: what a stimulus and its responses have in common, computed from either.
//
// Every layer adds the words by which an answer is told from another flow's answer, turned to the side of who asked. A
// key is only a way to find candidates: whether a response answers is decided by answers.h on the bytes. What the rules do not
// compare is in no key:
//
//   exact          a response and what it answers have one key
//   scapy, hashed  the same; but where Scapy has only bytes in place of a UDP header, the response's key lacks the port
//   scapy          a response's key is one of the stimulus's prefixes, because bytes answer whatever follows. Two things are in
//                  the keys although Scapy would let them differ: ARP's lengths of addresses, and what layer follows in the
//                  quote of an ICMPv6 error
#ifndef VOLLEY_PACKET_FLOW_KEY_H
#define VOLLEY_PACKET_FLOW_KEY_H

#include "packet/answers.h"

enum flow_role {
    FLOW_STIMULUS,          // as it was sent, or as an ICMP error quotes it
    FLOW_RESPONSE,          // from the address that was asked
    FLOW_RESPONSE_TO_GROUP, // from anyone: the stimulus went to a multicast or broadcast address
    FLOW_RESPONSE_MOVED,    // from another port than was asked: udp_moves() of the stimulus
    FLOW_HASHRET, // Scapy's hashret(), of a frame of either kind; layers are asked by it for scapy rules only
};

// Which role a response to that stimulus has.
enum flow_role flow_key_role(const struct view *stimulus, unsigned first);

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

// Frames whose views differ in `bytes` only, and their keys so far.
struct flow_burst {
    const struct view *view;
    const uint8_t *const *bytes;
    unsigned n;
    uint64_t *hashes; // states of keys
};

// The hash of the flow key of the layers from `first` on.
uint64_t flow_key_of(const struct view *view, unsigned first, enum flow_role role,
                     const struct flow_hash *how);

// Of n stimuli whose views differ in `bytes` only.
void flow_key_of_stimuli(const struct view *alike, uint8_t *const *bytes, unsigned n, unsigned first,
                         const struct flow_hash *how, uint64_t *hashes);

// The keys of a stimulus up to each of its layers, from none to all of them, each once: how many. For scapy rules.
unsigned flow_key_prefixes(const struct view *view, unsigned first, const struct flow_hash *how,
                           uint64_t keys[VIEW_LAYERS_MAX + 1]);

// Whether Scapy's hashret() of both is the same.
bool flow_key_hashes_alike(const struct view *a, unsigned a_first, const struct view *b, unsigned b_first,
                           const struct answer_rules *rules);

// Of a received frame: an ICMP error has the flow key of what it quotes.
uint64_t flow_key_of_response(const struct view *view, unsigned first, enum flow_role role,
                              const struct flow_hash *how);

#endif
