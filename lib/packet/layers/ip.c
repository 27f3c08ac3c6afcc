// Internet Protocol (RFC 791).
#include "packet/layers/ip.h"

#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layers/icmp.h"
#include "packet/layers/icmpv6.h"
#include "packet/layers/ip_options.h"
#include "packet/transport.h"

enum { IP_FIXED_BYTES = 20 };
enum { IP_PROTO_IPV6 = 41, IP_PROTO_SCTP = 132, IP_PROTO_MPLS = 137 };
#define IP_MDNS 0xe00000fbu // 224.0.0.251

// As Debian's /etc/protocols has them.
// clang-format off
static const struct name ip_protocols[] = {
    {0, "hopopt"}, {1, "icmp"}, {2, "igmp"}, {3, "ggp"}, {4, "ipencap"}, {5, "st"}, {6, "tcp"}, {8, "egp"},
    {9, "igp"}, {12, "pup"}, {17, "udp"}, {20, "hmp"}, {22, "xns_idp"}, {27, "rdp"}, {29, "iso_tp4"}, {33, "dccp"},
    {36, "xtp"}, {37, "ddp"}, {38, "idpr_cmtp"}, {41, "ipv6"}, {43, "ipv6_route"}, {44, "ipv6_frag"}, {45, "idrp"},
    {46, "rsvp"}, {47, "gre"}, {50, "esp"}, {51, "ah"}, {57, "skip"}, {58, "ipv6_icmp"}, {59, "ipv6_nonxt"},
    {60, "ipv6_opts"}, {73, "rspf"}, {81, "vmtp"}, {88, "eigrp"}, {89, "ospf"}, {93, "ax_25"}, {94, "ipip"},
    {97, "etherip"}, {98, "encap"}, {103, "pim"}, {108, "ipcomp"}, {112, "vrrp"}, {115, "l2tp"}, {124, "isis"},
    {132, "sctp"}, {133, "fc"}, {135, "mobility_header"}, {136, "udplite"}, {137, "mpls_in_ip"}, {138, "manet"},
    {139, "hip"}, {140, "shim6"}, {141, "wesp"}, {142, "rohc"}, {143, "ethernet"}, {0, NULL},
};
// clang-format on

static const struct field_desc ip_fields[] = {
    {"version", 4, FIELD_NUMBER, .preset = 4, .meaning = "4"},
    {"ihl", 4, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true,
     .length = {.of = LENGTH_HEADER, .unit = 4}, .meaning = "header's length in 32-bit words"},
    {"tos", 8, FIELD_NUMBER, .hex = true, .meaning = "DSCP and ECN"},
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true, .length = {.of = LENGTH_ALL},
     .meaning = "header and payload, in bytes"},
    {"id", 16, FIELD_NUMBER, .tag = TAG_ID, .preset = 1, .meaning = "identification, for reassembly"},
    {"flags", 3, FIELD_FLAGS, .letters = "MF+DF+evil", .meaning = "more fragments, don't fragment"},
    {"frag", 13, FIELD_NUMBER, .meaning = "fragment offset, in 8 bytes"},
    {"ttl", 8, FIELD_NUMBER, .preset = 64, .meaning = "hops it may go"},
    {"proto", 8, FIELD_NUMBER, .names = ip_protocols, .meaning = "protocol of the payload"},
    {"chksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED, .meaning = "over the header"},
    {"src", 32, FIELD_IPV4, .filled = AUTO_SOURCE_ADDRESS, .meaning = "source; by route to dst unless set"},
    {"dst", 32, FIELD_IPV4, .preset = 0x7f000001, .meaning = "destination"},
    {"options", 0, FIELD_PACKETS, .zero_padded = true, .packets = &ip_options_packets,
     .meaning = "[IPOption_...(),...], padded with zeros to 32-bit words"},
};

