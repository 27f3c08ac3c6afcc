// Parameters of SCTP's chunks (RFC 9260 3.2.1, RFC 3758, RFC 4895, RFC 5061): type, length, value, zeros up to a 32-bit word.
#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/sctp.h"

const struct name sctp_param_types[] = {
    {1, "heartbeat-info"},
    {5, "IPv4"},
    {6, "IPv6"},
    {7, "state-cookie"},
    {8, "unrecognized-param"},
    {9, "cookie-preservative"},
    {11, "hostname"},
    {12, "addrtypes"},
    {0x8000, "ecn-capable"},
    {0x8002, "random"},
    {0x8003, "chunk-list"},
    {0x8004, "requested-HMAC-functions"},
    {0x8008, "supported-extensions"},
    {0xc000, "fwd-tsn-supported"},
    {0xc001, "add-IP"},
    {0xc002, "del-IP"},
    {0xc003, "error-indication"},
    {0xc004, "set-primary-addr"},
    {0xc005, "success-indication"},
    {0xc006, "adaptation-layer"},
    {0, NULL},
};

static const struct name sctp_hmac_functions[] = {
    {0, "Reserved1"}, {1, "SHA-1"}, {2, "Reserved2"}, {3, "SHA-256"}, {0, NULL}};

static uint8_t sctp_param_which(const uint8_t *p, uint32_t avail)
{
    static const struct {
        uint16_t type;
        uint8_t layer;
    } params[] = {
        {1, LAYER_SCTP_HEARTBEAT_INFO},
        {5, LAYER_SCTP_IPV4_ADDR},
        {6, LAYER_SCTP_IPV6_ADDR},
        {7, LAYER_SCTP_STATE_COOKIE},
        {8, LAYER_SCTP_UNRECOGNIZED_PARAM},
        {9, LAYER_SCTP_COOKIE_PRESERVATIVE},
        {11, LAYER_SCTP_HOSTNAME},
        {12, LAYER_SCTP_SUPPORTED_ADDR_TYPES},
        {0x8000, LAYER_SCTP_ECN_CAPABLE},
        {0x8002, LAYER_SCTP_RANDOM},
        {0x8003, LAYER_SCTP_CHUNK_LIST},
        {0x8004, LAYER_SCTP_REQUESTED_HMAC_FUNCTIONS},
        {0x8008, LAYER_SCTP_SUPPORTED_EXTENSIONS},
        {0xc000, LAYER_SCTP_FWD_TSN},
        {0xc001, LAYER_SCTP_ADD_IP_ADDR},
        {0xc002, LAYER_SCTP_DEL_IP_ADDR},
        {0xc003, LAYER_SCTP_ERROR_INDICATION},
        {0xc004, LAYER_SCTP_SET_PRIMARY_ADDR},
        {0xc005, LAYER_SCTP_SUCCESS_INDICATION},
        {0xc006, LAYER_SCTP_ADAPTATION_LAYER},
    };

    for (unsigned k = 0; avail >= 4 && k < ARRAY_SIZE(params); k++) {
        if (params[k].type == get16(p))
            return params[k].layer;
    }
    return LAYER_NONE;
}

const struct packets_desc sctp_params = {.preset = LAYER_NONE, .which = sctp_param_which};

// clang-format off
#define PARAM_TYPE(type_) \
    {"type", 16, FIELD_NUMBER, .preset = (type_), .names = sctp_param_types, .meaning = "which parameter"}
#define PARAM_LEN(before)                                                                  \
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,                                     \
     .length = {.of = LENGTH_FIELD, .field = PARAM_VALUE + ((before) - 4) / 4, .plus = (before)}, \
     .meaning = "of the parameter, in bytes"}
#define PARAM_FIXED_LEN(bytes) {"len", 16, FIELD_NUMBER, .preset = (bytes), .meaning = "of the parameter, in bytes"}

#define PARAM(symbol, name_, meaning_)              \
    const struct layer_desc layer_##symbol = {      \
        .name = name_,                              \
        .meaning = meaning_,                        \
        .fields = symbol##_fields,                  \
        .n_fields = ARRAY_SIZE(symbol##_fields),    \
    }
// clang-format on

enum { PARAM_VALUE = 2 };

// ---- a string of bytes

