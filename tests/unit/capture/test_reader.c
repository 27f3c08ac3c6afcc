#include "laid_out.h"

#include "capture/capture.h"

struct frame {
    uint32_t len, original_len;
    uint64_t time_ns;
    uint32_t link;
    unsigned value; // of each byte
};

// Reads all from each source; fails unless that gives exactly these frames.
static void expect_frames(const struct laid_out *from, const struct frame *frames, size_t n)
{
    for (enum source source = 0; source < SOURCES; source++) {
        struct capture_reader reader;
        struct capture_cursor cursor;
        struct capture_record record;
        struct source_of of;
        struct diag diag;

        assert_true(open_bytes(&reader, &of, source, from->bytes, from->len, &diag));
        assert_true(capture_cursor_init(&cursor, &reader, &diag));
        for (size_t i = 0; i < n; i++) {
            if (capture_cursor_next(&cursor, &record, &diag) != CAPTURE_RECORD)
                fail_msg("frame %zu: %s", i, diag.message);
            assert_int_equal(record.len, frames[i].len);
            assert_int_equal(record.original_len, frames[i].original_len);
            assert_true(record.time_ns == frames[i].time_ns);
            assert_int_equal(record.link, frames[i].link);
            assert_int_equal(record.ordinal, i + 1);
            for (uint32_t at = 0; at < record.len; at++)
                assert_int_equal(record.bytes[at], frames[i].value);
        }
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_END);
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_END);
        assert_false(cursor.truncated);
        capture_cursor_release(&cursor);
        close_bytes(&reader, &of);
    }
}

static void pcap_in_all_kinds(void **state)
{
    static const struct {
        uint32_t magic, tick_ns;
    } kinds[] = {{0xa1b2c3d4, 1000}, {0xa1b23c4d, 1}};

    (void)state;
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(kinds); i++) {
        struct laid_out capture = {.swapped = i % 2 != 0};
        const uint64_t tick = kinds[i / 2].tick_ns;
        const struct frame frames[] = {
            {60, 61, 1600000000000000000u + 999999 * tick, 228, 0xab},
            {0, 1, UINT32_MAX * UINT64_C(1000000000) + UINT32_MAX * tick, 228, 0},
            {1, 2, 0, 228, 7},
        };

        lay_pcap(&capture, kinds[i / 2].magic, 0x2c0000e4); // with checksums of 2 words, says the upper half
        lay_record(&capture, 1600000000, 999999, 60, 0xab);
        lay_record(&capture, UINT32_MAX, UINT32_MAX, 0, 0);
        lay_record(&capture, 0, 0, 1, 7);
        expect_frames(&capture, frames, ARRAY_SIZE(frames));
    }
}

static void pcapng_in_all_kinds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        static struct laid_out capture;
        const struct frame frames[] = {
            {5, 6, 1600000000123456000, 1, 1},
            {6, 7, 1600000000123456789, 101, 2},
            {7, 8, 1600000000123456789, 101, 3},
            {40, 1000, 0, 1, 4},
            {10, 10, 0, 1, 5},
            {9, 10, 1600000000500000000, 113, 6},
            {0, 1, 1600000000123000000, 65535, 7},
            {5, 6, 0, 1, 8},
        };

        capture.len = 0;
        lay_section(&capture, i % 2 != 0);
        lay_interface(&capture, 1, 40, 0, 0);
        lay_packet(&capture, 0, 1600000000123456, 5, 1);
        lay_other(&capture, 5, 8);
        lay_interface(&capture, 101, 0, 9, 0);
        lay_packet(&capture, 1, 1600000000123456789, 6, 2);
        lay_old_packet(&capture, 1, 1600000000123456789, 7, 3);
        lay_simple_packet(&capture, 1000, 40, 4);
        lay_simple_packet(&capture, 10, 10, 5);
        lay_other(&capture, 0xbad, 400);
        lay_other(&capture, 0x80000001, 0);
        lay_section(&capture, i / 2 != 0); // interfaces start anew
        lay_interface(&capture, 113, 0, 0x81, 0);
        lay_interface(&capture, 65535, 0, 3, 0);
        lay_interface(&capture, 1, 0, 3, 0);
        lay_packet(&capture, 0, 3200000001, 9, 6);
        lay_packet(&capture, 1, 1600000000123, 0, 7);
        lay_packet(&capture, 2, 0, 5, 8);
        expect_frames(&capture, frames, ARRAY_SIZE(frames));
    }
}

