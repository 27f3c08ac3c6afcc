// A sink: blocks collected in memory and written to a file whole.
//
// One thread a sink. A write(2) starts and ends between blocks; short writes and EINTR are continued. After the first
// error nothing more is written, and a regular file is cut back to its last whole block. SIGPIPE and SIGXFSZ are the
// program's to ignore. Does not allocate once it is open.
//
// With zstd, what one sink_write writes is one frame (RFC 8878), which stands for itself: it holds whole blocks, and the
// frames one behind the other are what `zstd -d` reads. A frame is whole in the file or cut off.
#ifndef VOLLEY_CAPTURE_SINK_H
#define VOLLEY_CAPTURE_SINK_H

#include "base/base.h"

#include <stdbool.h>

#define SINK_BLOCK_MAX (1u << 20)
// A kill can stop a write of several pages behind each of them (tried on ext4 and tmpfs: half of all kills do), so a
// block that crosses no such place is never torn. Every kernel's page is a multiple of this.
#define SINK_PAGE 4096u

// The length of the block that starts there, and whether it is a packet.
typedef size_t (*sink_measure)(const uint8_t *block, bool *packet);

struct sink_options {
    const char *path;     // "-": standard output, which is not emptied before and stays open
    sink_measure measure; // used when a write fails half-way
    bool has_header; // what the first sink_write writes: it is kept whole or not at all, and is not measured
    bool zstd;       // so it is anyway where the path ends in ".zst"
};

struct sink {
    // Set by open.
    int fd;
    bool regular;           // the file can be cut
    bool paged;             // its pages matter
    sink_measure measure;   // used when a write fails half-way
    uint8_t *buffer;        // owned
    struct sink_zstd *zstd; // owned; NULL: as it is

    bool header_due;
    size_t used;      // of the buffer: whole blocks not written yet
    uint64_t pending; // packets among them
    uint64_t written; // bytes in the file
    uint64_t stored;  // packets in the file
    uint64_t refused; // packets that came to a sink with an error, or were pending then
    int error;        // the first, as -errno
};

// Creates or truncates the file. The path is borrowed during the call. 0 or -errno.
int sink_open(struct sink *sink, const struct sink_options *options) MUST_USE;

// Whether a file of that name is compressed: it ends in ".zst".
bool sink_is_zstd(const char *path);

// Room for a block of up to `len` bytes, at most SINK_BLOCK_MAX; writes what is pending if it must. NULL after an
// error. Valid until the next call.
uint8_t *sink_reserve(struct sink *sink, size_t len) MUST_USE;

// The reserved place now holds a block of that many bytes.
void sink_commit(struct sink *sink, size_t len, bool packet);

// How long the next block may be without crossing a page of the file; SIZE_MAX if that is no matter.
size_t sink_page_left(const struct sink *sink);

// Writes all pending blocks. 0 or the first -errno.
int sink_write(struct sink *sink);

// Closes without writing what is pending. 0 or the first -errno.
int sink_close(struct sink *sink);

#endif
