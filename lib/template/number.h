// Arithmetic on constant expressions.
#ifndef VOLLEY_TEMPLATE_NUMBER_H
#define VOLLEY_TEMPLATE_NUMBER_H

#include "base/diag.h"
#include "expr/syntax.h"

// A number, or + - * of numbers. '/' stacks layers and is no division.
bool number_evaluate(const struct syntax *tree, i128 *out, struct diag *diag) MUST_USE;
// The same, within 0..max; `what` names it in the error.
bool number_in_range(const struct syntax *tree, u128 max, const char *what, u128 *out,
                     struct diag *diag) MUST_USE;
// Whether the tree is made of numbers only, so that number_evaluate is what to call.
bool number_is(const struct syntax *tree);

// Decimal digits of a number of any width.
#define NUMBER_TEXT_MAX 42
const char *number_text(i128 number, char text[NUMBER_TEXT_MAX]);

#endif
