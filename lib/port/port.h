// A port: where frames leave and arrive. A NIC, a kernel interface, or the simulated network.
//
// A port has as many queues as were asked for; a queue is used by one thread at a time for sending and by
// one for receiving (they may differ). Only open and close allocate or block. Frames are Ethernet without FCS.
#ifndef VOLLEY_PORT_PORT_H
#define VOLLEY_PORT_PORT_H

#include "base/address.h"
#include "base/base.h"
#include "base/diag.h"

#include <stdbool.h>

#define PORT_BURST_MAX 64

// One frame's buffer. From tx_get to tx_burst (or tx_put) it is the caller's; from rx_burst to rx_put too.
struct frame {
    uint8_t *data;
    void *handle; // the port's own
    uint16_t len;
    uint16_t room; // how long the frame may become
};

// Counted by the port or its kernel since open; PORT_UNKNOWN where nobody counts.
#define PORT_UNKNOWN UINT64_MAX
struct port_counters {
    uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
    uint64_t imissed;      // the NIC had no descriptor
    uint64_t rx_nombuf;    // the driver had no buffer
    uint64_t kernel_drops; // the kernel dropped before the driver saw it
    uint64_t tx_errors;    // accepted from us, but not sent
};

struct port;

struct port_ops {
    // A thread's first call to the port, from that thread; 0 or -errno. detach is its last.
    int (*attach)(struct port *port);
    void (*detach)(struct port *port);

    // Fills frames[0..n) with empty buffers and returns n, or returns 0: there are not enough now.
    uint16_t (*tx_get)(struct port *port, uint16_t queue, struct frame *frames, uint16_t n);
    // Gives back what tx_get gave and will not be sent.
    void (*tx_put)(struct port *port, uint16_t queue, struct frame *frames, uint16_t n);
    // Sends frames[0..returned); those are the port's from now on. The rest stays the caller's.
    uint16_t (*tx_burst)(struct port *port, uint16_t queue, struct frame *frames, uint16_t n);

    // Main, at most once, before threads have frames: no frame sent from now on is longer than that, so that buffers may be smaller. NULL: all
    // lengths cost the same.
    void (*fit)(struct port *port, uint16_t longest);

    // Never waits. What it returns must go back by rx_put before the next rx_burst on that queue.
    uint16_t (*rx_burst)(struct port *port, uint16_t queue, struct frame *frames, uint16_t n);
    void (*rx_put)(struct port *port, uint16_t queue, struct frame *frames, uint16_t n);

    // Ticks; never goes backwards. A port with a clock of its own (sim without a clock) moves it here.
    uint64_t (*now)(struct port *port);

    // Any thread, at any time; costs a system call.
    void (*counters)(struct port *port, struct port_counters *counters);
    void (*close)(struct port *port);
};

// Set by open, constant afterwards.
struct port {
    const struct port_ops *ops;
    char name[64];      // as the user said it: "veth0", "0000:3b:00.0", "sim"
    char driver[24];    // "AF_XDP", "AF_PACKET", "sim", or the PMD's own name
    char interface[16]; // the kernel's name of it; empty if the kernel does not see the port
    struct mac mac;
    uint16_t mtu;
    uint16_t n_queues;
    uint64_t ticks_hz;   // of now()
    bool kernel_sees_rx; // the kernel gets received frames too, so it answers ARP and ND for our address
    bool is_simulated;
    bool owns_clock; // now() moves only with bursts: one thread must do everything
    bool has_link_speed;
    uint32_t link_mbps;
};

struct port_options {
    uint16_t n_queues;  // 0 is 1
    uint16_t mtu;       // 0: as the interface has it
    const char *driver; // NULL: best that works; "af_xdp" or "af_packet" forces one on a kernel interface
};

// Opens what `spec` names: "sim[:key=value,...]", "vdev:ARGS", a PCI address, or a kernel interface.
// On failure returns -errno and says in diag what was tried and what to do; nothing is left open.
// -ENODEV: no such port. -EPERM: rights are missing. -EINVAL: spec or options make no sense.
int port_open(struct port **port, const char *spec, const struct port_options *options,
              struct diag *diag) MUST_USE;
void port_close(struct port *port);

// Calls ops->fit, if there is one.
void port_fit(struct port *port, uint16_t longest);

#endif
