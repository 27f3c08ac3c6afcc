#include "expr/syntax.h"

#include "expr/token.h"

#include <string.h>

struct syntax_parser {
    struct token_reader reader;
    struct token token; // the one looked at
    struct arena *arena;
    struct diag *diag;
    unsigned depth;
};

// Items of a list while it is read; copied to the arena when it ends.
struct syntax_items {
    struct syntax **items;
    struct syntax_key *keys;
    uint32_t n, room;
};

static bool syntax_expression(struct syntax_parser *p, struct syntax **out);

static bool syntax_advance(struct syntax_parser *p)
{
    return token_next(&p->reader, &p->token, p->diag);
}

static bool syntax_at_mark(const struct syntax_parser *p, char mark)
{
    return p->token.kind == TOKEN_MARK && p->token.mark == mark;
}

static bool syntax_out_of_memory(struct syntax_parser *p)
{
    return diag_set(p->diag, p->token.where, "the expression needs too much memory");
}

static struct syntax *syntax_new(struct syntax_parser *p, enum syntax_kind kind, struct span where)
{
    struct syntax *node = arena_alloc(p->arena, sizeof(*node));

    if (node != NULL) {
        node->kind = kind;
        node->where = where;
    }
    return node;
}

static struct span syntax_join(struct span a, struct span b)
{
    return (struct span){a.at, b.at + b.len - a.at};
}

static bool syntax_items_add(struct syntax_parser *p, struct syntax_items *list, struct syntax *item,
                             struct syntax_key key)
{
    if (list->n == list->room) {
        uint32_t room = list->room == 0 ? 4 : list->room * 2;
        struct syntax **items = arena_alloc(p->arena, room * sizeof(struct syntax *));
        struct syntax_key *keys = arena_alloc(p->arena, room * sizeof(*keys));

        if (items == NULL || keys == NULL)
            return syntax_out_of_memory(p);
        if (list->n > 0) {
            memcpy(items, list->items, list->n * sizeof(struct syntax *));
            memcpy(keys, list->keys, list->n * sizeof(*keys));
        }
        list->items = items;
        list->keys = keys;
        list->room = room;
    }
    list->items[list->n] = item;
    list->keys[list->n++] = key;
    return true;
}

// argument = [ NAME "=" ] expression
static bool syntax_argument(struct syntax_parser *p, bool keys, struct syntax_items *list)
{
    struct syntax_key key = {0};
    struct syntax *item;

    if (keys && p->token.kind == TOKEN_NAME) {
        struct token_reader ahead = p->reader;
        struct token name = p->token, next;

        if (!token_next(&ahead, &next, p->diag))
            return false;
        if (next.kind == TOKEN_MARK && next.mark == '=') {
            key = (struct syntax_key){name.bytes, name.len, name.where};
            p->reader = ahead;
            if (!syntax_advance(p))
                return false;
        }
    }
    return syntax_expression(p, &item) && syntax_items_add(p, list, item, key);
}

// bracketed = [ argument { "," argument } [ "," ] ]
// The opening bracket is the token looked at. Keywords stand in calls only.
static bool syntax_bracketed(struct syntax_parser *p, char close, bool keys, struct syntax_items *list,
                             bool *comma, struct span *where)
{
    struct span open = p->token.where;
    char opening = p->token.mark;

    *comma = false;
    if (!syntax_advance(p))
        return false;
    while (!syntax_at_mark(p, close)) {
        if (p->token.kind == TOKEN_END)
            return diag_set(p->diag, open, "this '%c' is never closed", opening);
        if (!syntax_argument(p, keys, list))
            return false;
        if (syntax_at_mark(p, close))
            break;
        if (p->token.kind == TOKEN_END)
            return diag_set(p->diag, open, "this '%c' is never closed", opening);
        if (!syntax_at_mark(p, ','))
            return diag_set(p->diag, p->token.where, "expected ',' or '%c'", close);
        *comma = true;
        if (!syntax_advance(p))
            return false;
    }
    *where = syntax_join(open, p->token.where);
    return syntax_advance(p);
}

