// Options of neighbour discovery that are as long as what they hold (RFC 4861 4.6, RFC 3122, RFC 8106, RFC 8910).
#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/icmpv6_nd.h"
#include "packet/print.h"

#include <string.h>

enum { ND_UNIT = 8, ND_LABEL_MAX = 63 };
enum { OPT_LEN = 1, OPT_VALUE_AT = 2 };

// ---- codecs: what is in an option fills whole 64-bit words with it

static bool nd_bytes_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    if (part->call != NULL || part->bytes == NULL) {
        *problem = "it takes a string";
        return false;
    }
    memcpy(out, part->bytes, part->len);
    *len = part->len;
    return true;
}

// Zeros, so that with the `before` bytes in front of it whole words are filled.
static bool nd_fill(uint8_t *bytes, uint32_t *len, uint32_t before, const char **problem)
{
    uint32_t zeros = -(*len + before) % ND_UNIT;

    if (*len + zeros > CODEC_FINISH_MAX) {
        *problem = "the value is too long";
        return false;
    }
    memset(bytes + *len, 0, zeros);
    *len += zeros;
    return true;
}

static bool nd_data_finish(uint8_t *bytes, uint32_t *len, const char **problem)
{
    return nd_fill(bytes, len, OPT_VALUE_AT, problem);
}

static void nd_bytes_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                           struct text *text)
{
    (void)message;
    (void)message_len;
    text_add_quoted(text, "b", p, len);
}

static void nd_uri_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                         struct text *text)
{
    while (len > 0 && p[len - 1] == 0)
        len--;
    nd_bytes_print(message, message_len, p, len, text);
}

static bool nd_packet_finish(uint8_t *bytes, uint32_t *len, const char **problem)
{
    (void)bytes;
    (void)problem;
    *len -= *len % ND_UNIT;
    return true;
}

static const struct codec nd_data = {
    .name = "string", .encode = nd_bytes_encode, .finish = nd_data_finish, .print = nd_bytes_print};
static const struct codec nd_uri = {
    .name = "URI", .encode = nd_bytes_encode, .finish = nd_data_finish, .print = nd_uri_print};
static const struct codec nd_packet = {.name = "packet in bytes",
                                       .encode = nd_bytes_encode,
                                       .finish = nd_packet_finish,
                                       .print = nd_bytes_print};

// ---- domain names (RFC 8106 5.2): labels and a zero; zeros behind the last name

static bool nd_domain_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    const uint8_t *p = part->bytes;
    uint32_t at = 0, from = 0;

    if (part->call != NULL || p == NULL) {
        *problem = "it takes a name in quotes: \"www.example.org\"";
        return false;
    }
    for (uint32_t i = 0; i <= part->len; i++) {
        if (i < part->len && p[i] != '.')
            continue;
        if (i - from > ND_LABEL_MAX) {
            *problem = "a label is longer than 63 bytes";
            return false;
        }
        out[at++] = (uint8_t)(i - from);
        memcpy(out + at, p + from, i - from);
        at += i - from;
        from = i + 1;
    }
    if (out[at - 1] != 0)
        out[at++] = 0;
    *len = at;
    return true;
}

static bool nd_domains_finish(uint8_t *bytes, uint32_t *len, const char **problem)
{
    return nd_fill(bytes, len, 0, problem);
}

// The name at p with a dot behind each label; returns how many bytes it has.
static uint32_t nd_domain_add(const uint8_t *p, uint32_t len, struct text *text)
{
    uint32_t at = 0;

    while (at < len && p[at] != 0) {
        uint32_t label = p[at] > len - at - 1 ? len - at - 1 : p[at];

        text_add_safely(text, p + at + 1, label);
        text_add(text, ".");
        at += 1 + label;
    }
    return at < len ? at + 1 : at;
}

static void nd_domains_add(const uint8_t *p, uint32_t len, const char *quote, struct text *text)
{
    const char *between = "";

    for (uint32_t at = 0; at < len;) {
        if (p[at] == 0) {
            at++;
            continue;
        }
        text_add(text, "%s%s", between, quote);
        at += nd_domain_add(p + at, len - at, text);
        text_add(text, "%s", quote);
        between = ", ";
    }
}

static void nd_domains_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                             struct text *text)
{
    (void)message;
    (void)message_len;
    text_add(text, "[");
    nd_domains_add(p, len, "'", text);
    text_add(text, "]");
}

static const struct codec nd_domains = {
    .name = "domain name",
    .takes_list = true,
    .encode = nd_domain_encode,
    .finish = nd_domains_finish,
    .print = nd_domains_print,
};

// ---- tables

