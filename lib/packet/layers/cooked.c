// What stands in captures where a link layer was: Linux's cooked headers (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2) and BSD's
// loopback header (LINKTYPE_NULL, LINKTYPE_LOOP).
#include "packet/bytes.h"
#include "packet/layer.h"
#include "packet/layers/ether.h"

enum {
    COOKED_BYTES = 16,
    COOKED_PROTO_AT = 14,
    COOKED_V2_BYTES = 20,
    COOKED_V2_PROTO_AT = 0,
    LOOPBACK_BYTES = 4
};

static const struct name cooked_types[] = {{0, "unicast"},    {1, "broadcast"},
                                           {2, "multicast"},  {3, "unicast-to-another-host"},
                                           {4, "sent-by-us"}, {0, NULL}};

static const struct name loopback_types[] = {
    {2, "IPv4"},    {7, "OSI"},     {0x10, "Appletalk"}, {0x17, "Netware IPX/SPX"},
    {0x18, "IPv6"}, {0x1c, "IPv6"}, {0x1e, "IPv6"},      {0, NULL}};

static const struct field_desc cooked_linux_fields[] = {
    {"pkttype", 16, FIELD_NUMBER, .names = cooked_types, .meaning = "to whom it went"},
    {"lladdrtype", 16, FIELD_NUMBER, .hex = true, .preset = 512, .meaning = "ARP's number of the link layer"},
    {"lladdrlen", 16, FIELD_NUMBER, .meaning = "bytes of src that count"},
    {"src", 64, FIELD_BYTES, .meaning = "the sender's link-layer address"},
    {"proto", 16, FIELD_NUMBER, .hex = true, .preset = 0x0800, .names = ether_types,
     .meaning = "protocol of the payload"},
};

static const struct field_desc cooked_linux_v2_fields[] = {
    {"proto", 16, FIELD_NUMBER, .hex = true, .preset = 0x0800, .names = ether_types,
     .meaning = "protocol of the payload"},
    {"reserved", 16, FIELD_NUMBER, .meaning = "0"},
    {"ifindex", 32, FIELD_NUMBER, .meaning = "the interface's number"},
    {"lladdrtype", 16, FIELD_NUMBER, .hex = true, .preset = 512, .meaning = "ARP's number of the link layer"},
    {"pkttype", 8, FIELD_NUMBER, .names = cooked_types, .meaning = "to whom it went"},
    {"lladdrlen", 8, FIELD_NUMBER, .meaning = "bytes of src that count"},
    {"src", 64, FIELD_BYTES, .meaning = "the sender's link-layer address"},
};

// The capturing host's byte order: here the usual one, of little-endian hosts.
static const struct field_desc loopback_fields[] = {
    {"type", 8, FIELD_NUMBER, .hex = true, .preset = 2, .names = loopback_types,
     .meaning = "protocol of the payload, as BSD numbers families"},
    {"_type", 24, FIELD_NUMBER, .meaning = "its upper bytes"},
};

// What the header announces is the same; Scapy compares that by what follows.
static bool cooked_announces_alike(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                   uint32_t bytes, uint32_t at)
{
    return r->layers[ri].header_bytes >= bytes && s->layers[si].header_bytes >= bytes &&
           get16(view_header(r, ri) + at) == get16(view_header(s, si) + at);
}

static bool cooked_linux_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                 const struct answer_rules *rules)
{
    return si < s->n && s->layers[si].id == LAYER_COOKED_LINUX &&
           (rules->scapy || cooked_announces_alike(r, ri, s, si, COOKED_BYTES, COOKED_PROTO_AT)) &&
           answers(r, ri + 1, s, si + 1, rules);
}

static bool cooked_linux_v2_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                    const struct answer_rules *rules)
{
    return si < s->n && s->layers[si].id == LAYER_COOKED_LINUX_V2 &&
           (rules->scapy || cooked_announces_alike(r, ri, s, si, COOKED_V2_BYTES, COOKED_V2_PROTO_AT)) &&
           answers(r, ri + 1, s, si + 1, rules);
}

static bool loopback_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                             const struct answer_rules *rules)
{
    return si < s->n && s->layers[si].id == LAYER_LOOPBACK &&
           (rules->scapy || cooked_announces_alike(r, ri, s, si, LOOPBACK_BYTES, 0)) &&
           answers(r, ri + 1, s, si + 1, rules);
}

const struct layer_desc layer_cooked_linux = {
    .name = "CookedLinux",
    .title = "cooked linux",
    .meaning = "Linux's cooked header of captures",
    .fields = cooked_linux_fields,
    .n_fields = ARRAY_SIZE(cooked_linux_fields),
    .answers = cooked_linux_answers,
};

const struct layer_desc layer_cooked_linux_v2 = {
    .name = "CookedLinuxV2",
    .title = "cooked linux v2",
    .meaning = "Linux's cooked header of captures, version 2",
    .alias = LAYER_COOKED_LINUX,
    .fields = cooked_linux_v2_fields,
    .n_fields = ARRAY_SIZE(cooked_linux_v2_fields),
    .answers = cooked_linux_v2_answers,
};

const struct layer_desc layer_loopback = {
    .name = "Loopback",
    .meaning = "BSD's loopback header of captures",
    .fields = loopback_fields,
    .n_fields = ARRAY_SIZE(loopback_fields),
    .answers = loopback_answers,
};
