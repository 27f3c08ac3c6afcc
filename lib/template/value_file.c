#include "template/value_file.h"

#include "template/value_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUE_FILE_LINE_MAX 65535
#define VALUE_FILE_BUFFER   (2 * (VALUE_FILE_LINE_MAX + 1))

struct value_file {
    struct value_sink *sink;
    char path[PATH_MAX];
    struct span where;
    int fd;
    char *buffer;
    size_t start, end; // of what is in the buffer and not yet taken
    uint64_t line;
    bool holds_text; // strings: '#' may be part of them
};

static bool value_file_trouble(struct value_file *file, int err)
{
    return diag_set(file->sink->parser->diag, file->where, "%.150s: %s", file->path, strerror(err));
}

static bool value_file_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// What counts of a line: nothing if it is blank or a comment.
static struct value_text value_file_text(const struct value_file *file, const char *line, uint32_t len)
{
    uint32_t from = 0, end = len;

    if (end > 0 && line[end - 1] == '\r')
        end--;
    while (from < end && value_file_is_space(line[from]))
        from++;
    if (from == end || line[from] == '#')
        return (struct value_text){line, 0, file->where};
    if (file->holds_text)
        return (struct value_text){line, end, file->where};
    for (uint32_t i = from + 1; i < end; i++) {
        if (line[i] == '#' && value_file_is_space(line[i - 1]))
            end = i;
    }
    while (value_file_is_space(line[end - 1]))
        end--;
    return (struct value_text){line + from, end - from, file->where};
}

// One line's values. Its error is told with file and line.
static bool value_file_line(struct value_file *file, const char *line, uint32_t len)
{
    struct value_parser *p = file->sink->parser;
    struct value_text text = value_file_text(file, line, len);
    struct diag *diag = p->diag, of_line = {0};

    if (text.len == 0)
        return true;
    p->diag = &of_line;
    bool ok = value_text_add_line(file->sink, text);
    p->diag = diag;
    if (ok)
        return true;
    diag_set(diag, file->where, "%.80s:%" PRIu64 ": %.130s", file->path, file->line, of_line.message);
    return of_line.hint[0] != '\0' && diag_hint(diag, "%s", of_line.hint);
}

static bool value_file_too_long(struct value_file *file)
{
    return diag_set(file->sink->parser->diag, file->where,
                    "%.80s:%" PRIu64 ": the line is longer than %d bytes", file->path, file->line + 1,
                    VALUE_FILE_LINE_MAX);
}

// Lines that end in the buffer; the last one of the file may lack its line end.
static bool value_file_lines(struct value_file *file, bool last)
{
    while (file->start < file->end) {
        const char *line = file->buffer + file->start;
        size_t left = file->end - file->start;
        const char *feed = memchr(line, '\n', left);

        if (feed == NULL && !last)
            return left <= VALUE_FILE_LINE_MAX || value_file_too_long(file);
        size_t len = feed == NULL ? left : (size_t)(feed - line);
        if (len > VALUE_FILE_LINE_MAX)
            return value_file_too_long(file);
        file->line++;
        if (!value_file_line(file, line, (uint32_t)len))
            return false;
        file->start += len + (feed == NULL ? 0 : 1);
    }
    return true;
}

static bool value_file_read(struct value_file *file)
{
    static const char mark[] = "\xef\xbb\xbf"; // UTF-8, some editors say
    bool first = true;

    for (;;) {
        memmove(file->buffer, file->buffer + file->start, file->end - file->start);
        file->end -= file->start;
        file->start = 0;
        ssize_t n = read(file->fd, file->buffer + file->end, VALUE_FILE_BUFFER - file->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return value_file_trouble(file, errno);
        file->end += (size_t)n;
        if (first && file->end >= 3 && memcmp(file->buffer, mark, 3) == 0)
            file->start = 3;
        first = false;
        if (!value_file_lines(file, n == 0))
            return false;
        if (n == 0)
            return true;
    }
}

static bool value_file_open(struct value_file *file)
{
    struct stat status;

    file->fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0)
        return value_file_trouble(file, errno);
    if (fstat(file->fd, &status) == 0 && S_ISDIR(status.st_mode))
        return value_file_trouble(file, EISDIR);
    file->buffer = malloc(VALUE_FILE_BUFFER);
    return file->buffer != NULL || value_file_trouble(file, ENOMEM);
}

bool value_file_add(struct value_sink *sink, struct values_string path, struct span where)
{
    struct value_file file = {.sink = sink, .where = where, .fd = -1};
    uint8_t family;

    if (path.len == 0 || path.len >= sizeof(file.path) || memchr(path.bytes, '\0', path.len) != NULL)
        return diag_set(sink->parser->diag, where, "this is no path of a file");
    memcpy(file.path, path.bytes, path.len);
    file.holds_text = !value_sink_takes_numbers(sink) && !value_sink_takes_addresses(sink, &family) &&
                      !value_sink_takes_macs(sink) && sink->field->kind != FIELD_CODED;
    bool ok = value_file_open(&file) && value_file_read(&file);
    free(file.buffer);
    if (file.fd >= 0)
        close(file.fd);
    return ok;
}