// clang-format off
#define OPT_TYPE(type_) {"type", 8, FIELD_NUMBER, .preset = (type_), .meaning = "which option"}
#define OPT_COMPUTED_LEN                                                                                  \
    {"len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_HEADER, .unit = ND_UNIT},   \
     .meaning = "of the option, in 64-bit words"}
#define OPT_SIX_ZEROS {"res", 48, FIELD_BYTES, .meaning = "zeros"}
// clang-format on

static const struct field_desc nd_opt_unknown_fields[] = {OPT_TYPE(0),
                                                          OPT_COMPUTED_LEN,
                                                          {"data", 0, FIELD_CODED, .codec = &nd_data,
                                                           .preset_bytes = "\0\0\0\0\0", .preset_len = 6,
                                                           .meaning = "the value"}};
static const struct field_desc nd_opt_redirected_fields[] = {
    OPT_TYPE(4),
    OPT_COMPUTED_LEN,
    OPT_SIX_ZEROS,
    {"pkt", 0, FIELD_CODED, .codec = &nd_packet,
     .meaning = "the packet's first bytes, whole 64-bit words of them"}};
static const struct field_desc nd_opt_src_addr_list_fields[] = {
    OPT_TYPE(9),
    OPT_COMPUTED_LEN,
    OPT_SIX_ZEROS,
    {"addrlist", 0, FIELD_CODED, .codec = &codec_ipv6_list, .meaning = "the sender's addresses"}};
static const struct field_desc nd_opt_tgt_addr_list_fields[] = {
    OPT_TYPE(10),
    OPT_COMPUTED_LEN,
    OPT_SIX_ZEROS,
    {"addrlist", 0, FIELD_CODED, .codec = &codec_ipv6_list, .meaning = "the target's addresses"}};
static const struct field_desc nd_opt_rdnss_fields[] = {
    OPT_TYPE(25),
    OPT_COMPUTED_LEN,
    {"res", 16, FIELD_NUMBER, .meaning = "0"},
    {"lifetime", 32, FIELD_NUMBER, .preset = UINT32_MAX, .meaning = "s; all ones: for ever"},
    {"dns", 0, FIELD_CODED, .codec = &codec_ipv6_list, .meaning = "addresses of servers"},
};
static const struct field_desc nd_opt_dnssl_fields[] = {
    OPT_TYPE(31),
    OPT_COMPUTED_LEN,
    {"res", 16, FIELD_NUMBER, .meaning = "0"},
    {"lifetime", 32, FIELD_NUMBER, .preset = UINT32_MAX, .meaning = "s; all ones: for ever"},
    {"searchlist", 0, FIELD_CODED, .codec = &nd_domains, .meaning = "domains to search"},
};
static const struct field_desc nd_opt_captive_portal_fields[] = {
    OPT_TYPE(37),
    OPT_COMPUTED_LEN,
    {"URI", 0, FIELD_CODED, .codec = &nd_uri, .preset_bytes = "\0\0\0\0\0", .preset_len = 6,
     .meaning = "where to log in"}};

// ---- summaries

enum { LIST_AT = 8 };

static bool nd_opt_rdnss_summary(const struct view *view, unsigned i, const struct services *services,
                                 struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    nd_option_title(view, i, text);
    for (uint32_t at = LIST_AT; at + 16 <= view->layers[i].header_bytes; at += 16) {
        text_add(text, "%s", at == LIST_AT ? "" : ", ");
        nd_address_add(p + at, 16, text);
    }
    return true;
}

static bool nd_opt_dnssl_summary(const struct view *view, unsigned i, const struct services *services,
                                 struct text *text)
{
    (void)services;
    nd_option_title(view, i, text);
    nd_domains_add(view_header(view, i) + LIST_AT, view->layers[i].header_bytes - LIST_AT, "", text);
    return true;
}

static bool nd_opt_portal_summary(const struct view *view, unsigned i, const struct services *services,
                                  struct text *text)
{
    (void)services;
    nd_option_title(view, i, text);
    nd_uri_print(NULL, 0, view_header(view, i) + OPT_VALUE_AT, view->layers[i].header_bytes - OPT_VALUE_AT,
                 text);
    return true;
}

#define OPT(symbol, name_, title_, meaning_, ...)                                      \
    const struct layer_desc layer_##symbol = {.name = "ICMPv6NDOpt" name_,             \
                                              .title = "ICMPv6 " title_,               \
                                              .meaning = meaning_,                     \
                                              .fields = symbol##_fields,               \
                                              .n_fields = ARRAY_SIZE(symbol##_fields), \
                                              .next = nd_option_next,                  \
                                              __VA_ARGS__}

OPT(nd_opt_unknown, "Unknown", "Neighbor Discovery Option - Scapy Unimplemented", "ND option of any type", );
OPT(nd_opt_redirected, "RedirectedHdr", "Neighbor Discovery Option - Redirected Header",
    "ND option: the packet that is redirected (RFC 4861 4.6.3)", );
OPT(nd_opt_src_addr_list, "SrcAddrList", "Inverse Neighbor Discovery Option - Source Address List",
    "ND option: the sender's addresses (RFC 3122 3)", );
OPT(nd_opt_tgt_addr_list, "TgtAddrList", "Inverse Neighbor Discovery Option - Target Address List",
    "ND option: the target's addresses (RFC 3122 3)", );
OPT(nd_opt_rdnss, "RDNSS", "Neighbor Discovery Option - Recursive DNS Server Option",
    "ND option: DNS servers (RFC 8106 5.1)", .summary = nd_opt_rdnss_summary);
OPT(nd_opt_dnssl, "DNSSL", "Neighbor Discovery Option - DNS Search List Option",
    "ND option: DNS search list (RFC 8106 5.2)", .summary = nd_opt_dnssl_summary);
OPT(nd_opt_captive_portal, "CaptivePortal", "Neighbor Discovery Option - Captive-Portal Option",
    "ND option: where to log in (RFC 8910 2.3)", .summary = nd_opt_portal_summary);
