// What other layers must know of IP and IPv6.
#ifndef VOLLEY_PACKET_LAYERS_IP_H
#define VOLLEY_PACKET_LAYERS_IP_H

#include "base/address.h"
#include "packet/view.h"

enum {
    IP_VERSION,
    IP_IHL,
    IP_TOS,
    IP_LEN,
    IP_ID,
    IP_FLAGS,
    IP_FRAG,
    IP_TTL,
    IP_PROTO,
    IP_CHKSUM,
    IP_SRC,
    IP_DST,
    IP_OPTIONS
};
enum { IPV6_VERSION, IPV6_TC, IPV6_FL, IPV6_PLEN, IPV6_NH, IPV6_HLIM, IPV6_SRC, IPV6_DST };

#define IPV6_ADDRESSES_AT 8 // bytes from the header's start to src, with dst behind it

// The addresses of the IP or IPv6 directly below layer i; false if neither is.
bool ip_addresses_text(const struct view *view, unsigned i, char source[ADDRESS_TEXT_MAX],
                       char destination[ADDRESS_TEXT_MAX]);

// Whether layer i is IP or IPv6 to a multicast or broadcast address.
bool ip_goes_to_group(const struct view *view, unsigned i);
// Whether layer i is IP or IPv6 that carries an ICMP or ICMPv6 error, directly.
bool ip_is_error(const struct view *view, unsigned i);

#endif
