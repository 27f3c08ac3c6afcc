// ICMPv6: echo and errors (RFC 4443).
#include "packet/layers/icmpv6.h"

#include "packet/bytes.h"
#include "packet/transport.h"

#include <string.h>

const struct name icmpv6_types[] = {
    {1, "Destination unreachable"},
    {2, "Packet too big"},
    {3, "Time exceeded"},
    {4, "Parameter problem"},
    {100, "Private Experimentation"},
    {101, "Private Experimentation"},
    {128, "Echo Request"},
    {129, "Echo Reply"},
    {130, "MLD Query"},
    {131, "MLD Report"},
    {132, "MLD Done"},
    {133, "Router Solicitation"},
    {134, "Router Advertisement"},
    {135, "Neighbor Solicitation"},
    {136, "Neighbor Advertisement"},
    {137, "Redirect Message"},
    {138, "Router Renumbering"},
    {139, "ICMP Node Information Query"},
    {140, "ICMP Node Information Response"},
    {141, "Inverse Neighbor Discovery Solicitation Message"},
    {142, "Inverse Neighbor Discovery Advertisement Message"},
    {143, "MLD Report Version 2"},
    {144, "Home Agent Address Discovery Request Message"},
    {145, "Home Agent Address Discovery Reply Message"},
    {146, "Mobile Prefix Solicitation"},
    {147, "Mobile Prefix Advertisement"},
    {148, "Certification Path Solicitation"},
    {149, "Certification Path Advertisement"},
    {151, "Multicast Router Advertisement"},
    {152, "Multicast Router Solicitation"},
    {153, "Multicast Router Termination"},
    {155, "RPL Control Message"},
    {200, "Private Experimentation"},
    {201, "Private Experimentation"},
    {0, NULL},
};

static const struct name icmpv6_unreachable_codes[] = {
    {0, "No route to destination"},
    {1, "Communication with destination administratively prohibited"},
    {2, "Beyond scope of source address"},
    {3, "Address unreachable"},
    {4, "Port unreachable"},
    {0, NULL},
};

static const struct name icmpv6_time_codes[] = {
    {0, "hop limit exceeded in transit"},
    {1, "fragment reassembly time exceeded"},
    {0, NULL},
};

static const struct name icmpv6_problem_codes[] = {
    {0, "erroneous header field encountered"},
    {1, "unrecognized Next Header type encountered"},
    {2, "unrecognized IPv6 option encountered"},
    {3, "first fragment has incomplete header chain"},
    {0, NULL},
};

// clang-format off
#define ICMPV6_ECHO(type_)                                                                                          \
    {                                                                                                               \
        ICMPV6_START(type_, NULL),                                                                                  \
        {"id", 16, FIELD_NUMBER, .hex = true, .tag = TAG_HIGH, .meaning = "identifier; echoed"},                                 \
        {"seq", 16, FIELD_NUMBER, .hex = true, .tag = TAG_LOW, .meaning = "sequence number; echoed"},                            \
        {"data", 0, FIELD_BYTES, .meaning = "echoed"}                                                               \
    }
// clang-format on

static const struct field_desc icmpv6_echo_request_fields[] = ICMPV6_ECHO(128);
static const struct field_desc icmpv6_echo_reply_fields[] = ICMPV6_ECHO(129);

static const struct field_desc icmpv6_dest_unreach_fields[] = {
    ICMPV6_START(1, icmpv6_unreachable_codes),
    {"length", 8, FIELD_NUMBER, .meaning = "of the quote in 64-bit words (RFC 4884)"},
    {"unused", 24, FIELD_NUMBER, .hex = true, .meaning = "0"},
};

static const struct field_desc icmpv6_packet_too_big_fields[] = {
    ICMPV6_START(2, NULL),
    {"mtu", 32, FIELD_NUMBER, .preset = 1280, .meaning = "MTU of the next hop"},
};

