#include "capture/unzstd.h"

#include "capture/cursor_format.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define UNZSTD_INPUT_BYTES (128u << 10)

struct unzstd {
    struct capture_reader from;
    ZSTD_DCtx *context; // owned
    ZSTD_inBuffer in;   // in the memory that `from` is, or in `input`
    uint64_t offset;    // of what is to be read next
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
    ZSTD_outBuffer out = {.dst = to, .size = len};

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
        unzstd->pending = out.pos == out.size && left != 0;
    }
    return (ssize_t)out.pos;
}

bool unzstd_is_torn(const struct unzstd *unzstd)
{
    return unzstd->ended && unzstd->in_frame;
}

const char *unzstd_error(int err, char *text, size_t size)
{
    if (err == -EBADMSG)
        return "damaged: zstd can't read it";
    if (err == -EOVERFLOW)
        return "compressed with a window of more than 8 MiB: decompress it first, with zstd";
    return strerror_r(-err, text, size);
}
