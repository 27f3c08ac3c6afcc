// The summary as a JSON document: flat snake_case names, integers as integers, times in ns, null for what is unknown.
#include "result/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_A_SECOND   1000000000u
#define TEMPORARY_MAX 100 // names tried beside the document
#define TEXT_INDENT   2
#define TIME_TEXT_MAX 64
#define RESERVE_BYTES 8192 // what the end of a run adds: larger numbers, errors
#define RESERVE_FILES 6    // and paths
#define ESCAPED_MAX   6    // bytes of a document for one of a path

// An object under construction: the first failure to allocate is remembered.
struct object {
    json_t *json;
    bool failed;
};

static struct object object_new(void)
{
    struct object object = {.json = json_object()};

    object.failed = object.json == NULL;
    return object;
}

// Takes the value.
static void object_put(struct object *object, const char *key, json_t *value)
{
    if (json_object_set_new(object->json, key, value) < 0)
        object->failed = true;
}

// JSON is UTF-8. Text of a command line that is not becomes it byte by byte, as Latin-1, rather than being lost.
static json_t *text_json(const char *text)
{
    json_t *json;
    char *utf8;
    size_t n = 0;

    if (text == NULL)
        return json_null();
    json = json_string(text);
    if (json != NULL)
        return json;
    utf8 = malloc(2 * strlen(text) + 1);
    if (utf8 == NULL)
        return NULL;
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c >= 0x80)
            utf8[n++] = (char)(0xc0 | *c >> 6);
        utf8[n++] = (char)(*c >= 0x80 ? 0x80 | (*c & 0x3f) : *c);
    }
    json = json_stringn(utf8, n);
    free(utf8);
    return json;
}

// An integer of the document has 63 bits; what is larger is its decimal text.
static json_t *number_json(uint64_t value)
{
    char text[24];

    if (value <= INT64_MAX)
        return json_integer((json_int_t)value);
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return json_string(text);
}

static json_t *counter_json(uint64_t value)
{
    return value == COUNTER_UNKNOWN ? json_null() : number_json(value);
}

// "2026-11-22T05:25:38.775135996Z"
static json_t *time_json(uint64_t ns)
{
    time_t seconds = (time_t)(ns / NS_A_SECOND);
    char text[TIME_TEXT_MAX];
    char day[TIME_TEXT_MAX / 2];
    struct tm utc;

    if (ns == 0 || gmtime_r(&seconds, &utc) == NULL)
        return json_null();
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof(text), "%s.%09uZ", day, (unsigned)(ns % NS_A_SECOND));
    return json_string(text);
}

// Hands the object on, or frees it.
static json_t *object_take(struct object *object)
{
    if (!object->failed)
        return object->json;
    json_decref(object->json);
    return NULL;
}

static json_t *port_json(const struct summary *summary)
{
    struct object port = object_new();
    char mac[MAC_TEXT_MAX];

    mac_format(&summary->port.mac, mac);
    object_put(&port, "name", text_json(summary->port.name));
    object_put(&port, "driver", text_json(summary->port.driver));
    object_put(&port, "mac", json_string(mac));
    object_put(&port, "mtu", json_integer(summary->port.mtu));
    return object_take(&port);
}

static json_t *counters_json(const struct counters *counters)
{
    struct object object = object_new();

#define COUNTER(name, group) object_put(&object, #name, counter_json(counters->name));
#include "result/counters.list"
#undef COUNTER
    return object_take(&object);
}

static json_t *identities_json(const struct counters *counters)
{
    struct object object = object_new();

    object_put(&object, "tx", json_boolean(counters_tx_balance(counters)));
    object_put(&object, "rx", json_boolean(counters_rx_balance(counters)));
    return object_take(&object);
}

static json_t *classes_json(const uint64_t classes[CLASS_COUNT])
{
    struct object object = object_new();
    char key[CLASS_KEY_MAX];

    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        class_key(i, key);
        object_put(&object, key, number_json(classes[i]));
    }
    return object_take(&object);
}

static json_t *rtt_json(const struct summary *summary)
{
    const struct summary_times rtt = summary_times_of(summary);
    struct object object;

    if (rtt.count == 0)
        return json_null();
    object = object_new();
    object_put(&object, "count", number_json(rtt.count));
    object_put(&object, "min_ns", number_json(rtt.min));
    object_put(&object, "median_ns", number_json(rtt.median));
    object_put(&object, "p99_ns", number_json(rtt.p99));
    object_put(&object, "max_ns", number_json(rtt.max));
    return object_take(&object);
}

static json_t *file_json(const struct summary_file *file)
{
    const char *reason = strerrordesc_np(-file->error);
    struct object object = object_new();

    object_put(&object, "path", text_json(file->path));
    object_put(&object, "holds", json_string(file->is_records ? "records" : "packets"));
    object_put(&object, "stored", number_json(file->stored));
    object_put(&object, "refused", number_json(file->refused));
    object_put(&object, "error",
               file->error == 0 ? json_null() : json_string(reason != NULL ? reason : "unknown error"));
    return object_take(&object);
}

