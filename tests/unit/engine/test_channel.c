// The channel: records of all sizes around the ring's end, no room, and a writer beside a reader.
#include "engine/channel.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 4096

// The n-th record: its length and its bytes follow from n.
static uint32_t length_of(uint64_t n)
{
    return (uint32_t)(n * 2654435761u >> 7) % (SIZE / 4 - 7);
}

static bool put(struct channel *channel, uint64_t n)
{
    uint32_t len = length_of(n);
    uint8_t *to = channel_reserve(channel, len);

    if (to == NULL)
        return false;
    assert_int_equal((uintptr_t)to % 8, 0);
    assert_true(to + len <= channel->bytes + channel->size);
    memset(to, (int)(n & 0xff), len);
    channel_commit(channel);
    return true;
}

static bool take(struct channel *channel, uint64_t n)
{
    uint32_t len;
    const uint8_t *bytes = channel_next(channel, &len);

    if (bytes == NULL)
        return false;
    assert_int_equal(len, length_of(n));
    for (uint32_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], n & 0xff);
    channel_free_record(channel);
    return true;
}

static void open_channel(struct channel *channel)
{
    assert_int_equal(channel_init(channel, SIZE - 1), 0);
    assert_int_equal(channel->size, SIZE);
}

// 10,000 records of 0 to 1016 bytes through 4,096: each place of the ring's end is met, with and without a gap.
static void records_go_around_the_end(void **state)
{
    struct channel channel;
    uint64_t written = 0, read = 0;

    (void)state;
    open_channel(&channel);
    while (read < 10000) {
        for (uint64_t n = 0; n <= read % 5 && put(&channel, written); n++)
            written++;
        if (take(&channel, read))
            read++;
    }
    while (take(&channel, read))
        read++;
    assert_int_equal(read, written);
    channel_release(&channel);
}

static void a_full_channel_has_no_room_until_a_record_is_freed(void **state)
{
    struct channel channel;
    uint32_t len;
    unsigned n = 0;

    (void)state;
    open_channel(&channel);
    assert_null(channel_next(&channel, &len));
    while (channel_reserve(&channel, SIZE / 4 - 8) != NULL) {
        channel_commit(&channel);
        n++;
    }
    assert_int_equal(n, 4);
    assert_null(channel_reserve(&channel, 0));
    assert_non_null(channel_next(&channel, &len));
    assert_null(channel_reserve(&channel, 0)); // looking frees nothing
    channel_free_record(&channel);
    assert_non_null(channel_reserve(&channel, SIZE / 4 - 8));
    channel_release(&channel);
}

static void a_record_is_not_seen_before_it_is_committed(void **state)
{
    struct channel channel;
    uint32_t len;

    (void)state;
    open_channel(&channel);
    assert_non_null(channel_reserve(&channel, 100));
    assert_null(channel_next(&channel, &len));
    assert_non_null(channel_reserve(&channel, 200)); // another one instead
    channel_commit(&channel);
    assert_non_null(channel_next(&channel, &len));
    assert_int_equal(len, 200);
    channel_free_record(&channel);
    assert_null(channel_next(&channel, &len));
    channel_release(&channel);
}

static void what_is_too_long_never_fits(void **state)
{
    struct channel channel;

    (void)state;
    open_channel(&channel);
    assert_null(channel_reserve(&channel, SIZE / 4 - 7));
    assert_null(channel_reserve(&channel, UINT32_MAX));
    assert_non_null(channel_reserve(&channel, SIZE / 4 - 8));
    channel_release(&channel);
}

static void more_than_half_is_filling(void **state)
{
    struct channel channel;
    uint32_t len;

    (void)state;
    open_channel(&channel);
    for (unsigned i = 0; i < 2; i++) {
        assert_non_null(channel_reserve(&channel, SIZE / 4 - 8));
        channel_commit(&channel);
    }
    assert_false(channel_is_filling(&channel));
    assert_non_null(channel_reserve(&channel, 0));
    channel_commit(&channel);
    assert_true(channel_is_filling(&channel));
    assert_non_null(channel_next(&channel, &len));
    channel_free_record(&channel);
    assert_false(channel_is_filling(&channel));
    channel_release(&channel);
}

#define PASSED 100000

static void *write_all(void *argument)
{
    struct channel *channel = argument;

    for (uint64_t n = 0; n < PASSED;) {
        if (put(channel, n))
            n++;
        else
            sched_yield();
    }
    return NULL;
}

static void a_writer_and_a_reader_need_no_lock(void **state)
{
    struct channel channel;
    pthread_t writer;

    (void)state;
    open_channel(&channel);
    assert_int_equal(pthread_create(&writer, NULL, write_all, &channel), 0);
    for (uint64_t n = 0; n < PASSED;) {
        (void)channel_is_filling(&channel);
        if (take(&channel, n))
            n++;
        else
            sched_yield();
    }
    pthread_join(writer, NULL);
    channel_release(&channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_go_around_the_end),
        cmocka_unit_test(a_full_channel_has_no_room_until_a_record_is_freed),
        cmocka_unit_test(a_record_is_not_seen_before_it_is_committed),
        cmocka_unit_test(what_is_too_long_never_fits),
        cmocka_unit_test(more_than_half_is_filling),
        cmocka_unit_test(a_writer_and_a_reader_need_no_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
