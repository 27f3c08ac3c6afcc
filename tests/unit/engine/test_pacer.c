// The pacer: exact in the long run, lateness made up in bounds.
#include "engine/pacer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HZ    UINT64_C(2600000000)
#define START UINT64_C(123456789012345)

// Packets taken in `ticks`, by a worker that looks every `step` ticks and takes `burst` when they are due.
static uint64_t taken(struct pacer *pacer, uint64_t *now, uint64_t ticks, uint64_t step, unsigned burst)
{
    uint64_t n = 0;

    for (uint64_t end = *now + ticks; *now < end; *now += step) {
        if (!pacer_is_due(pacer, *now))
            continue;
        pacer_took(pacer, *now, burst);
        n += burst;
    }
    return n;
}

static void the_rate_is_exact_in_the_long_run(void **state)
{
    static const struct {
        double rate;
        uint64_t step;
        unsigned burst;
    } cases[] = {{1000, 26001, 1}, {33333.3, 999, 1}, {1e6, 1500, 4}, {14880952, 997, 32}, {0.5, 1000003, 1}};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct pacer pacer;
        uint64_t now = START, seconds = cases[i].rate < 1 ? 60 : 2;

        pacer_init(&pacer, cases[i].rate, HZ, now);
        double n = (double)taken(&pacer, &now, seconds * HZ, cases[i].step, cases[i].burst);
        double expected = cases[i].rate * (double)seconds;
        if (n < expected - cases[i].burst || n > expected + cases[i].burst)
            fail_msg("%g packets a second in bursts of %u: %g in %llu s", cases[i].rate, cases[i].burst, n,
                     (unsigned long long)seconds);
    }
}

// Asleep for a second, which is a million packets: a tenth of them is made up, at twice the rate.
static void lateness_is_made_up_in_bounds(void **state)
{
    struct pacer pacer;
    uint64_t now = START;

    (void)state;
    pacer_init(&pacer, 1e6, HZ, now);
    taken(&pacer, &now, HZ / 10, 100, 32);
    now += HZ;
    assert_in_range(taken(&pacer, &now, HZ / 20, 100, 32), 99000, 100032);
    assert_in_range(taken(&pacer, &now, HZ / 20, 100, 32), 99000, 100032);
    assert_in_range(taken(&pacer, &now, HZ / 10, 100, 32), 99900, 101000); // on the new schedule
    assert_in_range(taken(&pacer, &now, HZ / 10, 100, 32), 99900, 100100);
}

// Half of each 8 ms: what the kernel gives to each of two that want one core.
static void half_a_core_is_enough(void **state)
{
    struct pacer pacer;
    uint64_t now = START, n = 0;

    (void)state;
    pacer_init(&pacer, 1000, HZ, now);
    for (unsigned i = 0; i < 250; i++) {
        n += taken(&pacer, &now, HZ / 1000 * 4 + 260000, 2000, 1);
        now += HZ / 1000 * 4 - 260000;
    }
    assert_in_range(n, 1980, 2001);
}

static void a_little_late_each_time_costs_nothing(void **state)
{
    struct pacer pacer;
    uint64_t now = START;

    (void)state;
    pacer_init(&pacer, 1e6, HZ, now);
    assert_in_range(taken(&pacer, &now, HZ, 80000, 32), 1000000 - 32, 1000000 + 32);
}

static void without_a_rate_all_is_due(void **state)
{
    struct pacer pacer;

    (void)state;
    pacer_init(&pacer, 0, HZ, START);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(pacer_is_due(&pacer, START));
        pacer_took(&pacer, START, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_exact_in_the_long_run),
        cmocka_unit_test(lateness_is_made_up_in_bounds),
        cmocka_unit_test(half_a_core_is_enough),
        cmocka_unit_test(a_little_late_each_time_costs_nothing),
        cmocka_unit_test(without_a_rate_all_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
