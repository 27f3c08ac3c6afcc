// Simple Network Management Protocol, versions 1 and 2c (RFC 1157, RFC 3416), by the basic encoding rules of ASN.1.
#include "packet/codec_asn1.h"

enum { SNMP_TAG, SNMP_LENGTH, SNMP_VERSION, SNMP_COMMUNITY, SNMP_PDU };
enum { PDU_TAG, PDU_LENGTH, PDU_ID };
enum { PDU_GET = 0xa0, PDU_NEXT, PDU_RESPONSE, PDU_SET, PDU_TRAP_V1, PDU_BULK, PDU_INFORM, PDU_TRAP_V2 };

static const struct name snmp_versions[] = {{0, "v1"}, {1, "v2c"}, {2, "v2"}, {3, "v3"}, {0, NULL}};

static const struct name snmp_errors[] = {
    {0, "no_error"},
    {1, "too_big"},
    {2, "no_such_name"},
    {3, "bad_value"},
    {4, "read_only"},
    {5, "generic_error"},
    {6, "no_access"},
    {7, "wrong_type"},
    {8, "wrong_length"},
    {9, "wrong_encoding"},
    {10, "wrong_value"},
    {11, "no_creation"},
    {12, "inconsistent_value"},
    {13, "resource_unavailable"},
    {14, "commit_failed"},
    {15, "undo_failed"},
    {16, "authorization_error"},
    {17, "not_writable"},
    {18, "inconsistent_name"},
    {0, NULL},
};

static const struct name snmp_traps[] = {
    {0, "cold_start"},   {1, "warm_start"},     {2, "link_down"},           {3, "link_up"},
    {4, "auth_failure"}, {5, "egp_neigh_loss"}, {6, "enterprise_specific"}, {0, NULL},
};

// Integers with names.
#define SNMP_CODEC(symbol, names, name_)                                                                     \
    static bool symbol##_encode(const struct codec_part *part, uint8_t *out, uint32_t *len,                  \
                                const char **problem)                                                        \
    {                                                                                                        \
        return codec_asn1_named(part, names, out, len, problem);                                             \
    }                                                                                                        \
    static uint32_t symbol##_extent(const uint8_t *p, uint32_t avail)                                        \
    {                                                                                                        \
        return codec_asn1_extent(ASN1_INTEGER, p, avail);                                                    \
    }                                                                                                        \
    static void symbol##_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len, \
                               struct text *text)                                                            \
    {                                                                                                        \
        (void)message;                                                                                       \
        (void)message_len;                                                                                   \
        codec_asn1_print_named(names, p, len, text);                                                         \
    }                                                                                                        \
    static const struct codec symbol = {                                                                     \
        .name = name_, .encode = symbol##_encode, .extent = symbol##_extent, .print = symbol##_print}

SNMP_CODEC(snmp_version, snmp_versions, "version");
SNMP_CODEC(snmp_error, snmp_errors, "error");
SNMP_CODEC(snmp_trap, snmp_traps, "kind of trap");

// ---- fields

// clang-format off
#define SNMP_SEQUENCE(tag_name, length_name, tag_)                                                                  \
    {tag_name, 8, FIELD_NUMBER, .preset = (tag_), .meaning = "tag"},                                                \
    {length_name, 0, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_REST, .ber = true},             \
     .meaning = "bytes of what follows"}

#define SNMP_INTEGER(name_, codec_, meaning_)                                                                       \
    {name_, 0, FIELD_CODED, .codec = (codec_), .preset_bytes = "\2\1\0", .preset_len = 3, .meaning = meaning_}

#define SNMP_VARIABLES                                                                                              \
    SNMP_SEQUENCE("_list_tag", "_list_len", ASN1_SEQUENCE),                                                         \
    {"varbindlist", 0, FIELD_PACKETS, .packets = &snmp_variables, .meaning = "[SNMPvarbind(oid=\"1.3.6\"),...]"}

#define SNMP_ERRORS(tag_)                                                                                           \
    {                                                                                                               \
        SNMP_SEQUENCE("_tag", "_len", tag_),                                                                        \
        SNMP_INTEGER("id", &codec_asn1_integer, "echoed"),                                                          \
        SNMP_INTEGER("error", &snmp_error, "what went wrong"),                                                      \
        SNMP_INTEGER("error_index", &codec_asn1_integer, "with which variable"),                                    \
        SNMP_VARIABLES,                                                                                             \
    }

