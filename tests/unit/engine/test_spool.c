// The spool: lists come back as they went, hold no file open, and say so when the disk is full.
#include "engine/spool.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define N 100000

static void fill(struct spool *spool, uint64_t n)
{
    assert_int_equal(spool_open(spool), 0);
    for (uint64_t k = 0; k < n; k++)
        assert_int_equal(spool_add(spool, k * 3, k + 1000, ~k), 0);
}

static void lists_come_back_as_they_went(void **state)
{
    struct spool spool;

    (void)state;
    fill(&spool, N);
    assert_int_equal(spool_map(&spool), 0);
    assert_int_equal(spool_map(&spool), 0); // is no harm
    assert_int_equal(spool.n, N);
    for (uint64_t k = 0; k < N; k++) {
        assert_int_equal(spool.lists[SPOOL_INDEX][k], k * 3);
        assert_int_equal(spool.lists[SPOOL_POSITION][k], k + 1000);
        assert_int_equal(spool.lists[SPOOL_SENT][k], ~k);
    }
    spool_close(&spool);
}

static void an_empty_spool_has_no_lists(void **state)
{
    struct spool spool;

    (void)state;
    fill(&spool, 0);
    assert_int_equal(spool_map(&spool), 0);
    assert_null(spool.lists[SPOOL_INDEX]);
    spool_close(&spool);
    spool_close(&spool); // closed is closed
}

static int next_descriptor(void)
{
    int fd = dup(0);

    close(fd);
    return fd;
}

// A thousand attempts must not need three thousand files.
static void a_mapped_spool_holds_no_file(void **state)
{
    int before = next_descriptor();
    struct spool spool;

    (void)state;
    fill(&spool, 10);
    assert_int_equal(spool_map(&spool), 0);
    assert_int_equal(next_descriptor(), before);
    assert_int_equal(spool.lists[SPOOL_INDEX][9], 27);
    spool_close(&spool);
}

static void a_full_disk_is_told_and_stays(void **state)
{
    struct rlimit before, small;
    struct spool spool;
    int err = 0;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 16384;
    assert_int_equal(spool_open(&spool), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (uint64_t k = 0; k < N && err == 0; k++)
        err = spool_add(&spool, k, k, k);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, -EFBIG);
    uint64_t n = spool.n;
    assert_int_equal(spool_add(&spool, 1, 2, 3), -EFBIG); // though there is room again
    assert_int_equal(spool.n, n);
    assert_int_equal(spool_map(&spool), -EFBIG);
    spool_close(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_come_back_as_they_went),
        cmocka_unit_test(an_empty_spool_has_no_lists),
        cmocka_unit_test(a_mapped_spool_holds_no_file),
        cmocka_unit_test(a_full_disk_is_told_and_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
