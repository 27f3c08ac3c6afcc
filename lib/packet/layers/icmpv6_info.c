// ICMPv6 node information: what nodes tell of their names and addresses (RFC 4620).
#include "base/address.h"
#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/icmpv6.h"
#include "packet/print.h"

#include <string.h>

enum { INFO_DATA = 7, INFO_QTYPE_AT = 4, INFO_NONCE_AT = 8, INFO_BYTES = 16, INFO_LABEL_MAX = 63 };
enum { INFO_QUERY = 139, INFO_REPLY = 140 };
enum { INFO_IPV6, INFO_NAME, INFO_IPV4 }; // codes of a query: what it is about

static const struct name info_query_codes[] = {
    {0, "IPv6 Query"}, {1, "Name Query"}, {2, "IPv4 Query"}, {0, NULL}};
static const struct name info_reply_codes[] = {
    {0, "Successful Reply"}, {1, "Response Refusal"}, {3, "Unknown query type"}, {0, NULL}};
static const struct name info_types[] = {
    {0, "NOOP"}, {2, "Node Name"}, {3, "IPv6 Address"}, {4, "IPv4 Address"}, {0, NULL}};

// ---- what a query is about: an address, or a name (RFC 4620 4)

// Labels and a zero, and another one behind a single label.
static bool info_name_encode(const uint8_t *p, uint32_t len, uint8_t *out, uint32_t *at)
{
    uint32_t from = 0, labels = 0;

    for (uint32_t i = 0; i <= len; i++) {
        if (i < len && p[i] != '.')
            continue;
        if (i - from > INFO_LABEL_MAX)
            return false;
        out[(*at)++] = (uint8_t)(i - from);
        memcpy(out + *at, p + from, i - from);
        *at += i - from;
        from = i + 1;
        labels++;
    }
    out[(*at)++] = 0;
    if (labels == 1)
        out[(*at)++] = 0;
    return true;
}

static bool info_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    struct address address;

    if (part->call != NULL || part->bytes == NULL) {
        *problem = "it takes an address or a name in quotes";
        return false;
    }
    *len = 0;
    if (address_parse((const char *)part->bytes, part->len, &address)) {
        address_to_bytes(&address, out);
        *len = address.family == 4 ? 4 : 16;
    } else if (part->len > 0 && part->bytes[part->len - 1] == 0) { // encoded already
        memcpy(out, part->bytes, part->len);
        *len = part->len;
    } else if (!info_name_encode(part->bytes, part->len, out, len)) {
        *problem = "a label is longer than 63 bytes";
        return false;
    }
    return true;
}

// Whether the bytes are labels to their end.
static bool info_is_name(const uint8_t *p, uint32_t len)
{
    uint32_t at = 0;

    while (at < len && p[at] != 0)
        at += 1u + p[at];
    return at > 0 && at < len && len - at <= 2 && p[len - 1] == 0;
}

static void info_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                       struct text *text)
{
    char buffer[ADDRESS_TEXT_MAX];

    (void)message;
    (void)message_len;
    if ((len == 16 || len == 4) && !info_is_name(p, len)) {
        struct address address = address_from_bytes(len == 4 ? 4 : 6, p);

        address_format(&address, buffer);
        text_add(text, "'%s'", buffer);
        return;
    }
    for (uint32_t at = 0; at < len && p[at] != 0;) {
        uint32_t label = p[at] > len - at - 1 ? len - at - 1 : p[at];

        text_add(text, "%s", at == 0 ? "" : ".");
        text_add_safely(text, p + at + 1, label);
        at += 1 + label;
    }
}

static const struct codec info_data = {.name = "address or name", .encode = info_encode, .print = info_print};

// ---- tables

// clang-format off
#define INFO_FIELDS(type_, code_, codes_, filled_, qtype_, flags_)                                                  \
    ICMPV6_TYPE_FIELD(type_),                                                                                       \
    {"code", 8, FIELD_NUMBER, .preset = (code_), .names = (codes_), .filled = (filled_), .meaning = "what kind of it"}, \
    ICMPV6_CKSUM_FIELD,                                                                                             \
    {"qtype", 16, FIELD_NUMBER, .preset = (qtype_), .names = info_types, .meaning = "what is asked for"},           \
    {"unused", 10, FIELD_NUMBER, .meaning = "0"},                                                                   \
    {"flags", 6, FIELD_FLAGS, .preset = (flags_), .letters = "TACLSG", .meaning = "which addresses"},               \
    {"nonce", 64, FIELD_BYTES, .meaning = "echoed"}
