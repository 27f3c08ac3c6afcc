// Addresses and networks as text: "198.18.0.1", "198.18.0.0/24", "2001:2::/120".
#ifndef VOLLEY_TEMPLATE_NETWORK_H
#define VOLLEY_TEMPLATE_NETWORK_H

#include "base/address.h"
#include "base/diag.h"

// first..first + n - 1; n is 1 for an address. Host bits are masked; network and broadcast address belong to it.
struct network {
    struct address first;
    uint64_t n;
};

// `where` is the place of the text in the template. family 4 or 6, or 0 for either.
bool network_parse(const char *text, uint32_t len, uint8_t family, struct network *out, struct span where,
                   struct diag *diag) MUST_USE;

#endif
