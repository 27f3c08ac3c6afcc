#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

_Static_assert(ADDRESS_TEXT_MAX == INET6_ADDRSTRLEN, "inet_ntop's longest text");

static unsigned address_bytes(uint8_t family)
{
    return family == 4 ? 4 : family == 6 ? 16 : 0;
}

struct address address_from_bytes(uint8_t family, const uint8_t *bytes)
{
    struct address address = {.family = family};

    for (unsigned i = 0; i < address_bytes(family); i++)
        address.value = address.value << 8 | bytes[i];
    return address;
}

void address_to_bytes(const struct address *address, uint8_t *bytes)
{
    u128 value = address->value;

    for (unsigned i = address_bytes(address->family); i-- > 0; value >>= 8)
        bytes[i] = (uint8_t)value;
}

bool address_parse(const char *text, size_t len, struct address *out)
{
    char copy[ADDRESS_TEXT_MAX];
    uint8_t bytes[16];
    bool six = memchr(text, ':', len) != NULL;

    if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(six ? AF_INET6 : AF_INET, copy, bytes) != 1)
        return false;
    *out = address_from_bytes(six ? 6 : 4, bytes);
    return true;
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
    uint8_t bytes[16];

    text[0] = '\0';
    if (address_bytes(address->family) == 0)
        return;
    address_to_bytes(address, bytes);
    inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, bytes, text, ADDRESS_TEXT_MAX);
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && a->value == b->value;
}

bool address_is_multicast(const struct address *address)
{
    if (address->family == 4)
        return address->value >> 28 == 0xe;
    return address->family == 6 && address->value >> 120 == 0xff;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool mac_parse(const char *text, size_t len, struct mac *out)
{
    struct mac mac;
    size_t at = 0;

    for (unsigned i = 0; i < sizeof(mac.bytes); i++) {
        unsigned value = 0;
        unsigned digits = 0;

        if (i > 0 && (at >= len || text[at++] != ':'))
            return false;
        for (; at < len && hex_digit(text[at]) >= 0; at++, digits++)
            value = (value << 4 | (unsigned)hex_digit(text[at])) & 0xff;
        if (digits < 1 || digits > 2)
            return false;
        mac.bytes[i] = (uint8_t)value;
    }
    if (at != len)
        return false;
    *out = mac;
    return true;
}

void mac_format(const struct mac *mac, char text[MAC_TEXT_MAX])
{
    const uint8_t *b = mac->bytes;

    snprintf(text, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

struct mac mac_of_group(const struct address *group)
{
    uint32_t low = (uint32_t)group->value;

    if (group->family == 6)
        return (struct mac){
            {0x33, 0x33, (uint8_t)(low >> 24), (uint8_t)(low >> 16), (uint8_t)(low >> 8), (uint8_t)low}};
    return (struct mac){{0x01, 0x00, 0x5e, (uint8_t)(low >> 16 & 0x7f), (uint8_t)(low >> 8), (uint8_t)low}};
}
