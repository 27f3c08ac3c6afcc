// The grammar of filters. What it makes, filter_make.c checks.
#include "expr/filter_parser.h"

#include <string.h>

static bool filter_condition(struct filter_parser *p, struct filter_node **out);
static bool filter_factor(struct filter_parser *p, struct filter_node **out);

// ---- tokens

static bool filter_advance(struct filter_parser *p)
{
    return token_next(&p->reader, &p->token, p->diag);
}

static bool filter_at_mark(const struct filter_parser *p, int mark)
{
    return p->token.kind == TOKEN_MARK && p->token.mark == mark;
}

static bool filter_is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_NAME && token->len == strlen(word) &&
           memcmp(token->bytes, word, token->len) == 0;
}

static bool filter_at_word(const struct filter_parser *p, const char *word)
{
    return filter_is_word(&p->token, word);
}

// A level deeper: the caller leaves it by itself.
static bool filter_enter(struct filter_parser *p)
{
    if (++p->depth <= FILTER_DEPTH_MAX)
        return true;
    return diag_set(p->diag, p->token.where, "the condition nests more than %d deep", FILTER_DEPTH_MAX);
}

// What is expected here, but is not.
static bool filter_expected(struct filter_parser *p, const char *what)
{
    if (p->token.kind == TOKEN_END)
        return diag_set(p->diag, p->token.where, "the condition ends too early: expected %s", what);
    if (filter_at_mark(p, '='))
        diag_set(p->diag, p->token.where, "one '=' compares nothing; write '=='");
    return diag_set(p->diag, p->token.where, "expected %s, not '%.*s'", what, (int)p->token.where.len,
                    p->reader.text + p->token.where.at);
}

// ---- values

static bool filter_constant(struct filter_parser *p, enum filter_kind kind, struct filter_node **out)
{
    if (!filter_make(p, FILTER_CONSTANT, p->token.where, &(struct filter_items){0}, out))
        return false;
    (*out)->kind = kind;
    (*out)->value = (struct filter_value){
        .kind = kind, .number = p->token.number, .text = p->token.bytes, .len = p->token.len};
    return filter_advance(p);
}

// name = "None" | "null" | FIELD
static bool filter_name(struct filter_parser *p, struct filter_node **out)
{
    static const char *const words[] = {"and", "or", "not", "in", "is"};
    unsigned field;

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
        if (filter_at_word(p, words[i]))
            return filter_expected(p, "a field or a value");
    }
    if (filter_at_word(p, "None") || filter_at_word(p, "null"))
        return filter_constant(p, FILTER_NULL, out);
    if (!filter_field_find(p->fields, p->token.bytes, p->token.len, p->token.where, &field, p->diag) ||
        !filter_make(p, FILTER_FIELD, p->token.where, &(struct filter_items){0}, out))
        return false;
    (*out)->field = field;
    (*out)->kind = p->fields->rows[field].kind;
    return filter_advance(p);
}

static bool filter_make_arithmetic(struct filter_parser *p, enum filter_op op, struct filter_node *left,
                                   struct filter_node *right, struct filter_node **out)
{
    struct filter_node *const sides[] = {left, right};

    for (unsigned i = 0; i < ARRAY_SIZE(sides); i++) {
        if (!filter_needs_value(p, sides[i]))
            return false;
        if (sides[i]->kind != FILTER_NUMBER)
            return diag_set(p->diag, sides[i]->where, "%s can't be calculated with",
                            filter_kind_text(sides[i]->kind));
    }
    if (!filter_make_two(p, op, left, right, out))
        return false;
    (*out)->kind = FILTER_NUMBER;
    return true;
}

// negative = "-" factor
static bool filter_negative(struct filter_parser *p, struct filter_node **out)
{
    struct filter_node *operand, *zero;

    p->token.number = 0;
    return filter_constant(p, FILTER_NUMBER, &zero) && filter_factor(p, &operand) &&
           filter_make_arithmetic(p, FILTER_SUBTRACT, zero, operand, out);
}

