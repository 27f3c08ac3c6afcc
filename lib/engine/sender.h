// The sending half of a worker: claim a block, build its stimuli, make them findable, offer them to the port.
//
// Belongs to one thread. Frames that the port refuses stay here and are offered first next time: no probe is lost or sent twice.
#ifndef VOLLEY_ENGINE_SENDER_H
#define VOLLEY_ENGINE_SENDER_H

#include "engine/channel.h"
#include "engine/control.h"
#include "engine/outcome.h"
#include "engine/pacer.h"
#include "engine/reply_ring.h"
#include "port/port.h"
#include "probe/probes.h"

#define SENDER_CHANNELS_MAX 64

enum sender_limit { SENDER_FREE, SENDER_WINDOW, SENDER_COLLECTOR, SENDER_PORT, SENDER_BUFFERS };

struct sender {
    // Constant after init.
    struct probes *probes;   // borrowed
    struct port *port;       // borrowed
    const struct channel *channels[SENDER_CHANNELS_MAX]; // borrowed; no block is claimed while one is filling
    unsigned n_channels;
    struct reply_ring *rings[SENDER_CHANNELS_MAX];       // borrowed; whose replies go out on this queue
    unsigned n_rings;
    struct control *control; // borrowed
    uint16_t queue;
    uint64_t stall_ticks;

    // The thread's.
    struct pacer pacer;
    struct frame frames[PLAN_BURST]; // owned: buffers for the next block, or the block in hand
    unsigned n_frames;
    const struct round *round;       // of the block in hand
    uint64_t first;                  // its first position
    unsigned count, accepted;        // accepted < count: a block is in hand
    uint64_t offered_since;          // ticks at which its refused rest was first offered

    // Read by main.
    struct outcomes outcomes;
    _Alignas(CACHE_LINE) _Atomic unsigned limit; // enum sender_limit
};

// One round of the worker's loop; never waits. `now` is the port's.
void sender_step(struct sender *sender, uint64_t now);

// Gives the unused buffers back, at the end. What is in hand then was not sent.
void sender_close(struct sender *sender);

#endif
