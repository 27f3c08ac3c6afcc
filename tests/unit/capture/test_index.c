#include "laid_out.h"

#define FRAMES 500u

// Frame i: two sections in either byte order, interfaces that come and go, blocks between.
static void lay_frames(struct laid_out *capture)
{
    for (uint32_t i = 0; i < FRAMES; i++) {
        if (i % 250 == 0)
            lay_section(capture, i != 0);
        if (i % 25 == 0)
            lay_interface(capture, i / 25, 0, i / 25 % 2 == 0 ? 9 : 6, 0);
        if (i % 5 == 0)
            lay_other(capture, 4, 20);
        lay_packet(capture, i % 250 / 25, i + 1, i % 50, i % 251);
    }
    lay_other(capture, 5, 8);
}

static void expect_frame(const struct capture_record *record, uint64_t i)
{
    assert_int_equal(record->ordinal, i + 1);
    assert_int_equal(record->len, i % 50);
    assert_int_equal(record->link, i / 25);
    assert_true(record->time_ns == (i / 25 % 2 == 0 ? i + 1 : (i + 1) * 1000));
    for (uint32_t at = 0; at < record->len; at++)
        assert_int_equal(record->bytes[at], i % 251);
}

static struct laid_out frames;

static int setup(void **state)
{
    (void)state;
    frames.len = 0;
    lay_frames(&frames);
    return 0;
}

static void frames_in_any_order(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        enum source source = kind == 0 ? FROM_MEMORY : FROM_FILE;
        struct capture_reader reader;
        struct capture_index index;
        struct capture_cursor cursor;
        struct capture_record record;
        struct source_of of;
        struct diag diag;

        assert_true(open_bytes(&reader, &of, source, frames.bytes, frames.len, &diag));
        assert_true(capture_index_build(&index, &reader, NULL, NULL, &diag));
        assert_int_equal(index.frames, FRAMES);
        assert_int_equal(index.longest, 49);
        assert_false(index.truncated);
        assert_int_equal(index.n_anchors, (FRAMES + 63) / 64);
        assert_int_equal(index.bytes, frames.len);
        if (kind == 2)
            index.bytes = UINT64_MAX; // as if no buffer held all of it
        assert_true(capture_index_cursor(&index, &cursor, &diag));
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_RECORD);
        expect_frame(&record, 0);
        for (uint64_t from = 0; from < FRAMES; from++)
            for (uint64_t step = 1; step < FRAMES; step += 37) {
                uint64_t to = (from * 331 + step) % FRAMES;

                assert_true(capture_index_seek(&index, &cursor, to, &diag));
                for (uint64_t i = to; i < to + 3 && i < FRAMES; i++) {
                    assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_RECORD);
                    expect_frame(&record, i);
                }
            }
        assert_true(capture_index_seek(&index, &cursor, FRAMES - 1, &diag));
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_RECORD);
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_END);
        assert_false(diag.set);
        assert_false(capture_index_seek(&index, &cursor, FRAMES, &diag));
        assert_non_null(strstr(diag.message, "frame 501 of 500"));
        capture_cursor_release(&cursor);
        capture_index_release(&index);
        close_bytes(&reader, &of);
    }
}

struct visits {
    uint64_t n;
    uint64_t until;
};

static bool visit(void *context, const struct capture_record *record, struct diag *diag)
{
    struct visits *visits = context;

    expect_frame(record, visits->n++);
    return visits->n < visits->until || diag_set(diag, (struct span){0, 0}, "enough");
}

static void building_shows_every_frame(void **state)
{
    struct capture_reader reader;
    struct capture_index index;
    struct diag diag = {.set = false};
    struct visits visits = {.until = 1000};

    (void)state;
    assert_true(capture_reader_from_memory(&reader, frames.bytes, frames.len, &diag));
    assert_true(capture_index_build(&index, &reader, visit, &visits, &diag));
    assert_int_equal(visits.n, FRAMES);
    capture_index_release(&index);
    visits = (struct visits){.until = 100};
    assert_false(capture_index_build(&index, &reader, visit, &visits, &diag));
    assert_string_equal(diag.message, "enough");
}

static void streams_have_no_index(void **state)
{
    struct capture_reader reader;
    struct capture_index index;
    struct source_of of;
    struct diag diag;

    (void)state;
    assert_true(open_bytes(&reader, &of, FROM_PIPE, frames.bytes, frames.len, &diag));
    assert_false(capture_index_build(&index, &reader, NULL, NULL, &diag));
    assert_non_null(strstr(diag.message, "a stream; only a file can be read at any place"));
    close_bytes(&reader, &of);
    assert_true(open_bytes(&reader, &of, FROM_ZSTD, frames.bytes, frames.len, &diag));
    assert_false(capture_index_build(&index, &reader, NULL, NULL, &diag));
    assert_non_null(strstr(diag.message, "decompress it first, with zstd"));
    close_bytes(&reader, &of);
}