// group = "(" condition ")"
static bool filter_group(struct filter_parser *p, struct filter_node **out)
{
    struct span open = p->token.where;

    if (!filter_advance(p) || !filter_condition(p, out))
        return false;
    if (p->token.kind == TOKEN_END)
        return diag_set(p->diag, open, "this '(' is never closed");
    if (filter_at_mark(p, ','))
        return diag_set(p->diag, open, "several values stand in [ ]");
    return filter_at_mark(p, ')') ? filter_advance(p) : filter_expected(p, "an operator or ')'");
}

// factor = NUMBER | STRING | name | negative | group
static bool filter_factor(struct filter_parser *p, struct filter_node **out)
{
    bool ok;

    if (!filter_enter(p))
        return false;
    if (p->token.kind == TOKEN_NUMBER)
        ok = filter_constant(p, FILTER_NUMBER, out);
    else if (p->token.kind == TOKEN_STRING)
        ok = filter_constant(p, FILTER_TEXT, out);
    else if (p->token.kind == TOKEN_NAME)
        ok = filter_name(p, out);
    else if (filter_at_mark(p, '-'))
        ok = filter_negative(p, out);
    else if (filter_at_mark(p, '('))
        ok = filter_group(p, out);
    else
        ok = filter_expected(p, "a field or a value");
    p->depth--;
    return ok;
}

static bool filter_chain(struct filter_parser *p, const char *marks, const enum filter_op *ops,
                         bool (*part)(struct filter_parser *, struct filter_node **),
                         struct filter_node **out)
{
    struct filter_node *right;

    if (!part(p, out))
        return false;
    while (p->token.kind == TOKEN_MARK && p->token.mark != '\0' && strchr(marks, p->token.mark) != NULL) {
        enum filter_op op = ops[strchr(marks, p->token.mark) - marks];

        if (!filter_advance(p) || !part(p, &right) || !filter_make_arithmetic(p, op, *out, right, out))
            return false;
    }
    return true;
}

// product = factor { ( "*" | "/" | "%" ) factor }
static bool filter_product(struct filter_parser *p, struct filter_node **out)
{
    static const enum filter_op ops[] = {FILTER_MULTIPLY, FILTER_DIVIDE, FILTER_MODULO};

    return filter_chain(p, "*/%", ops, filter_factor, out);
}

// sum = product { ( "+" | "-" ) product }
static bool filter_sum(struct filter_parser *p, struct filter_node **out)
{
    static const enum filter_op ops[] = {FILTER_ADD, FILTER_SUBTRACT};

    return filter_chain(p, "+-", ops, filter_product, out);
}

// ---- comparisons

static bool filter_make_null_test(struct filter_parser *p, bool there, struct filter_node *left,
                                  struct filter_node *right, struct filter_node **out)
{
    enum filter_op op = there ? FILTER_IS_THERE : FILTER_IS_NULL;

    return filter_make_one(p, op, filter_join(left->where, right->where), filter_is_null(left) ? right : left,
                           out);
}

// is = "is" [ "not" ] "None"
static bool filter_is(struct filter_parser *p, struct filter_node *left, struct filter_node **out)
{
    struct filter_node *right;

    if (!filter_advance(p))
        return false;
    bool there = filter_at_word(p, "not");
    if (there && !filter_advance(p))
        return false;
    if (!filter_at_word(p, "None") && !filter_at_word(p, "null"))
        return filter_expected(p, "None");
    return filter_name(p, &right) && filter_make_null_test(p, there, left, right, out);
}

// set = "[" [ sum { "," sum } [ "," ] ] "]"
static bool filter_set(struct filter_parser *p, struct filter_items *list, struct span *where)
{
    const struct filter_node *first = list->items[0];
    struct span open = p->token.where;
    struct filter_node *item;

    if (!filter_advance(p))
        return false;
    while (!filter_at_mark(p, ']')) {
        if (p->token.kind == TOKEN_END)
            return diag_set(p->diag, open, "this '[' is never closed");
        if (!filter_sum(p, &item) || !filter_needs_value(p, item))
            return false;
        if (filter_is_null(item))
            return diag_set(p->diag, item->where, "nothing equals None; write 'is None'");
        if (!filter_adapt(p, item, first, FILTER_MEMBER) || !filter_push(p, list, item))
            return false;
        if (!filter_at_mark(p, ']') && !filter_at_mark(p, ','))
            return p->token.kind == TOKEN_END ? diag_set(p->diag, open, "this '[' is never closed")
                                              : filter_expected(p, "',' or ']'");
        if (filter_at_mark(p, ',') && !filter_advance(p))
            return false;
    }
    *where = filter_join(first->where, p->token.where);
    return filter_advance(p);
}