static bool syntax_make(struct syntax_parser *p, enum syntax_kind kind, struct span where,
                        const struct syntax_items *list, struct syntax **out)
{
    struct syntax *node = syntax_new(p, kind, where);

    if (node == NULL)
        return syntax_out_of_memory(p);
    node->items = list->items;
    node->keys = list->keys;
    node->n_items = list->n;
    *out = node;
    return true;
}

// list = "[" bracketed "]"
static bool syntax_list(struct syntax_parser *p, struct syntax **out)
{
    struct syntax_items list = {0};
    struct span where;
    bool comma;

    return syntax_bracketed(p, ']', false, &list, &comma, &where) &&
           syntax_make(p, SYNTAX_LIST, where, &list, out);
}

// tuple = "(" bracketed ")"
// One expression without a comma is itself.
static bool syntax_tuple(struct syntax_parser *p, struct syntax **out)
{
    struct syntax_items list = {0};
    struct span where;
    bool comma;

    if (!syntax_bracketed(p, ')', false, &list, &comma, &where))
        return false;
    if (list.n == 1 && !comma) {
        *out = list.items[0];
        return true;
    }
    return syntax_make(p, SYNTAX_TUPLE, where, &list, out);
}

// call = NAME [ "(" bracketed ")" ]
static bool syntax_call(struct syntax_parser *p, struct syntax **out)
{
    struct token name = p->token;
    struct syntax_items list = {0};
    struct span where;
    bool comma;

    if (!syntax_advance(p))
        return false;
    if (!syntax_at_mark(p, '(')) {
        if (!syntax_make(p, SYNTAX_NAME, name.where, &list, out))
            return false;
    } else if (!syntax_bracketed(p, ')', true, &list, &comma, &where) ||
               !syntax_make(p, SYNTAX_CALL, syntax_join(name.where, where), &list, out)) {
        return false;
    }
    (*out)->bytes = name.bytes;
    (*out)->len = name.len;
    (*out)->name_where = name.where;
    return true;
}

// Appends the token's bytes to the node's, which have room for `room`; by doubling, for there may be many parts.
static bool syntax_string_append(struct syntax_parser *p, struct syntax *node, uint32_t *room)
{
    uint32_t len = node->len + p->token.len;

    if (len > *room) {
        char *joined = arena_alloc(p->arena, 2 * (size_t)len);

        if (joined == NULL)
            return syntax_out_of_memory(p);
        memcpy(joined, node->bytes, node->len);
        node->bytes = joined;
        *room = 2 * len;
    }
    if (p->token.len > 0)
        memcpy((char *)node->bytes + node->len, p->token.bytes, p->token.len);
    node->len = len;
    node->where = syntax_join(node->where, p->token.where);
    return true;
}

// string = STRING { STRING }
static bool syntax_string(struct syntax_parser *p, struct syntax **out)
{
    struct syntax *node = syntax_new(p, SYNTAX_STRING, p->token.where);
    uint32_t room;

    if (node == NULL)
        return syntax_out_of_memory(p);
    node->bytes = p->token.bytes;
    node->len = room = p->token.len;
    if (!syntax_advance(p))
        return false;
    while (p->token.kind == TOKEN_STRING) {
        if (!syntax_string_append(p, node, &room) || !syntax_advance(p))
            return false;
    }
    *out = node;
    return true;
}

// number = NUMBER
static bool syntax_number(struct syntax_parser *p, struct syntax **out)
{
    struct syntax *node = syntax_new(p, SYNTAX_NUMBER, p->token.where);

    if (node == NULL)
        return syntax_out_of_memory(p);
    node->number = p->token.number;
    *out = node;
    return syntax_advance(p);
}

static bool syntax_binary(struct syntax_parser *p, char op, struct syntax *left, struct syntax *right,
                          struct syntax **out)
{
    struct syntax_items list = {0};

