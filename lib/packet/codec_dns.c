#include "packet/codec_dns.h"

#include "base/address.h"
#include "packet/bytes.h"
#include "packet/codec.h"

#include <string.h>

enum { LABEL_MAX = 63, POINTER = 0xc0, JUMPS_MAX = 20, NAME_SHOWN_MAX = 1024 };

// ---- names

uint32_t codec_dns_name_extent(const uint8_t *p, uint32_t avail)
{
    for (uint32_t at = 0; at < avail; at += p[at] + 1u) {
        if (p[at] == 0)
            return at + 1;
        if (p[at] & POINTER)
            return avail - at < 2 ? UINT32_MAX : at + 2;
    }
    return UINT32_MAX;
}

static bool name_been(const uint32_t *been, uint32_t n, uint32_t to)
{
    while (n > 0 && been[n - 1] != to)
        n--;
    return n > 0;
}

uint32_t codec_dns_name_read(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint8_t *out,
                             uint32_t size)
{
    const uint8_t *end = message + message_len;
    uint32_t len = 0, jumps = 0, been[JUMPS_MAX];

    while (p < end && *p != 0) {
        if (*p & POINTER) {
            uint32_t to = end - p < 2 ? message_len : get16(p) & 0x3fffu;

            if (jumps == JUMPS_MAX || to >= message_len || name_been(been, jumps, to))
                break;
            been[jumps++] = to;
            p = message + to;
            continue;
        }
        uint32_t label = (uint32_t)(end - p) - 1 < *p ? (uint32_t)(end - p) - 1 : *p;
        if (len + label + 1 > size)
            break;
        memcpy(out + len, p + 1, label);
        out[len + label] = '.';
        len += label + 1;
        p += label + 1;
    }
    if (len == 0 && size > 0)
        out[len++] = '.';
    return len;
}

static bool name_is_encoded(const uint8_t *p, uint32_t len)
{
    bool pointer = len >= 2 && (p[len - 2] & POINTER) == POINTER;

    return len > 0 && (p[len - 1] == 0 || pointer) && codec_dns_name_extent(p, len) == len;
}

static bool name_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    const uint8_t *p = part->bytes;
    uint32_t n = part->len;

    if (p == NULL || part->call != NULL) {
        *problem = "it takes a name in quotes: \"www.example.org\"";
        return false;
    }
    *len = 0;
    if (name_is_encoded(p, n)) {
        memcpy(out, p, n);
        *len = n;
        return true;
    }
    n -= n > 0 && p[n - 1] == '.';
    for (uint32_t from = 0; n > 0 && from <= n;) {
        const uint8_t *dot = memchr(p + from, '.', n - from);
        uint32_t label = dot == NULL ? n - from : (uint32_t)(dot - p) - from;

        if (label > LABEL_MAX) {
            *problem = "a label of a name has at most 63 bytes";
            return false;
        }
        if (label == 0) {
            *problem = "a name has an empty label";
            return false;
        }
        out[(*len)++] = (uint8_t)label;
        memcpy(out + *len, p + from, label);
        *len += label;
        from += label + 1;
    }
    out[(*len)++] = 0;
    return true;
}

static void name_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                       struct text *text)
{
    uint8_t name[NAME_SHOWN_MAX];

    (void)len;
    text_add_bytes(text, name, codec_dns_name_read(message, message_len, p, name, sizeof(name)));
}

const struct codec codec_dns_name = {
    .name = "domain name",
    .encode = name_encode,
    .extent = codec_dns_name_extent,
    .print = name_print,
};

// ---- strings

static bool strings_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    *len = 0;
    if (part->bytes == NULL || part->call != NULL) {
        *problem = "it takes strings";
        return false;
    }
    if (part->len > 60 * 255) {
        *problem = "a string of a record has at most 15300 bytes";
        return false;
    }
    for (uint32_t from = 0; from < part->len || from == 0;) {
        uint32_t n = part->len - from < 255 ? part->len - from : 255;

        out[(*len)++] = (uint8_t)n;
        if (n > 0)
            memcpy(out + *len, part->bytes + from, n);
        *len += n;
        if (n == 0)
            break;
        from += n;
    }
    return true;
}

static uint32_t strings_extent(const uint8_t *p, uint32_t avail)
{
    return avail == 0 || p[0] >= avail ? UINT32_MAX : p[0] + 1u;
}

static void strings_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                          struct text *text)
{
    (void)message;
    (void)message_len;
    text_add(text, "[");
    for (uint32_t at = 0; at < len; at += p[at] + 1u) {
        uint32_t n = len - at - 1 < p[at] ? len - at - 1 : p[at];

        text_add(text, "%s", at == 0 ? "" : ", ");
        text_add_bytes(text, p + at + 1, n);
    }
    text_add(text, "]");
}

const struct codec codec_dns_strings = {
    .name = "string",
    .takes_list = true,
    .encode = strings_encode,
    .extent = strings_extent,
    .print = strings_print,
};

// ---- types of records

enum { MAP_MAX = 32, MAPS_MAX = 256 * (MAP_MAX + 2) };

// A type is 16 bits, until types_finish makes the map of all.
static bool types_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    return codec_number(part, dns_types, 2, out, len, problem);
}

