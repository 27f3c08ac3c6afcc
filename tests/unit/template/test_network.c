#include "template/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct network_row {
    const char *text;
    uint8_t family; // asked for
    const char *first;
    uint64_t n; // 0: it is refused
};

static const struct network_row network_rows[] = {
    {"198.18.0.1", 4, "198.18.0.1", 1},
    {"198.18.0.1/32", 4, "198.18.0.1", 1},
    {"198.18.0.7/30", 4, "198.18.0.4", 4},
    {"198.18.255.255/15", 0, "198.18.0.0", 1 << 17},
    {"0.0.0.0/0", 4, "0.0.0.0", UINT64_C(1) << 32},
    {"255.255.255.255/1", 4, "128.0.0.0", UINT64_C(1) << 31},
    {"2001:2::1", 6, "2001:2::1", 1},
    {"2001:2::ff/124", 6, "2001:2::f0", 16},
    {"2001:2::/66", 0, "2001:2::", UINT64_C(1) << 62},
    {"2001:2::/65", 6, NULL, 0},
    {"::/0", 6, NULL, 0},
    {"198.18.0.1", 6, NULL, 0},
    {"2001:2::1", 4, NULL, 0},
    {"198.18.0.0/33", 4, NULL, 0},
    {"2001:2::/129", 6, NULL, 0},
    {"198.18.0.0/", 4, NULL, 0},
    {"198.18.0.0/-1", 4, NULL, 0},
    {"198.18.0.0/ 8", 4, NULL, 0},
    {"198.18.0.0/0008", 4, NULL, 0},
    {"198.18.0.0/8/8", 4, NULL, 0},
    {"198.18.0.0/255.0.0.0", 4, NULL, 0},
    {"/8", 4, NULL, 0},
    {"", 0, NULL, 0},
    {"198.18.0.1-5", 4, NULL, 0},
    {"198.18.0.*", 4, NULL, 0},
    {"localhost", 4, NULL, 0},
};

static void networks_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(network_rows); i++) {
        const struct network_row *row = &network_rows[i];
        struct span where = {3, 4};
        struct network network;
        struct diag diag = {0};
        char text[ADDRESS_TEXT_MAX];
        bool ok = network_parse(row->text, (uint32_t)strlen(row->text), row->family, &network, where, &diag);

        assert_int_equal(ok, row->n != 0);
        assert_int_equal(diag.set, row->n == 0);
        if (!ok) {
            assert_int_equal(diag.where.at, 3);
            assert_int_equal(diag.where.len, 4);
            continue;
        }
        address_format(&network.first, text);
        assert_string_equal(text, row->first);
        assert_true(network.n == row->n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(networks_are_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
