// -o and its kin: the records that a command writes, and the options that choose them.
#ifndef VOLLEY_APP_RECORDS_H
#define VOLLEY_APP_RECORDS_H

#include "options.h"
#include "result/record_writer.h"

struct records {
    const char *path;             // borrowed; NULL: none are asked for
    struct arena arena;           // the filter's
    const struct filter *filter;  // NULL: none
    struct record_writer *writer; // owned; NULL: not open
    struct record_writer_options options;
};

// Reads the options; touches no file. Returns 0, or EXIT_USAGE having said why.
int records_init(struct records *records, const struct options *options) MUST_USE;

// Opens the file, if one is asked for: then records->writer takes records. services are borrowed until close. Returns 0, or the
// exit status having said why.
int records_open(struct records *records, const struct services *services) MUST_USE;

// Flushes and closes what is open. Returns 0 or EXIT_OUTPUT; what only closing tells is said here, what came before in the
// summary of the run.
int records_close(struct records *records) MUST_USE;

void records_release(struct records *records);

// One field of records, as the value of an option. False: said why.
bool records_field(const char *option, const char *name, enum record_field *field) MUST_USE;

// A condition over records; NULL: none. It lies in the arena. False: said why.
bool records_where(const char *where, struct arena *arena, const struct filter **filter) MUST_USE;

// The table behind --list-fields.
void records_list_fields(FILE *to);

#endif
