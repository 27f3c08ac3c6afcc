// Whether AF_XDP can be used on an interface, found out without DPDK's driver: when that fails, it removes whatever
// XDP program is on the interface, also somebody else's.
#ifndef VOLLEY_PORT_XDP_H
#define VOLLEY_PORT_XDP_H

#include "base/base.h"
#include "base/diag.h"
#include "port/route.h"

#include <time.h>

// The largest MTU whose frames, with all that AF_XDP and DPDK put before them, fit a page.
uint16_t xdp_mtu_max(void);

// 0, or -errno and diag says what is in the way: -EPERM, -EEXIST (an XDP program is there), -EBUSY (somebody's
// AF_XDP socket gets all frames, so nobody else does), -EINVAL (MTU; queues that would stay unread), -EOPNOTSUPP.
// Leaves the interface alone, but binds a socket to each queue to see whether it can, which the kernel takes a
// while to forget: wait until *free_at (CLOCK_MONOTONIC) before the driver does the same.
int xdp_check(const struct route_interface *interface, uint16_t n_queues, struct timespec *free_at,
              struct diag *diag) MUST_USE;

// libxdp and libbpf, which come with DPDK's driver, print to stderr by themselves: no more. DPDK runs.
void xdp_silence(void);

#endif