// Behind "in": a part of a text, flags among flags, an address in a network.
static bool filter_make_part(struct filter_parser *p, bool negate, struct filter_node *left,
                             struct filter_node *right, struct filter_node **out)
{
    if (!filter_needs_value(p, right))
        return false;
    if (left->kind == FILTER_ADDRESS && right->op == FILTER_CONSTANT && right->kind == FILTER_TEXT)
        return filter_as_address(p, right, true) &&
               filter_make_two(p, negate ? FILTER_NOT_IN : FILTER_IN, left, right, out);
    if (right->kind != FILTER_TEXT && right->kind != FILTER_FLAGS)
        return diag_set(p->diag, right->where, "%s holds nothing; several values stand in [ ]",
                        filter_kind_text(right->kind));
    return filter_adapt(p, left, right, FILTER_PIECE) &&
           filter_make_two(p, negate ? FILTER_HAS_NOT : FILTER_HAS, left, right, out);
}

// in = [ "not" ] "in" ( set | sum )
static bool filter_in(struct filter_parser *p, struct filter_node *left, struct filter_node **out)
{
    bool negate = filter_at_word(p, "not");
    struct filter_items list = {0};
    struct filter_node *right;
    struct span where;

    if (negate && !filter_advance(p))
        return false;
    if (!filter_at_word(p, "in"))
        return filter_expected(p, "'in'");
    if (!filter_advance(p))
        return false;
    if (filter_is_null(left))
        return diag_set(p->diag, left->where, "None is in nothing; write 'is None'");
    if (!filter_at_mark(p, '['))
        return filter_sum(p, &right) && filter_make_part(p, negate, left, right, out);
    return filter_push(p, &list, left) && filter_set(p, &list, &where) &&
           filter_make(p, negate ? FILTER_NOT_IN : FILTER_IN, where, &list, out);
}

static bool filter_make_comparison(struct filter_parser *p, enum filter_op op, struct filter_node *left,
                                   struct filter_node *right, struct filter_node **out)
{
    if (!filter_needs_value(p, left) || !filter_needs_value(p, right))
        return false;
    if (filter_is_null(left) || filter_is_null(right)) {
        if (op != FILTER_EQUAL && op != FILTER_UNEQUAL)
            return diag_set(p->diag, filter_is_null(left) ? left->where : right->where,
                            "nothing is less or more than None");
        return filter_make_null_test(p, op == FILTER_UNEQUAL, left, right, out);
    }
    enum filter_place place = op == FILTER_EQUAL || op == FILTER_UNEQUAL ? FILTER_WHOLE : FILTER_PIECE;
    bool fits = left->op == FILTER_CONSTANT ? filter_adapt(p, left, right, place)
                                            : filter_adapt(p, right, left, place);
    return fits && filter_make_two(p, op, left, right, out);
}

// The operator looked at, if it is one.
static bool filter_comparator(const struct filter_parser *p, enum filter_op *op)
{
    static const struct {
        char mark;
        uint8_t op;
    } marks[] = {
        {TOKEN_EQUAL, FILTER_EQUAL}, {TOKEN_UNEQUAL, FILTER_UNEQUAL},
        {'<', FILTER_LESS},          {TOKEN_AT_MOST, FILTER_AT_MOST},
        {'>', FILTER_MORE},          {TOKEN_AT_LEAST, FILTER_AT_LEAST},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        if (filter_at_mark(p, marks[i].mark)) {
            *op = (enum filter_op)marks[i].op;
            return true;
        }
    }
    return false;
}

