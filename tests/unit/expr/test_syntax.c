#include "expr/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PRINT_MAX 512

static void print(const struct syntax *tree, char *out)
{
    size_t n = strlen(out);

    switch (tree->kind) {
    case SYNTAX_NUMBER:
        snprintf(out + n, PRINT_MAX - n, "%lld", (long long)tree->number);
        return;
    case SYNTAX_STRING:
        snprintf(out + n, PRINT_MAX - n, "<");
        for (uint32_t i = 0; i < tree->len; i++)
            snprintf(out + strlen(out), PRINT_MAX - strlen(out), "%02x", (uint8_t)tree->bytes[i]);
        strcat(out, ">");
        return;
    case SYNTAX_NAME:
        snprintf(out + n, PRINT_MAX - n, "%.*s", (int)tree->len, tree->bytes);
        return;
    case SYNTAX_LIST:
    case SYNTAX_TUPLE:
    case SYNTAX_CALL:
    case SYNTAX_BINARY:
        break;
    }
    if (tree->kind == SYNTAX_CALL)
        snprintf(out + n, PRINT_MAX - n, "%.*s", (int)tree->len, tree->bytes);
    if (tree->kind == SYNTAX_BINARY)
        snprintf(out + n, PRINT_MAX - n, "%c", tree->op);
    strcat(out, tree->kind == SYNTAX_LIST ? "[" : tree->kind == SYNTAX_TUPLE ? "t(" : "(");
    for (uint32_t i = 0; i < tree->n_items; i++) {
        if (i > 0)
            strcat(out, " ");
        if (tree->kind == SYNTAX_CALL && tree->keys[i].len > 0)
            snprintf(out + strlen(out), PRINT_MAX - strlen(out), "%.*s=", (int)tree->keys[i].len,
                     tree->keys[i].name);
        print(tree->items[i], out);
    }
    strcat(out, tree->kind == SYNTAX_LIST ? "]" : ")");
}

struct syntax_row {
    const char *text;
    const char *tree; // NULL: it is refused
};

static const struct syntax_row syntax_rows[] = {
    {"IP()/TCP()", "/(IP() TCP())"},
    {"a/b/c", "/(/(a b) c)"},
    {"a/b*3", "*(/(a b) 3)"},
    {"1+2*3-4", "-(+(1 *(2 3)) 4)"},
    {"-5", "-(0 5)"},
    {"--5", "-(0 -(0 5))"},
    {"(1)", "1"},
    {"(1,)", "t(1)"},
    {"()", "t()"},
    {"(1,2,3,)", "t(1 2 3)"},
    {"[]", "[]"},
    {"[1,[2],(3,4)]", "[1 [2] t(3 4)]"},
    {"IP(ttl=1,dst=[\"a\"])", "IP(ttl=1 dst=[<61>])"},
    {"Raw(\"a\")", "Raw(<61>)"},
    {"f(a,b=c,)", "f(a b=c)"},
    {" \t\r\n IP ( ) ", "IP()"},
    {"0x1F 0", NULL},
    {"0x1f", "31"},
    {"0B101", "5"},
    {"0o17", "15"},
    {"1_000", "1000"},
    {"0", "0"},
    {"'a\\x41\\101\\n\\0\\\\\\q'", "<6141410a005c5c71>"},
    {"\"a\" 'b' b\"c\"", "<616263>"},
    {"\"\"", "<>"},
    {"\"\" \"\" \"x\"", "<78>"},
    {"b", "b"},
    {"\"\\\"\"", "<22>"},
    {"\"\\x4\"", NULL},
    {"'\\u00e9\\u20ac\\U0001f600'", "<c3a9e282acf09f9880>"},
    {"'\\ud800'", NULL},
    {"b'\\u00e9'", "<5c7530306539>"},
    {"r'a\\'' Rb'\\n' u'c'", "<615c275c6e63>"},
    {"'a\\\nb'", "<6162>"},
    {"'''a'b''c'''", "<612762272763>"},
    {"'''a''", NULL},
    {"# a\n1 # b\n+ \\\n2 #", "+(1 2)"},
    {"[True,False]", "[1 0]"},
    {"1.5", NULL},
    {"0x", NULL},
    {"0b2", NULL},
    {"12a", NULL},
    {"_1", "_1"},
    {"1__0", "10"},
    {"\"abc", NULL},
    {"\"abc\\", NULL},
    {"\"abc\\\"", NULL},
    {"(", NULL},
    {")", NULL},
    {"(1", NULL},
    {"(1]", NULL},
    {"[1 2]", NULL},
    {"a b", NULL},
    {"a,b", NULL},
    {"a=1", NULL},
    {"[a=1]", NULL},
    {"f(a=)", NULL},
    {"f(=1)", NULL},
    {"*", NULL},
    {"1+", NULL},
    {"@", NULL},
    {"", NULL},
    {"  ", NULL},
    {"99999999999999999999999999999999999999999", NULL},
};

