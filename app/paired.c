#include "paired.h"

#include "command.h"
#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PAIRED_FLUSH_EVERY 65536 // records

static const char *const paired_kinds[] = {"answered", "unanswered", "other"};

static int paired_name_files(struct paired *p)
{
    const struct options *o = p->options;
    const char *ending = o->classic_pcap ? "pcap" : "pcapng";
    int n = 0;

    for (unsigned i = 0; i < PAIRED_CAPTURES && n >= 0; i++) {
        if (i < 2 || o->keep != 0)
            n = asprintf(&p->paths[i], "%s.%s.%s%s", o->write_name, paired_kinds[i], ending,
                         o->zstd ? ".zst" : "");
    }
    if (n >= 0 && asprintf(&p->paths[PAIRED_CAPTURES], "%s.json", o->write_name) >= 0)
        return EXIT_COMPLETE;
    fputs("volley: out of memory.\n", stderr);
    return EXIT_ERROR;
}

static void paired_release(struct paired *p)
{
    if (p->pairing != NULL)
        pairing_free(p->pairing);
    for (unsigned i = 0; i < ARRAY_SIZE(p->paths); i++)
        free(p->paths[i]);
}

static int paired_make_pairing(struct paired *p, const struct pairing_options *options)
{
    struct pairing_options seeded = *options;

    if (getrandom(&seeded.how.seed, sizeof(seeded.how.seed), 0) != sizeof(seeded.how.seed))
        seeded.how.seed = (uint64_t)(uintptr_t)p;
    if (pairing_new(&p->pairing, &seeded) == 0)
        return EXIT_COMPLETE;
    fputs("volley: out of memory.\n", stderr);
    return EXIT_ERROR;
}

static int paired_make_records(struct paired *p)
{
    int status = records_init(&p->records, p->options);

    if (status != EXIT_COMPLETE)
        return status;
    status = records_open(&p->records, p->services);
    if (status != EXIT_COMPLETE)
        records_release(&p->records);
    return status;
}

static void paired_start_summary(struct paired *p)
{
    p->summary.version = VOLLEY_VERSION;
    p->summary.command = p->options->command_line;
    p->summary.rtt = &p->rtt;
    p->summary.is_offline = true;
    p->summary.counters.imissed = COUNTER_UNKNOWN;
    p->summary.counters.rx_nombuf = COUNTER_UNKNOWN;
    p->summary.counters.kernel_drops = COUNTER_UNKNOWN;
    p->summary.counters.tx_errors = COUNTER_UNKNOWN;
}

bool paired_init(struct paired *p, const struct options *options, const struct services *services,
                 const struct pairing_options *pairing, int *status)
{
    *p = (struct paired){.options = options, .services = services};
    *status = paired_make_pairing(p, pairing);
    if (*status == EXIT_COMPLETE && options->write_name != NULL)
        *status = paired_name_files(p);
    if (*status == EXIT_COMPLETE)
        *status = paired_make_records(p);
    if (*status != EXIT_COMPLETE) {
        paired_release(p);
        return false;
    }
    p->output.records = p->records.writer;
    if (options->write_name == NULL && p->records.writer == NULL)
        p->output.pairs = stdout;
    p->output.services = services;
    p->output.repeats_stimuli = options->classic_pcap;
    paired_start_summary(p);
    return true;
}

static int paired_open(struct paired *p, unsigned which)
{
    const struct options *o = p->options;
    const struct capture_options options = {
        .format = o->classic_pcap ? CAPTURE_PCAP : CAPTURE_PCAPNG,
        .port_name = o->argument,
        .application = "volley " VOLLEY_VERSION,
        .comment = o->command_line,
        .link = (uint16_t)p->link,
        .zstd = o->zstd,
    };

    int err = capture_open(&p->captures[which], p->paths[which], &options);
    if (err < 0)
        fprintf(stderr, "volley: %s could not be written: %s\n", p->paths[which], strerror(-err));
    return err;
}

struct pairing_frame paired_frame(const struct capture_record *record)
{
    enum layer_id first = link_layer(record->link, record->bytes, record->len);

    return (struct pairing_frame){
        .bytes = record->bytes,
        .len = record->len <= UINT16_MAX ? record->len : UINT16_MAX,
        .original_len = record->original_len,
        .first = first != LAYER_NONE ? first : LAYER_RAW,
        .link = record->link,
        .time_ns = record->time_ns,
        .ordinal = record->ordinal,
    };
}

int paired_link(struct paired *p, uint32_t link)
{
    p->link = link;
    p->is_open = true;
    for (unsigned i = 0; i < PAIRED_CAPTURES; i++) {
        int err = p->paths[i] == NULL ? 0 : paired_open(p, i);

        p->could_not_open |= err < 0;
        if (err < 0)
            return err;
    }
    p->output.answered = p->captures[0];
    p->output.unanswered = p->captures[1];
    p->output.other = p->captures[2];
    return 0;
}

