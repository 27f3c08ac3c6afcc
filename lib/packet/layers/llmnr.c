// Link-local multicast name resolution (RFC 4795): DNS's form, flags of its own.
#include "packet/layers/dns.h"

#include "packet/bytes.h"

enum {
    LLMNR_ID,
    LLMNR_QR,
    LLMNR_OPCODE,
    LLMNR_C,
    LLMNR_TC,
    LLMNR_T,
    LLMNR_Z,
    LLMNR_RCODE,
    LLMNR_QDCOUNT,
    LLMNR_ANCOUNT,
    LLMNR_NSCOUNT,
    LLMNR_ARCOUNT,
    LLMNR_QD,
    LLMNR_AN
};
enum { LLMNR_PORT = 5355 };

static const struct name llmnr_opcodes[] = {{0, "QUERY"}, {0, NULL}};

// clang-format off
#define LLMNR_FIELDS(qr_)                                                                                           \
    {                                                                                                               \
        {"id", 16, FIELD_NUMBER, .meaning = "echoed"},                                                              \
        {"qr", 1, FIELD_NUMBER, .preset = (qr_), .meaning = "1: a response"},                                       \
        {"opcode", 4, FIELD_NUMBER, .names = llmnr_opcodes, .meaning = "kind of query"},                            \
        {"c", 1, FIELD_NUMBER, .meaning = "several hosts have the name"},                                           \
        {"tc", 1, FIELD_NUMBER, .meaning = "the message is truncated"},                                             \
        {"t", 1, FIELD_NUMBER, .meaning = "the name is not known to be unique yet"},                                \
        {"z", 4, FIELD_NUMBER, .meaning = "0"},                                                                     \
        DNS_SECTIONS(LLMNR_QD, &dns_no_questions),                                                                  \
    }
// clang-format on

static const struct field_desc llmnr_query_fields[] = LLMNR_FIELDS(0);
static const struct field_desc llmnr_response_fields[] = LLMNR_FIELDS(1);

static const struct binding llmnr_query_bindings[] = {
    {.lower = LAYER_UDP,
     .field = "sport",
     .value = LLMNR_PORT,
     .more = {{.field = "dport", .value = LLMNR_PORT}}},
    {.lower = LAYER_UDP, .field = "dport", .value = LLMNR_PORT, .use = BINDING_READ},
    {0},
};

static const struct binding llmnr_response_bindings[] = {
    {.lower = LAYER_UDP,
     .field = "sport",
     .value = LLMNR_PORT,
     .use = BINDING_BUILD,
     .more = {{.field = "dport", .value = LLMNR_PORT}}},
    {0},
};

static enum layer_id llmnr_dispatch(const uint8_t *p, uint32_t avail)
{
    return avail > 2 && (p[2] & 0x80) != 0 ? LAYER_LLMNR_RESPONSE : LAYER_LLMNR_QUERY;
}

// A name without marks; what is no ASCII is escaped.
static void llmnr_name_text(const struct dns_first *of, struct text *text)
{
    uint8_t name[256];
    uint32_t len = codec_dns_name_read(of->message, of->message_len,
                                       of->at.bytes + of->at.bit[DNSRR_RRNAME] / 8, name, sizeof(name));

    for (uint32_t i = 0; i < len; i++)
        text_add(text, name[i] >= ' ' && name[i] < 0x7f ? "%c" : "\\x%02x", name[i]);
}

static bool llmnr_summary(const struct view *view, unsigned i, const struct services *services,
                          struct text *text)
{
    bool response = view_header(view, i)[2] >> 7;
    struct dns_first first;

    (void)services;
    text_add(text, "%s", layer_get((enum layer_id)view->layers[i].id)->name);
    if (!dns_first(view, i, response ? LLMNR_AN : LLMNR_QD, &first) ||
        first.id != (response ? LAYER_DNSRR : LAYER_DNSQR)) {
        text_add(text, " [malformed]");
        return true;
    }
    text_add(text, response ? " '" : " who has '");
    llmnr_name_text(&first, text);
    text_add(text, "'");
    if (response) {
        text_add(text, " is at '");
        dns_data_text(&first, text);
        text_add(text, "'");
    }
    return true;
}

static bool llmnr_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                          const struct answer_rules *rules)
{
    // Scapy has no rule for queries, so that one answers another.
    if (rules->scapy && r->layers[ri].id == LAYER_LLMNR_QUERY)
        return si < s->n && s->layers[si].id == LAYER_LLMNR_QUERY && answers(r, ri + 1, s, si + 1, rules);
    if (r->layers[ri].id != LAYER_LLMNR_RESPONSE || si >= s->n ||
        (s->layers[si].id != LAYER_LLMNR_QUERY && s->layers[si].id != LAYER_LLMNR_RESPONSE) ||
        r->layers[ri].header_bytes < 12 || s->layers[si].header_bytes < 12)
        return false;
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    return get16(rp) == get16(sp) && (rp[2] & 0x80) != 0 && (sp[2] & 0x80) == 0;
}

static void llmnr_flow_key(const struct view *view, unsigned i, enum flow_role role,
                           const struct answer_rules *rules, struct flow_key *key)
{
    (void)role;
    if (rules->hashed && view->layers[i].header_bytes >= 2)
        flow_key_add(key, get16(view_header(view, i)));
}

const struct layer_desc layer_llmnr_query = {
    .name = "LLMNRQuery",
    .title = "Link Local Multicast Node Resolution - Query",
    .meaning = "query of link-local name resolution (RFC 4795)",
    .bindings = llmnr_query_bindings,
    .fields = llmnr_query_fields,
    .n_fields = ARRAY_SIZE(llmnr_query_fields),
    .dispatch = llmnr_dispatch,
    .summary = llmnr_summary,
    .summary_beside = LAYER_UDP,
    .flow_key = llmnr_flow_key,
    .answers = llmnr_answers,
};

const struct layer_desc layer_llmnr_response = {
    .name = "LLMNRResponse",
    .title = "Link Local Multicast Node Resolution - Response",
    .meaning = "response of link-local name resolution (RFC 4795)",
    .bindings = llmnr_response_bindings,
    .fields = llmnr_response_fields,
    .n_fields = ARRAY_SIZE(llmnr_response_fields),
    .summary = llmnr_summary,
    .summary_beside = LAYER_UDP,
    .flow_key = llmnr_flow_key,
    .answers = llmnr_answers,
};
