#include "template/list.h"

#include "template/number.h"

#include <string.h>

#define LIST_DEPTH 256

// A chain of operators leans to the left: its leftmost part decides, or the list behind a count.
static bool list_is(const struct syntax *tree)
{
    while (tree->kind == SYNTAX_BINARY && (tree->op == '+' || tree->op == '*')) {
        if (tree->op == '*' && tree->items[1]->kind == SYNTAX_LIST)
            return true;
        tree = tree->items[0];
    }
    return tree->kind == SYNTAX_LIST;
}

struct list {
    struct arena *arena;
    struct diag *diag;
    struct syntax **items; // in the arena
    uint32_t n, room;
};

static bool list_too_long(struct list *list, const struct syntax *tree)
{
    return diag_set(list->diag, tree->where, "the list would have more than %d items", LIST_ITEMS_MAX);
}

static bool list_append(struct list *list, const struct syntax *tree, struct syntax *const *items, uint32_t n)
{
    if (n > LIST_ITEMS_MAX - list->n)
        return list_too_long(list, tree);
    if (list->n + n > list->room) {
        uint32_t room = 2 * (list->n + n);
        struct syntax **grown = arena_alloc(list->arena, room * sizeof(struct syntax *));

        if (grown == NULL)
            return diag_set(list->diag, tree->where, "out of memory");
        if (list->n > 0)
            memcpy(grown, list->items, list->n * sizeof(struct syntax *));
        list->items = grown;
        list->room = room;
    }
    if (n > 0)
        memcpy(list->items + list->n, items, n * sizeof(struct syntax *));
    list->n += n;
    return true;
}

static bool list_add(struct list *list, const struct syntax *tree, unsigned depth)
{
    if (tree->kind == SYNTAX_LIST)
        return list_append(list, tree, tree->items, tree->n_items);
    if (tree->kind != SYNTAX_BINARY || (tree->op != '+' && tree->op != '*'))
        return diag_set(list->diag, tree->where, "expected a list");
    if (depth == 0)
        return diag_set(list->diag, tree->where, "the expression has more than %d operators in a row",
                        LIST_DEPTH);
    if (tree->op == '+')
        return list_add(list, tree->items[0], depth - 1) && list_add(list, tree->items[1], depth - 1);
    bool count_first = number_is(tree->items[0]);
    uint32_t from = list->n;
    u128 times;

    if (!number_in_range(tree->items[count_first ? 0 : 1], LIST_ITEMS_MAX, "the count", &times, list->diag) ||
        !list_add(list, tree->items[count_first ? 1 : 0], depth - 1))
        return false;
    uint32_t once = list->n - from;
    if (times == 0)
        list->n = from;
    for (u128 i = 1; once > 0 && i < times; i++) {
        if (!list_append(list, tree, list->items + from, once))
            return false;
    }
    return true;
}

bool list_evaluate(const struct syntax **tree, struct arena *arena, struct diag *diag)
{
    struct list list = {.arena = arena, .diag = diag};

    if ((*tree)->kind != SYNTAX_BINARY || !list_is(*tree))
        return true;
    if (!list_add(&list, *tree, LIST_DEPTH))
        return false;
    struct syntax *made = arena_alloc(arena, sizeof(*made));
    if (made == NULL)
        return diag_set(diag, (*tree)->where, "out of memory");
    *made =
        (struct syntax){.kind = SYNTAX_LIST, .where = (*tree)->where, .n_items = list.n, .items = list.items};
    *tree = made;
    return true;
}
