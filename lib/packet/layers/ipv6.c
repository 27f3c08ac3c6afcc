// Internet Protocol, version 6 (RFC 8200).
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layers/ip.h"
#include "packet/layers/ipv6_ext.h"

#include <string.h>

enum { IPV6_BYTES = 40, IPV6_JUMBO = 0xc2 };

// clang-format off
const struct name ipv6_next_headers[] = {
    {0, "Hop-by-Hop Option Header"}, {4, "IP"}, {6, "TCP"}, {17, "UDP"}, {41, "IPv6"}, {43, "Routing Header"},
    {44, "Fragment Header"}, {47, "GRE"}, {50, "ESP Header"}, {51, "AH Header"}, {58, "ICMPv6"},
    {59, "No Next Header"}, {60, "Destination Option Header"}, {112, "VRRP"}, {132, "SCTP"}, {135, "Mobility Header"}, {0, NULL},
};
// clang-format on

static const struct field_desc ipv6_fields[] = {
    {"version", 4, FIELD_NUMBER, .preset = 6, .meaning = "6"},
    {"tc", 8, FIELD_NUMBER, .meaning = "traffic class"},
    {"fl", 20, FIELD_NUMBER, .meaning = "flow label"},
    {"plen", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_PAYLOAD},
     .meaning = "payload, in bytes"},
    {"nh", 8, FIELD_NUMBER, .preset = 59, .names = ipv6_next_headers, .meaning = "protocol of the payload"},
    {"hlim", 8, FIELD_NUMBER, .preset = 64, .meaning = "hops it may go"},
    {"src", 128, FIELD_IPV6, .filled = AUTO_SOURCE_ADDRESS, .meaning = "source; by route to dst unless set"},
    {"dst", 128, FIELD_IPV6, .preset = 1, .meaning = "destination"},
};

static const struct binding ipv6_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x86dd},
    {.lower = LAYER_SNAP, .field = "code", .value = 0x86dd},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x86dd},
    {.lower = LAYER_PPP, .field = "proto", .value = 0x0057},
    {.lower = LAYER_MPLS, .field = "label", .value = 2, .use = BINDING_BUILD},
    {.lower = LAYER_VXLAN,
     .field = "flags",
     .value = 0x0c,
     .more = {{.field = "NextProtocol", .value = 2}},
     .use = BINDING_BUILD},
    {.lower = LAYER_GTP_U_HEADER, .field = "gtp_type", .value = 255, .use = BINDING_BUILD},
    {.lower = LAYER_IP, .field = "proto", .value = 41},
    {.lower = LAYER_IPV6, .field = "nh", .value = 41},
    {0},
};

// Header and payload, as the header says. Without a payload length it is that of a hop-by-hop header, or all there is if a jumbo
// option stands there (RFC 2675 3): no frame is as long as such an option says.
static uint32_t ipv6_said(const uint8_t *p, uint32_t avail)
{
    uint32_t plen = get16(p + 4);

    if (plen != 0 || p[6] != 0 || avail < IPV6_BYTES + 8)
        return IPV6_BYTES + plen;
    uint32_t end = IPV6_BYTES + 8 + 8u * p[IPV6_BYTES + 1];
    for (uint32_t at = IPV6_BYTES + 2; at + 6 <= end && at + 6 <= avail; at += 4) {
        if (p[at] == IPV6_JUMBO)
            return avail;
    }
    return end;
}

static bool ipv6_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    if (avail < IPV6_BYTES || p[0] >> 4 != 6)
        return false;
    uint32_t total = ipv6_said(p, avail);
    if (total > avail) {
        if (!quoted)
            return false;
        total = avail;
    }
    enum layer_id next = layer_announced(LAYER_IPV6, IPV6_NH, p[6], p + IPV6_BYTES, total - IPV6_BYTES);
    *m = (struct measure){IPV6_BYTES, total, (uint8_t)next, false};
    return true;
}

// Version, payload's length, next header. Jumbograms look at more.
static uint64_t ipv6_looks(const uint8_t *p, uint32_t header_bytes, uint32_t payload)
{
    (void)payload;
    return get16(p + 4) == 0 ? LAYER_LOOKS_UNKNOWN
                             : 1u | 7u << 4 | layer_looks_behind(LAYER_IPV6, IPV6_NH, p[6], header_bytes);
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

static bool ipv6_is_group(const uint8_t *address)
{
    return address[0] == 0xff;
}

static bool ipv6_same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, 16) == 0;
}