#define PARAM_BYTES(symbol, type, field, name_, meaning_)                 \
    static const struct field_desc symbol##_fields[] = {                  \
        PARAM_TYPE(type),                                                 \
        PARAM_LEN(4),                                                     \
        {field, 0, FIELD_BYTES, .aligned = true, .meaning = "the value"}, \
    };                                                                    \
    PARAM(symbol, name_, meaning_)

PARAM_BYTES(sctp_heartbeat_info, 1, "data", "SCTPChunkParamHeartbeatInfo",
            "in a heartbeat: what is to be echoed");
PARAM_BYTES(sctp_state_cookie, 7, "cookie", "SCTPChunkParamStateCookie",
            "in an INIT ACK: the state, to be returned");
PARAM_BYTES(sctp_unrecognized_param, 8, "param", "SCTPChunkParamUnrocognizedParam",
            "in an INIT ACK: a parameter that was not understood");
PARAM_BYTES(sctp_hostname, 11, "hostname", "SCTPChunkParamHostname", "in an INIT: the sender's host name");

// 32 zeros instead of Scapy's random bytes.
static const struct field_desc sctp_random_fields[] = {
    PARAM_TYPE(0x8002),
    PARAM_LEN(4),
    {"random", 0, FIELD_BYTES, .aligned = true,
     .preset_bytes = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", .preset_len = 32,
     .meaning = "a random number"},
};
PARAM(sctp_random, "SCTPChunkParamRandom", "for authentication: a random number (RFC 4895 3.1)");

static const struct field_desc sctp_error_indication_fields[] = {
    PARAM_TYPE(0xc003),
    PARAM_LEN(8),
    {"correlation_id", 32, FIELD_NUMBER, .hex = true, .meaning = "of the request"},
    {"error_causes", 0, FIELD_BYTES, .aligned = true, .meaning = "what is wrong"},
};
PARAM(sctp_error_indication, "SCTPChunkParamErrorIndication",
      "a change of addresses failed (RFC 5061 4.2.3)");

// ---- lists of numbers

CODEC_NUMBERS(static const, sctp_types_list, 16, sctp_param_types, "address type");
CODEC_NUMBERS(static const, sctp_hmac_list, 16, sctp_hmac_functions, "HMAC function");
CODEC_NUMBERS(static const, sctp_chunks_list, 8, sctp_chunk_types, "chunk type");

#define PARAM_LIST(symbol, type, field, codec_, preset_, name_, meaning_)                       \
    static const struct field_desc symbol##_fields[] = {                                        \
        PARAM_TYPE(type),                                                                       \
        PARAM_LEN(4),                                                                           \
        {field, 0, FIELD_CODED, .aligned = true, .codec = &(codec_), .preset_bytes = (preset_), \
         .preset_len = sizeof(preset_) - 1, .meaning = "the list"},                             \
    };                                                                                          \
    PARAM(symbol, name_, meaning_)

PARAM_LIST(sctp_supported_addr_types, 12, "addr_type_list", sctp_types_list, "\0\5",
           "SCTPChunkParamSupportedAddrTypes", "in an INIT: kinds of addresses the sender takes");
PARAM_LIST(sctp_chunk_list, 0x8003, "chunk_list", sctp_chunks_list, "", "SCTPChunkParamChunkList",
           "chunks that must be authenticated (RFC 4895 3.2)");
PARAM_LIST(sctp_requested_hmac_functions, 0x8004, "HMAC_functions_list", sctp_hmac_list, "\0\1",
           "SCTPChunkParamRequestedHMACFunctions", "HMACs the sender takes (RFC 4895 3.3)");
PARAM_LIST(sctp_supported_extensions, 0x8008, "supported_extensions", sctp_chunks_list, "\x0f\xc1\x80",
           "SCTPChunkParamSupportedExtensions", "chunks of extensions the sender takes (RFC 5061 4.2.7)");

// ---- addresses

static const struct field_desc sctp_ipv4_addr_fields[] = {
    PARAM_TYPE(5),
    PARAM_FIXED_LEN(8),
    {"addr", 32, FIELD_IPV4, .preset = 0x7f000001, .meaning = "the address"},
};
PARAM(sctp_ipv4_addr, "SCTPChunkParamIPv4Addr", "one of the sender's addresses");

