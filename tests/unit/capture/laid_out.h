// Captures laid out by hand, in either byte order, and what a test expects to read from them.
#ifndef VOLLEY_TEST_LAID_OUT_H
#define VOLLEY_TEST_LAID_OUT_H

#include "capture/index.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#define LAID_OUT_MAX 65536u // a pipe takes as much at once

struct laid_out {
    bool swapped;
    size_t len;
    size_t block; // where the last one started
    uint8_t bytes[LAID_OUT_MAX];
};

static inline void put_bytes(struct laid_out *to, const void *bytes, size_t len)
{
    assert_true(len <= sizeof(to->bytes) - to->len);
    if (len > 0)
        memcpy(to->bytes + to->len, bytes, len);
    to->len += len;
}

static inline void put_u16(struct laid_out *to, unsigned value)
{
    uint16_t v = to->swapped ? __builtin_bswap16((uint16_t)value) : (uint16_t)value;

    put_bytes(to, &v, sizeof(v));
}

static inline void put_u32(struct laid_out *to, uint32_t value)
{
    uint32_t v = to->swapped ? __builtin_bswap32(value) : value;

    put_bytes(to, &v, sizeof(v));
}

static inline void put_filled(struct laid_out *to, unsigned value, size_t len)
{
    uint8_t byte = (uint8_t)value;

    while (len-- > 0)
        put_bytes(to, &byte, 1);
}

static inline void lay_pcap(struct laid_out *to, uint32_t magic, uint32_t link)
{
    put_u32(to, magic);
    put_u16(to, 2);
    put_u16(to, 4);
    put_u32(to, 0);
    put_u32(to, 0);
    put_u32(to, 65535);
    put_u32(to, link);
}

// A frame of `len` bytes, each `value`.
static inline void lay_record(struct laid_out *to, uint32_t s, uint32_t ticks, uint32_t len, unsigned value)
{
    put_u32(to, s);
    put_u32(to, ticks);
    put_u32(to, len);
    put_u32(to, len + 1);
    put_filled(to, value, len);
}

static inline void block_start(struct laid_out *to, uint32_t type)
{
    to->block = to->len;
    put_u32(to, type);
    put_u32(to, 0);
}

static inline void block_end(struct laid_out *to)
{
    size_t end;

    put_filled(to, 0, (4 - to->len % 4) % 4);
    end = to->len;
    to->len = to->block + 4;
    put_u32(to, (uint32_t)(end + 4 - to->block));
    to->len = end;
    put_u32(to, (uint32_t)(end + 4 - to->block));
}

static inline void lay_section(struct laid_out *to, bool swapped)
{
    to->swapped = swapped;
    block_start(to, 0x0a0d0d0a);
    put_u32(to, 0x1a2b3c4d);
    put_u16(to, 1);
    put_u16(to, 0);
    put_filled(to, 0xff, 8);
    block_end(to);
}

// resolution 0: no option; offset_s 0: no option.
static inline void lay_interface(struct laid_out *to, unsigned link, uint32_t snaplen, unsigned resolution,
                                 int64_t offset_s)
{
    block_start(to, 1);
    put_u16(to, link);
    put_u16(to, 0);
    put_u32(to, snaplen);
    if (resolution != 0) {
        put_u16(to, 2); // a name before it
        put_u16(to, 5);
        put_bytes(to, "eth0\0\0\0", 8);
        put_u16(to, 9);
        put_u16(to, 1);
        put_filled(to, resolution, 1);
        put_filled(to, 0, 3);
    }
    if (offset_s != 0) {
        uint64_t v = to->swapped ? __builtin_bswap64((uint64_t)offset_s) : (uint64_t)offset_s;

        put_u16(to, 14);
        put_u16(to, 8);
        put_bytes(to, &v, sizeof(v));
    }
    put_u32(to, 0);
    block_end(to);
}

static inline void lay_packet(struct laid_out *to, uint32_t interface, uint64_t ticks, uint32_t len,
                              unsigned value)
{
    block_start(to, 6);
    put_u32(to, interface);
    put_u32(to, (uint32_t)(ticks >> 32));
    put_u32(to, (uint32_t)ticks);
    put_u32(to, len);
    put_u32(to, len + 1);
    put_filled(to, value, len);
    block_end(to);
}

static inline void lay_old_packet(struct laid_out *to, unsigned interface, uint64_t ticks, uint32_t len,
                                  unsigned value)
{
    block_start(to, 2);
    put_u16(to, interface);
    put_u16(to, 0xffff); // drops
    put_u32(to, (uint32_t)(ticks >> 32));
    put_u32(to, (uint32_t)ticks);
    put_u32(to, len);
    put_u32(to, len + 1);
    put_filled(to, value, len);
    block_end(to);
}

static inline void lay_simple_packet(struct laid_out *to, uint32_t original_len, uint32_t len, unsigned value)
{
    block_start(to, 3);
    put_u32(to, original_len);
    put_filled(to, value, len);
    block_end(to);
}

static inline void lay_other(struct laid_out *to, uint32_t type, size_t len)
{
    block_start(to, type);
    put_filled(to, 0xee, len);
    block_end(to);
}

// All the ways in which bytes reach a reader.
enum source { FROM_MEMORY, FROM_FILE, FROM_PIPE, FROM_ZSTD, SOURCES };

// A copy of its own size, so that a sanitizer sees every byte read behind it.
struct source_of {
    uint8_t *copy;
    int fd;
};

// In frames of up to 100 bytes.
static inline void write_zstd(int fd, const uint8_t *bytes, size_t len)
{
    uint8_t frame[ZSTD_COMPRESSBOUND(100)];
    size_t at = 0;

    do {
        size_t n = len - at < 100 ? len - at : 100;
        size_t size = ZSTD_compress(frame, sizeof(frame), bytes + at, n, 1);

        assert_false(ZSTD_isError(size));
        assert_int_equal(write(fd, frame, size), size);
        at += n;
    } while (at < len);
}

static inline bool open_bytes(struct capture_reader *reader, struct source_of *of, enum source source,
                              const uint8_t *bytes, size_t len, struct diag *diag)
{
    char path[32];
    int ends[2];
    bool ok;

    *of = (struct source_of){.fd = -1};
    *diag = (struct diag){.set = false};
    if (source == FROM_MEMORY) {
        of->copy = malloc(len > 0 ? len : 1);
        assert_non_null(of->copy);
        if (len > 0)
            memcpy(of->copy, bytes, len);
        return capture_reader_from_memory(reader, of->copy, len, diag);
    }
    if (source == FROM_FILE) {
        of->fd = memfd_create("capture", 0);
        assert_int_equal(write(of->fd, bytes, len), len);
    } else if (source == FROM_ZSTD) {
        of->fd = memfd_create("capture", 0);
        write_zstd(of->fd, bytes, len);
    } else {
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], bytes, len), len);
        close(ends[1]);
        of->fd = ends[0];
    }
    snprintf(path, sizeof(path), "/dev/fd/%d", of->fd);
    ok = capture_reader_open(reader, path, diag);
    assert_true(!ok || reader->seekable == (source == FROM_FILE));
    return ok;
}

static inline void close_bytes(struct capture_reader *reader, struct source_of *of)
{
    capture_reader_close(reader);
    if (of->fd >= 0)
        close(of->fd);
    free(of->copy);
}

#endif