#define INFO_QUERY_FIELDS(qtype, flags)                                                                             \
    {INFO_FIELDS(INFO_QUERY, 0, info_query_codes, AUTO_COMPUTED, qtype, flags),                                     \
     {"data", 0, FIELD_CODED, .codec = &info_data, .preset_bytes = "\0\0", .preset_len = 3, .meaning = "whom it is about"}}
#define INFO_REPLY_FIELDS(code, qtype)                                                                              \
    {INFO_FIELDS(INFO_REPLY, code, info_reply_codes, AUTO_NO, qtype, 0),                                            \
     {"data", 0, FIELD_BYTES, .meaning = "times to live and addresses or names, as bytes"}}
// clang-format on

static const struct field_desc icmpv6_ni_query_noop_fields[] = INFO_QUERY_FIELDS(0, 0);
static const struct field_desc icmpv6_ni_query_name_fields[] = INFO_QUERY_FIELDS(2, 0);
static const struct field_desc icmpv6_ni_query_ipv6_fields[] = INFO_QUERY_FIELDS(3, 0x3e);
static const struct field_desc icmpv6_ni_query_ipv4_fields[] = INFO_QUERY_FIELDS(4, 0);
static const struct field_desc icmpv6_ni_reply_noop_fields[] = INFO_REPLY_FIELDS(0, 0);
static const struct field_desc icmpv6_ni_reply_name_fields[] = INFO_REPLY_FIELDS(0, 2);
static const struct field_desc icmpv6_ni_reply_ipv6_fields[] = INFO_REPLY_FIELDS(0, 3);
static const struct field_desc icmpv6_ni_reply_ipv4_fields[] = INFO_REPLY_FIELDS(0, 4);
static const struct field_desc icmpv6_ni_reply_refuse_fields[] = INFO_REPLY_FIELDS(1, 0);
static const struct field_desc icmpv6_ni_reply_unknown_fields[] = INFO_REPLY_FIELDS(2, 0);

static enum layer_id info_query_dispatch(const uint8_t *p, uint32_t avail)
{
    static const uint8_t layers[] = {LAYER_ICMPV6_NI_QUERY_NOOP, LAYER_RAW, LAYER_ICMPV6_NI_QUERY_NAME,
                                     LAYER_ICMPV6_NI_QUERY_IPV6, LAYER_ICMPV6_NI_QUERY_IPV4};
    uint16_t type = avail < INFO_QTYPE_AT + 2 ? UINT16_MAX : get16(p + INFO_QTYPE_AT);

    return type < sizeof(layers) ? (enum layer_id)layers[type] : LAYER_RAW;
}

static enum layer_id info_reply_dispatch(const uint8_t *p, uint32_t avail)
{
    static const uint8_t layers[] = {LAYER_ICMPV6_NI_REPLY_NAME, LAYER_ICMPV6_NI_REPLY_IPV6,
                                     LAYER_ICMPV6_NI_REPLY_IPV4};
    uint16_t type = avail < INFO_QTYPE_AT + 2 ? UINT16_MAX : get16(p + INFO_QTYPE_AT);

    if (avail < INFO_QTYPE_AT + 2 || p[1] > 2)
        return LAYER_RAW;
    if (p[1] != 0)
        return p[1] == 1 ? LAYER_ICMPV6_NI_REPLY_REFUSE : LAYER_ICMPV6_NI_REPLY_UNKNOWN;
    return type >= 2 && type <= 4 ? (enum layer_id)layers[type - 2] : LAYER_ICMPV6_NI_REPLY_NOOP;
}

// A query's code says what the data is.
static void info_query_finish(struct build *build, struct build_layer *layer)
{
    const uint8_t *p = build->bytes + layer->at.bit[INFO_DATA] / 8;
    uint32_t len = layer->at.bits[INFO_DATA] / 8;
    bool address = (len == 4 || len == 16) && !info_is_name(p, len);

    if (!build_is_set(layer, ICMPV6_CODE))
        build_put(build, layer, ICMPV6_CODE, !address ? INFO_NAME : len == 4 ? INFO_IPV4 : INFO_IPV6);
    icmpv6_finish(build, layer);
}

static bool info_has_nonce(const struct view *view, unsigned i)
{
    return view->layers[i].header_bytes >= INFO_BYTES;
}

static bool info_is_query(uint8_t id)
{
    return id == LAYER_ICMPV6_NI_QUERY_NOOP || id == LAYER_ICMPV6_NI_QUERY_NAME ||
           id == LAYER_ICMPV6_NI_QUERY_IPV6 || id == LAYER_ICMPV6_NI_QUERY_IPV4;
}

