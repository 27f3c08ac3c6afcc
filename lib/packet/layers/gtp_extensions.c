// GTP's extension headers (3GPP TS 29.281 5.2).
#include "packet/build.h"
#include "packet/layers/gtp.h"

enum {
    SESSION_EXT_HDR_LEN,
    SESSION_TYPE,
    SESSION_QMP,
    SESSION_DL_DELAY_IND,
    SESSION_UL_DELAY_IND,
    SESSION_SNP,
    SESSION_N3N9_DELAY_IND,
    SESSION_SPARE_UL1,
    SESSION_SPARE_DL1,
    SESSION_PPP,
    SESSION_NEXT = 23,
};

static bool session_is_down(const struct fields *at)
{
    return fields_get(at, SESSION_TYPE) == 0;
}

static bool session_is_up(const struct fields *at)
{
    return fields_get(at, SESSION_TYPE) == 1;
}

static bool session_down_ppi(const struct fields *at)
{
    return session_is_down(at) && fields_get(at, SESSION_PPP) != 0;
}

static bool session_down_time(const struct fields *at)
{
    return session_is_down(at) && fields_get(at, SESSION_QMP) != 0;
}

static bool session_down_seq(const struct fields *at)
{
    return session_is_down(at) && fields_get(at, SESSION_SNP) != 0;
}

static bool session_up_time(const struct fields *at)
{
    return session_is_up(at) && fields_get(at, SESSION_QMP) != 0;
}

static bool session_up_dl_delay(const struct fields *at)
{
    return session_is_up(at) && fields_get(at, SESSION_DL_DELAY_IND) != 0;
}

static bool session_up_ul_delay(const struct fields *at)
{
    return session_is_up(at) && fields_get(at, SESSION_UL_DELAY_IND) != 0;
}

static bool session_up_seq(const struct fields *at)
{
    return session_is_up(at) && fields_get(at, SESSION_SNP) != 0;
}

static bool session_up_n3n9_delay(const struct fields *at)
{
    return session_is_up(at) && fields_get(at, SESSION_N3N9_DELAY_IND) != 0;
}

static bool session_is_last(const struct fields *at)
{
    return fields_get(at, SESSION_NEXT) == 0;
}

// To a whole 32-bit word.
static uint16_t session_padding_bits(const struct fields *at)
{
    uint32_t end = at->bit[SESSION_NEXT] + at->bits[SESSION_NEXT] - at->start * 8;

    return (uint16_t)(-end % 32);
}

static const struct name session_types[] = {
    {0, "DL PDU SESSION INFORMATION"}, {1, "UL PDU SESSION INFORMATION"}, {0, NULL}};

static const struct field_desc session_fields[] = {
    {"ExtHdrLen", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .meaning = "header, in 32-bit words"},
    {"type", 4, FIELD_NUMBER, .layout = true, .names = session_types, .meaning = "0: downlink, 1: uplink"},
    {"QMP", 1, FIELD_NUMBER, .layout = true, .meaning = "monitoring: times are there"},
    {"dlDelayInd", 1, FIELD_NUMBER, .layout = true, .present = session_is_up,
     .meaning = "dlDelayRslt is there"},
    {"ulDelayInd", 1, FIELD_NUMBER, .layout = true, .present = session_is_up,
     .meaning = "ulDelayRslt is there"},
    {"SNP", 1, FIELD_NUMBER, .layout = true, .meaning = "a sequence number is there"},
    {"N3N9DelayInd", 1, FIELD_NUMBER, .layout = true, .present = session_is_up,
     .meaning = "N3N9DelayRslt is there"},
    {"spareUl1", 1, FIELD_NUMBER, .hex = true, .present = session_is_up, .meaning = "spare"},
    {"spareDl1", 2, FIELD_NUMBER, .hex = true, .present = session_is_down, .meaning = "spare"},
    {"PPP", 1, FIELD_NUMBER, .layout = true, .present = session_is_down, .meaning = "PPI is there"},
    {"RQI", 1, FIELD_NUMBER, .present = session_is_down, .meaning = "reflective QoS"},
    {"QFI", 6, FIELD_NUMBER, .meaning = "QoS flow"},
    {"PPI", 3, FIELD_NUMBER, .hex = true, .present = session_down_ppi, .meaning = "paging policy"},
    {"spareDl2", 5, FIELD_NUMBER, .hex = true, .present = session_down_ppi, .meaning = "spare"},
    {"dlSendTime", 64, FIELD_NUMBER, .hex = true, .present = session_down_time, .meaning = "NTP time"},
    {"dlQFISeqNum", 24, FIELD_NUMBER, .hex = true, .present = session_down_seq,
     .meaning = "sequence number in the flow"},
    {"dlSendTimeRpt", 64, FIELD_NUMBER, .hex = true, .present = session_up_time,
     .meaning = "dlSendTime of the downlink packet"},
    {"dlRecvTime", 64, FIELD_NUMBER, .hex = true, .present = session_up_time,
     .meaning = "when that was received"},
    {"ulSendTime", 64, FIELD_NUMBER, .hex = true, .present = session_up_time, .meaning = "NTP time"},
    {"dlDelayRslt", 32, FIELD_NUMBER, .hex = true, .present = session_up_dl_delay,
     .meaning = "downlink delay, in ms"},
    {"ulDelayRslt", 32, FIELD_NUMBER, .hex = true, .present = session_up_ul_delay,
     .meaning = "uplink delay, in ms"},
    {"UlQFISeqNum", 24, FIELD_NUMBER, .hex = true, .present = session_up_seq,
     .meaning = "sequence number in the flow"},
    {"N3N9DelayRslt", 32, FIELD_NUMBER, .hex = true, .present = session_up_n3n9_delay,
     .meaning = "delay on N3 and N9, in ms"},
    {"NextExtHdr", 8, FIELD_NUMBER, .layout = true, .names = gtp_extensions,
     .meaning = "the next extension header's type"},
    {"padding", 0, FIELD_BYTES, .present = session_is_last, .width = session_padding_bits,
     .meaning = "fills a 32-bit word"},
};