// comparison = sum [ is | in | { ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum } ]
// As in Python, 1 < ttl < 64 is 1 < ttl and ttl < 64.
static bool filter_comparison(struct filter_parser *p, struct filter_node **out)
{
    struct filter_node *left, *right, *compared;
    struct filter_items list = {0};
    enum filter_op op;

    if (!filter_sum(p, &left))
        return false;
    *out = left;
    if (filter_at_word(p, "is"))
        return filter_needs_value(p, left) && filter_is(p, left, out);
    if (filter_at_word(p, "in") || filter_at_word(p, "not"))
        return filter_needs_value(p, left) && filter_in(p, left, out);
    while (filter_comparator(p, &op)) {
        if (!filter_advance(p) || !filter_sum(p, &right) ||
            !filter_make_comparison(p, op, left, right, &compared) || !filter_push(p, &list, compared))
            return false;
        left = right;
    }
    if (list.n == 0)
        return true;
    *out = list.items[0];
    return list.n == 1 ||
           filter_make(p, FILTER_AND, filter_join(list.items[0]->where, left->where), &list, out);
}

// ---- conditions

static bool filter_negation(struct filter_parser *p, struct filter_node **out);

// not = ( "not" | "!" ) negation
static bool filter_not(struct filter_parser *p, struct filter_node **out)
{
    struct span where = p->token.where;
    struct filter_node *item;

    if (!filter_enter(p) || !filter_advance(p) || !filter_negation(p, &item) ||
        !filter_as_condition(p, &item))
        return false;
    p->depth--;
    return filter_make_one(p, FILTER_NOT, filter_join(where, item->where), item, out);
}

// negation = not | comparison
static bool filter_negation(struct filter_parser *p, struct filter_node **out)
{
    return filter_at_word(p, "not") || filter_at_mark(p, '!') ? filter_not(p, out)
                                                              : filter_comparison(p, out);
}

static bool filter_series(struct filter_parser *p, enum filter_op op, const char *word, int mark,
                          bool (*part)(struct filter_parser *, struct filter_node **),
                          struct filter_node **out)
{
    struct filter_items list = {0};
    struct filter_node *item;

    if (!part(p, out))
        return false;
    if (!filter_at_word(p, word) && !filter_at_mark(p, mark))
        return true;
    item = *out;
    while (filter_as_condition(p, &item) && filter_push(p, &list, item)) {
        if (!filter_at_word(p, word) && !filter_at_mark(p, mark))
            return filter_make(p, op, filter_join(list.items[0]->where, item->where), &list, out);
        if (!filter_advance(p) || !part(p, &item))
            return false;
    }
    return false;
}

// every = negation { ( "and" | "&&" ) negation }
static bool filter_every(struct filter_parser *p, struct filter_node **out)
{
    return filter_series(p, FILTER_AND, "and", TOKEN_AND, filter_negation, out);
}

// condition = every { ( "or" | "||" ) every }
static bool filter_condition(struct filter_parser *p, struct filter_node **out)
{
    return filter_series(p, FILTER_OR, "or", TOKEN_OR, filter_every, out);
}

bool filter_compile(const char *text, size_t len, const struct filter_fields *fields, struct arena *arena,
                    const struct filter **filter, struct diag *diag)
{
    if (len > FILTER_TEXT_MAX)
        return diag_set(diag, (struct span){0}, "the condition is longer than %u bytes", FILTER_TEXT_MAX);
    struct filter_parser p = {
        .reader = {.text = text, .len = (uint32_t)len, .arena = arena, .conditions = true},
        .fields = fields,
        .arena = arena,
        .diag = diag,
    };
    struct filter *made = arena_alloc(arena, sizeof(*made));
    struct filter_node *root;

    if (made == NULL)
        return filter_out_of_memory(&p);
    if (!filter_advance(&p) || !filter_condition(&p, &root))
        return false;
    if (p.token.kind != TOKEN_END)
        return filter_expected(&p, "an operator or the end");
    if (!filter_as_condition(&p, &root))
        return false;
    made->root = root;
    *filter = made;
    return true;
}
