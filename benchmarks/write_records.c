// What a record costs, from two decoded frames to a line in /dev/null.
//
// usage: write_records [--json]
//   Each row is the median of many runs of one thread's CPU time.
#include "bench.h"
#include "result/record_writer.h"

#include <stdio.h>
#include <string.h>

#define REPEATS 21
#define RECORDS 100000

// ETHER, IP and TCP: a SYN and its answer.
static const uint8_t syn4[] = {
    2,  0, 0, 0,   0,  2, 2, 0,    0,    0, 0,  1, 8, 0, 0x45, 0, 0, 40, 0, 1,    0, 0,    64, 6, 0, 0, 198,
    18, 0, 1, 198, 18, 0, 2, 0xd4, 0x31, 0, 80, 0, 0, 0, 7,    0, 0, 0,  0, 0x50, 2, 0x20, 0,  0, 0, 0, 0,
};
static const uint8_t answer4[] = {
    2,    0,    0, 0, 0,  1, 2, 0, 0,   0,  0,    2,    8,    0,  0x45, 0, 0, 40,
    0,    1,    0, 0, 64, 6, 0, 0, 198, 18, 0,    2,    198,  18, 0,    1, 0, 80,
    0xd4, 0x31, 0, 0, 0,  9, 0, 0, 0,   8,  0x50, 0x12, 0x20, 0,  0,    0, 0, 0,
};
static const uint8_t syn6[] = {
    2, 0, 0, 0, 0,    2,    2, 0,  0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0,    0, 0,    20, 6, 64, 0x20, 1, 0,
    2, 0, 0, 0, 0,    0,    0, 0,  0, 0, 0, 0, 1,    0x20, 1,    0, 2,    0, 0,    0,  0, 0,  0,    0, 0,
    0, 0, 0, 2, 0xd4, 0x31, 0, 80, 0, 0, 0, 7, 0,    0,    0,    0, 0x50, 2, 0x20, 0,  0, 0,  0,    0,
};

static const struct {
    const char *name, *fields, *where;
    enum record_format format;
    bool six;
} rows[] = {
    {"all preset fields", NULL, NULL, RECORD_NDJSON, false},
    {"all preset fields, CSV", NULL, NULL, RECORD_CSV, false},
    {"all preset fields, IPv6", NULL, NULL, RECORD_NDJSON, true},
    {"probe,dst,dport,class,rtt_ns", "probe,dst,dport,class,rtt_ns", NULL, RECORD_NDJSON, false},
    {"the same, filtered away", "probe,dst,dport,class,rtt_ns",
     "class=='rst' and rtt_ns<1000000 or dst in '198.19.0.0/16'", RECORD_NDJSON, false},
    {"with both summaries", "probe,stimulus,response", NULL, RECORD_NDJSON, false},
};

static bool run(struct record_writer *writer, const struct record_writer_options *options, bool six,
                double *ns)
{
    struct view stimulus, response;

    view_decode(&stimulus, six ? syn6 : syn4, six ? sizeof(syn6) : sizeof(syn4), LAYER_ETHER);
    view_decode(&response, six ? syn6 : answer4, six ? sizeof(syn6) : sizeof(answer4), LAYER_ETHER);
    struct record record = {
        .attempt = 1,
        .answer = 1,
        .sent_ns = 1764212345123456789,
        .stimulus = &stimulus,
        .response = &response,
        .stimulus_first = 1,
        .response_first = 1,
    };
    if (record_writer_open(writer, "/dev/null", options) < 0)
        return false;
    uint64_t start = bench_cpu_ns();
    for (unsigned i = 0; i < RECORDS; i++) {
        record.probe = i;
        record.received_ns = record.sent_ns + 1000 * i;
        (void)record_writer_add(writer, &record); // close tells
    }
    *ns = (double)(bench_cpu_ns() - start) / RECORDS;
    return record_writer_close(writer) == 0;
}

static bool measure(size_t row, double *ns)
{
    static struct record_writer writer;
    struct record_writer_options options = {.format = rows[row].format};
    struct diag diag = {0};
    struct arena arena;
    double times[REPEATS];
    bool ok = true;

    arena_init(&arena, 0);
    if (rows[row].fields != NULL)
        ok = record_fields_parse(rows[row].fields, options.fields, &options.n_fields, &diag);
    if (ok && rows[row].where != NULL)
        ok = filter_compile(rows[row].where, strlen(rows[row].where), &record_filter_fields, &arena,
                            &options.filter, &diag);
    for (unsigned i = 0; ok && i < REPEATS; i++)
        ok = run(&writer, &options, rows[row].six, &times[i]);
    *ns = ok ? bench_median(times, REPEATS) : 0;
    arena_release(&arena);
    return ok;
}

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;

    if (!json)
        printf("%-32s %10s\n", "a record", "ns");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        double ns;

        if (!measure(i, &ns))
            return 1;
        if (json)
            printf("%s{\"record\": \"%s\", \"ns\": %.1f}%s", i == 0 ? "[" : " ", rows[i].name, ns,
                   i + 1 < ARRAY_SIZE(rows) ? ",\n" : "]\n");
        else
            printf("%-32s %10.1f\n", rows[i].name, ns);
    }
    return 0;
}
