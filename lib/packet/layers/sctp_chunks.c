// SCTP's chunks (RFC 9260 3.3, RFC 4895, RFC 5061). Their lengths do not count the zeros that fill the last 32-bit word.
#include "packet/codec.h"
#include "packet/layers/sctp.h"

#include <string.h>

const struct name sctp_chunk_types[] = {
    {0, "data"},
    {1, "init"},
    {2, "init-ack"},
    {3, "sack"},
    {4, "heartbeat-req"},
    {5, "heartbeat-ack"},
    {6, "abort"},
    {7, "shutdown"},
    {8, "shutdown-ack"},
    {9, "error"},
    {10, "cookie-echo"},
    {11, "cookie-ack"},
    {14, "shutdown-complete"},
    {15, "authentication"},
    {0x80, "address-configuration-ack"},
    {0xc1, "address-configuration"},
    {0, NULL},
};

// IANA's payload protocol identifiers, by Scapy's names.
// clang-format off
static const struct name sctp_payload_protocols[] = {
    {0, "Reserved"}, {1, "IUA"}, {2, "M2UA"}, {3, "M3UA"}, {4, "SUA"}, {5, "M2PA"}, {6, "V5UA"}, {7, "H.248"},
    {8, "BICC/Q.2150.3"}, {9, "TALI"}, {10, "DUA"}, {11, "ASAP"}, {12, "ENRP"}, {13, "H.323"},
    {14, "Q.IPC/Q.2150.3"}, {15, "SIMCO"}, {16, "DDP Segment Chunk"}, {17, "DDP Stream Session Control"},
    {18, "S1AP"}, {19, "RUA"}, {20, "HNBAP"}, {21, "ForCES-HP"}, {22, "ForCES-MP"}, {23, "ForCES-LP"},
    {24, "SBc-AP"}, {25, "NBAP"}, {26, "Unassigned"}, {27, "X2AP"}, {28, "IRCP"},
    {29, "LCS-AP"}, {30, "MPICH2"}, {31, "SABP"}, {32, "FGP"}, {33, "PPP"}, {34, "CALCAPP"}, {35, "SSP"},
    {36, "NPMP-CONTROL"}, {37, "NPMP-DATA"}, {38, "ECHO"}, {39, "DISCARD"}, {40, "DAYTIME"}, {41, "CHARGEN"},
    {42, "3GPP RNA"}, {43, "3GPP M2AP"}, {44, "3GPP M3AP"}, {45, "SSH/SCTP"}, {46, "Diameter/SCTP"},
    {47, "Diameter/DTLS/SCTP"}, {48, "R14P"}, {49, "Unassigned"}, {50, "WebRTC DCEP"}, {51, "WebRTC String"},
    {52, "WebRTC Binary Partial"}, {53, "WebRTC Binary"}, {54, "WebRTC String Partial"}, {55, "3GPP PUA"},
    {56, "WebRTC String Empty"}, {57, "WebRTC Binary Empty"}, {0, NULL},
};

#define CHUNK_TYPE(type_) \
    {"type", 8, FIELD_NUMBER, .preset = (type_), .names = sctp_chunk_types, .meaning = "which chunk"}
#define CHUNK_FLAGS {"flags", 8, FIELD_NUMBER, .hex = true, .meaning = "the chunk's own"}
// The length of a chunk whose variable part is the field `measured`, behind `before` bytes.
#define CHUNK_LEN(measured, before)                                                              \
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,                                           \
     .length = {.of = LENGTH_FIELD, .field = (measured), .plus = (before)}, .meaning = "of the chunk, in bytes"}
#define CHUNK_FIXED_LEN(bytes) {"len", 16, FIELD_NUMBER, .preset = (bytes), .meaning = "of the chunk, in bytes"}
#define CHUNK_BYTES(name_, meaning_) {name_, 0, FIELD_BYTES, .aligned = true, .meaning = meaning_}
#define CHUNK_PARAMS {"params", 0, FIELD_PACKETS, .packets = &sctp_params, .meaning = "SCTPChunkParam...() packets"}
#define CHUNK_TCB {"TCB", 1, FIELD_NUMBER, .meaning = "the tag is the sender's own, reflected"}

