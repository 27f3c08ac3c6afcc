#include "base/divider.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state ^ *state >> 29;
}

static void check(uint64_t n, uint64_t by)
{
    const struct divider divider = divider_of(by);

    assert_true(divider_divide(n, &divider) == n / by);
}

static void small_numbers_divide_exactly(void **state)
{
    (void)state;
    for (uint64_t by = 1; by <= 1200; by++) {
        for (uint64_t n = 0; n <= 3 * by + 3; n++)
            check(n, by);
    }
}

// Where rounding would go wrong: next to multiples, and at both ends.
static void edges_divide_exactly(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t by = next_random(&random) >> (next_random(&random) & 63);
        uint64_t quotient = next_random(&random) >> (next_random(&random) & 63);

        by = by == 0 ? 1 : by;
        uint64_t n = by * (quotient % (UINT64_MAX / by));
        check(n, by);
        check(n - 1, by);
        check(n + 1, by);
        check(next_random(&random), by);
        check(UINT64_MAX, by);
        check(0, by);
    }
}

static void powers_of_two_divide_exactly(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int64_t off = -1; off <= 1; off++) {
            uint64_t by = (UINT64_C(1) << bit) + (uint64_t)off;

            if (by == 0)
                continue;
            for (unsigned n = 0; n < 64; n++) {
                check((UINT64_C(1) << n) - 1, by);
                check(UINT64_C(1) << n, by);
                check(UINT64_MAX - n, by);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_numbers_divide_exactly),
        cmocka_unit_test(edges_divide_exactly),
        cmocka_unit_test(powers_of_two_divide_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