static void pcapng_times(void **state)
{
    static const struct {
        unsigned resolution;
        int64_t offset_s;
        uint64_t ticks, time_ns;
    } times[] = {
        {6, 0, 1, 1000},
        {12, 0, 1999, 1},
        {127, 0, UINT64_MAX, 0},
        {0x80, 5, 3, 8000000000},
        {0x80 | 32, 0, (uint64_t)7 << 32 | 0x80000000, 7500000000},
        {0xff, 0, UINT64_MAX, 0},
        {9, 1600000000, 1, 1600000000000000001},
        {9, -1, 1000000001, 1},
        {9, -2, 1000000001, 0}, // before 1970
        {1, 0, UINT64_MAX, 0},  // and long after
        {9, INT64_MAX, UINT64_MAX, 0},
        {9, INT64_MIN, UINT64_MAX, 0},
        {9, 0, UINT64_MAX, UINT64_MAX},
    };

    (void)state;
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(times); i++) {
        struct laid_out capture = {.len = 0};
        const struct frame frame = {1, 2, times[i / 2].time_ns, 1, 0};

        lay_section(&capture, i % 2 != 0);
        lay_interface(&capture, 1, 0, times[i / 2].resolution, times[i / 2].offset_s);
        lay_packet(&capture, 0, times[i / 2].ticks, 1, 0);
        expect_frames(&capture, &frame, 1);
    }
}

// --- What is refused ---------------------------------------------------------------------------------------------

// The message of the first failure, be it of opening or of reading; fails if there is none, or if sources differ.
static void expect_failure(const struct laid_out *from, const char *message)
{
    for (enum source source = 0; source < SOURCES; source++) {
        struct capture_reader reader;
        struct capture_cursor cursor;
        struct capture_record record;
        struct source_of of;
        struct diag diag;
        enum capture_step step = CAPTURE_FAILED;

        if (open_bytes(&reader, &of, source, from->bytes, from->len, &diag)) {
            assert_true(capture_cursor_init(&cursor, &reader, &diag));
            while ((step = capture_cursor_next(&cursor, &record, &diag)) == CAPTURE_RECORD)
                ;
            capture_cursor_release(&cursor);
        }
        assert_int_equal(step, CAPTURE_FAILED);
        assert_true(diag.set);
        assert_non_null(strchr(diag.message, ':'));
        assert_string_equal(strchr(diag.message, ':') + 2, message);
        close_bytes(&reader, &of);
    }
}

static void refuse_bytes(const void *bytes, size_t len, const char *message)
{
    struct laid_out capture = {.len = 0};

    put_bytes(&capture, bytes, len);
    expect_failure(&capture, message);
}

static void what_is_no_capture(void **state)
{
    (void)state;
    refuse_bytes("", 0, "empty, without even a header");
    refuse_bytes("x", 1, "neither pcap nor pcapng");
    refuse_bytes("IP(dst=\"192.0.2.1\")/ICMP()\n", 27, "neither pcap nor pcapng");
    refuse_bytes("\x1f\x8b\x08\0\0\0\0\0\0\3", 10, "compressed with gzip");
    refuse_bytes("\xfd\x37zXZ\0", 6, "compressed with xz");
    refuse_bytes("BZh91AY", 7, "compressed with bzip2");
    refuse_bytes("snoop\0\0\0\0\0\0\2", 12, "a snoop capture, neither pcap nor pcapng");
    refuse_bytes("\xd4\xc3\xb2\xa1\2\0\4\0", 8, "its header is cut short");
    refuse_bytes("\xd4\xc3\xb2\xa1\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24,
                 "pcap of version 1.4; only 2.4 is read");
    refuse_bytes("\x0a\x0d\x0d\x0a\x1c\0\0\0", 8, "its header is cut short");
    refuse_bytes("\x0a\x0d\x0d\x0a\x1c\0\0\0\1\2\3\4\1\0\0\0\1\2\3\4\1\2\3\4\1\2\3\4", 28,
                 "neither pcap nor pcapng");
}