static void a_torn_frame_is_none(void **state)
{
    struct capture_reader reader;
    struct capture_index index;
    struct diag diag = {.set = false};

    (void)state;
    assert_true(capture_reader_from_memory(&reader, frames.bytes, frames.len - 20 - 1, &diag));
    assert_true(capture_index_build(&index, &reader, NULL, NULL, &diag));
    assert_int_equal(index.frames, FRAMES - 1);
    assert_true(index.truncated);
    // Before it are 20 bytes of statistics and its own block of 32 and 49 bytes.
    assert_int_equal(index.truncated_at, frames.len - 20 - 84);
    capture_index_release(&index);
}

static void an_error_ends_building(void **state)
{
    struct capture_reader reader;
    struct capture_index index;
    struct diag diag = {.set = false};

    (void)state;
    frames.bytes[frames.len - 1] ^= 1;
    assert_true(capture_reader_from_memory(&reader, frames.bytes, frames.len, &diag));
    assert_false(capture_index_build(&index, &reader, NULL, NULL, &diag));
    assert_non_null(strstr(diag.message, "has another length at its end"));
}

// The file gets other contents behind the index's back. Each frame is right, or told to be wrong.
static void files_that_change(void **state)
{
    static struct laid_out other;

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct capture_reader reader;
        struct capture_index index;
        struct capture_cursor cursor;
        struct capture_record record;
        struct source_of of;
        struct diag diag;
        unsigned failed = 0;

        assert_true(open_bytes(&reader, &of, FROM_FILE, frames.bytes, frames.len, &diag));
        assert_true(capture_index_build(&index, &reader, NULL, NULL, &diag));
        index.bytes = UINT64_MAX; // as if no buffer held all of it
        assert_true(capture_index_cursor(&index, &cursor, &diag));
        if (kind == 0)
            assert_int_equal(ftruncate(of.fd, (off_t)frames.len / 2), 0);
        if (kind == 1)
            assert_int_equal(ftruncate(of.fd, 0), 0);
        if (kind >= 2) {
            other.len = 0;
            lay_section(&other, false);
            if (kind == 2)
                while (other.len < frames.len - 100)
                    lay_interface(&other, 7, 0, 0, 0);
            lay_interface(&other, 7, 0, 0, 0);
            while (other.len < frames.len - 100)
                lay_packet(&other, 0, 0, 48, 1);
            lay_packet(&other, 0, 0, 50, 1);
            assert_int_equal(pwrite(of.fd, other.bytes, other.len, 0), other.len);
        }
        for (uint64_t i = 0; i < FRAMES; i++) {
            uint64_t frame = i * 331 % FRAMES;

            diag.set = false;
            if (!capture_index_seek(&index, &cursor, frame, &diag) ||
                capture_cursor_next(&cursor, &record, &diag) != CAPTURE_RECORD) {
                failed++;
                assert_true(diag.set);
            } else {
                assert_int_equal(record.ordinal, frame + 1);
                assert_true(record.len <= index.longest);
            }
        }
        assert_true(failed > FRAMES / 3);
        capture_cursor_release(&cursor);
        capture_index_release(&index);
        close_bytes(&reader, &of);
    }
}

// A file that is still being written to: the index holds to what it saw.
static void files_that_grow(void **state)
{
    struct capture_reader reader;
    struct capture_index index;
    struct capture_cursor cursor;
    struct capture_record record;
    struct source_of of;
    struct diag diag;

    (void)state;
    assert_true(open_bytes(&reader, &of, FROM_FILE, frames.bytes, frames.len, &diag));
    assert_true(capture_index_build(&index, &reader, NULL, NULL, &diag));
    assert_true(capture_index_cursor(&index, &cursor, &diag));
    assert_int_equal(write(of.fd, frames.bytes, frames.len), frames.len);
    assert_true(capture_index_seek(&index, &cursor, FRAMES - 1, &diag));
    assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_RECORD);
    assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_END);
    capture_cursor_release(&cursor);
    capture_index_release(&index);
    close_bytes(&reader, &of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(frames_in_any_order, setup),
        cmocka_unit_test_setup(building_shows_every_frame, setup),
        cmocka_unit_test_setup(streams_have_no_index, setup),
        cmocka_unit_test_setup(a_torn_frame_is_none, setup),
        cmocka_unit_test_setup(an_error_ends_building, setup),
        cmocka_unit_test_setup(files_that_change, setup),
        cmocka_unit_test_setup(files_that_grow, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
