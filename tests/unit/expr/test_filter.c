#include "expr/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// What the rows below are about: one thing with these values.
enum {
    ROW_TTL,
    ROW_RTT_NS,
    ROW_LEN,
    ROW_NONE,
    ROW_FLAGS,
    ROW_NO_FLAGS,
    ROW_CLASS,
    ROW_NO_CLASS,
    ROW_NAME,
    ROW_DST,
    ROW_DST6,
    ROW_NO_DST
};

static const char *class_known(unsigned i)
{
    static const char *const known[] = {"synack", "rst", "unreachable-port", NULL};

    return known[i];
}

static const struct filter_field field_rows[] = {
    [ROW_TTL] = {"ttl", FILTER_NUMBER, NULL, NULL},
    [ROW_RTT_NS] = {"rtt_ns", FILTER_NUMBER, NULL, NULL},
    [ROW_LEN] = {"len", FILTER_NUMBER, NULL, NULL},
    [ROW_NONE] = {"none", FILTER_NUMBER, NULL, NULL},
    [ROW_FLAGS] = {"flags", FILTER_FLAGS, "FSRPAUECN", NULL},
    [ROW_NO_FLAGS] = {"no_flags", FILTER_FLAGS, "FSRPAUECN", NULL},
    [ROW_CLASS] = {"class", FILTER_TEXT, NULL, class_known},
    [ROW_NO_CLASS] = {"no_class", FILTER_TEXT, NULL, class_known},
    [ROW_NAME] = {"name", FILTER_TEXT, NULL, NULL},
    [ROW_DST] = {"dst", FILTER_ADDRESS, NULL, NULL},
    [ROW_DST6] = {"dst6", FILTER_ADDRESS, NULL, NULL},
    [ROW_NO_DST] = {"no_dst", FILTER_ADDRESS, NULL, NULL},
};

static const struct filter_fields fields = {"things", field_rows, ARRAY_SIZE(field_rows)};

static void resolve(void *context, unsigned field, struct filter_value *value)
{
    (void)context;
    assert_int_equal(value->kind, FILTER_NULL);
    switch (field) {
    case ROW_TTL:
        *value = (struct filter_value){.kind = FILTER_NUMBER, .number = 64};
        break;
    case ROW_RTT_NS:
        *value = (struct filter_value){.kind = FILTER_NUMBER, .number = UINT64_MAX};
        break;
    case ROW_LEN:
        *value = (struct filter_value){.kind = FILTER_NUMBER, .number = 0};
        break;
    case ROW_FLAGS: // SA
        *value = (struct filter_value){.kind = FILTER_FLAGS, .number = 0x12};
        break;
    case ROW_CLASS:
        *value = (struct filter_value){.kind = FILTER_TEXT, .text = "synack", .len = 6};
        break;
    case ROW_NAME:
        *value = (struct filter_value){.kind = FILTER_TEXT, .text = "a\"b\0c", .len = 5};
        break;
    case ROW_DST:
        assert_true(address_parse("198.18.0.77", 11, &value->address));
        value->kind = FILTER_ADDRESS;
        break;
    case ROW_DST6:
        assert_true(address_parse("2001:2::77", 10, &value->address));
        value->kind = FILTER_ADDRESS;
        break;
    default:
        break;
    }
}

