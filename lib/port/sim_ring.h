// A ring of pointers from one thread to one other.
//
// It never fills up: it has as many slots as there are packets that could be in it. That also orders the reuse of
// slots: before a slot comes round again, some packet was pushed twice, so the reader has handed it back, and it
// reads in order.
#ifndef VOLLEY_PORT_SIM_RING_H
#define VOLLEY_PORT_SIM_RING_H

#include "base/base.h"

#include <stdatomic.h>

struct sim_packet;

struct sim_ring {
    // Set at open.
    struct sim_packet **slots; // mask + 1
    uint32_t mask;

    // Writer only, but published.
    _Alignas(CACHE_LINE) uint32_t written;
    _Atomic uint32_t published;

    // Reader only.
    _Alignas(CACHE_LINE) uint32_t read;
    uint32_t seen;
};

static inline void sim_ring_push(struct sim_ring *ring, struct sim_packet *packet)
{
    ring->slots[ring->written++ & ring->mask] = packet;
}

// What was pushed until now can be read from now on.
static inline void sim_ring_publish(struct sim_ring *ring)
{
    atomic_store_explicit(&ring->published, ring->written, memory_order_release);
}

// What was published until now is what pull gives.
static inline void sim_ring_look(struct sim_ring *ring)
{
    ring->seen = atomic_load_explicit(&ring->published, memory_order_acquire);
}

// NULL: no more.
static inline struct sim_packet *sim_ring_pull(struct sim_ring *ring)
{
    return ring->read == ring->seen ? NULL : ring->slots[ring->read++ & ring->mask];
}

#endif
