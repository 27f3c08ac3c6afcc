#include "base/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_printed(const struct diag *diag, const char *text, const char *wanted)
{
    char *got = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&got, &size);

    assert_non_null(to);
    diag_print(diag, "template", text, to);
    fclose(to);
    assert_string_equal(got, wanted);
    free(got);
}

static void first_error_wins(void **state)
{
    struct diag diag = {.set = false};

    (void)state;
    assert_false(diag_hint(&diag, "no error yet"));
    assert_false(diag_set(&diag, (struct span){3, 2}, "bad %s", "thing"));
    assert_true(diag.set);
    assert_string_equal(diag.hint, "");
    assert_false(diag_set(&diag, (struct span){9, 9}, "later"));
    assert_string_equal(diag.message, "bad thing");
    assert_int_equal(diag.where.at, 3);
    assert_int_equal(diag.where.len, 2);
    assert_false(diag_hint(&diag, "do %d", 1));
    assert_false(diag_hint(&diag, "do %d", 2));
    assert_string_equal(diag.hint, "do 1");
}

static void long_messages_are_cut(void **state)
{
    struct diag diag = {.set = false};

    (void)state;
    diag_set(&diag, (struct span){0, 0}, "%500s", "x");
    diag_hint(&diag, "%500s", "y");
    assert_int_equal(strlen(diag.message), sizeof(diag.message) - 1);
    assert_int_equal(strlen(diag.hint), sizeof(diag.hint) - 1);
}

struct print_row {
    const char *text;
    struct span where;
    const char *wanted;
};

static const struct print_row print_rows[] = {
    {"IP(tll=1)", {3, 3}, "template:1:4: wrong\n  IP(tll=1)\n     ^~~\n"},
    {"IP(", {3, 0}, "template:1:4: wrong\n  IP(\n     ^\n"},
    {"IP(", {99, 4}, "template:1:4: wrong\n  IP(\n     ^\n"},
    {"", {0, 0}, "template:1:1: wrong\n  \n  ^\n"},
    {"a\nbc\nd", {3, 1}, "template:2:2: wrong\n  bc\n   ^\n"},
    {"a\nbc\nd", {4, 1}, "template:2:3: wrong\n  bc\n    ^\n"},
    {"a\n", {2, 0}, "template:2:1: wrong\n  \n  ^\n"},
    {"ab\r\ncd", {1, 9}, "template:1:2: wrong\n  ab\n   ^\n"},
    {"\ta\tbb", {3, 2}, "template:1:4: wrong\n  \ta\tbb\n  \t \t^~\n"},
    {"\tab\tb", {1, 4}, "template:1:2: wrong\n  \tab\tb\n  \t^~\n"},
    {"a\tb", {1, 2}, "template:1:2: wrong\n  a\tb\n   ^\n"},
    {"a\033[2Jb\x9b\x7f", {5, 1}, "template:1:6: wrong\n  a?[2Jb??\n       ^\n"},
    {"abc\ndef", {1, 5}, "template:1:2: wrong\n  abc\n   ^~\n"},
    {NULL, {1, 5}, "template: wrong\n"},
};

static void errors_show_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(print_rows); i++) {
        struct diag diag = {.set = false};

        diag_set(&diag, print_rows[i].where, "wrong");
        assert_printed(&diag, print_rows[i].text, print_rows[i].wanted);
    }
}

static void hints_and_messages_cannot_steer_a_terminal(void **state)
{
    struct diag diag = {.set = false};

    (void)state;
    diag_set(&diag, (struct span){0, 1}, "no '%s'", "\033]0;x\a");
    diag_hint(&diag, "try \r%s", "y");
    assert_printed(&diag, "z", "template:1:1: no '?]0;x?'\n  z\n  ^\ntry ?y\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(errors_show_their_place),
        cmocka_unit_test(hints_and_messages_cannot_steer_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
