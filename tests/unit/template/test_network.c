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
    // as inet_aton
    {"10.2", 4, "10.0.0.2", 1},
    {"10.2/31", 0, "10.0.0.2", 2},
    {"0x0a000005", 4, "10.0.0.5", 1},
    {"010.1.2.3", 4, "8.1.2.3", 1},
    {"10.2", 6, NULL, 0},
    {"10.0.0.1 x", 4, NULL, 0},
    {"10.0.0.256", 4, NULL, 0},
    // names
    {"www.example.com", 4, "192.0.2.5", 1},
    {"www.example.com", 0, "192.0.2.5", 1},
    {"www.example.com/24", 4, "192.0.2.0", 256},
    {"www.example.com", 6, NULL, 0},
    {"www.example.com/33", 4, NULL, 0},
    {"nowhere.example.com", 4, NULL, 0},
    {"fe80::1%eth0", 6, NULL, 0},
};

static bool lookup(void *context, const char *name, uint8_t family, struct address *address, const char **why)
{
    (void)context;
    *why = "no such name";
    return family == 4 && strcmp(name, "www.example.com") == 0 && address_parse("192.0.2.5", 9, address);
}

static const struct resolver resolver = {.lookup = lookup};

static void networks_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(network_rows); i++) {
        const struct network_row *row = &network_rows[i];
        struct span where = {3, 4};
        struct network network;
        struct diag diag = {0};
        char text[ADDRESS_TEXT_MAX];
        const struct network_asked asked = {row->family, &resolver, where};
        bool ok = network_parse(row->text, (uint32_t)strlen(row->text), &asked, &network, &diag);

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

struct octets_row {
    const char *text;
    uint32_t runs, step, first, last; // start of the first and the last run; runs 0: it is refused
    uint64_t n;                       // of a run
};

static const struct octets_row octets_rows[] = {
    {"10.0.0.1-5", 1, 1, 0x0a000001, 0x0a000001, 5},
    {"10.0.0.*", 1, 1, 0x0a000000, 0x0a000000, 256},
    {"10.0-3.0.1-5", 4, 1, 0x0a000001, 0x0a030001, 5},
    {"10.0-3.*.*", 1, 1, 0x0a000000, 0x0a000000, 4 * 65536},
    {"1-2.3-4.5.6", 2, 1 << 16, 0x01030506, 0x02030506, 2},
    {"10.*.*.7", 1, 256, 0x0a000007, 0x0a000007, 65536},
    {"7-7.1.1.1", 1, 1 << 24, 0x07010101, 0x07010101, 1},
    {"10.0.0.5-1", 0, 0, 0, 0, 0},
    {"10.0.0.1-256", 0, 0, 0, 0, 0},
    {"10.0.*", 0, 0, 0, 0, 0},
    {"10.0.0.0.*", 0, 0, 0, 0, 0},
    {"10.0.0.1-", 0, 0, 0, 0, 0},
    {"10.0.0.-1", 0, 0, 0, 0, 0},
    {"10.0.0.1-2-3", 0, 0, 0, 0, 0},
    {"10.0.0.1*", 0, 0, 0, 0, 0},
    {"10..0.*", 0, 0, 0, 0, 0},
    {"10.0.0.*/24", 0, 0, 0, 0, 0},
    {"*.*.*.1-2", 0, 0, 0, 0, 0}, // too many
};

static void octets_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(octets_rows); i++) {
        const struct octets_row *row = &octets_rows[i];
        uint32_t len = (uint32_t)strlen(row->text);
        struct network_octets octets;
        struct diag diag = {0};

        assert_true(network_has_octets(row->text, len));
        assert_int_equal(network_octets_parse(row->text, len, &octets, (struct span){0}, &diag),
                         row->runs != 0);
        if (row->runs == 0)
            continue;
        assert_int_equal(octets.runs, row->runs);
        assert_int_equal(octets.step, row->step);
        assert_true(octets.n == row->n);
        assert_int_equal(network_octets_start(&octets, 0), row->first);
        assert_int_equal(network_octets_start(&octets, row->runs - 1), row->last);
    }
}

static void other_texts_have_no_octets(void **state)
{
    static const char *const texts[] = {"10.0.0.1", "",         "a-b.example.com", "10-0",
                                        "::1",      "-1.2.3.4", "host-1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_false(network_has_octets(texts[i], (uint32_t)strlen(texts[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_read),
        cmocka_unit_test(octets_are_read),
        cmocka_unit_test(other_texts_have_no_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
