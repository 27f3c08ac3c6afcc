// Packets a second and cycles a packet of the whole sending path, one core, on a port that takes everything.
//
// usage: build_send ROW [core [seconds]]
//   One of the rows below. Prints a JSON object. Exits with 1 if a frame is not what the plan says.
#include "bench.h"

#include "engine/sender.h"
#include "packet/bytes.h"
#include "packet/checksum.h"
#include "packet/flow_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT        "vdev:net_null0,no-rx=1"
#define OUTSTANDING (UINT64_C(4) << 20) // as a run at full speed has it
#define BLOCK_SHIFT 5
#define BATCH       256 // blocks measured together: the median of batches is not moved by what interrupts some
#define SAMPLES_MAX 65536
#define CHECKED     4096 // blocks, before and after measuring

// 54 bytes, and 6 that Ethernet needs: the frames of 60 bytes that a NIC makes 64 of.
#define SYN(flags)                                                              \
    "IP(src=\"198.18.0.1\",dst=\"10.0.0.0/8\")/TCP(dport=(1,1024),flags=" flags \
    ")/Padding(load=\"\\0\\0\\0\\0\\0\\0\")"
#define IPV6 "IPv6(src=\"2001:2::1\",dst=\"2001:2::/96\")"

// All of them carry a tag of 32 bits, but for UDP's, which is a port.
static const struct row {
    const char *name, *template;
    bool match;  // answers are expected
    bool is_syn; // the template is SYN, so that the index can be seen
    uint16_t frame_bytes;
} rows[] = {
    {"send", SYN("\"S\""), false, true, 60},
    {"match", SYN("\"S\""), true, true, 60},
    {"table", SYN("\"A\""), true, true, 60}, // resets that answer these carry no tag
    {"five fields",
     "IP(src=\"198.18.0.1\",dst=\"10.0.0.0/8\",ttl=(33,96))/TCP(sport=(1024,5119),dport=(1,1024),"
     "window=[1024,4096,8192,65535])/Padding(load=\"\\0\\0\\0\\0\\0\\0\")",
     true, false, 60},
    {"IPv6", IPV6 "/TCP(dport=(1,1024))", true, false, 74},
    {"UDP, 100 bytes", "IP(src=\"198.18.0.1\",dst=\"10.0.0.0/8\")/UDP(dport=(1,1024))/(\"X\"*100)", false,
     false, 142},
    {"VXLAN",
     "IP(src=\"198.18.0.1\",dst=\"198.18.0.2\")/UDP()/VXLAN(vni=(1,4096))/Ether(src=\"02:00:00:00:00:01\","
     "dst=\"02:00:00:00:00:02\")/IP(src=\"198.19.0.1\",dst=\"10.0.0.0/8\")/TCP(dport=(1,1024))",
     false, false, 104},
};

// A port that looks at each frame before it hands it on.
struct checking_port {
    struct port port; // first: a struct port * is a struct checking_port *
    struct port *real;
    const struct probes *probes;
    const struct row *row;
    uint64_t seen, wrong;
};

enum stage {
    STAGE_CLAIM,
    STAGE_ORDER,
    STAGE_TAGS,
    STAGE_BUILD,
    STAGE_KEY,
    STAGE_INSERT,
    STAGE_PORT,
    STAGE_COUNT
};
static const char *const stage_names[STAGE_COUNT] = {
    "window_claim + window_sent", "order_indices",     "tags", "plan_build_burst", "flow key",
    "flow_table_insert",          "tx_get + tx_burst",
};

struct bench {
    const struct row *row;
    struct bench_plan plan;
    struct probes probes;
    struct port *port;
    struct checking_port checking;
    struct control control;
    struct sender sender;
    double samples[STAGE_COUNT][SAMPLES_MAX]; // cycles a packet; of the whole path in the first row
    size_t n_samples;
    double ticks_hz, seconds;
    uint64_t packets, cpu_ns;
};

// ---- checking

// Of the layer i, IP or IPv6, and what it carries.
static bool sums_hold(const struct view *view, unsigned i)
{
    const uint8_t *ip = view_header(view, i), *above = view_header(view, i + 1);
    const bool is_v4 = view->layers[i].id == LAYER_IP;
    const uint32_t len = (uint32_t)(view->layers[i + 1].end - view->layers[i + 1].start);
    const uint64_t pseudo =
        (is_v4 ? checksum_add(ip + 12, 8) : checksum_add(ip + 8, 32)) + (is_v4 ? ip[9] : ip[6]) + len;

    return (!is_v4 || checksum_fold(checksum_add(ip, 20)) == 0xffff) &&
           checksum_fold(pseudo + checksum_add(above, len)) == 0xffff;
}

