// A plan as text: branches, digits, shapes, patches and checksums, as plan.h explains them.
#ifndef VOLLEY_TEMPLATE_LISTING_H
#define VOLLEY_TEMPLATE_LISTING_H

#include "template/plan.h"

#include <stdio.h>

#define LISTING_SHAPES_MAX 64 // of a branch, unless all are asked for

void listing_print(const struct plan *plan, uint64_t shapes_max, FILE *to);

#endif
