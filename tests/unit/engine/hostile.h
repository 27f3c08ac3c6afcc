// A port that makes rare paths usual: it takes and gives 1 to 3 frames at a time, refuses bursts and buffers at random,
// and scribbles over what it accepted. Around another port, which it closes.
#ifndef VOLLEY_TESTS_HOSTILE_H
#define VOLLEY_TESTS_HOSTILE_H

#include "port/port.h"

#define HOSTILE_NEVER UINT64_MAX

struct hostile_options {
    uint64_t seed;
    uint64_t no_tx_after;      // frames, then nothing is accepted any more
    uint64_t no_buffers_after; // calls of tx_get, then it fails
    int attach_error;          // of threads other than the one that opened
};

struct port *hostile_open(struct port *inner, const struct hostile_options *options);

// Buffers that were given and neither sent nor put back, and frames accepted.
uint64_t hostile_outstanding(const struct port *port);
uint64_t hostile_accepted(const struct port *port);

#endif
