// Messages of GTP's user plane and their information elements (3GPP TS 29.281 7, 8).
#include "packet/codec.h"
#include "packet/layers/gtp.h"

enum { IE_TYPE, IE_LENGTH, IE_DATA };
enum { IE_LONG = 128 }; // types from here on have a length
enum {
    IE_TYPE_RECOVERY = 14,
    IE_TYPE_TEIDI = 16,
    IE_TYPE_GSN_ADDRESS = 133,
    IE_TYPE_EXTENSION_HEADERS = 141
};

static const struct name ie_types[] = {
    {1, "Cause"},
    {2, "IMSI"},
    {3, "RAI"},
    {4, "TLLI"},
    {5, "P_TMSI"},
    {8, "IE_ReorderingRequired"},
    {14, "Recovery"},
    {15, "SelectionMode"},
    {16, "TEIDI"},
    {17, "TEICP"},
    {19, "TeardownInd"},
    {20, "NSAPI"},
    {26, "ChargingChrt"},
    {27, "TraceReference"},
    {28, "TraceType"},
    {127, "ChargingId"},
    {128, "EndUserAddress"},
    {131, "AccessPointName"},
    {132, "ProtocolConfigurationOptions"},
    {133, "GSNAddress"},
    {134, "MSInternationalNumber"},
    {135, "QoS"},
    {148, "CommonFlags"},
    {149, "APNRestriction"},
    {151, "RatType"},
    {152, "UserLocationInformation"},
    {153, "MSTimeZone"},
    {154, "IMEI"},
    {181, "MSInfoChangeReportingAction"},
    {184, "BearerControlMode"},
    {191, "EvolvedAllocationRetentionPriority"},
    {255, "PrivateExtention"},
    {0, NULL},
};

// ---- information elements

static bool gsn_is_ipv4(const struct fields *at)
{
    return fields_get(at, IE_LENGTH) == 4;
}

static bool gsn_is_ipv6(const struct fields *at)
{
    return fields_get(at, IE_LENGTH) == 16;
}

static const struct field_desc recovery_fields[] = {
    {"ietype", 8, FIELD_NUMBER, .preset = IE_TYPE_RECOVERY, .names = ie_types, .meaning = "14"},
    {"restart_counter", 8, FIELD_NUMBER, .preset = 24, .meaning = "how often the sender was started"},
};

static const struct field_desc teidi_fields[] = {
    {"ietype", 8, FIELD_NUMBER, .preset = IE_TYPE_TEIDI, .names = ie_types, .meaning = "16"},
    {"TEIDI", 32, FIELD_NUMBER, .hex = true, .meaning = "tunnel, of data"},
};

static const struct field_desc gsn_address_fields[] = {
    {"ietype", 8, FIELD_NUMBER, .preset = IE_TYPE_GSN_ADDRESS, .names = ie_types, .meaning = "133"},
    {"length", 16, FIELD_NUMBER, .layout = true, .meaning = "4 or 16: which address is there"},
    {"ipv4_address", 32, FIELD_IPV4, .present = gsn_is_ipv4, .meaning = "address"},
    {"ipv6_address", 128, FIELD_IPV6, .preset = 1, .present = gsn_is_ipv6, .meaning = "address"},
};

static const struct field_desc extension_headers_fields[] = {
    {"ietype", 8, FIELD_NUMBER, .preset = IE_TYPE_EXTENSION_HEADERS, .names = ie_types, .meaning = "141"},
    {"length", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_FIELD, .field = IE_DATA},
     .meaning = "list, in bytes"},
    {"extension_headers", 0, FIELD_CODED, .codec = &codec_u8_list, .preset_bytes = "\x40\xc0",
     .preset_len = 2, .meaning = "types of extension headers"},
};

static const struct field_desc tlv_fields[] = {
    {"ietype", 8, FIELD_NUMBER, .names = ie_types, .meaning = "type"},
    {"length", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_FIELD, .field = IE_DATA},
     .meaning = "data, in bytes"},
    {"data", 0, FIELD_BYTES, .meaning = "value"},
};

#define IE_LAYER(symbol, name_, title_, meaning_, fields_) \
    const struct layer_desc layer_##symbol = {             \
        .name = name_,                                     \
        .title = title_,                                   \
        .meaning = meaning_,                               \
        .fields = fields_,                                 \
        .n_fields = ARRAY_SIZE(fields_),                   \
    }

