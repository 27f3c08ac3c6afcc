// Which worker sends, which receives, on which core and which queues.
#ifndef VOLLEY_ENGINE_LAYOUT_H
#define VOLLEY_ENGINE_LAYOUT_H

#include "base/base.h"

#include <stdbool.h>
#include <stddef.h>

#define LAYOUT_WORKERS_MAX 64

struct layout {
    unsigned n_workers, n_senders, n_receivers;
    struct {
        unsigned core;
        bool sends, receives;
    } workers[LAYOUT_WORKERS_MAX];
};

// Cores as the user said them; none: by the cores that this process may use. Fewer than 4: one worker does both, for a
// receiver that spins beside a sender on a shared core costs answers; otherwise one sends and one receives.
// False: more than LAYOUT_WORKERS_MAX cores.
bool layout_make(struct layout *layout, const unsigned *tx, unsigned n_tx, const unsigned *rx, unsigned n_rx,
                 bool receive) MUST_USE;

// "one TX+RX worker on core 1"
void layout_describe(const struct layout *layout, char *text, size_t size);

#endif
