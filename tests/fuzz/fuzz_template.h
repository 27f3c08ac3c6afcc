// A template from fuzzed text: parsed without any look at the machine, so that a finding depends on its input alone.
#ifndef VOLLEY_FUZZ_FUZZ_TEMPLATE_H
#define VOLLEY_FUZZ_FUZZ_TEMPLATE_H

#include "template/template.h"

struct fuzz_template {
    char *text; // heap; ends in NUL
    struct arena arena;
    struct template template;
};

// Whether it parsed. If it did not, the error was checked: it is said, it is printed, and in no unsafe character.
bool fuzz_template_open(struct fuzz_template *f, const uint8_t *bytes, size_t len, size_t memory_max);
void fuzz_template_release(struct fuzz_template *f);

// Of any error about the template.
void fuzz_template_check_error(const struct fuzz_template *f, const struct diag *diag);

#endif