// The tag says which probe it is; its index says what else must be there.
static bool syn_holds(const struct probes *probes, const uint8_t *ip)
{
    uint32_t position = tag_position(&probes->tag_key, get32(ip + 24));
    uint64_t index;

    order_indices(&probes->rounds[0]->order, position, &index, 1);
    return get32(ip + 12) == 0xc6120001 && get32(ip + 16) == (10u << 24 | (uint32_t)(index / 1024)) &&
           get16(ip + 22) == 1 + index % 1024;
}

static bool frame_holds(const struct checking_port *checking, const struct frame *frame)
{
    const struct view *planned = &checking->probes->plan->branches[0].shapes[0].view;
    struct view view;
    bool holds = frame->len == checking->row->frame_bytes;

    view_decode(&view, frame->data, frame->len, LAYER_ETHER);
    for (unsigned i = 0; i < planned->n && planned->layers[i].id != LAYER_RAW; i++)
        holds &= i < view.n && view.layers[i].id == planned->layers[i].id &&
                 view.layers[i].start == planned->layers[i].start;
    for (unsigned i = 0; i + 1 < view.n; i++) {
        if (view.layers[i].id == LAYER_IP || view.layers[i].id == LAYER_IPV6)
            holds &= sums_hold(&view, i);
    }
    return holds && (!checking->row->is_syn || syn_holds(checking->probes, frame->data + 14));
}

static uint16_t checking_tx_get(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct port *real = ((struct checking_port *)port)->real;

    return real->ops->tx_get(real, queue, frames, n);
}

static void checking_tx_put(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct port *real = ((struct checking_port *)port)->real;

    real->ops->tx_put(real, queue, frames, n);
}

static uint16_t checking_tx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct checking_port *checking = (struct checking_port *)port;

    for (uint16_t k = 0; k < n; k++)
        checking->wrong += !frame_holds(checking, &frames[k]);
    checking->seen += n;
    return checking->real->ops->tx_burst(checking->real, queue, frames, n);
}

static uint64_t checking_now(struct port *port)
{
    struct port *real = ((struct checking_port *)port)->real;

    return real->ops->now(real);
}

static const struct port_ops checking_ops = {
    .tx_get = checking_tx_get,
    .tx_put = checking_tx_put,
    .tx_burst = checking_tx_burst,
    .now = checking_now,
};

// ---- the path as a run goes it

static void retire(struct bench *bench, unsigned n)
{
    struct window_retired retired;

    while (n-- > 0 && window_retire(&probes_current(&bench->probes)->window, UINT64_MAX, &retired))
        ;
}

// Sends n blocks in a window that is full all the time, as that of a run that nobody answers.
static void send_blocks(struct bench *bench, unsigned n)
{
    retire(bench, n);
    for (unsigned i = 0; i < n; i++)
        sender_step(&bench->sender, bench->port->ops->now(bench->port));
}

static void send_checked(struct bench *bench)
{
    bench->sender.port = &bench->checking.port;
    for (unsigned i = 0; i < CHECKED / BATCH; i++)
        send_blocks(bench, BATCH);
    bench->sender.port = bench->port;
}

static void send_measured(struct bench *bench)
{
    uint64_t wanted = (uint64_t)(bench->seconds * 1e9);

    while (bench->cpu_ns < wanted) {
        uint64_t sent = outcome_read(&bench->sender.outcomes, OUTCOME_SENT);

        retire(bench, BATCH);
        uint64_t cpu = bench_cpu_ns(), start = bench_ticks();
        for (unsigned i = 0; i < BATCH; i++)
            sender_step(&bench->sender, bench->port->ops->now(bench->port));
        uint64_t spent = bench_ticks() - start;
        sent = outcome_read(&bench->sender.outcomes, OUTCOME_SENT) - sent;
        bench->cpu_ns += bench_cpu_ns() - cpu;
        bench->packets += sent;
        if (sent > 0 && bench->n_samples < SAMPLES_MAX)
            bench->samples[0][bench->n_samples++] = (double)spent / (double)sent;
    }
}

// ---- stage by stage, in the order of the path

struct block {
    uint64_t first;
    unsigned count;
    struct frame frames[PLAN_BURST];
    uint8_t *data[PLAN_BURST];
    uint64_t hashes[PLAN_BURST];
    struct plan_tags tags[PLAN_BURST];
    struct plan_built built;
};

