// Cycles a response from the frame to the mark: decoding, finding by flow key or tag, rebuilding, verifying, marking.
//
// usage: decode_match table|tag [outstanding [core]]
//   So many probes wait (a power of two); their answers come in random order. Prints a JSON object. Exits with 1 if an
//   answer was not matched, each to its own probe.
#include "bench.h"

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "packet/flow_key.h"
#include "probe/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Stimuli with a sequence number of their own leave no room for a tag that answers echo: the flow table is needed.
#define BY_TAG      "IP(src=\"198.18.0.1\",dst=\"10.0.0.0/8\")/TCP(dport=(1,1024),flags=\"S\")"
#define BY_TABLE    "IP(src=\"198.18.0.1\",dst=\"10.0.0.0/8\")/TCP(dport=(1,1024),flags=\"S\",seq=1)"
#define BURST       32  // as the receiver has it
#define BATCH       256 // answers made, then measured together
#define FRAME_BYTES 60  // as Ethernet pads them
#define FRAME_ROOM  128
#define BLOCK_SHIFT 5
#define SAMPLES_MAX 16384
#define SAMPLES_MIN 4096 // 1 Mi answers
#define TIMEOUT     (UINT64_C(1) << 40)

enum part {
    PART_ALL,
    PART_DECODE,
    PART_FIND,
    PART_VIEW,
    PART_KEY,
    PART_LOOKUP,
    PART_REBUILD,
    PART_VERIFY,
    PART_MARK,
    PART_COUNT
};
static const char *const part_names[PART_COUNT] = {
    "all",
    "match_decode",
    "match_find",
    "forms_decode",
    "flow_key_of_response",
    "flow_table_find, in cache",
    "probes_build_at, of 32",
    "answers",
    "window_mark, in cache",
};

struct bench {
    struct bench_plan plan;
    struct probes probes;
    struct window *window; // borrowed
    struct order arrivals;
    uint64_t outstanding, sent; // positions
    struct match matches[BURST];
    struct forms forms;
    uint64_t positions[BATCH], indices[BATCH];
    uint8_t responses[BATCH][FRAME_ROOM], stimuli[BATCH][FRAME_ROOM];
    uint8_t *frames[BATCH]; // stimuli[k]
    struct plan_built built;
    double samples[PART_COUNT][SAMPLES_MAX];
    size_t n_samples;
    uint64_t unmatched, sink;
};

// ---- probes and their answers

static void send_block(struct bench *bench)
{
    uint8_t *frames[PLAN_BURST];
    const struct round *round = probes_current(&bench->probes);
    struct plan_built built;
    uint64_t first;
    unsigned count;
    bool full;

    if (!window_claim(bench->window, &first, &count, &full))
        abort(); // all that was sent before has been retired
    for (unsigned k = 0; k < count; k++)
        frames[k] = bench->stimuli[k];
    probes_build(&bench->probes, round, first, count, frames, &built);
    bench->unmatched += probes_insert(&bench->probes, round, first, count, frames, &built);
    window_sent(bench->window, first, count, 0, first);
}

static void send_all(struct bench *bench)
{
    struct window_retired retired;

    while (window_retire(bench->window, UINT64_MAX, &retired))
        bench->unmatched += (unsigned)__builtin_popcountll(retired.unanswered);
    for (uint64_t i = 0; i < bench->outstanding >> BLOCK_SHIFT; i++)
        send_block(bench);
    bench->sent += bench->outstanding;
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
    uint8_t kept[8];

    memcpy(kept, a, len);
    memcpy(a, b, len);
    memcpy(b, kept, len);
}

// Makes the SYN an open port's answer.
static void turn_round(uint8_t *frame)
{
    uint8_t *ip = frame + 14, *tcp = ip + 20;

    swap(frame, frame + 6, 6);
    swap(ip + 12, ip + 16, 4);
    swap(tcp, tcp + 2, 2);
    put32(tcp + 8, get32(tcp + 4) + 1);
    put32(tcp + 4, 0x12345678);
    tcp[13] = 0x12; // SYN, ACK
    put16(tcp + 16, 0);
    put16(tcp + 16, (uint16_t)~checksum_fold(checksum_add(ip + 12, 8) + 6 + 20 + checksum_add(tcp, 20)));
}