static const struct {
    const char *text;
    bool holds;
} condition_rows[] = {
    // numbers
    {"ttl == 64", true},
    {"ttl == 0x40", true},
    {"ttl != 64", false},
    {"ttl < 65", true},
    {"ttl < 64", false},
    {"ttl <= 64", true},
    {"ttl > 63", true},
    {"ttl >= 65", false},
    {"64 == ttl", true},
    {"1 < ttl < 65", true},
    {"1 < ttl < 64", false},
    {"1 < ttl <= 64 == 64", true},
    {"rtt_ns == 18446744073709551615", true},
    {"rtt_ns > -1", true},
    {"len == 0", true},
    // arithmetic, as Python's on whole numbers
    {"ttl + 1 == 65 and ttl - 65 == -1", true},
    {"1 + 2 * 3 == 7 and (1 + 2) * 3 == 9", true},
    {"ttl / 10 == 6 and ttl % 10 == 4", true},
    {"-7 / 2 == -4 and -7 % 2 == 1 and 7 % -2 == -1", true},
    {"--ttl == 64", true},
    {"ttl / len == 1", false},
    {"ttl / len is None and ttl % 0 is None", true},
    {"rtt_ns * rtt_ns is None", true},
    {"rtt_ns * 2 == 36893488147419103230", true},
    {"none + 1 is None", true},
    // text
    {"class == \"synack\"", true},
    {"class == 'synack'", true},
    {"class==\"rst\"", false},
    {"class != 'rst'", true},
    {"class < 'syn'", false},
    {"class > 'syn'", true},
    {"'ack' in class", true},
    {"'rst' in class", false},
    {"'rst' not in class", true},
    {"'' in class", true},
    {"class in 'a synack here'", true},
    {"name == 'a\"b\\0c'", true},
    {"name == 'a\"b'", false},
    {"class == name", false},
    // sets
    {"class in [\"synack\",\"rst\"]", true},
    {"class in ['rst']", false},
    {"class in []", false},
    {"class not in ['rst',]", true},
    {"not class in ['synack']", false},
    {"ttl in [1, ttl]", true},
    {"ttl in [1, 60 + 4]", true},
    {"64 in [ttl, len]", true},
    {"ttl in [none]", false},
    // flags
    {"flags == 'SA'", true},
    {"flags == 'AS'", true},
    {"flags == 'S'", false},
    {"flags == 18", true},
    {"'S' in flags", true},
    {"'SA' in flags", true},
    {"'SR' in flags", false},
    {"'R' not in flags", true},
    {"flags in ['RA','SA']", true},
    {"flags in ['R', 'RA']", false},
    {"'' in flags", true},
    // addresses
    {"dst == '198.18.0.77'", true},
    {"dst == \"198.18.0.78\"", false},
    {"dst != '2001:2::77'", true},
    {"dst < '198.18.0.100'", true},
    {"dst < '2001:2::'", false},
    {"dst >= '2001:2::'", false},
    {"dst in '198.18.0.0/24'", true},
    {"dst in '198.18.0.99/24'", true},
    {"dst in '198.18.0.64/27'", true},
    {"dst in '198.18.0.96/27'", false},
    {"dst in '0.0.0.0/0'", true},
    {"dst in '198.18.0.77'", true},
    {"dst in '::/0'", false},
    {"dst not in '198.19.0.0/16'", true},
    {"dst in ['198.19.0.0/16', '198.18.0.77']", true},
    {"dst in ['198.19.0.0/16', '198.18.0.78/32']", false},
    {"dst6 in '2001:2::/48'", true},
    {"dst6 in '2001:2::77/128'", true},
    {"dst6 in '2001:2:1::/48'", false},
    {"dst6 in '0.0.0.0/0'", false},
    {"dst == dst6", false},
    {"dst == dst", true},
    // null
    {"none == 1", false},
    {"none != 1", false},
    {"none < 1", false},
    {"not none < 1", true},
    {"none == none", false},
    {"none == None", true},
    {"None == none", true},
    {"none is None", true},
    {"none is not None", false},
    {"none != None", false},
    {"none is null", true},
    {"ttl is None", false},
    {"ttl is not None", true},
    {"ttl != null", true},
    {"no_class == 'rst'", false},
    {"no_class != 'rst'", false},
    {"no_class in ['rst']", false},
    {"no_class not in ['rst']", false},
    {"'S' in no_flags", false},
    {"'S' not in no_flags", false},
    {"no_dst in '0.0.0.0/0'", false},
    {"no_dst not in '0.0.0.0/0'", false},
    // being there
    {"ttl", true},
    {"len", true},
    {"none", false},
    {"not none", true},
    {"!none", true},
    {"no_class or dst", true},
    {"none + 1", false},
    // and, or, not
    {"ttl == 64 and len == 0", true},
    {"ttl == 64 && len == 1", false},
    {"ttl == 1 or len == 0", true},
    {"ttl == 1 || len == 1", false},
    {"ttl == 64 or ttl == 64 and len == 1", true},
    {"(ttl == 64 or ttl == 64) and len == 1", false},
    {"not ttl == 1 and len == 0", true},
    {"not (ttl == 64 and len == 0)", false},
    {"!(ttl == 1) && !!(len == 0)", true},
    {"ttl == 64 # a remark", true},
    {"ttl\n==\n64", true},
    {"(((((ttl)))))==((64))", true},
};

static void conditions_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(condition_rows); i++) {
        const char *text = condition_rows[i].text;
        const struct filter *filter;
        struct diag diag = {0};
        struct arena arena;

        arena_init(&arena, 0);
        if (!filter_compile(text, strlen(text), &fields, &arena, &filter, &diag))
            fail_msg("%s: %s", text, diag.message);
        if (filter_test(filter, resolve, NULL) != condition_rows[i].holds)
            fail_msg("%s: should %shold", text, condition_rows[i].holds ? "" : "not ");
        arena_release(&arena);
    }
}

