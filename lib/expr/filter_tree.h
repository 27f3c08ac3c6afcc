// A compiled filter: a tree of values and conditions. Made by filter_parse.c, walked by filter.c.
#ifndef VOLLEY_EXPR_FILTER_TREE_H
#define VOLLEY_EXPR_FILTER_TREE_H

#include "expr/filter.h"

#define FILTER_TREE_DEPTH_MAX \
    (8 * FILTER_DEPTH_MAX) // of nodes: a level of brackets may hold several operators

enum filter_op {
    // Values.
    FILTER_FIELD,    // field
    FILTER_CONSTANT, // value
    FILTER_ADD,      // two items, as all of arithmetic; whole numbers; null if there is no result
    FILTER_SUBTRACT,
    FILTER_MULTIPLY,
    FILTER_DIVIDE,
    FILTER_MODULO,
    // Conditions. With a null among what is compared they do not hold.
    FILTER_EQUAL, // two items, as all comparisons
    FILTER_UNEQUAL,
    FILTER_LESS,
    FILTER_AT_MOST,
    FILTER_MORE,
    FILTER_AT_LEAST,
    FILTER_IN, // the first item equals one of the others, or lies in it
    FILTER_NOT_IN,
    FILTER_HAS, // the first item's text is part of the second's, or its flags are among them
    FILTER_HAS_NOT,
    FILTER_IS_NULL, // one item
    FILTER_IS_THERE,
    FILTER_NOT, // one condition
    FILTER_AND, // conditions
    FILTER_OR,
};

// In the arena; immutable once made.
struct filter_node {
    enum filter_op op;
    enum filter_kind kind; // of a value that is there
    struct span where;
    unsigned depth; // 1: has no items
    unsigned field;
    uint32_t n_items;
    struct filter_node **items;
    struct filter_value value;
    u128 mask; // of an address in a FILTER_IN: the bits that count
};

struct filter {
    const struct filter_node *root; // a condition
};

static inline bool filter_node_is_condition(const struct filter_node *node)
{
    return node->op >= FILTER_EQUAL;
}

#endif