// The answers that arrive as number `from` and the next ones since all was sent.
static void answer_batch(struct bench *bench, uint64_t from)
{
    const struct round *round = probes_current(&bench->probes);

    order_indices(&bench->arrivals, from, bench->positions, BATCH);
    for (unsigned k = 0; k < BATCH; k++) {
        uint8_t *frame = bench->responses[k];

        bench->positions[k] += bench->sent - bench->outstanding;
        memset(frame, 0, FRAME_ROOM);
        probes_build(&bench->probes, round, bench->positions[k], 1, &frame, &bench->built);
        bench->indices[k] = bench->built.indices[0];
        turn_round(frame);
    }
}

// ---- measuring

static void match_batch(struct bench *bench, uint64_t *decoding, uint64_t *finding)
{
    uint8_t frames[1 + PLAN_BURST][FRAME_ROOM]; // more than a frame and PLAN_SLACK
    const struct match_scratch scratch = {.frame = frames[0], .burst = frames[1], .forms = &bench->forms};

    for (unsigned from = 0; from < BATCH; from += BURST) {
        uint64_t start = bench_ticks();
        for (unsigned k = 0; k < BURST; k++)
            match_decode(&bench->probes, bench->responses[from + k], FRAME_BYTES, &scratch,
                         &bench->matches[k]);
        uint64_t decoded = bench_ticks();
        match_prepare(&bench->probes, bench->matches, BURST, &scratch);
        for (unsigned k = 0; k < BURST; k++) {
            struct match *match = &bench->matches[k];

            bench->unmatched +=
                match_find(&bench->probes, match, bench->sent, TIMEOUT, &scratch) != MATCH_ANSWER ||
                match->position != bench->positions[from + k] || match->index != bench->indices[from + k];
        }
        *finding += bench_ticks() - decoded;
        *decoding += decoded - start;
    }
}

// One part of the way for the last burst of answers, all of its memory being in the cache.
static uint64_t part_run(struct bench *bench, enum part part)
{
    const unsigned from = BATCH - BURST;
    struct probes *probes = &bench->probes;
    uint64_t positions[FLOW_TABLE_CANDIDATES], sum = 0;
    struct view stimulus = bench->plan.plan.branches[0].shapes[0].view;

    if (part == PART_REBUILD)
        probes_build_at(probes, probes_current(probes), bench->positions + from, BURST, bench->frames + from,
                        &bench->built);
    for (unsigned k = from; part != PART_REBUILD && k < BATCH; k++) {
        struct match *match = &bench->matches[k - from];

        if (part == PART_VIEW) {
            forms_decode(&bench->forms, &match->view, bench->responses[k], FRAME_BYTES, LAYER_ETHER);
        } else if (part == PART_KEY) {
            sum += flow_key_of_response(&match->view, match->first, FLOW_RESPONSE, &probes->flow);
        } else if (part == PART_LOOKUP) {
            sum += flow_table_find(probes->table, match->hash, bench->sent, positions);
        } else if (part == PART_VERIFY) {
            stimulus.bytes = bench->frames[k];
            sum += answers_frame(&match->view, match->first, &stimulus, probes->plan->first_written,
                                 &probes->flow.rules);
        } else if (part == PART_MARK) {
            sum += window_mark(bench->window, match->position, positions);
        }
    }
    return sum;
}

static void parts_batch(struct bench *bench, double *samples)
{
    for (enum part part = PART_VIEW; part < PART_COUNT; part++) {
        uint64_t start = bench_ticks();

        if (bench->probes.table == NULL && (part == PART_KEY || part == PART_LOOKUP))
            continue;
        for (unsigned from = 0; from < BATCH; from += BURST)
            bench->sink += part_run(bench, part);
        samples[part] = (double)(bench_ticks() - start) / BATCH;
    }
}

