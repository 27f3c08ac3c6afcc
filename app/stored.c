#include "stored.h"

#include <stdio.h>
#include <sys/stat.h>

bool stored_find(const char *name, char paths[STORED_FILES][PATH_MAX])
{
    static const char *const kinds[STORED_FILES] = {"answered", "unanswered"};
    static const char *const suffixes[] = {"pcapng", "pcapng.zst", "pcap", "pcap.zst"};
    struct timespec newest = {0};
    const char *suffix = NULL;
    struct stat stat_of_path;

    for (unsigned i = 0; i < ARRAY_SIZE(suffixes); i++) {
        snprintf(paths[0], PATH_MAX, "%s.%s.%s", name, kinds[STORED_ANSWERED], suffixes[i]);
        if (stat(paths[0], &stat_of_path) < 0)
            continue;
        const struct timespec *changed = &stat_of_path.st_mtim;
        if (suffix == NULL || changed->tv_sec > newest.tv_sec ||
            (changed->tv_sec == newest.tv_sec && changed->tv_nsec > newest.tv_nsec)) {
            suffix = suffixes[i];
            newest = *changed;
        }
    }
    for (unsigned f = 0; suffix != NULL && f < STORED_FILES; f++)
        snprintf(paths[f], PATH_MAX, "%s.%s.%s", name, kinds[f], suffix);
    return suffix != NULL;
}

static bool stored_walk(struct capture_cursor *cursor, stored_take take, void *context, const char *path)
{
    struct diag diag = {.set = false};
    struct capture_record record;
    enum capture_step step;

    while ((step = capture_cursor_next(cursor, &record, &diag)) == CAPTURE_RECORD) {
        if (!take(context, &record))
            return false;
    }
    if (step == CAPTURE_FAILED)
        diag_print(&diag, "volley", NULL, stderr);
    else if (cursor->truncated)
        fprintf(stderr, "volley: %s ends in the middle of a packet; `volley recover` cuts that off.\n", path);
    return step != CAPTURE_FAILED;
}

bool stored_read(const char *path, stored_take take, void *context)
{
    struct diag diag = {.set = false};
    struct capture_reader reader;
    struct capture_cursor cursor;
    bool ok = false;

    if (!capture_reader_open(&reader, path, &diag)) {
        diag_print(&diag, "volley", NULL, stderr);
        return false;
    }
    if (capture_cursor_init(&cursor, &reader, &diag)) {
        ok = stored_walk(&cursor, take, context, path);
        capture_cursor_release(&cursor);
    } else {
        diag_print(&diag, "volley", NULL, stderr);
    }
    capture_reader_close(&reader);
    return ok;
}

bool stored_is_stimulus(const struct capture_record *record, bool due)
{
    if (record->has_packet_id)
        return record->packet_id % STORED_NUMBERS_A_PROBE == 0;
    if (record->direction != CAPTURE_UNDIRECTED)
        return record->direction == CAPTURE_OUTBOUND;
    return due;
}