static void stage_claim(struct bench *bench, struct block *b)
{
    struct window *window = &probes_current(&bench->probes)->window;
    bool full;

    if (!window_claim(window, &b->first, &b->count, &full))
        abort(); // send_blocks keeps room, and the plan is longer than any measurement
    window_prefetch(window, b->first + 4 * b->count);
    window_sent(window, b->first, b->count, 0, b->first);
}

static void stage_tags(struct bench *bench, struct block *b)
{
    uint64_t positions[PLAN_BURST];
    uint32_t values[PLAN_BURST];

    for (unsigned k = 0; k < b->count; k++)
        positions[k] = b->first + k;
    tag_of_burst(&bench->probes.tag_key, positions, values, b->count);
    for (unsigned k = 0; k < b->count; k++)
        b->tags[k] = (struct plan_tags){.value = values[k]};
}

static void stage_key(struct bench *bench, struct block *b)
{
    flow_key_of_stimuli(b->built.views[0], b->data, b->count, bench->plan.plan.first_written,
                        &bench->probes.flow, b->hashes);
    for (unsigned k = 0; k < b->count; k++)
        flow_table_prefetch(bench->probes.table, b->hashes[k]);
}

static void stage_insert(struct bench *bench, struct block *b)
{
    uint64_t oldest = window_oldest(&probes_current(&bench->probes)->window);

    for (unsigned k = 0; k < b->count; k++) {
        if (!flow_table_insert_alone(bench->probes.table, b->hashes[k], b->first + k, oldest))
            outcome_add(&bench->sender.outcomes, OUTCOME_TABLE_FULL, 1);
    }
}

static void stage_run(struct bench *bench, enum stage stage, struct block *b)
{
    const struct probes *probes = &bench->probes;

    switch (stage) {
    case STAGE_CLAIM:
        stage_claim(bench, b);
        break;
    case STAGE_ORDER:
        order_indices(&probes->rounds[0]->order, b->first, b->built.indices, b->count);
        break;
    case STAGE_TAGS:
        stage_tags(bench, b);
        break;
    case STAGE_BUILD:
        plan_build_burst(probes->plan, b->tags, b->data, &b->built, b->count);
        break;
    case STAGE_KEY:
        stage_key(bench, b);
        break;
    case STAGE_INSERT:
        stage_insert(bench, b);
        break;
    case STAGE_PORT:
    case STAGE_COUNT:
        break;
    }
}

static void stage_get(struct bench *bench, struct block *b)
{
    if (bench->port->ops->tx_get(bench->port, 0, b->frames, PLAN_BURST) != PLAN_BURST)
        abort(); // the port sends at once, so that buffers never run out
    for (unsigned k = 0; k < PLAN_BURST; k++)
        b->data[k] = b->frames[k].data;
}

static void stage_send(struct bench *bench, struct block *b)
{
    for (unsigned k = 0; k < b->count; k++)
        b->frames[k].len = b->built.lengths[k];
    bench->port->ops->tx_burst(bench->port, 0, b->frames, (uint16_t)b->count);
}

// What reading the clock costs itself.
static double clock_cost(void)
{
    uint64_t start = bench_ticks();

    for (unsigned i = 0; i < 1000; i++)
        bench_ticks();
    return (double)(bench_ticks() - start) / 1001;
}

static void stages_batch(struct bench *bench, double cost)
{
    uint64_t spent[STAGE_COUNT] = {0};
    struct block b;

    retire(bench, BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        uint64_t then = bench_ticks(), now;

        stage_get(bench, &b);
        now = bench_ticks();
        spent[STAGE_PORT] += now - then;
        for (enum stage stage = 0; stage < STAGE_PORT; stage++) {
            if (bench->probes.table == NULL && (stage == STAGE_KEY || stage == STAGE_INSERT))
                continue;
            then = bench_ticks();
            stage_run(bench, stage, &b);
            now = bench_ticks();
            spent[stage] += now - then;
        }
        then = bench_ticks();
        stage_send(bench, &b);
        spent[STAGE_PORT] += bench_ticks() - then;
    }
    for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
        double clocks = spent[stage] == 0 ? 0 : stage == STAGE_PORT ? 2 * BATCH : BATCH;

        bench->samples[stage][bench->n_samples] =
            ((double)spent[stage] - clocks * cost) / (BATCH << BLOCK_SHIFT);
    }
    bench->n_samples++;
}

