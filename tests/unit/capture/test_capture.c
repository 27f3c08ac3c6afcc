#include "capture/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define START_NS     1795325138123456789u
#define PAGE         4096u
#define BLOCK_PACKET 6u
#define FSIZE_LIMIT  100001u

static const enum capture_format formats[] = {CAPTURE_PCAPNG, CAPTURE_PCAP};

// Every test has a folder of its own and writes to one file in it.
struct place {
    char folder[32];
    char path[48];
};

static int place_setup(void **state)
{
    struct place *place = malloc(sizeof(*place));

    assert_non_null(place);
    strcpy(place->folder, "/tmp/test_capture.XXXXXX");
    if (mkdtemp(place->folder) == NULL)
        return -1;
    snprintf(place->path, sizeof(place->path), "%s/file", place->folder);
    *state = place;
    return 0;
}

static int place_teardown(void **state)
{
    struct place *place = *state;

    unlink(place->path);
    rmdir(place->folder);
    free(place);
    return 0;
}

static struct capture *open_capture(const char *path, enum capture_format format, uint32_t snaplen)
{
    const struct capture_options options = {
        .format = format,
        .port_name = "veth0",
        .application = "volley 0.1.0",
        .comment = "IP()/ICMP()",
        .snaplen = snaplen,
    };
    struct capture *capture = NULL;

    assert_int_equal(capture_open(&capture, path, &options), 0);
    return capture;
}

// Packet i of a test: its length, bytes, time, side and comment follow from i.
static uint8_t packet_bytes[2048];

static struct capture_packet packet_of(uint64_t i)
{
    memset(packet_bytes, (int)(i % 251), sizeof(packet_bytes));
    return (struct capture_packet){
        .data = packet_bytes,
        .len = (uint32_t)(i % 7 == 6 ? 1000 + i % 500 : 1 + i % 150),
        .side = i % 2 == 0 ? CAPTURE_TX : CAPTURE_RX,
        .time_ns = START_NS + i * 999,
        .packet_id = i / 2 * 16 + i % 2,
        .comment = i % 3 == 0   ? NULL
                   : i % 3 == 1 ? "probe 1, answered"
                                : "probe 1, answer 1, rtt 54.3 us",
    };
}

static int add_packet(struct capture *capture, uint64_t i)
{
    const struct capture_packet packet = packet_of(i);

    return capture_add(capture, &packet);
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    struct stat stat;
    uint8_t *bytes;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &stat), 0);
    *size = (size_t)stat.st_size;
    bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static uint32_t load32(const uint8_t *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return value;
}

// Fails unless the file is whole blocks; returns how many of them are packets.
static uint64_t count_whole_packets(const char *path, enum capture_format format)
{
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    size_t at = format == CAPTURE_PCAP ? 24 : 0;
    uint64_t packets = 0;

    while (at < size) {
        size_t len;

        assert_true(size - at >= 12);
        len = format == CAPTURE_PCAP ? 16 + load32(bytes + at + 8) : load32(bytes + at + 4);
        assert_true(len >= 12 && len <= size - at);
        if (format == CAPTURE_PCAPNG)
            assert_int_equal(load32(bytes + at + len - 4), len);
        packets += format == CAPTURE_PCAP || load32(bytes + at) == BLOCK_PACKET;
        at += len;
    }
    assert_int_equal(at, size);
    free(bytes);
    return packets;
}

// The packets of the file must be those of packet_of, from 0 on; returns how many there are.
static uint64_t read_back(const char *path, uint32_t snaplen)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    struct pcap_pkthdr *head;
    const uint8_t *data;
    uint64_t n = 0;
    int got;

    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
    while ((got = pcap_next_ex(pcap, &head, &data)) == 1) {
        const struct capture_packet wanted = packet_of(n++);
        uint64_t ns = (uint64_t)head->ts.tv_sec * 1000000000u + (uint64_t)head->ts.tv_usec;

        assert_true(ns == wanted.time_ns);
        assert_int_equal(head->len, wanted.len);
        assert_int_equal(head->caplen, wanted.len < snaplen ? wanted.len : snaplen);
        assert_memory_equal(data, wanted.data, head->caplen);
    }
    assert_int_equal(got, PCAP_ERROR_BREAK);
    pcap_close(pcap);
    return n;
}

