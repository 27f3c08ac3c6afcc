#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define V6(high, low) ((u128)(high) << 64 | (low))

struct address_row {
    const char *text;
    uint8_t family;
    uint64_t high, low;
    const char *formatted; // NULL: as the text
};

static const struct address_row address_rows[] = {
    {"0.0.0.0", 4, 0, 0, NULL},
    {"198.18.0.1", 4, 0, 0xc6120001, NULL},
    {"255.255.255.255", 4, 0, 0xffffffff, NULL},
    {"::", 6, 0, 0, NULL},
    {"2001:2::1", 6, 0x2001000200000000, 1, NULL},
    {"2001:0002:0:0::0001", 6, 0x2001000200000000, 1, "2001:2::1"},
    {"FF02::1:FF00:1", 6, 0xff02000000000000, 0x1ff000001, "ff02::1:ff00:1"},
    {"::ffff:198.18.0.1", 6, 0, 0xffffc6120001, NULL},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 6, UINT64_MAX, UINT64_MAX,
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(address_rows); i++) {
        const struct address_row *row = &address_rows[i];
        const struct address wanted = {.value = V6(row->high, row->low), .family = row->family};
        struct address address;
        struct address again;
        char text[ADDRESS_TEXT_MAX];
        uint8_t bytes[16];

        assert_true(address_parse(row->text, strlen(row->text), &address));
        assert_true(address_equal(&address, &wanted));
        address_format(&address, text);
        assert_string_equal(text, row->formatted != NULL ? row->formatted : row->text);
        address_to_bytes(&address, bytes);
        again = address_from_bytes(row->family, bytes);
        assert_true(address_equal(&again, &wanted));
    }
}

static const char *const bad_addresses[] = {
    "",          "1",         "1.2.3",
    "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ",
    " 1.2.3.4",  "01.2.3.4",  "1.2.3.4/8",
    "0x1.2.3.4", "1.2.3.",    "1..2.3",
    ":",         ":::",       "1::2::3",
    "2001:2",    "g::",       "fe80::1%lo",
    "[::1]",     "12345::",   "1:2:3:4:5:6:7:8:9",
    "::1.2.3",   "-1.2.3.4",  "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255555",
};

static void other_texts_are_no_addresses(void **state)
{
    struct address untouched = {.value = 7, .family = 9};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_addresses); i++)
        assert_false(address_parse(bad_addresses[i], strlen(bad_addresses[i]), &untouched));
    assert_false(address_parse("1.2.3.4\0", 8, &untouched));
    assert_true(untouched.value == 7 && untouched.family == 9);
}

static void only_len_bytes_are_read(void **state)
{
    const char text[] = {'1', '.', '2', '.', '3', '.', '4', '5'};
    struct address address;

    (void)state;
    assert_true(address_parse(text, 7, &address));
    assert_true(address.value == 0x01020304);
}

static void no_address_is_empty(void **state)
{
    const struct address none = {.family = 0};
    char text[ADDRESS_TEXT_MAX] = "x";

    (void)state;
    address_format(&none, text);
    assert_string_equal(text, "");
}

static void families_differ(void **state)
{
    const struct address four = {.value = 1, .family = 4};
    const struct address six = {.value = 1, .family = 6};

    (void)state;
    assert_false(address_equal(&four, &six));
}

struct group_row {
    const char *text;
    bool multicast;
    uint8_t mac[6];
};

static const struct group_row group_rows[] = {
    {"224.0.0.1", true, {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}},
    {"239.255.255.250", true, {0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa}},
    {"ff02::1:ff12:3456", true, {0x33, 0x33, 0xff, 0x12, 0x34, 0x56}},
    {"223.255.255.255", false, {0}},
    {"240.0.0.0", false, {0}},
    {"255.255.255.255", false, {0}},
    {"fe80::1", false, {0}},
    {"::e000:1", false, {0}},
};

static void groups_have_macs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(group_rows); i++) {
        struct address address;
        struct mac mac;

        assert_true(address_parse(group_rows[i].text, strlen(group_rows[i].text), &address));
        assert_int_equal(address_is_multicast(&address), group_rows[i].multicast);
        mac = mac_of_group(&address);
        if (group_rows[i].multicast)
            assert_memory_equal(mac.bytes, group_rows[i].mac, sizeof(mac.bytes));
    }
}

static void macs_are_read_and_written(void **state)
{
    struct mac mac;
    char text[MAC_TEXT_MAX];

    (void)state;
    assert_true(mac_parse("02:a9:E3:8a:3F:eb", 17, &mac));
    mac_format(&mac, text);
    assert_string_equal(text, "02:a9:e3:8a:3f:eb");
    assert_true(mac_parse("2:0:0:0:0:1", 11, &mac));
    mac_format(&mac, text);
    assert_string_equal(text, "02:00:00:00:00:01");
}

static const char *const bad_macs[] = {
    "",
    "2",
    "2:0:0:0:0",
    "2:0:0:0:0:",
    "2:0:0:0:0:1:",
    "2:0:0:0:0:1:2",
    "2:0:0:0:0:100",
    ":0:0:0:0:1",
    "2::0:0:0:1",
    "2-0-0-0-0-1",
    "2:0:0:0:0:g",
    " 2:0:0:0:0:1",
    "2:0:0:0:0:1 ",
    "002:0:0:0:0:1",
};

static void other_texts_are_no_macs(void **state)
{
    struct mac untouched = {{1, 2, 3, 4, 5, 6}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_macs); i++)
        assert_false(mac_parse(bad_macs[i], strlen(bad_macs[i]), &untouched));
    assert_memory_equal(untouched.bytes, "\1\2\3\4\5\6", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(other_texts_are_no_addresses),
        cmocka_unit_test(only_len_bytes_are_read),
        cmocka_unit_test(no_address_is_empty),
        cmocka_unit_test(families_differ),
        cmocka_unit_test(groups_have_macs),
        cmocka_unit_test(macs_are_read_and_written),
        cmocka_unit_test(other_texts_are_no_macs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
