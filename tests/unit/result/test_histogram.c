#include "result/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int histogram_setup(void **state)
{
    *state = calloc(2, sizeof(struct histogram));
    return *state == NULL ? -1 : 0;
}

static int histogram_teardown(void **state)
{
    free(*state);
    return 0;
}

static void an_empty_one_says_zero(void **state)
{
    const struct histogram *histogram = *state;

    assert_int_equal(histogram_quantile(histogram, 0.5), 0);
    assert_int_equal(histogram_quantile(histogram, 1), 0);
}

// One value between two far ones, so that the median is not a minimum or maximum, which are exact.
static void values_are_kept_within_half_a_percent(void **state)
{
    struct histogram *histogram = *state;

    for (unsigned bit = 0; bit < 63; bit++) {
        for (uint64_t step = 0; step < 16; step++) {
            uint64_t value = ((uint64_t)1 << bit) + (uint64_t)((u128)step << bit >> 4);
            uint64_t got;

            memset(histogram, 0, sizeof(*histogram));
            histogram_add(histogram, 0);
            histogram_add(histogram, value);
            histogram_add(histogram, UINT64_MAX);
            got = histogram_quantile(histogram, 0.5);
            assert_true((got > value ? got - value : value - got) <= value / 250);
            assert_int_equal(histogram->min, 0);
            assert_true(histogram->max == UINT64_MAX);
        }
    }
}

static void quantiles_of_a_ramp(void **state)
{
    struct histogram *histogram = *state;
    const struct {
        double share;
        uint64_t value;
    } rows[] = {{0, 1000}, {0.01, 1000000}, {0.5, 50000000}, {0.99, 99000000}, {1, 100000000}};

    for (uint64_t i = 1; i <= 100000; i++)
        histogram_add(histogram, i * 1000);
    assert_int_equal(histogram->count, 100000);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t got = histogram_quantile(histogram, rows[i].share);

        assert_in_range(got, rows[i].value - rows[i].value / 200, rows[i].value + rows[i].value / 200);
    }
    assert_int_equal(histogram_quantile(histogram, 0), 1000);
}

static void small_values_are_exact(void **state)
{
    struct histogram *histogram = *state;

    for (uint64_t i = 0; i < 256; i++)
        histogram_add(histogram, i);
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(histogram_quantile(histogram, (i + 1) / 256.0), i);
}

static void merging_is_adding(void **state)
{
    struct histogram *a = *state;
    struct histogram *b = a + 1;

    histogram_merge(a, b);
    assert_int_equal(a->count, 0);
    histogram_add(b, 500);
    histogram_add(b, 700);
    histogram_merge(a, b);
    assert_int_equal(a->min, 500);
    assert_int_equal(a->max, 700);
    memset(b, 0, sizeof(*b));
    histogram_add(b, 90);
    histogram_add(b, 90);
    histogram_merge(a, b);
    memset(b, 0, sizeof(*b));
    histogram_merge(a, b);
    assert_int_equal(a->count, 4);
    assert_int_equal(a->min, 90);
    assert_int_equal(a->max, 700);
    assert_int_equal(histogram_quantile(a, 0.5), 90);
    assert_int_equal(histogram_quantile(a, 0.9), 700); // the fourth of four
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, histogram_setup, histogram_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(an_empty_one_says_zero), FRESH(values_are_kept_within_half_a_percent),
        FRESH(quantiles_of_a_ramp),    FRESH(small_values_are_exact),
        FRESH(merging_is_adding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