static void opening_fails(void **state)
{
    char path[300];
    struct capture_reader reader;
    struct diag diag = {.set = false};

    (void)state;
    assert_false(capture_reader_open(&reader, "/nowhere/file", &diag));
    assert_string_equal(diag.message, "/nowhere/file: No such file or directory");
    diag.set = false;
    assert_false(capture_reader_open(&reader, "/", &diag));
    assert_string_equal(diag.message, "/: a directory, not a capture");
    diag.set = false;
    assert_false(capture_reader_open(&reader, "/dev/null", &diag));
    assert_string_equal(diag.message, "/dev/null: empty, without even a header");
    memset(path, 'x', sizeof(path));
    strcpy(path + sizeof(path) - 12, "\x1b[2J/a.pcap");
    diag.set = false;
    assert_false(capture_reader_open(&reader, path, &diag));
    assert_non_null(strstr(diag.message, "x?[2J/a.pcap: File name too long"));
    assert_ptr_equal(strstr(diag.message, "..."), diag.message);
}

static void a_hint_says_how_to_decompress(void **state)
{
    struct capture_reader reader;
    struct diag diag = {.set = false};

    (void)state;
    assert_false(capture_reader_from_memory(&reader, (const uint8_t *)"\x1f\x8b\x08", 3, &diag));
    assert_string_equal(diag.hint, "decompress it first, with gzip");
}

static void frames_that_are_too_long(void **state)
{
    struct laid_out capture = {.len = 0};

    (void)state;
    lay_pcap(&capture, 0xa1b2c3d4, 1);
    lay_record(&capture, 0, 0, 4, 1);
    put_u32(&capture, 0);
    put_u32(&capture, 0);
    put_u32(&capture, 262145);
    put_u32(&capture, 262145);
    expect_failure(&capture, "byte 44: a frame of 262145 bytes; 262144 are the most");
}

// A section and an interface of 28 + 24 bytes, then a block of these words.
static void refuse_block(const uint32_t *words, size_t n, const char *message)
{
    for (unsigned i = 0; i < 2; i++) {
        struct laid_out capture = {.len = 0};

        lay_section(&capture, i != 0);
        lay_interface(&capture, 1, 0, 0, 0);
        for (size_t w = 0; w < n; w++)
            put_u32(&capture, words[w]);
        expect_failure(&capture, message);
    }
}

#define REFUSE(message, ...) \
    refuse_block((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4, message)

static void blocks_that_are_wrong(void **state)
{
    (void)state;
    REFUSE("byte 52: a block of type 7 cannot have 8 bytes", 7, 8, 8);
    REFUSE("byte 52: a block of type 7 cannot have 0 bytes", 7, 0, 0);
    REFUSE("byte 52: a block of type 7 cannot have 13 bytes", 7, 13, 0, 13);
    REFUSE("byte 52: a block of type 6 cannot have 28 bytes", 6, 28, 0, 0, 0, 0, 28);
    REFUSE("byte 52: a block of type 3 cannot have 12 bytes", 3, 12, 12);
    REFUSE("byte 52: a block of type 1 cannot have 16 bytes", 1, 16, 1, 16);
    REFUSE("byte 52: a block of type 168627466 cannot have 24 bytes", 0x0a0d0d0a, 24, 0x1a2b3c4d, 1, 0, 24);
    REFUSE("byte 52: a block of 16777220 bytes; 16777216 are the most", 7, 16777220, 0);
    REFUSE("byte 52: a block of 12 bytes has another length at its end", 7, 12, 16);
    REFUSE("byte 52: a section without a byte order", 0x0a0d0d0a, 28, 0, 0, 0, 0, 28);
    REFUSE("byte 52: a frame of 1 bytes in a block of 32", 6, 32, 0, 0, 0, 1, 1, 32);
    REFUSE("byte 52: a frame of 262145 bytes; 262144 are the most", 6, 32, 0, 0, 0, 262145, 1, 32);
    REFUSE("byte 52: a frame of 5 bytes in a block of 20", 3, 20, 5, 0, 20);
    REFUSE("byte 52: a frame of interface 1, of which nothing was said", 6, 32, 1, 0, 0, 0, 0, 32);
}

// Interfaces end with their section.
static void interfaces_of_another_section(void **state)
{
    struct laid_out capture = {.len = 0};

    (void)state;
    lay_section(&capture, false);
    lay_interface(&capture, 1, 0, 0, 0);
    lay_section(&capture, false);
    lay_packet(&capture, 0, 0, 1, 1);
    expect_failure(&capture, "byte 80: a frame of interface 0, of which nothing was said");
}

static void sections_of_the_future(void **state)
{
    struct laid_out capture = {.len = 0};

    (void)state;
    lay_section(&capture, false);
    capture.bytes[12] = 2;
    expect_failure(&capture, "byte 0: pcapng of version 2.0; only 1.0 is read");
}

static void too_many_interfaces(void **state)
{
    const size_t n = 65537, size = 28 + 20 * n;
    uint8_t *bytes = malloc(size);
    struct laid_out capture = {.len = 0};
    struct capture_reader reader;
    struct capture_cursor cursor;
    struct capture_record record;
    struct diag diag = {.set = false};

    (void)state;
    assert_non_null(bytes);
    lay_section(&capture, false);
    block_start(&capture, 1);
    put_filled(&capture, 0, 8);
    block_end(&capture);
    memcpy(bytes, capture.bytes, 28);
    for (size_t i = 0; i < n; i++)
        memcpy(bytes + 28 + 20 * i, capture.bytes + 28, 20);
    assert_true(capture_reader_from_memory(&reader, bytes, size, &diag));
    assert_true(capture_cursor_init(&cursor, &reader, &diag));
    assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_FAILED);
    assert_non_null(strstr(diag.message, "a section of more than 65536 interfaces"));
    capture_cursor_release(&cursor);
    free(bytes);
}

