// The receiving half of a worker: receive, decode, find, verify, mark, hand on.
//
// Belongs to one thread. Every received frame ends in exactly one counted outcome.
#ifndef VOLLEY_ENGINE_RECEIVER_H
#define VOLLEY_ENGINE_RECEIVER_H

#include "base/address.h"
#include "engine/channel.h"
#include "engine/control.h"
#include "engine/outcome.h"
#include "engine/reply_ring.h"
#include "port/port.h"
#include "probe/match.h"

#define RECEIVER_BURST 32
// Full bursts in a row that mean: more comes than we take. The smallest RX ring, AF_XDP's, holds 64 of them.
#define RECEIVER_BEHIND 8
// While behind, every so many full bursts something may be sent all the same: a flood from outside must not silence us.
#define RECEIVER_RESPITE 64

// A frame that is read late may have waited in the port's ring: for so long it is given the benefit of the doubt. A flood,
// under which the ring is never empty, must not keep probes waiting for ever.
#define RECEIVER_GRACE_NS 1000000000u

struct receiver {
    // Constant after init.
    struct probes *probes;            // borrowed
    struct port *port;                // borrowed
    struct control *control;          // borrowed
    uint16_t first_queue, queue_step; // queues first, first + step, ...
    uint64_t timeout_ticks, grace_ticks;
    struct address own[2];   // answered for
    bool answers_neighbours; // the kernel does not
    uint32_t keep;           // bit o: frames of enum outcome o are handed on; answers are

    // The thread's.
    struct match matches[RECEIVER_BURST];
    struct match_scratch scratch; // owned
    struct forms forms;
    uint32_t n_full; // bursts in a row that came full

    // Shared with the collector, with the sender of the queue, and with main.
    struct channel channel;  // owned
    struct reply_ring *ring; // owned
    struct outcomes outcomes;
    _Alignas(CACHE_LINE) atomic_bool behind;
    _Atomic uint64_t n_steps;
    _Atomic uint64_t empty_ticks; // when all rings were last found empty: what is read later came later
};

// 0 or -errno; the constant fields are set by the caller.
int receiver_init(struct receiver *receiver, uint64_t channel_bytes) MUST_USE;
void receiver_release(struct receiver *receiver);

// One round of the worker's loop over all its queues; never waits, but for room in the channel. Returns how many frames came.
unsigned receiver_step(struct receiver *receiver);

// Any thread: frames come faster than they are taken. Sending more would lose answers.
static inline bool receiver_is_behind(const struct receiver *receiver)
{
    return atomic_load_explicit(&receiver->behind, memory_order_relaxed);
}

// Any thread: what had arrived by then is read. Not before now - grace_ticks.
static inline uint64_t receiver_read_until(const struct receiver *receiver, uint64_t now)
{
    uint64_t empty = atomic_load_explicit(&receiver->empty_ticks, memory_order_acquire);
    uint64_t least = now > receiver->grace_ticks ? now - receiver->grace_ticks : 0;

    return empty > least ? empty : least;
}

// Any thread: grows while the receiver runs; 0: it does not yet.
static inline uint64_t receiver_steps(const struct receiver *receiver)
{
    return atomic_load_explicit(&receiver->n_steps, memory_order_relaxed);
}

#endif
