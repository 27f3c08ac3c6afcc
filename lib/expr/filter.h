// A filter: a condition over named fields, such as class=="synack" and rtt_ns<1000000.
//
// Compiled once against a table of fields, tested as often as there are things to test. The grammar is that of
// docs/results.md; in filter_parse.c each function carries its production. A compiled filter is constant: threads may share it.
#ifndef VOLLEY_EXPR_FILTER_H
#define VOLLEY_EXPR_FILTER_H

#include "base/address.h"
#include "base/arena.h"
#include "base/diag.h"

#include <stdbool.h>

#define FILTER_DEPTH_MAX 64
#define FILTER_TEXT_MAX  (1u << 16)

enum filter_kind {
    FILTER_NULL, // of a value: there is none
    FILTER_NUMBER,
    FILTER_FLAGS, // a number, written as letters too: bit i is letter i
    FILTER_TEXT,
    FILTER_ADDRESS,
};

struct filter_field {
    const char *name;
    enum filter_kind kind; // of its values that are not null
    const char *letters;   // FILTER_FLAGS
    // FILTER_TEXT: the i-th of the texts that it can have, NULL behind the last. NULL: any.
    const char *(*known)(unsigned i);
};

struct filter_fields {
    const char *owner; // who has them, in the plural: "records"
    const struct filter_field *rows;
    unsigned n;
};

struct filter_value {
    enum filter_kind kind; // says which of the rest counts
    uint32_t len;          // FILTER_TEXT
    const char *text;      // FILTER_TEXT; borrowed
    i128 number;           // FILTER_NUMBER, FILTER_FLAGS
    struct address address;
};

struct filter;

// The value of a field, by its row, of what is tested. It is null when it comes in.
typedef void (*filter_resolve)(void *context, unsigned field, struct filter_value *value);

// The text must outlive the filter, which lies in the arena.
bool filter_compile(const char *text, size_t len, const struct filter_fields *fields, struct arena *arena,
                    const struct filter **filter, struct diag *diag) MUST_USE;

// Whether the condition holds. Does not allocate; nests no deeper than FILTER_DEPTH_MAX.
bool filter_test(const struct filter *filter, filter_resolve resolve, void *context);

// The row of that name. False: the diag says so, with the nearest name.
bool filter_field_find(const struct filter_fields *fields, const char *name, size_t len, struct span where,
                       unsigned *field, struct diag *diag) MUST_USE;

#endif
