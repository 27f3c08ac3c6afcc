#include "base/hash.h"
#include "probe/flow_table.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t hash_of(uint64_t flow)
{
    return hash_mix64(flow ^ UINT64_C(0x5851f42d4c957f2d), UINT64_C(0x14057b7ef767814f));
}

static bool is_found(const struct flow_table *table, uint64_t hash, uint64_t newest, uint64_t position)
{
    uint64_t found[FLOW_TABLE_CANDIDATES];
    unsigned n = flow_table_find(table, hash, newest, found);

    for (unsigned i = 0; i < n; i++)
        if (found[i] == position)
            return true;
    return false;
}

static struct flow_table *table_of(uint64_t outstanding)
{
    struct flow_table *table = NULL;

    assert_int_equal(flow_table_new(&table, outstanding), 0);
    return table;
}

// By one thread, with care for others or without: it must make no difference.
static bool (*insert)(struct flow_table *table, uint64_t hash, uint64_t position, uint64_t oldest);

static void nothing_is_found_in_an_empty_table(void **state)
{
    static const uint64_t newest[] = {
        0, 1, UINT64_C(1) << 39, UINT64_C(1) << 40, (UINT64_C(1) << 40) + 1, UINT64_C(1) << 63};
    uint64_t found[FLOW_TABLE_CANDIDATES];
    struct flow_table *table = table_of(1);

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(newest); i++) {
        assert_int_equal(flow_table_find(table, 0, newest[i], found), 0); // fingerprint 0
        assert_int_equal(flow_table_find(table, UINT64_MAX, newest[i], found), 0);
    }
    flow_table_free(table);
}

static void memory_is_bounded(void **state)
{
    struct flow_table *table = table_of(1000000);

    (void)state;
    assert_in_range(flow_table_bytes(table), 8 * 1000000, 24 * 1000000);
    flow_table_free(table);
    assert_int_equal(flow_table_new(&table, UINT64_MAX), -ENOMEM);
    flow_table_free(NULL);
}

// Positions around every edge that 40 bits have.
static void positions_come_back_whole(void **state)
{
    static const uint64_t starts[] = {0, (UINT64_C(1) << 39) - 50, (UINT64_C(1) << 40) - 50,
                                      (UINT64_C(3) << 39) - 50, (UINT64_C(1) << 63) - 200};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(starts); i++) {
        struct flow_table *table = table_of(128);

        for (uint64_t k = 0; k < 100; k++)
            assert_true(insert(table, k == 0 ? 0 : hash_of(k), starts[i] + k, starts[i]));
        for (uint64_t k = 0; k < 100; k++)
            assert_true(is_found(table, k == 0 ? 0 : hash_of(k), starts[i] + 100, starts[i] + k));
        flow_table_free(table);
    }
}

static void what_is_claimed_after_newest_is_not_found(void **state)
{
    uint64_t found[FLOW_TABLE_CANDIDATES];
    struct flow_table *table = table_of(64);

    (void)state;
    assert_true(insert(table, 1, 10, 0));
    assert_int_equal(flow_table_find(table, 1, 10, found), 0);
    assert_int_equal(flow_table_find(table, 1, 11, found), 1);
    assert_int_equal(found[0], 10);
    flow_table_free(table);
}

// 200 probes with one flow key, into a table that is full otherwise: 64 find a place, the rest are refused; as they
// expire, places become free again.
static void one_key_has_as_many_entries_as_are_looked_at(void **state)
{
    enum { OUTSTANDING = 1 << 16 };
    uint64_t found[FLOW_TABLE_CANDIDATES], position = 0;
    const uint64_t hash = hash_of(UINT64_MAX);
    struct flow_table *table = table_of(OUTSTANDING);

    (void)state;
    for (; position < OUTSTANDING; position++)
        assert_true(insert(table, hash_of(position), position, 0));
    for (unsigned i = 0; i < 200; i++, position++)
        assert_int_equal(insert(table, hash, position, 0), i < FLOW_TABLE_CANDIDATES);
    assert_int_equal(flow_table_find(table, hash, position, found), FLOW_TABLE_CANDIDATES);
    for (unsigned i = 0; i < FLOW_TABLE_CANDIDATES; i++)
        assert_int_equal(found[i], OUTSTANDING + i);
    for (unsigned i = 0; i < 200; i++, position++) {
        uint64_t oldest = position - FLOW_TABLE_CANDIDATES + 1;
        unsigned n, live = i < FLOW_TABLE_CANDIDATES ? i + 1 : FLOW_TABLE_CANDIDATES;

        assert_true(insert(table, hash, position, oldest));
        n = flow_table_find(table, hash, position + 1, found);
        assert_in_range(n, live, FLOW_TABLE_CANDIDATES);
        for (unsigned k = 0; k < live; k++)
            assert_int_equal(found[n - 1 - k], position - k);
        for (unsigned k = 1; k < n; k++)
            assert_true(found[k - 1] < found[k]);
    }
    flow_table_free(table);
}

