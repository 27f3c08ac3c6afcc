// Compressed sinks: what is in the file after each write, and after one that fails at any of its bytes.
#include "capture/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#define BLOCK  1000u // bytes; each is a packet
#define BLOCKS 10u   // a write
#define WRITES 6u
#define BYTES  (1u << 18)
#define BEFORE "something of others\n"

static char path[] = "/tmp/test_sink.XXXXXX";

static int file_setup(void **state)
{
    (void)state;
    strcpy(path + sizeof(path) - 7, "XXXXXX");
    int fd = mkstemp(path);

    close(fd);
    return fd < 0;
}

static int file_teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static size_t measure(const uint8_t *block, bool *packet)
{
    *packet = block[0] != 0;
    return BLOCK;
}

static void open_sink(struct sink *sink, const char *where)
{
    const struct sink_options options = {.path = where, .measure = measure, .zstd = true};

    assert_int_equal(sink_open(sink, &options), 0);
}

// Noise, the same each time.
static int write_blocks(struct sink *sink, unsigned write)
{
    uint32_t noise = write + 1;

    for (unsigned i = 0; i < BLOCKS; i++) {
        uint8_t *to = sink_reserve(sink, BLOCK);

        if (to == NULL)
            return sink->error;
        for (unsigned b = 0; b < BLOCK; b++) {
            noise = noise * 1664525 + 1013904223;
            to[b] = b == 0 ? 1 : (uint8_t)(noise >> 24);
        }
        sink_commit(sink, BLOCK, true);
    }
    return sink_write(sink);
}

// How many blocks the file holds in one whole frame, behind the first `skip` bytes. Fails if it is not whole.
static unsigned blocks_in_file(size_t skip)
{
    static uint8_t file[BYTES], content[BYTES];
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, file, sizeof(file));
    size_t n;

    close(fd);
    assert_true(len >= (ssize_t)skip);
    if (len == (ssize_t)skip)
        return 0;
    assert_int_equal(ZSTD_findFrameCompressedSize(file + skip, (size_t)len - skip), (size_t)len - skip);
    n = ZSTD_decompress(content, sizeof(content), file + skip, (size_t)len - skip);
    assert_false(ZSTD_isError(n));
    assert_int_equal(n % BLOCK, 0);
    return (unsigned)(n / BLOCK);
}

static off_t file_size(void)
{
    struct stat stat_of_path;

    assert_int_equal(stat(path, &stat_of_path), 0);
    return stat_of_path.st_size;
}

static void a_file_is_whole_after_each_write(void **state)
{
    struct sink sink;
    off_t size;

    (void)state;
    open_sink(&sink, path);
    for (unsigned w = 0; w < WRITES; w++) {
        assert_int_equal(write_blocks(&sink, w), 0);
        assert_int_equal(blocks_in_file(0), (w + 1) * BLOCKS);
        assert_int_equal(sink.stored, (w + 1) * BLOCKS);
    }
    size = file_size();
    assert_int_equal(sink_close(&sink), 0);
    assert_int_equal(file_size(), size);
}

static rlim_t limit_files(rlim_t bytes)
{
    struct rlimit limit;
    rlim_t old;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    old = limit.rlim_cur;
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return old;
}

// Writes until an error comes; returns how many writes were whole.
static unsigned write_limited(struct sink *sink, off_t limit)
{
    rlim_t old = limit_files((rlim_t)limit);
    unsigned w = 0;

    while (w < WRITES && write_blocks(sink, w) == 0)
        w++;
    (void)write_blocks(sink, 0); // of which nothing is written
    (void)limit_files(old);
    return w;
}

static void a_full_disk_leaves_a_whole_frame(void **state)
{
    off_t ends[WRITES];
    struct sink sink;

    (void)state;
    open_sink(&sink, path);
    for (unsigned w = 0; w < WRITES; w++) {
        assert_int_equal(write_blocks(&sink, w), 0);
        ends[w] = file_size();
    }
    assert_int_equal(sink_close(&sink), 0);
    for (unsigned w = 0; w < WRITES; w++)
        for (off_t limit = ends[w] - 5; limit < ends[w] + 5 && limit < ends[WRITES - 1]; limit++) {
            unsigned whole = w + (limit >= ends[w]);

            open_sink(&sink, path);
            assert_int_equal(write_limited(&sink, limit), whole);
            assert_int_equal(sink.error, -EFBIG);
            assert_int_equal(sink.stored, whole * BLOCKS);
            assert_true(sink.refused >= BLOCKS);
            assert_int_equal(file_size(), whole > 0 ? ends[whole - 1] : 0);
            assert_int_equal(blocks_in_file(0), whole * BLOCKS);
            assert_int_equal(sink_close(&sink), -EFBIG);
        }
}

// Standard output, to which others wrote before, and append after us; back to where it was at the end.
static int standard_output(void)
{
    int old = dup(STDOUT_FILENO);
    int fd = open(path, O_WRONLY | O_TRUNC | O_APPEND);

    assert_true(old >= 0 && fd >= 0);
    assert_int_equal(write(fd, BEFORE, strlen(BEFORE)), strlen(BEFORE));
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    close(fd);
    return old;
}

static void standard_output_ends_when_it_is_closed(void **state)
{
    struct sink sink;
    int old = standard_output();
    int err = 0;

    (void)state;
    open_sink(&sink, "-");
    for (unsigned w = 0; w < WRITES && err == 0; w++)
        err = write_blocks(&sink, w);
    int closing = sink_close(&sink);
    dup2(old, STDOUT_FILENO);
    close(old);
    assert_int_equal(err, 0);
    assert_int_equal(closing, 0);
    assert_int_equal(blocks_in_file(strlen(BEFORE)), WRITES * BLOCKS);
}

static void standard_output_on_a_full_disk(void **state)
{
    struct sink sink;
    int old = standard_output();

    (void)state;
    open_sink(&sink, "-");
    unsigned whole = write_limited(&sink, 25000);
    int closing = sink_close(&sink);
    dup2(old, STDOUT_FILENO);
    close(old);
    assert_int_equal(whole, 2);
    assert_int_equal(closing, -EFBIG);
    assert_int_equal(sink.stored, whole * BLOCKS);
    assert_int_equal(blocks_in_file(strlen(BEFORE)), whole * BLOCKS);
}

static void a_pipe_whose_reader_leaves(void **state)
{
    struct sink sink;

    (void)state;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    open_sink(&sink, path);
    assert_int_equal(write_blocks(&sink, 0), 0);
    close(reader);
    assert_int_equal(write_blocks(&sink, 1), -EPIPE);
    assert_int_equal(sink.stored, BLOCKS);
    assert_int_equal(sink.refused, BLOCKS);
    assert_int_equal(sink_close(&sink), -EPIPE);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, file_setup, file_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(a_file_is_whole_after_each_write),
        WITH_FILE(a_full_disk_leaves_a_whole_frame),
        WITH_FILE(standard_output_ends_when_it_is_closed),
        WITH_FILE(standard_output_on_a_full_disk),
        WITH_FILE(a_pipe_whose_reader_leaves),
    };

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
