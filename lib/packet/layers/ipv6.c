// Internet Protocol, version 6 (RFC 8200).
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layers/icmpv6.h"
#include "packet/layers/ip.h"
#include "packet/layers/ipv6_ext.h"
#include "packet/transport.h"

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
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x86dd},
    {.lower = LAYER_LOOPBACK, .field = "type", .value = 0x18, .use = BINDING_READ},
    {.lower = LAYER_LOOPBACK, .field = "type", .value = 0x1c, .use = BINDING_READ},
    {.lower = LAYER_LOOPBACK, .field = "type", .value = 0x1e, .use = BINDING_READ},
    {.lower = LAYER_LOOPBACK, .field = "type", .value = 10},
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
    (void)quoted;
    if (avail < IPV6_BYTES)
        return false;
    uint32_t total = ipv6_said(p, avail);
    bool broken = p[0] >> 4 != 6 || total > avail;
    if (total > avail)
        total = avail;
    enum layer_id next = layer_announced(LAYER_IPV6, IPV6_NH, p[6], p + IPV6_BYTES, total - IPV6_BYTES);
    *m = (struct measure){IPV6_BYTES, total, (uint8_t)next, false, broken};
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

// Messages of which Scapy hashes no addresses.
static bool ipv6_is_unaddressed(const struct view *view, unsigned i)
{
    uint8_t type = icmpv6_is_message(view, i + 1) ? view_header(view, i + 1)[0] : 0;

    return view_header(view, i)[6] == TRANSPORT_ICMPV6 &&
           ((type >= 133 && type <= 136) || type == 144 || type == 145);
}

static void ipv6_key_add(struct flow_key *key, const uint8_t *address)
{
    flow_key_add(key, get64(address));
    flow_key_add(key, get64(address + 8));
}

// Scapy compares the asker alone; it hashes the two addresses together, and of messages that are for whoever is there none.
static void ipv6_scapy_flow_key(const struct view *view, unsigned i, enum flow_role role,
                                const struct answer_rules *rules, struct flow_key *key)
{
    const uint8_t *p = view_header(view, i), *src = p + IPV6_ADDRESSES_AT, *dst = src + 16;
    uint8_t addresses[16], nh = p[6];

    if (rules->hashed) {
        bool counts = !ipv6_is_unaddressed(view, i) && ipv6_ext_hashret(view, i, addresses, &nh);

        if (counts && !rules->any_address && rules->quote != ANSWER_QUOTE_LENIENT)
            ipv6_key_add(key, addresses);
        flow_key_add(key, nh);
    } else if (role == FLOW_STIMULUS ? !ipv6_is_group(dst) : role != FLOW_RESPONSE_TO_GROUP) {
        if (!answers_any_asker(rules))
            ipv6_key_add(key, role == FLOW_STIMULUS ? src : dst);
    }
}

// What goes to a group is answered to the asker or to a group, by anyone: only the upper layers tell the flow.
static void ipv6_flow_key(const struct view *view, unsigned i, enum flow_role role,
                          const struct answer_rules *rules, struct flow_key *key)
{
    if (rules->scapy) {
        ipv6_scapy_flow_key(view, i, role, rules, key);
        return;
    }
    struct ipv6_path path = ipv6_ext_path(view, i);
    const uint8_t *asker = role == FLOW_STIMULUS ? path.src : path.dst;
    const uint8_t *asked = role == FLOW_STIMULUS ? path.dst : path.src;

    if (role == FLOW_RESPONSE_TO_GROUP || (role == FLOW_STIMULUS && ipv6_is_group(asked)) ||
        ipv6_anyone_answers(view, path.upper))
        return;
    if (!answers_any_asker(rules) && !answers_any_quoted(rules))
        ipv6_key_add(key, asker);
    if (!rules->any_address)
        ipv6_key_add(key, asked);
}

static bool ipv6_is_error(const struct view *view, unsigned i)
{
    return i + 1 < view->n && view->layers[i + 1].quoted && !view->layers[i].quoted;
}

static const uint8_t ipv6_all_nodes[16] = {0xff, 2, [15] = 1}, ipv6_all_routers[16] = {0xff, 2, [15] = 2};

// What was sent to a group may be answered to the same group, or by routers to all nodes.
static bool ipv6_answers_group(const uint8_t *to, const uint8_t *asked)
{
    return ipv6_is_group(asked) &&
           (ipv6_same(to, asked) || (ipv6_same(to, ipv6_all_nodes) && ipv6_same(asked, ipv6_all_routers)));
}

// All bytes behind the extension headers, as far as there are both. If TCP's options differ, because a router changed them (MSS
// clamping), neither they nor length and checksum count.
static bool ipv6_same_bytes(const uint8_t *r, uint32_t r_bytes, const uint8_t *s, uint32_t s_bytes)
{
    uint32_t common = r_bytes < s_bytes ? r_bytes : s_bytes;

    return memcmp(r, s, common) == 0;
}

static bool ipv6_same_segment(const struct view *r, unsigned ri, const struct view *s, unsigned si)
{
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    uint32_t r_header = r->layers[ri].header_bytes, s_header = s->layers[si].header_bytes;
    enum { FIXED = 20, OFFSET_AT = 12, WINDOW_AT = 13, SUM_AT = 16, URGENT_AT = 18 };

    if (memcmp(rp, sp, OFFSET_AT) != 0 || (rp[OFFSET_AT] ^ sp[OFFSET_AT]) & 15 ||
        memcmp(rp + WINDOW_AT, sp + WINDOW_AT, SUM_AT - WINDOW_AT) != 0 ||
        memcmp(rp + URGENT_AT, sp + URGENT_AT, FIXED - URGENT_AT) != 0)
        return false;
    return ipv6_same_bytes(rp + r_header, (uint32_t)(r->len - r->layers[ri].start) - r_header, sp + s_header,
                           (uint32_t)(s->len - s->layers[si].start) - s_header);
}