static void stages_measured(struct bench *bench)
{
    uint64_t end = bench_cpu_ns() + (uint64_t)(bench->seconds * 1e9);
    double cost = clock_cost();

    bench->n_samples = 0;
    while (bench_cpu_ns() < end && bench->n_samples < SAMPLES_MAX)
        stages_batch(bench, cost);
}

// ---- all of it

static bool bench_open(struct bench *bench)
{
    const struct port_options port_options = {.n_queues = 1};
    const struct probes_options options = {.seed = 1,
                                           .random = true,
                                           .outstanding = OUTSTANDING,
                                           .block_shift = BLOCK_SHIFT,
                                           .match = bench->row->match};
    struct diag diag = {0};

    if (!bench_plan_init(&bench->plan, bench->row->template))
        return false;
    if (port_open(&bench->port, PORT, &port_options, &diag) < 0) {
        diag_print(&diag, "build_send", NULL, stderr);
        return false;
    }
    port_fit(bench->port, sender_frame_room(&bench->plan.plan));
    if (bench->port->ops->attach(bench->port) < 0 ||
        probes_init(&bench->probes, &bench->plan.plan, &options) < 0)
        return false;
    bench->checking = (struct checking_port){
        .port = *bench->port, .real = bench->port, .probes = &bench->probes, .row = bench->row};
    bench->checking.port.ops = &checking_ops;
    bench->sender.probes = &bench->probes;
    bench->sender.port = bench->port;
    bench->sender.control = &bench->control;
    bench->sender.stall_ticks = UINT64_MAX;
    return true;
}

static void bench_close(struct bench *bench)
{
    sender_close(&bench->sender);
    probes_release(&bench->probes);
    bench->port->ops->detach(bench->port);
    port_close(bench->port);
    bench_plan_release(&bench->plan);
}

static void bench_print(struct bench *bench, double cycles)
{
    printf("{\"row\": \"%s\", \"table\": %s, \"frame_bytes\": %d, \"ticks_hz\": %.0f, \"packets\": %llu, "
           "\"cpu_ns\": %llu, "
           "\"pps\": %.0f, \"cycles\": %.1f, \"table_full\": %llu, \"checked\": %llu, \"wrong\": %llu, "
           "\"stages\": {",
           bench->row->name, bench->probes.table != NULL ? "true" : "false", bench->row->frame_bytes,
           bench->ticks_hz, (unsigned long long)bench->packets, (unsigned long long)bench->cpu_ns,
           (double)bench->packets * 1e9 / (double)bench->cpu_ns, cycles,
           (unsigned long long)outcome_read(&bench->sender.outcomes, OUTCOME_TABLE_FULL),
           (unsigned long long)bench->checking.seen, (unsigned long long)bench->checking.wrong);
    for (enum stage stage = 0; stage < STAGE_COUNT; stage++)
        printf("%s\"%s\": %.1f", stage > 0 ? ", " : "", stage_names[stage],
               bench_median(bench->samples[stage], bench->n_samples));
    puts("}}");
}

static bool bench_run(struct bench *bench)
{
    if (!bench_open(bench))
        return false;
    bench->ticks_hz = bench_ticks_hz();
    for (uint64_t i = 0; i < 2 * OUTSTANDING >> BLOCK_SHIFT; i++) // no memory is new any more
        send_blocks(bench, 1);
    send_checked(bench);
    send_measured(bench);
    double cycles = bench_median(bench->samples[0], bench->n_samples);
    send_checked(bench);
    stages_measured(bench);
    bench_print(bench, cycles);
    bool right = bench->checking.wrong == 0 && bench->checking.seen > 0;
    bench_close(bench);
    return right;
}

static const struct row *row_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct row *row = argc < 2 ? NULL : row_named(argv[1]);
    struct bench *bench;

    if (row == NULL || argc > 4) {
        fputs("usage: build_send ROW [core [seconds]]; rows:", stderr);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
            fprintf(stderr, " '%s'", rows[i].name);
        fputs("\n", stderr);
        return 2;
    }
    if (argc > 2 && !bench_pin((unsigned)strtoul(argv[2], NULL, 10))) {
        fprintf(stderr, "build_send: core %s can't be used\n", argv[2]);
        return 1;
    }
    bench = aligned_alloc(CACHE_LINE, (sizeof(*bench) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (bench == NULL)
        return 1;
    memset(bench, 0, sizeof(*bench));
    bench->seconds = argc > 3 ? strtod(argv[3], NULL) : 3;
    bench->row = row;
    int status = bench_run(bench) ? 0 : 1;
    free(bench);
    return status;
}