#define SNMP_LAYER(symbol, name_, meaning_)                                                                         \
    const struct layer_desc layer_##symbol = {                                                                      \
        .name = name_,                                                                                              \
        .meaning = meaning_,                                                                                        \
        .fields = symbol##_fields,                                                                                  \
        .n_fields = ARRAY_SIZE(symbol##_fields),                                                                    \
    }
// clang-format on

static uint8_t snmp_which_variable(const uint8_t *p, uint32_t avail)
{
    return avail == 0 || p[0] != ASN1_SEQUENCE ? LAYER_NONE : LAYER_SNMP_VARBIND;
}

static uint8_t snmp_which_pdu(const uint8_t *p, uint32_t avail)
{
    static const uint8_t layers[] = {LAYER_SNMP_GET,    LAYER_SNMP_NEXT,    LAYER_SNMP_RESPONSE,
                                     LAYER_SNMP_SET,    LAYER_SNMP_TRAP_V1, LAYER_SNMP_BULK,
                                     LAYER_SNMP_INFORM, LAYER_SNMP_TRAP_V2};

    return avail == 0 || p[0] < PDU_GET || p[0] > PDU_TRAP_V2 ? LAYER_NONE : layers[p[0] - PDU_GET];
}

static const struct packets_desc snmp_variables = {.which = snmp_which_variable};
static const struct packets_desc snmp_pdus = {
    .preset = LAYER_SNMP_GET, .single = true, .which = snmp_which_pdu};

static const struct field_desc snmp_fields[] = {
    SNMP_SEQUENCE("_tag", "_len", ASN1_SEQUENCE),
    {"version", 0, FIELD_CODED, .codec = &snmp_version, .preset_bytes = "\2\1\1", .preset_len = 3,
     .meaning = "version"},
    {"community", 0, FIELD_CODED, .codec = &codec_asn1_string, .preset_bytes = "\4\6public", .preset_len = 8,
     .meaning = "what the agent lets in"},
    {"PDU", 0, FIELD_PACKETS, .packets = &snmp_pdus, .meaning = "SNMPget(...), SNMPnext(...), ..."},
};

static const struct field_desc snmp_varbind_fields[] = {
    SNMP_SEQUENCE("_tag", "_len", ASN1_SEQUENCE),
    {"oid", 0, FIELD_CODED, .codec = &codec_asn1_oid, .preset_bytes = "\6\1\x2b", .preset_len = 3,
     .meaning = "variable"},
    {"value", 0, FIELD_CODED, .codec = &codec_asn1_any, .preset_bytes = "\5", .preset_len = 2,
     .meaning = "a string, a number, ASN1_OID(...), ..."},
};

static const struct field_desc snmp_get_fields[] = SNMP_ERRORS(PDU_GET);
static const struct field_desc snmp_next_fields[] = SNMP_ERRORS(PDU_NEXT);
static const struct field_desc snmp_response_fields[] = SNMP_ERRORS(PDU_RESPONSE);
static const struct field_desc snmp_set_fields[] = SNMP_ERRORS(PDU_SET);
static const struct field_desc snmp_inform_fields[] = SNMP_ERRORS(PDU_INFORM);
static const struct field_desc snmp_trap_v2_fields[] = SNMP_ERRORS(PDU_TRAP_V2);

static const struct field_desc snmp_bulk_fields[] = {
    SNMP_SEQUENCE("_tag", "_len", PDU_BULK),
    SNMP_INTEGER("id", &codec_asn1_integer, "echoed"),
    SNMP_INTEGER("non_repeaters", &codec_asn1_integer, "variables that are asked for once"),
    SNMP_INTEGER("max_repetitions", &codec_asn1_integer, "how often the others are"),
    SNMP_VARIABLES,
};

