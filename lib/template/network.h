// Addresses and networks as text: "198.18.0.1", "198.18.0.0/24", "2001:2::/120", "www.example.com/30", "10.0-3.0.*".
#ifndef VOLLEY_TEMPLATE_NETWORK_H
#define VOLLEY_TEMPLATE_NETWORK_H

#include "base/address.h"
#include "base/diag.h"
#include "template/resolver.h"

// first..first + n - 1; n is 1 for an address. Host bits are masked; network and broadcast address belong to it.
struct network {
    struct address first;
    uint64_t n;
};

// What is to be read, and how.
struct network_asked {
    uint8_t family;                  // 4, 6, or 0 for either
    const struct resolver *resolver; // of host names; NULL: none
    struct span where;               // of the text in the template
};

// As inet_aton reads addresses ("10.2" is 10.0.0.2), host names too, with or without "/BITS".
bool network_parse(const char *text, uint32_t len, const struct network_asked *asked, struct network *out,
                   struct diag *diag) MUST_USE;
// The same for networks of any size: address with its host bits, and how many these are.
bool network_split(const char *text, uint32_t len, const struct network_asked *asked, struct address *address,
                   unsigned *host_bits, struct diag *diag) MUST_USE;

// Addresses with ranges for octets, ascending: `runs` progressions of `n` addresses each.
struct network_octets {
    uint8_t low[4], high[4];
    unsigned inner; // octets from here on count within a run
    uint32_t step, runs;
    uint64_t n;
};

#define NETWORK_RUNS_MAX (1u << 18)

// Whether the text means to be one: digits, dots, and '-' or '*'.
bool network_has_octets(const char *text, uint32_t len);
bool network_octets_parse(const char *text, uint32_t len, struct network_octets *out, struct span where,
                          struct diag *diag) MUST_USE;
uint32_t network_octets_start(const struct network_octets *octets, uint32_t run);

#endif