IE_LAYER(ie_recovery, "IE_Recovery", "Recovery", "GTP's element restart counter", recovery_fields);
IE_LAYER(ie_teidi, "IE_TEIDI", "Tunnel Endpoint Identifier Data", "GTP's element tunnel", teidi_fields);
IE_LAYER(ie_gsn_address, "IE_GSNAddress", "GSN Address", "GTP's element address", gsn_address_fields);
IE_LAYER(ie_extension_headers, "IE_ExtensionHeaderList", "Extension Header List",
         "GTP's element list of extension headers", extension_headers_fields);
IE_LAYER(ie_tlv, "IE_NotImplementedTLV", "IE not implemented", "any element of GTP that has a length",
         tlv_fields);

// ---- messages

static uint8_t messages_which(const uint8_t *p, uint32_t avail)
{
    (void)avail;
    switch (p[0]) {
    case IE_TYPE_RECOVERY:
        return LAYER_IE_RECOVERY;
    case IE_TYPE_TEIDI:
        return LAYER_IE_TEIDI;
    case IE_TYPE_GSN_ADDRESS:
        return LAYER_IE_GSN_ADDRESS;
    case IE_TYPE_EXTENSION_HEADERS:
        return LAYER_IE_EXTENSION_HEADERS;
    default:
        return p[0] >= IE_LONG ? LAYER_IE_TLV : LAYER_NONE;
    }
}

static const struct packets_desc messages_packets = {.which = messages_which};
static const struct packets_desc extensions_packets = {.which = messages_which,
                                                       .preset = LAYER_IE_EXTENSION_HEADERS};

static const struct field_desc message_fields[] = {
    {"IE_list", 0, FIELD_PACKETS, .packets = &messages_packets,
     .meaning = "information elements: IE_Recovery(...)"},
};

static const struct field_desc supported_fields[] = {
    {"IE_list", 0, FIELD_PACKETS, .packets = &extensions_packets,
     .meaning = "information elements: IE_ExtensionHeaderList(...)"},
};

static const struct binding echo_request_bindings[] = {
    {.lower = LAYER_GTP_HEADER,
     .field = "gtp_type",
     .value = 1,
     .more = {{.field = "S", .value = 1}},
     .use = BINDING_BUILD},
    {0},
};

static const struct binding echo_response_bindings[] = {
    {.lower = LAYER_GTP_HEADER,
     .field = "gtp_type",
     .value = 2,
     .more = {{.field = "S", .value = 1}},
     .use = BINDING_BUILD},
    {0},
};

static const struct binding error_bindings[] = {
    {.lower = LAYER_GTP_U_HEADER,
     .field = "gtp_type",
     .value = 26,
     .more = {{.field = "S", .value = 1}},
     .use = BINDING_BUILD},
    {0},
};

static const struct binding supported_bindings[] = {
    {.lower = LAYER_GTP_HEADER,
     .field = "gtp_type",
     .value = 31,
     .more = {{.field = "S", .value = 1}},
     .use = BINDING_BUILD},
    {0},
};

// An echo request has no bytes of its own, so that only the header's type tells it from nothing; which Scapy does not look at.
static bool echo_response_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                  const struct answer_rules *rules)
{
    (void)r;
    (void)ri;
    if (rules->scapy)
        return si < s->n && s->layers[si].id == LAYER_GTP_ECHO_REQUEST;
    return si > 0 &&
           (s->layers[si - 1].id == LAYER_GTP_HEADER || s->layers[si - 1].id == LAYER_GTP_U_HEADER) &&
           s->layers[si - 1].header_bytes > 1 && view_header(s, si - 1)[1] == 1;
}

const struct layer_desc layer_gtp_echo_request = {
    .name = "GTPEchoRequest",
    .title = "GTP Echo Request",
    .meaning = "asks whether the other end is alive",
    .bindings = echo_request_bindings,
};

const struct layer_desc layer_gtp_echo_response = {
    .name = "GTPEchoResponse",
    .title = "GTP Echo Response",
    .meaning = "answers GTPEchoRequest",
    .bindings = echo_response_bindings,
    .fields = message_fields,
    .n_fields = ARRAY_SIZE(message_fields),
    .answers = echo_response_answers,
};

const struct layer_desc layer_gtp_error_indication = {
    .name = "GTPErrorIndication",
    .title = "GTP Error Indication",
    .meaning = "no such tunnel",
    .bindings = error_bindings,
    .fields = message_fields,
    .n_fields = ARRAY_SIZE(message_fields),
};

const struct layer_desc layer_gtp_supported_extensions = {
    .name = "GTPSupportedExtensionHeadersNotification",
    .title = "GTP Supported Extension Headers Notification",
    .meaning = "which extension headers are understood",
    .bindings = supported_bindings,
    .fields = supported_fields,
    .n_fields = ARRAY_SIZE(supported_fields),
};