    if (!syntax_items_add(p, &list, left, (struct syntax_key){0}) ||
        !syntax_items_add(p, &list, right, (struct syntax_key){0}) ||
        !syntax_make(p, SYNTAX_BINARY, syntax_join(left->where, right->where), &list, out))
        return false;
    (*out)->op = op;
    return true;
}

static bool syntax_factor(struct syntax_parser *p, struct syntax **out);

// negative = "-" factor
static bool syntax_negative(struct syntax_parser *p, struct syntax **out)
{
    struct span minus = p->token.where;
    struct syntax *operand, *zero = syntax_new(p, SYNTAX_NUMBER, minus);

    if (zero == NULL)
        return syntax_out_of_memory(p);
    return syntax_advance(p) && syntax_factor(p, &operand) && syntax_binary(p, '-', zero, operand, out);
}

static bool syntax_bounded_factor(struct syntax_parser *p, struct syntax **out)
{
    switch (p->token.kind) {
    case TOKEN_NUMBER:
        return syntax_number(p, out);
    case TOKEN_STRING:
        return syntax_string(p, out);
    case TOKEN_NAME:
        return syntax_call(p, out);
    case TOKEN_END:
        return diag_set(p->diag, p->token.where, "the expression ends too early");
    case TOKEN_MARK:
        break;
    }
    if (p->token.mark == '[')
        return syntax_list(p, out);
    if (p->token.mark == '(')
        return syntax_tuple(p, out);
    if (p->token.mark == '-')
        return syntax_negative(p, out);
    return diag_set(p->diag, p->token.where, "expected a layer or a value, not '%c'", p->token.mark);
}

// factor = number | string | call | list | tuple | negative
static bool syntax_factor(struct syntax_parser *p, struct syntax **out)
{
    if (++p->depth > SYNTAX_DEPTH_MAX)
        return diag_set(p->diag, p->token.where, "brackets are nested more than %d deep", SYNTAX_DEPTH_MAX);
    bool ok = syntax_bounded_factor(p, out);
    p->depth--;
    return ok;
}

// A chain of left-associative operators.
static bool syntax_chain(struct syntax_parser *p, const char *ops,
                         bool (*part)(struct syntax_parser *, struct syntax **), struct syntax **out)
{
    struct syntax *left, *right;

    if (!part(p, &left))
        return false;
    while (p->token.kind == TOKEN_MARK && strchr(ops, p->token.mark) != NULL) {
        char op = p->token.mark;

        if (!syntax_advance(p) || !part(p, &right) || !syntax_binary(p, op, left, right, &left))
            return false;
    }
    *out = left;
    return true;
}

// product = factor { ( "/" | "*" ) factor }
static bool syntax_product(struct syntax_parser *p, struct syntax **out)
{
    return syntax_chain(p, "/*", syntax_factor, out);
}

// expression = product { ( "+" | "-" ) product }
static bool syntax_expression(struct syntax_parser *p, struct syntax **out)
{
    return syntax_chain(p, "+-", syntax_product, out);
}

bool syntax_parse(const char *text, size_t len, struct arena *arena, const struct syntax **tree,
                  struct diag *diag)
{
    if (len > SYNTAX_TEXT_MAX)
        return diag_set(diag, (struct span){0}, "the expression is longer than %u bytes", SYNTAX_TEXT_MAX);
    struct syntax_parser p = {
        .reader = {.text = text, .len = (uint32_t)len, .arena = arena},
        .arena = arena,
        .diag = diag,
    };
    struct syntax *root;

    if (!syntax_advance(&p))
        return false;
    if (p.token.kind == TOKEN_END)
        return diag_set(diag, (struct span){0}, "the template is empty");
    if (!syntax_expression(&p, &root))
        return false;
    if (p.token.kind != TOKEN_END)
        return diag_set(diag, p.token.where,
                        p.token.kind == TOKEN_MARK && p.token.mark != '\0' && strchr(")]", p.token.mark)
                            ? "this bracket closes nothing"
                            : "expected '/' or the end here");
    *tree = root;
    return true;
}
