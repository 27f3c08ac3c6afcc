// One queue's link to the simulated hosts: what is lost, doubled, delayed and broken, and the way back.
//
// The sending thread computes each answer and when it arrives; the receiving thread keeps it until then. They may be
// two threads at the same time and share nothing but two rings.
#ifndef VOLLEY_PORT_SIM_LINK_H
#define VOLLEY_PORT_SIM_LINK_H

#include "port/port.h"
#include "port/sim_clock.h"
#include "port/sim_log.h"
#include "port/sim_pool.h"
#include "port/sim_ring.h"

struct sim_link {
    // Set at open, constant afterwards.
    const struct sim_options *options; // borrowed
    struct sim_clock *clock;           // borrowed; shared by all links
    uint64_t jitter;                   // ticks to each side of the RTT
    uint64_t key;
    uint32_t ring_slots; // of `out` and `back`
    bool draws;          // something is left to chance

    // Sender only; the counters are read by anyone.
    _Alignas(CACHE_LINE) struct sim_pool pool;
    struct sim_packet *spare; // owned; written where the pool is empty, and never delivered
    struct sim_log log;
    uint64_t exchanges;
    _Atomic uint64_t tx_frames, tx_bytes, tx_errors, tx_missed;

    // Receiver only; the counters are read by anyone.
    _Alignas(CACHE_LINE) struct sim_wheel wheel;
    struct sim_packet **arrived; // owned; options->ring places
    uint32_t first_arrived, n_arrived;
    _Atomic uint64_t rx_frames, rx_bytes, rx_missed;

    struct sim_ring out;  // sender to receiver
    struct sim_ring back; // receiver to sender: free again
};

// 0; -ENOMEM; or what opening the log gave. diag says which.
int sim_link_init(struct sim_link *link, const struct sim_options *options, struct sim_clock *clock,
                  uint16_t queue, struct diag *diag) MUST_USE;
void sim_link_release(struct sim_link *link);

// As port_ops.tx_burst, but the buffers stay the caller's.
uint16_t sim_link_send(struct sim_link *link, const struct frame *frames, uint16_t n);

// As port_ops.rx_burst and rx_put.
uint16_t sim_link_receive(struct sim_link *link, struct frame *frames, uint16_t n);
void sim_link_put(struct sim_link *link, const struct frame *frames, uint16_t n);

// Adds what this link counted. Any thread.
void sim_link_count(const struct sim_link *link, struct port_counters *counters);

#endif