#define CHUNK(symbol, name_, meaning_, fields_)                     \
    const struct layer_desc layer_##symbol = {                      \
        .name = name_,                                              \
        .meaning = meaning_,                                        \
        .fields = fields_,                                          \
        .n_fields = ARRAY_SIZE(fields_),                            \
        .next = sctp_next_chunk,                                    \
    }
// clang-format on

// ---- data and its acknowledgement

enum { DATA_DATA = 11, DATA_BYTES = 16 };

static const struct field_desc sctp_data_fields[] = {
    CHUNK_TYPE(0),
    {"reserved", 4, FIELD_NUMBER, .meaning = "0"},
    {"delay_sack", 1, FIELD_NUMBER, .meaning = "the SACK should come at once (RFC 7053)"},
    {"unordered", 1, FIELD_NUMBER, .meaning = "stream_seq does not count"},
    {"beginning", 1, FIELD_NUMBER, .meaning = "first fragment of a message"},
    {"ending", 1, FIELD_NUMBER, .meaning = "last fragment of a message"},
    CHUNK_LEN(DATA_DATA, DATA_BYTES),
    {"tsn", 32, FIELD_NUMBER, .hex = true, .meaning = "transmission sequence number"},
    {"stream_id", 16, FIELD_NUMBER, .hex = true, .meaning = "stream"},
    {"stream_seq", 16, FIELD_NUMBER, .hex = true, .meaning = "of the message in the stream"},
    {"proto_id", 32, FIELD_NUMBER, .names = sctp_payload_protocols, .meaning = "payload protocol identifier"},
    CHUNK_BYTES("data", "user data"),
};
CHUNK(sctp_data, "SCTPChunkData", "SCTP: user data (RFC 9260 3.3.1)", sctp_data_fields);

// "from:to", as offsets from the cumulative acknowledgement.
static bool sctp_gap_number(const struct codec_part *part, uint32_t *at, uint8_t *out)
{
    uint32_t value = 0, digits = 0;

    for (; *at < part->len && part->bytes[*at] >= '0' && part->bytes[*at] <= '9' && digits < 6; digits++)
        value = value * 10 + (part->bytes[(*at)++] - '0');
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return digits > 0 && value <= UINT16_MAX;
}

static bool sctp_gap_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    uint32_t at = 0;

    *problem = "it takes strings like \"2:5\"";
    *len = 4;
    return part->call == NULL && part->bytes != NULL && sctp_gap_number(part, &at, out) && at < part->len &&
           part->bytes[at++] == ':' && sctp_gap_number(part, &at, out + 2) && at == part->len;
}

static uint32_t sctp_gap_extent(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail < 4 ? UINT32_MAX : 4;
}

static void sctp_gap_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                           struct text *text)
{
    (void)message;
    (void)message_len;
    text_add(text, "[");
    for (uint32_t i = 0; i + 4 <= len; i += 4)
        text_add(text, "%s'%u:%u'", i == 0 ? "" : ", ", p[i] << 8 | p[i + 1], p[i + 2] << 8 | p[i + 3]);
    text_add(text, "]");
}

static const struct codec sctp_gaps = {
    .name = "gap",
    .takes_list = true,
    .encode = sctp_gap_encode,
    .extent = sctp_gap_extent,
    .print = sctp_gap_print,
};

enum { SACK_GAPS = 7, SACK_DUPLICATES };