static bool types_finish(uint8_t *bytes, uint32_t *len, const char **problem)
{
    uint8_t maps[256][MAP_MAX] = {{0}};
    uint32_t n = 0;

    (void)problem;
    for (uint32_t at = 0; at + 2 <= *len; at += 2)
        maps[bytes[at]][bytes[at + 1] / 8] |= (uint8_t)(0x80 >> bytes[at + 1] % 8);
    for (unsigned window = 0; window < 256; window++) {
        unsigned used = MAP_MAX;

        while (used > 0 && maps[window][used - 1] == 0)
            used--;
        if (used == 0)
            continue;
        bytes[n++] = (uint8_t)window;
        bytes[n++] = (uint8_t)used;
        memcpy(bytes + n, maps[window], used);
        n += used;
    }
    *len = n;
    return true;
}

static void types_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                        struct text *text)
{
    bool first = true;

    (void)message;
    (void)message_len;
    text_add(text, "[");
    for (uint32_t at = 0; at + 2 <= len; at += p[at + 1] + 2u) {
        for (uint32_t bit = 0; bit < 8u * p[at + 1] && at + 2 + bit / 8 < len && bit < 8 * MAP_MAX; bit++) {
            uint32_t type = p[at] * 256u + bit;
            const char *name = name_of(dns_types, type);

            if ((p[at + 2 + bit / 8] & 0x80 >> bit % 8) == 0)
                continue;
            text_add(text, "%s", first ? "" : ", ");
            name != NULL ? text_add(text, "'%s'", name) : text_add(text, "%u", type);
            first = false;
        }
    }
    text_add(text, "]");
}

const struct codec codec_dns_types = {
    .name = "type of records",
    .takes_list = true,
    .encode = types_encode,
    .finish = types_finish,
    .print = types_print,
};

static bool svc_keys_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    return codec_number(part, dns_svc_keys, 2, out, len, problem);
}

static void svc_keys_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                           struct text *text)
{
    (void)message;
    (void)message_len;
    codec_print_numbers(dns_svc_keys, 2, p, len, text);
}

const struct codec codec_svc_keys = {
    .name = "key of a parameter",
    .takes_list = true,
    .encode = svc_keys_encode,
    .print = svc_keys_print,
};

// ---- subnets

static bool subnet_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    struct address address;

    if (part->bytes == NULL || part->call != NULL ||
        !address_parse((const char *)part->bytes, part->len, &address)) {
        *problem = "it takes an address";
        return false;
    }
    address_to_bytes(&address, out);
    *len = address.family == 4 ? 4 : 16;
    while (*len > 0 && out[*len - 1] == 0)
        --*len;
    return true;
}

static void subnet_print_as(uint8_t family, const uint8_t *p, uint32_t len, struct text *text)
{
    uint8_t bytes[16] = {0};
    char buffer[ADDRESS_TEXT_MAX];

    memcpy(bytes, p, len < sizeof(bytes) ? len : sizeof(bytes));
    struct address address = address_from_bytes(family, bytes);
    address_format(&address, buffer);
    text_add(text, "%s", buffer);
}

static void subnet_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                         struct text *text)
{
    (void)message;
    (void)message_len;
    subnet_print_as(len <= 4 ? 4 : 6, p, len, text);
}

static void subnet_print6(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                          struct text *text)
{
    (void)message;
    (void)message_len;
    subnet_print_as(6, p, len, text);
}

const struct codec codec_subnet = {.name = "subnet", .encode = subnet_encode, .print = subnet_print};
const struct codec codec_subnet6 = {.name = "subnet", .encode = subnet_encode, .print = subnet_print6};

// ---- NetBIOS names

enum { NETBIOS_CHARACTERS = 15, NETBIOS_BYTES = 2 * NETBIOS_CHARACTERS + 1 };

static bool netbios_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    if (part->bytes == NULL || part->call != NULL) {
        *problem = "it takes a name in quotes";
        return false;
    }
    if (part->len > NETBIOS_CHARACTERS) {
        *problem = "a NetBIOS name has at most 15 characters";
        return false;
    }
    *len = NETBIOS_BYTES;
    out[0] = ' '; // the length of the whole name, suffix included: 32
    for (uint32_t i = 0; i < NETBIOS_CHARACTERS; i++) {
        uint8_t c = i < part->len ? part->bytes[i] : ' ';

        out[1 + 2 * i] = (uint8_t)('A' + (c >> 4));
        out[2 + 2 * i] = (uint8_t)('A' + (c & 15));
    }
    return true;
}

static uint32_t netbios_extent(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail < NETBIOS_BYTES ? UINT32_MAX : NETBIOS_BYTES;
}

void codec_netbios_read(const uint8_t *p, uint8_t *out)
{
    for (unsigned i = 0; i < NETBIOS_CHARACTERS; i++)
        out[i] = (uint8_t)((unsigned)(p[1 + 2 * i] - 'A') << 4 | ((p[2 + 2 * i] - 'A') & 15));
}

static void netbios_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                          struct text *text)
{
    uint8_t name[NETBIOS_CHARACTERS];
    uint32_t n = NETBIOS_CHARACTERS;

    (void)message;
    (void)message_len;
    if (len < NETBIOS_BYTES)
        return;
    codec_netbios_read(p, name);
    while (n > 0 && (name[n - 1] == ' ' || name[n - 1] == '\0'))
        n--;
    text_add_bytes(text, name, n);
}

const struct codec codec_netbios_name = {
    .name = "NetBIOS name",
    .encode = netbios_encode,
    .extent = netbios_extent,
    .print = netbios_print,
};
