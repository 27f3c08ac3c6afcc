#include "template/network.h"

#include "template/values.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define NETWORK_HOST_MAX 253 // RFC 1035 2.3.4, as text

static int network_shown(uint32_t len)
{
    return (int)(len < 60 ? len : 60);
}

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

static bool network_no_address(const char *text, uint32_t len, const struct network_asked *asked,
                               const struct address *other, struct diag *diag)
{
    const char *what = asked->family == 4 ? "IPv4" : asked->family == 6 ? "IPv6" : "IP";

    if (other != NULL)
        return diag_set(diag, asked->where, "'%.*s' is IPv%d, and this field takes %s", network_shown(len),
                        text, other->family, what);
    diag_set(diag, asked->where, "'%.*s' is no %s address or network", network_shown(len), text, what);
    return diag_hint(diag, "\"ADDRESS\", \"ADDRESS/BITS\", \"HOST\" or (\"FIRST\",\"LAST\").");
}

// inet_aton's other spellings: fewer parts, octal, hexadecimal. It would accept anything behind a space.
static bool network_aton(const char *text, uint32_t len, struct address *out)
{
    char copy[ADDRESS_TEXT_MAX];
    struct in_addr in;

    if (len == 0 || len >= sizeof(copy))
        return false;
    for (uint32_t i = 0; i < len; i++) {
        if (!isxdigit((unsigned char)text[i]) && text[i] != '.' && text[i] != 'x' && text[i] != 'X')
            return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_aton(copy, &in) == 0)
        return false;
    *out = address_from_bytes(4, (const uint8_t *)&in.s_addr);
    return true;
}

// A name of letters, digits, '-', '_' and dots. What ends in a number is an address with a typing error.
static bool network_is_host(const char *text, uint32_t len)
{
    uint32_t last = len;

    if (len == 0 || len > NETWORK_HOST_MAX)
        return false;
    for (uint32_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
            return false;
    }
    while (last > 0 && text[last - 1] != '.')
        last--;
    for (uint32_t i = last; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return true;
    }
    return last == len && last > 1 && network_is_host(text, len - 1); // "host."
}

static bool network_lookup(const char *text, uint32_t len, const struct network_asked *asked,
                           struct address *out, struct diag *diag)
{
    uint8_t family = asked->family == 0 ? 4 : asked->family;
    char name[NETWORK_HOST_MAX + 1];
    const char *why = NULL;

    if (asked->resolver == NULL)
        return diag_set(diag, asked->where, "'%.*s' is no address, and names cannot be looked up here",
                        network_shown(len), text);
    memcpy(name, text, len);
    name[len] = '\0';
    if (asked->resolver->lookup(asked->resolver->context, name, family, out, &why) && out->family == family)
        return true;
    return diag_set(diag, asked->where, "no IPv%u address found for '%.*s': %s", family, network_shown(len),
                    text, why == NULL ? "it has none" : why);
}

// What stands before the slash, `head` bytes; errors show all of the text.
static bool network_address(const char *text, uint32_t len, uint32_t head, const struct network_asked *asked,
                            struct address *out, struct diag *diag)
{
    if (address_parse(text, head, out) || (asked->family != 6 && network_aton(text, head, out)))
        return asked->family == 0 || out->family == asked->family ||
               network_no_address(text, len, asked, out, diag);
    if (network_is_host(text, head))
        return network_lookup(text, head, asked, out, diag);
    return network_no_address(text, len, asked, NULL, diag);
}

bool network_split(const char *text, uint32_t len, const struct network_asked *asked, struct address *address,
                   unsigned *host_bits, struct diag *diag)
{
    const char *slash = memchr(text, '/', len);
    uint32_t head = slash == NULL ? len : (uint32_t)(slash - text);

    if (!network_address(text, len, head, asked, address, diag))
        return false;
    int width = address->family == 4 ? 32 : 128;
    int bits = slash == NULL ? width : network_prefix(slash + 1, len - head - 1);
    if (bits < 0 || bits > width)
        return diag_set(diag, asked->where, "the prefix length must be 0 to %d", width);
    *host_bits = (unsigned)(width - bits);
    return true;
}

