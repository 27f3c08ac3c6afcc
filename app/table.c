// volley table: the answers of a run by two of their fields, as Scapy's make_table() lays them out.
#include "table_cells.h"

#include "command.h"
#include "compile.h"
#include "link.h"
#include "records.h"
#include "stored.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
    const struct options *options;
    enum record_field row, column, cell;
    struct arena arena;
    const struct filter *filter; // NULL: none
    struct services services;
    struct table_cells cells;
    uint64_t n, unpaired; // records in the table; answers whose stimulus is not before them

    // The stimulus that came last.
    bool has_stimulus, silent;
    struct record record;
    struct view view;
    uint8_t bytes[UINT16_MAX];
    uint64_t n_stimuli;

    struct record_read read;
};

// ---- records

// "-" stands for what there is not.
static void table_text(struct table *t, enum record_field field, char *line, size_t size)
{
    struct text text = text_in(line, size);

    record_value_text(&t->read, field, &text);
    if (text.len == 0)
        text_add(&text, "-");
}

static bool table_add(struct table *t)
{
    char column[RECORD_SUMMARY_MAX], row[RECORD_SUMMARY_MAX], cell[RECORD_SUMMARY_MAX];

    record_read(&t->read, &t->record, &t->services);
    if (t->filter != NULL && !filter_test(t->filter, record_value, &t->read))
        return true;
    table_text(t, t->column, column, sizeof(column));
    table_text(t, t->row, row, sizeof(row));
    table_text(t, t->cell, cell, sizeof(cell));
    t->n++;
    if (table_cells_set(&t->cells, column, row, cell))
        return true;
    fputs("volley: out of memory.\n", stderr);
    return false;
}

// The last stimulus, if nothing answered it.
static bool table_end_silence(struct table *t)
{
    if (!t->has_stimulus || !t->silent || !t->options->all_records)
        return true;
    t->record.outcome = RECORD_UNANSWERED;
    return table_add(t);
}

static void table_decode(struct view *view, const struct capture_record *record)
{
    enum layer_id first = link_layer(record->link, record->bytes, record->len);

    view_decode(view, record->bytes, record->len, first == LAYER_NONE ? LAYER_RAW : first);
}

static bool table_take_stimulus(struct table *t, const struct capture_record *record)
{
    if (!table_end_silence(t))
        return false;
    table_decode(&t->view, record);
    memcpy(t->bytes, record->bytes, t->view.len);
    t->view.bytes = t->bytes;
    t->record = (struct record){
        .probe = stored_probe(record, t->n_stimuli++),
        .sent_ns = record->time_ns,
        .stimulus_frame = record->ordinal,
        .stimulus = &t->view,
    };
    t->has_stimulus = t->silent = true;
    return true;
}

static bool table_take_answer(struct table *t, const struct capture_record *record)
{
    struct view view;

    if (!t->has_stimulus || stored_probe(record, t->record.probe) != t->record.probe) {
        t->unpaired++;
        return true;
    }
    table_decode(&view, record);
    t->silent = false;
    t->record.outcome = RECORD_ANSWERED;
    t->record.answer++;
    t->record.received_ns = record->time_ns;
    t->record.answer_frame = record->ordinal;
    t->record.response = &view;
    bool ok = table_add(t);
    t->record.response = NULL;
    return ok;
}

static bool table_take(void *context, const struct capture_record *record)
{
    struct table *t = context;

    return stored_is_stimulus(record, !t->has_stimulus || !t->silent) ? table_take_stimulus(t, record)
                                                                      : table_take_answer(t, record);
}

static bool table_take_silent(void *context, const struct capture_record *record)
{
    return table_take_stimulus(context, record);
}

static bool table_read_file(struct table *t, const char *path, stored_take take)
{
    t->has_stimulus = false;
    return stored_read(path, take, t) && table_end_silence(t);
}

// ---- the command

static int table_read(struct table *t)
{
    const char *name = t->options->argument;
    char paths[STORED_FILES][PATH_MAX];

    if (strcmp(name, "-") == 0 || access(name, F_OK) == 0)
        return table_read_file(t, name, table_take) ? EXIT_COMPLETE : EXIT_ERROR;
    if (!stored_find(name, paths)) {
        fprintf(stderr, "volley: there is no file '%s', and no '%s.answered.pcapng'.\n", name, name);
        return EXIT_USAGE;
    }
    if (!table_read_file(t, paths[STORED_ANSWERED], table_take))
        return EXIT_ERROR;
    if (t->options->all_records && !table_read_file(t, paths[STORED_UNANSWERED], table_take_silent))
        return EXIT_ERROR;
    return EXIT_COMPLETE;
}

static int table_make(struct table *t)
{
    int status = table_read(t);

    if (status != EXIT_COMPLETE)
        return status;
    if (t->unpaired > 0)
        fprintf(stderr, "volley: answers that are not behind their stimulus, and left out: %llu\n",
                (unsigned long long)t->unpaired);
    if (t->n == 0)
        fputs("volley: there is nothing to lay out.\n", stderr);
    else if (!table_cells_print(&t->cells, stdout))
        return EXIT_ERROR;
    return EXIT_COMPLETE;
}

static bool table_fields(struct table *t)
{
    const struct options *o = t->options;

    return records_field("rows", o->table_rows != NULL ? o->table_rows : "dst", &t->row) &&
           records_field("cols", o->table_cols != NULL ? o->table_cols : "dport", &t->column) &&
           records_field("cell", o->table_cell != NULL ? o->table_cell : "class", &t->cell) &&
           records_where(o->where, &t->arena, &t->filter);
}

int command_table(enum command_id id, const struct options *options)
{
    struct table *t = calloc(1, sizeof(*t));
    int status = EXIT_USAGE;

    (void)id;
    if (t == NULL || compile_services(&t->services) < 0) {
        fputs("volley: the names of services could not be read.\n", stderr);
        free(t);
        return EXIT_ERROR;
    }
    t->options = options;
    arena_init(&t->arena, 0);
    table_cells_init(&t->cells);
    if (table_fields(t))
        status = table_make(t);
    table_cells_release(&t->cells);
    arena_release(&t->arena);
    services_release(&t->services);
    free(t);
    return status;
}
