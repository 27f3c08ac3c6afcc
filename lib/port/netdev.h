// A kernel interface's settings: what ethtool tells, and what DPDK's drivers change without being asked.
#ifndef VOLLEY_PORT_NETDEV_H
#define VOLLEY_PORT_NETDEV_H

#include "base/base.h"

#include <stdbool.h>

struct netdev_state {
    bool is_promiscuous; // net_af_xdp and net_af_packet switch it off
    bool knows_gro, gro; // veth loses it when an XDP program is detached
};

// 0 or -errno.
int netdev_save(const char *name, struct netdev_state *state) MUST_USE;
// Changes what is not as saved. Needs CAP_NET_ADMIN only if there is such a thing. 0 or -errno.
int netdev_restore(const char *name, const struct netdev_state *state);

// Queues that frames arrive on; 1 if the driver does not tell.
uint32_t netdev_rx_queues(const char *name);
bool netdev_link_mbps(const char *name, uint32_t *mbps);

#endif
