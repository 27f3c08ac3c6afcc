// Layouts: what the user's cores make of workers, and how that reads.
#include "engine/layout.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CORES_MAX 4

static const struct {
    unsigned n_tx, tx[CORES_MAX], n_rx, rx[CORES_MAX];
    bool receive;
    unsigned n_senders, n_receivers;
    const char *text;
} layouts[] = {
    {1, {3}, 0, {0}, true, 1, 1, "one TX+RX worker on core 3"},
    {0, {0}, 1, {3}, true, 1, 1, "one TX+RX worker on core 3"},
    {2, {0, 1}, 0, {0}, true, 2, 2, "2 TX+RX workers on cores 0,1"},
    {0, {0}, 2, {5, 4}, true, 2, 2, "2 TX+RX workers on cores 5,4"},
    {1, {0}, 1, {1}, true, 1, 1, "1 TX and 1 RX workers on cores 0,1"},
    {1, {2}, 1, {2}, true, 1, 1, "one TX+RX worker on core 2"},
    {2, {0, 1}, 2, {1, 2}, true, 2, 2, "2 TX and 2 RX workers on cores 0,1,2"},
    {3, {0, 0, 1}, 0, {0}, true, 2, 2, "2 TX+RX workers on cores 0,1"},
    {1, {3}, 0, {0}, false, 1, 0, "one TX worker on core 3"},
    {2, {0, 1}, 0, {0}, false, 2, 0, "2 TX and 0 RX workers on cores 0,1"},
};

static void layouts_are_what_was_said(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(layouts); i++) {
        struct layout layout;
        char text[256];

        assert_true(layout_make(&layout, layouts[i].tx, layouts[i].n_tx, layouts[i].rx, layouts[i].n_rx,
                                layouts[i].receive));
        layout_describe(&layout, text, sizeof(text));
        assert_string_equal(text, layouts[i].text);
        assert_int_equal(layout.n_senders, layouts[i].n_senders);
        assert_int_equal(layout.n_receivers, layouts[i].n_receivers);
    }
}

static void more_cores_than_workers_are_refused(void **state)
{
    unsigned cores[LAYOUT_WORKERS_MAX + 1];
    struct layout layout;

    (void)state;
    for (unsigned i = 0; i <= LAYOUT_WORKERS_MAX; i++)
        cores[i] = i;
    assert_true(layout_make(&layout, cores, LAYOUT_WORKERS_MAX, NULL, 0, true));
    assert_false(layout_make(&layout, cores, LAYOUT_WORKERS_MAX + 1, NULL, 0, true));
    assert_false(layout_make(&layout, cores, LAYOUT_WORKERS_MAX, cores + LAYOUT_WORKERS_MAX, 1, true));
}

// By the machine: only cores that this process may use.
static void one_allowed_core_has_one_worker_for_both(void **state)
{
    cpu_set_t before, one;
    struct layout layout;
    unsigned core = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    while (!CPU_ISSET(core, &before))
        core++;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_true(layout_make(&layout, NULL, 0, NULL, 0, true));
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(layout.n_workers, 1);
    assert_int_equal(layout.workers[0].core, core);
    assert_true(layout.workers[0].sends && layout.workers[0].receives);

    assert_true(layout_make(&layout, NULL, 0, NULL, 0, true));
    for (unsigned i = 0; i < layout.n_workers; i++)
        assert_true(CPU_ISSET(layout.workers[i].core, &before));
    assert_int_equal(layout.n_workers, CPU_COUNT(&before) < 4 ? 1 : 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_are_what_was_said),
        cmocka_unit_test(more_cores_than_workers_are_refused),
        cmocka_unit_test(one_allowed_core_has_one_worker_for_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
