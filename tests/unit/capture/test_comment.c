#include "capture/comment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct return_row {
    struct capture_return came;
    const char *text;
};

static const struct return_row return_rows[] = {
    {{NULL, true, 1234, 1, 0, 54321}, "probe 1234, answer 1, rtt 54.3 us"},
    {{NULL, true, 0, 1, 0, 0}, "probe 0, answer 1, rtt 0.0 us"},
    {{NULL, true, 0, 2, 0, 49}, "probe 0, answer 2, rtt 0.0 us"},
    {{NULL, true, 9, 2, 0, 50}, "probe 9, answer 2, rtt 0.1 us"},
    {{NULL, true, 9, 10, 0, 999949}, "probe 9, answer 10, rtt 999.9 us"},
    {{NULL, true, 10, 1, 0, 999950}, "probe 10, answer 1, rtt 1.000 ms"},
    {{NULL, true, 10, 1, 0, 1234567}, "probe 10, answer 1, rtt 1.235 ms"},
    {{NULL, true, 10, 1, 0, 12003499}, "probe 10, answer 1, rtt 12.003 ms"},
    {{NULL, true, 10, 1, 0, 999999499}, "probe 10, answer 1, rtt 999.999 ms"},
    {{NULL, true, 10, 1, 0, 999999500}, "probe 10, answer 1, rtt 1.000 s"},
    {{NULL, true, 10, 1, 0, 61005000000}, "probe 10, answer 1, rtt 61.005 s"},
    {{NULL, true, UINT64_MAX, UINT32_MAX, 0, UINT64_MAX - 1},
     "probe 18446744073709551615, answer 4294967295, rtt 18446744073.710 s"},
    {{NULL, true, 9, 1, 2, 50000}, "probe 9, attempt 2, answer 1, rtt 50.0 us"},
    {{NULL, true, 9, 1, 0, CAPTURE_RTT_UNKNOWN}, "probe 9, answer 1"},
    {{"duplicate", true, 9, 2, 0, 50000}, "duplicate: probe 9, answer 2, rtt 50.0 us"},
    {{"late", true, 9, 0, 1, 3100000000}, "late: probe 9, attempt 1, rtt 3.100 s"},
    {{"unsolicited", false, 9, 0, 1, 50}, "unsolicited"},
};

static void returns_read_well(void **state)
{
    char text[CAPTURE_COMMENT_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(return_rows); i++) {
        const struct return_row *row = &return_rows[i];
        size_t len = capture_comment_return(text, sizeof(text), &row->came);

        assert_string_equal(text, row->text);
        assert_int_equal(len, strlen(row->text));
    }
}

static void stimuli_read_well(void **state)
{
    char text[CAPTURE_COMMENT_MAX];

    (void)state;
    assert_int_equal(capture_comment_stimulus(text, sizeof(text), 1234, true), 20);
    assert_string_equal(text, "probe 1234, answered");
    assert_int_equal(capture_comment_stimulus(text, sizeof(text), 7, false), 18);
    assert_string_equal(text, "probe 7, no answer");
}

static void texts_are_cut(void **state)
{
    const struct capture_return came = {.has_probe = true, .index = 1234, .number = 1};
    char text[12] = "...........";

    (void)state;
    assert_int_equal(capture_comment_return(text, 10, &came), 9);
    assert_string_equal(text, "probe 123");
    assert_int_equal(text[10], '.');
    assert_int_equal(capture_comment_stimulus(text, 1, 1234, true), 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_read_well),
        cmocka_unit_test(stimuli_read_well),
        cmocka_unit_test(texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