// clang-format off
// What follows the section header, which names this machine.
static const uint8_t golden[] = {
    // interface 0
    1, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0,
    2, 0, 8, 0, 't', 'x', ':', 'v', 'e', 't', 'h', '0', 9, 0, 1, 0, 9, 0, 0, 0,
    0, 0, 0, 0, 44, 0, 0, 0,
    // interface 1
    1, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0,
    2, 0, 8, 0, 'r', 'x', ':', 'v', 'e', 't', 'h', '0', 9, 0, 1, 0, 9, 0, 0, 0,
    0, 0, 0, 0, 44, 0, 0, 0,
    // a packet sent: outbound, id 16
    6, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0x04, 0x03, 0x02, 0x01, 0x08, 0x07, 0x06, 0x05,
    3, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0,
    2, 0, 4, 0, 2, 0, 0, 0, 5, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0,
    // a packet received: inbound, id 17, with a comment
    6, 0, 0, 0, 68, 0, 0, 0, 1, 0, 0, 0, 0x04, 0x03, 0x02, 0x01, 0x09, 0x07, 0x06, 0x05,
    4, 0, 0, 0, 4, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd,
    2, 0, 4, 0, 1, 0, 0, 0, 5, 0, 8, 0, 17, 0, 0, 0, 0, 0, 0, 0,
    1, 0, 3, 0, 'h', 'i', '\n', 0, 0, 0, 0, 0, 68, 0, 0, 0,
    // statistics: what was dropped on the way out is unknown
    5, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
    2, 0, 8, 0, 0, 0, 0, 0, 7, 0, 0, 0, 3, 0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0,
    4, 0, 8, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0,
    5, 0, 0, 0, 76, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
    2, 0, 8, 0, 0, 0, 0, 0, 7, 0, 0, 0, 3, 0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0,
    4, 0, 8, 0, 12, 0, 0, 0, 0, 0, 0, 0, 5, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 76, 0, 0, 0,
};

static const uint8_t golden_pcap[] = {
    0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
    2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd,
};
// clang-format on

static const uint8_t four_bytes[] = {0xaa, 0xbb, 0xcc, 0xdd};

static void add_two(struct capture *capture)
{
    const struct capture_packet sent = {
        .data = four_bytes, .len = 3, .side = CAPTURE_TX, .time_ns = 0x0102030405060708, .packet_id = 16};
    const struct capture_packet received = {.data = four_bytes,
                                            .len = 4,
                                            .side = CAPTURE_RX,
                                            .time_ns = 0x0102030405060709,
                                            .packet_id = 17,
                                            .comment = "hi"};

    assert_int_equal(capture_add(capture, &sent), 0);
    assert_int_equal(capture_add(capture, &received), 0);
}

static void pcapng_bytes(void **state)
{
    const struct place *place = *state;
    const struct capture_statistics statistics = {
        .start_ns = 7, .end_ns = 0x100000002, .received = {11, 12}, .dropped = {UINT64_MAX, 1}};
    static const uint8_t section[] = {0x0a, 0x0d, 0x0d, 0x0a};
    static const uint8_t order[] = {0x4d, 0x3c, 0x2b, 0x1a, 1,   0,   0,   0,   255, 255, 255,
                                    255,  255,  255,  255,  255, 1,   0,   11,  0,   'I', 'P',
                                    '(',  ')',  '/',  'I',  'C', 'M', 'P', '(', ')', 0};
    struct capture *capture = open_capture(place->path, CAPTURE_PCAPNG, 256);
    uint8_t *bytes;
    size_t size;
    size_t at;

    add_two(capture);
    assert_int_equal(capture_close(capture, &statistics), 0);
    bytes = read_file(place->path, &size);
    assert_memory_equal(bytes, section, sizeof(section));
    assert_memory_equal(bytes + 8, order, sizeof(order));
    at = load32(bytes + 4);
    assert_int_equal(size - at, sizeof(golden));
    assert_memory_equal(bytes + at, golden, sizeof(golden));
    free(bytes);
}

static void pcap_bytes(void **state)
{
    const struct place *place = *state;
    const struct capture_statistics statistics = {.start_ns = 1};
    const struct capture_packet packet = {
        .data = four_bytes, .len = 4, .time_ns = 2000000003, .comment = "has no place"};
    struct capture *capture = open_capture(place->path, CAPTURE_PCAP, 0);
    uint8_t *bytes;
    size_t size;

    assert_int_equal(capture_add(capture, &packet), 0);
    assert_int_equal(capture_close(capture, &statistics), 0);
    bytes = read_file(place->path, &size);
    assert_int_equal(size, sizeof(golden_pcap));
    assert_memory_equal(bytes, golden_pcap, sizeof(golden_pcap));
    free(bytes);
}

static void files_read_back(void **state)
{
    const struct place *place = *state;
    const uint32_t snaplens[] = {0, 64};

    for (size_t i = 0; i < 2 * ARRAY_SIZE(formats); i++) {
        uint32_t snaplen = snaplens[i / 2];
        struct capture *capture = open_capture(place->path, formats[i % 2], snaplen);

        for (unsigned n = 0; n < 20000; n++) {
            assert_int_equal(add_packet(capture, n), 0);
            if (n % 777 == 0)
                assert_int_equal(capture_flush(capture), 0);
        }
        assert_int_equal(capture_flush(capture), 0);
        assert_int_equal(capture_stored(capture), 20000);
        assert_int_equal(capture_refused(capture), 0);
        assert_int_equal(read_back(place->path, snaplen == 0 ? 262144 : snaplen), 20000);
        assert_int_equal(capture_close(capture, NULL), 0);
        assert_int_equal(count_whole_packets(place->path, formats[i % 2]), 20000);
    }
}

