#include "engine/run.h"

#include "engine/collector.h"
#include "engine/layout.h"
#include "engine/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RUN_PATH_MAX         4096
#define RUN_CAPTURES         3 // answered, unanswered, other
#define RUN_FILES_MAX        5 // and records, summary
#define RUN_CHANNEL_BYTES    (32u << 20)
#define RUN_OUTSTANDING_MIN  4096u
#define RUN_OUTSTANDING_FAST (4u << 20)  // at full speed: 2 Mpps for 2 s
#define RUN_OUTSTANDING_MAX  (16u << 20) // 16 bytes each in the flow table
#define RUN_BLOCK_SPREAD_S   5e-6        // a block's positions share a send time: they must leave within that
#define RUN_STALL_NS         5000000000u
#define RUN_UNHEARD_MAX      1024u // half of the smallest RX ring, AF_XDP's
#define RUN_COLLECTOR_NAP_US 200

struct run {
    const struct plan *plan; // borrowed
    struct port *port;       // borrowed
    struct run_options options;
    struct layout layout;
    struct probes probes;
    struct control control;
    struct clock clock;
    struct worker workers[LAYOUT_WORKERS_MAX];
    struct sender *senders[LAYOUT_WORKERS_MAX];     // owned
    struct receiver *receivers[LAYOUT_WORKERS_MAX]; // owned
    unsigned n_senders, n_receivers, n_started;
    struct collector collector;
    bool has_collector_thread;
    pthread_t collector_thread;
    struct capture *captures[RUN_CAPTURES]; // owned; NULL: not wanted
    char paths[RUN_FILES_MAX][RUN_PATH_MAX];
    struct summary_file files[RUN_FILES_MAX];
    unsigned n_files;
    struct port_counters before;
    uint64_t planned;
    uint64_t in_hand; // claimed, but never accepted by the port
    unsigned stops;
};

// ---- making

static unsigned run_block_shift(const struct run_options *options)
{
    unsigned shift = 0;

    if (options->rate_pps == 0)
        return 5;
    while (shift < 5 && options->rate_pps * RUN_BLOCK_SPREAD_S >= (double)(2u << shift))
        shift++;
    return shift;
}

// What may wait at once: all that is sent within the timeout and some slack for late expiry.
static uint64_t run_outstanding(const struct run_options *options, uint64_t n)
{
    double seconds = (double)options->timeout_ns / 1e9 + 0.5;
    double wanted = options->rate_pps == 0 ? RUN_OUTSTANDING_FAST : options->rate_pps * seconds * 1.25;

    if (options->outstanding != 0)
        wanted = (double)options->outstanding;
    if (wanted < RUN_OUTSTANDING_MIN)
        wanted = RUN_OUTSTANDING_MIN;
    if (wanted > RUN_OUTSTANDING_MAX)
        wanted = RUN_OUTSTANDING_MAX;
    return (double)n < wanted ? n : (uint64_t)wanted;
}

static int run_make_probes(struct run *run)
{
    const struct run_options *o = &run->options;
    struct probes_options options = {
        .seed = o->seed,
        .random = o->random,
        .outstanding = run_outstanding(o, run->plan->n),
        .block_shift = run_block_shift(o),
        .n_senders = run->layout.n_senders,
        .match = o->match,
        .multi = o->multi,
        .rules = o->rules,
    };

    return probes_init(&run->probes, run->plan, &options);
}

// Which outcomes of receiving the results want, of those of records.
static uint32_t run_keep(const struct run_options *options)
{
    static const uint8_t outcomes[RECORD_OUTCOME_COUNT] = {
        [RECORD_ANSWERED] = OUTCOME_ANSWERS,        [RECORD_UNANSWERED] = OUTCOME_ANSWERS,
        [RECORD_DUPLICATE] = OUTCOME_DUPLICATES,    [RECORD_LATE] = OUTCOME_LATE,
        [RECORD_UNSOLICITED] = OUTCOME_UNSOLICITED, [RECORD_MALFORMED] = OUTCOME_MALFORMED,
        [RECORD_FILTERED] = OUTCOME_FILTERED,
    };
    uint32_t keep = 1u << OUTCOME_ANSWERS;

    for (unsigned r = 0; r < RECORD_OUTCOME_COUNT; r++) {
        if (options->keep >> r & 1)
            keep |= 1u << outcomes[r];
    }
    return keep;
}

