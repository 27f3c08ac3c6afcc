// volley pair: stimuli and their answers in captures.
#include "command.h"
#include "compile.h"
#include "link.h"
#include "merged.h"
#include "pair_template.h"
#include "paired.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct pair {
    const struct options *options;
    struct merged merged;
    struct paired paired;
    int error;
};

static void pair_view(const struct pairing_frame *frame, struct view *view)
{
    view_decode(view, frame->bytes, frame->len, frame->first);
}

// What is written of a stimulus, but for its view.
static struct record pair_record(const struct pairing_stimulus *stimulus)
{
    return (struct record){
        .probe = stimulus->number,
        .outcome = RECORD_UNANSWERED,
        .sent_ns = stimulus->frame.time_ns,
        .stimulus_frame = stimulus->frame.ordinal,
        .stimulus_bytes = stimulus->frame.original_len,
    };
}

static void pair_answered(void *context, const struct pairing_stimulus *stimulus,
                          const struct pairing_frame *answer)
{
    struct pair *pair = context;
    struct record record = pair_record(stimulus);
    struct view sent, received;

    pair_view(&stimulus->frame, &sent);
    pair_view(answer, &received);
    record.outcome = RECORD_ANSWERED;
    record.answer = stimulus->n_answers;
    record.received_ns = answer->time_ns;
    record.answer_frame = answer->ordinal;
    record.stimulus = &sent;
    record.response = &received;
    record.response_bytes = answer->original_len;
    pair->error = paired_add(&pair->paired, &record, stimulus->frame.link);
}

static void pair_give_up(struct pair *pair, uint64_t now_ns)
{
    const struct pairing_stimulus *stimulus;

    while (pair->error == 0 && (stimulus = pairing_expire(pair->paired.pairing, now_ns)) != NULL) {
        struct record record = pair_record(stimulus);
        struct view sent;

        if (stimulus->n_answers > 0 || stimulus->is_answer)
            continue;
        pair_view(&stimulus->frame, &sent);
        record.stimulus = &sent;
        pair->error = paired_add(&pair->paired, &record, stimulus->frame.link);
    }
}

static int pair_frame(struct pair *pair, const struct capture_record *record)
{
    const struct pairing_frame frame = paired_frame(record);

    if (record->ordinal == 1)
        pair->error = paired_link(&pair->paired, record->link);
    if (pair->error < 0)
        return pair->error;
    pair_give_up(pair, record->time_ns);
    int added = pairing_add(pair->paired.pairing, &frame, pair_answered, pair);
    if (added < 0)
        fputs("volley: out of memory: too many frames wait for an answer; --timeout makes them fewer.\n",
              stderr);
    return added < 0 ? added : pair->error;
}

// Returns 0, -errno of a result that could not be written, or of what else ended it (then it was said).
static int pair_frames(struct pair *pair)
{
    struct capture_record record;
    enum capture_step step;
    int err = 0;

    while (err == 0 && (step = merged_next(&pair->merged, &record)) != CAPTURE_END) {
        if (step == CAPTURE_FAILED)
            return -EIO;
        err = pair_frame(pair, &record);
    }
    return err;
}

static void pair_tell(const struct pair *pair)
{
    uint64_t gave_up = pairing_gave_up(pair->paired.pairing);

    if (gave_up > 0)
        fprintf(stderr,
                "volley: %llu frames were held against %u stimuli of their flow only, which none of them "
                "answers: "
                "there are more.\n",
                (unsigned long long)gave_up, PAIRING_CANDIDATES_MAX);
}

static int pair_captures(struct pair *pair)
{
    struct summary *summary = &pair->paired.summary;
    int err = pair_frames(pair);

    pair_give_up(pair, UINT64_MAX);
    summary->frames = pair->merged.frames;
    summary->counters.planned = summary->counters.sent = summary->counters.attempts =
        pairing_stimuli(pair->paired.pairing);
    pair_tell(pair);
    int status = paired_finish(&pair->paired, err == 0 ? "complete" : "failed");
    return status == EXIT_COMPLETE && err < 0 ? EXIT_ERROR : status;
}

static int pair_run(struct pair *pair, const struct services *services)
{
    const struct options *o = pair->options;
    const struct pairing_options options = {
        .how = {.rules = o->rules},
        .keeps = o->multi,
        .every = o->multi && o->rules.scapy,
        .timeout_ns = o->has_timeout ? o->timeout_ns : 0,
    };
    int status;

    if (!paired_init(&pair->paired, o, services, &options, &status))
        return status;
    return pair_captures(pair);
}

// False: said why.
static bool pair_check(const struct options *options)
{
    const char *wrong = NULL;

    if (options->keep != 0 && options->pair_template == NULL)
        wrong =
            "--keep goes with --template: without, every frame that answers nothing is a stimulus itself.";
    else if (options->keep != 0 && options->write_name == NULL)
        wrong = "--keep writes to NAME.other.pcapng: give -w NAME too.";
    else if ((options->tag != TAG_OPTION_DEFAULT || options->has_seed) && options->pair_template == NULL)
        wrong = "--tag and --seed go with --template: they say how its stimuli were sent.";
    if (wrong != NULL)
        fprintf(stderr, "volley: %s\n", wrong);
    return wrong == NULL;
}

int command_pair(enum command_id id, const struct options *options)
{
    struct services services;
    int status = EXIT_ERROR;

    (void)id;
    if (!pair_check(options))
        return EXIT_USAGE;
    signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of write()
    signal(SIGXFSZ, SIG_IGN);
    if (options->pair_template != NULL)
        return pair_template(options);
    struct pair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL || compile_services(&services) < 0) {
        fputs("volley: the names of services could not be read.\n", stderr);
        free(pair);
        return EXIT_ERROR;
    }
    pair->options = options;
    if (merged_open(&pair->merged, options->arguments, options->n_arguments)) {
        status = pair_run(pair, &services);
        merged_close(&pair->merged);
    } else {
        status = EXIT_USAGE;
    }
    services_release(&services);
    free(pair);
    return status;
}
