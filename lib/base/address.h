// IPv4, IPv6 and MAC addresses as numbers and as text.
#ifndef VOLLEY_BASE_ADDRESS_H
#define VOLLEY_BASE_ADDRESS_H

#include "base/base.h"

#include <stdbool.h>

#define ADDRESS_TEXT_MAX 46 // INET6_ADDRSTRLEN
#define MAC_TEXT_MAX     18

// value is in host order: 198.18.0.1 is 0xc6120001.
struct address {
    u128 value;
    uint8_t family; // 4, 6, or 0 for none
};

struct mac {
    uint8_t bytes[6];
};

// The whole text must be one address ("198.18.0.1", "2001:2::1"). False leaves out untouched.
bool address_parse(const char *text, size_t len, struct address *out) MUST_USE;
// Empty for family 0.
void address_format(const struct address *address, char text[ADDRESS_TEXT_MAX]);
bool address_equal(const struct address *a, const struct address *b);
bool address_is_multicast(const struct address *address); // 224.0.0.0/4, ff00::/8; not 255.255.255.255

// Network order, 4 or 16 bytes by family.
void address_to_bytes(const struct address *address, uint8_t *bytes);
struct address address_from_bytes(uint8_t family, const uint8_t *bytes);

// Hex pairs by ':' ("2:0:0:0:0:1" is fine), in either case.
bool mac_parse(const char *text, size_t len, struct mac *out) MUST_USE;
void mac_format(const struct mac *mac, char text[MAC_TEXT_MAX]);

// Where a group's frames go: 01:00:5e + 23 bits (RFC 1112 6.4), 33:33 + 32 bits (RFC 2464 7).
struct mac mac_of_group(const struct address *group);

#endif
