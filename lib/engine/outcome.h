// Counters that one worker writes and others read.
#ifndef VOLLEY_ENGINE_OUTCOME_H
#define VOLLEY_ENGINE_OUTCOME_H

#include "base/base.h"

#include <stdatomic.h>

enum outcome {
    OUTCOME_SENT,       // frames
    OUTCOME_TABLE_FULL, // probes
    OUTCOME_RECEIVED,   // frames; each is one of those below
    OUTCOME_ANSWERS,
    OUTCOME_DUPLICATES,
    OUTCOME_LATE,
    OUTCOME_UNSOLICITED,
    OUTCOME_MALFORMED,
    OUTCOME_FILTERED,
    OUTCOME_COUNT
};

struct outcomes {
    _Alignas(CACHE_LINE) _Atomic uint64_t n[OUTCOME_COUNT];
};

// The only writer adds; no read-modify-write is needed.
static inline void outcome_add(struct outcomes *outcomes, enum outcome which, uint64_t n)
{
    uint64_t now = atomic_load_explicit(&outcomes->n[which], memory_order_relaxed);

    atomic_store_explicit(&outcomes->n[which], now + n, memory_order_relaxed);
}

static inline uint64_t outcome_read(const struct outcomes *outcomes, enum outcome which)
{
    return atomic_load_explicit(&outcomes->n[which], memory_order_relaxed);
}

#endif
