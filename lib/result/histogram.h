// A histogram of round-trip times in ns: logarithmic octaves, each cut into 128 equal steps.
//
// What it tells is within 0.4 % of the truth, minimum and maximum are exact. 59 KiB, whatever is added. Zeroed memory is an
// empty histogram. One thread a histogram; merge them afterwards.
#ifndef VOLLEY_RESULT_HISTOGRAM_H
#define VOLLEY_RESULT_HISTOGRAM_H

#include "base/base.h"

#define HISTOGRAM_STEP_BITS 7
#define HISTOGRAM_BUCKETS   ((64 - HISTOGRAM_STEP_BITS + 1) << HISTOGRAM_STEP_BITS)

struct histogram {
    uint64_t count;
    uint64_t min, max; // of what was added; 0 if nothing was
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);

// The smallest value that at least `share` (0..1) of all values do not exceed; 0 of an empty histogram.
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