static const struct {
    const char *text;
    uint32_t at, len;
    const char *message;
} error_rows[] = {
    {"rtt < 1", 0, 3, "things have no field 'rtt'; did you mean 'rtt_ns'?"},
    {"1 and ttll > 3", 0, 1, "this is no condition: it never changes"},
    {"len and ttll > 3", 8, 4, "things have no field 'ttll'; did you mean 'ttl'?"},
    {"xyzzy", 0, 5, "things have no field 'xyzzy'"},
    {"class == 'synak'", 9, 7, "class is never 'synak'; did you mean 'synack'?"},
    {"class in ['rst', 'banana']", 17, 8, "class is never 'banana'"},
    {"ttl == 'a'", 0, 10, "a number can't be compared with text"},
    {"'a' == ttl", 0, 10, "a number can't be compared with text"},
    {"class == 1", 0, 10, "text can't be compared with a number"},
    {"class < dst", 0, 11, "text can't be compared with an address"},
    {"ttl in ['a']", 0, 11, "a number can't be compared with text"},
    {"ttl in 64", 7, 2, "a number holds nothing; several values stand in [ ]"},
    {"ttl in (1,2)", 7, 1, "several values stand in [ ]"},
    {"flags == 'SX'", 9, 4, "a letter that is no flag; they are FSRPAUECN"},
    {"flags in 'SA'", 0, 13, "text can't be compared with flags"},
    {"dst == '198.18.0.0/24'", 7, 15, "this is a network"},
    {"dst in '198.18.0.0/33'", 7, 15, "a network ends in /0 to /32"},
    {"dst in '198.18.0.0/'", 7, 13, "a network ends in /0 to /32"},
    {"dst6 in '2001:2::/129'", 8, 14, "a network ends in /0 to /128"},
    {"dst6 in '2001:2::/00128'", 8, 16, "a network ends in /0 to /128"},
    {"dst == 'host'", 7, 6, "this is no address"},
    {"ttl in [None]", 8, 4, "nothing equals None; write 'is None'"},
    {"None in [ttl]", 0, 4, "None is in nothing; write 'is None'"},
    {"ttl < None", 6, 4, "nothing is less or more than None"},
    {"ttl is 64", 7, 2, "expected None, not '64'"},
    {"ttl = 64", 4, 1, "one '=' compares nothing; write '=='"},
    {"ttl == 64 64", 10, 2, "expected an operator or the end, not '64'"},
    {"ttl ==", 6, 0, "the condition ends too early: expected a field or a value"},
    {"", 0, 0, "the condition ends too early: expected a field or a value"},
    {"and", 0, 3, "expected a field or a value, not 'and'"},
    {"ttl not 64", 8, 2, "expected 'in', not '64'"},
    {"(ttl == 64", 0, 1, "this '(' is never closed"},
    {"ttl in [64", 7, 1, "this '[' is never closed"},
    {"ttl in [64 65]", 11, 2, "expected ',' or ']', not '65'"},
    {"ttl == 64)", 9, 1, "expected an operator or the end, not ')'"},
    {"(ttl == 64) + 1", 1, 9, "this is a condition, and has no value"},
    {"(ttl == 64) == 1", 1, 9, "this is a condition, and has no value"},
    {"(not ttl) is None", 1, 7, "this is a condition, and has no value"},
    {"class + 1 == 2", 0, 5, "text can't be calculated with"},
    {"'a'", 0, 3, "this is no condition: it never changes"},
    {"not 1", 4, 1, "this is no condition: it never changes"},
    {"ttl & 1", 4, 1, "a character that means nothing here"},
    {"ttl == 1.5", 7, 3, "'1.5' is no number"},
    {"class == 'a", 9, 1, "the string that starts here has no end"},
};

static void errors_have_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(error_rows); i++) {
        const char *text = error_rows[i].text;
        const struct filter *filter;
        struct diag diag = {0};
        struct arena arena;

        arena_init(&arena, 0);
        bool ok = filter_compile(text, strlen(text), &fields, &arena, &filter, &diag);
        if (ok || diag.where.at != error_rows[i].at || diag.where.len != error_rows[i].len ||
            strcmp(diag.message, error_rows[i].message) != 0)
            fail_msg("%s: %u+%u %s", text, diag.where.at, diag.where.len, ok ? "is read" : diag.message);
        arena_release(&arena);
    }
}

// Texts of one piece, many times: read or refused, in time and stack of any size.
static void long_texts_are_harmless(void **state)
{
    static const char *const pieces[] = {
        "(", "not ", "!", "-", "ttl+", "ttl or ", "ttl and ", "ttl<", "[", "ttl in [ttl,", "1,", "ttl ", "'"};
    static char text[FILTER_TEXT_MAX + 32];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        const struct filter *filter;
        struct diag diag = {0};
        struct arena arena;
        size_t len = 0;

        while (len + strlen(pieces[i]) + 3 < FILTER_TEXT_MAX) {
            strcpy(text + len, pieces[i]);
            len += strlen(pieces[i]);
        }
        strcpy(text + len, "ttl");
        arena_init(&arena, 0);
        bool ok = filter_compile(text, len + 3, &fields, &arena, &filter, &diag);
        assert_int_equal(ok, !diag.set);
        if (ok)
            (void)filter_test(filter, resolve, NULL);
        arena_release(&arena);
    }
}

static void memory_may_run_out(void **state)
{
    static const char text[] = "class in ['synack', 'rst'] and (ttl + 1 < 3 or dst in '198.18.0.0/15')";

    (void)state;
    for (size_t limit = 16; limit < 4096; limit += 16) {
        const struct filter *filter;
        struct diag diag = {0};
        struct arena arena;

        arena_init(&arena, limit);
        bool ok = filter_compile(text, strlen(text), &fields, &arena, &filter, &diag);
        assert_int_equal(ok, !diag.set);
        assert_true(!ok || filter_test(filter, resolve, NULL));
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_hold),
        cmocka_unit_test(errors_have_places),
        cmocka_unit_test(long_texts_are_harmless),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