// --- What is torn or nonsense ------------------------------------------------------------------------------------

// Reads what there is, and seeks about if it can; returns how many frames there are. The bytes of each are looked at.
static uint64_t read_all(struct capture_reader *reader, bool *truncated, uint64_t *truncated_at)
{
    struct capture_cursor cursor;
    struct capture_record record;
    struct diag diag = {.set = false};
    uint64_t frames = 0;
    uint64_t sum = 0;
    enum capture_step step;

    assert_true(capture_cursor_init(&cursor, reader, &diag));
    while ((step = capture_cursor_next(&cursor, &record, &diag)) == CAPTURE_RECORD) {
        for (uint32_t i = 0; i < record.len; i++)
            sum += record.bytes[i];
        frames++;
    }
    assert_int_equal(step == CAPTURE_FAILED, diag.set);
    *truncated = cursor.truncated;
    *truncated_at = cursor.truncated_at;
    capture_cursor_release(&cursor);
    assert_true(sum < UINT64_MAX);
    return frames;
}

static void seek_about(struct capture_reader *reader)
{
    struct capture_index index;
    struct capture_cursor cursor;
    struct capture_record record;
    struct diag diag = {.set = false};

    if (!capture_index_build(&index, reader, NULL, NULL, &diag)) {
        assert_true(diag.set);
        return;
    }
    assert_true(capture_index_cursor(&index, &cursor, &diag));
    for (uint64_t i = 0; i < index.frames; i++) {
        uint64_t frame = i * 7 % index.frames;

        assert_true(capture_index_seek(&index, &cursor, frame, &diag));
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_RECORD);
        assert_int_equal(record.ordinal, frame + 1);
    }
    capture_cursor_release(&cursor);
    capture_index_release(&index);
}

struct end {
    size_t at;     // where a block ends
    bool is_frame; // which that is
};

// Fails unless every beginning of the capture holds the frames that are whole in it. The first end is the header's.
static void tear(const struct laid_out *capture, const struct end *ends, size_t n)
{
    for (size_t len = 0; len <= capture->len; len++) {
        size_t whole = 0;
        uint64_t frames = 0;

        while (whole < n && ends[whole].at <= len)
            frames += ends[whole++].is_frame;
        for (enum source source = 0; source < SOURCES; source++) {
            struct capture_reader reader;
            struct source_of of;
            struct diag diag;
            bool truncated = true;
            uint64_t at = 0;

            if (open_bytes(&reader, &of, source, capture->bytes, len, &diag)) {
                assert_int_equal(read_all(&reader, &truncated, &at), frames);
                if (whole > 0) {
                    assert_int_equal(truncated, len != ends[whole - 1].at);
                    assert_int_equal(at, truncated ? ends[whole - 1].at : 0);
                }
                if (reader.seekable)
                    seek_about(&reader);
            } else {
                assert_int_equal(whole, 0);
                assert_true(diag.set);
            }
            close_bytes(&reader, &of);
        }
    }
}

