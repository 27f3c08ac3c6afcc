// The sending half of a worker: claim a block, build its stimuli, make them findable, offer them to the port.
//
// Belongs to one thread. Frames that the port refuses stay here and are offered first next time: no probe is lost or sent twice.
#ifndef VOLLEY_ENGINE_SENDER_H
#define VOLLEY_ENGINE_SENDER_H

#include "engine/control.h"
#include "engine/outcome.h"
#include "engine/pacer.h"
#include "engine/receiver.h"
#include "port/port.h"

#define SENDER_RECEIVERS_MAX 64

enum sender_limit {
    SENDER_FREE,
    SENDER_WINDOW,
    SENDER_COLLECTOR,
    SENDER_RECEIVER,
    SENDER_PORT,
    SENDER_BUFFERS
};

// A receiver, and how much had been sent when it was last seen to run.
struct sender_watch {
    const struct receiver *receiver; // borrowed
    uint64_t n_steps;
    uint64_t n_sent;
};

struct sender {
    // Constant after init.
    struct probes *probes;                          // borrowed
    struct port *port;                              // borrowed
    struct reply_ring *rings[SENDER_RECEIVERS_MAX]; // borrowed; whose replies go out on this queue
    unsigned n_rings;
    struct control *control; // borrowed
    uint16_t queue;
    uint64_t stall_ticks; // the port may take nothing for so long
    uint64_t unheard_max; // probes that may be sent while a receiver stands still

    // The thread's.
    struct sender_watch watches[SENDER_RECEIVERS_MAX]; // no block is claimed while one is behind
    unsigned n_watches;
    struct pacer pacer;
    struct frame frames[PLAN_BURST]; // owned: buffers for the next block, or the block in hand
    unsigned n_frames;
    struct round *round;      // of the block in hand
    uint64_t first;           // its first position
    unsigned count, accepted; // accepted < count: a block is in hand
    bool is_refused, has_stopped;
    uint64_t refused_since; // ticks since which the port gives no buffer, or takes nothing

    // Read by main.
    struct outcomes outcomes;
    _Alignas(CACHE_LINE) _Atomic unsigned limit; // enum sender_limit
};

// What the frames of a run take of a port's buffer: stimuli, and replies to neighbours.
uint16_t sender_frame_room(const struct plan *plan);

// One round of the worker's loop; never waits. `now` is the port's.
void sender_step(struct sender *sender, uint64_t now);

// Gives the unused buffers back, at the end. What is in hand then was not sent.
void sender_close(struct sender *sender);

#endif