static void measure_batch(struct bench *bench, uint64_t from)
{
    uint64_t decoding = 0, finding = 0;
    double parts[PART_COUNT] = {0};

    answer_batch(bench, from);
    match_batch(bench, &decoding, &finding);
    parts_batch(bench, parts);
    parts[PART_DECODE] = (double)decoding / BATCH;
    parts[PART_FIND] = (double)finding / BATCH;
    parts[PART_ALL] = parts[PART_DECODE] + parts[PART_FIND];
    if (bench->n_samples == SAMPLES_MAX)
        return;
    for (enum part part = 0; part < PART_COUNT; part++)
        bench->samples[part][bench->n_samples] = parts[part];
    bench->n_samples++;
}

// ---- all of it

static bool bench_open(struct bench *bench, bool by_table, uint64_t outstanding)
{
    const struct probes_options options = {
        .seed = 1, .random = true, .outstanding = outstanding, .block_shift = BLOCK_SHIFT, .match = true};

    if (!bench_plan_init(&bench->plan, by_table ? BY_TABLE : BY_TAG))
        return false;
    if (probes_init(&bench->probes, &bench->plan.plan, &options) < 0)
        return false;
    if ((bench->probes.table != NULL) != by_table)
        return false;
    bench->outstanding = outstanding;
    bench->window = &probes_current(&bench->probes)->window;
    order_init_random(&bench->arrivals, outstanding, 2);
    for (unsigned k = 0; k < BATCH; k++)
        bench->frames[k] = bench->stimuli[k];
    return true;
}

static void bench_print(struct bench *bench)
{
    printf("{\"table\": %s, \"outstanding\": %llu, \"ticks_hz\": %.0f, \"answers\": %llu, \"unmatched\": "
           "%llu, \"cycles\": {",
           bench->probes.table != NULL ? "true" : "false", (unsigned long long)bench->outstanding,
           bench_ticks_hz(), (unsigned long long)bench->sent, (unsigned long long)bench->unmatched);
    for (enum part part = 0; part < PART_COUNT; part++) {
        if (bench->probes.table == NULL && (part == PART_KEY || part == PART_LOOKUP))
            continue;
        printf("%s\"%s\": %.1f", part > 0 ? ", " : "", part_names[part],
               bench_median(bench->samples[part], bench->n_samples));
    }
    puts("}}");
}

static bool bench_run(struct bench *bench, bool by_table, uint64_t outstanding)
{
    if (!bench_open(bench, by_table, outstanding))
        return false;
    send_all(bench); // the first lap touches all memory: it is not counted
    for (uint64_t from = 0; from < outstanding; from += BATCH)
        measure_batch(bench, from);
    bench->n_samples = 0;
    do {
        send_all(bench);
        for (uint64_t from = 0; from < outstanding; from += BATCH)
            measure_batch(bench, from);
    } while (bench->n_samples < SAMPLES_MIN);
    bench_print(bench);
    probes_release(&bench->probes);
    bench_plan_release(&bench->plan);
    return bench->unmatched == 0;
}

int main(int argc, char **argv)
{
    uint64_t outstanding = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_C(1) << 20;
    bool by_table = argc > 1 && strcmp(argv[1], "table") == 0;
    struct bench *bench;

    if (argc < 2 || argc > 4 || (!by_table && strcmp(argv[1], "tag") != 0) || outstanding < BATCH ||
        (outstanding & (outstanding - 1)) != 0) {
        fputs("usage: decode_match table|tag [outstanding [core]]: a power of two\n", stderr);
        return 2;
    }
    if (argc > 3 && !bench_pin((unsigned)strtoul(argv[3], NULL, 10))) {
        fprintf(stderr, "decode_match: core %s can't be used\n", argv[3]);
        return 1;
    }
    bench = aligned_alloc(CACHE_LINE, (sizeof(*bench) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (bench == NULL)
        return 1;
    memset(bench, 0, sizeof(*bench));
    int status = bench_run(bench, by_table, outstanding) ? 0 : 1;
    free(bench);
    return status;
}
