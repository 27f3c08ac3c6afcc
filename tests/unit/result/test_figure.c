#include "result/figure.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct number_row {
    uint64_t value;
    const char *grouped, *scaled;
};

static const struct number_row number_rows[] = {
    {0, "0", "0"},
    {7, "7", "7"},
    {999, "999", "999"},
    {1000, "1,000", "1k"},
    {1009, "1,009", "1k"},
    {1050, "1,050", "1.05k"},
    {1100, "1,100", "1.1k"},
    {10049, "10,049", "10k"},
    {12345, "12,345", "12.3k"},
    {300000, "300,000", "300k"},
    {999999, "999,999", "999k"},
    {1218765, "1,218,765", "1.21M"},
    {67108864, "67,108,864", "67.1M"},
    {UINT64_MAX, "18,446,744,073,709,551,615", "18.4E"},
};

static void numbers_read_well(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(number_rows); i++) {
        assert_string_equal(figure_grouped(number_rows[i].value).s, number_rows[i].grouped);
        assert_string_equal(figure_scaled(number_rows[i].value).s, number_rows[i].scaled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_read_well)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
