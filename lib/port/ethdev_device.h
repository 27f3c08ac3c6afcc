// One DPDK device as a port: probing, queues and buffers. Private to ethdev*.c.
#ifndef VOLLEY_PORT_ETHDEV_DEVICE_H
#define VOLLEY_PORT_ETHDEV_DEVICE_H

#include "port/netdev.h"
#include "port/port.h"
#include "port/sockets.h"

#include <rte_mempool.h>

// What to open, and how. Zero is the default where one makes sense.
struct ethdev_request {
    const char *name;      // as the user said it
    const char *interface; // the kernel's, whose settings are to stay as they are; NULL: none
    const char *label;     // of the driver; NULL: DPDK's own name
    bool is_pci;
    char device[64]; // "net_af_xdp0", "0000:3b:00.0"
    char args[512];
    int domain; // of the sockets that the driver opens; 0: none that we know
    uint16_t n_queues;
    uint16_t mtu;  // 0: the device's own
    uint32_t room; // for a frame's bytes in a buffer
    // Buffers of a queue that the driver holds at most: in its rings, and beyond.
    uint16_t rx_desc, tx_desc, extra_desc;
};

// What one queue counts. Its RX thread writes, anyone reads.
struct ethdev_queue {
    struct rte_mempool *pool;    // for both directions: AF_XDP sends without a copy only what lies there
    struct rte_mempool *tx_pool; // the same one, or one of smaller buffers
    _Atomic uint64_t rx_unusable;
} __attribute__((aligned(CACHE_LINE)));

struct ethdev {
    struct port port; // first: a struct port * is a struct ethdev *
    uint16_t id;
    bool is_pci;
    bool counts_missed;       // the driver fills in imissed
    bool counts_nombuf;       // and frames are lost when it finds no buffer
    bool refusals_are_errors; // it counts what it did not accept in oerrors
    bool is_broken;           // it must not be closed
    bool has_one_pool;        // the driver wants all buffers of a queue from one pool
    uint32_t n_buffers;       // of a pool
    char device[64];
    struct sockets sockets; // n is 0 where we know none
    struct netdev_state before;
    bool has_before;
    struct ethdev_queue queues[]; // port.n_queues
};

extern const struct port_ops ethdev_ops_table;

// DPDK runs. 0, or -errno and diag says why; nothing is left open then.
int ethdev_device_new(struct ethdev **device, const struct ethdev_request *request,
                      struct diag *diag) MUST_USE;
void ethdev_device_free(struct ethdev *device);

// port_ops.fit. Without memory for other buffers it stays with those that it has.
void ethdev_device_fit(struct port *port, uint16_t longest);

#endif
