// GPRS Tunnelling Protocol, version 1: headers of the user plane (3GPP TS 29.281) and the control plane (3GPP TS 29.060).
#include "packet/layers/gtp.h"

#include "packet/bytes.h"

enum {
    GTP_VERSION,
    GTP_PT,
    GTP_RESERVED,
    GTP_E,
    GTP_S,
    GTP_PN,
    GTP_TYPE,
    GTP_LENGTH,
    GTP_TEID,
    GTP_SEQ,
    GTP_NPDU,
    GTP_NEXT_EX
};
enum {
    GTP_ECHO_REQUEST = 1,
    GTP_ECHO_RESPONSE = 2,
    GTP_ERROR_INDICATION = 26,
    GTP_SUPPORTED_EXTENSIONS = 31,
    GTP_END_MARKER = 254,
    GTP_PDU = 255,
};
enum { GTP_EX_UDP_PORT = 64, GTP_EX_PDU_SESSION = 0x85, GTP_EX_PDCP_PDU = 192 };
enum { GTP_BYTES = 8, GTP_LONG_BYTES = 12, GTP_SEQ_AT = 8, GTP_FLAGS_ESPN = 7 };

static const struct name gtp_types[] = {
    {1, "echo_request"},
    {2, "echo_response"},
    {16, "create_pdp_context_req"},
    {17, "create_pdp_context_res"},
    {18, "update_pdp_context_req"},
    {19, "update_pdp_context_resp"},
    {20, "delete_pdp_context_req"},
    {21, "delete_pdp_context_res"},
    {26, "error_indication"},
    {27, "pdu_notification_req"},
    {31, "supported_extension_headers_notification"},
    {254, "end_marker"},
    {255, "g_pdu"},
    {0, NULL},
};

const struct name gtp_extensions[] = {
    {0, "No more extension headers"},
    {1, "Reserved"},
    {2, "Reserved"},
    {64, "UDP Port"},
    {133, "PDU Session Container"},
    {192, "PDCP PDU Number"},
    {193, "Reserved"},
    {194, "Reserved"},
    {0, NULL},
};

static bool gtp_is_long(const struct fields *at)
{
    return fields_get(at, GTP_E) != 0 || fields_get(at, GTP_S) != 0 || fields_get(at, GTP_PN) != 0;
}

static const struct field_desc gtp_fields[] = {
    {"version", 3, FIELD_NUMBER, .preset = 1, .meaning = "1"},
    {"PT", 1, FIELD_NUMBER, .preset = 1, .meaning = "1: GTP, 0: GTP'"},
    {"reserved", 1, FIELD_NUMBER, .meaning = "reserved"},
    {"E", 1, FIELD_NUMBER, .layout = true, .meaning = "next_ex is meant"},
    {"S", 1, FIELD_NUMBER, .layout = true, .meaning = "seq is meant"},
    {"PN", 1, FIELD_NUMBER, .layout = true, .meaning = "npdu is meant"},
    {"gtp_type", 8, FIELD_NUMBER, .names = gtp_types, .meaning = "message"},
    {"length", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_ALL, .plus = -GTP_BYTES},
     .meaning = "all behind teid, in bytes"},
    {"teid", 32, FIELD_NUMBER, .meaning = "the receiver's number of the tunnel"},
    {"seq", 16, FIELD_NUMBER, .hex = true, .present = gtp_is_long, .meaning = "sequence number; echoed"},
    {"npdu", 8, FIELD_NUMBER, .present = gtp_is_long, .meaning = "N-PDU number"},
    {"next_ex", 8, FIELD_NUMBER, .names = gtp_extensions, .present = gtp_is_long,
     .meaning = "the next extension header's type"},
};

static const struct binding gtp_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = 2123, .more = {{.field = "sport", .value = 2123}}},
    {.lower = LAYER_UDP, .field = "sport", .value = 2123, .use = BINDING_READ},
    {0},
};

static const struct binding gtp_u_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = 2152, .more = {{.field = "sport", .value = 2152}}},
    {.lower = LAYER_UDP, .field = "sport", .value = 2152, .use = BINDING_READ},
    {0},
};

// A user's packet is one on the control plane's port as well. Version 2 is another protocol.
static enum layer_id gtp_dispatch(const uint8_t *p, uint32_t avail)
{
    if (avail >= 1 && p[0] >> 5 == 2)
        return LAYER_RAW;
    bool user =
        avail >= GTP_BYTES && (p[1] == GTP_ERROR_INDICATION || p[1] == GTP_END_MARKER || p[1] == GTP_PDU);
    return user ? LAYER_GTP_U_HEADER : LAYER_GTP_HEADER;
}