static void torn_at_every_byte(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct laid_out pcap = {.swapped = i != 0};
        struct laid_out pcapng = {.len = 0};
        struct end pcap_ends[4], ends[9];
        size_t n = 0;

        lay_pcap(&pcap, 0xa1b2c3d4, 1);
        pcap_ends[0] = (struct end){pcap.len, false};
        for (uint32_t k = 1; k < 4; k++) {
            lay_record(&pcap, k, k, 11 * k, k);
            pcap_ends[k] = (struct end){pcap.len, true};
        }
        tear(&pcap, pcap_ends, 4);

        lay_section(&pcapng, i != 0);
        ends[n++] = (struct end){pcapng.len, false};
        lay_interface(&pcapng, 1, 0, 9, 5);
        ends[n++] = (struct end){pcapng.len, false};
        lay_packet(&pcapng, 0, 1, 13, 1);
        ends[n++] = (struct end){pcapng.len, true};
        lay_other(&pcapng, 4, 12);
        ends[n++] = (struct end){pcapng.len, false};
        lay_simple_packet(&pcapng, 7, 7, 2);
        ends[n++] = (struct end){pcapng.len, true};
        lay_old_packet(&pcapng, 0, 1, 3, 3);
        ends[n++] = (struct end){pcapng.len, true};
        lay_section(&pcapng, i == 0);
        ends[n++] = (struct end){pcapng.len, false};
        lay_interface(&pcapng, 1, 0, 0, 0);
        ends[n++] = (struct end){pcapng.len, false};
        lay_packet(&pcapng, 0, 1, 1, 4);
        ends[n++] = (struct end){pcapng.len, true};
        tear(&pcapng, ends, n);
    }
}

static void read_nonsense(const struct laid_out *capture)
{
    for (enum source source = 0; source < SOURCES; source++) {
        struct capture_reader reader;
        struct source_of of;
        struct diag diag;
        bool truncated;
        uint64_t at;

        if (open_bytes(&reader, &of, source, capture->bytes, capture->len, &diag)) {
            (void)read_all(&reader, &truncated, &at);
            if (reader.seekable)
                seek_about(&reader);
        }
        close_bytes(&reader, &of);
    }
}

static void every_byte_wrong(void **state)
{
    static const uint8_t values[] = {0, 1, 4, 0x7f, 0x80, 0xff};
    static struct laid_out pcap, pcapng;

    (void)state;
    lay_pcap(&pcap, 0xa1b2c3d4, 1);
    lay_record(&pcap, 1, 2, 10, 3);
    lay_record(&pcap, 1, 2, 10, 3);
    lay_section(&pcapng, true);
    lay_interface(&pcapng, 1, 0, 9, 5);
    lay_packet(&pcapng, 0, 1, 5, 1);
    lay_simple_packet(&pcapng, 7, 7, 2);
    lay_old_packet(&pcapng, 0, 1, 3, 3);
    for (unsigned i = 0; i < 2; i++) {
        struct laid_out *capture = i == 0 ? &pcap : &pcapng;

        for (size_t at = 0; at < capture->len; at++)
            for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
                uint8_t was = capture->bytes[at];

                capture->bytes[at] = values[v];
                read_nonsense(capture);
                capture->bytes[at] = was;
            }
    }
}

// --- Files -------------------------------------------------------------------------------------------------------

static uint8_t packet_bytes[262144];

// Packet i of a capture: its length and bytes follow from i; a few are as long as can be.
static struct capture_packet packet_of(uint64_t i)
{
    uint32_t len =
        i % 997 == 996 ? (uint32_t)sizeof(packet_bytes) : (uint32_t)(i % 7 == 6 ? 1000 + i % 500 : i % 150);

    memset(packet_bytes, (int)(i % 251), len);
    return (struct capture_packet){
        .data = packet_bytes,
        .len = len,
        .side = i % 2 == 0 ? CAPTURE_TX : CAPTURE_RX,
        .time_ns = 1795325138123456789u + i * 999,
        .packet_id = i,
        .comment = i % 3 == 0 ? NULL : "probe 1, answered",
    };
}

static void write_capture(const char *path, enum capture_format format, uint64_t n)
{
    const struct capture_options options = {.format = format, .port_name = "x", .application = "y"};
    const struct capture_statistics statistics = {.start_ns = 1};
    struct capture *capture = NULL;

    assert_int_equal(capture_open(&capture, path, &options), 0);
    for (uint64_t i = 0; i < n; i++) {
        const struct capture_packet packet = packet_of(i);

        assert_int_equal(capture_add(capture, &packet), 0);
    }
    assert_int_equal(capture_close(capture, &statistics), 0);
}

static void expect_packet(const struct capture_record *record, uint64_t i)
{
    const struct capture_packet wanted = packet_of(i);

    assert_int_equal(record->ordinal, i + 1);
    assert_int_equal(record->len, wanted.len);
    assert_int_equal(record->original_len, wanted.len);
    assert_true(record->time_ns == wanted.time_ns);
    assert_int_equal(record->link, 1);
    if (wanted.len > 0)
        assert_memory_equal(record->bytes, wanted.data, wanted.len);
}