static bool info_is_reply(uint8_t id)
{
    return id >= LAYER_ICMPV6_NI_REPLY_NOOP && id <= LAYER_ICMPV6_NI_REPLY_UNKNOWN;
}

static void info_flow_key(const struct view *view, unsigned i, enum flow_role role,
                          const struct answer_rules *rules, struct flow_key *key)
{
    bool any = rules->scapy && !rules->hashed && role != FLOW_STIMULUS && info_is_query(view->layers[i].id);

    if (info_has_nonce(view, i) && !any)
        flow_key_add(key, get64(view_header(view, i) + INFO_NONCE_AT));
}

// The nonce comes back (RFC 4620 4).
static bool info_reply_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                               const struct answer_rules *rules)
{
    if (answers_quote(r, ri, rules))
        return icmpv6_answers(r, ri, s, si, rules);
    // Scapy takes the nonce of whatever layer has one.
    while (rules->scapy && si < s->n && !info_is_query(s->layers[si].id) && !info_is_reply(s->layers[si].id))
        si++;
    return si < s->n && (rules->scapy || info_is_query(s->layers[si].id)) && info_has_nonce(r, ri) &&
           info_has_nonce(s, si) &&
           get64(view_header(r, ri) + INFO_NONCE_AT) == get64(view_header(s, si) + INFO_NONCE_AT);
}

// One layer of a kind is announced by its type, and tells which the bytes really are.
static const struct binding info_query_read[] = {ICMPV6_ON_IPV6(INFO_QUERY), {0}};
static const struct binding info_reply_read[] = {ICMPV6_ON_IPV6(INFO_REPLY), {0}};
static const struct binding info_build[] = {
    {.lower = LAYER_IPV6, .field = "nh", .value = 58, .use = BINDING_BUILD}, {0}};

#define INFO_LAYER(symbol, name_, title_, meaning_, bindings_, ...)                                          \
    const struct layer_desc layer_icmpv6_ni_##symbol = {.name = "ICMPv6NI" name_,                            \
                                                        .title = "ICMPv6 Node Information " title_,          \
                                                        .meaning = meaning_ " (RFC 4620)",                   \
                                                        .bindings = bindings_,                               \
                                                        .fields = icmpv6_ni_##symbol##_fields,               \
                                                        .n_fields = ARRAY_SIZE(icmpv6_ni_##symbol##_fields), \
                                                        .flow_key = info_flow_key,                           \
                                                        __VA_ARGS__}
#define INFO_QUERIES .finish = info_query_finish, .answers = icmpv6_answers
#define INFO_REPLIES .finish = icmpv6_finish, .answers = info_reply_answers

INFO_LAYER(query_noop, "QueryNOOP", "Query - NOOP Query", "node information is asked for: nothing",
           info_query_read, INFO_QUERIES, .dispatch = info_query_dispatch);
INFO_LAYER(query_name, "QueryName", "Query - IPv6 Name Query", "node information is asked for: a name",
           info_build, INFO_QUERIES);
INFO_LAYER(query_ipv6, "QueryIPv6", "Query - IPv6 Address Query",
           "node information is asked for: IPv6 addresses", info_build, INFO_QUERIES);
INFO_LAYER(query_ipv4, "QueryIPv4", "Query - IPv4 Address Query",
           "node information is asked for: IPv4 addresses", info_build, INFO_QUERIES);
INFO_LAYER(reply_noop, "ReplyNOOP", "Reply - NOOP Reply", "node information: nothing", info_reply_read,
           INFO_REPLIES, .dispatch = info_reply_dispatch);
INFO_LAYER(reply_name, "ReplyName", "Reply - Node Names", "node information: names", info_build,
           INFO_REPLIES);
INFO_LAYER(reply_ipv6, "ReplyIPv6", "Reply - IPv6 addresses", "node information: IPv6 addresses", info_build,
           INFO_REPLIES);
INFO_LAYER(reply_ipv4, "ReplyIPv4", "Reply - IPv4 addresses", "node information: IPv4 addresses", info_build,
           INFO_REPLIES);
INFO_LAYER(reply_refuse, "ReplyRefuse", "Reply - Responder refuses to supply answer",
           "node information is refused", info_build, INFO_REPLIES);
INFO_LAYER(reply_unknown, "ReplyUnknown", "Reply - Qtype unknown to the responder",
           "the kind of node information is unknown", info_build, INFO_REPLIES);
