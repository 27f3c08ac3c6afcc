#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t size = 1; size < 100000; size = 3 * size + 1) {
        uint8_t *p = arena_alloc(&arena, size);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    arena_release(&arena);
}

static void adopted_blocks_keep_what_is_in_them(void **state)
{
    struct arena arena;
    char *blocks[3];

    (void)state;
    arena_init(&arena, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(blocks); i++) {
        char *block = malloc(1000);

        assert_non_null(block);
        memset(block, 'a' + (int)i, 1000);
        blocks[i] = arena_adopt(&arena, block, i * 100); // of the first, nothing is in use
        assert_non_null(blocks[i]);
    }
    for (unsigned i = 1; i < ARRAY_SIZE(blocks); i++) {
        assert_int_equal(blocks[i][0], 'a' + (int)i);
        assert_int_equal(blocks[i][i * 100 - 1], 'a' + (int)i);
    }
    assert_true(arena.used >= 301);
    arena_release(&arena);
    arena_release(&arena); // nothing is freed twice
}

static void limits_hold(void **state)
{
    struct arena arena;
    void *block = malloc(100);

    (void)state;
    arena_init(&arena, 64);
    assert_null(arena_alloc(&arena, 65));
    assert_non_null(arena_alloc(&arena, 16));
    assert_null(arena_adopt(&arena, block, 100));
    free(block); // still ours
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(adopted_blocks_keep_what_is_in_them),
        cmocka_unit_test(limits_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
