// The nodes of filters, with kinds checked: what can't be compared is refused here, not when it is tested.
#include "base/nearest.h"
#include "expr/filter_parser.h"

#include <string.h>

// ---- nodes

struct span filter_join(struct span a, struct span b)
{
    return (struct span){a.at, b.at + b.len - a.at};
}

bool filter_out_of_memory(struct filter_parser *p)
{
    return diag_set(p->diag, p->token.where, "the condition needs too much memory");
}

bool filter_push(struct filter_parser *p, struct filter_items *list, struct filter_node *item)
{
    if (list->n == list->room) {
        uint32_t room = list->room == 0 ? 4 : list->room * 2;
        struct filter_node **items = arena_alloc(p->arena, room * sizeof(struct filter_node *));

        if (items == NULL)
            return filter_out_of_memory(p);
        if (list->n > 0)
            memcpy(items, list->items, list->n * sizeof(struct filter_node *));
        list->items = items;
        list->room = room;
    }
    list->items[list->n++] = item;
    return true;
}

bool filter_make(struct filter_parser *p, enum filter_op op, struct span where,
                 const struct filter_items *list, struct filter_node **out)
{
    struct filter_node *node = arena_alloc(p->arena, sizeof(*node));

    if (node == NULL)
        return filter_out_of_memory(p);
    *node = (struct filter_node){
        .op = op, .where = where, .depth = 1, .items = list->items, .n_items = list->n, .mask = ~(u128)0};
    for (uint32_t i = 0; i < list->n; i++) {
        if (list->items[i]->depth >= node->depth)
            node->depth = list->items[i]->depth + 1;
    }
    if (node->depth > FILTER_TREE_DEPTH_MAX)
        return diag_set(p->diag, where, "the condition nests too deep");
    *out = node;
    return true;
}

bool filter_make_two(struct filter_parser *p, enum filter_op op, struct filter_node *left,
                     struct filter_node *right, struct filter_node **out)
{
    struct filter_items list = {0};

    return filter_push(p, &list, left) && filter_push(p, &list, right) &&
           filter_make(p, op, filter_join(left->where, right->where), &list, out);
}

bool filter_make_one(struct filter_parser *p, enum filter_op op, struct span where, struct filter_node *item,
                     struct filter_node **out)
{
    struct filter_items list = {0};

    return filter_push(p, &list, item) && filter_make(p, op, where, &list, out);
}

bool filter_is_null(const struct filter_node *node)
{
    return node->op == FILTER_CONSTANT && node->kind == FILTER_NULL;
}

bool filter_needs_value(struct filter_parser *p, const struct filter_node *node)
{
    if (!filter_node_is_condition(node))
        return true;
    return diag_set(p->diag, node->where, "this is a condition, and has no value");
}

bool filter_as_condition(struct filter_parser *p, struct filter_node **node)
{
    if (filter_node_is_condition(*node))
        return true;
    if ((*node)->op == FILTER_CONSTANT)
        return diag_set(p->diag, (*node)->where, "this is no condition: it never changes");
    return filter_make_one(p, FILTER_IS_THERE, (*node)->where, *node, node);
}

// ---- kinds

const char *filter_kind_text(enum filter_kind kind)
{
    static const char *const texts[] = {
        [FILTER_NULL] = "nothing", [FILTER_NUMBER] = "a number",    [FILTER_FLAGS] = "flags",
        [FILTER_TEXT] = "text",    [FILTER_ADDRESS] = "an address",
    };

    return texts[kind];
}

bool filter_as_address(struct filter_parser *p, struct filter_node *node, bool networks)
{
    const char *text = node->value.text, *slash = memchr(text, '/', node->value.len);
    size_t len = slash != NULL ? (size_t)(slash - text) : node->value.len, digits = node->value.len - len;
    unsigned bits = 0, all;

    if (!address_parse(text, len, &node->value.address))
        return diag_set(p->diag, node->where, "this is no address");
    node->value.kind = node->kind = FILTER_ADDRESS;
    all = node->value.address.family == 4 ? 32 : 128;
    if (slash == NULL)
        return true;
    if (!networks)
        return diag_set(p->diag, node->where, "this is a network") ||
               diag_hint(p->diag, "Whether an address lies in it: dst in \"198.18.0.0/24\"");
    for (size_t i = 1; i < digits && i < 5; i++)
        bits = slash[i] >= '0' && slash[i] <= '9' ? bits * 10 + (unsigned)(slash[i] - '0') : UINT16_MAX;
    if (digits < 2 || digits > 4 || bits > all)
        return diag_set(p->diag, node->where, "a network ends in /0 to /%u", all);
    node->mask = bits == 0 ? 0 : ~(u128)0 << (all - bits);
    node->value.address.value &= node->mask;
    return true;
}

