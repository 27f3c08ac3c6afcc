// Cycles a call of what every probe costs: order, flow table, window. One thread.
//
// usage: probe_cycles [--json]
#include "base/hash.h"
#include "probe/flow_table.h"
#include "probe/order.h"
#include "probe/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BURST    64
#define REPEATS  5
#define N_BURSTS 32768 // measured a repeat; the least of the repeats counts

struct row {
    const char *call;
    uint64_t outstanding;
    double cycles;
};

struct bench {
    struct row rows[32];
    unsigned n_rows;
    uint64_t sink; // what was computed, so that computing it is no dead code
    uint64_t failed;
};

static uint64_t ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); // nanoseconds stand in for cycles
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

static uint64_t key_hash(uint64_t position)
{
    return hash_mix64(position ^ UINT64_C(0x5851f42d4c957f2d), UINT64_C(0x14057b7ef767814f));
}

static void bench_add(struct bench *bench, const char *call, uint64_t outstanding, uint64_t spent)
{
    struct row *row = NULL;
    double cycles = (double)spent / ((double)N_BURSTS * BURST);

    for (unsigned i = 0; i < bench->n_rows; i++)
        if (bench->rows[i].outstanding == outstanding && strcmp(bench->rows[i].call, call) == 0)
            row = &bench->rows[i];
    if (row == NULL) {
        row = &bench->rows[bench->n_rows++];
        *row = (struct row){call, outstanding, cycles};
    }
    if (cycles < row->cycles)
        row->cycles = cycles;
}

static void bench_order(struct bench *bench, const char *call, const struct order *order,
                        uint64_t outstanding)
{
    uint64_t indices[BURST];

    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        uint64_t start = ticks();

        for (uint64_t i = 0; i < N_BURSTS; i++) {
            order_indices(order, i * BURST, indices, BURST);
            bench->sink += indices[i % BURST];
        }
        bench_add(bench, call, outstanding, ticks() - start);
    }
}

// Bursts of positions from `first` on, each probe with a key of its own or `alike` probes with the same; hashes are made
// before the clock runs, prefetching is paid for. Returns what it cost.
static uint64_t insert_bursts(struct bench *bench, struct flow_table *table, uint64_t first,
                              uint64_t n_bursts, uint64_t outstanding, uint64_t alike)
{
    uint64_t hashes[BURST], spent = 0;

    for (uint64_t at = first; at < first + n_bursts * BURST; at += BURST) {
        uint64_t oldest = at + BURST > outstanding ? at + BURST - outstanding : 0, start;

        for (unsigned k = 0; k < BURST; k++)
            hashes[k] = key_hash((at + k) / alike);
        start = ticks();
        for (unsigned k = 0; k < BURST; k++)
            flow_table_prefetch(table, hashes[k]);
        for (unsigned k = 0; k < BURST; k++)
            bench->failed += !flow_table_insert(table, hashes[k], at + k, oldest);
        spent += ticks() - start;
    }
    return spent;
}

// Responses come in the order of sending, with others between, or shuffled over the whole window.
static uint64_t find_bursts(struct bench *bench, const struct flow_table *table, uint64_t newest,
                            uint64_t outstanding)
{
    uint64_t hashes[BURST], found[FLOW_TABLE_CANDIDATES], spent = 0;

    for (uint64_t i = 0; i < N_BURSTS; i++) {
        uint64_t start;

        for (unsigned k = 0; k < BURST; k++)
            hashes[k] = key_hash(newest - 1 - key_hash(i * BURST + k) % outstanding);
        start = ticks();
        for (unsigned k = 0; k < BURST; k++)
            flow_table_prefetch(table, hashes[k]);
        for (unsigned k = 0; k < BURST; k++)
            bench->failed += flow_table_find(table, hashes[k], newest, found) == 0;
        spent += ticks() - start;
        bench->sink += found[0];
    }
    return spent;
}

static int bench_flow_table(struct bench *bench, uint64_t outstanding)
{
    struct flow_table *table;
    uint64_t at = 2 * outstanding;
    int err = flow_table_new(&table, outstanding);

    if (err < 0)
        return err;
    insert_bursts(bench, table, 0, at / BURST, outstanding, 1);
    for (unsigned repeat = 0; repeat < REPEATS; repeat++, at += N_BURSTS * BURST)
        bench_add(bench, "flow_table_insert", outstanding,
                  insert_bursts(bench, table, at, N_BURSTS, outstanding, 1));
    for (unsigned repeat = 0; repeat < REPEATS; repeat++)
        bench_add(bench, "flow_table_find", outstanding, find_bursts(bench, table, at, outstanding));
    insert_bursts(bench, table, at, outstanding / BURST, outstanding, 30);
    at += outstanding;
    bench_add(bench, "flow_table_insert, 30 probes a key", outstanding,
              insert_bursts(bench, table, at, N_BURSTS, outstanding, 30));
    flow_table_free(table);
    return 0;
}