// Inserters are not in step: what overflows later may be older. It must not shorten the time for which finders look beyond.
static void an_older_overflow_hides_no_newer(void **state)
{
    const uint64_t hash = hash_of(7);
    struct flow_table *table = table_of(64);

    (void)state;
    for (uint64_t position = 50; position < 57; position++)
        assert_true(insert(table, hash, position, 0));
    assert_true(insert(table, hash, 90, 0));
    assert_true(insert(table, hash, 60, 0));
    assert_true(is_found(table, hash, 100, 60));
    assert_true(insert(table, hash, 95, 70));
    assert_true(is_found(table, hash, 100, 90));
    assert_true(is_found(table, hash, 100, 95));
    flow_table_free(table);
}

// A table that is as full as it may be, over many windows, `alike` probes a key: all live entries are found, no
// insertion fails.
static void run_full_window(uint64_t outstanding, uint64_t alike, uint64_t first)
{
    struct flow_table *table = table_of(outstanding);
    uint64_t oldest = first;

    for (uint64_t position = first; position < first + 5 * outstanding; position++) {
        uint64_t looked_up = position - hash_mix64(position, 1) % outstanding;

        if (position - oldest >= outstanding)
            oldest = position - outstanding + 1;
        assert_true(insert(table, hash_of(position / alike), position, oldest));
        if (looked_up >= oldest && looked_up <= position)
            assert_true(is_found(table, hash_of(looked_up / alike), position + 1, looked_up));
    }
    for (uint64_t position = oldest; position < first + 5 * outstanding; position++)
        assert_true(is_found(table, hash_of(position / alike), first + 5 * outstanding, position));
    flow_table_free(table);
}

static void all_live_entries_are_found_in_a_full_table(void **state)
{
    static const uint64_t alike[] = {1, 2, 7, 8, 30, 64};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(alike); i++) {
        run_full_window(20000, alike[i], 0);
        run_full_window(20000, alike[i], (UINT64_C(1) << 40) - 50000);
    }
    run_full_window(1, 1, 0);
    run_full_window(10, 3, 5);
}

// Several inserters and finders, a window that moves with them. A position is published to finders once it was inserted;
// it may be looked up until the inserters have let it expire, which the finder checks after the look-up.
#define STRESS_INSERTERS   3
#define STRESS_FINDERS     3
#define STRESS_OUTSTANDING 4096
#define STRESS_PROBES      UINT64_C(300000)
#define STRESS_ALIKE       3

struct stress {
    struct flow_table *table;
    _Atomic uint64_t head;
    _Atomic uint64_t tail;
    _Atomic uint64_t failed, missed, looked_up;
    _Atomic uint8_t *inserted; // of a position: 1 yes, 2 refused
};

// Moves the tail past what is old and done, as a collector does, until the position has its place in the window.
static uint64_t stress_tail(struct stress *stress, uint64_t position)
{
    uint64_t tail = atomic_load(&stress->tail);

    while (position - tail >= STRESS_OUTSTANDING && tail < position) {
        if (atomic_load(&stress->inserted[tail]) == 0)
            sched_yield();
        else
            atomic_compare_exchange_weak(&stress->tail, &tail, tail + 1);
        tail = atomic_load(&stress->tail);
    }
    return tail;
}