static bool filter_as_flags(struct filter_parser *p, struct filter_node *node, const char *letters)
{
    i128 flags = 0;

    for (uint32_t i = 0; i < node->value.len; i++) {
        char letter = node->value.text[i];
        const char *at = letter != '\0' ? strchr(letters, letter) : NULL;

        if (at == NULL)
            return diag_set(p->diag, node->where, "a letter that is no flag; they are %s", letters);
        flags |= (i128)1 << (at - letters);
    }
    node->kind = node->value.kind = FILTER_FLAGS;
    node->value.number = flags;
    return true;
}

// Text that a field can't have is a slip of the pen.
static bool filter_is_known(struct filter_parser *p, const struct filter_node *node, unsigned field)
{
    const struct filter_field *row = &p->fields->rows[field];
    struct nearest nearest;

    nearest_init(&nearest, node->value.text, node->value.len);
    for (unsigned i = 0; row->known != NULL && row->known(i) != NULL; i++) {
        const char *known = row->known(i);

        if (strlen(known) == node->value.len && memcmp(known, node->value.text, node->value.len) == 0)
            return true;
        nearest_offer(&nearest, known);
    }
    if (row->known == NULL)
        return true;
    int len = (int)(node->value.len < 48 ? node->value.len : 48);
    if (nearest.best != NULL)
        return diag_set(p->diag, node->where, "%s is never '%.*s'; did you mean '%s'?", row->name, len,
                        node->value.text, nearest.best);
    return diag_set(p->diag, node->where, "%s is never '%.*s'", row->name, len, node->value.text);
}

bool filter_adapt(struct filter_parser *p, struct filter_node *node, const struct filter_node *to,
                  enum filter_place place)
{
    bool is_text = node->op == FILTER_CONSTANT && node->kind == FILTER_TEXT;

    if (is_text && to->kind == FILTER_ADDRESS)
        return filter_as_address(p, node, place == FILTER_MEMBER);
    if (is_text && to->kind == FILTER_FLAGS && to->op == FILTER_FIELD)
        return filter_as_flags(p, node, p->fields->rows[to->field].letters);
    if (is_text && to->kind == FILTER_TEXT && to->op == FILTER_FIELD && place != FILTER_PIECE)
        return filter_is_known(p, node, to->field);
    bool numbers = node->kind <= FILTER_FLAGS && to->kind <= FILTER_FLAGS;
    if (node->kind == to->kind || (numbers && node->kind != FILTER_NULL && to->kind != FILTER_NULL))
        return true;
    return diag_set(p->diag,
                    filter_join(to->where.at < node->where.at ? to->where : node->where,
                                to->where.at < node->where.at ? node->where : to->where),
                    "%s can't be compared with %s", filter_kind_text(to->kind), filter_kind_text(node->kind));
}

bool filter_field_find(const struct filter_fields *fields, const char *name, size_t len, struct span where,
                       unsigned *field, struct diag *diag)
{
    const char *longer = NULL;
    struct nearest nearest;

    nearest_init(&nearest, name, len);
    for (unsigned i = 0; i < fields->n; i++) {
        const char *row = fields->rows[i].name;

        if (strncmp(row, name, len) == 0 && row[len] == '\0') {
            *field = i;
            return true;
        }
        if (len > 1 && strncmp(row, name, len) == 0 && longer == NULL)
            longer = row;
        nearest_offer(&nearest, row);
    }
    const char *best = longer != NULL ? longer : nearest.best;
    int shown = (int)(len < 48 ? len : 48);
    if (best != NULL)
        return diag_set(diag, where, "%s have no field '%.*s'; did you mean '%s'?", fields->owner, shown,
                        name, best);
    return diag_set(diag, where, "%s have no field '%.*s'", fields->owner, shown, name);
}
