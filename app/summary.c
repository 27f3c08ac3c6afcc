// volley summary: the end of a run again, from its NAME.json, or else from its captures.
#include "result/summary.h"

#include "command.h"
#include "link.h"
#include "result/summary_read.h"
#include "stored.h"

#include <stdlib.h>
#include <string.h>

// What the captures of a run tell.
struct told {
    struct summary summary;
    struct summary_file files[STORED_FILES];
    char paths[STORED_FILES][PATH_MAX];
    struct histogram rtt;
    uint64_t silent;
    uint64_t untimed; // answers whose stimulus is not right before them

    // The stimulus that came last.
    bool has_stimulus, answered;
    uint64_t probe, sent_ns;
};

// ---- packets

static void summary_take_stimulus(struct told *told, const struct capture_record *record)
{
    told->has_stimulus = true;
    told->answered = false;
    told->probe = stored_probe(record, 0);
    told->sent_ns = record->time_ns;
}

static void summary_take_answer(struct told *told, const struct capture_record *record)
{
    enum layer_id first = link_layer(record->link, record->bytes, record->len);
    struct view view;
    bool timed = told->has_stimulus && stored_probe(record, told->probe) == told->probe;

    view_decode(&view, record->bytes, record->len, first == LAYER_NONE ? LAYER_RAW : first);
    told->summary.classes[class_of(&view)]++;
    told->summary.counters.answers++;
    if (!timed) {
        told->untimed++;
        return;
    }
    histogram_add(&told->rtt, record->time_ns > told->sent_ns ? record->time_ns - told->sent_ns : 0);
    told->summary.counters.answered += !told->answered;
    told->answered = true;
}

static bool summary_take(void *context, const struct capture_record *record)
{
    struct told *told = context;

    if (stored_is_stimulus(record, !told->has_stimulus || told->answered))
        summary_take_stimulus(told, record);
    else
        summary_take_answer(told, record);
    return true;
}

static bool summary_take_silent(void *context, const struct capture_record *record)
{
    (void)record;
    ((struct told *)context)->silent++;
    return true;
}

static int summary_of_captures(const char *name, const char *document, const char *why)
{
    struct told *told = calloc(1, sizeof(*told));
    int status = EXIT_ERROR;

    if (told == NULL)
        return EXIT_ERROR;
    if (!stored_find(name, told->paths)) {
        fprintf(stderr, "volley: %s: %s; and there is no %s.answered.pcapng.\n", document, why, name);
        status = EXIT_USAGE;
    } else if (stored_read(told->paths[STORED_ANSWERED], summary_take, told) &&
               stored_read(told->paths[STORED_UNANSWERED], summary_take_silent, told)) {
        fprintf(stderr, "volley: %s: %s. This is made from the captures.\n", document, why);
        told->summary.rtt = &told->rtt;
        for (unsigned f = 0; f < STORED_FILES; f++)
            told->files[f].path = told->paths[f];
        told->summary.files = told->files;
        told->summary.n_files = STORED_FILES;
        summary_print_captured(&told->summary, told->silent, stdout);
        if (told->untimed > 0)
            fprintf(stderr,
                    "volley: %llu answers are not behind their stimulus, so the times leave them out.\n",
                    (unsigned long long)told->untimed);
        status = EXIT_COMPLETE;
    }
    free(told);
    return status;
}

// ---- the document

int command_summary(enum command_id id, const struct options *options)
{
    char document[PATH_MAX];
    struct diag diag = {.set = false};
    struct summary summary;
    struct arena arena;
    int status = EXIT_COMPLETE;

    (void)id;
    int n = snprintf(document, sizeof(document), "%s.json", options->argument);
    if (n < 0 || (size_t)n + 32 >= sizeof(document)) { // the captures' names are a little longer
        fputs("volley: no file has a name as long as that.\n", stderr);
        return EXIT_USAGE;
    }
    arena_init(&arena, 0);
    if (!summary_read_json(&summary, document, &arena, &diag))
        status = summary_of_captures(options->argument, document, diag.message);
    else if (strcmp(summary.exit_reason, SUMMARY_RUNNING) == 0)
        status = summary_of_captures(options->argument, document, "the run goes on, or was killed");
    else
        summary_print(&summary, stdout);
    arena_release(&arena);
    return status;
}
