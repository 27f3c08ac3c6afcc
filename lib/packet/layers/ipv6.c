// Internet Protocol, version 6 (RFC 8200).
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layers/ip.h"

#include <string.h>

enum { IPV6_BYTES = 40 };

// clang-format off
static const struct name ipv6_next_headers[] = {
    {0, "Hop-by-Hop Option Header"}, {4, "IP"}, {6, "TCP"}, {17, "UDP"}, {41, "IPv6"}, {43, "Routing Header"},
    {44, "Fragment Header"}, {47, "GRE"}, {50, "ESP Header"}, {51, "AH Header"}, {58, "ICMPv6"},
    {59, "No Next Header"}, {60, "Destination Option Header"}, {112, "VRRP"}, {132, "SCTP"}, {135, "Mobility Header"}, {0, NULL},
};
// clang-format on

static const struct field_desc ipv6_fields[] = {
    {"version", 4, FIELD_NUMBER, .preset = 6, .meaning = "6"},
    {"tc", 8, FIELD_NUMBER, .meaning = "traffic class"},
    {"fl", 20, FIELD_NUMBER, .meaning = "flow label"},
    {"plen", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .meaning = "payload, in bytes"},
    {"nh", 8, FIELD_NUMBER, .preset = 59, .names = ipv6_next_headers, .meaning = "protocol of the payload"},
    {"hlim", 8, FIELD_NUMBER, .preset = 64, .meaning = "hops it may go"},
    {"src", 128, FIELD_IPV6, .filled = AUTO_SOURCE_ADDRESS, .meaning = "source; by route to dst unless set"},
    {"dst", 128, FIELD_IPV6, .preset = 1, .meaning = "destination"},
};

// Neighbour discovery has no address of its own: RFC 4861 7.1 wants hop limit 255.
#define IPV6_ALL_NODES ((u128)0xff02000000000000 << 64 | 1)

static const struct binding ipv6_bindings[] = {
    {LAYER_TCP, IPV6_NH, 6, -1, 0, {{0}}},
    {LAYER_UDP, IPV6_NH, 17, -1, 0, {{0}}},
    {LAYER_IP, IPV6_NH, 4, -1, 0, {{0}}},
    {LAYER_IPV6, IPV6_NH, 41, -1, 0, {{0}}},
    {LAYER_ICMPV6_DEST_UNREACH, IPV6_NH, 58, 1, 0, {{0}}},
    {LAYER_ICMPV6_PACKET_TOO_BIG, IPV6_NH, 58, 2, 0, {{0}}},
    {LAYER_ICMPV6_TIME_EXCEEDED, IPV6_NH, 58, 3, 0, {{0}}},
    {LAYER_ICMPV6_PARAM_PROBLEM, IPV6_NH, 58, 4, 0, {{0}}},
    {LAYER_ICMPV6_ECHO_REQUEST, IPV6_NH, 58, 128, 0, {{0}}},
    {LAYER_ICMPV6_ECHO_REPLY, IPV6_NH, 58, 129, 0, {{0}}},
    {LAYER_ICMPV6_NS, IPV6_NH, 58, 135, 2, {{IPV6_HLIM, 255}, {IPV6_DST, IPV6_ALL_NODES}}},
    {LAYER_ICMPV6_NA, IPV6_NH, 58, 136, 2, {{IPV6_HLIM, 255}, {IPV6_DST, IPV6_ALL_NODES}}},
};

static bool ipv6_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    if (avail < IPV6_BYTES || p[0] >> 4 != 6)
        return false;
    uint32_t total = IPV6_BYTES + (uint32_t)get16(p + 4);
    if (total > avail) {
        if (!quoted)
            return false;
        total = avail;
    }
    enum layer_id next = layer_announced(&layer_ipv6, p[6], p + IPV6_BYTES, total - IPV6_BYTES);
    *m = (struct measure){IPV6_BYTES, total, (uint8_t)next, false};
    return true;
}

static void ipv6_finish(struct build *build, unsigned i)
{
    if (!build_is_set(build, i, IPV6_PLEN))
        build_put(build, i, IPV6_PLEN, build_payload_end(build) - build->layers[i].start - IPV6_BYTES);
}

static bool ipv6_summary(const struct view *view, unsigned i, const struct services *services,
                         struct text *text)
{
    char source[ADDRESS_TEXT_MAX], destination[ADDRESS_TEXT_MAX];

    (void)services;
    ip_addresses_text(view, i + 1, source, destination);
    text_add(text, "%s > %s (%u)", source, destination, view_header(view, i)[6]);
    return true;
}

static void ipv6_flow_key(const struct view *view, unsigned i, enum flow_role role, struct flow_key *key)
{
    const uint8_t *src = view_header(view, i) + IPV6_ADDRESSES_AT, *dst = src + 16;
    const uint8_t *asker = role == FLOW_STIMULUS ? src : dst, *asked = role == FLOW_STIMULUS ? dst : src;

    flow_key_add(key, get64(asker));
    flow_key_add(key, get64(asker + 8));
    if (role == FLOW_RESPONSE_TO_GROUP || (role == FLOW_STIMULUS && asked[0] == 0xff))
        return;
    flow_key_add(key, get64(asked));
    flow_key_add(key, get64(asked + 8));
}

static bool ipv6_is_error(const struct view *view, unsigned i)
{
    return i + 1 < view->n && view->layers[i + 1].quoted && !view->layers[i].quoted;
}

static bool ipv6_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_IPV6)
        return false;
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    const uint8_t *asker = sp + IPV6_ADDRESSES_AT, *asked = asker + 16;

    if (r->layers[ri].quoted)
        return memcmp(rp + IPV6_ADDRESSES_AT, asker, 32) == 0 && rp[6] == sp[6] &&
               answers(r, ri + 1, s, si + 1, rules);
    // A group may be answered to a group: an advertisement to all nodes.
    bool to_asker = memcmp(rp + IPV6_ADDRESSES_AT + 16, asker, 16) == 0;
    if (!to_asker && !(asked[0] == 0xff && memcmp(rp + IPV6_ADDRESSES_AT + 16, asked, 16) == 0))
        return false;
    if (ipv6_is_error(r, ri + 1))
        return answers(r, ri + 2, s, si, rules);
    if (memcmp(rp + IPV6_ADDRESSES_AT, asked, 16) != 0 && asked[0] != 0xff)
        return false;
    return rp[6] == sp[6] && answers(r, ri + 1, s, si + 1, rules);
}

const struct layer_desc layer_ipv6 = {
    .name = "IPv6",
    .quoted_name = "IPerror6",
    .meaning = "Internet Protocol version 6 (RFC 8200)",
    .fields = ipv6_fields,
    .n_fields = ARRAY_SIZE(ipv6_fields),
    .bindings = ipv6_bindings,
    .n_bindings = ARRAY_SIZE(ipv6_bindings),
    .measure = ipv6_measure,
    .finish = ipv6_finish,
    .summary = ipv6_summary,
    .flow_key = ipv6_flow_key,
    .answers = ipv6_answers,
};
