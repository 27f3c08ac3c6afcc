// What lies in a file or stream that zstd compressed (RFC 8878): any number of frames, one behind the other.
//
// One thread, and in one direction. Memory is that of a window, at most UNZSTD_WINDOW_MAX, taken while reading.
#ifndef VOLLEY_CAPTURE_UNZSTD_H
#define VOLLEY_CAPTURE_UNZSTD_H

#include "capture/reader.h"

#include <sys/types.h>

#define UNZSTD_WINDOW_LOG_MAX 23 // 8 MiB, as RFC 8878 recommends (3.1.1.1.2); `zstd -19` stays within it

struct unzstd;

// Whether a file that starts so is compressed.
bool unzstd_is(const uint8_t *head, size_t len);

// Reads what `from` holds, of a stream from its head on. Its file or memory is borrowed. NULL: out of memory.
struct unzstd *unzstd_new(const struct capture_reader *from) MUST_USE;
void unzstd_free(struct unzstd *unzstd); // NULL: nothing

// The next bytes, at most `len`. Returns how many came, 0 at the end, or -errno: -EBADMSG for what is damaged,
// -EOVERFLOW for a window that is too large.
ssize_t unzstd_read(struct unzstd *unzstd, uint8_t *to, size_t len) MUST_USE;

// Whether the end was reached, and is in the middle of a frame.
bool unzstd_is_torn(const struct unzstd *unzstd);

// Where the last frame that was read whole ends: in the file, and in what it holds.
struct unzstd_place {
    uint64_t packed, unpacked;
};
struct unzstd_place unzstd_whole(const struct unzstd *unzstd);

// What is read ends there, at a place of what the file holds.
void unzstd_end_at(struct unzstd *unzstd, uint64_t unpacked);

// What is wrong; `size` bytes at `text` are room for it.
const char *unzstd_error(int err, char *text, size_t size);

#endif
