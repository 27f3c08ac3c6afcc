#include "result/summary_read.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERRORS_MAX 256  // numbers of errors that are tried
#define FILES_MAX  1000 // of a run

// An object of the document and where it stands, for messages.
struct reading {
    struct arena *arena;
    struct diag *diag;
    const json_t *object;
    const char *place; // "counters."
};

static bool is_wrong(const struct reading *reading, const char *key, const char *wanted)
{
    return diag_set(reading->diag, (struct span){0}, "%s%s is no %s", reading->place, key, wanted);
}

// ---- values

// A number of the document is an integer, or the decimal text of one that is larger than 63 bits.
static bool take_u64(const json_t *json, uint64_t *value)
{
    const char *text = json_string_value(json);
    char *end;

    if (json_is_integer(json)) {
        *value = (uint64_t)json_integer_value(json);
        return json_integer_value(json) >= 0;
    }
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool read_number(const struct reading *reading, const char *key, uint64_t *value)
{
    return take_u64(json_object_get(reading->object, key), value) || is_wrong(reading, key, "number");
}

// null, or none: unknown.
static bool read_optional(const struct reading *reading, const char *key, uint64_t unknown, uint64_t *value)
{
    const json_t *json = json_object_get(reading->object, key);

    *value = unknown;
    if (json == NULL || json_is_null(json))
        return true;
    return read_number(reading, key, value);
}

// A copy that cannot steer a terminal: of UTF-8, whose control characters are below 0x20, 0x7f, and 0xc2 0x80..0x9f.
static const char *plain_copy(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len + 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)copy[i];
        bool follows = i > 0 && (unsigned char)text[i - 1] == 0xc2;

        if (c < ' ' || c == 0x7f || (follows && c < 0xa0))
            copy[i] = '?';
        if (follows && c < 0xa0)
            copy[i - 1] = '?';
    }
    return copy;
}

// null, or none: NULL.
static bool read_text(const struct reading *reading, const char *key, const char **text)
{
    const json_t *json = json_object_get(reading->object, key);

    *text = NULL;
    if (json == NULL || json_is_null(json))
        return true;
    if (!json_is_string(json))
        return is_wrong(reading, key, "text");
    *text = plain_copy(reading->arena, json_string_value(json), json_string_length(json));
    return *text != NULL || diag_set(reading->diag, (struct span){0}, "out of memory");
}

static bool read_object(const struct reading *reading, const char *key, const char *place,
                        struct reading *inner)
{
    *inner = *reading;
    inner->object = json_object_get(reading->object, key);
    inner->place = place;
    return json_is_object(inner->object) || is_wrong(reading, key, "object");
}

// ---- parts

static bool read_counter(const struct reading *reading, const char *key, enum counter_group group,
                         uint64_t *value)
{
    if (group == UNSEEN || group == PORT)
        return read_optional(reading, key, COUNTER_UNKNOWN, value);
    return read_number(reading, key, value);
}

static bool read_counters(const struct reading *document, struct counters *counters)
{
    struct reading reading;
    bool ok = read_object(document, "counters", "counters.", &reading);

#define COUNTER(name, group) ok = ok && read_counter(&reading, #name, group, &counters->name);
#include "result/counters.list"
#undef COUNTER
    return ok;
}

static bool read_classes(const struct reading *document, uint64_t classes[CLASS_COUNT])
{
    struct reading reading;
    char key[CLASS_KEY_MAX];

    if (!read_object(document, "classes", "classes.", &reading))
        return false;
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        class_key((enum answer_class)i, key);
        if (!read_optional(&reading, key, 0, &classes[i]))
            return false;
    }
    return true;
}

static bool read_times(const struct reading *document, struct summary_times *times)
{
    struct reading reading;

    if (json_is_null(json_object_get(document->object, "rtt")))
        return true;
    return read_object(document, "rtt", "rtt.", &reading) && read_number(&reading, "count", &times->count) &&
           read_number(&reading, "min_ns", &times->min) &&
           read_number(&reading, "median_ns", &times->median) &&
           read_number(&reading, "p99_ns", &times->p99) && read_number(&reading, "max_ns", &times->max);
}