static enum layer_id gtp_extension(const struct fields *at)
{
    switch (fields_get(at, GTP_NEXT_EX)) {
    case GTP_EX_UDP_PORT:
        return LAYER_GTP_UDP_PORT;
    case GTP_EX_PDCP_PDU:
        return LAYER_GTP_PDCP_PDU;
    default:
        return LAYER_RAW;
    }
}

static enum layer_id gtp_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    bool s = fields_get(at, GTP_S) != 0;

    (void)payload;
    (void)len;
    switch (fields_get(at, GTP_TYPE)) {
    case GTP_ECHO_REQUEST:
        if (s)
            return LAYER_GTP_ECHO_REQUEST;
        break;
    case GTP_ECHO_RESPONSE:
        if (s)
            return LAYER_GTP_ECHO_RESPONSE;
        break;
    case GTP_SUPPORTED_EXTENSIONS:
        if (s)
            return LAYER_GTP_SUPPORTED_EXTENSIONS;
        break;
    }
    return fields_get(at, GTP_E) != 0 ? gtp_extension(at) : LAYER_RAW;
}

enum layer_id gtp_user_packet(const uint8_t *payload)
{
    if (payload[0] >= 0x45 && payload[0] <= 0x4e)
        return LAYER_IP;
    return payload[0] >> 4 == 6 ? LAYER_IPV6 : LAYER_PPP;
}

static enum layer_id gtp_u_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    uint64_t type = fields_get(at, GTP_TYPE);

    if (fields_get(at, GTP_E) != 0 && fields_get(at, GTP_NEXT_EX) == GTP_EX_PDU_SESSION)
        return LAYER_GTP_PDU_SESSION;
    if (fields_get(at, GTP_E) == 0 && type == GTP_PDU)
        return gtp_user_packet(payload);
    if (type == GTP_ERROR_INDICATION && fields_get(at, GTP_S) != 0)
        return LAYER_GTP_ERROR_INDICATION;
    return gtp_next(at, payload, len);
}

// 0 if there is none: a header cut short in a quote, or one that does not number.
static uint16_t gtp_seq(const struct view *view, unsigned i)
{
    const uint8_t *p = view_header(view, i);
    uint16_t bytes = view->layers[i].header_bytes;

    return bytes >= GTP_LONG_BYTES && (p[0] & GTP_FLAGS_ESPN) != 0 ? get16(p + GTP_SEQ_AT) : 0;
}

// Each end numbers its tunnels itself, so that teid is not compared.
static bool gtp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                        const struct answer_rules *rules)
{
    bool is_gtp =
        si < s->n && (s->layers[si].id == LAYER_GTP_HEADER || s->layers[si].id == LAYER_GTP_U_HEADER);

    return is_gtp && r->layers[ri].header_bytes >= GTP_BYTES && s->layers[si].header_bytes >= GTP_BYTES &&
           view_header(r, ri)[0] >> 5 == view_header(s, si)[0] >> 5 &&
           ((rules->scapy && gtp_seq(r, ri) == 0) || gtp_seq(r, ri) == gtp_seq(s, si)) &&
           answers(r, ri + 1, s, si + 1, rules);
}

static void gtp_flow_key(const struct view *view, unsigned i, enum flow_role role,
                         const struct answer_rules *rules, struct flow_key *key)
{
    (void)role;
    if (!rules->hashed)
        return;
    flow_key_add(key, view_header(view, i)[0] >> 5);
    if (gtp_seq(view, i) != 0)
        flow_key_add(key, gtp_seq(view, i));
}

#define GTP_LAYER(symbol, name_, title_, meaning_, ...)                           \
    const struct layer_desc layer_##symbol = {.name = name_,                      \
                                              .title = title_,                    \
                                              .meaning = meaning_,                \
                                              .fields = gtp_fields,               \
                                              .n_fields = ARRAY_SIZE(gtp_fields), \
                                              .flow_key = gtp_flow_key,           \
                                              .answers = gtp_answers,             \
                                              __VA_ARGS__}

GTP_LAYER(gtp_header, "GTPHeader", "GTP-C Header", "GTP, control plane (3GPP TS 29.060)",
          .bindings = gtp_bindings, .dispatch = gtp_dispatch, .next = gtp_next);
GTP_LAYER(gtp_u_header, "GTP_U_Header", "GTP-U Header", "GTP, user plane (3GPP TS 29.281)",
          .alias = LAYER_GTP_HEADER, .bindings = gtp_u_bindings, .next = gtp_u_next);
