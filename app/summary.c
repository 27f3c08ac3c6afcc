// volley summary: the end of a run again, from its NAME.json, or else from its captures.
#include "result/summary.h"

#include "capture/cursor.h"
#include "command.h"
#include "link.h"
#include "result/summary_read.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NUMBERS_A_PROBE 16 // a packet's id is index x 16 + n; n 0 is the stimulus

enum { FILE_ANSWERED, FILE_UNANSWERED, FILES };

// What the captures of a run tell.
struct told {
    struct summary summary;
    struct summary_file files[FILES];
    char paths[FILES][PATH_MAX];
    struct histogram rtt;
    uint64_t silent;
    uint64_t untimed; // answers whose stimulus is not right before them

    // The stimulus that came last.
    bool has_stimulus, answered;
    uint64_t probe, sent_ns;
};

// ---- which files

// Those of the newest run that left any: "NAME.answered.pcapng" and so on. False: there is none.
static bool summary_find(struct told *told, const char *name)
{
    static const char *const kinds[FILES] = {"answered", "unanswered"};
    static const char *const suffixes[] = {"pcapng", "pcapng.zst", "pcap", "pcap.zst"};
    struct timespec newest = {0};
    const char *suffix = NULL;
    struct stat stat_of_path;

    for (unsigned i = 0; i < ARRAY_SIZE(suffixes); i++) {
        snprintf(told->paths[0], PATH_MAX, "%s.%s.%s", name, kinds[FILE_ANSWERED], suffixes[i]);
        if (stat(told->paths[0], &stat_of_path) < 0)
            continue;
        const struct timespec *changed = &stat_of_path.st_mtim;
        if (suffix == NULL || changed->tv_sec > newest.tv_sec ||
            (changed->tv_sec == newest.tv_sec && changed->tv_nsec > newest.tv_nsec)) {
            suffix = suffixes[i];
            newest = *changed;
        }
    }
    for (unsigned f = 0; suffix != NULL && f < FILES; f++) {
        snprintf(told->paths[f], PATH_MAX, "%s.%s.%s", name, kinds[f], suffix);
        told->files[f].path = told->paths[f];
    }
    return suffix != NULL;
}

// ---- packets

// By its id; by its direction where tools dropped that; of a classic pcap, pairs follow one another.
static bool summary_is_stimulus(const struct told *told, const struct capture_record *record)
{
    if (record->has_packet_id)
        return record->packet_id % NUMBERS_A_PROBE == 0;
    if (record->direction != CAPTURE_UNDIRECTED)
        return record->direction == CAPTURE_OUTBOUND;
    return !told->has_stimulus || told->answered;
}

static void summary_take_stimulus(struct told *told, const struct capture_record *record)
{
    told->has_stimulus = true;
    told->answered = false;
    told->probe = record->has_packet_id ? record->packet_id / NUMBERS_A_PROBE : 0;
    told->sent_ns = record->time_ns;
}

static void summary_take_answer(struct told *told, const struct capture_record *record)
{
    enum layer_id first = link_layer(record->link, record->bytes, record->len);
    struct view view;
    bool timed =
        told->has_stimulus && (!record->has_packet_id || record->packet_id / NUMBERS_A_PROBE == told->probe);

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

static void summary_take(struct told *told, unsigned file, const struct capture_record *record)
{
    if (file == FILE_UNANSWERED)
        told->silent++;
    else if (summary_is_stimulus(told, record))
        summary_take_stimulus(told, record);
    else
        summary_take_answer(told, record);
}

static bool summary_read_capture(struct told *told, unsigned file)
{
    struct diag diag = {.set = false};
    struct capture_reader reader;
    struct capture_cursor cursor;
    struct capture_record record;
    enum capture_step step = CAPTURE_FAILED;

    if (!capture_reader_open(&reader, told->paths[file], &diag)) {
        diag_print(&diag, "volley", NULL, stderr);
        return false;
    }
    if (capture_cursor_init(&cursor, &reader, &diag)) {
        while ((step = capture_cursor_next(&cursor, &record, &diag)) == CAPTURE_RECORD)
            summary_take(told, file, &record);
        if (cursor.truncated)
            fprintf(stderr, "volley: %s ends in the middle of a packet; `volley recover` cuts that off.\n",
                    told->paths[file]);
        capture_cursor_release(&cursor);
    }
    if (step == CAPTURE_FAILED)
        diag_print(&diag, "volley", NULL, stderr);
    capture_reader_close(&reader);
    return step != CAPTURE_FAILED;
}

static int summary_of_captures(const char *name, const char *document, const char *why)
{
    struct told *told = calloc(1, sizeof(*told));
    int status = EXIT_ERROR;

    if (told == NULL)
        return EXIT_ERROR;
    if (!summary_find(told, name)) {
        fprintf(stderr, "volley: %s: %s; and there is no %s.answered.pcapng.\n", document, why, name);
        status = EXIT_USAGE;
    } else if (summary_read_capture(told, FILE_ANSWERED) && summary_read_capture(told, FILE_UNANSWERED)) {
        fprintf(stderr, "volley: %s: %s. This is made from the captures.\n", document, why);
        told->summary.rtt = &told->rtt;
        told->summary.files = told->files;
        told->summary.n_files = FILES;
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