// The packets of ordinary probes lie within a page of the file, so that no kill tears them.
static void small_packets_cross_no_page(void **state)
{
    const struct place *place = *state;
    struct capture *capture = open_capture(place->path, CAPTURE_PCAPNG, 64);
    uint8_t *bytes;
    size_t size;

    for (unsigned n = 0; n < 5000; n++)
        assert_int_equal(add_packet(capture, n), 0);
    assert_int_equal(capture_close(capture, NULL), 0);
    bytes = read_file(place->path, &size);
    for (size_t at = 0; at < size; at += load32(bytes + at + 4)) {
        size_t last = at + load32(bytes + at + 4) - 1;

        assert_int_equal(at / PAGE, last / PAGE);
    }
    free(bytes);
}

// The file, decompressed. Fails unless all its frames are whole.
static void unpack(const char *path)
{
    char command[256];

    snprintf(command, sizeof(command), "zstd -dqc %s > %s.plain && mv %s.plain %s", path, path, path, path);
    assert_int_equal(system(command), 0);
}

static void compressed_files_read_back(void **state)
{
    const struct place *place = *state;

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        const struct capture_options options = {
            .format = formats[i], .port_name = "x", .application = "y", .zstd = true};
        struct capture *capture = NULL;

        assert_int_equal(capture_open(&capture, place->path, &options), 0);
        for (unsigned n = 0; n < 20000; n++) {
            assert_int_equal(add_packet(capture, n), 0);
            if (n % 777 == 0)
                assert_int_equal(capture_flush(capture), 0);
        }
        assert_int_equal(capture_close(capture, NULL), 0);
        unpack(place->path);
        assert_int_equal(read_back(place->path, 262144), 20000);
        assert_int_equal(count_whole_packets(place->path, formats[i]), 20000);
    }
}

// Bytes that zstd can't make smaller, up to the limit: what is stored is exactly what is in whole frames.
static void a_full_disk_cuts_back_to_whole_frames(void **state)
{
    const struct place *place = *state;
    const struct capture_options options = {.port_name = "x", .application = "y", .zstd = true};
    static uint8_t noise[1500];
    struct capture *capture = NULL;
    struct rlimit old;
    int err = 0;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit limit = {.rlim_cur = FSIZE_LIMIT, .rlim_max = old.rlim_max};
    assert_int_equal(capture_open(&capture, place->path, &options), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (unsigned n = 0; n < 100; n++) {
        const struct capture_packet packet = {.data = noise, .len = sizeof(noise), .time_ns = n};

        for (size_t i = 0; i < sizeof(noise); i++)
            noise[i] = (uint8_t)random();
        err = capture_add(capture, &packet);
        if (n % 10 == 9 && err == 0)
            err = capture_flush(capture);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err, -EFBIG);
    uint64_t stored = capture_stored(capture);
    assert_int_equal(stored, 60);
    assert_int_equal(stored + capture_refused(capture), 100);
    assert_int_equal(capture_close(capture, NULL), -EFBIG);
    unpack(place->path);
    assert_int_equal(count_whole_packets(place->path, CAPTURE_PCAPNG), stored);
}

// Frames that were cut before they came to us, of another link type, without a time.
static void what_a_packet_was_on_the_wire(void **state)
{
    const struct place *place = *state;

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        const struct capture_options options = {
            .format = formats[i],
            .application = "y",
            .snaplen = 3,
            .link = DLT_IPV4,
            .interfaces = {"a", "b"},
        };
        static const uint32_t lens[][3] = {{4, 0, 4}, {4, 9, 9}, {4, 2, 4}, {2, 0, 2}};
        struct capture *capture = NULL;
        char error[PCAP_ERRBUF_SIZE];
        struct pcap_pkthdr *head;
        const uint8_t *data;

        assert_int_equal(capture_open(&capture, place->path, &options), 0);
        for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
            const struct capture_packet packet = {
                .data = four_bytes, .len = lens[n][0], .original_len = lens[n][1]};

            assert_int_equal(capture_add(capture, &packet), 0);
        }
        assert_int_equal(capture_close(capture, NULL), 0);
        pcap_t *pcap = pcap_open_offline(place->path, error);
        assert_non_null(pcap);
        assert_int_equal(pcap_datalink(pcap), DLT_IPV4);
        for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
            assert_int_equal(pcap_next_ex(pcap, &head, &data), 1);
            assert_int_equal(head->caplen, lens[n][0] < 3 ? lens[n][0] : 3);
            assert_int_equal(head->len, lens[n][2]);
            assert_int_equal(head->ts.tv_sec, 0);
        }
        pcap_close(pcap);
    }
}

