// ICMPv6 messages of mobile nodes and home agents (RFC 6275 6.5 to 6.8), of RPL (RFC 6550 6), and of any type.
#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/icmpv6.h"
#include "packet/layers/icmpv6_nd.h"

enum { MOBILE_ID_AT = 4, MOBILE_BYTES = 8 };

static const struct name mobile_router_flag[] = {{1, "MR"}, {0, NULL}};
static const struct name mobile_prefix_flags[] = {{2, "M"}, {1, "O"}, {0, NULL}};
static const struct name rpl_codes[] = {{0, "DIS"}, {1, "DIO"},     {2, "DAO"}, {3, "DAO-ACK"},
                                        {7, "DCO"}, {8, "DCO-ACK"}, {0, NULL}};

// clang-format off
#define MOBILE_ID {"id", 16, FIELD_NUMBER, .hex = true, .meaning = "identifier; echoed"}
#define HAAD_FIELDS(type_)                                                                                   \
    ICMPV6_START(type_, NULL),                                                                               \
    MOBILE_ID,                                                                                               \
    {"R", 1, FIELD_NUMBER, .preset = 1, .names = mobile_router_flag, .meaning = "mobile routers (RFC 3963)"},\
    {"res", 15, FIELD_NUMBER, .hex = true, .meaning = "0"}
// clang-format on

static const struct field_desc icmpv6_haad_request_fields[] = {HAAD_FIELDS(144)};
static const struct field_desc icmpv6_haad_reply_fields[] = {
    HAAD_FIELDS(145), {"addresses", 0, FIELD_CODED, .codec = &codec_ipv6_list, .meaning = "home agents"}};
static const struct field_desc icmpv6_mp_sol_fields[] = {
    ICMPV6_START(146, NULL), MOBILE_ID, {"res", 16, FIELD_NUMBER, .hex = true, .meaning = "0"}};
static const struct field_desc icmpv6_mp_adv_fields[] = {
    ICMPV6_START(147, NULL),
    MOBILE_ID,
    {"flags", 2, FIELD_NUMBER, .preset = 2, .names = mobile_prefix_flags,
     .meaning = "how addresses are configured"},
    {"res", 14, FIELD_NUMBER, .hex = true, .meaning = "0"},
};
static const struct field_desc icmpv6_rpl_fields[] = {ICMPV6_START(155, rpl_codes)};
static const struct field_desc icmpv6_unknown_fields[] = {
    ICMPV6_START(1, NULL), {"msgbody", 0, FIELD_BYTES, .meaning = "the message"}};

static bool mobile_has_id(const struct view *view, unsigned i)
{
    return view->layers[i].header_bytes >= MOBILE_BYTES;
}

static void mobile_flow_key(const struct view *view, unsigned i, enum flow_role role,
                            const struct answer_rules *rules, struct flow_key *key)
{
    unsigned id = view->layers[i].id;
    bool request = id == LAYER_ICMPV6_HAAD_REQUEST || id == LAYER_ICMPV6_MP_SOL;

    // Scapy compares no identifier of prefixes, though it hashes that of the advertisement; behind an extension header a request
    // may answer another.
    if (rules->hashed && id == LAYER_ICMPV6_MP_SOL)
        return;
    if (rules->scapy && !rules->hashed &&
        (id == LAYER_ICMPV6_MP_SOL || id == LAYER_ICMPV6_MP_ADV || (request && role != FLOW_STIMULUS)))
        return;
    if (mobile_has_id(view, i))
        flow_key_add(key, get16(view_header(view, i) + MOBILE_ID_AT));
}

// The identifier comes back (RFC 6275 6.6, 6.8).
static bool mobile_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                           const struct answer_rules *rules)
{
    uint8_t asked =
        r->layers[ri].id == LAYER_ICMPV6_HAAD_REPLY ? LAYER_ICMPV6_HAAD_REQUEST : LAYER_ICMPV6_MP_SOL;

    if (answers_quote(r, ri, rules))
        return icmpv6_answers(r, ri, s, si, rules);
    return si < s->n && s->layers[si].id == asked &&
           ((rules->scapy && asked == LAYER_ICMPV6_MP_SOL) ||
            get16(view_header(r, ri) + MOBILE_ID_AT) == get16(view_header(s, si) + MOBILE_ID_AT));
}

#define MOBILE_LAYER(symbol, type, name_, title_, meaning_, ...)                       \
    static const struct binding symbol##_bindings[] = {ICMPV6_ON_IPV6(type), {0}};     \
    const struct layer_desc layer_##symbol = {.name = "ICMPv6" name_,                  \
                                              .title = title_,                         \
                                              .meaning = meaning_,                     \
                                              .bindings = symbol##_bindings,           \
                                              .fields = symbol##_fields,               \
                                              .n_fields = ARRAY_SIZE(symbol##_fields), \
                                              .finish = icmpv6_finish,                 \
                                              __VA_ARGS__}

MOBILE_LAYER(icmpv6_haad_request, 144, "HAADRequest", "ICMPv6 Home Agent Address Discovery Request",
             "home agents' addresses are asked for (RFC 6275 6.5)", .flow_key = mobile_flow_key,
             .answers = icmpv6_answers);
MOBILE_LAYER(icmpv6_haad_reply, 145, "HAADReply", "ICMPv6 Home Agent Address Discovery Reply",
             "home agents' addresses (RFC 6275 6.6)", .flow_key = mobile_flow_key, .answers = mobile_answers);
MOBILE_LAYER(icmpv6_mp_sol, 146, "MPSol", "ICMPv6 Mobile Prefix Solicitation",
             "mobile prefix solicitation (RFC 6275 6.7)", .flow_key = mobile_flow_key,
             .answers = icmpv6_answers);
MOBILE_LAYER(icmpv6_mp_adv, 147, "MPAdv", "ICMPv6 Mobile Prefix Advertisement",
             "mobile prefix advertisement (RFC 6275 6.8)", .next = nd_option_next,
             .flow_key = mobile_flow_key, .answers = mobile_answers);

static const struct binding icmpv6_rpl_bindings[] = {
    {.lower = LAYER_IPV6,
     .field = "nh",
     .value = 58,
     .starts = BINDING_STARTS(155),
     .more = {{.field = "dst", .value = ICMPV6_GROUP(0x1a)}}},
    {0},
};
const struct layer_desc layer_icmpv6_rpl = {
    .name = "ICMPv6RPL",
    .title = "RPL",
    .meaning = "routing in low-power networks (RFC 6550 6)",
    .bindings = icmpv6_rpl_bindings,
    .fields = icmpv6_rpl_fields,
    .n_fields = ARRAY_SIZE(icmpv6_rpl_fields),
    .finish = icmpv6_finish,
    .answers = icmpv6_answers,
};

// Never read: what is no known message is Raw.
static const struct binding icmpv6_unknown_bindings[] = {
    {.lower = LAYER_IPV6, .field = "nh", .value = 58, .use = BINDING_BUILD}, {0}};
const struct layer_desc layer_icmpv6_unknown = {
    .name = "ICMPv6Unknown",
    .title = "Scapy6 ICMPv6 fallback class",
    .meaning = "ICMPv6 message of any type",
    .bindings = icmpv6_unknown_bindings,
    .fields = icmpv6_unknown_fields,
    .n_fields = ARRAY_SIZE(icmpv6_unknown_fields),
    .finish = icmpv6_finish,
    .answers = icmpv6_answers,
};
