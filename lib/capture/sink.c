#include "capture/sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SINK_BUFFER_BYTES SINK_BLOCK_MAX

int sink_open(struct sink *sink, const char *path, sink_measure measure)
{
    struct stat stat;
    int err;

    *sink = (struct sink){.measure = measure};
    sink->buffer = malloc(SINK_BUFFER_BYTES);
    if (sink->buffer == NULL)
        return -ENOMEM;
    sink->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (sink->fd < 0) {
        err = -errno;
        goto err_free_buffer;
    }
    if (fstat(sink->fd, &stat) < 0) {
        err = -errno;
        goto err_close_file;
    }
    sink->regular = S_ISREG(stat.st_mode);
    return 0;

err_close_file:
    close(sink->fd);
err_free_buffer:
    free(sink->buffer);
    return err;
}

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
    return sink->regular ? SINK_PAGE - (sink->written + sink->used) % SINK_PAGE : SIZE_MAX;
}

// `done` bytes of the pending blocks reached the file; the last of them may lie in the middle of a block.
static int sink_fail(struct sink *sink, size_t done, int err)
{
    uint64_t packets = 0;
    size_t whole = 0;
    int cut = 0;

    while (sink->written > 0 && whole < done) {
        bool packet;
        size_t len = sink->measure(sink->buffer + whole, &packet);

        if (len > done - whole)
            break;
        whole += len;
        packets += packet;
    }
    sink->written += whole;
    sink->stored += packets;
    sink->refused += sink->pending - packets;
    sink->pending = 0;
    sink->used = 0;
    sink->error = err;
    if (sink->regular)
        cut = ftruncate(sink->fd, (off_t)sink->written);
    (void)cut; // should it fail too, readers find a torn last block; the first error is what is told
    return err;
}

int sink_write(struct sink *sink)
{
    size_t done = 0;

    if (sink->error != 0)
        return sink->error;
    while (done < sink->used) {
        ssize_t n = write(sink->fd, sink->buffer + done, sink->used - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return sink_fail(sink, done, n < 0 ? -errno : -EIO);
        done += (size_t)n;
    }
    sink->written += sink->used;
    sink->stored += sink->pending;
    sink->pending = 0;
    sink->used = 0;
    return 0;
}

int sink_close(struct sink *sink)
{
    // Some file systems tell only now that a disk is full.
    if (close(sink->fd) < 0 && errno != EINTR && sink->error == 0)
        sink->error = -errno;
    free(sink->buffer);
    sink->buffer = NULL;
    return sink->error;
}
