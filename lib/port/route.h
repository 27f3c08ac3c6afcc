// The kernel's routes, source addresses and neighbours, read through rtnetlink (libmnl). Needs no rights.
//
// A route_table is a view of one network namespace, asked at most once an interval of destinations: the
// kernel itself decides (RTM_GETROUTE), and its prefixes say how far each decision holds.
// One thread at a time; owns a netlink socket.
#ifndef VOLLEY_PORT_ROUTE_H
#define VOLLEY_PORT_ROUTE_H

#include "base/address.h"

enum route_kind {
    ROUTE_NONE,    // unreachable, or no route at all
    ROUTE_LOCAL,   // our own address: goes to lo
    ROUTE_ON_LINK, // the destination is its own next hop
    ROUTE_GATEWAY,
    ROUTE_BROADCAST, // subnet broadcast, 255.255.255.255
    ROUTE_MULTICAST,
};

// What holds for every destination in first..last.
struct route {
    struct address first, last;
    enum route_kind kind;
    int ifindex;
    struct address source;  // family 0: the kernel names none
    struct address gateway; // family 0 unless ROUTE_GATEWAY
};

struct route_table;

// interface: NULL, or routes are asked for that one only (as with `ip route get ... oif`). 0 or -errno.
int route_table_new(struct route_table **table, const char *interface) MUST_USE;
void route_table_free(struct route_table *table);

// 0 (also for ROUTE_NONE), or -errno when the kernel could not be asked.
int route_table_find(struct route_table *table, const struct address *destination,
                     struct route *route) MUST_USE;

// The kernel's neighbour cache: true and the MAC if it has a usable entry on that interface.
bool route_table_neighbour(struct route_table *table, int ifindex, const struct address *address,
                           struct mac *mac);

// MAC (all zero for lo and for interfaces that have none), MTU, name of an interface; by name, or by ifindex if name
// is NULL. -ENODEV if there is none.
struct route_interface {
    int ifindex;
    char name[16];
    struct mac mac;
    uint32_t mtu;
    uint32_t xdp_program; // id of the XDP program on it; 0: none
    bool is_up, is_loopback, is_ethernet;
    bool is_running; // up, and has a carrier
};
int route_interface_find(struct route_table *table, const char *name, int ifindex,
                         struct route_interface *out) MUST_USE;

// Names of all interfaces, comma-separated, cut to size: for error messages.
void route_interface_names(struct route_table *table, char *text, size_t size);

#endif
