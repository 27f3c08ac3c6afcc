#include "template/number.h"

#define NUMBER_LIMIT ((i128)1 << 124) // operands stay below, so that no sum overflows
#define NUMBER_DEPTH 256

bool number_is(const struct syntax *tree)
{
    // A chain of operators leans to the left: its leftmost part decides, and evaluation checks the rest.
    while (tree->kind == SYNTAX_BINARY && tree->op != '/')
        tree = tree->items[0];
    return tree->kind == SYNTAX_NUMBER;
}

static bool number_combine(const struct syntax *tree, i128 a, i128 b, i128 *out, struct diag *diag)
{
    i128 value;
    bool overflow = tree->op == '+'   ? __builtin_add_overflow(a, b, &value)
                    : tree->op == '-' ? __builtin_sub_overflow(a, b, &value)
                                      : __builtin_mul_overflow(a, b, &value);

    if (overflow || value > NUMBER_LIMIT || value < -NUMBER_LIMIT)
        return diag_set(diag, tree->where, "the number is too large for any field");
    *out = value;
    return true;
}

static bool number_at_depth(const struct syntax *tree, i128 *out, unsigned depth, struct diag *diag)
{
    i128 left = 0, right = 0;

    if (tree->kind == SYNTAX_NUMBER) {
        *out = tree->number;
        return true;
    }
    if (tree->kind != SYNTAX_BINARY)
        return diag_set(diag, tree->where, "expected a number");
    if (tree->op == '/')
        return diag_set(diag, tree->where, "'/' stacks layers and does not divide numbers");
    if (depth == 0)
        return diag_set(diag, tree->where, "the expression has more than %d operators in a row",
                        NUMBER_DEPTH);
    return number_at_depth(tree->items[0], &left, depth - 1, diag) &&
           number_at_depth(tree->items[1], &right, depth - 1, diag) &&
           number_combine(tree, left, right, out, diag);
}

bool number_evaluate(const struct syntax *tree, i128 *out, struct diag *diag)
{
    return number_at_depth(tree, out, NUMBER_DEPTH, diag);
}

const char *number_text(i128 number, char text[NUMBER_TEXT_MAX])
{
    bool negative = number < 0;
    u128 left = negative ? -(u128)number : (u128)number;
    char *at = text + NUMBER_TEXT_MAX - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + (unsigned)(left % 10));
        left /= 10;
    } while (left != 0);
    if (negative)
        *--at = '-';
    return at;
}

bool number_in_range(const struct syntax *tree, u128 max, const char *what, u128 *out, struct diag *diag)
{
    char text[NUMBER_TEXT_MAX], limit[NUMBER_TEXT_MAX];
    i128 value;

    if (!number_evaluate(tree, &value, diag))
        return false;
    if (value < 0 || (u128)value > max)
        return diag_set(diag, tree->where, "%s must be 0 to %s, not %s", what, number_text((i128)max, limit),
                        number_text(value, text));
    *out = (u128)value;
    return true;
}