static json_t *files_json(const struct summary *summary)
{
    json_t *files = json_array();

    for (unsigned i = 0; i < summary->n_files; i++) {
        if (json_array_append_new(files, file_json(&summary->files[i])) < 0) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

static void put_setting(struct object *object, const struct summary *summary)
{
    char seed[24];

    snprintf(seed, sizeof(seed), "%016" PRIx64, summary->seed);
    object_put(object, "version", text_json(summary->version));
    object_put(object, "command", text_json(summary->command));
    object_put(object, "template", text_json(summary->template));
    object_put(object, "port", summary->is_offline ? json_null() : port_json(summary));
    object_put(object, "seed_hex", json_string(seed));
    object_put(object, "seed", summary->seed <= INT64_MAX ? number_json(summary->seed) : json_null());
    object_put(object, "order", text_json(summary->order));
    object_put(object, "tags", text_json(summary->tags));
    object_put(object, "rate_pps", summary->rate_pps > 0 ? number_json(summary->rate_pps) : json_null());
    object_put(object, "timeout_ns", number_json(summary->timeout_ns));
    object_put(object, "retry", json_integer(summary->retry));
}

static void put_result(struct object *object, const struct summary *summary)
{
    object_put(object, "start", time_json(summary->start_ns));
    object_put(object, "start_ns", number_json(summary->start_ns));
    object_put(object, "end", time_json(summary->end_ns));
    object_put(object, "end_ns", number_json(summary->end_ns));
    if (summary->is_offline)
        object_put(object, "frames", number_json(summary->frames));
    object_put(object, "exit_reason", text_json(summary->exit_reason));
    object_put(object, "counters", counters_json(&summary->counters));
    object_put(object, "identities", identities_json(&summary->counters));
    object_put(object, "classes", classes_json(summary->classes));
    object_put(object, "rtt", rtt_json(summary));
    object_put(object, "files", files_json(summary));
    object_put(object, "loss_cause", text_json(summary->loss_cause));
    object_put(object, "suggested_rate_pps",
               summary->suggested_rate_pps > 0 ? number_json(summary->suggested_rate_pps) : json_null());
}

// The document's text, to be freed; NULL: out of memory.
static char *document_text(const struct summary *summary)
{
    struct object object = object_new();
    json_t *document;
    char *text;

    put_setting(&object, summary);
    put_result(&object, summary);
    document = object_take(&object);
    if (document == NULL)
        return NULL;
    text = json_dumps(document, JSON_INDENT(TEXT_INDENT));
    json_decref(document);
    return text;
}

// Writes text and a newline, and closes. 0 or -errno.
static int write_and_close(int fd, const char *text)
{
    FILE *file = fdopen(fd, "w");
    int err = 0;

    if (file == NULL) {
        err = -errno;
        close(fd);
        return err;
    }
    if (fputs(text, file) < 0 || fputc('\n', file) < 0)
        err = -errno;
    if (fclose(file) != 0 && err == 0)
        err = -errno;
    return err;
}

// A new file beside `path`; its name goes to `name`. The descriptor or -errno.
static int open_temporary(const char *path, char *name, size_t size)
{
    for (unsigned i = 0; i < TEMPORARY_MAX; i++) {
        int fd;

        snprintf(name, size, "%s.%ld-%u.tmp", path, (long)getpid(), i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd >= 0 ? fd : -errno;
    }
    return -EEXIST;
}

static int replace_file(const char *path, const char *text)
{
    size_t size = strlen(path) + 40;
    char *name = malloc(size);
    int fd;
    int err;

    if (name == NULL)
        return -ENOMEM;
    fd = open_temporary(path, name, size);
    if (fd < 0) {
        err = fd;
        goto free_name;
    }
    err = write_and_close(fd, text);
    if (err == 0 && rename(name, path) < 0)
        err = -errno;
    if (err < 0)
        unlink(name);

free_name:
    free(name);
    return err;
}

// A pipe or a device: renaming would put a file in its place.
static int write_special(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd < 0 ? -errno : write_and_close(fd, text);
}

// In the place that was reserved: not as a whole, but without further room.
static int overwrite_file(const char *path, const char *text)
{
    size_t len = strlen(text);
    struct stat stat;
    int err = 0;
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &stat) < 0)
        err = -errno;
    else if (stat.st_size < (off_t)len + 1)
        err = -ENOSPC;
    if (err < 0) {
        close(fd);
        return err;
    }
    err = write_and_close(fd, text);
    if (err == 0 && truncate(path, (off_t)len + 1) < 0)
        err = -errno;
    return err;
}

static bool is_no_room(int err)
{
    return err == -ENOSPC || err == -EDQUOT;
}

int summary_write_json(const struct summary *summary, const char *path)
{
    struct stat stat_of_path;
    char *text = document_text(summary);
    int err;

    if (text == NULL)
        return -ENOMEM;
    if (stat(path, &stat_of_path) == 0 && !S_ISREG(stat_of_path.st_mode))
        err = write_special(path, text);
    else
        err = replace_file(path, text);
    if (is_no_room(err))
        err = overwrite_file(path, text) == 0 ? 0 : err;
    free(text);
    return err;
}

int summary_reserve_json(const struct summary *summary, const char *path)
{
    size_t room = RESERVE_BYTES + RESERVE_FILES * ESCAPED_MAX * strlen(path);
    struct stat stat_of_path;
    char *text, *padded;
    size_t len;
    int err;

    if (stat(path, &stat_of_path) == 0 && !S_ISREG(stat_of_path.st_mode))
        return S_ISDIR(stat_of_path.st_mode) ? -EISDIR : 0;
    text = document_text(summary);
    if (text == NULL)
        return -ENOMEM;
    len = strlen(text);
    padded = realloc(text, len + room + 1);
    if (padded == NULL) {
        free(text);
        return -ENOMEM;
    }
    memset(padded + len, ' ', room);
    padded[len + room] = '\0';
    err = replace_file(path, padded);
    free(padded);
    return err;
}
