#include "bench.h"

#include "template/derive.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

static void route_constant(void *context, const struct address *destination, struct surroundings_route *route)
{
    (void)context;
    *route = (struct surroundings_route){
        .last = {.value = destination->family == 4 ? UINT32_MAX : ~(u128)0, .family = destination->family},
        .source_mac = {{2, 0, 0, 0, 0, 1}},
        .next_hop_mac = {{2, 0, 0, 0, 0, 2}},
    };
}

static bool bench_compile(struct bench_plan *plan, const char *text, struct diag *diag)
{
    const struct surroundings surroundings = {.route = route_constant};
    const struct plan_options options = {.tags = true};
    const struct template_sources sources = {.services = &plan->services};

    return template_parse(&plan->template, text, strlen(text), &sources, &plan->arena, diag) &&
           (strncmp(text, "Ether", 5) == 0 || template_add_link(&plan->template, &plan->arena, diag)) &&
           derive_fields(&plan->template, &surroundings, &plan->arena, diag) &&
           plan_compile(&plan->plan, &plan->template, &options, &plan->arena, diag);
}

bool bench_plan_init(struct bench_plan *plan, const char *text)
{
    struct diag diag = {0};

    *plan = (struct bench_plan){0};
    arena_init(&plan->arena, 0);
    if (services_init(&plan->services, "/etc/services") < 0) {
        fputs("/etc/services could not be read\n", stderr);
        arena_release(&plan->arena);
        return false;
    }
    uint64_t start = bench_cpu_ns();
    bool ok = bench_compile(plan, text, &diag);
    plan->compile_ns = bench_cpu_ns() - start;
    if (ok)
        return true;
    diag_print(&diag, "template", text, stderr);
    bench_plan_release(plan);
    return false;
}

void bench_plan_release(struct bench_plan *plan)
{
    services_release(&plan->services);
    arena_release(&plan->arena);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

double bench_ticks_hz(void)
{
    uint64_t ns = clock_ns(CLOCK_MONOTONIC_RAW), ticks = bench_ticks();

    while (clock_ns(CLOCK_MONOTONIC_RAW) - ns < 50000000)
        ;
    ticks = bench_ticks() - ticks;
    return (double)ticks * 1e9 / (double)(clock_ns(CLOCK_MONOTONIC_RAW) - ns);
}

bool bench_pin(unsigned core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *samples, size_t n)
{
    qsort(samples, n, sizeof(*samples), compare);
    return n % 2 == 1 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
}
