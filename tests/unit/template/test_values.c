#include "template/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// Ranges in a row: {start, step, n}, ended by n 0.
struct values_row {
    enum values_kind kind; // that they should become
    struct {
        u128 start;
        int64_t step;
        uint64_t n;
    } parts[6];
};

#define WIDE ((u128)0x2001000200000000u << 64)

static const struct values_row values_rows[] = {
    {VALUES_RANGE, {{7, 1, 1}}},
    {VALUES_RANGE, {{0, 1, 65536}}},
    {VALUES_RANGE, {{10, -3, 4}}},
    {VALUES_RANGE, {{WIDE, 1, 1000}}},
    {VALUES_LIST, {{5, 1, 1}, {3, 1, 1}, {UINT64_MAX, 1, 1}}},
    {VALUES_LIST, {{5, 0, 1}, {6, 0, 1}}},
    {VALUES_SEGMENTS, {{5, 1, 1}, {6, 1, 1}, {1, 1, 3}, {7, 1, 1}}}, // singles, until something else comes
    {VALUES_SEGMENTS, {{5, 1, 1}, {WIDE, 1, 1}}},
    {VALUES_SEGMENTS, {{WIDE + 9, 1, 1}, {WIDE, 1, 1}}},
    {VALUES_SEGMENTS, {{1, 1, 3}, {10, 2, 1}, {9, -1, 9}, {100, 7, 2}}},
    {VALUES_SEGMENTS, {{4, 0, 3}, {5, 0, 1}, {4, 0, 200}}},
    {VALUES_RANGE, {{4, 0, 3}, {4, 0, 2}}}, // equal values in a row are one range
};

static void sets_hold_their_parts_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(values_rows); i++) {
        const struct values_row *row = &values_rows[i];
        struct values_builder builder;
        struct arena arena;
        u128 largest = 0;
        uint64_t at = 0;

        arena_init(&arena, 0);
        values_builder_init(&builder);
        for (unsigned p = 0; row->parts[p].n != 0; p++)
            assert_true(
                values_builder_range(&builder, row->parts[p].start, row->parts[p].step, row->parts[p].n));
        const struct values *values = values_builder_make(&builder, &arena);
        values_builder_release(&builder);
        assert_non_null(values);
        assert_int_equal(values->kind, row->kind);
        for (unsigned p = 0; row->parts[p].n != 0; p++) {
            for (uint64_t k = 0; k < row->parts[p].n; k++) {
                u128 wanted = row->parts[p].start + (u128)((i128)k * row->parts[p].step);

                assert_true(values_number(values, at++) == wanted);
                largest = wanted > largest ? wanted : largest;
            }
        }
        assert_int_equal(values->n, at);
        assert_true(values_largest(values) == largest);
        arena_release(&arena);
    }
}

static void an_empty_set_is_empty(void **state)
{
    struct values_builder builder;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    values_builder_init(&builder);
    assert_true(values_builder_range(&builder, 5, 1, 0));
    const struct values *values = values_builder_make(&builder, &arena);
    values_builder_release(&builder);
    assert_non_null(values);
    assert_int_equal(values->n, 0);
    assert_true(values_largest(values) == 0);
    arena_release(&arena);
}

static void sets_end_at_their_limit(void **state)
{
    struct values_builder builder;

    (void)state;
    values_builder_init(&builder);
    assert_true(values_builder_range(&builder, 0, 1, VALUES_MAX - 1));
    assert_false(values_builder_range(&builder, 0, 1, 2));
    assert_true(values_builder_range(&builder, 0, 1, 1));
    assert_false(values_builder_range(&builder, 0, 1, 1));
    assert_false(values_builder_range(&builder, 0, 1, UINT64_MAX));
    values_builder_release(&builder);
}

// Strings and ranges grow in rooms of their own.
static void strings_and_ranges_do_not_mix_up(void **state)
{
    struct values_builder builder;
    uint8_t bytes[100] = {0};

    (void)state;
    values_builder_init(&builder);
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        assert_true(values_builder_string(&builder, (struct values_string){bytes + i, 1, 1}));
        assert_true(values_builder_range(&builder, i, 1, 2));
    }
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        assert_ptr_equal(builder.strings[i].bytes, bytes + i);
        assert_true(builder.segments[i].start == i);
    }
    values_builder_release(&builder);
}

static void no_memory_is_said(void **state)
{
    struct values_builder builder;
    struct arena arena;

    (void)state;
    arena_init(&arena, 16);
    values_builder_init(&builder);
    assert_true(values_builder_range(&builder, 5, 1, 1));
    assert_null(values_builder_make(&builder, &arena));
    values_builder_release(&builder);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_hold_their_parts_in_order),
        cmocka_unit_test(an_empty_set_is_empty),
        cmocka_unit_test(sets_end_at_their_limit),
        cmocka_unit_test(strings_and_ranges_do_not_mix_up),
        cmocka_unit_test(no_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