static bool ipv6_clamped(const struct view *r, unsigned ri, const struct view *s, unsigned si)
{
    enum { FIXED = 20 };
    if (ri >= r->n || si >= s->n || r->layers[ri].id != LAYER_TCP || s->layers[si].id != LAYER_TCP)
        return false;
    uint32_t r_header = r->layers[ri].header_bytes, s_header = s->layers[si].header_bytes;

    return r_header >= FIXED && s_header >= FIXED &&
           (r_header != s_header ||
            memcmp(view_header(r, ri) + FIXED, view_header(s, si) + FIXED, r_header - FIXED) != 0);
}

static bool ipv6_scapy_quote_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                     const struct answer_rules *rules)
{
    const uint8_t *src = view_header(r, ri) + IPV6_ADDRESSES_AT;
    const uint8_t *asker = view_header(s, si) + IPV6_ADDRESSES_AT;
    unsigned ru = ipv6_ext_scapy_upper(r, ri), su = ipv6_ext_scapy_upper(s, si);
    bool routed = false;

    for (unsigned i = si + 1; i < su; i++)
        routed |= s->layers[i].id == LAYER_IPV6_EXT_ROUTING;
    if ((!ipv6_same(src, asker) && (rules->open & ANSWER_OPEN_SOURCE) == 0) ||
        (!ipv6_same(src + 16, asker + 16) && !routed))
        return false;
    if (ru >= r->n || su >= s->n)
        return true;
    if (ipv6_clamped(r, ru, s, su))
        return ipv6_same_segment(r, ru, s, su);
    return ipv6_same_bytes(view_header(r, ru), (uint32_t)(r->len - r->layers[ru].start), view_header(s, su),
                           (uint32_t)(s->len - s->layers[su].start));
}

// Scapy steps over one extension header of the stimulus, and if there is none, over one of the answer.
static bool ipv6_scapy_upper_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                     const struct answer_rules *rules)
{
    unsigned upper = ri + 1 < r->n ? r->layers[ri + 1].id : LAYER_NONE;
    unsigned asked = si + 1 < s->n ? s->layers[si + 1].id : LAYER_NONE;

    if (ip_is_error(r, ri))
        return answers(r, ri + 2, s, si, rules);
    if (asked == LAYER_IPV6_EXT_HOP_BY_HOP)
        return answers(r, ri + 1, s, si + 1, rules);
    if (asked == LAYER_IPV6_EXT_FRAGMENT || asked == LAYER_IPV6_EXT_ROUTING ||
        asked == LAYER_IPV6_EXT_SEGMENTS || asked == LAYER_IPV6_EXT_DEST_OPT)
        return answers(r, ri + 1, s, si + 2, rules);
    if (upper == LAYER_IPV6_EXT_DEST_OPT)
        return answers(r, ri + 2, s, si + 1, rules);
    return view_header(r, ri)[6] == view_header(s, si)[6] && answers(r, ri + 1, s, si + 1, rules);
}

static bool ipv6_scapy_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                               const struct answer_rules *rules)
{
    const uint8_t *to = view_header(r, ri) + IPV6_ADDRESSES_AT + 16;
    const uint8_t *asker = view_header(s, si) + IPV6_ADDRESSES_AT, *asked = asker + 16;
    bool comes_back = ipv6_same(to, asker) || answers_any_asker(rules);

    if (ipv6_is_group(asked) && !rules->any_address)
        return (ipv6_is_group(to) ? ipv6_answers_group(to, asked) : comes_back) &&
               answers(r, ri + 1, s, si + 1, rules);
    return comes_back && ipv6_scapy_upper_answers(r, ri, s, si, rules);
}

// Extension headers are stepped over on both sides; addresses are those where the way begins and ends.
static bool ipv6_exact_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                               const struct answer_rules *rules)
{
    const struct ipv6_path rw = ipv6_ext_path(r, ri), sw = ipv6_ext_path(s, si);
    bool upper = rw.nh == sw.nh && rw.later == (r->layers[ri].quoted && sw.later);

    if (r->layers[ri].broken || rw.broken)
        return false;
    if (r->layers[ri].quoted)
        return (ipv6_same(rw.src, sw.src) || answers_any_quoted(rules)) && ipv6_same(rw.dst, sw.dst) &&
               upper && answers(r, rw.upper, s, sw.upper, rules);
    if (!ipv6_same(rw.dst, sw.src) && !answers_any_asker(rules) && !ipv6_answers_group(rw.dst, sw.dst))
        return false;
    if (ipv6_is_error(r, rw.upper))
        return answers(r, rw.upper + 1, s, si, rules);
    if (!ipv6_same(rw.src, sw.dst) && !rules->any_address && !ipv6_is_group(sw.dst) &&
        !ipv6_anyone_answers(s, sw.upper))
        return false;
    return upper && answers(r, rw.upper, s, sw.upper, rules);
}

static bool ipv6_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_IPV6)
        return false;
    if (!rules->scapy)
        return ipv6_exact_answers(r, ri, s, si, rules);
    return answers_quote(r, ri, rules) ? ipv6_scapy_quote_answers(r, ri, s, si, rules)
                                       : ipv6_scapy_answers(r, ri, s, si, rules);
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
