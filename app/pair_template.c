#include "pair_template.h"

#include "command.h"
#include "compile.h"
#include "link.h"
#include "merged.h"
#include "packet/layer.h"
#include "paired.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAIR_STIMULUS_BYTES 256 // that a short one takes while it waits, about
#define PAIR_MEMORY_SHARE   0.75

struct pair_job {
    const struct options *options;
    struct compiled compiled;
    struct merged merged;
    struct paired paired;
    struct capture_record record; // the next one
    enum capture_step step;       // CAPTURE_RECORD: there is one
    bool answered;                // the frame in hand
    int error;                    // of the results
};

// ---- what is not known of the stimuli

static bool pair_is_open(const struct template_layer *layer, int field)
{
    const struct template_field *f = &layer->fields[field];

    return (f->values == NULL || f->derived) && !f->has_packets;
}

// Whether the template has that field, and leaves it open wherever it has it.
static bool pair_leaves_open(const struct template *t, enum layer_id id, const char *name)
{
    int field = layer_field(layer_get(id), name, strlen(name));
    bool found = false;

    for (uint32_t b = 0; b < t->n_branches; b++) {
        for (unsigned i = 0; i < t->branches[b].n_layers; i++) {
            const struct template_layer *layer = &t->branches[b].layers[i];

            if (layer->id != id)
                continue;
            if (!pair_is_open(layer, field))
                return false;
            found = true;
        }
    }
    return found;
}

// A source address that is left open is the sender's, whoever that was. The other fields are as `volley show` has them, or,
// on demand, what some other tool put there.
static uint8_t pair_open_fields(const struct template *t, bool any)
{
    static const struct {
        enum layer_id id;
        const char *field;
        uint8_t open; // enum answer_open
    } fields[] = {
        {LAYER_IP, "src", ANSWER_OPEN_SOURCE},
        {LAYER_IPV6, "src", ANSWER_OPEN_SOURCE},
        {LAYER_TCP, "sport", ANSWER_OPEN_PORT},
        {LAYER_UDP, "sport", ANSWER_OPEN_PORT},
        {LAYER_TCP, "seq", ANSWER_OPEN_SEQUENCE},
        {LAYER_ICMP, "id", ANSWER_OPEN_ID},
        {LAYER_ICMPV6_ECHO_REQUEST, "id", ANSWER_OPEN_ID},
    };
    uint8_t open = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        if ((any || fields[i].open == ANSWER_OPEN_SOURCE) &&
            pair_leaves_open(t, fields[i].id, fields[i].field))
            open |= fields[i].open;
    }
    return open;
}

// ---- stimuli

static bool pair_fits_memory(uint64_t n)
{
    double pages = (double)sysconf(_SC_AVPHYS_PAGES), page = (double)sysconf(_SC_PAGESIZE);

    if ((double)n * PAIR_STIMULUS_BYTES < PAIR_MEMORY_SHARE * pages * page)
        return true;
    fprintf(stderr,
            "volley: the template stands for %" PRIu64
            " packets, more than this machine's memory takes: pair "
            "a part of it at a time.\n",
            n);
    return false;
}

static int pair_add_burst(struct pair_job *job, uint64_t first, unsigned n, uint8_t *const *frames)
{
    const struct plan *plan = &job->compiled.plan;
    struct plan_tags tags[PLAN_BURST] = {{0}};
    struct plan_built built;
    int err = 0;

    for (unsigned k = 0; k < n; k++)
        built.indices[k] = first + k;
    plan_build_burst(plan, tags, frames, &built, n);
    for (unsigned k = 0; k < n && err == 0; k++) {
        const struct pairing_frame frame = {
            .bytes = frames[k],
            .len = built.lengths[k],
            .original_len = built.lengths[k],
            .first = (enum layer_id)built.views[k]->layers[0].id,
            .compared = (uint8_t)plan->first_written,
            .link = LINK_ETHERNET,
        };

        err = pairing_wait(job->paired.pairing, &frame);
    }
    return err;
}

static int pair_add_stimuli(struct pair_job *job)
{
    const struct plan *plan = &job->compiled.plan;
    size_t room = (size_t)plan->longest + PLAN_SLACK;
    uint8_t *memory = malloc(room * PLAN_BURST), *frames[PLAN_BURST];
    int err = memory == NULL ? -ENOMEM : 0;

    for (unsigned k = 0; k < PLAN_BURST && memory != NULL; k++)
        frames[k] = memory + k * room;
    for (uint64_t i = 0; i < plan->n && err == 0; i += PLAN_BURST)
        err = pair_add_burst(job, i, plan->n - i < PLAN_BURST ? (unsigned)(plan->n - i) : PLAN_BURST, frames);
    free(memory);
    if (err < 0)
        fprintf(stderr, "volley: out of memory: the template stands for %" PRIu64 " packets.\n", plan->n);
    return err;
}

// ---- results

// The captures have the link type of what was read, or, unless that is Ethernet, none: then frames start where the template
// does.
static bool pair_cuts(const struct pair_job *job)
{
    return job->paired.link != LINK_ETHERNET;
}

static void pair_view(const struct pair_job *job, const struct pairing_frame *frame, struct view *view,
                      unsigned *first)
{
    view_decode(view, frame->bytes, frame->len, frame->first);
    *first = frame->compared;
    if (!pair_cuts(job) || frame->compared == 0 || frame->compared >= view->n)
        return;
    const struct view_layer layer = view->layers[frame->compared];
    view_decode(view, frame->bytes + layer.start, (uint32_t)(frame->len - layer.start),
                (enum layer_id)layer.id);
    *first = 0;
}

