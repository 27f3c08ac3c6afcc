// An index's branch and place are those that writing all packets out one after another gives.
#include "template/choice.h"
#include "template/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

// What a packet is: the branch, and its place in the branch's own product.
struct packet {
    uint32_t branch;
    uint64_t index;
};

#define PACKETS_MAX 4096

struct list {
    unsigned n;
    struct packet packets[PACKETS_MAX];
};

// By plain loops, the slowest part first.
static void write_out(const struct choice *choice, struct list *list)
{
    static struct list parts[8][8];
    static unsigned depth;

    list->n = 0;
    depth++;
    for (uint32_t i = 0; i < choice->n_parts; i++)
        write_out(choice->parts[i], &parts[depth][i]);
    if (choice->kind == CHOICE_LAYER) {
        for (uint64_t k = 0; k < choice->n; k++)
            list->packets[list->n++] = (struct packet){0, k};
    } else if (choice->kind == CHOICE_REPEAT) {
        for (uint64_t t = 0; t < choice->times; t++) {
            for (unsigned k = 0; k < parts[depth][0].n; k++)
                list->packets[list->n++] = parts[depth][0].packets[k];
        }
    } else if (choice->kind == CHOICE_UNION) {
        uint32_t first = 0;

        for (uint32_t i = 0; i < choice->n_parts; first += choice->parts[i]->n_branches, i++) {
            for (unsigned k = 0; k < parts[depth][i].n; k++) {
                list->packets[list->n] = parts[depth][i].packets[k];
                list->packets[list->n++].branch += first;
            }
        }
    } else {
        list->packets[list->n++] = (struct packet){0, 0};
        for (uint32_t i = 0; i < choice->n_parts; i++) {
            static struct list longer;

            longer.n = 0;
            for (unsigned a = 0; a < list->n; a++) {
                for (unsigned b = 0; b < parts[depth][i].n; b++) {
                    struct packet x = list->packets[a], y = parts[depth][i].packets[b];

                    longer.packets[longer.n++] =
                        (struct packet){x.branch * choice->parts[i]->n_branches + y.branch,
                                        x.index * choice->parts[i]->branch_n[y.branch] + y.index};
                }
            }
            *list = longer;
        }
    }
    depth--;
}

static void check(const struct choice *choice)
{
    static struct list list;

    assert_non_null(choice);
    write_out(choice, &list);
    assert_int_equal(choice->n, list.n);
    for (unsigned i = 0; i < list.n; i++) {
        struct choice_place place = choice_place(choice, i);

        assert_int_equal(place.branch, list.packets[i].branch);
        assert_int_equal(place.index, list.packets[i].index);
        assert_true(place.branch < choice->n_branches);
        assert_true(place.index < choice->branch_n[place.branch]);
    }
}

static const struct choice *leaf(struct arena *arena, uint64_t n)
{
    return choice_of_layer(NULL, n, arena);
}

static void places_are_those_of_nested_loops(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    const struct choice *three = leaf(&arena, 3), *two = leaf(&arena, 2), *one = leaf(&arena, 1);
    const struct choice *alternatives[] = {three, two, one};
    const struct choice *any = choice_of_parts(CHOICE_UNION, alternatives, 3, &arena);
    check(any);
    const struct choice *stack[] = {two, any, three};
    const struct choice *product = choice_of_parts(CHOICE_PRODUCT, stack, 3, &arena);
    check(product);
    assert_int_equal(product->n_branches, 3);
    const struct choice *twice[] = {any, two, any};
    const struct choice *both = choice_of_parts(CHOICE_PRODUCT, twice, 3, &arena);
    check(both);
    assert_int_equal(both->n_branches, 9);
    const struct choice *again = choice_repeated(both, 3, &arena);
    check(again);
    const struct choice *mixed[] = {again, product, leaf(&arena, 0), one};
    const struct choice *all = choice_of_parts(CHOICE_UNION, mixed, 4, &arena);
    check(all);
    const struct choice *outer[] = {two, all};
    check(choice_of_parts(CHOICE_PRODUCT, outer, 2, &arena));
    arena_release(&arena);
}

static void what_is_too_much_is_refused(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    const struct choice *most = leaf(&arena, VALUES_MAX), *two = leaf(&arena, 2);
    const struct choice *pair[] = {most, two};
    assert_null(choice_of_parts(CHOICE_PRODUCT, pair, 2, &arena));
    assert_null(choice_of_parts(CHOICE_UNION, pair, 2, &arena));
    assert_null(choice_repeated(most, 2, &arena));
    const struct choice *sixteen[16];
    for (unsigned i = 0; i < 16; i++)
        sixteen[i] = two;
    const struct choice *wide = choice_of_parts(CHOICE_UNION, sixteen, 16, &arena);
    const struct choice *cube[] = {wide, wide, wide, wide};
    assert_non_null(choice_of_parts(CHOICE_PRODUCT, cube, 3, &arena));
    assert_null(choice_of_parts(CHOICE_PRODUCT, cube, 4, &arena));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_those_of_nested_loops),
        cmocka_unit_test(what_is_too_much_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
