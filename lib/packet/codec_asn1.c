#include "packet/codec_asn1.h"

#include "base/address.h"
#include "packet/bytes.h"

#include <string.h>

// Of the tags that values may have, Scapy's names: ASN1_<name>(...).
static const struct name asn1_calls[] = {
    {ASN1_BOOLEAN, "BOOLEAN"},
    {ASN1_INTEGER, "INTEGER"},
    {ASN1_STRING, "STRING"},
    {ASN1_NULL, "NULL"},
    {ASN1_OID, "OID"},
    {ASN1_ENUMERATED, "ENUMERATED"},
    {ASN1_IPADDRESS, "IPADDRESS"},
    {ASN1_COUNTER32, "COUNTER32"},
    {ASN1_GAUGE32, "GAUGE32"},
    {ASN1_TIME_TICKS, "TIME_TICKS"},
    {ASN1_COUNTER64, "COUNTER64"},
    {0, NULL},
};

// ---- writing

// Tag and length, of up to 4 bytes. Returns how many.
static uint32_t asn1_head(uint8_t tag, uint32_t len, uint8_t *out)
{
    out[0] = tag;
    if (len < 0x80) {
        out[1] = (uint8_t)len;
        return 2;
    }
    if (len < 0x100) {
        out[1] = 0x81;
        out[2] = (uint8_t)len;
        return 3;
    }
    out[1] = 0x82;
    put16(out + 2, (uint16_t)len);
    return 4;
}

static bool asn1_bytes(uint8_t tag, const uint8_t *bytes, uint32_t n, uint8_t *out, uint32_t *len)
{
    uint32_t head = asn1_head(tag, n, out);

    if (n > 0)
        memcpy(out + head, bytes, n);
    *len = head + n;
    return true;
}

// In as few bytes as keep it positive.
static bool asn1_put_integer(uint8_t tag, u128 value, uint8_t *out, uint32_t *len)
{
    uint32_t n = 1;

    while (n < 16 && value >> (8 * n - 1) != 0)
        n++;
    uint32_t head = asn1_head(tag, n, out);
    for (uint32_t i = 0; i < n; i++)
        out[head + i] = (uint8_t)(value >> 8 * (n - 1 - i));
    *len = head + n;
    return true;
}

// A number in groups of seven bits, all but the last marked.
static uint32_t asn1_arc(uint64_t arc, uint8_t *out)
{
    uint32_t n = 1;

    while (n < 10 && arc >> 7 * n != 0)
        n++;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (uint8_t)((arc >> 7 * (n - 1 - i) & 0x7f) | (i + 1 < n ? 0x80 : 0));
    return n;
}

static bool asn1_arc_read(const uint8_t *text, uint32_t len, uint32_t *at, uint64_t *arc)
{
    uint32_t start = *at;

    *arc = 0;
    for (; *at < len && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
        if (*arc > (UINT64_MAX >> 1) / 10)
            return false;
        *arc = *arc * 10 + (unsigned)(text[*at] - '0');
    }
    return *at > start;
}

// "1.3.6.1": the first two numbers share one. An arc is never longer than its text and the dot before it.
static bool asn1_put_oid(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    const uint8_t *text = part->bytes;
    uint32_t n = part->len, at = 0, used = 0;
    uint64_t arc, first = 0;

    *problem = "an object identifier is written \"1.3.6.1.2.1\"";
    for (; n > 0 && text[0] == '.'; text++)
        n--;
    while (n > 0 && text[n - 1] == '.')
        n--;
    uint8_t *to = out + 4;
    for (unsigned k = 0; at < n; k++) {
        if ((k > 0 && text[at++] != '.') || !asn1_arc_read(text, n, &at, &arc))
            return false;
        if (k == 0) {
            first = arc;
            if (arc > UINT32_MAX)
                return false;
        }
        if (k == 1)
            arc += 40 * first;
        if (k > 0 || at >= n)
            used += asn1_arc(arc, to + used);
    }
    uint8_t head[4];
    uint32_t head_bytes = asn1_head(ASN1_OID, used, head);
    memmove(out + head_bytes, to, used);
    memcpy(out, head, head_bytes);
    *len = head_bytes + used;
    return true;
}