static void paired_count(struct paired *p, const struct record *record)
{
    struct counters *c = &p->summary.counters;
    uint64_t *const outcomes[RECORD_OUTCOME_COUNT] = {
        [RECORD_ANSWERED] = &c->answers,    [RECORD_DUPLICATE] = &c->duplicates,
        [RECORD_LATE] = &c->late,           [RECORD_UNSOLICITED] = &c->unsolicited,
        [RECORD_MALFORMED] = &c->malformed, [RECORD_FILTERED] = &c->filtered,
    };

    if (outcomes[record->outcome] == NULL)
        return;
    (*outcomes[record->outcome])++;
    c->received++;
    if (record->outcome != RECORD_ANSWERED)
        return;
    c->answered += record->answer == 1;
    p->summary.classes[class_of(record->response)]++;
    if (record->sent_ns != 0)
        histogram_add(&p->rtt,
                      record->received_ns > record->sent_ns ? record->received_ns - record->sent_ns : 0);
}

int paired_add(struct paired *p, const struct record *record, uint32_t link)
{
    const struct output all = p->output;

    paired_count(p, record);
    if ((RECORD_NO_ANSWERS & ~p->options->keep) >> record->outcome & 1)
        return p->output.error;
    if (link != p->link) {
        p->output.answered = p->output.unanswered = p->output.other = NULL;
        p->other_links++;
    }
    int err = output_add(&p->output, record);
    p->output.answered = all.answered;
    p->output.unanswered = all.unanswered;
    p->output.other = all.other;
    if (++p->since_flush == PAIRED_FLUSH_EVERY) {
        p->since_flush = 0;
        err = output_flush(&p->output);
    }
    return err;
}

// ---- the end

static void paired_close_capture(struct paired *p, unsigned which)
{
    struct capture *capture = p->captures[which];

    if (capture == NULL)
        return;
    struct summary_file *file = &p->files[p->summary.n_files++];
    file->path = p->paths[which];
    (void)!capture_flush(capture);
    file->stored = capture_stored(capture);
    file->refused = capture_refused(capture);
    file->error = capture_close(capture, NULL);
}

static void paired_flush_records(struct paired *p)
{
    struct record_writer *writer = p->records.writer;

    if (writer == NULL)
        return;
    struct summary_file *file = &p->files[p->summary.n_files++];
    file->path = p->records.path;
    file->is_records = true;
    file->error = record_writer_flush(writer);
    file->stored = record_writer_stored(writer);
    file->refused = record_writer_refused(writer);
}

static int paired_write_summary(struct paired *p)
{
    const char *path = p->paths[PAIRED_CAPTURES];

    if (path == NULL)
        return 0;
    p->files[p->summary.n_files++].path = path;
    int err = summary_write_json(&p->summary, path);
    if (err < 0)
        fprintf(stderr, "volley: %s could not be written: %s\n", path, strerror(-err));
    return err;
}

// Nothing was paired, and why was said.
static int paired_give_up(struct paired *p)
{
    for (unsigned i = 0; i < PAIRED_CAPTURES; i++) {
        if (p->captures[i] != NULL)
            (void)capture_close(p->captures[i], NULL);
    }
    (void)!records_close(&p->records);
    records_release(&p->records);
    paired_release(p);
    return EXIT_OUTPUT;
}

int paired_finish(struct paired *p, const char *reason)
{
    int err = 0;

    if (!p->is_open && p->options->write_name != NULL)
        err = paired_link(p, LINK_ETHERNET); // no frame, no pairs: files that say so
    if (p->could_not_open)
        return paired_give_up(p);
    for (unsigned i = 0; i < PAIRED_CAPTURES; i++)
        paired_close_capture(p, i);
    paired_flush_records(p);
    (void)output_flush_lines(&p->output);
    err = err < 0 ? err : p->output.error;
    for (unsigned i = 0; i < p->summary.n_files && err == 0; i++)
        err = p->files[i].error;
    p->summary.lines_refused = p->output.lines_refused;
    p->summary.files = p->files;
    p->summary.exit_reason = err < 0 ? "output failed" : reason;
    int wrote = paired_write_summary(p);
    err = err < 0 ? err : wrote;
    if (err < 0 && err != -EPIPE)
        fprintf(stderr, "volley: results could not be written: %s\n", strerror(-err));
    if (!p->options->quiet)
        summary_print(&p->summary, stderr);
    else
        summary_print_refused(&p->summary, stderr);
    if (p->other_links > 0)
        fprintf(stderr,
                "volley: %llu results of other link types than the first are in records only: a capture has "
                "one.\n",
                (unsigned long long)p->other_links);
    int status = records_close(&p->records);
    records_release(&p->records);
    paired_release(p);
    return err < 0 ? EXIT_OUTPUT : status;
}
