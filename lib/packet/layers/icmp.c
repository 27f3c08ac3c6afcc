// Internet Control Message Protocol (RFC 792, 950, 1191, 4884).
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layers/ip.h"

enum { ICMP_TYPE, ICMP_CODE, ICMP_CHKSUM };

enum {
    ICMP_ECHO_REPLY = 0,
    ICMP_DEST_UNREACH = 3,
    ICMP_SOURCE_QUENCH = 4,
    ICMP_REDIRECT = 5,
    ICMP_TIME_EXCEEDED = 11,
    ICMP_PARAM_PROBLEM = 12,
};

// clang-format off
static const struct name icmp_types[] = {
    {0, "echo-reply"}, {3, "dest-unreach"}, {4, "source-quench"}, {5, "redirect"}, {8, "echo-request"},
    {9, "router-advertisement"}, {10, "router-solicitation"}, {11, "time-exceeded"}, {12, "parameter-problem"},
    {13, "timestamp-request"}, {14, "timestamp-reply"}, {15, "information-request"}, {16, "information-response"},
    {17, "address-mask-request"}, {18, "address-mask-reply"}, {30, "traceroute"}, {31, "datagram-conversion-error"},
    {32, "mobile-host-redirect"}, {33, "ipv6-where-are-you"}, {34, "ipv6-i-am-here"},
    {35, "mobile-registration-request"}, {36, "mobile-registration-reply"}, {37, "domain-name-request"},
    {38, "domain-name-reply"}, {39, "skip"}, {40, "photuris"}, {0, NULL},
};

// A code's name is of one type only: ICMP_CODE(type, code, name).
#define ICMP_CODES                                                                                                  \
    ICMP_CODE(3, 0, "network-unreachable")                                                                          \
    ICMP_CODE(3, 1, "host-unreachable")                                                                             \
    ICMP_CODE(3, 2, "protocol-unreachable")                                                                         \
    ICMP_CODE(3, 3, "port-unreachable")                                                                             \
    ICMP_CODE(3, 4, "fragmentation-needed")                                                                         \
    ICMP_CODE(3, 5, "source-route-failed")                                                                          \
    ICMP_CODE(3, 6, "network-unknown")                                                                              \
    ICMP_CODE(3, 7, "host-unknown")                                                                                 \
    ICMP_CODE(3, 9, "network-prohibited")                                                                           \
    ICMP_CODE(3, 10, "host-prohibited")                                                                             \
    ICMP_CODE(3, 11, "TOS-network-unreachable")                                                                     \
    ICMP_CODE(3, 12, "TOS-host-unreachable")                                                                        \
    ICMP_CODE(3, 13, "communication-prohibited")                                                                    \
    ICMP_CODE(3, 14, "host-precedence-violation")                                                                   \
    ICMP_CODE(3, 15, "precedence-cutoff")                                                                           \
    ICMP_CODE(5, 0, "network-redirect")                                                                             \
    ICMP_CODE(5, 1, "host-redirect")                                                                                \
    ICMP_CODE(5, 2, "TOS-network-redirect")                                                                         \
    ICMP_CODE(5, 3, "TOS-host-redirect")                                                                            \
    ICMP_CODE(11, 0, "ttl-zero-during-transit")                                                                     \
    ICMP_CODE(11, 1, "ttl-zero-during-reassembly")                                                                  \
    ICMP_CODE(12, 0, "ip-header-bad")                                                                               \
    ICMP_CODE(12, 1, "required-option-missing")                                                                     \
    ICMP_CODE(40, 0, "bad-spi")                                                                                     \
    ICMP_CODE(40, 1, "authentication-failed")                                                                       \
    ICMP_CODE(40, 2, "decompression-failed")                                                                        \
    ICMP_CODE(40, 3, "decryption-failed")                                                                           \
    ICMP_CODE(40, 4, "need-authentification")                                                                       \
    ICMP_CODE(40, 5, "need-authorization")

#define ICMP_CODE(type, code, name) {(type) << 8 | (code), name},
static const struct name icmp_typed_codes[] = {ICMP_CODES{0, NULL}};
#undef ICMP_CODE
#define ICMP_CODE(type, code, name) {code, name},
static const struct name icmp_codes[] = {ICMP_CODES{0, NULL}};
#undef ICMP_CODE
// clang-format on

static bool icmp_has_id(const uint8_t *p)
{
    return p[0] == 0 || p[0] == 8 || (p[0] >= 13 && p[0] <= 18) || p[0] == 37 || p[0] == 38;
}

static bool icmp_has_times(const uint8_t *p)
{
    return p[0] == 13 || p[0] == 14;
}

static bool icmp_has_gateway(const uint8_t *p)
{
    return p[0] == ICMP_REDIRECT;
}

static bool icmp_has_pointer(const uint8_t *p)
{
    return p[0] == ICMP_PARAM_PROBLEM;
}

static bool icmp_has_reserved(const uint8_t *p)
{
    return p[0] == ICMP_DEST_UNREACH || p[0] == ICMP_TIME_EXCEEDED;
}

static bool icmp_has_length(const uint8_t *p)
{
    return icmp_has_reserved(p) || icmp_has_pointer(p);
}

static bool icmp_has_mask(const uint8_t *p)
{
    return p[0] == 17 || p[0] == 18;
}

static bool icmp_has_mtu(const uint8_t *p)
{
    return p[0] == ICMP_DEST_UNREACH;
}

// Time exceeded and parameter problem have two bytes of it, all others but those that use the place four.
static bool icmp_has_unused(const uint8_t *p)
{
    return p[0] != 0 && p[0] != ICMP_DEST_UNREACH && p[0] != ICMP_REDIRECT && p[0] != 8 &&
           !(p[0] >= 13 && p[0] <= 18);
}