static const struct field_desc sctp_sack_fields[] = {
    CHUNK_TYPE(3),
    CHUNK_FLAGS,
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_HEADER},
     .meaning = "of the chunk, in bytes"},
    {"cumul_tsn_ack", 32, FIELD_NUMBER, .hex = true, .meaning = "the last TSN before the first gap"},
    {"a_rwnd", 32, FIELD_NUMBER, .meaning = "bytes the sender will take"},
    {"n_gap_ack", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = SACK_GAPS}, .meaning = "blocks in gap_ack_list"},
    {"n_dup_tsn", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = SACK_DUPLICATES}, .meaning = "TSNs in dup_tsn_list"},
    {"gap_ack_list", 0, FIELD_CODED, .codec = &sctp_gaps,
     .meaning = "what was received behind gaps: [\"2:5\"]"},
    {"dup_tsn_list", 0, FIELD_CODED, .codec = &codec_u32_list, .meaning = "what was received again"},
};
CHUNK(sctp_sack, "SCTPChunkSACK", "SCTP: selective acknowledgement (RFC 9260 3.3.4)", sctp_sack_fields);

// ---- setting up

enum { INIT_PARAMS = 8, INIT_BYTES = 20 };

// clang-format off
#define INIT_FIELDS(type)                                                                             \
    {                                                                                                 \
        CHUNK_TYPE(type),                                                                             \
        CHUNK_FLAGS,                                                                                  \
        CHUNK_LEN(INIT_PARAMS, INIT_BYTES),                                                           \
        {"init_tag", 32, FIELD_NUMBER, .hex = true, .meaning = "the tag that the other end must put into its headers"}, \
        {"a_rwnd", 32, FIELD_NUMBER, .meaning = "bytes the sender will take"},                        \
        {"n_out_streams", 16, FIELD_NUMBER, .meaning = "streams the sender wants to open"},           \
        {"n_in_streams", 16, FIELD_NUMBER, .meaning = "streams the sender lets the other end open"},  \
        {"init_tsn", 32, FIELD_NUMBER, .hex = true, .meaning = "the first TSN"},                                   \
        CHUNK_PARAMS,                                                                                 \
    }
// clang-format on

static const struct field_desc sctp_init_fields[] = INIT_FIELDS(1);
static const struct field_desc sctp_init_ack_fields[] = INIT_FIELDS(2);
CHUNK(sctp_init, "SCTPChunkInit", "SCTP: initiation (RFC 9260 3.3.2)", sctp_init_fields);
CHUNK(sctp_init_ack, "SCTPChunkInitAck", "SCTP: initiation's acknowledgement (RFC 9260 3.3.3)",
      sctp_init_ack_fields);

static const struct field_desc sctp_cookie_echo_fields[] = {
    CHUNK_TYPE(10), CHUNK_FLAGS, CHUNK_LEN(3, 4), CHUNK_BYTES("cookie", "the state cookie of the INIT ACK")};
static const struct field_desc sctp_cookie_ack_fields[] = {CHUNK_TYPE(11), CHUNK_FLAGS, CHUNK_FIXED_LEN(4)};
CHUNK(sctp_cookie_echo, "SCTPChunkCookieEcho", "SCTP: state cookie, returned (RFC 9260 3.3.11)",
      sctp_cookie_echo_fields);
CHUNK(sctp_cookie_ack, "SCTPChunkCookieAck", "SCTP: state cookie's acknowledgement (RFC 9260 3.3.12)",
      sctp_cookie_ack_fields);

// ---- heartbeats

static const struct field_desc sctp_heartbeat_req_fields[] = {CHUNK_TYPE(4), CHUNK_FLAGS, CHUNK_LEN(3, 4),
                                                              CHUNK_PARAMS};
static const struct field_desc sctp_heartbeat_ack_fields[] = {CHUNK_TYPE(5), CHUNK_FLAGS, CHUNK_LEN(3, 4),
                                                              CHUNK_PARAMS};
CHUNK(sctp_heartbeat_req, "SCTPChunkHeartbeatReq", "SCTP: heartbeat (RFC 9260 3.3.5)",
      sctp_heartbeat_req_fields);
