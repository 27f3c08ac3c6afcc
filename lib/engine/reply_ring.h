// Replies that an RX worker wants sent: answers to ARP and neighbour solicitations for our own addresses.
//
// One writer (an RX worker), one reader (the TX worker whose queue it is). Full: the reply is dropped; who asked asks again.
#ifndef VOLLEY_ENGINE_REPLY_RING_H
#define VOLLEY_ENGINE_REPLY_RING_H

#include "base/base.h"

#include <stdatomic.h>
#include <string.h>

#define REPLY_RING_SIZE 64
#define REPLY_BYTES_MAX 96

struct reply_ring {
    struct {
        uint16_t len;
        uint8_t bytes[REPLY_BYTES_MAX];
    } replies[REPLY_RING_SIZE];
    _Alignas(CACHE_LINE) _Atomic uint32_t head; // writer
    _Alignas(CACHE_LINE) _Atomic uint32_t tail; // reader
};

static inline void reply_ring_put(struct reply_ring *ring, const uint8_t *bytes, uint16_t len)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    if (len > REPLY_BYTES_MAX ||
        head - atomic_load_explicit(&ring->tail, memory_order_acquire) == REPLY_RING_SIZE)
        return;
    memcpy(ring->replies[head % REPLY_RING_SIZE].bytes, bytes, len);
    ring->replies[head % REPLY_RING_SIZE].len = len;
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

// Copies the oldest one out (REPLY_BYTES_MAX bytes of room) and returns its length; 0: none.
static inline uint16_t reply_ring_take(struct reply_ring *ring, uint8_t *bytes)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
        return 0;
    uint16_t len = ring->replies[tail % REPLY_RING_SIZE].len;
    memcpy(bytes, ring->replies[tail % REPLY_RING_SIZE].bytes, len);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return len;
}

#endif
