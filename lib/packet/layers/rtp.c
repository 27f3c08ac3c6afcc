// Real-time Transport Protocol (RFC 3550 5.1). It has no port of its own: what is read is Raw.
#include "packet/codec.h"

enum { RTP_SYNC = 9, RTP_EXTENSION_HEADER = 2 };

// Of one name, the row that is meant when it is written comes first.
static const struct name rtp_payload_types[] = {
    {0, "G.711 PCMU"}, {3, "GSM"},   {4, "G723"},  {5, "DVI4"},   {6, "DVI4"},  {7, "LPC"},  {8, "PCMA"},
    {9, "G722"},       {10, "L16"},  {11, "L16"},  {12, "QCELP"}, {13, "CN"},   {14, "MPA"}, {15, "G728"},
    {16, "DVI4"},      {17, "DVI4"}, {18, "G729"}, {25, "CelB"},  {26, "JPEG"}, {28, "nv"},  {31, "H261"},
    {32, "MPV"},       {33, "MP2T"}, {34, "H263"}, {0, NULL},
};

static const struct field_desc rtp_fields[] = {
    {"version", 2, FIELD_NUMBER, .preset = 2, .meaning = "2"},
    {"padding", 1, FIELD_NUMBER, .meaning = "padding ends it"},
    {"extension", 1, FIELD_NUMBER, .meaning = "an RTPExtension follows"},
    {"numsync", 4, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_COUNT, .field = RTP_SYNC},
     .meaning = "sources in sync"},
    {"marker", 1, FIELD_NUMBER, .meaning = "what the profile says"},
    {"payload_type", 7, FIELD_NUMBER, .names = rtp_payload_types, .meaning = "format"},
    {"sequence", 16, FIELD_NUMBER, .meaning = "of the packet"},
    {"timestamp", 32, FIELD_NUMBER, .meaning = "of the first sample"},
    {"sourcesync", 32, FIELD_NUMBER, .meaning = "synchronization source"},
    {"sync", 0, FIELD_CODED, .codec = &codec_u32_list, .meaning = "contributing sources"},
};

const struct layer_desc layer_rtp = {
    .name = "RTP",
    .meaning = "Real-time Transport Protocol (RFC 3550)",
    .fields = rtp_fields,
    .n_fields = ARRAY_SIZE(rtp_fields),
};

static const struct field_desc rtp_extension_fields[] = {
    {"header_id", 16, FIELD_NUMBER, .meaning = "what the profile says"},
    {"header_len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = RTP_EXTENSION_HEADER}, .meaning = "numbers in header"},
    {"header", 0, FIELD_CODED, .codec = &codec_u32_list, .meaning = "the extension, as numbers of 32 bits"},
};

static const struct binding rtp_extension_bindings[] = {
    {.lower = LAYER_RTP, .field = "extension", .value = 1},
    {0},
};

const struct layer_desc layer_rtp_extension = {
    .name = "RTPExtension",
    .title = "RTP extension",
    .meaning = "RTP: header extension (RFC 3550 5.3.1)",
    .fields = rtp_extension_fields,
    .n_fields = ARRAY_SIZE(rtp_extension_fields),
    .bindings = rtp_extension_bindings,
};