static void our_own_read_back(void **state)
{
    const uint64_t n = 5000;
    char path[] = "/tmp/test_reader.XXXXXX";
    char command[64];

    (void)state;
    close(mkstemp(path));
    snprintf(command, sizeof(command), "cat %s", path);
    for (unsigned i = 0; i < 4; i++) {
        struct capture_reader reader;
        struct capture_cursor cursor;
        struct capture_record record;
        struct diag diag = {.set = false};
        bool piped = i / 2 != 0;
        char name[32];
        FILE *cat = NULL;

        write_capture(path, i % 2 == 0 ? CAPTURE_PCAPNG : CAPTURE_PCAP, n);
        if (piped) {
            cat = popen(command, "r");
            assert_non_null(cat);
            snprintf(name, sizeof(name), "/dev/fd/%d", fileno(cat));
        }
        assert_true(capture_reader_open(&reader, piped ? name : path, &diag));
        assert_true(reader.seekable == !piped);
        assert_true(capture_cursor_init(&cursor, &reader, &diag));
        for (uint64_t k = 0; k < n; k++) {
            assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_RECORD);
            expect_packet(&record, k);
        }
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_END);
        assert_false(cursor.truncated);
        capture_cursor_release(&cursor);
        capture_reader_close(&reader);
        if (piped)
            assert_int_equal(pclose(cat), 0);
    }
    unlink(path);
}

// --- What a packet says besides ----------------------------------------------------------------------------------

static void put_option(struct laid_out *to, unsigned code, const void *value, unsigned len)
{
    put_u16(to, code);
    put_u16(to, len);
    put_bytes(to, value, len);
    put_filled(to, 0, (4 - len % 4) % 4);
}

static void lay_named_interface(struct laid_out *to, const char *name)
{
    block_start(to, 1);
    put_u32(to, 1);
    put_u32(to, 0);
    put_option(to, 2, name, (unsigned)strlen(name));
    block_end(to);
}

// A packet of 3 bytes with these options behind it. `type` 6 or 2.
static void lay_told(struct laid_out *to, uint32_t type, uint32_t interface, const void *options, size_t len)
{
    block_start(to, type);
    if (type == 6)
        put_u32(to, interface);
    else
        put_u16(to, interface), put_u16(to, 0);
    put_u32(to, 0);
    put_u32(to, 1);
    put_u32(to, 3);
    put_u32(to, 3);
    put_bytes(to, "abc\0", 4);
    put_bytes(to, options, len);
    block_end(to);
}

#define TELLS(direction, has, id, comment) direction, has, id, comment, sizeof(comment) - 1

static const struct told {
    uint32_t type, interface;
    const char *options; // of a little-endian section
    size_t len;
    enum capture_direction direction;
    bool has_packet_id;
    uint64_t packet_id;
    const char *comment; // "": none
    size_t comment_len;
} told[] = {
#define OPTIONS(text) text, sizeof(text) - 1
    {6, 0, OPTIONS(""), TELLS(CAPTURE_OUTBOUND, false, 0, "")},
    {6, 1, OPTIONS(""), TELLS(CAPTURE_INBOUND, false, 0, "")},
    {6, 2, OPTIONS(""), TELLS(CAPTURE_UNDIRECTED, false, 0, "")},
    {2, 1, OPTIONS(""), TELLS(CAPTURE_INBOUND, false, 0, "")},
    {6, 0, OPTIONS("\2\0\4\0\1\0\0\0"), TELLS(CAPTURE_INBOUND, false, 0, "")}, // flags say more than names
    {6, 1, OPTIONS("\2\0\4\0\xfe\1\0\0"), TELLS(CAPTURE_OUTBOUND, false, 0, "")},
    {6, 1, OPTIONS("\2\0\4\0\0\0\0\0"), TELLS(CAPTURE_INBOUND, false, 0, "")},
    {6, 1, OPTIONS("\2\0\4\0\3\0\0\0"), TELLS(CAPTURE_INBOUND, false, 0, "")},
    {6, 0, OPTIONS("\2\0\3\0\1\0\0\0"), TELLS(CAPTURE_OUTBOUND, false, 0, "")}, // flags of 3 bytes
    {6, 2, OPTIONS("\5\0\x8\0\x11\0\0\0\0\0\0\x80"), TELLS(CAPTURE_UNDIRECTED, true, 0x8000000000000011, "")},
    {6, 2, OPTIONS("\5\0\7\0\1\2\3\4\5\6\7\0"), TELLS(CAPTURE_UNDIRECTED, false, 0, "")},
    {2, 2, OPTIONS("\5\0\x8\0\1\0\0\0\0\0\0\0"), TELLS(CAPTURE_UNDIRECTED, false, 0, "")}, // had none
    {6, 2, OPTIONS("\1\0\2\0\xff\0\0\0"), TELLS(CAPTURE_UNDIRECTED, false, 0, "\xff\0")},
    {6, 2, OPTIONS("\1\0\2\0hi\0\0\1\0\1\0x\0\0\0"), TELLS(CAPTURE_UNDIRECTED, false, 0, "hi")}, // the first
    {6, 2, OPTIONS("\1\0\5\0hi\0\0"), TELLS(CAPTURE_UNDIRECTED, false, 0, "")}, // longer than the block
    {6, 2, OPTIONS("\1\0\xff\xffhi\0\0"), TELLS(CAPTURE_UNDIRECTED, false, 0, "")},
    {6, 2, OPTIONS("\0\0\0\0\1\0\2\0hi\0\0"), TELLS(CAPTURE_UNDIRECTED, false, 0, "")}, // behind the end
    {6, 2, OPTIONS("\x34\x12\1\0z\0\0\0\5\0\x8\0\7\0\0\0\0\0\0\0\1\0\3\0abc\0\0\0\0\0"),
     TELLS(CAPTURE_UNDIRECTED, true, 7, "abc")},
};

