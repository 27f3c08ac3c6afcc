// One end of a veth pair, by AF_PACKET: a ring of the kernel's to receive, bursts to send. One thread.
#ifndef RELAY_LINK_H
#define RELAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_BURST 64

struct relay_link {
    int rx, tx;
    uint8_t *ring; // mapped
    unsigned block, left;
    uint8_t *next; // packet of that block
    uint8_t mac[6];
};

// 0 or -errno.
int relay_link_open(struct relay_link *link, const char *interface);

// The next frame that has arrived, readable until the next call; NULL: none now.
const uint8_t *relay_link_next(struct relay_link *link, uint32_t *len);
// Waits for frames, a millisecond at most.
void relay_link_wait(struct relay_link *link);

struct relay_piece {
    const uint8_t *bytes;
    uint16_t len;
};

// Sends up to RELAY_BURST frames, all of them: waits where the kernel has no room. 0 or -errno.
int relay_link_send(struct relay_link *link, const struct relay_piece *pieces, unsigned n);

// Frames that arrived and found no room in the ring.
uint64_t relay_link_dropped(struct relay_link *link);

#endif