static uint32_t pair_cut_len(const struct pairing_frame *frame, const struct view *view)
{
    return frame->original_len - (frame->len - view->len);
}

static void pair_write(struct pair_job *job, const struct pairing_stimulus *stimulus,
                       const struct pairing_frame *answer, enum record_outcome outcome)
{
    struct record record = {.outcome = outcome};
    struct view sent, received;

    if (stimulus != NULL) {
        record.probe = stimulus->number;
        record.answer = stimulus->n_answers;
        pair_view(job, &stimulus->frame, &sent, &record.stimulus_first);
        record.stimulus = &sent;
    }
    if (answer != NULL) {
        pair_view(job, answer, &received, &record.response_first);
        record.response = &received;
        record.response_bytes = pair_cut_len(answer, &received);
        record.received_ns = answer->time_ns;
        record.answer_frame = answer->ordinal;
    }
    if (job->error == 0)
        job->error = paired_add(&job->paired, &record, job->paired.link);
}

static void pair_answered(void *context, const struct pairing_stimulus *stimulus,
                          const struct pairing_frame *answer)
{
    struct pair_job *job = context;
    bool again = stimulus->n_answers > 1 && !job->options->multi;

    pair_write(job, stimulus, answer, again ? RECORD_DUPLICATE : RECORD_ANSWERED);
}

static void pair_give_up(struct pair_job *job)
{
    const struct pairing_stimulus *stimulus;

    while (job->error == 0 && (stimulus = pairing_expire(job->paired.pairing, UINT64_MAX)) != NULL) {
        if (stimulus->n_answers == 0)
            pair_write(job, stimulus, NULL, RECORD_UNANSWERED);
    }
}

// ---- frames

// The link layer of a response is not held against a template of layer 3.
static uint8_t pair_compared(const struct plan *plan, const struct view *view)
{
    static const uint8_t links[] = {LAYER_ETHER,        LAYER_DOT1Q,           LAYER_DOT1AD,
                                    LAYER_COOKED_LINUX, LAYER_COOKED_LINUX_V2, LAYER_LOOPBACK};
    uint8_t i = 0;

    while (plan->first_written > 0 && i < view->n && memchr(links, view->layers[i].id, sizeof(links)) != NULL)
        i++;
    return i;
}

static void pair_frame(struct pair_job *job)
{
    struct pairing_frame frame = paired_frame(&job->record);
    struct view view;

    view_decode(&view, frame.bytes, frame.len, frame.first);
    frame.compared = pair_compared(&job->compiled.plan, &view);
    if (pairing_answer(job->paired.pairing, &frame, pair_answered, job))
        return;
    pair_write(job, NULL, &frame, view.malformed ? RECORD_MALFORMED : RECORD_UNSOLICITED);
}

static int pair_frames(struct pair_job *job)
{
    while (job->step == CAPTURE_RECORD && job->error == 0) {
        pair_frame(job);
        job->step = merged_next(&job->merged, &job->record);
    }
    return job->error < 0 ? job->error : job->step == CAPTURE_FAILED ? -EIO : 0;
}

// Nothing fits, though there is something: perhaps another tool sent what it was an answer to.
static void pair_hint(const struct pair_job *job)
{
    const struct counters *c = &job->paired.summary.counters;
    const struct template *t = &job->compiled.template;

    if (c->answers == 0 && c->unsolicited > 0 && job->options->tag != TAG_OPTION_ANY &&
        pair_open_fields(t, true) != pair_open_fields(t, false))
        fputs(
            "volley: no frame answers. If another tool sent the stimuli, --tag any takes its ports, sequence "
            "numbers and ids.\n",
            stderr);
}

static int pair_captures(struct pair_job *job)
{
    struct summary *summary = &job->paired.summary;
    uint32_t link = LINK_ETHERNET;
    int err = pair_add_stimuli(job);

    job->step = merged_next(&job->merged, &job->record);
    if (job->step == CAPTURE_RECORD && job->record.link != LINK_ETHERNET)
        link = LINK_RAW;
    if (err == 0)
        err = paired_link(&job->paired, link);
    if (err == 0)
        err = pair_frames(job);
    pair_give_up(job);
    summary->template = job->options->pair_template;
    summary->frames = job->merged.frames;
    summary->counters.planned = summary->counters.sent = summary->counters.attempts = job->compiled.plan.n;
    int status = paired_finish(&job->paired, err == 0 ? "complete" : "failed");
    pair_hint(job);
    return status == EXIT_COMPLETE && err < 0 ? EXIT_ERROR : status;
}

static int pair_run(struct pair_job *job)
{
    const struct options *o = job->options;
    struct pairing_options options = {.how = {.rules = o->rules}, .keeps = true};
    int status;

    options.how.rules.hashed = o->rules.scapy; // as its sr(), not as PacketList.sr()
    options.how.rules.open = pair_open_fields(&job->compiled.template, o->tag == TAG_OPTION_ANY);
    if (!paired_init(&job->paired, o, &job->compiled.services, &options, &status))
        return status;
    return pair_captures(job);
}

int pair_template(const struct options *options)
{
    struct pair_job *job = calloc(1, sizeof(*job));
    int status = EXIT_USAGE;

    if (job == NULL) {
        fputs("volley: out of memory.\n", stderr);
        return EXIT_ERROR;
    }
    job->options = options;
    if (compile_for_pair(&job->compiled, options->pair_template, options->seed)) {
        if (!pair_fits_memory(job->compiled.plan.n))
            status = EXIT_ERROR;
        else if (merged_open(&job->merged, options->arguments, options->n_arguments))
            status = pair_run(job);
        merged_close(&job->merged);
        compile_release(&job->compiled);
    }
    free(job);
    return status;
}
