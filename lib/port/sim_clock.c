#include "port/sim_clock.h"

#include <time.h>

#define VIRTUAL_RATE  1000000 // frames a second, unless the user says
#define BACKLOG_TICKS 100000  // 100 us: about what a NIC's byte queue limits leave in its ring

static uint64_t real_ticks(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (uint64_t)t.tv_sec * SIM_CLOCK_HZ + (uint64_t)t.tv_nsec;
}

void sim_clock_init(struct sim_clock *clock, const struct sim_options *options)
{
    uint64_t rate = options->rate != 0 ? options->rate : options->virtual_clock ? VIRTUAL_RATE : 0;

    clock->is_virtual = options->virtual_clock;
    clock->epoch = real_ticks();
    clock->gap = rate == 0 ? 0 : ((uint64_t)SIM_CLOCK_HZ << 8) / rate;
    clock->depth = clock->gap > (BACKLOG_TICKS << 8) ? clock->gap : BACKLOG_TICKS << 8;
    atomic_init(&clock->at, (uint64_t)SIM_CLOCK_START << 8);
}

uint64_t sim_clock_now(struct sim_clock *clock)
{
    if (clock->is_virtual)
        return atomic_load_explicit(&clock->at, memory_order_acquire) >> 8;
    return real_ticks() - clock->epoch + SIM_CLOCK_START;
}

uint64_t sim_clock_backlog(const struct sim_clock *clock)
{
    return clock->depth >> 8;
}

static uint16_t send_limited(struct sim_clock *clock, uint64_t now, uint16_t n,
                             struct sim_departure *departure)
{
    uint64_t free_at = atomic_load_explicit(&clock->at, memory_order_relaxed);
    uint64_t first, fits;

    do {
        first = free_at > now ? free_at : now;
        fits = first - now >= clock->depth ? 0 : (clock->depth - (first - now) + clock->gap - 1) / clock->gap;
        n = fits < n ? (uint16_t)fits : n;
        if (n == 0)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&clock->at, &free_at, first + n * clock->gap,
                                                    memory_order_relaxed, memory_order_relaxed));
    *departure = (struct sim_departure){first, clock->gap};
    return n;
}

uint16_t sim_clock_send(struct sim_clock *clock, uint16_t n, struct sim_departure *departure)
{
    if (clock->is_virtual) {
        departure->gap = clock->gap;
        departure->first = atomic_fetch_add_explicit(&clock->at, n * clock->gap, memory_order_acq_rel);
        return n;
    }
    if (clock->gap == 0) {
        *departure = (struct sim_departure){sim_clock_now(clock) << 8, 0};
        return n;
    }
    return send_limited(clock, sim_clock_now(clock) << 8, n, departure);
}

void sim_clock_skip_to(struct sim_clock *clock, uint64_t when)
{
    uint64_t at = atomic_load_explicit(&clock->at, memory_order_relaxed);

    if (!clock->is_virtual)
        return;
    while (at < when << 8 && !atomic_compare_exchange_weak_explicit(
                                 &clock->at, &at, when << 8, memory_order_acq_rel, memory_order_relaxed))
        ;
}
