// The simulated network: a port whose frames are answered by simulated hosts behind an in-process link.
//
// No NIC, no root, no hugepages: plain memory and threads. What it models, its options and its log are
// described in docs/sim.md.
#ifndef VOLLEY_PORT_SIM_H
#define VOLLEY_PORT_SIM_H

#include "base/address.h"
#include "port/port.h"

// Opens the simulated network. `args` is what follows "sim:", comma separated key=value, "" for none.
// -EINVAL: args or options make no sense; diag names the key or value, `where` is its place in args.
// -ENOMEM, or what opening the log gave: diag says which. Nothing is left open then.
int sim_open(struct port **port, const char *args, const struct port_options *options,
             struct diag *diag) MUST_USE;

// Ours on the simulated link: 198.18.0.1 or 2001:2::1; family 0 for any other family than 4 and 6.
struct address sim_own_address(uint8_t family);

// A neighbour that takes frames for every destination, so that no ARP is needed.
struct mac sim_next_hop_mac(void);

#endif