static const struct binding ip_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x0800},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x0800},
    {.lower = LAYER_LOOPBACK, .field = "type", .value = 2},
    {.lower = LAYER_LOOPBACK, .field = "type", .value = 0, .use = BINDING_READ},
    {.lower = LAYER_SNAP, .field = "code", .value = 0x0800},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x0800},
    {.lower = LAYER_PPP, .field = "proto", .value = 0x0021},
    {.lower = LAYER_MPLS, .field = "label", .value = 0, .use = BINDING_BUILD},
    {.lower = LAYER_VXLAN,
     .field = "flags",
     .value = 0x0c,
     .more = {{.field = "NextProtocol", .value = 1}},
     .use = BINDING_BUILD},
    {.lower = LAYER_GTP_U_HEADER, .field = "gtp_type", .value = 255, .use = BINDING_BUILD},
    {.lower = LAYER_IP, .field = "proto", .value = 4},
    {.lower = LAYER_IPV6, .field = "nh", .value = 4},
    {0},
};

// What is longer than the frame was cut off, as quotes are. A length that is too short says nothing, as in Scapy; which takes what
// a header's length lacks from the end of the frame.
static bool ip_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)quoted;
    if (avail < IP_FIXED_BYTES)
        return false;
    uint32_t said = 4u * (p[0] & 15), header = said > avail ? avail : said, total = get16(p + 2);
    bool broken = p[0] >> 4 != 4 || said < IP_FIXED_BYTES || total < said || total > avail;

    if (said < IP_FIXED_BYTES)
        header = avail - (IP_FIXED_BYTES - said) < IP_FIXED_BYTES ? IP_FIXED_BYTES
                                                                  : avail - (IP_FIXED_BYTES - said);
    total = total < said || total - said > avail - header ? avail : header + total - said;
    // As in Scapy, some protocols are read there.
    bool reads = p[9] == IP_PROTO_SCTP || p[9] == IP_PROTO_IPV6 || p[9] == IP_PROTO_MPLS;
    bool bytes = (get16(p + 6) & 0x1fff) != 0 && !reads;
    enum layer_id next =
        bytes ? LAYER_RAW : layer_announced(LAYER_IP, IP_PROTO, p[9], p + header, total - header);
    *m = (struct measure){header, total, (uint8_t)next, false, broken};
    return true;
}

// Version and header's length, total length, fragment, protocol.
static uint64_t ip_looks(const uint8_t *p, uint32_t header_bytes, uint32_t payload)
{
    (void)payload;
    return 1u | 3u << 2 | 3u << 6 | 1u << 9 | layer_looks_behind(LAYER_IP, IP_PROTO, p[9], header_bytes);
}

static void ip_finish(struct build *build, struct build_layer *layer)
{
    if (build_is_set(layer, IP_CHKSUM))
        return;
    build_add_sum(build, &(struct build_sum){
                             .store = layer->at.bit[IP_CHKSUM] / 8,
                             .n_ranges = 1,
                             .range = {{layer->at.start, layer->at.start + layer->at.header_bytes}},
                         });
}

bool ip_addresses_text(const struct view *view, unsigned i, char source[ADDRESS_TEXT_MAX],
                       char destination[ADDRESS_TEXT_MAX])
{
    if (i == 0)
        return false;
    const uint8_t *p = view_header(view, i - 1);
    struct address src, dst;

    if (view->layers[i - 1].id == LAYER_IP) {
        src = address_from_bytes(4, p + 12);
        dst = address_from_bytes(4, p + 16);
    } else if (view->layers[i - 1].id == LAYER_IPV6) {
        src = address_from_bytes(6, p + IPV6_ADDRESSES_AT);
        dst = address_from_bytes(6, p + IPV6_ADDRESSES_AT + 16);
    } else {
        return false;
    }
    address_format(&src, source);
    address_format(&dst, destination);
    return true;
}

static bool ip_summary(const struct view *view, unsigned i, const struct services *services,
                       struct text *text)
{
    const uint8_t *p = view_header(view, i);
    const char *protocol = name_of(ip_protocols, p[9]);
    char source[ADDRESS_TEXT_MAX], destination[ADDRESS_TEXT_MAX];

