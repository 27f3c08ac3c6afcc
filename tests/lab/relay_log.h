// The log of the relay: what it saw and what it delivered, in order, for the checker to hold a run's files against.
//
// A file of these records and nothing else, in this machine's byte order. Frames are known by hashes of 64 bits: among
// ten million, two that collide are a matter of one run in half a million.
#ifndef RELAY_LOG_H
#define RELAY_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum relay_kind {
    RELAY_STIMULUS, // arrived; `frame` is 0
    RELAY_ANSWER,   // delivered to the prober; a duplicate is one more of the same
    RELAY_FORGED,   // delivered to the prober; `stimulus` is what it pretends to answer
    RELAY_OTHER,    // delivered to the prober, and no answer to anything: neighbours
};

// What Volley may do with a delivered frame.
enum relay_verdict {
    RELAY_MUST, // pair it with its stimulus, or count it as a duplicate
    RELAY_MAY,  // that, or nothing
    RELAY_FRAGMENT, // that, or nothing, or not see it: behind AF_PACKET the kernel waits for the rest of the packet
    RELAY_NEVER, // pair it with anything
};

#define RELAY_NO_BIT UINT16_MAX

struct relay_record {
    uint64_t stimulus; // relay_hash of its IP packet
    uint64_t frame;    // relay_hash of what was delivered, from the IP header to the frame's end
    uint64_t time_ns;  // since 1970
    uint16_t bit;      // that was flipped, counted from the IP header on; RELAY_NO_BIT: none
    uint8_t kind, verdict;
    uint8_t zero[4];
};

static inline uint64_t relay_hash(const uint8_t *bytes, size_t len)
{
    uint64_t hash = len * 0x9e3779b97f4a7c15u, word;

    for (; len > 0; bytes += sizeof(word)) {
        size_t n = len < sizeof(word) ? len : sizeof(word);

        word = 0;
        memcpy(&word, bytes, n);
        hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
        hash ^= hash >> 29;
        len -= n;
    }
    hash *= 0x94d049bb133111ebu;
    return hash ^ hash >> 32;
}

// The bytes of the IP packet at `ip`, as its header says, or `len` if that is less or it is none: padding is no part of it.
static inline size_t relay_ip_bytes(const uint8_t *ip, size_t len)
{
    size_t said = len;

    if (len >= 20 && ip[0] >> 4 == 4)
        said = (size_t)ip[2] << 8 | ip[3];
    else if (len >= 40 && ip[0] >> 4 == 6)
        said = 40 + ((size_t)ip[4] << 8 | ip[5]);
    return said < len ? said : len;
}

#endif