static int run_make_receiver(struct run *run, unsigned r)
{
    struct receiver *receiver =
        aligned_alloc(CACHE_LINE, (sizeof(*receiver) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);

    if (receiver == NULL)
        return -ENOMEM;
    *receiver = (struct receiver){
        .probes = &run->probes,
        .port = run->port,
        .control = &run->control,
        .first_queue = (uint16_t)r,
        .queue_step = (uint16_t)run->layout.n_receivers,
        .timeout_ticks = clock_ns_to_ticks(&run->clock, run->options.timeout_ns),
        .grace_ticks = clock_ns_to_ticks(&run->clock, RECEIVER_GRACE_NS),
        .own = {run->options.own[0], run->options.own[1]},
        .answers_neighbours = !run->port->kernel_sees_rx && !run->port->is_simulated,
        .keep = run_keep(&run->options),
    };
    int err = receiver_init(receiver, RUN_CHANNEL_BYTES);
    if (err < 0) {
        free(receiver);
        return err;
    }
    run->receivers[run->n_receivers++] = receiver;
    return 0;
}

static int run_make_sender(struct run *run, unsigned s)
{
    struct sender *sender =
        aligned_alloc(CACHE_LINE, (sizeof(*sender) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);

    if (sender == NULL)
        return -ENOMEM;
    *sender = (struct sender){
        .probes = &run->probes,
        .port = run->port,
        .control = &run->control,
        .queue = (uint16_t)s,
        .stall_ticks = clock_ns_to_ticks(&run->clock, RUN_STALL_NS),
        .unheard_max = RUN_UNHEARD_MAX / run->layout.n_senders,
    };
    run->senders[run->n_senders++] = sender;
    return 0;
}

// Replies to neighbours leave by the sender whose turn the receiver's number is.
static void run_connect(struct run *run)
{
    for (unsigned s = 0; s < run->n_senders; s++) {
        struct sender *sender = run->senders[s];

        for (unsigned r = 0; r < run->n_receivers; r++) {
            sender->watches[sender->n_watches++].receiver = run->receivers[r];
            if (r % run->n_senders == s)
                sender->rings[sender->n_rings++] = run->receivers[r]->ring;
        }
    }
}

static int run_make_workers(struct run *run)
{
    unsigned s = 0, r = 0;

    for (unsigned i = 0; i < run->layout.n_workers; i++) {
        bool sends = run->layout.workers[i].sends, receives = run->layout.workers[i].receives;
        int err = sends ? run_make_sender(run, s) : 0;

        if (err == 0 && receives)
            err = run_make_receiver(run, r);
        if (err < 0)
            return err;
        run->workers[i] = (struct worker){
            .port = run->port,
            .control = &run->control,
            .sender = sends ? run->senders[s] : NULL,
            .receiver = receives ? run->receivers[r] : NULL,
            .collector = run->port->owns_clock ? &run->collector : NULL, // there is one worker then
            .core = run->layout.workers[i].core,
            .rate_pps = run->options.rate_pps / run->layout.n_senders,
        };
        s += sends;
        r += receives;
    }
    run_connect(run);
    return 0;
}

static int run_open_capture(struct run *run, unsigned which, const char *kind, struct diag *diag)
{
    const struct capture_options options = {
        .format = run->options.classic_pcap ? CAPTURE_PCAP : CAPTURE_PCAPNG,
        .port_name = run->port->name,
        .application = "volley " VOLLEY_VERSION,
        .comment = run->options.comment,
    };
    char *path = run->paths[which];
    int n = snprintf(path, RUN_PATH_MAX, "%s.%s.%s%s", run->options.write_name, kind,
                     run->options.classic_pcap ? "pcap" : "pcapng", run->options.zstd ? ".zst" : "");
    int err =
        n < 0 || n >= RUN_PATH_MAX ? -ENAMETOOLONG : capture_open(&run->captures[which], path, &options);

    if (err < 0)
        diag_set(diag, (struct span){0}, "%s could not be written: %s", path, strerror(-err));
    return err;
}

static int run_open_files(struct run *run, struct diag *diag)
{
    if (run->options.write_name == NULL)
        return 0;
    static const char *const kinds[RUN_CAPTURES] = {"answered", "unanswered", "other"};
    int err = 0;

    for (unsigned i = 0; i < RUN_CAPTURES && err == 0; i++) {
        if (i < 2 || run->options.keep != 0)
            err = run_open_capture(run, i, kinds[i], diag);
    }
    return err;
}

static int run_make_collector(struct run *run)
{
    struct collector *c = &run->collector;
    const struct run_options *o = &run->options;

    c->probes = &run->probes;
    c->port = run->port;
    c->control = &run->control;
    c->receivers = run->receivers;
    c->n_receivers = run->n_receivers;
    c->n_senders = run->n_senders;
    c->timeout_ticks = o->match ? clock_ns_to_ticks(&run->clock, o->timeout_ns) : 0;
    c->retry = o->retry;
    if (o->multi || o->keep >> RECORD_DUPLICATE & 1)
        c->numbered = run->probes.options.outstanding;
    c->output = (struct output){
        .answered = run->captures[0],
        .unanswered = run->captures[1],
        .other = run->captures[2],
        .records = o->records,
        .pairs = o->pairs,
        .services = o->services,
        .repeats_stimuli = o->classic_pcap,
        .tells_attempts = o->retry != 0,
    };
    return collector_init(c);
}

int run_new(struct run **out, const struct plan *plan, struct port *port, const struct run_options *options,
            struct diag *diag)
{
    struct run *run = aligned_alloc(CACHE_LINE, (sizeof(*run) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    const struct run_options *o = options;

    if (run == NULL) {
        diag_set(diag, (struct span){0}, "out of memory");
        return -ENOMEM;
    }
    memset(run, 0, sizeof(*run));
    run->plan = plan;
    run->port = port;
    run->options = *options;
    run->planned = plan->n;
    run->clock = (struct clock){.hz = port->ticks_hz};
    if (!layout_make(&run->layout, o->tx_cores, o->n_tx_cores, o->rx_cores, o->n_rx_cores, o->match)) {
        diag_set(diag, (struct span){0}, "more than %d cores", LAYOUT_WORKERS_MAX);
        free(run);
        return -EINVAL;
    }
    if (port->owns_clock && run->layout.n_workers > 1) {
        diag_set(diag, (struct span){0}, "%s has a clock of its own: one worker on one core does everything",
                 port->name);
        free(run);
        return -EINVAL;
    }
    int err = run_make_probes(run);
    if (err == 0) {
        port_fit(port, sender_frame_room(plan));
        err = run_make_workers(run);
    }
    if (err == 0)
        err = run_open_files(run, diag);
    if (err == 0)
        err = run_make_collector(run);
    if (err < 0) {
        diag_set(diag, (struct span){0}, "the run could not be set up: %s", strerror(-err));
        run_free(run);
        return err;
    }
    *out = run;
    return 0;
}

void run_free(struct run *run)
{
    for (unsigned i = 0; i < RUN_CAPTURES; i++) {
        if (run->captures[i] != NULL)
            capture_close(run->captures[i], NULL);
    }
    collector_release(&run->collector);
    for (unsigned s = 0; s < run->n_senders; s++)
        free(run->senders[s]);
    for (unsigned r = 0; r < run->n_receivers; r++) {
        receiver_release(run->receivers[r]);
        free(run->receivers[r]);
    }
    if (run->probes.plan != NULL)
        probes_release(&run->probes);
    free(run);
}

void run_describe(const struct run *run, char *text, size_t size)
{
    layout_describe(&run->layout, text, size);
}

// ---- running

static void *run_collect(void *argument)
{
    struct run *run = argument;

    while (!atomic_load_explicit(&run->control.collected, memory_order_relaxed)) {
        if (!collector_step(&run->collector))
            usleep(RUN_COLLECTOR_NAP_US);
    }
    return NULL;
}

static uint64_t run_wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// A worker may wait for room in its channel, so the collector goes on until all have returned.
static void run_join(struct run *run)
{
    atomic_store(&run->control.quit, true);
    for (unsigned i = 0; i < run->n_started; i++)
        worker_join(&run->workers[i]);
    run->n_started = 0;
    atomic_store(&run->control.collected, true);
    if (run->has_collector_thread)
        pthread_join(run->collector_thread, NULL);
    run->has_collector_thread = false;
}

int run_start(struct run *run, struct diag *diag)
{
    int err = 0;

    run->port->ops->counters(run->port, &run->before);
    run->clock.start_ticks = run->port->ops->now(run->port);
    // A clock of its own says nothing about today's time, and the same run shall leave the same files.
    run->clock.start_ns =
        run->port->owns_clock ? clock_ticks_to_ns(&run->clock, run->clock.start_ticks) : run_wall_ns();
    run->collector.clock = run->clock;
    run->collector.last_flush_ticks = run->clock.start_ticks;
    for (unsigned i = 0; i < run->layout.n_workers && err == 0; i++) {
        err = worker_start(&run->workers[i]);
        run->n_started += err == 0;
    }
    if (err == 0 && !run->port->owns_clock) {
        err = -pthread_create(&run->collector_thread, NULL, run_collect, run);
        run->has_collector_thread = err == 0;
    }
    if (err < 0) {
        run_join(run);
        diag_set(diag, (struct span){0}, "a thread could not be started: %s", strerror(-err));
    }
    return err;
}

static uint64_t run_sum(const struct run *run, enum outcome which)
{
    uint64_t sum = 0;

    for (unsigned s = 0; s < run->n_senders; s++)
        sum += outcome_read(&run->senders[s]->outcomes, which);
    for (unsigned r = 0; r < run->n_receivers; r++)
        sum += outcome_read(&run->receivers[r]->outcomes, which);
    return sum;
}

// A counter's growth since the start; unknown stays unknown.
static uint64_t run_since(uint64_t now, uint64_t before)
{
    return now == PORT_UNKNOWN || before == PORT_UNKNOWN ? COUNTER_UNKNOWN : now - before;
}

static const char *run_limit(const struct run *run)
{
    static const char *const names[] = {
        [SENDER_FREE] = NULL,
        [SENDER_WINDOW] = "the window is full: waiting for answers",
        [SENDER_COLLECTOR] = "writing results is the limit",
        [SENDER_RECEIVER] = "receiving is the limit",
        [SENDER_PORT] = "the port is the limit",
        [SENDER_BUFFERS] = "the port's buffers are the limit",
    };

    return names[atomic_load_explicit(&run->senders[0]->limit, memory_order_relaxed)];
}

void run_progress(struct run *run, struct run_progress *p)
{
    const struct round *round = probes_current(&run->probes);
    uint64_t newest = window_newest(&round->window), oldest = window_oldest(&round->window);
    uint64_t sent = run_sum(run, OUTCOME_SENT); // of all attempts
    struct port_counters now;

    run->port->ops->counters(run->port, &now);
    *p = (struct run_progress){
        .planned = run->planned,
        .sent = round->first > 0 ? run->planned : sent,
        .answered = atomic_load_explicit(&run->collector.n_answered, memory_order_relaxed),
        .silent = atomic_load_explicit(&run->collector.n_silent, memory_order_relaxed),
        .waiting = newest > oldest ? newest - oldest : 0,
        .elapsed_ns = clock_time(&run->clock, run->port->ops->now(run->port)) - run->clock.start_ns,
        .attempt = atomic_load_explicit(&run->probes.n_rounds, memory_order_relaxed),
        .all_sent = sent == round->first + round->n,
        .limit = run_limit(run),
        .done = atomic_load_explicit(&run->collector.done, memory_order_relaxed),
    };
    // What is answered stays in the window until all before it is.
    uint64_t known = p->answered + p->silent;
    if (p->sent >= known && p->sent - known < p->waiting)
        p->waiting = p->sent - known;
    const uint64_t lost[] = {run_since(now.imissed, run->before.imissed),
                             run_since(now.rx_nombuf, run->before.rx_nombuf),
                             run_since(now.kernel_drops, run->before.kernel_drops)};
    for (unsigned i = 0; i < ARRAY_SIZE(lost); i++)
        p->lost += lost[i] == COUNTER_UNKNOWN ? 0 : lost[i];
}

void run_stop(struct run *run)
{
    atomic_store(&run->control.stop_sending, true);
    run->stops++;
}

bool run_wait(struct run *run, unsigned wait_ms)
{
    for (unsigned waited = 0;; waited++) {
        if (atomic_load(&run->control.failed) < 0 || atomic_load(&run->control.stalled) || run->stops > 1)
            return true;
        // Acquire: what the collector did before it said done is seen.
        if (atomic_load_explicit(&run->collector.done, memory_order_acquire))
            return true;
        if (waited >= wait_ms)
            return false;
        usleep(1000);
    }
}

// ---- the end

static void run_counters(struct run *run, struct counters *c)
{
    struct port_counters now;
    const struct collector *collector = &run->collector;

    run->port->ops->counters(run->port, &now);
    uint64_t attempts = run_sum(run, OUTCOME_SENT);
    uint64_t sent = run->planned;
    bool refused = atomic_load(&run->control.stalled);
    *c = (struct counters){
        .planned = run->planned,
        .tx_failed = refused ? run->in_hand : 0,
        .attempts = attempts,
        .answered = atomic_load(&collector->n_answered),
        .table_full = run_sum(run, OUTCOME_TABLE_FULL),
        .received = run_sum(run, OUTCOME_RECEIVED),
        .answers = run_sum(run, OUTCOME_ANSWERS),
        .duplicates = run_sum(run, OUTCOME_DUPLICATES),
        .late = run_sum(run, OUTCOME_LATE),
        .unsolicited = run_sum(run, OUTCOME_UNSOLICITED),
        .malformed = run_sum(run, OUTCOME_MALFORMED),
        .filtered = run_sum(run, OUTCOME_FILTERED),
        .imissed = run_since(now.imissed, run->before.imissed),
        .rx_nombuf = run_since(now.rx_nombuf, run->before.rx_nombuf),
        .kernel_drops = run_since(now.kernel_drops, run->before.kernel_drops),
        .tx_errors = run_since(now.tx_errors, run->before.tx_errors),
    };
    if (collector->attempt == 0)
        sent = window_newest(&run->probes.rounds[0]->window) - run->in_hand;
    c->sent = sent;
    c->not_sent = run->planned - sent - c->tx_failed;
    c->retries = attempts > sent ? attempts - sent : 0;
}

static struct summary_file *run_add_file(struct run *run, const char *path)
{
    struct summary_file *file = &run->files[run->n_files++];

    *file = (struct summary_file){.path = path};
    return file;
}

static void run_close_capture(struct run *run, unsigned which, const struct capture_statistics *statistics)
{
    struct capture *capture = run->captures[which];

    if (capture == NULL)
        return;
    struct summary_file *file = run_add_file(run, run->paths[which]);
    // Flushing tells what is safe; the statistics blocks come last.
    (void)!capture_flush(capture);
    file->stored = capture_stored(capture);
    file->refused = capture_refused(capture);
    file->error = capture_close(capture, statistics);
    run->captures[which] = NULL;
}

static void run_flush_records(struct run *run)
{
    struct record_writer *records = run->options.records;

    if (records == NULL)
        return;
    struct summary_file *file = run_add_file(run, run->options.records_path);
    file->error = record_writer_flush(records);
    file->stored = record_writer_stored(records);
    file->refused = record_writer_refused(records);
    file->is_records = true;
}

// 0, or the first -errno of any of them.
static int run_close_files(struct run *run, const struct counters *c, uint64_t end_ns)
{
    const struct capture_statistics statistics = {
        .start_ns = run->clock.start_ns,
        .end_ns = end_ns,
        .received = {c->attempts, c->received},
        .dropped = {0, counters_unseen(c)},
    };
    int first = run->collector.error;

    for (unsigned i = 0; i < RUN_CAPTURES; i++)
        run_close_capture(run, i, &statistics);
    run_flush_records(run);
    for (unsigned i = 0; i < run->n_files && first == 0; i++)
        first = run->files[i].error;
    if (run->options.write_name != NULL) {
        char *path = run->paths[RUN_CAPTURES];

        snprintf(path, RUN_PATH_MAX, "%s.json", run->options.write_name);
        run_add_file(run, path);
    }
    return first;
}

int run_finish(struct run *run, struct summary *summary)
{
    uint64_t end_ns = clock_time(&run->clock, run->port->ops->now(run->port));

    run_join(run);
    run->in_hand = collector_finish(&run->collector, run->senders, run->n_senders);
    run_counters(run, &summary->counters);
    int err = run_close_files(run, &summary->counters, end_ns);
    memcpy(summary->classes, run->collector.classes, sizeof(summary->classes));
    summary->rtt = &run->collector.rtt;
    summary->start_ns = run->clock.start_ns;
    summary->end_ns = end_ns;
    summary->lines_refused = run->collector.output.lines_refused;
    summary->files = run->files;
    summary->n_files = run->n_files;
    summary->exit_reason = atomic_load(&run->control.failed) < 0 ? "worker failed"
                           : atomic_load(&run->control.stalled)  ? "port stalled"
                           : err < 0                             ? "output failed"
                           : run->stops > 0                      ? "interrupted"
                                                                 : "complete";
    return err;
}
