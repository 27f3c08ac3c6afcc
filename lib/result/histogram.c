#include "result/histogram.h"

#define STEPS (1u << HISTOGRAM_STEP_BITS)

// Values below STEPS have a bucket each. Above, octave n (n >= 1) has buckets 2^(n-1) wide.
static unsigned bucket_of(uint64_t ns)
{
    unsigned octave;

    if (ns < STEPS)
        return (unsigned)ns;
    octave = 64 - HISTOGRAM_STEP_BITS - (unsigned)__builtin_clzll(ns);
    return (octave << HISTOGRAM_STEP_BITS) + (unsigned)(ns >> (octave - 1)) - STEPS;
}

// The middle of a bucket.
static uint64_t bucket_value(unsigned bucket)
{
    unsigned octave = bucket >> HISTOGRAM_STEP_BITS;

    if (octave == 0)
        return bucket;
    return ((uint64_t)(bucket % STEPS + STEPS) << (octave - 1)) + (((uint64_t)1 << (octave - 1)) >> 1);
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    if (histogram->count == 0 || ns < histogram->min)
        histogram->min = ns;
    if (ns > histogram->max)
        histogram->max = ns;
    histogram->count++;
    histogram->buckets[bucket_of(ns)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->count += from->count;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    double wanted = share * (double)histogram->count;
    uint64_t seen = 0;

    if (histogram->count == 0 || share <= 0)
        return histogram->min;
    if (wanted > (double)(histogram->count - 1))
        return histogram->max;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return clamp(bucket_value(i), histogram->min, histogram->max);
    }
    return histogram->max;
}
