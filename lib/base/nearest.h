// The nearest of some names to a mistyped one.
#ifndef VOLLEY_BASE_NEAREST_H
#define VOLLEY_BASE_NEAREST_H

#include "base/base.h"

struct nearest {
    const char *text; // what was typed; borrowed
    size_t len;
    const char *best; // NULL: nothing near enough
    unsigned distance;
};

void nearest_init(struct nearest *nearest, const char *text, size_t len);
// Offers one name (it must outlive `nearest`). Letters' case counts half.
void nearest_offer(struct nearest *nearest, const char *name);

#endif
