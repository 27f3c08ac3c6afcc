#include "capture/recover.h"

#include "capture/cursor_format.h"
#include "capture/unzstd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECOVER_CHUNK_BYTES (256u << 10)

struct examination {
    struct recovery *recovery;
    const char *path;
    struct diag *diag;
    struct capture_reader plain; // the file's bytes, owned; or what they hold, once it has an unzstd
    uint64_t end;                // of the contents, as far as they are whole; compressed ones only
};

static const struct {
    const char *suffix;
    enum recover_kind kind;
} recover_suffixes[] = {{".ndjson", RECOVER_NDJSON}, {".jsonl", RECOVER_NDJSON}, {".csv", RECOVER_CSV}};

static enum recover_verdict recover_say(const struct examination *e, enum recover_verdict verdict,
                                        const char *what)
{
    diag_set(e->diag, (struct span){0}, "%s: %s", e->path, what);
    return verdict;
}

static enum recover_verdict recover_error(const struct examination *e, int err)
{
    bool damaged = err == -EBADMSG || err == -EOVERFLOW;
    char text[96];

    return recover_say(e, damaged ? RECOVER_REFUSED : RECOVER_FAILED, unzstd_error(err, text, sizeof(text)));
}

// ---- compressed

static enum recover_verdict recover_no_memory(const struct examination *e)
{
    return recover_say(e, RECOVER_FAILED, "out of memory");
}

// Reads all of it, which tells where its last whole frame ends.
static enum recover_verdict recover_unpack(struct examination *e)
{
    uint8_t *chunk = malloc(RECOVER_CHUNK_BYTES);
    struct unzstd_place whole;
    ssize_t n;

    e->plain.unzstd = unzstd_new(&e->plain);
    if (chunk == NULL || e->plain.unzstd == NULL) {
        free(chunk);
        return recover_no_memory(e);
    }
    while ((n = reader_read(&e->plain, chunk, RECOVER_CHUNK_BYTES, 0)) > 0)
        ;
    free(chunk);
    if (n < 0)
        return recover_error(e, (int)n);
    whole = unzstd_whole(e->plain.unzstd);
    unzstd_free(e->plain.unzstd);
    e->plain.unzstd = NULL;
    if (whole.unpacked == 0)
        return recover_say(e, RECOVER_REFUSED, "none of its zstd frames is whole");
    e->recovery->compressed = true;
    e->recovery->keep = whole.packed;
    e->end = whole.unpacked;
    return RECOVER_EXAMINED;
}

// The contents' last whole block or line ends at `whole`, and more follows.
static enum recover_verdict recover_torn_inside(const struct examination *e)
{
    return recover_say(
        e, RECOVER_REFUSED,
        "its zstd frames do not end where packets or records do: decompress it, then recover that");
}

// ---- captures

static enum recover_verdict recover_walk(struct examination *e, struct capture_cursor *cursor)
{
    struct recovery *recovery = e->recovery;
    struct capture_record record;
    enum capture_step step;

    while ((step = capture_cursor_next(cursor, &record, e->diag)) == CAPTURE_RECORD)
        recovery->whole++;
    if (step == CAPTURE_FAILED)
        return cursor->error != 0 ? RECOVER_FAILED : RECOVER_REFUSED;
    if (recovery->compressed && cursor->truncated)
        return recover_torn_inside(e);
    if (!recovery->compressed)
        recovery->keep = cursor->truncated ? cursor->truncated_at : recovery->size;
    return RECOVER_EXAMINED;
}

static enum recover_verdict recover_capture(struct examination *e, struct capture_reader *reader)
{
    struct capture_cursor cursor;

    e->recovery->kind = reader->format == READER_PCAP ? RECOVER_PCAP : RECOVER_PCAPNG;
    if (reader->unzstd != NULL) {
        if (e->end < READER_HEAD_BYTES)
            return recover_torn_inside(e);
        unzstd_end_at(reader->unzstd, e->end);
    }
    if (!capture_cursor_init(&cursor, reader, e->diag))
        return RECOVER_FAILED;
    enum recover_verdict verdict = recover_walk(e, &cursor);
    capture_cursor_release(&cursor);
    return verdict;
}

// ---- records

static bool recover_ends_with(const char *path, size_t len, const char *suffix)
{
    size_t n = strlen(suffix);

    return len > n && strncmp(path + len - n, suffix, n) == 0;
}

// By name, because any text can be CSV.
static bool recover_are_records(const char *path, enum recover_kind *kind)
{
    size_t len = strlen(path);

    if (recover_ends_with(path, len, ".zst"))
        len -= strlen(".zst");
    for (unsigned i = 0; i < ARRAY_SIZE(recover_suffixes); i++) {
        *kind = recover_suffixes[i].kind;
        if (recover_ends_with(path, len, recover_suffixes[i].suffix))
            return true;
    }
    return false;
}

// A place in text of which lines are counted. In CSV a line may go on within quotes (RFC 4180).
struct lines {
    bool csv, quoted, text;
    uint64_t at, n, whole; // whole: where the last one ends
};

static void lines_take(struct lines *lines, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        lines->quoted ^= lines->csv && bytes[i] == '"';
        lines->text &= bytes[i] != '\0' && (lines->csv || lines->at + i > 0 || bytes[i] == '{');
        if (bytes[i] == '\n' && !lines->quoted) {
            lines->n++;
            lines->whole = lines->at + i + 1;
        }
    }
    lines->at += len;
}