static const struct field_desc udp_port_fields[] = {
    {"length", 8, FIELD_NUMBER, .preset = 1, .meaning = "header, in 32-bit words"},
    {"udp_port", 16, FIELD_NUMBER, .meaning = "source port of what caused this"},
    {"next_ex", 8, FIELD_NUMBER, .names = gtp_extensions, .meaning = "the next extension header's type"},
};

static const struct field_desc pdcp_pdu_fields[] = {
    {"length", 8, FIELD_NUMBER, .preset = 1, .meaning = "header, in 32-bit words"},
    {"pdcp_pdu", 16, FIELD_NUMBER, .meaning = "PDCP's sequence number"},
    {"next_ex", 8, FIELD_NUMBER, .names = gtp_extensions, .meaning = "the next extension header's type"},
};

static const struct binding session_bindings[] = {
    {.lower = LAYER_GTP_U_HEADER,
     .field = "gtp_type",
     .value = 255,
     .more = {{.field = "E", .value = 1}, {.field = "next_ex", .value = 0x85}},
     .use = BINDING_BUILD},
    {0},
};

static const struct binding udp_port_bindings[] = {
    {.lower = LAYER_GTP_HEADER,
     .field = "next_ex",
     .value = 64,
     .more = {{.field = "E", .value = 1}},
     .use = BINDING_BUILD},
    {0},
};

static const struct binding pdcp_pdu_bindings[] = {
    {.lower = LAYER_GTP_HEADER,
     .field = "next_ex",
     .value = 192,
     .more = {{.field = "E", .value = 1}},
     .use = BINDING_BUILD},
    {0},
};

static enum layer_id session_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)len;
    return session_is_last(at) ? gtp_user_packet(payload) : LAYER_RAW;
}

static void session_finish(struct build *build, struct build_layer *layer)
{
    if (!build_is_set(layer, SESSION_EXT_HDR_LEN))
        build_put(build, layer, SESSION_EXT_HDR_LEN, layer->at.header_bytes / 4);
}

const struct layer_desc layer_gtp_pdu_session = {
    .name = "GTPPDUSessionContainer",
    .title = "GTP PDU Session Container",
    .meaning = "GTP's extension header of 5G (3GPP TS 38.415)",
    .bindings = session_bindings,
    .fields = session_fields,
    .n_fields = ARRAY_SIZE(session_fields),
    .next = session_next,
    .finish = session_finish,
};

const struct layer_desc layer_gtp_udp_port = {
    .name = "GTP_UDPPort_ExtensionHeader",
    .meaning = "GTP's extension header UDP port",
    .bindings = udp_port_bindings,
    .fields = udp_port_fields,
    .n_fields = ARRAY_SIZE(udp_port_fields),
};

const struct layer_desc layer_gtp_pdcp_pdu = {
    .name = "GTP_PDCP_PDU_ExtensionHeader",
    .meaning = "GTP's extension header PDCP PDU number",
    .bindings = pdcp_pdu_bindings,
    .fields = pdcp_pdu_fields,
    .n_fields = ARRAY_SIZE(pdcp_pdu_fields),
};