static void packets_are_stored_when_they_are_in_the_file(void **state)
{
    const struct place *place = *state;
    struct capture *capture = open_capture(place->path, CAPTURE_PCAPNG, 0);

    assert_int_equal(add_packet(capture, 0), 0);
    assert_int_equal(capture_stored(capture), 0);
    assert_int_equal(capture_flush(capture), 0);
    assert_int_equal(capture_stored(capture), 1);
    assert_int_equal(read_back(place->path, 262144), 1);
    assert_int_equal(capture_close(capture, NULL), 0);
}

static void opening_fails(void **state)
{
    const struct capture_options options = {.port_name = "x", .application = "y"};
    const struct capture_options too_long = {.port_name = "x", .application = "y", .snaplen = UINT32_MAX};
    struct capture *capture = NULL;

    (void)state;
    assert_int_equal(capture_open(&capture, "/dev/full", &options), -ENOSPC);
    assert_int_equal(capture_open(&capture, "/nowhere/file", &options), -ENOENT);
    assert_int_equal(capture_open(&capture, "/dev/null", &too_long), -EINVAL);
    assert_null(capture);
}

static void a_full_disk_cuts_back_to_whole_blocks(void **state)
{
    const struct place *place = *state;
    const struct capture_statistics statistics = {.start_ns = 1};
    struct rlimit old;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        const struct rlimit limit = {.rlim_cur = FSIZE_LIMIT, .rlim_max = old.rlim_max};
        struct capture *capture = open_capture(place->path, formats[i], 0);
        uint64_t stored;
        int err = 0;

        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        for (unsigned n = 0; n < 3000; n++)
            err = add_packet(capture, n);
        if (err == 0)
            err = capture_flush(capture);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(err, -EFBIG);
        assert_int_equal(capture_flush(capture), -EFBIG);
        assert_int_equal(add_packet(capture, 0), -EFBIG);
        stored = capture_stored(capture);
        assert_true(stored > 100);
        assert_int_equal(stored + capture_refused(capture), 3001);
        assert_int_equal(capture_close(capture, &statistics), -EFBIG);
        assert_int_equal(count_whole_packets(place->path, formats[i]), stored);
        assert_int_equal(read_back(place->path, 262144), stored);
    }
}

static void a_closed_pipe_is_an_error(void **state)
{
    const struct place *place = *state;
    struct capture *capture;
    int reader;

    assert_int_equal(mkfifo(place->path, 0600), 0);
    reader = open(place->path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    capture = open_capture(place->path, CAPTURE_PCAPNG, 0);
    close(reader);
    assert_int_equal(add_packet(capture, 0), 0);
    assert_int_equal(capture_flush(capture), -EPIPE);
    assert_int_equal(add_packet(capture, 1), -EPIPE);
    assert_int_equal(capture_stored(capture), 0);
    assert_int_equal(capture_refused(capture), 2);
    assert_int_equal(capture_close(capture, NULL), -EPIPE);
}

static void write_for_ever(const char *path)
{
    struct capture *capture = open_capture(path, CAPTURE_PCAPNG, 64);

    for (uint64_t n = 0; add_packet(capture, n) == 0 && n < 20000000; n++)
        ;
    _exit(0);
}

// Until the writer is well under way.
static void wait_for_file(const char *path)
{
    struct stat stat_of_path;

    while (stat(path, &stat_of_path) < 0 || stat_of_path.st_size < (off_t)PAGE)
        usleep(1000);
}

static void a_killed_writer_leaves_whole_blocks(void **state)
{
    const struct place *place = *state;

    for (unsigned round = 0; round < 8; round++) {
        pid_t child;
        int status;

        unlink(place->path);
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_for_ever(place->path);
        wait_for_file(place->path);
        usleep(7000 * round);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(read_back(place->path, 64), count_whole_packets(place->path, CAPTURE_PCAPNG));
    }
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(pcapng_bytes),
        PLACED(pcap_bytes),
        PLACED(files_read_back),
        PLACED(small_packets_cross_no_page),
        PLACED(packets_are_stored_when_they_are_in_the_file),
        PLACED(a_full_disk_cuts_back_to_whole_blocks),
        PLACED(compressed_files_read_back),
        PLACED(a_full_disk_cuts_back_to_whole_frames),
        PLACED(what_a_packet_was_on_the_wire),
        PLACED(a_closed_pipe_is_an_error),
        PLACED(a_killed_writer_leaves_whole_blocks),
        cmocka_unit_test(opening_fails),
    };

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
