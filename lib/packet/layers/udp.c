// User Datagram Protocol (RFC 768).
#include "packet/layers/udp.h"
#include "packet/bytes.h"
#include "packet/layers/ip.h"
#include "packet/transport.h"

enum { UDP_SPORT, UDP_DPORT, UDP_LEN, UDP_CHKSUM };
enum { UDP_BYTES = 8, UDP_TFTP = 69 };

static const struct field_desc udp_fields[] = {
    {"sport", 16, FIELD_PORT, .tag = TAG_PORT, .preset = 53, .meaning = "source port"},
    {"dport", 16, FIELD_PORT, .preset = 53, .meaning = "destination port"},
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_ALL},
     .meaning = "header and payload, in bytes"},
    {"chksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED,
     .meaning = "over a pseudo-header and the whole datagram"},
};

static const struct binding udp_bindings[] = {
    {.lower = LAYER_IP, .field = "proto", .value = 17},
    {.lower = LAYER_IPV6, .field = "nh", .value = 17},
    {0},
};

// A length below 8 makes no datagram (0 is a jumbogram's, RFC 2675): Scapy takes so much from the end of the payload. A longer one
// than there is stands in a quote, or in the first fragment of several.
static bool udp_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    if (avail < UDP_BYTES)
        return false;
    uint32_t len = get16(p + 4), missing = len < UDP_BYTES && !quoted ? UDP_BYTES - len : 0;
    bool broken = len > avail || len < UDP_BYTES;
    if (broken)
        len = avail - UDP_BYTES > missing ? avail - missing : missing == 0 ? avail : UDP_BYTES;
    enum layer_id next = transport_next(LAYER_UDP, UDP_SPORT, p, p + UDP_BYTES, len - UDP_BYTES);
    *m = (struct measure){UDP_BYTES, len, (uint8_t)next, false, broken};
    return true;
}

static void udp_finish(struct build *build, struct build_layer *layer)
{
    transport_sum(build, layer, UDP_CHKSUM, TRANSPORT_UDP, true);
}

static bool udp_summary(const struct view *view, unsigned i, const struct services *services,
                        struct text *text)
{
    text_add(text, "UDP ");
    transport_endpoints(view, i, SERVICE_UDP, services, text);
    return true;
}

static bool udp_carries(const struct view *view, unsigned i, enum layer_id id)
{
    return i + 1 < view->n && view->layers[i + 1].id == id;
}

bool udp_moves(const struct view *view, unsigned i)
{
    return view->layers[i].id == LAYER_UDP && get16(view_header(view, i) + 2) == UDP_TFTP && i > 0 &&
           !ip_goes_to_group(view, i - 1);
}

// A tunnel's end sends from any port to its own known one (RFC 7348 section 5): only what is inside tells the flow. Scapy
// compares the asker's port alone, and hashes none.
static void udp_flow_key(const struct view *view, unsigned i, enum flow_role role,
                         const struct answer_rules *rules, struct flow_key *key)
{
    const uint8_t *p = view_header(view, i);

    if (rules->scapy && (role == FLOW_HASHRET || transport_any_port(rules)))
        return;
    bool asker_only =
        rules->scapy || role == FLOW_RESPONSE_MOVED || (role == FLOW_STIMULUS && udp_moves(view, i));
    if (asker_only)
        flow_key_add(key, transport_any_quoted(rules) ? 0 : get16(role == FLOW_STIMULUS ? p : p + 2));
    else if (!udp_carries(view, i, LAYER_VXLAN))
        transport_flow_key(view, i, role, rules, key);
}

static bool udp_ports_answer(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                             const struct answer_rules *rules)
{
    bool any_asked = rules->scapy || udp_moves(s, si);

    if (answers_quote(r, ri, rules) || (!any_asked && !udp_carries(r, ri, LAYER_VXLAN)))
        return transport_ports_answer(r, ri, s, si, rules);
    if (!any_asked)
        return udp_carries(s, si, LAYER_VXLAN) || transport_ports_answer(r, ri, s, si, rules);
    return transport_any_port(rules) || (rules->open & ANSWER_OPEN_PORT) != 0 ||
           get16(view_header(r, ri) + 2) == get16(view_header(s, si));
}

// In the first of several fragments the length is that of all.
static bool udp_is_first_fragment(const struct view *r, unsigned ri)
{
    if (ri == 0)
        return false;
    const uint8_t *p = view_header(r, ri - 1);
    bool ip = r->layers[ri - 1].id == LAYER_IP && (p[6] & 0x20) != 0;

    return ip || (r->layers[ri - 1].id == LAYER_IPV6_EXT_FRAGMENT && (p[3] & 1) != 0);
}

// What everybody was asked for by DHCP is no host's error (RFC 1122 3.2.2), and would not tell whose it is.
static bool udp_quote_answers(const struct view *s, unsigned si, const struct answer_rules *rules)
{
    return rules->scapy || si == 0 || !udp_carries(s, si, LAYER_BOOTP) || !ip_goes_to_group(s, si - 1);
}

static bool udp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                        const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_UDP || !udp_ports_answer(r, ri, s, si, rules))
        return false;
    if (answers_quote(r, ri, rules))
        return udp_quote_answers(s, si, rules);
    bool broken =
        r->layers[ri].broken && (get16(view_header(r, ri) + 4) == 0 || !udp_is_first_fragment(r, ri));

    return (rules->scapy || !broken) && answers(r, ri + 1, s, si + 1, rules);
}

const struct layer_desc layer_udp = {
    .name = "UDP",
    .quoted_name = "UDPerror",
    .quoted_title = "UDP in ICMP",
    .meaning = "User Datagram Protocol (RFC 768)",
    .bindings = udp_bindings,
    .fields = udp_fields,
    .n_fields = ARRAY_SIZE(udp_fields),
    .measure = udp_measure,
    .finish = udp_finish,
    .summary = udp_summary,
    .flow_key = udp_flow_key,
    .answers = udp_answers,
};
