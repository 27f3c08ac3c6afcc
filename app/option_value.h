// Values of options, from text. Those that return text return NULL, or what the value should have been.
#ifndef VOLLEY_APP_OPTION_VALUE_H
#define VOLLEY_APP_OPTION_VALUE_H

#include "options.h"

// A number with an optional suffix k, M or G.
bool option_scaled(const char *text, double *value) MUST_USE;
bool option_whole(const char *text, uint64_t max, uint64_t *value) MUST_USE;

// Seconds, or with a unit: "2", "200ms".
const char *option_time(const char *text, uint64_t *ns);
// "0", "0,2", "1-3": up to OPTIONS_CORES_MAX.
const char *option_cores(const char *text, unsigned *cores, unsigned *n);
// "duplicates,late", "all": adds a bit for each enum record_outcome.
const char *option_outcomes(const char *text, uint32_t *outcomes);

#endif
