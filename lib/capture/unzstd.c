#include "capture/unzstd.h"

#include "capture/cursor_format.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define UNZSTD_INPUT_BYTES (128u << 10)

struct unzstd {
    struct capture_reader from;
    ZSTD_DCtx *context;     // owned
    ZSTD_inBuffer in;       // in the memory that `from` is, or in `input`
    uint64_t offset;        // of what is to be read next
    uint64_t unpacked, end; // what was read of the contents, and where they end
    struct unzstd_place whole;
    bool in_frame, ended;
    bool pending; // there may be more to come without further input
    uint8_t input[UNZSTD_INPUT_BYTES];
};

bool unzstd_is(const uint8_t *head, size_t len)
{
    uint32_t magic;

    if (len < sizeof(magic))
        return false;
    magic = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
    return magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

struct unzstd *unzstd_new(const struct capture_reader *from)
{
    struct unzstd *unzstd = malloc(sizeof(*unzstd));

    if (unzstd == NULL)
        return NULL;
    unzstd->from = *from;
    unzstd->context = ZSTD_createDCtx();
    if (unzstd->context == NULL ||
        ZSTD_isError(ZSTD_DCtx_setParameter(unzstd->context, ZSTD_d_windowLogMax, UNZSTD_WINDOW_LOG_MAX))) {
        unzstd_free(unzstd);
        return NULL;
    }
    unzstd->offset = from->memory != NULL ? from->memory_len : from->head_len;
    unzstd->in = (ZSTD_inBuffer){.src = from->memory, .size = from->memory_len};
    unzstd->whole = (struct unzstd_place){0, 0};
    unzstd->unpacked = 0;
    unzstd->end = UINT64_MAX;
    unzstd->in_frame = unzstd->pending = unzstd->ended = false;
    if (from->memory == NULL) {
        memcpy(unzstd->input, from->head, from->head_len);
        unzstd->in = (ZSTD_inBuffer){.src = unzstd->input, .size = from->head_len};
    }
    return unzstd;
}

void unzstd_free(struct unzstd *unzstd)
{
    if (unzstd != NULL)
        ZSTD_freeDCtx(unzstd->context);
    free(unzstd);
}

// More input. Returns as read(2).
static ssize_t unzstd_fill(struct unzstd *unzstd)
{
    ssize_t n;

    if (unzstd->from.memory != NULL)
        return 0;
    n = reader_read(&unzstd->from, unzstd->input, sizeof(unzstd->input), unzstd->offset);
    if (n <= 0)
        return n;
    unzstd->offset += (uint64_t)n;
    unzstd->in = (ZSTD_inBuffer){.src = unzstd->input, .size = (size_t)n};
    return n;
}

ssize_t unzstd_read(struct unzstd *unzstd, uint8_t *to, size_t len)
{
    uint64_t left_of_it = unzstd->end - unzstd->unpacked;
    ZSTD_outBuffer out = {.dst = to, .size = len < left_of_it ? len : (size_t)left_of_it};

    if (left_of_it == 0)
        return 0;
    while (out.pos == 0) {
        size_t left;

        if (unzstd->in.pos == unzstd->in.size && !unzstd->pending) {
            ssize_t n = unzstd_fill(unzstd);

            unzstd->ended = n == 0;
            if (n <= 0)
                return n;
        }
        left = ZSTD_decompressStream(unzstd->context, &out, &unzstd->in);
        if (ZSTD_isError(left))
            return ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge ? -EOVERFLOW
                                                                                       : -EBADMSG;
        unzstd->in_frame = left != 0;
        if (left == 0)
            unzstd->whole = (struct unzstd_place){unzstd->offset - (unzstd->in.size - unzstd->in.pos),
                                                  unzstd->unpacked + out.pos};
        unzstd->pending = out.pos == out.size && left != 0;
    }
    unzstd->unpacked += out.pos;
    return (ssize_t)out.pos;
}

bool unzstd_is_torn(const struct unzstd *unzstd)
{
    return unzstd->ended && unzstd->in_frame;
}

struct unzstd_place unzstd_whole(const struct unzstd *unzstd)
{
    return unzstd->whole;
}

void unzstd_end_at(struct unzstd *unzstd, uint64_t unpacked)
{
    unzstd->end = unpacked;
}

const char *unzstd_error(int err, char *text, size_t size)
{
    if (err == -EBADMSG)
        return "damaged: zstd can't read it";
    if (err == -EOVERFLOW)
        return "compressed with a window of more than 8 MiB: decompress it first, with zstd";
    return strerror_r(-err, text, size);
}
