// What the two halves of the compiler of filters share: grammar (filter_parse.c), nodes and their kinds (filter_make.c).
#ifndef VOLLEY_EXPR_FILTER_PARSER_H
#define VOLLEY_EXPR_FILTER_PARSER_H

#include "expr/filter_tree.h"
#include "expr/token.h"

struct filter_parser {
    struct token_reader reader;
    struct token token; // the one looked at
    const struct filter_fields *fields;
    struct arena *arena;
    struct diag *diag;
    unsigned depth;
};

// Items while they are read; copied nowhere: a node takes them over.
struct filter_items {
    struct filter_node **items;
    uint32_t n, room;
};

struct span filter_join(struct span a, struct span b);

// Each that returns bool sets the diag when it returns false.

bool filter_out_of_memory(struct filter_parser *p);
bool filter_push(struct filter_parser *p, struct filter_items *list, struct filter_node *item);
bool filter_make(struct filter_parser *p, enum filter_op op, struct span where,
                 const struct filter_items *list, struct filter_node **out);
bool filter_make_one(struct filter_parser *p, enum filter_op op, struct span where, struct filter_node *item,
                     struct filter_node **out);
bool filter_make_two(struct filter_parser *p, enum filter_op op, struct filter_node *left,
                     struct filter_node *right, struct filter_node **out);

bool filter_is_null(const struct filter_node *node); // None
bool filter_needs_value(struct filter_parser *p, const struct filter_node *node);
// A value stands for its being there.
bool filter_as_condition(struct filter_parser *p, struct filter_node **node);

const char *filter_kind_text(enum filter_kind kind);
// "198.18.0.1", and where networks may stand "198.18.0.0/24".
bool filter_as_address(struct filter_parser *p, struct filter_node *node, bool networks);

// How a constant stands beside what it is compared with.
enum filter_place {
    FILTER_WHOLE,  // it may equal it
    FILTER_MEMBER, // the same, or hold it
    FILTER_PIECE,  // it may be a part of it, or come before it
};

// Reads a constant as what it is compared with; other values must be of its kind.
bool filter_adapt(struct filter_parser *p, struct filter_node *node, const struct filter_node *to,
                  enum filter_place place);

#endif
