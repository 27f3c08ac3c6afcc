// The sockets that a driver opened behind our back: what the kernel knows about them, and their end.
//
// DPDK's af_packet and af_xdp drivers neither tell their file descriptors nor all that the kernel counts for them.
// They are found as those that appeared while the driver was opened; no other thread may open such sockets meanwhile.
#ifndef VOLLEY_PORT_SOCKETS_H
#define VOLLEY_PORT_SOCKETS_H

#include "base/base.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#define SOCKETS_MAX 64

struct sockets {
    int domain; // AF_PACKET or AF_XDP
    uint16_t n;
    int fd[SOCKETS_MAX];
    ino_t inode[SOCKETS_MAX];
    // Any thread; the kernel forgets AF_PACKET's count whenever it is read.
    _Atomic uint64_t dropped;
};

// All of this process that are open now. 0 or -errno.
int sockets_find(struct sockets *sockets, int domain) MUST_USE;
// Leaves those that are not in `old`.
void sockets_subtract(struct sockets *sockets, const struct sockets *old);

// AF_PACKET: from now on frames that this host sends itself are not received. Drops counted so far are forgotten.
int sockets_ignore_outgoing(struct sockets *sockets) MUST_USE;

// Frames for us that found a socket's ring full, since open. AF_XDP: without those that the driver reports as missed
// (the kernel's rx_dropped, which includes an empty fill ring in copy mode). False: the kernel did not tell.
bool sockets_dropped(struct sockets *sockets, uint64_t *frames);
// AF_XDP: frames accepted for sending, but malformed for the kernel.
bool sockets_tx_invalid(const struct sockets *sockets, uint64_t *frames);

// Closes what the driver left open, with the memory mapped from it: as long as that is mapped, the kernel keeps
// the socket, and the interface's queue stays occupied.
void sockets_close(struct sockets *sockets);

#endif
