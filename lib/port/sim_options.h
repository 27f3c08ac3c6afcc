// What a user can say about the simulated network, as numbers.
#ifndef VOLLEY_PORT_SIM_OPTIONS_H
#define VOLLEY_PORT_SIM_OPTIONS_H

#include "base/base.h"
#include "base/diag.h"

#include <stdbool.h>

// Shares (loss, alive ...) count in 1/2^32: a draw of 32 bits that is less than the share is a hit.
#define SIM_SHARE_ONE ((uint64_t)1 << 32)

#define SIM_MTU_MIN 576
#define SIM_MTU_MAX 9600

struct sim_ports {
    uint8_t bits[65536 / 8];
};

static inline bool sim_ports_has(const struct sim_ports *ports, uint16_t port)
{
    return ports->bits[port >> 3] >> (port & 7) & 1;
}

struct sim_options {
    struct sim_ports open, udp;
    uint64_t alive, loss, dup, corrupt, flip, stray, jitter; // shares
    uint64_t rtt;                                            // ns
    uint64_t rate;                                           // frames a second; 0: no limit
    uint64_t hops, ring, mtu, seed;
    uint64_t virtual_clock; // 0 or 1
    char log[256];          // empty: none
    struct span log_span;   // in args
};

// "key=value,key=value" to options, over the defaults. False: diag says what is wrong and where in args.
bool sim_options_parse(struct sim_options *options, const char *args, struct diag *diag) MUST_USE;

#endif
