// IPv6's extension headers (RFC 8200 4), and what they say of where a packet comes from and goes.
#ifndef VOLLEY_PACKET_LAYERS_IPV6_EXT_H
#define VOLLEY_PACKET_LAYERS_IPV6_EXT_H

#include "packet/build.h"

// The way of a packet, from its IPv6 header and the extension headers behind it.
struct ipv6_path {
    const uint8_t
        *src; // the home address, if an option says so (RFC 6275 6.3); borrowed from the view, as dst
    const uint8_t *dst; // the last address of a routing header that is not used up
    bool later;         // a fragment that starts somewhere in the payload
    bool broken;        // a header that is cut short
    uint8_t nh;         // what announces the upper layer
    unsigned upper;     // its index in the view; may be that behind the last layer
};

// What Scapy takes for the upper layer of IPv6 header i: it reads options that are cut
// short, and routes between two addresses.
unsigned ipv6_ext_scapy_upper(const struct view *view, unsigned i);

// Of the IPv6 header i of the view; it must be whole, the headers behind it may be cut short.
struct ipv6_path ipv6_ext_path(const struct view *view, unsigned i);

// What Scapy hashes of an IPv6 header and the one behind it: the exclusive or of two addresses into `addresses` unless that is
// multicast (then false), and the number of what follows.
bool ipv6_ext_hashret(const struct view *view, unsigned i, uint8_t addresses[16], uint8_t *nh);

// The IPv6 header under `layer`, with or without extension headers between; NULL: there is none.
const struct build_layer *ipv6_ext_network(const struct build *build, const struct build_layer *layer);
// Where the pseudo-header's addresses (RFC 8200 8.1) lie in the frame, for a layer that has that network under it.
void ipv6_ext_addresses(const struct build *build, const struct build_layer *layer, uint32_t *src,
                        uint32_t *dst);

extern const struct name ipv6_next_headers[];
extern const struct packets_desc ipv6_options;

// clang-format off
#define IPV6_EXT_NH {"nh", 8, FIELD_NUMBER, .preset = 59, .names = ipv6_next_headers, .meaning = "protocol of the payload"}
// clang-format on

#endif
