#include "records.h"

#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Conditions are short; what one of them may take is bounded.
#define RECORDS_FILTER_BYTES ((size_t)64 << 20)

bool records_field(const char *option, const char *name, enum record_field *field)
{
    const struct span where = {0, (uint32_t)strlen(name)};
    struct diag diag = {0};
    unsigned found;

    if (!filter_field_find(&record_filter_fields, name, strlen(name), where, &found, &diag)) {
        diag_print(&diag, option, name, stderr);
        return false;
    }
    *field = (enum record_field)found;
    return true;
}

bool records_where(const char *where, struct arena *arena, const struct filter **filter)
{
    struct diag diag = {0};

    *filter = NULL;
    if (where == NULL || filter_compile(where, strlen(where), &record_filter_fields, arena, filter, &diag))
        return true;
    diag_print(&diag, "where", where, stderr);
    return false;
}

static bool records_fields(struct records *r, const char *fields)
{
    struct diag diag = {0};

    if (fields == NULL || record_fields_parse(fields, r->options.fields, &r->options.n_fields, &diag))
        return true;
    diag_hint(&diag, "--list-fields lists them.");
    diag_print(&diag, "fields", fields, stderr);
    return false;
}

static bool records_need_output(const struct options *options)
{
    return options->fields != NULL || options->where != NULL || options->all_records ||
           options->record_format != RECORD_BY_NAME;
}

int records_init(struct records *r, const struct options *options)
{
    if (options->output == NULL && records_need_output(options)) {
        fputs("volley: --fields, --where, --records and --format are about records: -o says where they go.\n",
              stderr);
        return EXIT_USAGE;
    }
    *r = (struct records){
        .path = options->output,
        .options = {.format = options->record_format, .all = options->all_records},
    };
    arena_init(&r->arena, RECORDS_FILTER_BYTES);
    if (!records_fields(r, options->fields) || !records_where(options->where, &r->arena, &r->filter)) {
        records_release(r);
        return EXIT_USAGE;
    }
    r->options.filter = r->filter;
    return 0;
}

int records_open(struct records *r, const struct services *services)
{
    if (r->path == NULL)
        return 0;
    r->writer = malloc(sizeof(*r->writer));
    if (r->writer == NULL) {
        fputs("volley: out of memory.\n", stderr);
        return EXIT_ERROR;
    }
    r->options.services = services;
    int err = record_writer_open(r->writer, r->path, &r->options);
    if (err == 0)
        return 0;
    fprintf(stderr, "volley: %s could not be written: %s\n", r->path, strerror(-err));
    free(r->writer);
    r->writer = NULL;
    return EXIT_OUTPUT;
}

int records_close(struct records *r)
{
    int flushed = r->writer != NULL ? record_writer_flush(r->writer) : 0;
    int err = r->writer != NULL ? record_writer_close(r->writer) : 0;

    if (err < 0 && flushed == 0)
        fprintf(stderr,
                "volley: %s could not be written: %s; %" PRIu64 " records are stored, %" PRIu64 " are not.\n",
                r->path, strerror(-err), record_writer_stored(r->writer), record_writer_refused(r->writer));
    free(r->writer);
    r->writer = NULL;
    return err < 0 ? EXIT_OUTPUT : 0;
}

void records_release(struct records *r)
{
    free(r->writer);
    r->writer = NULL;
    arena_release(&r->arena);
}

void records_list_fields(FILE *to)
{
    for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++) {
        enum record_field field = (enum record_field)f;

        fprintf(to, "%-15s %-8s %s%s\n", record_field_name(field), record_kind_name(field),
                record_field_meaning(field), record_field_is_preset(field) ? "" : " (only if asked for)");
    }
}
