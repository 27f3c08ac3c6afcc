#include "template/network.h"

#include "template/values.h"

#include <string.h>

// The number behind the slash, or -1.
static int network_prefix(const char *text, uint32_t len)
{
    int value = 0;

    if (len == 0 || len > 3)
        return -1;
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + text[i] - '0';
    }
    return value;
}

static bool network_no_address(const char *text, uint32_t len, uint8_t family, struct span where,
                               struct diag *diag)
{
    const char *what = family == 4 ? "IPv4" : family == 6 ? "IPv6" : "IP";
    const char *slash = memchr(text, '/', len);
    struct address other;

    if (address_parse(text, slash == NULL ? len : (uint32_t)(slash - text), &other))
        return diag_set(diag, where, "'%.*s' is IPv%d, and this field takes %s", (int)len, text, other.family,
                        what);
    diag_set(diag, where, "'%.*s' is no %s address or network", (int)(len < 60 ? len : 60), text, what);
    return diag_hint(diag, "\"ADDRESS\", \"ADDRESS/BITS\" or (\"FIRST\",\"LAST\"); names are not looked up.");
}

bool network_parse(const char *text, uint32_t len, uint8_t family, struct network *out, struct span where,
                   struct diag *diag)
{
    const char *slash = memchr(text, '/', len);
    uint32_t head = slash == NULL ? len : (uint32_t)(slash - text);
    struct address address;

    if (!address_parse(text, head, &address) || (family != 0 && address.family != family))
        return network_no_address(text, len, family, where, diag);
    int width = address.family == 4 ? 32 : 128;
    int bits = slash == NULL ? width : network_prefix(slash + 1, len - head - 1);
    if (bits < 0 || bits > width)
        return diag_set(diag, where, "the prefix length must be 0 to %d", width);
    if (width - bits > 62)
        return diag_set(diag, where, "a /%d network has more addresses than can be counted (2^62)", bits);
    uint64_t n = (uint64_t)1 << (width - bits);
    address.value &= ~((u128)n - 1);
    *out = (struct network){address, n};
    return true;
}
