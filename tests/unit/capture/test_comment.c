#include "capture/comment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct answer_row {
    uint64_t index;
    unsigned number;
    uint64_t rtt_ns;
    const char *text;
};

static const struct answer_row answer_rows[] = {
    {1234, 1, 54321, "probe 1234, answer 1, rtt 54.3 us"},
    {0, 1, 0, "probe 0, answer 1, rtt 0.0 us"},
    {0, 2, 49, "probe 0, answer 2, rtt 0.0 us"},
    {9, 2, 50, "probe 9, answer 2, rtt 0.1 us"},
    {9, 10, 999949, "probe 9, answer 10, rtt 999.9 us"},
    {10, 1, 999950, "probe 10, answer 1, rtt 1.000 ms"},
    {10, 1, 1234567, "probe 10, answer 1, rtt 1.235 ms"},
    {10, 1, 12003499, "probe 10, answer 1, rtt 12.003 ms"},
    {10, 1, 999999499, "probe 10, answer 1, rtt 999.999 ms"},
    {10, 1, 999999500, "probe 10, answer 1, rtt 1.000 s"},
    {10, 1, 61005000000, "probe 10, answer 1, rtt 61.005 s"},
    {UINT64_MAX, UINT32_MAX, UINT64_MAX,
     "probe 18446744073709551615, answer 4294967295, rtt 18446744073.710 s"},
};

static void answers_read_well(void **state)
{
    char text[CAPTURE_COMMENT_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answer_rows); i++) {
        const struct answer_row *row = &answer_rows[i];
        size_t len = capture_comment_answer(text, sizeof(text), row->index, row->number, row->rtt_ns);

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
    char text[12] = "...........";

    (void)state;
    assert_int_equal(capture_comment_answer(text, 10, 1234, 1, 1), 9);
    assert_string_equal(text, "probe 123");
    assert_int_equal(text[10], '.');
    assert_int_equal(capture_comment_stimulus(text, 1, 1234, true), 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_read_well),
        cmocka_unit_test(stimuli_read_well),
        cmocka_unit_test(texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