bool network_parse(const char *text, uint32_t len, const struct network_asked *asked, struct network *out,
                   struct diag *diag)
{
    struct address address;
    unsigned host_bits;

    if (!network_split(text, len, asked, &address, &host_bits, diag))
        return false;
    if (host_bits > 62) {
        diag_set(diag, asked->where, "a /%u network has more addresses than can be counted (2^62)",
                 128 - host_bits);
        return diag_hint(diag, "RandIP6(\"NETWORK\") draws addresses from a network of any size.");
    }
    uint64_t n = (uint64_t)1 << host_bits;
    address.value &= ~((u128)n - 1);
    *out = (struct network){address, n};
    return true;
}

bool network_has_octets(const char *text, uint32_t len)
{
    bool ranged = false;

    for (uint32_t i = 0; i < len; i++) {
        if (text[i] == '/' && i > 0)
            break;
        if (!isdigit((unsigned char)text[i]) && (text[i] == '\0' || strchr(".-*", text[i]) == NULL))
            return false;
        ranged |= text[i] == '-' || text[i] == '*';
    }
    return ranged && text[0] != '-' && memchr(text, '.', len) != NULL;
}

// octet-number: 0 to 255
static bool network_octet_number(const char **at, const char *end, uint8_t *out)
{
    unsigned value = 0, digits = 0;

    for (; *at < end && isdigit((unsigned char)**at) && digits < 4; (*at)++, digits++)
        value = value * 10 + (unsigned)(**at - '0');
    *out = (uint8_t)value;
    return digits > 0 && digits < 4 && value <= 255;
}

// octet = "*" | number [ "-" number ]
static bool network_octet(const char **at, const char *end, uint8_t *low, uint8_t *high)
{
    if (*at < end && **at == '*') {
        (*at)++;
        *low = 0;
        *high = 255;
        return true;
    }
    if (!network_octet_number(at, end, low))
        return false;
    *high = *low;
    if (*at == end || **at != '-')
        return true;
    (*at)++;
    return network_octet_number(at, end, high) && *low <= *high;
}

static uint32_t network_octet_size(const struct network_octets *octets, unsigned k)
{
    return (uint32_t)octets->high[k] - octets->low[k] + 1;
}

// Single octets at the end make the step; the last range, and those before it as long as they are whole, make the run.
static bool network_octets_runs(struct network_octets *octets)
{
    uint64_t runs = 1;
    unsigned k = 3;

    octets->step = 1;
    while (k > 0 && network_octet_size(octets, k) == 1) {
        octets->step <<= 8;
        k--;
    }
    octets->n = network_octet_size(octets, k);
    while (k > 0 && network_octet_size(octets, k) == 256)
        octets->n *= network_octet_size(octets, --k);
    octets->inner = k;
    for (unsigned i = 0; i < k; i++)
        runs *= network_octet_size(octets, i);
    octets->runs = (uint32_t)runs;
    return runs <= NETWORK_RUNS_MAX;
}

bool network_octets_parse(const char *text, uint32_t len, struct network_octets *out, struct span where,
                          struct diag *diag)
{
    const char *at = text, *end = text + len;
    bool ok = true;

    for (unsigned k = 0; k < 4 && ok; k++) {
        ok = (k == 0 || (at < end && *at++ == '.')) && network_octet(&at, end, &out->low[k], &out->high[k]);
    }
    if (!ok || at != end) {
        diag_set(diag, where, "'%.*s' is no range of addresses", network_shown(len), text);
        return diag_hint(diag, "Each of four numbers may be a range or '*': \"10.0.0.1-5\", \"10.0-3.0.*\".");
    }
    return network_octets_runs(out) ||
           diag_set(diag, where, "the address falls apart into more than %u ranges", NETWORK_RUNS_MAX);
}

uint32_t network_octets_start(const struct network_octets *octets, uint32_t run)
{
    uint32_t start = 0;

    for (unsigned k = 4; k-- > 0;) {
        uint32_t octet = octets->low[k];

        if (k < octets->inner) {
            octet += run % network_octet_size(octets, k);
            run /= network_octet_size(octets, k);
        }
        start |= octet << 8 * (3 - k);
    }
    return start;
}
