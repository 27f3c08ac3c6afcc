// Pacing by an absolute schedule: what is due follows from the time, not from sleeping between packets.
//
// One worker a pacer. A worker that was kept from its core makes up for it, at no more than twice the rate and for no
// more than a tenth of a second; what is later than that is forgotten.
#ifndef VOLLEY_ENGINE_PACER_H
#define VOLLEY_ENGINE_PACER_H

#include "base/base.h"

#include <stdbool.h>

#define PACER_CATCH_UP 2   // times the rate; a worker that has half a core keeps its rate
#define PACER_LATE_MAX 0.1 // seconds

struct pacer {
    double ticks_a_packet; // 0: as fast as possible
    double late_max;       // ticks
    double due;            // ticks since `start` at which the next packet is due
    double not_before;     // ticks since `start` at which it may leave, however late it is
    uint64_t start;
};

static inline void pacer_init(struct pacer *pacer, double packets_a_second, uint64_t ticks_hz, uint64_t now)
{
    *pacer = (struct pacer){
        .ticks_a_packet = packets_a_second > 0 ? (double)ticks_hz / packets_a_second : 0,
        .late_max = PACER_LATE_MAX * (double)ticks_hz,
        .start = now,
    };
}

static inline bool pacer_is_due(const struct pacer *pacer, uint64_t now)
{
    double elapsed = (double)(now - pacer->start);

    return elapsed >= pacer->due && elapsed >= pacer->not_before;
}

// A burst of n packets was taken at `now`.
static inline void pacer_took(struct pacer *pacer, uint64_t now, unsigned n)
{
    double burst = n * pacer->ticks_a_packet, elapsed = (double)(now - pacer->start);

    if (elapsed - pacer->due > pacer->late_max)
        pacer->due = elapsed - pacer->late_max;
    pacer->due += burst;
    pacer->not_before = burst > 0 ? elapsed + burst / PACER_CATCH_UP : 0;
}

#endif
