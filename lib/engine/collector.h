// The collector: gives up what was not answered in time, writes the answered and unanswered sets, starts further rounds.
//
// One thread (or a worker, on a port with a clock of its own). It is the only one that retires blocks.
#ifndef VOLLEY_ENGINE_COLLECTOR_H
#define VOLLEY_ENGINE_COLLECTOR_H

#include "engine/clock.h"
#include "engine/control.h"
#include "engine/numbering.h"
#include "engine/receiver.h"
#include "engine/sender.h"
#include "engine/spool.h"
#include "result/class.h"
#include "result/histogram.h"
#include "result/output.h"

struct collector {
    // Constant after init.
    struct probes *probes;       // borrowed
    struct port *port;           // borrowed
    struct control *control;     // borrowed
    struct receiver **receivers; // borrowed
    unsigned n_receivers, n_senders;
    struct clock clock;
    uint64_t timeout_ticks;
    int32_t retry;     // further attempts; below 0: until so many in a row bring nothing new
    uint64_t numbered; // positions whose answers are numbered, if they may have several; 0: they may not

    // The collector's.
    struct output output;                   // what it writes to is set by the owner
    struct numbering numbering;             // if numbered
    uint8_t *frames[PLAN_BURST];            // owned; for stimuli
    struct spool spools[PROBES_ROUNDS_MAX]; // by attempt; kept to the end, for answers that come too late
    bool spooling;                          // another attempt may follow this one
    uint32_t attempt;                       // 0, 1, ...
    uint32_t n_barren;                      // further attempts in a row that brought nothing new
    uint64_t answered_before;               // this attempt
    uint64_t last_flush_ticks;
    struct histogram rtt;
    uint64_t classes[CLASS_COUNT];
    int error; // the first -errno: nothing more is asked for

    // Read by main.
    _Alignas(CACHE_LINE) _Atomic uint64_t n_answered;
    _Atomic uint64_t n_silent; // given up in this attempt
    _Atomic bool done;         // nothing waits, nothing more will be sent
};

// The constant fields are set by the caller. 0 or -errno.
int collector_init(struct collector *collector) MUST_USE;
void collector_release(struct collector *collector);

// One round of its loop; never waits. Returns whether there was something to do.
bool collector_step(struct collector *collector);

// After the workers have ended: takes what is left. Positions in hand of senders were not sent. Returns how many those
// are of the first attempt. What a later attempt did not send again stays unanswered as the one before it was sent.
uint64_t collector_finish(struct collector *collector, struct sender *const *senders, unsigned n_senders);

#endif