    (void)services;
    ip_addresses_text(view, i + 1, source, destination);
    text_add(text, "%s > %s ", source, destination);
    protocol != NULL ? text_add(text, "%s", protocol) : text_add(text, "%u", p[9]);
    if ((get16(p + 6) & 0x1fff) != 0)
        text_add(text, " frag:%u", get16(p + 6) & 0x1fff);
    return true;
}

static bool ip_is_group(uint32_t address)
{
    return address >> 28 == 14 || address == UINT32_MAX;
}

bool ip_goes_to_group(const struct view *view, unsigned i)
{
    const uint8_t *p = view_header(view, i);

    return (view->layers[i].id == LAYER_IP && ip_is_group(get32(p + 16))) ||
           (view->layers[i].id == LAYER_IPV6 && p[IPV6_ADDRESSES_AT + 16] == 0xff);
}

bool ip_is_error(const struct view *view, unsigned i)
{
    if (i + 1 >= view->n)
        return false;
    const uint8_t *p = view_header(view, i), *upper = view_header(view, i + 1);

    if (view->layers[i].id == LAYER_IP)
        return p[9] == TRANSPORT_ICMP && view->layers[i + 1].id == LAYER_ICMP && icmp_is_error(upper[0]);
    return view->layers[i].id == LAYER_IPV6 && p[6] == TRANSPORT_ICMPV6 && icmpv6_is_message(view, i + 1) &&
           upper[0] < 128;
}

// Scapy's rules have one group, that of multicast DNS: there only the upper layers are compared.
static bool ip_is_mdns(const uint8_t *p)
{
    return get32(p + 16) == IP_MDNS;
}

static void ip_scapy_flow_key(const uint8_t *p, enum flow_role role, const struct answer_rules *rules,
                              struct flow_key *key)
{
    uint32_t src = get32(p + 12), dst = get32(p + 16);
    uint32_t asker = role == FLOW_STIMULUS ? src : dst, asked = role == FLOW_STIMULUS ? dst : src;

    if (rules->hashed) {
        if (!ip_is_mdns(p) && !rules->any_address && rules->quote != ANSWER_QUOTE_LENIENT)
            flow_key_add(key, src ^ dst);
        flow_key_add(key, p[9]);
    } else if (rules->any_address || (src != IP_MDNS && dst != IP_MDNS)) {
        flow_key_add(key, answers_any_asker(rules) || answers_any_quoted(rules) ? 0 : asker);
        flow_key_add(key, (uint64_t)(rules->any_address ? 0 : asked) << 8 | p[9]);
    }
}

// What goes to a group is answered by anyone, and to whatever address if the asker has none yet: only the upper layers tell
// the flow.
static void ip_flow_keys(const struct flow_burst *burst, unsigned i, enum flow_role role,
                         const struct answer_rules *rules)
{
    const uint32_t start = burst->view->layers[i].start;
    const uint32_t asker_at = role == FLOW_STIMULUS ? start + 12 : start + 16,
                   asked_at = 2 * start + 28 - asker_at;
    const uint64_t asker_mask = answers_any_asker(rules) || answers_any_quoted(rules) ? 0 : UINT32_MAX;
    const uint64_t asked_mask = rules->any_address ? 0 : UINT32_MAX;

    for (unsigned k = 0; !rules->scapy && k < burst->n; k++) {
        const uint8_t *bytes = burst->bytes[k];
        const uint32_t asker = get32(bytes + asker_at), asked = get32(bytes + asked_at);
        const bool group = role == FLOW_RESPONSE_TO_GROUP || (role == FLOW_STIMULUS && ip_is_group(asked));
        struct flow_key key = {burst->hashes[k]};

        flow_key_add(&key, group ? 0 : (asker & asker_mask) << 32 | (asked & asked_mask));
        flow_key_add(&key, bytes[start + 9]);
        burst->hashes[k] = key.state;
    }
    for (unsigned k = 0; rules->scapy && k < burst->n; k++) {
        struct flow_key key = {burst->hashes[k]};

        ip_scapy_flow_key(burst->bytes[k] + start, role, rules, &key);
        burst->hashes[k] = key.state;
    }
}

