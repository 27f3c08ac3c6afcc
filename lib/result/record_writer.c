#include "result/record_writer.h"

#include "result/record_text.h"

#include <string.h>

// ---- opening

// .csv at the end, also before .zst.
static bool record_writer_is_csv(const char *path)
{
    size_t len = strlen(path);

    if (sink_is_zstd(path))
        len -= 4;
    return len >= 4 && memcmp(path + len - 4, ".csv", 4) == 0;
}

static bool record_writer_is_summary(unsigned field)
{
    return field == RECORD_STIMULUS || field == RECORD_RESPONSE;
}

// Where the line that starts there ends. JSON has no bare newline.
static size_t record_writer_measure_json(const uint8_t *line, bool *packet)
{
    size_t len = 0;

    *packet = true;
    while (line[len] != '\n')
        len++;
    return len + 1;
}

// CSV has newlines in quotes.
static size_t record_writer_measure_csv(const uint8_t *line, bool *packet)
{
    bool quoted = false;
    size_t len = 0;

    *packet = true;
    for (; quoted || line[len] != '\n'; len++)
        quoted ^= line[len] == '"';
    return len + 1;
}

// What stands before each value, so that a line is copied together.
static void record_writer_set_keys(struct record_writer *w)
{
    bool csv = w->options.format == RECORD_CSV;

    w->line_max = 2;
    for (unsigned i = 0; i < w->options.n_fields; i++) {
        struct text key = text_in(w->keys[i], sizeof(w->keys[i]));

        if (csv)
            text_add(&key, "%s", i > 0 ? "," : "");
        else
            text_add(&key, "%c\"%s\":", i > 0 ? ',' : '{',
                     record_field_name((enum record_field)w->options.fields[i]));
        w->key_lens[i] = (uint8_t)key.len;
        w->line_max += key.len + (record_writer_is_summary(w->options.fields[i]) ? 6 * RECORD_SUMMARY_MAX + 2
                                                                                 : RECORD_TEXT_MAX);
    }
}

static int record_writer_header(struct record_writer *w)
{
    uint8_t *at = sink_reserve(&w->sink, RECORD_FIELD_COUNT * sizeof(w->keys[0]));
    size_t len = 0;

    if (at == NULL)
        return w->sink.error;
    for (unsigned i = 0; i < w->options.n_fields; i++) {
        const char *name = record_field_name((enum record_field)w->options.fields[i]);
        size_t n = strlen(name);

        memcpy(at + len, name, n);
        len += n;
        at[len++] = i + 1 < w->options.n_fields ? ',' : '\n';
    }
    sink_commit(&w->sink, len, false);
    return sink_write(&w->sink);
}

int record_writer_open(struct record_writer *w, const char *path, const struct record_writer_options *options)
{
    *w = (struct record_writer){.options = *options};
    if (w->options.format == RECORD_BY_NAME)
        w->options.format = record_writer_is_csv(path) ? RECORD_CSV : RECORD_NDJSON;
    for (unsigned f = 0; options->n_fields == 0 && f < RECORD_FIELD_COUNT; f++) {
        if (record_field_is_preset((enum record_field)f))
            w->options.fields[w->options.n_fields++] = (uint8_t)f;
    }
    record_writer_set_keys(w);
    bool csv = w->options.format == RECORD_CSV;
    const struct sink_options sink = {
        .path = path,
        .measure = csv ? record_writer_measure_csv : record_writer_measure_json,
        .has_header = csv,
    };
    int err = sink_open(&w->sink, &sink);
    if (err < 0 || !csv)
        return err;
    err = record_writer_header(w);
    if (err < 0)
        (void)sink_close(&w->sink); // the first error is what is told
    return err;
}

// ---- lines

static char *record_writer_json(char *out, const struct filter_value *value)
{
    switch (value->kind) {
    case FILTER_NULL:
        memcpy(out, "null", 4);
        return out + 4;
    case FILTER_TEXT:
        return record_text_json(out, value->text, value->len);
    case FILTER_NUMBER:
        return record_text_plain(out, value);
    case FILTER_FLAGS:
    case FILTER_ADDRESS:
        break;
    }
    *out = '"';
    out = record_text_plain(out + 1, value);
    *out = '"';
    return out + 1;
}

static char *record_writer_csv(char *out, const struct filter_value *value)
{
    return value->kind == FILTER_TEXT ? record_text_csv(out, value->text, value->len)
                                      : record_text_plain(out, value);
}

static char *record_writer_line(struct record_writer *w, char *out)
{
    bool csv = w->options.format == RECORD_CSV;

    for (unsigned i = 0; i < w->options.n_fields; i++) {
        struct filter_value value; // its kind says which of it counts

        value.kind = FILTER_NULL;
        memcpy(out, w->keys[i], w->key_lens[i]);
        out += w->key_lens[i];
        record_value(&w->read, w->options.fields[i], &value);
        out = csv ? record_writer_csv(out, &value) : record_writer_json(out, &value);
    }
    if (!csv)
        *out++ = '}';
    *out++ = '\n';
    return out;
}

// A killed process's last write may end at a page of the file: a line that would cross one starts behind it. Spaces before a
// value are JSON's to ignore (RFC 8259 2); CSV has none. Returns the length with them.
static size_t record_writer_keep_whole(char *line, size_t len, size_t page_left)
{
    if (len <= page_left || len > SINK_PAGE)
        return len;
    memmove(line + page_left, line, len);
    memset(line, ' ', page_left);
    return page_left + len;
}

int record_writer_add(struct record_writer *w, const struct record *record)
{
    if (record->outcome != RECORD_ANSWERED && !w->options.all)
        return w->sink.error;
    record_read(&w->read, record, w->options.services);
    if (w->options.filter != NULL && !filter_test(w->options.filter, record_value, &w->read))
        return w->sink.error;
    char *line = (char *)sink_reserve(&w->sink, w->line_max + SINK_PAGE);
    if (line == NULL) {
        w->sink.refused++;
        return w->sink.error;
    }
    size_t len = (size_t)(record_writer_line(w, line) - line);
    if (w->options.format == RECORD_NDJSON)
        len = record_writer_keep_whole(line, len, sink_page_left(&w->sink));
    sink_commit(&w->sink, len, true);
    return 0;
}

int record_writer_flush(struct record_writer *w)
{
    return sink_write(&w->sink);
}

uint64_t record_writer_stored(const struct record_writer *w)
{
    return w->sink.stored;
}

uint64_t record_writer_refused(const struct record_writer *w)
{
    return w->sink.refused;
}

int record_writer_close(struct record_writer *w)
{
    (void)sink_write(&w->sink); // it remembers the error
    return sink_close(&w->sink);
}
