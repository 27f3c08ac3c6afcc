#include "engine/numbering.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// Positions that wait at once never share a place; who comes to a place later starts anew.
static void each_probe_is_numbered_for_itself(void **state)
{
    const uint64_t outstanding = 5000, far = (uint64_t)1 << 40;
    struct numbering numbering;

    (void)state;
    assert_int_equal(numbering_init(&numbering, outstanding), 0);
    for (uint64_t lap = 0; lap < 3; lap++) {
        for (uint32_t n = 1; n <= 3; n++) {
            for (uint64_t p = 0; p < outstanding; p++)
                assert_int_equal(numbering_next(&numbering, lap * far + p), n);
        }
    }
    assert_int_equal(numbering_next(&numbering, 7), 1); // forgotten
    numbering_release(&numbering);
    numbering_release(&numbering);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_probe_is_numbered_for_itself)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
