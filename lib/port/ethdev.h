// Ports that DPDK drives: kernel interfaces (through its af_xdp and af_packet drivers), its other virtual devices,
// and PCI devices.
#ifndef VOLLEY_PORT_ETHDEV_H
#define VOLLEY_PORT_ETHDEV_H

#include "port/port.h"

// spec and errors as port_open has them, without "sim". Starts DPDK if nothing has yet.
int ethdev_open(struct port **port, const char *spec, const struct port_options *options,
                struct diag *diag) MUST_USE;

#endif
