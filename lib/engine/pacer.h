// Pacing by an absolute schedule: what is due follows from the time, not from sleeping between packets.
//
// One worker a pacer. Lateness is made up by at most one burst; what is later than that is forgotten.
#ifndef VOLLEY_ENGINE_PACER_H
#define VOLLEY_ENGINE_PACER_H

#include "base/base.h"

#include <stdbool.h>

struct pacer {
    double ticks_a_packet; // 0: as fast as possible
    double due;            // ticks since `start` at which the next packet is due
    uint64_t start;
};

static inline void pacer_init(struct pacer *pacer, double packets_a_second, uint64_t ticks_hz, uint64_t now)
{
    *pacer = (struct pacer){
        .ticks_a_packet = packets_a_second > 0 ? (double)ticks_hz / packets_a_second : 0,
        .start = now,
    };
}

static inline bool pacer_is_due(const struct pacer *pacer, uint64_t now)
{
    return pacer->ticks_a_packet == 0 || (double)(now - pacer->start) >= pacer->due;
}

// A burst of n packets was taken at `now`.
static inline void pacer_took(struct pacer *pacer, uint64_t now, unsigned n)
{
    double burst = n * pacer->ticks_a_packet, elapsed = (double)(now - pacer->start);

    if (elapsed - pacer->due > burst)
        pacer->due = elapsed - burst;
    pacer->due += burst;
}

#endif
