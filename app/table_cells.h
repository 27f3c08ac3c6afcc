// The cells of a table by the names of their column and row, laid out as Scapy's make_table() does.
#ifndef VOLLEY_APP_TABLE_CELLS_H
#define VOLLEY_APP_TABLE_CELLS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>

// Names of one kind, each once.
struct table_names {
    void *tree; // of tsearch(3); its nodes are struct table_name
    size_t n;
    size_t width; // of the longest
};

struct table_cells {
    struct arena arena; // names and cells lie in it
    struct table_names columns, rows, texts;
    void *tree; // of struct table_cell
};

void table_cells_init(struct table_cells *cells);
void table_cells_release(struct table_cells *cells);

// Of several texts for one cell the last stays. False: out of memory.
bool table_cells_set(struct table_cells *cells, const char *column, const char *row,
                     const char *text) MUST_USE;

// Columns and rows in order: of numbers, if all are; else of IPv4 addresses, if all are; else of texts. A cell without a text
// is '-'. False: out of memory.
bool table_cells_print(const struct table_cells *cells, FILE *to) MUST_USE;

#endif
