// What is wrong in a text, where, and what to do next.
//
// Parsers and compilers return bool and fill a diag on false. The first error wins: setting a diag that is
// set already changes nothing, so a caller can add context without asking. Plain data, no ownership.
#ifndef VOLLEY_BASE_DIAG_H
#define VOLLEY_BASE_DIAG_H

#include "base/base.h"

#include <stdbool.h>
#include <stdio.h>

// A place in a text: `len` bytes from byte `at`; len 0 is the place between two bytes (or the end).
struct span {
    uint32_t at;
    uint32_t len;
};

struct diag {
    bool set;
    struct span where;
    char message[224];
    char hint[160]; // the next step; empty if there is none
};

// Always returns false, so that `return diag_set(...)` reads well.
bool diag_set(struct diag *diag, struct span where, const char *format, ...) PRINTF(3, 4);

// Adds the next step to an error that has none yet. Always returns false.
bool diag_hint(struct diag *diag, const char *format, ...) PRINTF(2, 3);

// Writes the error as people read it: `name:line:column: message`, the line of the text, a caret under the
// place, and the hint. Line and column count from 1; tabs keep the caret in place; bytes that are not printable
// ASCII are shown as '?', and of a line over 400 bytes only what is around the place, so that nothing in a template can steer a terminal. text NULL: the error has no place;
// `name: message` and the hint are all.
void diag_print(const struct diag *diag, const char *name, const char *text, FILE *to);

// The same for a text that starts in line `first` of a longer one.
void diag_print_line(const struct diag *diag, const char *name, uint64_t first, const char *text, FILE *to);

#endif
