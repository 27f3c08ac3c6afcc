#define ZSTD_STATIC_LINKING_ONLY // for skippable frames
#include "capture/zstd_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

#define BYTES_MAX  (1u << 20)
#define BLOCKS_MAX 64u

static uint8_t bytes[BYTES_MAX];
static size_t n_bytes;

struct place {
    size_t at;
    bool closable, last;
};

// How a frame is written, and what is in it.
struct row {
    unsigned writes, write_bytes;
    int noise; // of 256 values, so that less than 2 make RLE blocks and 256 raw ones
    bool checksum, sized;
    bool closable;
};

static const struct row rows[] = {
    {1, 10, 256, false, false, true},   {5, 1000, 4, false, false, true},
    {40, 20, 256, false, false, true},  {2, 40000, 1, false, false, true},
    {1, 300000, 4, false, false, true}, {1, 200000, 256, false, false, true},
    {5, 1000, 4, true, false, false},   {5, 1000, 4, false, true, false},
    {1, 0, 4, false, false, true},      {1, 100, 4, true, true, false},
};

static void add(const void *more, size_t len)
{
    assert_true(len <= BYTES_MAX - n_bytes);
    memcpy(bytes + n_bytes, more, len);
    n_bytes += len;
}

static void add_frame(const struct row *row)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    static uint8_t content[300000];
    uint64_t size = (uint64_t)row->writes * row->write_bytes;
    ZSTD_outBuffer out = {bytes, sizeof(bytes), n_bytes};
    ZSTD_inBuffer none = {NULL, 0, 0};

    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, row->checksum);
    ZSTD_CCtx_setPledgedSrcSize(context, row->sized ? size : ZSTD_CONTENTSIZE_UNKNOWN);
    for (unsigned w = 0; w < row->writes; w++) {
        ZSTD_inBuffer in = {content, row->write_bytes, 0};

        for (unsigned i = 0; i < row->write_bytes; i++)
            content[i] = (uint8_t)(random() % row->noise);
        assert_int_equal(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush), 0);
    }
    assert_int_equal(ZSTD_compressStream2(context, &out, &none, ZSTD_e_end), 0);
    n_bytes = out.pos;
    ZSTD_freeCCtx(context);
}

// Walks in steps of at most `step` bytes.
static unsigned walk_all(struct place *places, size_t step)
{
    struct zstd_walk walk;
    unsigned n = 0;

    zstd_walk_init(&walk);
    for (size_t at = 0; at < n_bytes;) {
        bool ends;
        size_t len = step < n_bytes - at ? step : n_bytes - at;
        size_t taken = zstd_walk_on(&walk, bytes + at, len, &ends);

        assert_true(taken >= 1 && taken <= len);
        assert_true(ends || taken == len);
        at += taken;
        if (ends) {
            assert_true(n < BLOCKS_MAX);
            places[n++] = (struct place){at, walk.closable, walk.last};
        }
    }
    return n;
}

// Whether the library takes the first `len` bytes and a closing for a frame.
static bool unpacks_closed(size_t len)
{
    static uint8_t copy[BYTES_MAX], content[BYTES_MAX];

    memcpy(copy, bytes, len);
    memcpy(copy + len, ZSTD_WALK_CLOSING, ZSTD_WALK_CLOSING_BYTES);
    return !ZSTD_isError(ZSTD_decompress(content, sizeof(content), copy, len + ZSTD_WALK_CLOSING_BYTES));
}

// The library is the oracle: a frame can be closed behind each of its blocks, unless it tells a checksum or a size.
static void blocks_end_where_a_frame_can_be_closed(void **state)
{
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
        struct place places[BLOCKS_MAX], others[BLOCKS_MAX];
        unsigned n;

        n_bytes = 0;
        add_frame(&rows[r]);
        n = walk_all(places, n_bytes);
        assert_true(n > rows[r].writes * (rows[r].write_bytes > 0));
        for (size_t step = 1; step < 10; step += 2) {
            assert_int_equal(walk_all(others, step), n);
            for (unsigned i = 0; i < n; i++)
                assert_int_equal(others[i].at, places[i].at);
        }
        for (unsigned i = 0; i < n - 1; i++) {
            assert_false(places[i].last);
            assert_int_equal(places[i].closable, rows[r].closable);
            // Behind all but an empty last block the size holds.
            assert_int_equal(unpacks_closed(places[i].at),
                             rows[r].closable || (!rows[r].checksum && i == n - 2));
            assert_false(unpacks_closed(places[i].at - 1));
        }
        assert_true(places[n - 1].last);
        assert_int_equal(places[n - 1].closable, rows[r].closable);
        assert_int_equal(places[n - 1].at + 4 * rows[r].checksum, n_bytes);
    }
}

static void several_frames(void **state)
{
    static const uint8_t skippable[] = {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3};
    static const uint8_t empty[] = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    struct place places[BLOCKS_MAX];
    size_t first;

    (void)state;
    n_bytes = 0;
    add(skippable, sizeof(skippable));
    add(empty, sizeof(empty));
    add_frame(&rows[1]);
    first = n_bytes;
    add(empty, sizeof(empty));
    add_frame(&rows[6]);
    assert_int_equal(walk_all(places, 3), 12);
    assert_int_equal(places[5].at, first);
    assert_true(places[5].last && places[5].closable && !places[6].closable);
    assert_int_equal(places[11].at, n_bytes - 4);
}

static void what_is_no_zstd_has_no_blocks(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        unsigned blocks;
    } cases[] = {
        {"no zstd at all", 14, 0},
        {"\x28\xb5\x2f\xfd\0\x58\6\0\0more", 13, 0},                  // a reserved type of block
        {"\x28\xb5\x2f\xfd\0\x58\1\0\0and then other things", 30, 1}, // behind a frame
        {"\x28\xb5\x2f\xfd\0\x58\0\0", 8, 0},                         // torn
    };
    struct place places[BLOCKS_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        n_bytes = 0;
        add(cases[i].bytes, cases[i].len);
        assert_int_equal(walk_all(places, 1), cases[i].blocks);
        assert_int_equal(walk_all(places, 100), cases[i].blocks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_end_where_a_frame_can_be_closed),
        cmocka_unit_test(several_frames),
        cmocka_unit_test(what_is_no_zstd_has_no_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