static const struct field_desc icmpv6_time_exceeded_fields[] = {
    ICMPV6_START(3, icmpv6_time_codes),
    {"length", 8, FIELD_NUMBER, .meaning = "of the quote in 64-bit words (RFC 4884)"},
    {"unused", 24, FIELD_NUMBER, .hex = true, .meaning = "0"},
};

static const struct field_desc icmpv6_param_problem_fields[] = {
    ICMPV6_START(4, icmpv6_problem_codes),
    {"ptr", 32, FIELD_NUMBER, .preset = 6, .meaning = "which byte is wrong"},
};

void icmpv6_finish(struct build *build, struct build_layer *layer)
{
    transport_sum(build, layer, ICMPV6_CKSUM, TRANSPORT_ICMPV6, false);
}

bool icmpv6_is_message(const struct view *view, unsigned i)
{
    return i < view->n && view->layers[i].id >= LAYER_ICMPV6_ECHO_REQUEST &&
           view->layers[i].id <= LAYER_ICMPV6_UNKNOWN;
}

static bool icmpv6_scapy_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si)
{
    bool extended = ri > 0 && layer_get((enum layer_id)r->layers[ri - 1].id)->alias == LAYER_IPV6;

    return extended && icmpv6_is_message(s, si) && get16(view_header(r, ri)) == get16(view_header(s, si));
}

// Bytes of both from the header's start; at most what there is of either.
static uint32_t icmpv6_common(const struct view *r, unsigned ri, const struct view *s, unsigned si)
{
    uint32_t r_bytes = (uint32_t)(r->layers[ri].end - r->layers[ri].start);
    uint32_t s_bytes = (uint32_t)(s->layers[si].end - s->layers[si].start);

    return r_bytes < s_bytes ? r_bytes : s_bytes;
}

bool icmpv6_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                    const struct answer_rules *rules)
{
    if (rules->scapy)
        return icmpv6_scapy_answers(r, ri, s, si);
    if (si >= s->n || !r->layers[ri].quoted || r->layers[ri].id != s->layers[si].id)
        return false;
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    uint32_t common = icmpv6_common(r, ri, s, si);

    return common >= 4 && rp[0] == sp[0] && rp[1] == sp[1] && memcmp(rp + 4, sp + 4, common - 4) == 0;
}

// In a quote the type alone tells requests apart; data may be cut short.
static bool icmpv6_echo_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)p;
    (void)quoted;
    *m = (struct measure){avail, avail, LAYER_RAW, false, false};
    return avail >= 8;
}

static bool icmpv6_error_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)p;
    *m = (struct measure){8, avail, (uint8_t)(quoted ? LAYER_RAW : LAYER_IPV6), !quoted, false};
    return avail >= 8;
}

static bool icmpv6_echo_summary(const struct view *view, unsigned i, const struct services *services,
                                struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    text_add(text, "ICMPv6 Echo %s (id: 0x%x seq: 0x%x)",
             view->layers[i].id == LAYER_ICMPV6_ECHO_REQUEST ? "Request" : "Reply", get16(p + 4),
             get16(p + 6));
    return true;
}

// By Scapy's rules a request may answer another behind an extension header, whatever its id.
static void icmpv6_echo_flow_key(const struct view *view, unsigned i, enum flow_role role,
                                 const struct answer_rules *rules, struct flow_key *key)
{
    bool any = rules->scapy && !rules->hashed && role != FLOW_STIMULUS &&
               view->layers[i].id == LAYER_ICMPV6_ECHO_REQUEST;

    if (!any && (rules->open & ANSWER_OPEN_ID) == 0)
        flow_key_add(key, get32(view_header(view, i) + 4));
}

// Scapy's replies are requests too.
static bool icmpv6_echo_asks(const struct view *s, unsigned si, const struct answer_rules *rules)
{
    return si < s->n && (s->layers[si].id == LAYER_ICMPV6_ECHO_REQUEST ||
                         (rules->scapy && s->layers[si].id == LAYER_ICMPV6_ECHO_REPLY));
}

