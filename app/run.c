// volley sr, srp, send, sendp: a run on a port.
#include "engine/run.h"

#include "command.h"
#include "compile.h"
#include "engine/surround.h"
#include "records.h"
#include "result/figure.h"
#include "status.h"
#include "template/derive.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define RUN_DEFAULT_PPS 10000.0
#define RUN_DRAW_MS     100

// One command on its way from options to exit status.
struct job {
    enum command_id id;
    const struct options *options;
    bool pairs, random, tags;
    double rate_pps;
    uint64_t seed;
    struct port *port;
    struct compiled compiled;
    struct surround surround;
    struct records records;
    char tags_text[256];
    char comment[2048];
    char *command_line;
    char document[PATH_MAX]; // NAME.json
};

// The only words a signal handler may write.
static volatile sig_atomic_t run_signals;

static void run_on_signal(int signal)
{
    (void)signal;
    run_signals++;
}

static void run_catch_signals(void)
{
    struct sigaction catch = {.sa_handler = run_on_signal}, ignore = {.sa_handler = SIG_IGN};

    sigaction(SIGINT, &catch, NULL);
    sigaction(SIGTERM, &catch, NULL);
    sigaction(SIGHUP, &catch, NULL);
    // A closed pipe or a full file is an error of write(), which says what was not stored.
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

static uint64_t job_seed(const struct options *options)
{
    uint64_t seed;

    if (options->has_seed)
        return options->seed;
    // Within 63 bits, so that every reader of JSON keeps it.
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = (uint64_t)getpid() << 32 ^ (uint64_t)(uintptr_t)&seed;
    return seed >> 1;
}

static bool job_port_is_sim(const struct options *options)
{
    return strcmp(options->port, "sim") == 0 || strncmp(options->port, "sim:", 4) == 0;
}

static void job_defaults(struct job *job)
{
    const struct options *o = job->options;

    job->pairs = job->id == COMMAND_SR || job->id == COMMAND_SRP;
    job->tags = o->tag == TAG_OPTION_DEFAULT ? job->pairs : o->tag == TAG_OPTION_AUTO;
    // Without tags, answers to equal probes go by the order of sending: it is kept then.
    job->random =
        o->order == ORDER_OPTION_DEFAULT ? job->pairs && job->tags : o->order == ORDER_OPTION_RANDOM;
    job->rate_pps = o->has_rate ? o->rate_pps : job_port_is_sim(o) ? 0 : RUN_DEFAULT_PPS;
    job->seed = job_seed(o);
}

// ---- opening

static int job_open_port(struct job *job)
{
    const struct options *o = job->options;
    struct port_options options = {
        .n_queues = (uint16_t)(o->n_tx_cores > o->n_rx_cores ? o->n_tx_cores : o->n_rx_cores),
        .driver = o->driver,
    };
    struct diag diag = {0};
    int err = port_open(&job->port, o->port, &options, &diag);

    if (err == 0)
        return 0;
    diag_print(&diag, "volley", NULL, stderr);
    return err == -EINVAL || err == -ENODEV ? EXIT_USAGE : EXIT_ERROR;
}

static int job_compile(struct job *job)
{
    const struct options *o = job->options;
    const struct surround_options options = {
        .source = o->source,
        .gateway = o->gateway,
        .has_gateway_mac = o->has_gateway_mac,
        .gateway_mac = o->gateway_mac,
    };
    int err = surround_init(&job->surround, job->port, &options);

    if (err < 0) {
        fprintf(stderr, "volley: the kernel's routes could not be read: %s\n", strerror(-err));
        return EXIT_ERROR;
    }
    const struct plan_options plan = {.tags = job->tags, .seed = job->seed};
    int status = compile_for_port(&job->compiled, o->argument, job->port, &job->surround, &plan);
    if (status != 0)
        surround_release(&job->surround);
    return status;
}

// ---- telling

static const char *job_order_text(const struct job *job)
{
    return job->random ? "random" : "sequential";
}

static void job_texts(struct job *job)
{
    struct text tags = text_in(job->tags_text, sizeof(job->tags_text));
    struct text comment = text_in(job->comment, sizeof(job->comment));

    compile_tags_text(&job->compiled, &tags);
    text_add(&comment, "template: %s\nseed: %" PRIu64 "\norder: %s\ntags: %s\nvolley %s",
             job->options->argument, job->seed, job_order_text(job),
             job->tags_text[0] != '\0' ? job->tags_text : "none", VOLLEY_VERSION);
}

// "sim: 24 probes, at full speed, random order; tags in TCP.seq; one TX+RX worker on core 0"
static void job_announce(const struct job *job, const struct run *run)
{
    char workers[256];
    const struct port *port = job->port;

    if (job->options->quiet)
        return;
    run_describe(run, workers, sizeof(workers));
    fprintf(stderr, "%s%s%s%s: %s probe%s, ", port->name, port->is_simulated ? "" : " (",
            port->is_simulated ? "" : port->driver, port->is_simulated ? "" : ")",
            figure_grouped(job->compiled.plan.n).s, job->compiled.plan.n == 1 ? "" : "s");
    if (job->rate_pps == 0)
        fprintf(stderr, "at full speed");
    else if (job->rate_pps < 1000)
        fprintf(stderr, "%g a second", job->rate_pps);
    else
        fprintf(stderr, "%s a second", figure_scaled((uint64_t)job->rate_pps).s);
    fprintf(stderr, ", %s order; %s%s; %s\n", job_order_text(job),
            job->tags_text[0] != '\0' ? "tags in " : "no tags", job->tags_text, workers);
}

// ---- running

// The first signal stops sending, the second the waiting for answers.
static void job_heed_signals(struct run *run, struct status *status, unsigned *heeded)
{
    while (*heeded < (unsigned)run_signals && *heeded < 2) {
        run_stop(run);
        (*heeded)++;
        status_clear(status);
        // Should even that hang, the third one ends the process.
        if (*heeded == 2)
            signal(SIGINT, SIG_DFL);
        if (*heeded == 1)
            fputs("volley: stopped sending; waiting for the last answers (once more: not at all)\n", stderr);
    }
}

static void job_say(const struct job *job, struct status *status, const char *text)
{
    if (job->options->quiet)
        return;
    status_clear(status);
    fputs(text, stderr);
}

static void job_wait(const struct job *job, struct run *run)
{
    struct status status;
    struct run_progress progress = {0};
    unsigned heeded = 0;
    bool told = false;

    status_init(&status, job->rate_pps, job->options->quiet);
    while (!run_wait(run, RUN_DRAW_MS)) {
        job_heed_signals(run, &status, &heeded);
        run_progress(run, &progress);
        if (progress.all_sent && !told && job->pairs) {
            char line[96];

            snprintf(line, sizeof(line), "Finished sending %" PRIu64 " packets\n", progress.sent);
            job_say(job, &status, line);
            told = true;
        }
        status_draw(&status, &progress);
    }
    run_progress(run, &progress);
    status_clear(&status);
    if (!told && job->pairs && !job->options->quiet)
        fprintf(stderr, "Finished sending %" PRIu64 " packets\n", progress.sent);
}

static struct run_options job_run_options(const struct job *job)
{
    const struct options *o = job->options;
    struct run_options options = {
        .match = job->pairs,
        .rate_pps = job->rate_pps,
        .timeout_ns = o->timeout_ns,
        .retry = o->retry,
        .multi = o->multi,
        .rules = o->rules,
        .keep = o->keep,
        .seed = job->seed,
        .random = job->random,
        .n_tx_cores = o->n_tx_cores,
        .n_rx_cores = o->n_rx_cores,
        .own = {job->surround.source4, job->surround.source6},
        .write_name = o->write_name,
        .classic_pcap = o->classic_pcap,
        .zstd = o->zstd,
        .comment = job->comment,
        .pairs = job->pairs && o->write_name == NULL && job->records.writer == NULL ? stdout : NULL,
        .records = job->records.writer,
        .records_path = job->records.path,
        .services = &job->compiled.services,
    };
    options.rules.hashed = options.rules.scapy;
    const struct template *template = &job->compiled.template;

    for (uint32_t b = 0; b < template->n_branches; b++) {
        struct address written = derive_source(&template->branches[b]);

        if (written.family != 0)
            options.own[written.family == 4 ? 0 : 1] = written;
    }
    memcpy(options.tx_cores, o->tx_cores, sizeof(options.tx_cores));
    memcpy(options.rx_cores, o->rx_cores, sizeof(options.rx_cores));
    return options;
}

static void job_fill_summary(const struct job *job, struct summary *s)
{
    s->version = VOLLEY_VERSION;
    s->command = job->command_line;
    s->template = job->options->argument;
    s->port.name = job->port->name;
    s->port.driver = job->port->driver;
    s->port.mac = job->port->mac;
    s->port.mtu = job->port->mtu;
    s->seed = job->seed;
    s->order = job_order_text(job);
    s->tags = job->tags_text[0] != '\0' ? job->tags_text : NULL;
    s->rate_pps = (uint64_t)job->rate_pps;
    s->timeout_ns = job->options->timeout_ns;
    s->retry = job->options->retry;
}

static int job_status(const struct job *job, const struct summary *s, int output_error)
{
    uint64_t unseen = counters_unseen(&s->counters);

    if (output_error < 0)
        return EXIT_OUTPUT;
    if (strcmp(s->exit_reason, "worker failed") == 0 || strcmp(s->exit_reason, "port stalled") == 0 ||
        strcmp(s->exit_reason, "not started") == 0)
        return EXIT_ERROR;
    if (strcmp(s->exit_reason, "interrupted") == 0)
        return EXIT_INTERRUPTED;
    // Where no answers are expected, nobody receives, and nothing is lost by that.
    bool lost = job->pairs && ((unseen != COUNTER_UNKNOWN && unseen > 0) || s->counters.table_full > 0);
    if (lost || s->counters.tx_failed > 0)
        return EXIT_LOSS;
    return EXIT_COMPLETE;
}

static int job_told(const struct job *job, int err)
{
    if (err < 0)
        fprintf(stderr, "volley: %s could not be written: %s\n", job->document, strerror(-err));
    return err;
}

// From now on NAME.json is of this run, however it ends, and there is room for it. 0 or -errno.
static int job_reserve(struct job *job, struct summary *s)
{
    const char *name = job->options->write_name;

    job_fill_summary(job, s);
    s->exit_reason = SUMMARY_RUNNING;
    s->counters.planned = s->counters.not_sent = job->compiled.plan.n;
    if (name == NULL)
        return 0;
    int n = snprintf(job->document, sizeof(job->document), "%s.json", name);
    bool fits = n > 0 && (size_t)n < sizeof(job->document);
    return job_told(job, fits ? summary_reserve_json(s, job->document) : -ENAMETOOLONG);
}

// No result is there, but NAME.json says so.
static int job_not_started(const struct job *job, struct summary *s, int err)
{
    s->exit_reason = "not started";
    if (job->options->write_name != NULL)
        (void)job_told(job, summary_write_json(s, job->document));
    return err == -EINVAL ? EXIT_USAGE : err == -ENOMEM ? EXIT_ERROR : EXIT_OUTPUT;
}

static int job_report(const struct job *job, struct summary *s, int err)
{
    if (job->options->write_name != NULL) {
        int wrote = job_told(job, summary_write_json(s, job->document));

        err = err < 0 ? err : wrote;
    }
    if (err < 0 && err != -EPIPE)
        fprintf(stderr, "volley: results could not be written: %s\n", strerror(-err));
    if (strcmp(s->exit_reason, "port stalled") == 0)
        fprintf(stderr, "volley: %s accepted no frame for 5 s; the run was ended.\n", job->port->name);
    if (!job->pairs && !job->options->quiet)
        fprintf(stderr, "Sent %" PRIu64 " packets.\n", s->counters.attempts);
    else if (!job->options->quiet)
        summary_print(s, stderr);
    else
        summary_print_refused(s, stderr);
    return job_status(job, s, err);
}

static int job_carry_out(struct job *job)
{
    struct run_options options = job_run_options(job);
    struct summary summary = {0};
    struct diag diag = {0};
    struct run *run;

    if (job_reserve(job, &summary) < 0)
        return EXIT_OUTPUT;
    int err = run_new(&run, &job->compiled.plan, job->port, &options, &diag);
    if (err < 0) {
        diag_print(&diag, "volley", NULL, stderr);
        return job_not_started(job, &summary, err);
    }
    job_announce(job, run);
    if (!job->options->quiet && job->pairs)
        fputs("Begin emission\n", stderr);
    bool started = run_start(run, &diag) == 0;
    if (started)
        job_wait(job, run);
    else
        diag_print(&diag, "volley", NULL, stderr);
    err = run_finish(run, &summary);
    if (!started)
        summary.exit_reason = "not started";
    int status = job_report(job, &summary, err);
    run_free(run);
    return status;
}

static int job_run(struct job *job)
{
    int status = records_open(&job->records, &job->compiled.services);

    if (status != EXIT_COMPLETE)
        return status;
    status = job_carry_out(job);
    int closed = records_close(&job->records);
    return status == EXIT_COMPLETE ? closed : status;
}

// The port is open and the template parsed: what is left may be given up at any step.
static int job_on_port(struct job *job)
{
    int err = job->port->ops->attach(job->port);

    if (err < 0) {
        fprintf(stderr, "volley: %s can't be used by this thread: %s\n", job->port->name, strerror(-err));
        return EXIT_ERROR;
    }
    int status = job_compile(job);
    if (status == 0) {
        job_texts(job);
        status = job_run(job);
        surround_release(&job->surround);
    }
    job->port->ops->detach(job->port);
    return status;
}

// What can be told before anything is opened.
static int job_check(struct job *job)
{
    const struct options *o = job->options;

    if (o->port == NULL) {
        fputs("volley: which port? -i eth0, or -i sim for the simulated network.\n", stderr);
        return EXIT_USAGE;
    }
    if (o->keep != 0 && o->write_name == NULL) {
        fputs("volley: --keep writes to NAME.other.pcapng: give -w NAME too.\n", stderr);
        return EXIT_USAGE;
    }
    return records_init(&job->records, o);
}

static int job_open_and_run(struct job *job)
{
    job_defaults(job);
    int status = job_open_port(job);
    if (status != 0)
        return status;
    run_catch_signals();
    status = job_on_port(job);
    port_close(job->port);
    return status;
}

static int job_start(struct job *job)
{
    bool layer3 = job->id == COMMAND_SR || job->id == COMMAND_SEND;
    int status = compile_parse(&job->compiled, job->options->argument, layer3);

    if (status != 0)
        return status;
    status = job_check(job);
    if (status == EXIT_COMPLETE) {
        status = job_open_and_run(job);
        records_release(&job->records);
    }
    compile_release(&job->compiled);
    return status;
}

static int command_run(enum command_id id, const struct options *options)
{
    struct job *job = calloc(1, sizeof(*job));

    if (job == NULL)
        return EXIT_ERROR;
    job->id = id;
    job->options = options;
    job->command_line = options->command_line;
    int status = job_start(job);
    free(job);
    return status;
}

int command_sr(enum command_id id, const struct options *options)
{
    return command_run(id, options);
}

int command_srp(enum command_id id, const struct options *options)
{
    return command_run(id, options);
}

int command_send(enum command_id id, const struct options *options)
{
    return command_run(id, options);
}

int command_sendp(enum command_id id, const struct options *options)
{
    return command_run(id, options);
}
