#include "capture/cursor.h"

#include "capture/cursor_format.h"
#include "capture/unzstd.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

// The first read behind a jump: a few frames, so that jumping about does not read much in vain.
#define CHUNK_MIN 4096u

bool capture_cursor_init(struct capture_cursor *cursor, const struct capture_reader *reader,
                         struct diag *diag)
{
    *cursor = (struct capture_cursor){
        .reader = reader,
        .at = reader->format == READER_PCAP ? READER_HEAD_BYTES : 0,
        .frames = UINT64_MAX,
        .frame_max = CAPTURE_FRAME_MAX,
        .chunk = CHUNK_MIN,
    };
    if (reader->unzstd == NULL && reader->fd < 0)
        return true;
    cursor->buffer = malloc(CURSOR_BUFFER_BYTES);
    if (cursor->buffer == NULL)
        return diag_set(diag, (struct span){0, 0}, "%s: no memory to read it", reader->name);
    if (!reader->seekable) {
        memcpy(cursor->buffer, reader->head, READER_HEAD_BYTES);
        cursor->filled = READER_HEAD_BYTES;
    }
    return true;
}

void capture_cursor_release(struct capture_cursor *cursor)
{
    free(cursor->section.interfaces);
    free(cursor->buffer);
    cursor->section.interfaces = NULL;
    cursor->buffer = NULL;
}

// Adds what comes next to the buffer, up to `goal` bytes in it. False at the end or after an error.
static bool cursor_read(struct capture_cursor *cursor, size_t goal)
{
    ssize_t n = reader_read(cursor->reader, cursor->buffer + cursor->filled, goal - cursor->filled,
                            cursor->base + cursor->filled);

    if (n < 0)
        cursor->error = (int)n;
    if (n <= 0)
        return false;
    cursor->filled += (size_t)n;
    return true;
}

// Makes `offset` the buffer's first byte. False if a stream ends or fails before.
static bool cursor_move(struct capture_cursor *cursor, uint64_t offset)
{
    bool jumps = offset < cursor->base || offset - cursor->base > cursor->filled;

    assert(cursor->reader->seekable || offset >= cursor->base);
    if (jumps && !cursor->reader->seekable) {
        while (offset - cursor->base > cursor->filled) {
            cursor->base += cursor->filled;
            cursor->filled = 0;
            if (!cursor_read(cursor, CURSOR_BUFFER_BYTES))
                return false;
        }
        jumps = false;
    }
    if (jumps) {
        cursor->filled = 0;
        cursor->chunk = CHUNK_MIN;
    } else {
        cursor->filled -= (size_t)(offset - cursor->base);
        memmove(cursor->buffer, cursor->buffer + (offset - cursor->base), cursor->filled);
    }
    cursor->base = offset;
    return true;
}

static const uint8_t *memory_bytes(struct capture_cursor *cursor, uint64_t offset, size_t len)
{
    size_t end = cursor->reader->memory_len;

    if (offset <= end && len <= end - offset)
        return cursor->reader->memory + offset;
    cursor->torn = offset < end;
    return NULL;
}

static bool is_torn(const struct capture_reader *reader)
{
    return reader->unzstd != NULL && unzstd_is_torn(reader->unzstd);
}

const uint8_t *cursor_bytes(struct capture_cursor *cursor, uint64_t offset, size_t len)
{
    size_t goal;

    assert(len <= CURSOR_BUFFER_BYTES);
    if (cursor->buffer == NULL)
        return memory_bytes(cursor, offset, len);
    if (offset >= cursor->base && offset - cursor->base <= cursor->filled &&
        len <= cursor->filled - (offset - cursor->base))
        return cursor->buffer + (offset - cursor->base);
    cursor->error = 0;
    cursor->torn = true;
    if (!cursor_move(cursor, offset))
        return NULL;
    goal = len > cursor->chunk ? len : cursor->chunk;
    if (!cursor->reader->seekable)
        goal = CURSOR_BUFFER_BYTES; // a stream gives what it has
    while (cursor->filled < len)
        if (!cursor_read(cursor, goal)) {
            cursor->torn = cursor->filled > 0 || is_torn(cursor->reader);
            return NULL;
        }
    if (cursor->chunk < CURSOR_BUFFER_BYTES / 2)
        cursor->chunk *= 2;
    return cursor->buffer;
}

enum capture_step cursor_fail(const struct capture_cursor *cursor, struct diag *diag, const char *format, ...)
{
    char what[112];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    diag_set(diag, (struct span){0, 0}, "%s: byte %" PRIu64 ": %s", cursor->reader->name, cursor->at, what);
    return CAPTURE_FAILED;
}

enum capture_step cursor_short(struct capture_cursor *cursor, struct diag *diag)
{
    char text[64];

    if (cursor->error != 0)
        return cursor_fail(cursor, diag, "%s", unzstd_error(cursor->error, text, sizeof(text)));
    cursor->truncated = cursor->torn;
    cursor->truncated_at = cursor->torn ? cursor->at : 0;
    return CAPTURE_END;
}

static enum capture_step cursor_step(struct capture_cursor *cursor, struct capture_record *record,
                                     struct diag *diag)
{
    enum capture_step step;

    if (cursor->ordinal >= cursor->frames || cursor->ended)
        return CAPTURE_END;
    step = cursor->reader->format == READER_PCAP ? cursor_pcap_next(cursor, record, diag)
                                                 : cursor_pcapng_next(cursor, record, diag);
    cursor->ended = step != CAPTURE_RECORD && !cursor->reader->seekable;
    if (unlikely(step == CAPTURE_END && cursor->indexed))
        return cursor_fail(cursor, diag, "the file changed while it was read: it is shorter now");
    return step;
}

enum capture_step capture_cursor_next(struct capture_cursor *cursor, struct capture_record *record,
                                      struct diag *diag)
{
    enum capture_step step = cursor_step(cursor, record, diag);

    if (unlikely(step == CAPTURE_RECORD && record->len > cursor->frame_max))
        return cursor_fail(cursor, diag, "the file changed while it was read: a frame is longer now");
    return step;
}

enum capture_step capture_cursor_skip(struct capture_cursor *cursor, uint64_t n, struct diag *diag)
{
    enum capture_step step = CAPTURE_RECORD;

    for (; n > 0 && step == CAPTURE_RECORD; n--)
        step = cursor_step(cursor, NULL, diag);
    return step;
}
