// What main, workers and collector tell each other. Every word has one writer or is only ever set.
#ifndef VOLLEY_ENGINE_CONTROL_H
#define VOLLEY_ENGINE_CONTROL_H

#include "base/base.h"

#include <stdatomic.h>
#include <stdbool.h>

struct control {
    _Alignas(CACHE_LINE) atomic_bool stop_sending; // no block is claimed any more
    atomic_bool quit;                              // workers return
    atomic_bool collected;                         // workers have returned: the collector returns
    _Atomic unsigned n_stopped;                    // senders that will claim no block any more
    atomic_bool stalled;                           // a port accepts nothing any more
    _Atomic int failed;                            // -errno of a worker that could not start
};

#endif