// The number of an error that a document has by its description; any other text is of an error too.
static int error_of(const char *text)
{
    if (text == NULL)
        return 0;
    for (int err = 1; err < ERRORS_MAX; err++) {
        const char *description = strerrordesc_np(err);

        if (description != NULL && strcmp(description, text) == 0)
            return -err;
    }
    return -ERRORS_MAX;
}

static bool read_file(const struct reading *document, const json_t *object, struct summary_file *file)
{
    const struct reading reading = {document->arena, document->diag, object, "files[]."};
    const char *holds, *error;

    if (!json_is_object(object))
        return is_wrong(&reading, "", "object");
    if (!read_text(&reading, "path", &file->path) || !read_text(&reading, "holds", &holds) ||
        !read_text(&reading, "error", &error) || !read_number(&reading, "stored", &file->stored) ||
        !read_number(&reading, "refused", &file->refused))
        return false;
    file->is_records = holds != NULL && strcmp(holds, "records") == 0;
    file->error = error_of(error);
    return file->path != NULL || is_wrong(&reading, "path", "text");
}

static bool read_files(const struct reading *document, struct summary *summary)
{
    const json_t *array = json_object_get(document->object, "files");
    size_t n = json_array_size(array);
    struct summary_file *files;

    if (!json_is_array(array) || n > FILES_MAX)
        return is_wrong(document, "files", "list of files");
    files = arena_alloc(document->arena, (n + 1) * sizeof(*files));
    if (files == NULL)
        return diag_set(document->diag, (struct span){0}, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (!read_file(document, json_array_get(array, i), &files[i]))
            return false;
    }
    summary->files = files;
    summary->n_files = (unsigned)n;
    return true;
}

static bool read_document(const struct reading *document, struct summary *summary)
{
    struct reading port;

    return read_text(document, "exit_reason", &summary->exit_reason) &&
           (summary->exit_reason != NULL || is_wrong(document, "exit_reason", "text")) &&
           read_object(document, "port", "port.", &port) && read_text(&port, "name", &summary->port.name) &&
           read_text(&port, "driver", &summary->port.driver) &&
           read_text(document, "loss_cause", &summary->loss_cause) &&
           read_optional(document, "suggested_rate_pps", 0, &summary->suggested_rate_pps) &&
           read_counters(document, &summary->counters) && read_classes(document, summary->classes) &&
           read_times(document, &summary->times) && read_files(document, summary);
}

// ---- the file

static bool failed(int err, struct diag *diag)
{
    const char *reason = strerrordesc_np(err);

    return diag_set(diag, (struct span){0}, "%s", reason != NULL ? reason : "unknown error");
}

// -1 with the diag set. Nothing that could make us wait is opened.
static int open_document(const char *path, struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;

    if (fd < 0) {
        (void)failed(errno, diag);
        return -1;
    }
    if (fstat(fd, &stat) < 0)
        (void)failed(errno, diag);
    else if (!S_ISREG(stat.st_mode) || stat.st_size > SUMMARY_READ_MAX)
        diag_set(diag, (struct span){0}, "not a run's document, which is a file of less than 4 MiB");
    else
        return fd;
    close(fd);
    return -1;
}

bool summary_read_json(struct summary *summary, const char *path, struct arena *arena, struct diag *diag)
{
    json_error_t error;
    int fd = open_document(path, diag);

    *summary = (struct summary){0};
    if (fd < 0)
        return false;
    json_t *json = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
    close(fd);
    if (json == NULL)
        return diag_set(diag, (struct span){0}, "no whole JSON, by line %d", error.line);
    const struct reading document = {arena, diag, json, ""};
    bool ok = json_is_object(json) ? read_document(&document, summary)
                                   : diag_set(diag, (struct span){0}, "not a run's document");
    json_decref(json);
    return ok;
}
