// The simulated network's time and the pace of its link.
//
// Ticks are nanoseconds. The real clock is CLOCK_MONOTONIC_RAW (28 ns a reading, where a bare TSC costs 13 and
// would have to be calibrated); the virtual one moves only by the calls below. Both start at SIM_CLOCK_START.
// Any thread, at any time.
#ifndef VOLLEY_PORT_SIM_CLOCK_H
#define VOLLEY_PORT_SIM_CLOCK_H

#include "port/sim_options.h"

#include <stdatomic.h>

#define SIM_CLOCK_HZ    1000000000
#define SIM_CLOCK_START SIM_CLOCK_HZ

// When frames leave: the first at `first`, each next one `gap` later, both in 1/256 tick.
struct sim_departure {
    uint64_t first, gap;
};

struct sim_clock {
    // Set at open.
    uint64_t epoch; // of the real clock
    uint64_t gap;   // between frames, in 1/256 tick; 0: no limit
    uint64_t depth; // how far the link may be behind, in 1/256 tick
    bool is_virtual;

    // Any thread: 1/256 tick. Virtual: the time. Real: when the link is free again.
    _Alignas(CACHE_LINE) _Atomic uint64_t at;
};

void sim_clock_init(struct sim_clock *clock, const struct sim_options *options);
uint64_t sim_clock_now(struct sim_clock *clock);

// How long, at most, the link holds a frame that it accepted; in ticks.
uint64_t sim_clock_backlog(const struct sim_clock *clock);

// The link takes up to n frames; returns how many it takes now, and when they leave.
uint16_t sim_clock_send(struct sim_clock *clock, uint16_t n, struct sim_departure *departure);

static inline uint64_t sim_departure_of(const struct sim_departure *departure, uint16_t i)
{
    return (departure->first + i * departure->gap) >> 8;
}

// Virtual clock: time passes until `when`, if that is yet to come. Real clock: nothing.
void sim_clock_skip_to(struct sim_clock *clock, uint64_t when);

#endif
