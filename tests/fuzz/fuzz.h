// What the fuzz targets share. A target aborts where a contract of lib/ is broken; the sanitizers see the rest.
#ifndef VOLLEY_FUZZ_FUZZ_H
#define VOLLEY_FUZZ_FUZZ_H

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define FUZZ_CHECK(fact)                                                                   \
    do {                                                                                   \
        if (!(fact)) {                                                                     \
            fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #fact); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

#endif
