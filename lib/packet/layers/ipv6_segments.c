// IPv6 segment routing header and its TLVs (RFC 8754 2).
#include "packet/codec.h"
#include "packet/layers/ipv6_ext.h"

enum { SEGMENTS_LEN = 1, SEGMENTS_SEGLEFT = 3, SEGMENTS_LASTENTRY = 4, SEGMENTS_ADDRESSES = 12 };
enum { TLV_PAD1 = 0, TLV_INGRESS = 1, TLV_EGRESS = 2, TLV_PADN = 4, TLV_HMAC = 5 };

static const struct name segments_tlv_types[] = {{0, "Pad1 TLV"},        {1, "Ingress Node TLV"},
                                                 {2, "Egress Node TLV"}, {4, "PadN TLV"},
                                                 {5, "HMAC TLV"},        {0, NULL}};

static uint8_t segments_tlv_which(const uint8_t *p, uint32_t avail)
{
    if (avail == 0)
        return LAYER_NONE;
    switch (p[0]) {
    case TLV_PAD1:
        return LAYER_IPV6_TLV_PAD1;
    case TLV_INGRESS:
        return LAYER_IPV6_TLV_INGRESS;
    case TLV_EGRESS:
        return LAYER_IPV6_TLV_EGRESS;
    case TLV_PADN:
        return LAYER_IPV6_TLV_PADN;
    case TLV_HMAC:
        return LAYER_IPV6_TLV_HMAC;
    default:
        return LAYER_IPV6_TLV;
    }
}

// The header ends at whole 64-bit words, unless the template says how long it is.
static uint32_t segments_pad(const struct fields *fields, uint8_t layer, uint32_t at, uint8_t *out)
{
    uint32_t pad = -at % 8;

    if (layer != LAYER_NONE || fields_get(fields, SEGMENTS_LEN) != 0)
        return 0;
    if (pad > 1) {
        out[0] = TLV_PADN;
        out[1] = (uint8_t)(pad - 2);
    }
    return pad;
}

static const struct packets_desc segments_tlvs = {
    .preset = LAYER_NONE, .which = segments_tlv_which, .pad = segments_pad};

static const struct field_desc ipv6_ext_segments_fields[] = {
    IPV6_EXT_NH,
    {"len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true,
     .length = {.of = LENGTH_HEADER, .unit = 8, .plus = -8},
     .meaning = "of the header in 64-bit words, less one"},
    {"type", 8, FIELD_NUMBER, .preset = 4, .meaning = "4"},
    {"segleft", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true,
     .meaning = "segments to be visited"},
    {"lastentry", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = SEGMENTS_ADDRESSES, .unit = 16, .plus = -16},
     .meaning = "index of the last address"},
    {"unused1", 1, FIELD_NUMBER, .meaning = "0"},
    {"protected", 1, FIELD_NUMBER, .meaning = "flag of a draft"},
    {"oam", 1, FIELD_NUMBER, .meaning = "flag of a draft"},
    {"alert", 1, FIELD_NUMBER, .meaning = "flag of a draft"},
    {"hmac", 1, FIELD_NUMBER, .meaning = "flag of a draft"},
    {"unused2", 3, FIELD_NUMBER, .meaning = "0"},
    {"tag", 16, FIELD_NUMBER, .meaning = "class of packets"},
    {"addresses", 0, FIELD_CODED, .codec = &codec_ipv6_list,
     .preset_bytes = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", .preset_len = 16,
     .meaning = "segments from the last to the first"},
    {"tlv_objects", 0, FIELD_PACKETS, .packets = &segments_tlvs, .meaning = "TLVs, padded to 64-bit words"},
};

static void ipv6_ext_segments_finish(struct build *build, struct build_layer *layer)
{
    uint32_t n = layer->at.bits[SEGMENTS_ADDRESSES] / 128;

    if (!build_is_set(layer, SEGMENTS_SEGLEFT))
        build_put(build, layer, SEGMENTS_SEGLEFT, n == 0 ? 0 : n - 1);
}

// Read as a routing header of that type, which knows it.
static const struct binding ipv6_ext_segments_bindings[] = {
    {.lower = LAYER_IPV6, .field = "nh", .value = 43, .use = BINDING_BUILD}, {0}};