static const struct field_desc snmp_trap_v1_fields[] = {
    SNMP_SEQUENCE("_tag", "_len", PDU_TRAP_V1),
    {"enterprise", 0, FIELD_CODED, .codec = &codec_asn1_oid, .preset_bytes = "\6\1\x2b", .preset_len = 3,
     .meaning = "kind of agent"},
    {"agent_addr", 0, FIELD_CODED, .codec = &codec_asn1_ipv4, .preset_bytes = "\x40\4\0\0\0", .preset_len = 6,
     .meaning = "agent's address"},
    SNMP_INTEGER("generic_trap", &snmp_trap, "what happened"),
    SNMP_INTEGER("specific_trap", &codec_asn1_integer, "more exactly"),
    {"time_stamp", 0, FIELD_CODED, .codec = &codec_asn1_time, .preset_bytes = "\x43\1\0", .preset_len = 3,
     .meaning = "hundredths of a second since the agent's start"},
    SNMP_VARIABLES,
};

// ---- the layer

// clang-format off
#define SNMP_READ(field_, port) {.lower = LAYER_UDP, .field = field_, .value = (port), .use = BINDING_READ}
// clang-format on

static const struct binding snmp_bindings[] = {
    {.lower = LAYER_UDP, .field = "sport", .value = 161, .more = {{.field = "dport", .value = 161}}},
    SNMP_READ("dport", 161),
    SNMP_READ("sport", 162),
    SNMP_READ("dport", 162),
    {0},
};

// The request's tag and id; false: there is none.
static bool snmp_request(const struct view *view, unsigned i, uint8_t *tag, int64_t *id)
{
    const struct view_layer *layer = &view->layers[i];
    struct fields at = {
        .bytes = view->bytes, .start = layer->start, .end = (uint32_t)layer->start + layer->header_bytes};
    const uint8_t *contents;
    uint32_t n;
    uint8_t pdu;

    if (!fields_place(&at, &layer_snmp, 0))
        return false;
    uint32_t from = at.bit[SNMP_PDU] / 8,
             len = fields_element(&at, &layer_snmp, SNMP_PDU, from, at.end, 0, &pdu);
    if (len == 0 || pdu == LAYER_SNMP_TRAP_V1)
        return false;
    struct fields inner = {.bytes = view->bytes, .start = from, .end = from + len};
    if (!fields_place(&inner, layer_get((enum layer_id)pdu), 1) ||
        !codec_asn1_contents(inner.bytes + inner.bit[PDU_ID] / 8, inner.bits[PDU_ID] / 8, &contents, &n))
        return false;
    *tag = view->bytes[from];
    *id = codec_asn1_number(contents, n);
    return true;
}

// RFC 3416 4.2.4. As in Scapy, requests are get, getnext and set.
static bool snmp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    uint8_t r_tag, s_tag;
    int64_t r_id, s_id;

    (void)rules;
    return si < s->n && s->layers[si].id == LAYER_SNMP && snmp_request(r, ri, &r_tag, &r_id) &&
           snmp_request(s, si, &s_tag, &s_id) && r_tag == PDU_RESPONSE &&
           (s_tag == PDU_GET || s_tag == PDU_NEXT || s_tag == PDU_SET) && r_id == s_id;
}

const struct layer_desc layer_snmp = {
    .name = "SNMP",
    .meaning = "Simple Network Management Protocol (RFC 3416)",
    .bindings = snmp_bindings,
    .fields = snmp_fields,
    .n_fields = ARRAY_SIZE(snmp_fields),
    .answers = snmp_answers,
};

SNMP_LAYER(snmp_varbind, "SNMPvarbind", "variable and value in a message of SNMP");
SNMP_LAYER(snmp_get, "SNMPget", "request of variables (RFC 3416 4.2.1)");
SNMP_LAYER(snmp_next, "SNMPnext", "request of the variables behind some (RFC 3416 4.2.2)");
SNMP_LAYER(snmp_bulk, "SNMPbulk", "request of many variables (RFC 3416 4.2.3)");
SNMP_LAYER(snmp_response, "SNMPresponse", "response (RFC 3416 4.2.4)");
SNMP_LAYER(snmp_set, "SNMPset", "request to set variables (RFC 3416 4.2.5)");
SNMP_LAYER(snmp_trap_v1, "SNMPtrapv1", "trap of version 1 (RFC 1157 4.1.6)");
SNMP_LAYER(snmp_trap_v2, "SNMPtrapv2", "trap of version 2 (RFC 3416 4.2.6)");
SNMP_LAYER(snmp_inform, "SNMPinform", "trap that wants a response (RFC 3416 4.2.7)");