static bool asn1_put_ipv4(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    struct address address;
    uint8_t bytes[16];

    if (!address_parse((const char *)part->bytes, part->len, &address) || address.family != 4) {
        *problem = "it takes an IPv4 address in quotes";
        return false;
    }
    address_to_bytes(&address, bytes);
    return asn1_bytes(ASN1_IPADDRESS, bytes, 4, out, len);
}

static bool asn1_encode(uint8_t tag, const struct codec_part *part, uint8_t *out, uint32_t *len,
                        const char **problem)
{
    bool text = tag == ASN1_STRING || tag == ASN1_OID || tag == ASN1_IPADDRESS;

    if (text != (part->bytes != NULL)) {
        *problem = text ? "it takes a string" : "it takes a number";
        return false;
    }
    if (tag == ASN1_OID)
        return asn1_put_oid(part, out, len, problem);
    if (tag == ASN1_IPADDRESS)
        return asn1_put_ipv4(part, out, len, problem);
    if (tag == ASN1_NULL && part->number == 0)
        return asn1_bytes(tag, NULL, 0, out, len);
    return text ? asn1_bytes(tag, part->bytes, part->len, out, len)
                : asn1_put_integer(tag, part->number, out, len);
}

// The tag that a call asks for, or `tag`. A field of one type takes no other's call. 0: no such call.
static uint8_t asn1_tag_of(const struct codec_part *part, uint8_t tag, const char **problem)
{
    static const char prefix[] = "ASN1_";
    uint64_t named;

    if (part->call == NULL)
        return tag != 0 ? tag : part->bytes != NULL ? ASN1_STRING : ASN1_INTEGER;
    if (strncmp(part->call, prefix, strlen(prefix)) == 0 &&
        name_find(asn1_calls, part->call + strlen(prefix), strlen(part->call) - strlen(prefix), &named) &&
        (tag == 0 || tag == named))
        return (uint8_t)named;
    *problem = tag == 0 ? "it takes a string, a number, or one of ASN1_OID(), ASN1_STRING(), ASN1_INTEGER(), "
                          "ASN1_NULL(), "
                          "ASN1_IPADDRESS(), ASN1_COUNTER32() ..."
                        : "it takes a value of another type";
    return 0;
}

bool codec_asn1_named(const struct codec_part *part, const struct name *names, uint8_t *out, uint32_t *len,
                      const char **problem)
{
    uint64_t value;

    if (part->call == NULL && part->bytes != NULL) {
        *problem = "no such name";
        return name_find(names, (const char *)part->bytes, part->len, &value) &&
               asn1_put_integer(ASN1_INTEGER, value, out, len);
    }
    return codec_asn1_integer.encode(part, out, len, problem);
}

// ---- reading

bool codec_asn1_contents(const uint8_t *p, uint32_t len, const uint8_t **contents, uint32_t *n)
{
    uint32_t more = len < 2 || p[1] < 0x80 ? 0 : p[1] & 0x7fu;

    if (len < 2 || more > 4 || more > len - 2 || (p[1] >= 0x80 && more == 0))
        return false;
    *n = more == 0 ? p[1] : 0;
    for (uint32_t i = 0; i < more; i++)
        *n = *n << 8 | p[2 + i];
    *contents = p + 2 + more;
    return *n <= len - 2 - more;
}

uint32_t codec_asn1_extent(uint8_t tag, const uint8_t *p, uint32_t avail)
{
    const uint8_t *contents;
    uint32_t n;

    if (!codec_asn1_contents(p, avail, &contents, &n) || (tag != 0 && p[0] != tag))
        return UINT32_MAX;
    return (uint32_t)(contents - p) + n;
}

int64_t codec_asn1_number(const uint8_t *contents, uint32_t n)
{
    uint64_t value = n > 0 && contents[0] >= 0x80 ? UINT64_MAX : 0;

    for (uint32_t i = 0; i < n; i++)
        value = value << 8 | contents[i];
    return (int64_t)value;
}

