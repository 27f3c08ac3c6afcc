#define ZSTD_STATIC_LINKING_ONLY // for a context in memory of ours, which never allocates
#include "capture/sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define SINK_BUFFER_BYTES SINK_BLOCK_MAX
#define SINK_ZSTD_LEVEL   3
#define SINK_ZSTD_SUFFIX  ".zst"

struct sink_zstd {
    ZSTD_CCtx *context; // lies in memory
    void *memory;       // owned
    uint8_t frame[ZSTD_COMPRESSBOUND(SINK_BUFFER_BYTES)];
};

// ---- opening

static struct sink_zstd *sink_zstd_new(void)
{
    struct sink_zstd *zstd = malloc(sizeof(*zstd));
    size_t size = ZSTD_estimateCCtxSize(SINK_ZSTD_LEVEL);

    if (zstd == NULL)
        return NULL;
    zstd->memory = malloc(size);
    zstd->context = zstd->memory != NULL ? ZSTD_initStaticCCtx(zstd->memory, size) : NULL;
    if (zstd->context != NULL &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_compressionLevel, SINK_ZSTD_LEVEL)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_checksumFlag, 1)))
        return zstd;
    free(zstd->memory);
    free(zstd);
    return NULL;
}

static void sink_zstd_free(struct sink_zstd *zstd)
{
    if (zstd != NULL)
        free(zstd->memory);
    free(zstd);
}

bool sink_is_zstd(const char *path)
{
    size_t len = strlen(path), suffix = strlen(SINK_ZSTD_SUFFIX);

    return len > suffix && strcmp(path + len - suffix, SINK_ZSTD_SUFFIX) == 0;
}

static int sink_open_file(struct sink *sink, const char *path)
{
    bool is_stdout = strcmp(path, "-") == 0;
    struct stat stat;

    sink->fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                         : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (sink->fd < 0)
        return -errno;
    if (fstat(sink->fd, &stat) < 0) {
        int err = -errno;

        close(sink->fd);
        return err;
    }
    sink->regular = S_ISREG(stat.st_mode);
    // Something may stand before us on standard output.
    sink->paged = sink->regular && !is_stdout && sink->zstd == NULL;
    return 0;
}

int sink_open(struct sink *sink, const struct sink_options *options)
{
    bool zstd = options->zstd || sink_is_zstd(options->path);
    int err = -ENOMEM;

    *sink = (struct sink){.measure = options->measure, .header_due = options->has_header};
    sink->buffer = malloc(SINK_BUFFER_BYTES);
    if (sink->buffer == NULL)
        return -ENOMEM;
    if (zstd) {
        sink->zstd = sink_zstd_new();
        if (sink->zstd == NULL)
            goto err_free_buffer;
    }
    err = sink_open_file(sink, options->path);
    if (err == 0)
        return 0;
    sink_zstd_free(sink->zstd);

err_free_buffer:
    free(sink->buffer);
    return err;
}

// ---- collecting

uint8_t *sink_reserve(struct sink *sink, size_t len)
{
    assert(len <= SINK_BLOCK_MAX);
    if (unlikely(len > SINK_BUFFER_BYTES - sink->used))
        (void)sink_write(sink); // it remembers the error
    return likely(sink->error == 0) ? sink->buffer + sink->used : NULL;
}

void sink_commit(struct sink *sink, size_t len, bool packet)
{
    assert(len <= SINK_BUFFER_BYTES - sink->used);
    sink->used += len;
    sink->pending += packet;
}

size_t sink_page_left(const struct sink *sink)
{
    return sink->paged ? SINK_PAGE - (sink->written + sink->used) % SINK_PAGE : SIZE_MAX;
}

// ---- writing

// Takes the last `torn` bytes off a file of which we wrote the end; others may write to standard output too.
static void sink_cut(const struct sink *sink, size_t torn)
{
    struct stat stat;
    off_t end = sink->regular && torn > 0 ? lseek(sink->fd, 0, SEEK_CUR) : -1;

    // Should it fail, readers find a torn last block; the first error is what is told.
    if (end < (off_t)torn || fstat(sink->fd, &stat) < 0 || stat.st_size != end)
        return;
    if (ftruncate(sink->fd, end - (off_t)torn) == 0)
        (void)lseek(sink->fd, end - (off_t)torn, SEEK_SET);
}

// How many of the first `done` bytes of the pending blocks are whole blocks, and how many packets those are.
static size_t sink_whole(const struct sink *sink, size_t done, uint64_t *packets)
{
    size_t whole = 0;

    *packets = 0;
    while (!sink->header_due && whole < done) {
        bool packet;
        size_t len = sink->measure(sink->buffer + whole, &packet);

        if (len > done - whole)
            break;
        whole += len;
        *packets += packet;
    }
    return whole;
}

// `done` bytes reached the file; the last of them may lie in the middle of a block, and a frame is not whole.
static int sink_fail(struct sink *sink, size_t done, int err)
{
    uint64_t packets = 0;
    size_t whole = sink->zstd == NULL ? sink_whole(sink, done, &packets) : 0;

    sink->written += whole;
    sink->stored += packets;
    sink->refused += sink->pending - packets;
    sink->pending = 0;
    sink->used = 0;
    sink->error = err;
    sink_cut(sink, done - whole);
    return err;
}

// Standard output may be somebody's that does not block.
static void sink_wait(const struct sink *sink)
{
    struct pollfd pollfd = {.fd = sink->fd, .events = POLLOUT};

    (void)poll(&pollfd, 1, -1);
}

// 0, or -errno with `done` bytes written.
static int sink_put(const struct sink *sink, const uint8_t *bytes, size_t len, size_t *done)
{
    *done = 0;
    while (*done < len) {
        ssize_t n = write(sink->fd, bytes + *done, len - *done);

        if (n > 0)
            *done += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            sink_wait(sink);
        else if (n == 0 || errno != EINTR)
            return n < 0 ? -errno : -EIO;
    }
    return 0;
}

int sink_write(struct sink *sink)
{
    const uint8_t *bytes = sink->buffer;
    size_t len = sink->used;
    size_t done;

    if (sink->error != 0 || len == 0)
        return sink->error;
    if (sink->zstd != NULL) {
        bytes = sink->zstd->frame;
        len = ZSTD_compress2(sink->zstd->context, sink->zstd->frame, sizeof(sink->zstd->frame), sink->buffer,
                             sink->used);
        if (ZSTD_isError(len))
            return sink_fail(sink, 0, -EIO);
    }
    int err = sink_put(sink, bytes, len, &done);
    if (err < 0)
        return sink_fail(sink, done, err);
    sink->written += len;
    sink->stored += sink->pending;
    sink->header_due = false;
    sink->pending = 0;
    sink->used = 0;
    return 0;
}

int sink_close(struct sink *sink)
{
    // Some file systems tell only now that a disk is full.
    if (close(sink->fd) < 0 && errno != EINTR && sink->error == 0)
        sink->error = -errno;
    sink_zstd_free(sink->zstd);
    free(sink->buffer);
    sink->zstd = NULL;
    sink->buffer = NULL;
    return sink->error;
}