static void expressions_are_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(syntax_rows); i++) {
        const struct syntax_row *row = &syntax_rows[i];
        const struct syntax *tree;
        struct diag diag = {0};
        struct arena arena;
        char out[PRINT_MAX] = "";

        arena_init(&arena, 0);
        bool ok = syntax_parse(row->text, strlen(row->text), &arena, &tree, &diag);
        assert_int_equal(ok, !diag.set);
        if (ok)
            print(tree, out);
        if (ok != (row->tree != NULL) || (ok && strcmp(out, row->tree) != 0))
            fail_msg("%s: %s", row->text, ok ? out : diag.message);
        if (!ok)
            assert_true(diag.where.at + diag.where.len <= strlen(row->text));
        arena_release(&arena);
    }
}

// A megabyte of anything is read or refused in time and memory of its size.
static void long_texts_are_harmless(void **state)
{
    static const char *const pieces[] = {"(",    "[",    "-",  "1+",    "a/",     "\"a\"", "1,",  "f(",
                                         "f(a=", "\"",   "\\", "0",     "9",      "[1,",   "'\\", "x",
                                         "\x01", "\xff", ")",  "a(b)/", "(1,2),", "0x",    "b\""};

    (void)state;
    for (size_t p = 0; p < ARRAY_SIZE(pieces); p++) {
        size_t step = strlen(pieces[p]), len = SYNTAX_TEXT_MAX / step * step;
        char *text = malloc(len);
        const struct syntax *tree;
        struct diag diag = {0};
        struct arena arena;

        assert_non_null(text);
        for (size_t at = 0; at < len; at += step)
            memcpy(text + at, pieces[p], step);
        arena_init(&arena, (size_t)512 << 20);
        if (!syntax_parse(text, len, &arena, &tree, &diag))
            assert_true(diag.set);
        assert_true(diag.where.at + diag.where.len <= len);
        arena_release(&arena);
        free(text);
    }
}

static void too_long_texts_and_little_memory_are_refused(void **state)
{
    static const char text[] = "IP(dst=[\"198.18.0.1\",\"198.18.0.2\" \"x\"],ttl=(1,-2,0x3))/TCP()/\"abc\"*3";
    const struct syntax *tree;
    struct diag diag = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_false(syntax_parse("", SYNTAX_TEXT_MAX + 1u, &arena, &tree, &diag));
    for (size_t limit = 16; limit < 6000; limit += 16) {
        struct arena small;

        arena_init(&small, limit);
        diag = (struct diag){0};
        bool ok = syntax_parse(text, sizeof(text) - 1, &small, &tree, &diag);
        assert_int_equal(ok, !diag.set);
        arena_release(&small);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_are_parsed),
        cmocka_unit_test(long_texts_are_harmless),
        cmocka_unit_test(too_long_texts_and_little_memory_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