static enum recover_verdict recover_count(struct examination *e, struct lines *lines)
{
    uint8_t *chunk = malloc(RECOVER_CHUNK_BYTES);
    ssize_t n;

    if (chunk == NULL)
        return recover_no_memory(e);
    while ((n = reader_read(&e->plain, chunk, RECOVER_CHUNK_BYTES, lines->at)) > 0)
        lines_take(lines, chunk, (size_t)n);
    free(chunk);
    return n < 0 ? recover_error(e, (int)n) : RECOVER_EXAMINED;
}

static enum recover_verdict recover_records(struct examination *e)
{
    struct recovery *recovery = e->recovery;
    struct lines lines = {.csv = recovery->kind == RECOVER_CSV, .text = true};

    if (recovery->compressed) {
        e->plain.unzstd = unzstd_new(&e->plain);
        if (e->plain.unzstd == NULL)
            return recover_no_memory(e);
        unzstd_end_at(e->plain.unzstd, e->end);
    }
    enum recover_verdict verdict = recover_count(e, &lines);
    if (verdict != RECOVER_EXAMINED)
        return verdict;
    if (!lines.text || lines.at == 0)
        return recover_say(e, RECOVER_REFUSED, "no records are in it");
    if (lines.csv && lines.n == 0)
        return recover_say(e, RECOVER_REFUSED, "its header is cut short");
    if (recovery->compressed && lines.whole < lines.at)
        return recover_torn_inside(e);
    if (!recovery->compressed)
        recovery->keep = lines.whole;
    recovery->whole = lines.csv ? lines.n - 1 : lines.n;
    return RECOVER_EXAMINED;
}

// ---- the file

static enum recover_verdict recover_contents(struct examination *e)
{
    struct diag why = {.set = false};
    struct capture_reader reader;

    if (capture_reader_open(&reader, e->path, &why)) {
        enum recover_verdict verdict = recover_capture(e, &reader);

        capture_reader_close(&reader);
        return verdict;
    }
    if (recover_are_records(e->path, &e->recovery->kind))
        return recover_records(e);
    *e->diag = why;
    return RECOVER_REFUSED;
}

static enum recover_verdict recover_file(struct examination *e, const struct stat *stat)
{
    struct capture_reader *plain = &e->plain;
    ssize_t n;

    if (!S_ISREG(stat->st_mode))
        return recover_say(e, RECOVER_REFUSED, "not a file, which could be cut");
    *e->recovery = (struct recovery){
        .size = (uint64_t)stat->st_size,
        .device = stat->st_dev,
        .inode = stat->st_ino,
        .changed = stat->st_mtim,
    };
    n = reader_read(plain, plain->head, READER_HEAD_BYTES, 0);
    if (n < 0)
        return recover_error(e, (int)n);
    plain->head_len = (size_t)n;
    if (unzstd_is(plain->head, plain->head_len)) {
        enum recover_verdict verdict = recover_unpack(e);

        if (verdict != RECOVER_EXAMINED)
            return verdict;
    }
    return recover_contents(e);
}

enum recover_verdict recover_examine(struct recovery *recovery, const char *path, struct diag *diag)
{
    struct examination e = {.recovery = recovery, .path = path, .diag = diag};
    enum recover_verdict verdict;
    struct stat stat;

    e.plain = (struct capture_reader){
        .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
        .seekable = true,
    };
    if (e.plain.fd < 0)
        return recover_error(&e, -errno);
    if (strcmp(path, "-") == 0) { // to the reader that is standard input
        close(e.plain.fd);
        return recover_say(&e, RECOVER_REFUSED, "not a file, which could be cut");
    }
    verdict = fstat(e.plain.fd, &stat) < 0 ? recover_error(&e, -errno) : recover_file(&e, &stat);
    capture_reader_close(&e.plain);
    return verdict;
}

static bool recover_is_same(const struct recovery *recovery, const struct stat *stat)
{
    return stat->st_dev == recovery->device && stat->st_ino == recovery->inode &&
           (uint64_t)stat->st_size == recovery->size && stat->st_mtim.tv_sec == recovery->changed.tv_sec &&
           stat->st_mtim.tv_nsec == recovery->changed.tv_nsec;
}

int recover_cut(const struct recovery *recovery, const char *path)
{
    struct stat stat;
    int err = 0;
    int fd;

    if (recovery->keep >= recovery->size)
        return 0;
    fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &stat) < 0)
        err = -errno;
    else if (!recover_is_same(recovery, &stat))
        err = -EBUSY;
    else if (ftruncate(fd, (off_t)recovery->keep) < 0 || fsync(fd) < 0)
        err = -errno;
    close(fd);
    return err;
}

// ---- words

const char *recover_unit(const struct recovery *recovery)
{
    return recovery->kind == RECOVER_NDJSON || recovery->kind == RECOVER_CSV ? "record" : "packet";
}

const char *recover_torn(const struct recovery *recovery)
{
    if (recovery->compressed)
        return "frame";
    return recovery->kind == RECOVER_NDJSON || recovery->kind == RECOVER_CSV ? "line" : "block";
}
