// What the benchmarks share: a plan from a template, clocks, medians.
//
// One thread. Cycles are those of the time-stamp counter, which runs at a constant rate whatever the core does.
#ifndef VOLLEY_BENCHMARKS_BENCH_H
#define VOLLEY_BENCHMARKS_BENCH_H

#include "base/arena.h"
#include "packet/names.h"
#include "template/plan.h"

#include <time.h>

struct bench_plan {
    struct arena arena;
    struct services services;
    struct template template;
    struct plan plan;
    uint64_t compile_ns; // of this thread's CPU time, from the text to the plan
};

// Compiles a template of layer 3, or one that starts with Ether, with constant MACs. False: what is wrong was printed.
bool bench_plan_init(struct bench_plan *plan, const char *text) MUST_USE;
void bench_plan_release(struct bench_plan *plan);

// Cycles; on other CPUs than x86 nanoseconds stand in for them. All that comes before has been done.
static inline uint64_t bench_ticks(void)
{
#if defined(__x86_64__)
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

// Of bench_ticks in a second; takes 50 ms.
double bench_ticks_hz(void);
uint64_t bench_cpu_ns(void); // of this thread

// False: the core is not ours to use.
bool bench_pin(unsigned core) MUST_USE;

// Sorts the samples. n is at least 1.
double bench_median(double *samples, size_t n);

#endif