// ---- text

static void asn1_print_oid(const uint8_t *p, uint32_t n, struct text *text)
{
    uint64_t arc = 0;
    bool first = true;

    text_add(text, "<ASN1_OID['");
    for (uint32_t i = 0; i < n; i++) {
        arc = arc << 7 | (p[i] & 0x7f);
        if (p[i] & 0x80)
            continue;
        if (first)
            text_add(text, ".%llu.%llu", (unsigned long long)arc / 40, (unsigned long long)arc % 40);
        else
            text_add(text, ".%llu", (unsigned long long)arc);
        first = false;
        arc = 0;
    }
    text_add(text, "']>");
}

static void asn1_print_value(const char *name, uint8_t tag, const uint8_t *p, uint32_t n, struct text *text)
{
    if (tag == ASN1_OID) {
        asn1_print_oid(p, n, text);
        return;
    }
    if (tag == ASN1_STRING || (tag == ASN1_IPADDRESS && n != 4)) {
        text_add(text, "<ASN1_%s[", name);
        text_add_bytes(text, p, n);
        text_add(text, "]>");
        return;
    }
    if (tag == ASN1_IPADDRESS) {
        text_add(text, "<ASN1_IPADDRESS['%u.%u.%u.%u']>", p[0], p[1], p[2], p[3]);
        return;
    }
    long long number = codec_asn1_number(p, n);
    if (tag == ASN1_NULL)
        text_add(text, "<ASN1_NULL[%lld]>", number);
    else
        text_add(text, "%s0x%llx <ASN1_%s[%lld]>", number < 0 ? "-" : "",
                 number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number, name, number);
}

// As Scapy's show(); what is no value of a known type is bytes.
static void asn1_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                       struct text *text)
{
    const char *name = len == 0 ? NULL : name_of(asn1_calls, p[0]);
    const uint8_t *contents;
    uint32_t n;

    (void)message;
    (void)message_len;
    if (name == NULL || !codec_asn1_contents(p, len, &contents, &n))
        text_add_bytes(text, p, len);
    else
        asn1_print_value(name, p[0], contents, n, text);
}

void codec_asn1_print_named(const struct name *names, const uint8_t *p, uint32_t len, struct text *text)
{
    const uint8_t *contents;
    uint32_t n;
    const char *name = codec_asn1_contents(p, len, &contents, &n)
                           ? name_of(names, (uint64_t)codec_asn1_number(contents, n))
                           : NULL;

    if (name != NULL)
        text_add(text, "'%s' ", name);
    asn1_print(p, len, p, len, text);
}

// ---- codecs

#define CODEC_ASN1(symbol, tag_, name_)                                                     \
    static bool symbol##_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, \
                                const char **problem)                                       \
    {                                                                                       \
        uint8_t tag = asn1_tag_of(part, tag_, problem);                                     \
                                                                                            \
        return tag != 0 && asn1_encode(tag, part, out, len, problem);                       \
    }                                                                                       \
    static uint32_t symbol##_extent(const uint8_t *p, uint32_t avail)                       \
    {                                                                                       \
        return codec_asn1_extent(tag_, p, avail);                                           \
    }                                                                                       \
    const struct codec codec_##symbol = {                                                   \
        .name = name_,                                                                      \
        .encode = symbol##_encode,                                                          \
        .extent = symbol##_extent,                                                          \
        .print = asn1_print,                                                                \
    }

CODEC_ASN1(asn1_any, 0, "value of ASN.1");
CODEC_ASN1(asn1_integer, ASN1_INTEGER, "number");
CODEC_ASN1(asn1_string, ASN1_STRING, "string");
CODEC_ASN1(asn1_oid, ASN1_OID, "object identifier");
CODEC_ASN1(asn1_ipv4, ASN1_IPADDRESS, "IPv4 address");
CODEC_ASN1(asn1_time, ASN1_TIME_TICKS, "number");
