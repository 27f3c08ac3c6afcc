// Internet Control Message Protocol (RFC 792, 950, 1191, 4884).
#include "packet/layers/icmp.h"
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/checksum.h"
#include "packet/layers/icmp_extensions.h"
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
// Of a quote, if its length is not said; of the header of extensions and that of the first.
enum { ICMP_QUOTE_BYTES = 128, ICMP_EXTENSION_BYTES = 8 };

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

// The same, as conditions of fields.
#define ICMP_CONDITION(name)                                 \
    static bool icmp_##name##_field(const struct fields *at) \
    {                                                        \
        return icmp_has_##name(fields_header(at));           \
    }
ICMP_CONDITION(id)
ICMP_CONDITION(times)
ICMP_CONDITION(gateway)
ICMP_CONDITION(pointer)
ICMP_CONDITION(reserved)
ICMP_CONDITION(length)
ICMP_CONDITION(mask)
ICMP_CONDITION(mtu)
ICMP_CONDITION(unused)
#undef ICMP_CONDITION

static uint16_t icmp_unused_bits(const struct fields *at)
{
    return icmp_has_length(fields_header(at)) ? 16 : 32;
}

// Milliseconds since midnight.
static void icmp_time_text(uint64_t ms, struct text *text)
{
    text_add(text, "%u:%u:%u.%u", (unsigned)(ms / 3600000), (unsigned)(ms / 60000 % 60),
             (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
}

static const char *icmp_code_name(const struct fields *at, uint64_t code)
{
    return name_of(icmp_typed_codes, fields_get(at, ICMP_TYPE) << 8 | code);
}

static const struct field_desc icmp_fields[] = {
    {"type", 8, FIELD_NUMBER, .layout = true, .preset = 8, .names = icmp_types,
     .meaning = "echo-request, dest-unreach, ..."},
    {"code", 8, FIELD_NUMBER, .names = icmp_codes, .name_at = icmp_code_name,
     .meaning = "what kind of it; names are of one type each"},
    {"chksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED, .meaning = "over the whole message"},
    {"id", 16, FIELD_NUMBER, .hex = true, .tag = TAG_HIGH, .present = icmp_id_field,
     .meaning = "identifier; echoed"},
    {"seq", 16, FIELD_NUMBER, .hex = true, .tag = TAG_LOW, .present = icmp_id_field,
     .meaning = "sequence number; echoed"},
    {"ts_ori", 32, FIELD_NUMBER, .print = icmp_time_text, .present = icmp_times_field,
     .meaning = "when sent, ms since midnight"},
    {"ts_rx", 32, FIELD_NUMBER, .print = icmp_time_text, .present = icmp_times_field,
     .meaning = "when received"},
    {"ts_tx", 32, FIELD_NUMBER, .print = icmp_time_text, .present = icmp_times_field,
     .meaning = "when answered"},
    {"gw", 32, FIELD_IPV4, .present = icmp_gateway_field, .meaning = "the better gateway"},
    {"ptr", 8, FIELD_NUMBER, .present = icmp_pointer_field, .meaning = "which byte is wrong"},
    {"reserved", 8, FIELD_NUMBER, .present = icmp_reserved_field, .meaning = "0"},
    {"length", 8, FIELD_NUMBER, .present = icmp_length_field,
     .meaning = "of the quote in 32-bit words (RFC 4884)"},
    {"addr_mask", 32, FIELD_IPV4, .present = icmp_mask_field, .meaning = "address mask"},
    {"nexthopmtu", 16, FIELD_NUMBER, .present = icmp_mtu_field, .meaning = "MTU of the next hop (RFC 1191)"},
    {"unused", 0, FIELD_NUMBER, .present = icmp_unused_field, .width = icmp_unused_bits, .meaning = "0"},
};

static const struct binding icmp_bindings[] = {
    {.lower = LAYER_IP, .field = "proto", .value = 1},
    {0},
};

// Scapy's header is longer by the unused bytes of types that have an id, too.
static bool icmp_scapy_is_cut(const struct view *view, unsigned i)
{
    const uint8_t *p = view_header(view, i);
    uint32_t more = (icmp_has_times(p) ? 12 : 0) + (icmp_has_mask(p) || p[0] == 37 || p[0] == 38 ? 4 : 0);

    return (uint32_t)(view->layers[i].end - view->layers[i].start) < 8 + more;
}

static uint32_t icmp_header_bytes(const uint8_t *p)
{
    return 8u + (icmp_has_times(p) ? 12 : 0) + (icmp_has_mask(p) ? 4 : 0);
}

bool icmp_is_error(uint8_t type)
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
    *m = (struct measure){header, avail, (uint8_t)(quotes ? LAYER_IP : LAYER_RAW), quotes, false};
    return true;
}

static uint64_t icmp_looks(const uint8_t *p, uint32_t header_bytes, uint32_t payload)
{
    (void)header_bytes;
    (void)payload;
    return icmp_is_error(p[0]) ? LAYER_LOOKS_UNKNOWN : 1u;
}

// Where extensions stand behind the quote (RFC 4884 5.5): `length` says it, or, of routers that leave it zero, the quote has 128
// bytes; then the checksum must be there.
static uint32_t icmp_trailer(const uint8_t *p, uint32_t avail, enum layer_id *id)
{
    *id = LAYER_ICMP_EXT_HEADER;
    uint32_t at = 8 + (p[5] != 0 ? 4u * p[5] : ICMP_QUOTE_BYTES);

    if (!icmp_has_length(p) || avail < at + ICMP_EXTENSION_BYTES || p[at] >> 4 != 2)
        return 0;
    if (p[5] != 0 && get16(p + at + 2) == 0)
        return at;
    return checksum_fold(checksum_add(p + at, avail - at)) == 0xffff ? at : 0;
}

static void icmp_finish(struct build *build, struct build_layer *layer)
{
    if (build_is_set(layer, ICMP_CHKSUM))
        return;
    build_add_sum(build, &(struct build_sum){
                             .store = layer->at.bit[ICMP_CHKSUM] / 8,
                             .n_ranges = 1,
                             .range = {{layer->at.start, build_payload_end(build)}},
                         });
}

static void icmp_extension_text(const struct view *view, unsigned i, struct text *text)
{
    while (i < view->n && view->layers[i].id != LAYER_ICMP_EXT_HEADER)
        i++;
    if (i + 1 >= view->n || view->layers[i + 1].quoted || view->layers[i + 1].header_bytes < 4)
        return;
    uint8_t class = view_header(view, i + 1)[2];
    const char *name = name_of(icmp_extension_classes, class);

    name != NULL ? text_add(text, " ext:%s", name) : text_add(text, " ext:%u", class);
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
    icmp_extension_text(view, i + 1, text);
    return true;
}

// Scapy compares id and sequence number of a quote if its *code* is one of these.
static bool icmp_scapy_has_quoted_id(const uint8_t *p)
{
    return icmp_has_id(p) && (p[1] == 0 || p[1] == 8 || p[1] == 13 || p[1] == 14 || p[1] == 17 || p[1] == 18);
}

static void icmp_flow_key(const struct view *view, unsigned i, enum flow_role role,
                          const struct answer_rules *rules, struct flow_key *key)
{
    const uint8_t *p = view_header(view, i);
    if (rules->scapy && icmp_scapy_is_cut(view, i))
        return;
    bool has_id = rules->scapy && !rules->hashed && answers_quote(view, i, rules)
                      ? icmp_scapy_has_quoted_id(p)
                      : icmp_has_id(p);

    (void)role;
    if (has_id && (rules->open & ANSWER_OPEN_ID) == 0)
        flow_key_add(key, get32(p + 4));
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

static bool icmp_same_id(const uint8_t *rp, const uint8_t *sp, const struct answer_rules *rules)
{
    return (rules->open & ANSWER_OPEN_ID) != 0 || get32(rp + 4) == get32(sp + 4);
}

static bool icmp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_ICMP)
        return rules->scapy && icmp_scapy_is_cut(r, ri);
    // Then Scapy has bytes in its place.
    if (rules->scapy && (icmp_scapy_is_cut(r, ri) || icmp_scapy_is_cut(s, si)))
        return icmp_scapy_is_cut(r, ri);
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    bool quote = answers_quote(r, ri, rules);
    bool has_id = quote && rules->scapy ? icmp_scapy_has_quoted_id(sp) : icmp_has_id(sp);

    return (quote ? get16(rp) == get16(sp) : icmp_is_reply(sp[0], rp[0])) &&
           (!has_id || icmp_same_id(rp, sp, rules));
}

// Id and sequence number come back as they were, also in a quote.
static bool icmp_echoed(const struct view *view, unsigned i, uint32_t payload, unsigned guess, uint32_t *tag)
{
    const uint8_t *p = view_header(view, i);

    (void)payload;
    *tag = get32(p + 4);
    return guess == 0 && icmp_has_id(p);
}

const struct layer_desc layer_icmp = {
    .name = "ICMP",
    .quoted_name = "ICMPerror",
    .quoted_title = "ICMP in ICMP",
    .meaning = "Internet Control Message Protocol (RFC 792)",
    .bindings = icmp_bindings,
    .fields = icmp_fields,
    .n_fields = ARRAY_SIZE(icmp_fields),
    .measure = icmp_measure,
    .looks = icmp_looks,
    .trailer = icmp_trailer,
    .finish = icmp_finish,
    .summary = icmp_summary,
    .flow_key = icmp_flow_key,
    .echoed = icmp_echoed,
    .answers = icmp_answers,
};
