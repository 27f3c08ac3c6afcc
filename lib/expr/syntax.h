// The syntax tree of an expression, and its parser.
// The grammar is that of docs/template-language.md; in syntax.c each function carries its production.
#ifndef VOLLEY_EXPR_SYNTAX_H
#define VOLLEY_EXPR_SYNTAX_H

#include "base/arena.h"
#include "base/diag.h"

#include <stdbool.h>

#define SYNTAX_DEPTH_MAX 64
#define SYNTAX_TEXT_MAX  (1u << 20)

enum syntax_kind {
    SYNTAX_NUMBER,
    SYNTAX_STRING,
    SYNTAX_NAME,
    SYNTAX_LIST,
    SYNTAX_TUPLE,
    SYNTAX_CALL,
    SYNTAX_BINARY, // op is '/', '*', '+' or '-'; two items
};

// In the arena of the parse; immutable.
struct syntax {
    enum syntax_kind kind;
    char op;
    struct span where; // of all of it
    i128 number;
    const char *bytes; // string, name, name of the call
    uint32_t len;
    uint32_t n_items; // of a list, tuple, call, operator
    struct syntax **items;
    struct syntax_key *keys; // of a call: one an item; len 0: a positional argument
    struct span name_where;  // of a call
};

struct syntax_key {
    const char *name; // in the text
    uint32_t len;
    struct span where;
};

// Parses the whole text, which must outlive the tree.
bool syntax_parse(const char *text, size_t len, struct arena *arena, const struct syntax **tree,
                  struct diag *diag) MUST_USE;

#endif