static uint16_t icmp_unused_bits(const uint8_t *p)
{
    return icmp_has_length(p) ? 16 : 32;
}

static const struct field_desc icmp_fields[] = {
    {"type", 8, FIELD_NUMBER, .layout = true, .preset = 8, .names = icmp_types,
     .meaning = "echo-request, dest-unreach, ..."},
    {"code", 8, FIELD_NUMBER, .names = icmp_codes, .meaning = "what kind of it; names are of one type each"},
    {"chksum", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .meaning = "over the whole message"},
    {"id", 16, FIELD_NUMBER, .tag = TAG_HIGH, .present = icmp_has_id, .meaning = "identifier; echoed"},
    {"seq", 16, FIELD_NUMBER, .tag = TAG_LOW, .present = icmp_has_id, .meaning = "sequence number; echoed"},
    {"ts_ori", 32, FIELD_NUMBER, .present = icmp_has_times, .meaning = "when sent, ms since midnight"},
    {"ts_rx", 32, FIELD_NUMBER, .present = icmp_has_times, .meaning = "when received"},
    {"ts_tx", 32, FIELD_NUMBER, .present = icmp_has_times, .meaning = "when answered"},
    {"gw", 32, FIELD_IPV4, .present = icmp_has_gateway, .meaning = "the better gateway"},
    {"ptr", 8, FIELD_NUMBER, .present = icmp_has_pointer, .meaning = "which byte is wrong"},
    {"reserved", 8, FIELD_NUMBER, .present = icmp_has_reserved, .meaning = "0"},
    {"length", 8, FIELD_NUMBER, .present = icmp_has_length,
     .meaning = "of the quote in 32-bit words (RFC 4884)"},
    {"addr_mask", 32, FIELD_IPV4, .present = icmp_has_mask, .meaning = "address mask"},
    {"nexthopmtu", 16, FIELD_NUMBER, .present = icmp_has_mtu, .meaning = "MTU of the next hop (RFC 1191)"},
    {"unused", 0, FIELD_NUMBER, .present = icmp_has_unused, .width = icmp_unused_bits, .meaning = "0"},
};

static uint32_t icmp_header_bytes(const uint8_t *p)
{
    return 8u + (icmp_has_times(p) ? 12 : 0) + (icmp_has_mask(p) ? 4 : 0);
}

static bool icmp_is_error(uint8_t type)
{
    return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
           type == ICMP_TIME_EXCEEDED || type == ICMP_PARAM_PROBLEM;
}

static bool icmp_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    if (avail < 8)
        return false;
    uint32_t header = icmp_header_bytes(p);
    if (avail < header) {
        if (!quoted)
            return false;
        header = avail;
    }
    bool quotes = icmp_is_error(p[0]) && !quoted;
    *m = (struct measure){header, avail, (uint8_t)(quotes ? LAYER_IP : LAYER_RAW), quotes};
    return true;
}

static void icmp_finish(struct build *build, unsigned i)
{
    const struct build_layer *layer = &build->layers[i];

    if (build_is_set(build, i, ICMP_CHKSUM))
        return;
    build_add_sum(build, &(struct build_sum){
                             .store = layer->bit[ICMP_CHKSUM] / 8,
                             .n_ranges = 1,
                             .range = {{layer->start, build_payload_end(build)}},
                         });
}

static bool icmp_summary(const struct view *view, unsigned i, const struct services *services,
                         struct text *text)
{
    const uint8_t *p = view_header(view, i);
    char source[ADDRESS_TEXT_MAX], destination[ADDRESS_TEXT_MAX];
    const char *type = name_of(icmp_types, p[0]), *code = name_of(icmp_typed_codes, get16(p));

    (void)services;
    text_add(text, "ICMP ");
    if (i > 0 && view->layers[i - 1].id == LAYER_IP && ip_addresses_text(view, i, source, destination))
        text_add(text, "%s > %s ", source, destination);
    type != NULL ? text_add(text, "%s ", type) : text_add(text, "%u ", p[0]);
    code != NULL ? text_add(text, "%s", code) : text_add(text, "%u", p[1]);
    return true;
}

static void icmp_flow_key(const struct view *view, unsigned i, enum flow_role role, struct flow_key *key)
{
    const uint8_t *p = view_header(view, i);

    (void)role;
    flow_key_add(key, icmp_has_id(p) ? get32(p + 4) : 0);
}

// A request's type is even or 13, 15, ...; its reply's stands here.
static bool icmp_is_reply(uint8_t request, uint8_t reply)
{
    static const uint8_t pairs[][2] = {{8, 0}, {13, 14}, {15, 16}, {17, 18}, {33, 34}, {35, 36}, {37, 38}};

    for (unsigned k = 0; k < ARRAY_SIZE(pairs); k++) {
        if (pairs[k][0] == request)
            return pairs[k][1] == reply;
    }
    return false;
}

static bool icmp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    (void)rules;
    if (si >= s->n || s->layers[si].id != LAYER_ICMP)
        return false;
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);

    if (r->layers[ri].quoted)
        return get16(rp) == get16(sp) && (!icmp_has_id(sp) || get32(rp + 4) == get32(sp + 4));
    return icmp_is_reply(sp[0], rp[0]) && (!icmp_has_id(sp) || get32(rp + 4) == get32(sp + 4));
}

const struct layer_desc layer_icmp = {
    .name = "ICMP",
    .quoted_name = "ICMPerror",
    .meaning = "Internet Control Message Protocol (RFC 792)",
    .fields = icmp_fields,
    .n_fields = ARRAY_SIZE(icmp_fields),
    .measure = icmp_measure,
    .finish = icmp_finish,
    .summary = icmp_summary,
    .flow_key = icmp_flow_key,
    .answers = icmp_answers,
};
