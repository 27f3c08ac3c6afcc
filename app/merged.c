#include "merged.h"

#include <stdio.h>
#include <stdlib.h>

struct merged_file {
    struct capture_reader reader;
    struct capture_cursor cursor;
    struct capture_record record; // the next one
    bool due;                     // it was delivered: read on
    bool ended;
};

static bool merged_open_file(struct merged_file *file, const char *path, struct diag *diag)
{
    if (!capture_reader_open(&file->reader, path, diag))
        return false;
    file->due = true;
    if (capture_cursor_init(&file->cursor, &file->reader, diag))
        return true;
    capture_reader_close(&file->reader);
    return false;
}

bool merged_open(struct merged *m, char *const *paths, unsigned n)
{
    struct diag diag = {0};

    *m = (struct merged){.files = calloc(n, sizeof(*m->files))};
    if (m->files == NULL) {
        fputs("volley: out of memory.\n", stderr);
        return false;
    }
    for (; m->n_files < n; m->n_files++) {
        if (merged_open_file(&m->files[m->n_files], paths[m->n_files], &diag))
            continue;
        diag_print(&diag, "volley", NULL, stderr);
        merged_close(m);
        return false;
    }
    return true;
}

void merged_close(struct merged *m)
{
    for (unsigned i = 0; i < m->n_files; i++) {
        capture_cursor_release(&m->files[i].cursor);
        capture_reader_close(&m->files[i].reader);
    }
    free(m->files);
    *m = (struct merged){0};
}

static enum capture_step merged_read(struct merged_file *file)
{
    struct diag diag = {0};
    enum capture_step step = capture_cursor_next(&file->cursor, &file->record, &diag);

    file->due = false;
    file->ended = step != CAPTURE_RECORD;
    if (step == CAPTURE_FAILED)
        diag_print(&diag, "volley", NULL, stderr);
    if (step == CAPTURE_END && file->cursor.truncated)
        fprintf(stderr, "volley: %s ends in the middle of a frame, after %llu frames.\n", file->reader.name,
                (unsigned long long)file->cursor.ordinal);
    return step;
}

enum capture_step merged_next(struct merged *m, struct capture_record *record)
{
    struct merged_file *first = NULL;

    for (unsigned i = 0; i < m->n_files; i++) {
        struct merged_file *file = &m->files[i];

        if (file->due && !file->ended && merged_read(file) == CAPTURE_FAILED)
            return CAPTURE_FAILED;
        if (!file->ended && (first == NULL || file->record.time_ns < first->record.time_ns))
            first = file;
    }
    if (first == NULL)
        return CAPTURE_END;
    first->due = true;
    *record = first->record;
    record->ordinal = ++m->frames;
    return CAPTURE_RECORD;
}
