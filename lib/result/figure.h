// Numbers as people read them.
#ifndef VOLLEY_RESULT_FIGURE_H
#define VOLLEY_RESULT_FIGURE_H

#include "base/base.h"

#define FIGURE_MAX 32

// A text that travels by value, so that several may stand in one call.
struct figure {
    char s[FIGURE_MAX];
};

struct figure figure_grouped(uint64_t value); // "67,108,864"
struct figure figure_scaled(uint64_t value);  // three digits at most, cut: "999", "300k", "1.21M"

#endif
