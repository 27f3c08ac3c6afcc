// From a port's ticks to time, and back.
#ifndef VOLLEY_ENGINE_CLOCK_H
#define VOLLEY_ENGINE_CLOCK_H

#include "base/base.h"

struct clock {
    uint64_t start_ticks; // read together with
    uint64_t start_ns;    // ns since 1970
    uint64_t hz;          // ticks a second
};

static inline uint64_t clock_ticks_to_ns(const struct clock *clock, uint64_t ticks)
{
    return (uint64_t)((u128)ticks * 1000000000u / clock->hz);
}

static inline uint64_t clock_ns_to_ticks(const struct clock *clock, uint64_t ns)
{
    return (uint64_t)((u128)ns * clock->hz / 1000000000u);
}

// ns since 1970; also of ticks before the start.
static inline uint64_t clock_time(const struct clock *clock, uint64_t ticks)
{
    if (ticks >= clock->start_ticks)
        return clock->start_ns + clock_ticks_to_ns(clock, ticks - clock->start_ticks);
    return clock->start_ns - clock_ticks_to_ns(clock, clock->start_ticks - ticks);
}

#endif