const struct layer_desc layer_ipv6_ext_segments = {
    .name = "IPv6ExtHdrSegmentRouting",
    .title = "IPv6 Option Header Segment Routing",
    .meaning = "IPv6 segment routing header (RFC 8754)",
    .alias = LAYER_IPV6,
    .bindings = ipv6_ext_segments_bindings,
    .fields = ipv6_ext_segments_fields,
    .n_fields = ARRAY_SIZE(ipv6_ext_segments_fields),
    .finish = ipv6_ext_segments_finish,
};

// clang-format off
#define TLV_TYPE(type_) {"type", 8, FIELD_NUMBER, .preset = (type_), .names = segments_tlv_types, .meaning = "which TLV"}
#define TLV_LEN(bits, field_, plus_)                                                                       \
    {"len", bits, FIELD_NUMBER, .filled = AUTO_COMPUTED,                                                   \
     .length = {.of = LENGTH_FIELD, .field = (field_), .plus = (plus_)}, .meaning = "of what follows, in bytes"}
#define TLV_NODE(type_, field_)                                                                            \
    {                                                                                                      \
        TLV_TYPE(type_),                                                                                   \
        {"len", 8, FIELD_NUMBER, .preset = 18, .meaning = "of what follows, in bytes"},                    \
        {"reserved", 8, FIELD_NUMBER, .meaning = "0"},                                                     \
        {"flags", 8, FIELD_NUMBER, .meaning = "0"},                                                        \
        {field_, 128, FIELD_IPV6, .preset = 1, .meaning = "the node"},                                     \
    }
#define TLV(symbol, name_, title_, meaning_)                          \
    const struct layer_desc layer_##symbol = {                        \
        .name = "IPv6ExtHdrSegmentRoutingTLV" name_,                  \
        .title = "IPv6 Option Header Segment Routing - " title_ " TLV", \
        .meaning = meaning_,                                          \
        .fields = symbol##_fields,                                    \
        .n_fields = ARRAY_SIZE(symbol##_fields),                      \
    }
// clang-format on

static const struct field_desc ipv6_tlv_fields[] = {
    TLV_TYPE(0), TLV_LEN(8, 2, 0), {"value", 0, FIELD_BYTES, .meaning = "the value"}};
static const struct field_desc ipv6_tlv_ingress_fields[] = TLV_NODE(TLV_INGRESS, "ingress_node");
static const struct field_desc ipv6_tlv_egress_fields[] = TLV_NODE(TLV_EGRESS, "egress_node");
static const struct field_desc ipv6_tlv_pad1_fields[] = {TLV_TYPE(TLV_PAD1)};
static const struct field_desc ipv6_tlv_padn_fields[] = {
    TLV_TYPE(TLV_PADN),
    TLV_LEN(8, 2, 0),
    {"padding", 0, FIELD_BYTES, .preset_bytes = "", .preset_len = 1, .meaning = "zeros"},
};
// As Scapy has it: the length is of 16 bits and counts 48 more bytes than there are.
static const struct field_desc ipv6_tlv_hmac_fields[] = {
    TLV_TYPE(TLV_HMAC),
    TLV_LEN(16, 5, 48),
    {"D", 1, FIELD_NUMBER, .meaning = "the destination is not covered"},
    {"reserved", 15, FIELD_NUMBER, .meaning = "0"},
    {"hmackeyid", 32, FIELD_NUMBER, .meaning = "which key"},
    {"hmac", 0, FIELD_BYTES, .meaning = "the HMAC"},
};

TLV(ipv6_tlv, "", "Generic", "TLV of any type in an IPv6 segment routing header");
TLV(ipv6_tlv_ingress, "IngressNode", "Ingress Node", "where the packet came into the network");
TLV(ipv6_tlv_egress, "EgressNode", "Egress Node", "where the packet leaves the network");
TLV(ipv6_tlv_pad1, "Pad1", "Pad1", "one byte of padding (RFC 8754 2.1.1.1)");
TLV(ipv6_tlv_padn, "PadN", "PadN", "padding (RFC 8754 2.1.1.2)");
TLV(ipv6_tlv_hmac, "HMAC", "HMAC", "keyed checksum of the segments (RFC 8754 2.1.2)");