CHUNK(sctp_heartbeat_ack, "SCTPChunkHeartbeatAck", "SCTP: heartbeat's acknowledgement (RFC 9260 3.3.6)",
      sctp_heartbeat_ack_fields);

// ---- ends and errors

static const struct field_desc sctp_abort_fields[] = {CHUNK_TYPE(6),
                                                      {"reserved", 7, FIELD_NUMBER, .meaning = "0"},
                                                      CHUNK_TCB,
                                                      CHUNK_LEN(4, 4),
                                                      CHUNK_BYTES("error_causes", "why")};
static const struct field_desc sctp_error_fields[] = {CHUNK_TYPE(9), CHUNK_FLAGS, CHUNK_LEN(3, 4),
                                                      CHUNK_BYTES("error_causes", "what is wrong")};
static const struct field_desc sctp_shutdown_fields[] = {
    CHUNK_TYPE(7),
    CHUNK_FLAGS,
    CHUNK_FIXED_LEN(8),
    {"cumul_tsn_ack", 32, FIELD_NUMBER, .hex = true, .meaning = "the last TSN before the first gap"}};
static const struct field_desc sctp_shutdown_ack_fields[] = {CHUNK_TYPE(8), CHUNK_FLAGS, CHUNK_FIXED_LEN(4)};
static const struct field_desc sctp_shutdown_complete_fields[] = {
    CHUNK_TYPE(14), {"reserved", 7, FIELD_NUMBER, .meaning = "0"}, CHUNK_TCB, CHUNK_FIXED_LEN(4)};
CHUNK(sctp_abort, "SCTPChunkAbort", "SCTP: abort (RFC 9260 3.3.7)", sctp_abort_fields);
CHUNK(sctp_error, "SCTPChunkError", "SCTP: operation error (RFC 9260 3.3.10)", sctp_error_fields);
CHUNK(sctp_shutdown, "SCTPChunkShutdown", "SCTP: shutdown (RFC 9260 3.3.8)", sctp_shutdown_fields);
CHUNK(sctp_shutdown_ack, "SCTPChunkShutdownAck", "SCTP: shutdown's acknowledgement (RFC 9260 3.3.9)",
      sctp_shutdown_ack_fields);
CHUNK(sctp_shutdown_complete, "SCTPChunkShutdownComplete", "SCTP: end of a shutdown (RFC 9260 3.3.13)",
      sctp_shutdown_complete_fields);

// ---- extensions

static const struct field_desc sctp_authentication_fields[] = {
    CHUNK_TYPE(15),
    CHUNK_FLAGS,
    CHUNK_LEN(5, 8),
    {"shared_key_id", 16, FIELD_NUMBER, .meaning = "which key"},
    {"HMAC_function", 16, FIELD_NUMBER, .meaning = "1: SHA-1; 3: SHA-256"},
    CHUNK_BYTES("HMAC", "over the chunks that follow"),
};
CHUNK(sctp_authentication, "SCTPChunkAuthentication", "SCTP: authentication (RFC 4895 4.1)",
      sctp_authentication_fields);

// clang-format off
#define ADDRESS_CONF_FIELDS(type)                                                 \
    {                                                                             \
        CHUNK_TYPE(type), CHUNK_FLAGS, CHUNK_LEN(4, 8),                           \
        {"seq", 32, FIELD_NUMBER, .meaning = "sequence number"}, CHUNK_PARAMS,    \
    }
// clang-format on

static const struct field_desc sctp_address_conf_fields[] = ADDRESS_CONF_FIELDS(0xc1);
static const struct field_desc sctp_address_conf_ack_fields[] = ADDRESS_CONF_FIELDS(0x80);
CHUNK(sctp_address_conf, "SCTPChunkAddressConf", "SCTP: change of addresses (RFC 5061 4.1.1)",
      sctp_address_conf_fields);
CHUNK(sctp_address_conf_ack, "SCTPChunkAddressConfAck",
      "SCTP: change of addresses, acknowledged (RFC 5061 4.1.2)", sctp_address_conf_ack_fields);
