// Where the kernel's routing decision may change: the sorted first addresses of intervals of destinations, within
// each of which every prefix that the kernel looks at holds for all or for none.
#ifndef VOLLEY_PORT_ROUTE_CUTS_H
#define VOLLEY_PORT_ROUTE_CUTS_H

#include "port/rtnl.h"

#include <stdbool.h>

struct route_cuts {
    uint8_t family;
    size_t n;     // at least 1: first[0] is 0
    u128 *first;  // ascending, no two alike
    bool *varies; // a multipath route holds: the kernel chooses by a hash of the destination
};

// Reads all routes of all tables and the rules; for IPv6 also what chooses a source address (RFC 6724): our
// addresses and the table of labels. 0, -ENOMEM, or what the kernel said.
int route_cuts_load(struct route_cuts *cuts, struct rtnl *rtnl, uint8_t family) MUST_USE;
void route_cuts_release(struct route_cuts *cuts);

// Which interval the destination is in, and its last address.
size_t route_cuts_find(const struct route_cuts *cuts, u128 destination);
u128 route_cuts_last(const struct route_cuts *cuts, size_t interval);

#endif
