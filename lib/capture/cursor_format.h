// What the files that read captures share: bytes from a cursor's buffer, in either byte order, and its errors.
#ifndef VOLLEY_CAPTURE_CURSOR_FORMAT_H
#define VOLLEY_CAPTURE_CURSOR_FORMAT_H

#include "capture/cursor.h"

#include <string.h>
#include <sys/types.h>

#define PCAPNG_SECTION      0x0a0d0d0au // the same in either byte order
#define PCAPNG_BYTE_ORDER   0x1a2b3c4du
#define CURSOR_BUFFER_BYTES (CAPTURE_FRAME_MAX + 65536u) // a frame and what is around it

static inline uint16_t load16(const uint8_t *p, bool swapped)
{
    uint16_t value;

    memcpy(&value, p, sizeof(value));
    return swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t load32(const uint8_t *p, bool swapped)
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t load64(const uint8_t *p, bool swapped)
{
    uint64_t value;

    memcpy(&value, p, sizeof(value));
    return swapped ? __builtin_bswap64(value) : value;
}

// The word of a section's header by which it tells its byte order. False if it is not that.
static inline bool pcapng_byte_order(const uint8_t *word, bool *swapped)
{
    *swapped = load32(word, true) == PCAPNG_BYTE_ORDER;
    return *swapped || load32(word, false) == PCAPNG_BYTE_ORDER;
}

// read(2) from a stream, pread(2) from a file, or what was compressed; not from memory as it is. Returns how many bytes came, 0 at the end, or -errno.
ssize_t reader_read(const struct capture_reader *reader, uint8_t *to, size_t len, uint64_t offset);

// `len` bytes, at most CURSOR_BUFFER_BYTES, from `offset` of the capture on; valid until the next call. A stream's
// offsets do not go back. NULL if they are not there, of which cursor_short tells why.
const uint8_t *cursor_bytes(struct capture_cursor *cursor, uint64_t offset, size_t len);

// The step that follows from cursor_bytes without bytes: the end, perhaps a torn one, or an error.
enum capture_step cursor_short(struct capture_cursor *cursor, struct diag *diag);

// Always CAPTURE_FAILED, with the capture's name and the place of its next record.
enum capture_step cursor_fail(const struct capture_cursor *cursor, struct diag *diag, const char *format, ...)
    PRINTF(3, 4);

// The next record. NULL: it is stepped over; by an indexed cursor, which knows that it is whole, by its header alone.
enum capture_step cursor_pcap_next(struct capture_cursor *cursor, struct capture_record *record,
                                   struct diag *diag);
enum capture_step cursor_pcapng_next(struct capture_cursor *cursor, struct capture_record *record,
                                     struct diag *diag);

#endif