static const struct field_desc sctp_ipv6_addr_fields[] = {
    PARAM_TYPE(6),
    PARAM_FIXED_LEN(20),
    {"addr", 128, FIELD_IPV6, .preset = 1, .meaning = "the address"},
};
PARAM(sctp_ipv6_addr, "SCTPChunkParamIPv6Addr", "one of the sender's addresses");

enum { ADDRESS_TYPE = 3 };

static bool sctp_address_is_ipv4(const struct fields *at)
{
    return fields_get(at, ADDRESS_TYPE) == 5;
}

static bool sctp_address_is_ipv6(const struct fields *at)
{
    return fields_get(at, ADDRESS_TYPE) == 6;
}

static bool sctp_address_is_other(const struct fields *at)
{
    return !sctp_address_is_ipv4(at) && !sctp_address_is_ipv6(at);
}

// The address is a parameter in the parameter.
// clang-format off
#define PARAM_ADDRESS(symbol, type, name_, meaning_)                                                                \
    static const struct field_desc symbol##_fields[] = {                                                            \
        PARAM_TYPE(type),                                                                                           \
        {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_HEADER},                         \
         .meaning = "of the parameter, in bytes"},                                                                  \
        {"correlation_id", 32, FIELD_NUMBER, .hex = true, .meaning = "echoed"},                                                  \
        {"addr_type", 16, FIELD_NUMBER, .layout = true, .preset = 5, .names = sctp_param_types,                     \
         .meaning = "IPv4 or IPv6"},                                                                                \
        {"addr_len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_HEADER, .plus = -8},        \
         .meaning = "of addr and 4"},                                                                               \
        {"addr", 32, FIELD_IPV4, .preset = 0x7f000001, .present = sctp_address_is_ipv4, .meaning = "the address"},  \
        {"addr", 128, FIELD_IPV6, .preset = 1, .present = sctp_address_is_ipv6, .meaning = "the address"},          \
        {"addr", 0, FIELD_BYTES, .present = sctp_address_is_other, .meaning = "the address"},                       \
    };                                                                                                              \
    PARAM(symbol, name_, meaning_)
// clang-format on

PARAM_ADDRESS(sctp_add_ip_addr, 0xc001, "SCTPChunkParamAddIPAddr", "an address to be added (RFC 5061 4.2.1)");
PARAM_ADDRESS(sctp_del_ip_addr, 0xc002, "SCTPChunkParamDelIPAddr",
              "an address to be deleted (RFC 5061 4.2.2)");
PARAM_ADDRESS(sctp_set_primary_addr, 0xc004, "SCTPChunkParamSetPrimaryAddr",
              "the address to be used (RFC 5061 4.2.4)");

// ---- a number, or nothing

#define PARAM_NUMBER(symbol, type, field, name_, meaning_)               \
    static const struct field_desc symbol##_fields[] = {                 \
        PARAM_TYPE(type),                                                \
        PARAM_FIXED_LEN(8),                                              \
        {field, 32, FIELD_NUMBER, .hex = true, .meaning = "the number"}, \
    };                                                                   \
    PARAM(symbol, name_, meaning_)
#define PARAM_EMPTY(symbol, type, name_, meaning_)                                             \
    static const struct field_desc symbol##_fields[] = {PARAM_TYPE(type), PARAM_FIXED_LEN(4)}; \
    PARAM(symbol, name_, meaning_)

PARAM_NUMBER(sctp_cookie_preservative, 9, "sug_cookie_inc", "SCTPChunkParamCookiePreservative",
             "in an INIT: how much longer the cookie should live, ms");
PARAM_NUMBER(sctp_success_indication, 0xc005, "correlation_id", "SCTPChunkParamSuccessIndication",
             "a change of addresses was made (RFC 5061 4.2.5)");
PARAM_NUMBER(sctp_adaptation_layer, 0xc006, "indication", "SCTPChunkParamAdaptationLayer",
             "what runs above (RFC 5061 4.2.6)");
PARAM_EMPTY(sctp_ecn_capable, 0x8000, "SCTPChunkParamECNCapable", "the sender understands ECN");
PARAM_EMPTY(sctp_fwd_tsn, 0xc000, "SCTPChunkParamFwdTSN",
            "the sender understands FORWARD TSN (RFC 3758 3.1)");