// Claims, sends and (all answered or expired) retires whole blocks.
static uint64_t send_blocks(struct bench *bench, struct window *window, uint64_t n_blocks)
{
    uint64_t start = ticks(), first = 0;
    unsigned count;
    bool full;

    for (uint64_t i = 0; i < n_blocks; i++) {
        struct window_retired retired;

        while (!window_claim(window, &first, &count, &full))
            bench->failed += !window_retire(window, UINT64_MAX, &retired);
        window_sent(window, first, count, 0, i);
    }
    return ticks() - start;
}

static uint64_t mark_bursts(struct bench *bench, struct window *window, const struct order *order)
{
    uint64_t positions[BURST], spent = 0, oldest = window_oldest(window), sent = 0;

    for (uint64_t i = 0; i < N_BURSTS; i++) {
        uint64_t start;

        order_indices(order, i * BURST % (order->n - BURST), positions, BURST);
        start = ticks();
        for (unsigned k = 0; k < BURST; k++)
            bench->failed += window_mark(window, oldest + positions[k], &sent) == WINDOW_GONE;
        spent += ticks() - start;
        bench->sink += sent;
    }
    return spent;
}

static int bench_window(struct bench *bench, uint64_t outstanding)
{
    uint64_t n_blocks = outstanding / BURST;
    struct order shuffled, straight;
    struct window window;
    int err = window_init(&window, UINT64_C(1) << 40, outstanding, 6);

    if (err < 0)
        return err;
    order_init_random(&shuffled, outstanding, 1);
    order_init_sequential(&straight, outstanding);
    send_blocks(bench, &window, 4 * n_blocks);
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        bench_add(bench, "window_mark, shuffled over the window", outstanding,
                  mark_bursts(bench, &window, &shuffled));
        send_blocks(bench, &window, n_blocks);
        bench_add(bench, "window_mark, in the order of sending", outstanding,
                  mark_bursts(bench, &window, &straight));
        send_blocks(bench, &window, n_blocks);
    }
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) // a block is BURST probes
        bench_add(bench, "window_claim, _sent, _retire, a probe", outstanding,
                  send_blocks(bench, &window, N_BURSTS));
    window_release(&window);
    return 0;
}

static int bench_run(struct bench *bench, uint64_t outstanding)
{
    struct order order;
    int err;

    order_init_random(&order, UINT64_C(1) << 32, 1);
    bench_order(bench, "order_indices, random, 2^32", &order, outstanding);
    order_init_random(&order, (UINT64_C(1) << 32) + 1, 1);
    bench_order(bench, "order_indices, random, 2^32 + 1", &order, outstanding);
    err = bench_flow_table(bench, outstanding);
    return err < 0 ? err : bench_window(bench, outstanding);
}

static void print_json(const struct bench *bench)
{
    puts("{\"benchmark\": \"probe_cycles\", \"unit\": \"TSC cycles a call\", \"rows\": [");
    for (unsigned i = 0; i < bench->n_rows; i++)
        printf("  {\"call\": \"%s\", \"outstanding\": %llu, \"cycles\": %.1f}%s\n", bench->rows[i].call,
               (unsigned long long)bench->rows[i].outstanding, bench->rows[i].cycles,
               i + 1 < bench->n_rows ? "," : "");
    printf("], \"failed\": %llu}\n", (unsigned long long)bench->failed);
}

static void print_table(const struct bench *bench)
{
    printf("%-40s %12s %8s\n", "call", "outstanding", "cycles");
    for (unsigned i = 0; i < bench->n_rows; i++)
        printf("%-40s %12llu %8.1f\n", bench->rows[i].call, (unsigned long long)bench->rows[i].outstanding,
               bench->rows[i].cycles);
    printf("calls that failed: %llu\n", (unsigned long long)bench->failed);
}

int main(int argc, char **argv)
{
    static const uint64_t outstanding[] = {1 << 20, 16 << 20};
    struct bench bench = {.n_rows = 0};
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 1 && !json) {
        fputs("usage: probe_cycles [--json]\n", stderr);
        return 2;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(outstanding); i++) {
        int err = bench_run(&bench, outstanding[i]);

        if (err < 0) {
            fprintf(stderr, "probe_cycles: %s\n", strerror(-err));
            return 1;
        }
    }
    if (json)
        print_json(&bench);
    else
        print_table(&bench);
    return bench.failed != 0 || bench.sink == 1;
}
