// What compiling a template costs, and building its first and its last stimulus.
//
// usage: compile_template [--json] [FILE]
//   FILE has a template a line; without it, those below. Times are the median of many runs of one thread's CPU time.
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 101
#define BUILDS  20000
#define LINE    4096

static const char *const templates[] = {
    "IP(dst=\"10.0.0.0/8\")/TCP(dport=(1,65535))",
    "IP(dst=['8.8.8.8','8.8.8.4'])/TCP(dport=53,flags='S')",
    "Ether()/IP(dst=\"1.2.3.4\",ttl=(1,4))",
    "IP(dst=\"192.168.8.1\")/TCP(dport=[21,22,23])",
    "IP(dst=\"192.168.200.254\")/ICMP()/\"XXXXXXXXXXX\"",
    "IPv6(dst=\"2001:2::/96\",hlim=(1,30))/UDP(dport=(33434,33534))/(\"X\"*100)",
    "IP(dst=\"198.18.0.0/16\")/[TCP(dport=[22,80,443],flags=\"S\"),UDP(dport=(1,1024)),ICMP()]",
    "IP(dst=\"198.18.0.0/16\")/TCP(sport=RandShort(),options=[('MSS',1460),('SAckOK',''),('WScale',7)])",
};

struct row {
    const char *text;
    uint64_t n;
    uint32_t shapes;
    size_t bytes;
    double compile_us, first_ns, last_ns;
};

static double build_ns(const struct plan *plan, uint64_t index, uint8_t *frame)
{
    const struct plan_tags tags = {0};
    uint64_t start = bench_cpu_ns();

    for (unsigned i = 0; i < BUILDS; i++)
        plan_build(plan, index, &tags, frame);
    return (double)(bench_cpu_ns() - start) / BUILDS;
}

static bool measure(const char *text, struct row *row)
{
    double times[REPEATS];

    for (unsigned i = 0; i < REPEATS; i++) {
        struct bench_plan plan;

        if (!bench_plan_init(&plan, text))
            return false;
        times[i] = (double)plan.compile_ns / 1e3;
        if (i == 0) {
            uint8_t *frame = malloc((size_t)plan.plan.longest + PLAN_SLACK);

            if (frame == NULL)
                return false;
            *row = (struct row){text, plan.plan.n, plan.plan.n_shapes, plan.arena.used, 0, 0, 0};
            row->first_ns = plan.plan.n == 0 ? 0 : build_ns(&plan.plan, 0, frame);
            row->last_ns = plan.plan.n == 0 ? 0 : build_ns(&plan.plan, plan.plan.n - 1, frame);
            free(frame);
        }
        bench_plan_release(&plan);
    }
    row->compile_us = bench_median(times, REPEATS);
    return true;
}

static void print(const struct row *row, bool json)
{
    if (json)
        printf("{\"n\": %llu, \"shapes\": %u, \"bytes\": %zu, \"compile_us\": %.1f, \"first_ns\": %.1f, "
               "\"last_ns\": %.1f}\n",
               (unsigned long long)row->n, row->shapes, row->bytes, row->compile_us, row->first_ns,
               row->last_ns);
    else
        printf("%14llu %6u %9zu %10.1f %8.1f %8.1f  %s\n", (unsigned long long)row->n, row->shapes,
               row->bytes, row->compile_us, row->first_ns, row->last_ns, row->text);
}

static bool run(const char *text, bool json)
{
    struct row row;

    if (!measure(text, &row))
        return false;
    print(&row, json);
    return true;
}

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    FILE *file = argc > 1 + json ? fopen(argv[1 + json], "r") : NULL;
    char line[LINE];
    bool ok = true;

    if (argc > 1 + json && file == NULL) {
        perror(argv[1 + json]);
        return 2;
    }
    if (!json)
        printf("%14s %6s %9s %10s %8s %8s  %s\n", "stimuli", "shapes", "bytes", "compile us", "first ns",
               "last ns", "template");
    for (size_t i = 0; file == NULL && i < ARRAY_SIZE(templates); i++)
        ok &= run(templates[i], json);
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        ok &= run(line, json);
    }
    if (file != NULL)
        fclose(file);
    return ok ? 0 : 1;
}
