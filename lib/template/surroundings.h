// What automatic fields ask of the outside world: source addresses and MACs.
//
// The template compiler knows no sockets; who calls it says how to find out.
#ifndef VOLLEY_TEMPLATE_SURROUNDINGS_H
#define VOLLEY_TEMPLATE_SURROUNDINGS_H

#include "base/address.h"

// What holds for the destinations from the one asked for to `last`.
struct surroundings_route {
    struct address last;
    struct address source; // family 0: unknown; the field is then 0
    struct mac source_mac;
    struct mac next_hop_mac;
};

struct surroundings {
    void *context;
    // family 0: no destination (Ether without IP or ARP). Never fails: what is unknown is zero, or ff:ff:ff:ff:ff:ff
    // for the next hop. The MACs of multicast groups are computed and not asked for: for a group, only the source counts.
    void (*route)(void *context, const struct address *destination, struct surroundings_route *route);
};

#endif
