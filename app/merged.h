// Captures read as one: the frames of several files in the order of their times. One thread.
#ifndef VOLLEY_APP_MERGED_H
#define VOLLEY_APP_MERGED_H

#include "capture/cursor.h"

struct merged_file;

struct merged {
    struct merged_file *files; // owned
    unsigned n_files;
    uint64_t frames; // delivered
};

// Opens all files; "-" is standard input. False: said why on stderr; nothing is left open.
bool merged_open(struct merged *merged, char *const *paths, unsigned n) MUST_USE;
void merged_close(struct merged *merged);

// The next frame: the earliest of the files' next ones, of equal times that of the first file, and within a file in its
// order. `ordinal` counts through all files. The record is valid until the next call. CAPTURE_FAILED: said why.
enum capture_step merged_next(struct merged *merged, struct capture_record *record) MUST_USE;

#endif
