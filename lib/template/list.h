// Arithmetic on lists, as in Python: [1,2]+[3], [1]*3.
#ifndef VOLLEY_TEMPLATE_LIST_H
#define VOLLEY_TEMPLATE_LIST_H

#include "base/arena.h"
#include "base/diag.h"
#include "expr/syntax.h"

#define LIST_ITEMS_MAX 65536

// What the tree stands for if it is such arithmetic: one list. Other trees stay as they are.
bool list_evaluate(const struct syntax **tree, struct arena *arena, struct diag *diag) MUST_USE;

#endif