// RFC 4443 4.2: id, sequence number and data come back. The data of a quote may be cut short.
static bool icmpv6_echo_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                const struct answer_rules *rules)
{
    bool reply = r->layers[ri].id == LAYER_ICMPV6_ECHO_REPLY;

    if (rules->scapy && !reply)
        return icmpv6_answers(r, ri, s, si, rules);
    if (!icmpv6_echo_asks(s, si, rules))
        return false;
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    uint32_t common = icmpv6_common(r, ri, s, si);
    uint32_t from = (rules->open & ANSWER_OPEN_ID) != 0 ? 8 : 4;

    if (memcmp(rp + from, sp + from, common - from) != 0)
        return false;
    if (answers_quote(r, ri, rules))
        return !reply;
    return reply && r->layers[ri].end - r->layers[ri].start == s->layers[si].end - s->layers[si].start;
}

static bool icmpv6_echoed(const struct view *view, unsigned i, uint32_t payload, unsigned guess,
                          uint32_t *tag)
{
    (void)payload;
    *tag = get32(view_header(view, i) + 4);
    return guess == 0;
}

#define ICMPV6_ECHO_LAYER(symbol, type, name_, title_, meaning_)                   \
    static const struct binding symbol##_bindings[] = {ICMPV6_ON_IPV6(type), {0}}; \
    const struct layer_desc layer_##symbol = {                                     \
        .name = name_,                                                             \
        .title = title_,                                                           \
        .meaning = meaning_,                                                       \
        .bindings = symbol##_bindings,                                             \
        .fields = symbol##_fields,                                                 \
        .n_fields = ARRAY_SIZE(symbol##_fields),                                   \
        .measure = icmpv6_echo_measure,                                            \
        .looks = layer_looks_nowhere,                                              \
        .finish = icmpv6_finish,                                                   \
        .summary = icmpv6_echo_summary,                                            \
        .flow_key = icmpv6_echo_flow_key,                                          \
        .echoed = icmpv6_echoed,                                                   \
        .answers = icmpv6_echo_answers,                                            \
    }

#define ICMPV6_ERROR_LAYER(symbol, type, name_, title_, meaning_)                  \
    static const struct binding symbol##_bindings[] = {ICMPV6_ON_IPV6(type), {0}}; \
    const struct layer_desc layer_##symbol = {                                     \
        .name = name_,                                                             \
        .title = title_,                                                           \
        .meaning = meaning_,                                                       \
        .bindings = symbol##_bindings,                                             \
        .fields = symbol##_fields,                                                 \
        .n_fields = ARRAY_SIZE(symbol##_fields),                                   \
        .measure = icmpv6_error_measure,                                           \
        .finish = icmpv6_finish,                                                   \
        .answers = icmpv6_answers,                                                 \
    }

ICMPV6_ECHO_LAYER(icmpv6_echo_request, 128, "ICMPv6EchoRequest", "ICMPv6 Echo Request",
                  "ICMPv6 echo request (RFC 4443 4.1)");
ICMPV6_ECHO_LAYER(icmpv6_echo_reply, 129, "ICMPv6EchoReply", "ICMPv6 Echo Reply",
                  "ICMPv6 echo reply (RFC 4443 4.2)");
ICMPV6_ERROR_LAYER(icmpv6_dest_unreach, 1, "ICMPv6DestUnreach", "ICMPv6 Destination Unreachable",
                   "ICMPv6 destination unreachable (RFC 4443 3.1)");
ICMPV6_ERROR_LAYER(icmpv6_packet_too_big, 2, "ICMPv6PacketTooBig", "ICMPv6 Packet Too Big",
                   "ICMPv6 packet too big (RFC 4443 3.2)");
ICMPV6_ERROR_LAYER(icmpv6_time_exceeded, 3, "ICMPv6TimeExceeded", "ICMPv6 Time Exceeded",
                   "ICMPv6 time exceeded (RFC 4443 3.3)");
ICMPV6_ERROR_LAYER(icmpv6_param_problem, 4, "ICMPv6ParamProblem", "ICMPv6 Parameter Problem",
                   "ICMPv6 parameter problem (RFC 4443 3.4)");