static void ip_flow_key(const struct view *view, unsigned i, enum flow_role role,
                        const struct answer_rules *rules, struct flow_key *key)
{
    ip_flow_keys(&(struct flow_burst){view, &view->bytes, 1, &key->state}, i, role, rules);
}

static bool ip_is_later_fragment(const uint8_t *p)
{
    return (get16(p + 6) & 0x1fff) != 0;
}

// RFC 792: the quote is the header that was sent, and at least 8 bytes of its payload.
static bool ip_quote_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                             const struct answer_rules *rules)
{
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    uint16_t id = get16(rp + 4), sent = get16(sp + 4);

    if (get32(rp + 12) != get32(sp + 12) && !answers_any_quoted(rules))
        return false;
    if (get32(rp + 16) != get32(sp + 16) || rp[9] != sp[9])
        return false;
    if (rules->quoted_id && id != sent && id != __builtin_bswap16(sent))
        return false;
    if (!rules->scapy && ((get16(rp + 6) ^ get16(sp + 6)) & 0x1fff) != 0)
        return false;
    return answers(r, ri + 1, s, si + 1, rules);
}

static bool ip_scapy_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                             const struct answer_rules *rules)
{
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    bool mdns = ip_is_mdns(rp) && ip_is_mdns(sp) && !rules->any_address;

    if (mdns)
        return answers(r, ri + 1, s, si + 1, rules);
    if (get32(rp + 16) != get32(sp + 12) && !answers_any_asker(rules))
        return false;
    if (ip_is_error(r, ri))
        return answers(r, ri + 2, s, si, rules);
    if ((get32(rp + 12) != get32(sp + 16) && !rules->any_address) || rp[9] != sp[9])
        return false;
    return answers(r, ri + 1, s, si + 1, rules);
}

// A later fragment holds nothing that could be compared.
// To the asker; of what went to a group also to the group, as with mDNS, and to anyone if the asker has no address yet.
static bool ip_comes_back(uint32_t to, uint32_t asker, uint32_t asked)
{
    return to == asker || (ip_is_group(asked) && (asker == 0 || to == asked));
}

static bool ip_exact_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                             const struct answer_rules *rules)
{
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    uint32_t asker = get32(sp + 12), asked = get32(sp + 16);
    bool group = ip_is_group(asked);

    if (r->layers[ri].broken)
        return false;
    if (!ip_comes_back(get32(rp + 16), asker, asked) && !answers_any_asker(rules))
        return false;
    if (ri + 2 < r->n && r->layers[ri + 1].id == LAYER_ICMP && r->layers[ri + 2].quoted)
        return answers(r, ri + 2, s, si, rules);
    if ((get32(rp + 12) != asked && !group && !rules->any_address) || rp[9] != sp[9] ||
        ip_is_later_fragment(rp))
        return false;
    return answers(r, ri + 1, s, si + 1, rules);
}

static bool ip_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                       const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_IP)
        return false;
    if (answers_quote(r, ri, rules))
        return ip_quote_answers(r, ri, s, si, rules);
    return rules->scapy ? ip_scapy_answers(r, ri, s, si, rules) : ip_exact_answers(r, ri, s, si, rules);
}

const struct layer_desc layer_ip = {
    .name = "IP",
    .quoted_name = "IPerror",
    .quoted_title = "IP in ICMP",
    .meaning = "Internet Protocol version 4 (RFC 791)",
    .bindings = ip_bindings,
    .fields = ip_fields,
    .n_fields = ARRAY_SIZE(ip_fields),
    .measure = ip_measure,
    .looks = ip_looks,
    .finish = ip_finish,
    .summary = ip_summary,
    .flow_key = ip_flow_key,
    .flow_keys = ip_flow_keys,
    .answers = ip_answers,
};