static void what_packets_say(void **state)
{
    static struct laid_out capture;

    (void)state;
    lay_section(&capture, false);
    lay_named_interface(&capture, "tx:eth0");
    lay_named_interface(&capture, "rx:");
    lay_named_interface(&capture, "rx");
    for (size_t i = 0; i < ARRAY_SIZE(told); i++)
        lay_told(&capture, told[i].type, told[i].interface, told[i].options, told[i].len);
    for (enum source source = 0; source < SOURCES; source++) {
        struct capture_reader reader;
        struct capture_cursor cursor;
        struct capture_record record;
        struct source_of of;
        struct diag diag;

        assert_true(open_bytes(&reader, &of, source, capture.bytes, capture.len, &diag));
        assert_true(capture_cursor_init(&cursor, &reader, &diag));
        for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
            assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_RECORD);
            assert_int_equal(record.direction, told[i].direction);
            assert_int_equal(record.has_packet_id, told[i].has_packet_id);
            assert_true(record.packet_id == told[i].packet_id);
            assert_int_equal(record.comment_len, told[i].comment_len);
            assert_int_equal(record.comment != NULL, told[i].comment_len > 0);
            if (record.comment != NULL)
                assert_memory_equal(record.comment, told[i].comment, record.comment_len);
        }
        assert_int_equal(capture_cursor_next(&cursor, &record, &diag), CAPTURE_END);
        capture_cursor_release(&cursor);
        close_bytes(&reader, &of);
    }
}

// --- Compressed --------------------------------------------------------------------------------------------------

// Fails unless every beginning of a compressed capture either ends between its frames or is torn.
static void compressed_torn_at_every_byte(void **state)
{
    static struct laid_out capture, whole;
    static uint8_t frame[ZSTD_COMPRESSBOUND(LAID_OUT_MAX)];
    size_t ends[4], n = 0;

    (void)state;
    lay_pcap(&capture, 0xa1b2c3d4, 1);
    for (uint32_t k = 0; k < 4; k++) {
        size_t size = ZSTD_compress(frame, sizeof(frame), capture.bytes, capture.len, 3);

        put_bytes(&whole, frame, size);
        ends[n++] = whole.len;
        capture.len = 0;
        lay_record(&capture, k, k, 11 * k, k);
    }
    for (size_t len = 0, past = 0; len <= whole.len; len++) {
        struct capture_reader reader;
        struct diag diag = {.set = false};
        bool truncated;
        uint64_t at;

        past += past < n && len == ends[past];
        if (!capture_reader_from_memory(&reader, whole.bytes, len, &diag)) {
            assert_int_equal(past, 0);
            continue;
        }
        assert_false(reader.seekable);
        uint64_t frames = read_all(&reader, &truncated, &at);
        assert_true(past == 0 || frames >= past - 1);
        assert_int_equal(truncated, past == 0 || len != ends[past - 1]);
        capture_reader_close(&reader);
    }
}

