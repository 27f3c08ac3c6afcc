// Writing records: ndjson or CSV, a line a record.
//
// One thread a writer. Lines are collected in memory and written whole, at the latest when record_writer_flush is called (every
// 500 ms). After the first error the file is cut back to its last whole line, the error is remembered, and nothing more is stored.
#ifndef VOLLEY_RESULT_RECORD_WRITER_H
#define VOLLEY_RESULT_RECORD_WRITER_H

#include "capture/sink.h"
#include "result/record.h"

enum record_format {
    RECORD_BY_NAME, // CSV if the path ends in .csv, ndjson else
    RECORD_NDJSON,
    RECORD_CSV,
};

struct record_writer_options {
    enum record_format format;
    bool all;                           // also what has no answer
    uint8_t fields[RECORD_FIELD_COUNT]; // enum record_field, in the order of a line
    unsigned n_fields;                  // 0: all that are preset
    const struct filter *filter;        // borrowed; over record_filter_fields; NULL: none
    const struct services *services;    // borrowed; may be NULL
};

struct record_writer {
    // Set by open.
    struct record_writer_options options;
    struct sink sink;
    char keys[RECORD_FIELD_COUNT][24]; // what stands before each value
    uint8_t key_lens[RECORD_FIELD_COUNT];
    size_t line_max;

    struct record_read read;
};

// Creates or truncates `path` ("-": standard output), and writes the header of a CSV. 0 or -errno.
int record_writer_open(struct record_writer *writer, const char *path,
                       const struct record_writer_options *options) MUST_USE;

// Whether records without an answer are written at all, so that they need not be made.
static inline bool record_writer_wants_silence(const struct record_writer *writer)
{
    return writer->options.all;
}

// Writes the record if it is wanted. 0, or the -errno of the first failed write, for ever.
int record_writer_add(struct record_writer *writer, const struct record *record);
int record_writer_flush(struct record_writer *writer);

// Records that are safely in the file (after the last flush), and wanted ones that are not because of an error.
uint64_t record_writer_stored(const struct record_writer *writer);
uint64_t record_writer_refused(const struct record_writer *writer);

// Flushes and closes. 0 or the first -errno. The counts remain.
int record_writer_close(struct record_writer *writer);

#endif