// Messages that whoever feels addressed answers: routers, home agents behind one address.
static bool ipv6_anyone_answers(const struct view *view, unsigned upper)
{
    static const uint8_t layers[] = {LAYER_ICMPV6_RS, LAYER_ICMPV6_RA, LAYER_ICMPV6_HAAD_REQUEST,
                                     LAYER_ICMPV6_HAAD_REPLY};

    return upper < view->n && memchr(layers, view->layers[upper].id, sizeof(layers)) != NULL;
}

// What goes to a group is answered to the asker or to a group, by anyone: only the upper layers tell the flow.
static void ipv6_flow_key(const struct view *view, unsigned i, enum flow_role role,
                          const struct answer_rules *rules, struct flow_key *key)
{
    (void)rules;
    struct ipv6_path path = ipv6_ext_path(view, i);
    const uint8_t *asker = role == FLOW_STIMULUS ? path.src : path.dst;
    const uint8_t *asked = role == FLOW_STIMULUS ? path.dst : path.src;

    if (role == FLOW_RESPONSE_TO_GROUP || (role == FLOW_STIMULUS && ipv6_is_group(asked)) ||
        ipv6_anyone_answers(view, path.upper))
        return;
    flow_key_add(key, get64(asker));
    flow_key_add(key, get64(asker + 8));
    flow_key_add(key, get64(asked));
    flow_key_add(key, get64(asked + 8));
}

static bool ipv6_is_error(const struct view *view, unsigned i)
{
    return i + 1 < view->n && view->layers[i + 1].quoted && !view->layers[i].quoted;
}

// An answer to the asker; that to a group may go to the same group, or from routers to all nodes.
static bool ipv6_comes_back(const struct ipv6_path *r, const struct ipv6_path *s, const uint8_t *rp,
                            const uint8_t *sp)
{
    static const uint8_t all[16] = {0xff, 2, [15] = 1}, routers[16] = {0xff, 2, [15] = 2};
    const uint8_t *to = rp + IPV6_ADDRESSES_AT + 16, *asker = sp + IPV6_ADDRESSES_AT, *asked = asker + 16;

    return ipv6_same(to, asker) || ipv6_same(r->dst, s->src) ||
           (ipv6_is_group(asked) &&
            (ipv6_same(to, asked) || (ipv6_same(to, all) && ipv6_same(asked, routers))));
}

// Extension headers are stepped over on both sides. A quote of what had a routing header may have any destination, as in Scapy.
static bool ipv6_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_IPV6)
        return false;
    const struct ipv6_path rw = ipv6_ext_path(r, ri), sw = ipv6_ext_path(s, si);
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    const uint8_t *asker = sp + IPV6_ADDRESSES_AT, *asked = asker + 16;

    if (r->layers[ri].quoted)
        return ipv6_same(rp + IPV6_ADDRESSES_AT, asker) &&
               (sw.routed || ipv6_same(rp + IPV6_ADDRESSES_AT + 16, asked)) && rw.nh == sw.nh &&
               answers(r, rw.upper, s, sw.upper, rules);
    if (!ipv6_comes_back(&rw, &sw, rp, sp))
        return false;
    if (ipv6_is_error(r, rw.upper))
        return answers(r, rw.upper + 1, s, si, rules);
    if (!ipv6_same(rw.src, sw.dst) && !ipv6_is_group(sw.dst) && !ipv6_anyone_answers(s, sw.upper))
        return false;
    return rw.nh == sw.nh && answers(r, rw.upper, s, sw.upper, rules);
}

const struct layer_desc layer_ipv6 = {
    .name = "IPv6",
    .quoted_name = "IPerror6",
    .quoted_title = "IPv6 in ICMPv6",
    .meaning = "Internet Protocol version 6 (RFC 8200)",
    .bindings = ipv6_bindings,
    .fields = ipv6_fields,
    .n_fields = ARRAY_SIZE(ipv6_fields),
    .measure = ipv6_measure,
    .looks = ipv6_looks,
    .summary = ipv6_summary,
    .flow_key = ipv6_flow_key,
    .answers = ipv6_answers,
};
