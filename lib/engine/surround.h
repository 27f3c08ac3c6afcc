// The surroundings of a run: the kernel's routes and neighbours, the simulated network's, or what the user said.
//
// A template is derived twice on a port: the first time surround notes which neighbours must be known, then they are
// asked for, and then it is derived again. One thread.
#ifndef VOLLEY_ENGINE_SURROUND_H
#define VOLLEY_ENGINE_SURROUND_H

#include "port/neighbour.h"
#include "port/port.h"
#include "port/route.h"
#include "template/surroundings.h"

#define SURROUND_NEIGHBOURS_MAX (1u << 20)

struct surround_options {
    struct address source;  // family 0: the route's
    struct address gateway; // family 0: the route's
    bool has_gateway_mac;
    struct mac gateway_mac;
};

struct surround {
    const struct port *port;    // borrowed; NULL: nothing is sent, only shown
    struct route_table *routes; // owned; NULL: the kernel does not see the port
    struct route_interface own; // of the port, if the kernel sees it
    struct surround_options options;
    struct neighbour *neighbours; // owned; sorted by address when known
    size_t n_neighbours, room;
    bool asking;                     // neighbours are being collected
    bool too_many;                   // more than SURROUND_NEIGHBOURS_MAX
    struct address unreachable;      // the first destination without a route; family 0: none
    struct address is_local;         // the first destination that is this machine's own
    bool any_remote;                 // some destination is not
    struct address source4, source6; // used by some destination; family 0: none
};

// port NULL: for `show`. 0 or -errno.
int surround_init(struct surround *surround, const struct port *port,
                  const struct surround_options *options) MUST_USE;
void surround_release(struct surround *surround);

// For derive_fields.
struct surroundings surround_surroundings(struct surround *surround);

// Asks for the neighbours noted so far, on queue 0 of the port, from a thread attached to it. Returns how many are unknown, or -errno.
int surround_ask(struct surround *surround, struct port *port) MUST_USE;

// The first neighbour that is unknown; NULL: none.
const struct neighbour *surround_unknown(const struct surround *surround);

#endif
