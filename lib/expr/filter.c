#include "expr/filter.h"

#include "expr/filter_tree.h"

#include <string.h>

// What is tested.
struct filter_subject {
    filter_resolve resolve;
    void *context;
};

// ---- values

static void filter_evaluate(const struct filter_node *node, const struct filter_subject *subject,
                            struct filter_value *value);

static bool filter_calculate(enum filter_op op, i128 a, i128 b, i128 *result)
{
    switch (op) {
    case FILTER_ADD:
        return !__builtin_add_overflow(a, b, result);
    case FILTER_SUBTRACT:
        return !__builtin_sub_overflow(a, b, result);
    case FILTER_MULTIPLY:
        return !__builtin_mul_overflow(a, b, result);
    default:
        break;
    }
    // The one quotient that does not fit is that of the least number and -1.
    if (b == 0 || (b == -1 && __builtin_sub_overflow((i128)0, a, result)))
        return false;
    i128 quotient = a / b, rest = a % b;
    // Python rounds down: the rest has the divisor's sign.
    if (rest != 0 && (rest < 0) != (b < 0)) {
        quotient--;
        rest += b;
    }
    *result = op == FILTER_DIVIDE ? quotient : rest;
    return true;
}

static void filter_arithmetic(const struct filter_node *node, const struct filter_subject *subject,
                              struct filter_value *value)
{
    struct filter_value a, b;

    filter_evaluate(node->items[0], subject, &a);
    filter_evaluate(node->items[1], subject, &b);
    value->kind = FILTER_NULL;
    if (a.kind != FILTER_NULL && b.kind != FILTER_NULL &&
        filter_calculate(node->op, a.number, b.number, &value->number))
        value->kind = FILTER_NUMBER;
}

static void filter_evaluate(const struct filter_node *node, const struct filter_subject *subject,
                            struct filter_value *value)
{
    switch (node->op) {
    case FILTER_FIELD:
        value->kind = FILTER_NULL;
        subject->resolve(subject->context, node->field, value);
        break;
    case FILTER_CONSTANT:
        *value = node->value;
        break;
    default:
        filter_arithmetic(node, subject, value);
    }
}

// ---- comparisons, of values that are not null

static int filter_order_texts(const struct filter_value *a, const struct filter_value *b)
{
    uint32_t len = a->len < b->len ? a->len : b->len;
    int order = len > 0 ? memcmp(a->text, b->text, len) : 0;

    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int filter_order(const struct filter_value *a, const struct filter_value *b)
{
    if (a->kind == FILTER_TEXT)
        return filter_order_texts(a, b);
    if (a->kind == FILTER_ADDRESS)
        return (a->address.value > b->address.value) - (a->address.value < b->address.value);
    return (a->number > b->number) - (a->number < b->number);
}

static bool filter_compare(enum filter_op op, const struct filter_value *a, const struct filter_value *b)
{
    // IPv4 and IPv6 addresses differ, and neither comes first.
    if (a->kind == FILTER_ADDRESS && a->address.family != b->address.family)
        return op == FILTER_UNEQUAL;
    int order = filter_order(a, b);
    switch (op) {
    case FILTER_EQUAL:
        return order == 0;
    case FILTER_UNEQUAL:
        return order != 0;
    case FILTER_LESS:
        return order < 0;
    case FILTER_AT_MOST:
        return order <= 0;
    case FILTER_MORE:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool filter_is_among(const struct filter_node *node, const struct filter_subject *subject,
                            const struct filter_value *value)
{
    for (uint32_t i = 1; i < node->n_items; i++) {
        const struct filter_node *item = node->items[i];
        struct filter_value one, masked = *value;

        filter_evaluate(item, subject, &one);
        if (value->kind == FILTER_ADDRESS)
            masked.address.value &= item->mask;
        if (one.kind != FILTER_NULL && filter_compare(FILTER_EQUAL, &masked, &one))
            return true;
    }
    return false;
}

static bool filter_is_part(const struct filter_value *part, const struct filter_value *whole)
{
    if (part->kind == FILTER_TEXT)
        return part->len == 0 || memmem(whole->text, whole->len, part->text, part->len) != NULL;
    return (part->number & whole->number) == part->number;
}

static bool filter_holds_compared(const struct filter_node *node, const struct filter_subject *subject)
{
    struct filter_value a, b;

    filter_evaluate(node->items[0], subject, &a);
    if (node->op == FILTER_IS_NULL || node->op == FILTER_IS_THERE)
        return (a.kind == FILTER_NULL) == (node->op == FILTER_IS_NULL);
    if (a.kind == FILTER_NULL)
        return false;
    if (node->op == FILTER_IN || node->op == FILTER_NOT_IN)
        return filter_is_among(node, subject, &a) == (node->op == FILTER_IN);
    filter_evaluate(node->items[1], subject, &b);
    if (b.kind == FILTER_NULL)
        return false;
    if (node->op == FILTER_HAS || node->op == FILTER_HAS_NOT)
        return filter_is_part(&a, &b) == (node->op == FILTER_HAS);
    return filter_compare(node->op, &a, &b);
}

// ---- conditions

static bool filter_holds(const struct filter_node *node, const struct filter_subject *subject)
{
    switch (node->op) {
    case FILTER_NOT:
        return !filter_holds(node->items[0], subject);
    case FILTER_AND:
    case FILTER_OR:
        for (uint32_t i = 0; i < node->n_items; i++) {
            if (filter_holds(node->items[i], subject) == (node->op == FILTER_OR))
                return node->op == FILTER_OR;
        }
        return node->op == FILTER_AND;
    default:
        return filter_holds_compared(node, subject);
    }
}

bool filter_test(const struct filter *filter, filter_resolve resolve, void *context)
{
    const struct filter_subject subject = {resolve, context};

    return filter_holds(filter->root, &subject);
}
