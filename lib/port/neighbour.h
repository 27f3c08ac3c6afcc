// Asking for the MACs of neighbours over a port (ARP, RFC 826; neighbour discovery, RFC 4861), and answering
// for our own addresses where the kernel does not see what the port receives.
#ifndef VOLLEY_PORT_NEIGHBOUR_H
#define VOLLEY_PORT_NEIGHBOUR_H

#include "base/address.h"
#include "port/port.h"

// One question; found and mac are the answer.
struct neighbour {
    struct address address;
    struct mac mac;
    bool found;
};

struct neighbour_options {
    struct address source4, source6; // family 0: none (ARP probes then carry 0.0.0.0)
    uint32_t rate_pps;               // 0: 20,000
    uint32_t attempts;               // 0: 3
    uint32_t wait_ms;                // after the last question of an attempt; 0: 300
};

// Asks for every one that is not found yet, on queue 0, from the calling (attached) thread, before workers
// run. Frames that are not answers are dropped. Returns how many are still unknown, or -errno.
int neighbour_ask(struct port *port, struct neighbour *list, size_t n,
                  const struct neighbour_options *options) MUST_USE;

// If `frame` asks for one of `own` (n addresses), writes our answer to `reply` (at least 86 bytes) and returns
// its length; else 0. Bounds-checked: the frame is hostile. No allocation: fit for RX workers.
uint16_t neighbour_reply(const uint8_t *frame, uint16_t len, const struct address *own, size_t n,
                         const struct mac *mac, uint8_t *reply);

#endif