static void *stress_insert(void *arg)
{
    struct stress *stress = arg;
    uint64_t position;

    while ((position = atomic_fetch_add(&stress->head, 1)) < STRESS_PROBES) {
        uint64_t oldest = stress_tail(stress, position);
        bool done = flow_table_insert(stress->table, hash_of(position / STRESS_ALIKE), position, oldest);

        atomic_fetch_add(&stress->failed, !done);
        atomic_store(&stress->inserted[position], done ? 1 : 2);
    }
    return NULL;
}

static void *stress_find(void *arg)
{
    struct stress *stress = arg;
    uint64_t looked_up = 0;

    for (uint64_t i = 0;; i++) {
        uint64_t tail = atomic_load(&stress->tail), newest = atomic_load(&stress->head), position;

        if (newest >= STRESS_PROBES)
            break;
        position = tail + hash_mix64(i, (uintptr_t)&looked_up) % (newest - tail + 1);
        if (position >= STRESS_PROBES || atomic_load(&stress->inserted[position]) != 1)
            continue;
        newest = atomic_load(&stress->head);
        looked_up++;
        if (!is_found(stress->table, hash_of(position / STRESS_ALIKE), newest, position) &&
            atomic_load(&stress->tail) <= position)
            atomic_fetch_add(&stress->missed, 1);
    }
    atomic_fetch_add(&stress->looked_up, looked_up);
    return NULL;
}

static void threads_find_all_that_threads_insert(void **state)
{
    struct stress stress = {.table = table_of(STRESS_OUTSTANDING), .inserted = calloc(STRESS_PROBES, 1)};
    pthread_t threads[STRESS_INSERTERS + STRESS_FINDERS];

    (void)state;
    assert_non_null(stress.inserted);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < STRESS_INSERTERS ? stress_insert : stress_find, &stress),
            0);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(stress.failed, 0);
    assert_int_equal(stress.missed, 0);
    assert_true(stress.looked_up > 1000);
    for (uint64_t position = stress.tail; position < STRESS_PROBES; position++)
        assert_true(is_found(stress.table, hash_of(position / STRESS_ALIKE), STRESS_PROBES, position));
    flow_table_free(stress.table);
    free((void *)stress.inserted);
}

// Threads that insert one key at once: no more succeed than are found, however they meet at the limit.
struct crowd {
    struct flow_table *table;
    _Atomic uint64_t next;
    _Atomic uint8_t inserted[100];
};

static void *crowd_insert(void *arg)
{
    struct crowd *crowd = arg;
    uint64_t position;

    while ((position = atomic_fetch_add(&crowd->next, 1)) < ARRAY_SIZE(crowd->inserted))
        crowd->inserted[position] = flow_table_insert(crowd->table, hash_of(7), position, 0);
    return NULL;
}

static void threads_are_refused_at_the_limit(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct crowd crowd = {.table = table_of(1000)};
        pthread_t threads[4];
        unsigned n = 0;

        for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, crowd_insert, &crowd), 0);
        for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
            pthread_join(threads[i], NULL);
        for (unsigned i = 0; i < ARRAY_SIZE(crowd.inserted); i++) {
            n += crowd.inserted[i];
            if (crowd.inserted[i])
                assert_true(is_found(crowd.table, hash_of(7), ARRAY_SIZE(crowd.inserted), i));
        }
        assert_in_range(n, FLOW_TABLE_CANDIDATES - ARRAY_SIZE(threads), FLOW_TABLE_CANDIDATES);
        flow_table_free(crowd.table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_in_an_empty_table),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(positions_come_back_whole),
        cmocka_unit_test(what_is_claimed_after_newest_is_not_found),
        cmocka_unit_test(one_key_has_as_many_entries_as_are_looked_at),
        cmocka_unit_test(an_older_overflow_hides_no_newer),
        cmocka_unit_test(all_live_entries_are_found_in_a_full_table),
    };
    const struct CMUnitTest threads[] = {
        cmocka_unit_test(threads_find_all_that_threads_insert),
        cmocka_unit_test(threads_are_refused_at_the_limit),
    };

    insert = flow_table_insert;
    int failed = cmocka_run_group_tests_name("with others", tests, NULL, NULL);
    insert = flow_table_insert_alone;
    failed += cmocka_run_group_tests_name("alone", tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("threads", threads, NULL, NULL);
}