static void compressed_but_unreadable(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *message;
    } cases[] = {
        {OPTIONS("\x28\xb5\x2f\xfd\4"), "its header is cut short"},
        {OPTIONS("\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
         "damaged: zstd can't read it"},
        {OPTIONS("\x28\xb5\x2f\xfd\x00\xf0\x01\x00\x00"), // a window of 2^40 bytes
         "compressed with a window of more than 8 MiB: decompress it first, with zstd"},
        {OPTIONS("\x50\x2a\x4d\x18\1\0\0\0x"), "empty, without even a header"}, // nothing but what is skipped
        {OPTIONS("\x50\x2a\x4d\x18\1\0\0\0xjunkjunk"), "damaged: zstd can't read it"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct capture_reader reader;
        struct diag diag = {.set = false};

        assert_false(
            capture_reader_from_memory(&reader, (const uint8_t *)cases[i].bytes, cases[i].len, &diag));
        assert_string_equal(strchr(diag.message, ':') + 2, cases[i].message);
    }
}

// A comment of 65000 bytes, six times: a block that the buffer cannot hold. Then one that no buffer should.
static void blocks_longer_than_the_buffer(void **state)
{
    char path[] = "/tmp/test_reader.XXXXXX";
    char command[64];
    static struct laid_out capture;
    const uint32_t long_len = 6 * 65004, longest = CAPTURE_BLOCK_MAX;
    const uint32_t head[] = {6, 32 + long_len, 0, 0, 1, 0, 0};
    const uint32_t other[] = {4, longest};
    FILE *file;

    (void)state;
    close(mkstemp(path));
    snprintf(command, sizeof(command), "cat %s", path);
    file = fopen(path, "w");
    assert_non_null(file);
    lay_section(&capture, false);
    lay_interface(&capture, 1, 0, 0, 0);
    fwrite(capture.bytes, 1, capture.len, file);
    fwrite(head, 1, sizeof(head), file);
    fseek(file, (long)long_len, SEEK_CUR);
    fwrite(&head[1], 1, 4, file);
    fwrite(other, 1, sizeof(other), file);
    fseek(file, (long)longest - 12, SEEK_CUR);
    fwrite(&other[1], 1, 4, file);
    capture.len = 0;
    lay_packet(&capture, 0, 2, 5, 5);
    fwrite(capture.bytes, 1, capture.len, file);
    fclose(file);
    for (unsigned i = 0; i < 4; i++) {
        struct capture_reader reader;
        struct diag diag = {.set = false};
        bool piped = i % 2 != 0, truncated;
        char name[32];
        FILE *cat = NULL;
        uint64_t at;

        if (i == 2) // the long packet's block now ends in its last word
            assert_int_equal(truncate(path, 52 + 32 + (long)long_len - 3), 0);
        if (piped) {
            cat = popen(command, "r");
            assert_non_null(cat);
            snprintf(name, sizeof(name), "/dev/fd/%d", fileno(cat));
        }
        assert_true(capture_reader_open(&reader, piped ? name : path, &diag));
        // Of a stream, the frame is delivered before what is behind it has come.
        assert_int_equal(read_all(&reader, &truncated, &at), i < 2 ? 2 : piped ? 1 : 0);
        assert_int_equal(truncated, i >= 2);
        if (!piped)
            seek_about(&reader);
        capture_reader_close(&reader);
        if (piped)
            pclose(cat);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_in_all_kinds),
        cmocka_unit_test(pcapng_in_all_kinds),
        cmocka_unit_test(pcapng_times),
        cmocka_unit_test(what_is_no_capture),
        cmocka_unit_test(opening_fails),
        cmocka_unit_test(a_hint_says_how_to_decompress),
        cmocka_unit_test(frames_that_are_too_long),
        cmocka_unit_test(blocks_that_are_wrong),
        cmocka_unit_test(interfaces_of_another_section),
        cmocka_unit_test(sections_of_the_future),
        cmocka_unit_test(too_many_interfaces),
        cmocka_unit_test(torn_at_every_byte),
        cmocka_unit_test(every_byte_wrong),
        cmocka_unit_test(our_own_read_back),
        cmocka_unit_test(what_packets_say),
        cmocka_unit_test(compressed_torn_at_every_byte),
        cmocka_unit_test(compressed_but_unreadable),
        cmocka_unit_test(blocks_longer_than_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
