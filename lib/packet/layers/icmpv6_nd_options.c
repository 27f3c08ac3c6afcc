// Options of neighbour discovery of a fixed length (RFC 4861 4.6, RFC 2491, RFC 4068, RFC 5175, RFC 6275, RFC 8781).
#include "base/address.h"
#include "packet/bytes.h"
#include "packet/layers/icmpv6_nd.h"

#include <string.h>

enum { ND_PREFIX_AT = 16, ND_VALUE_AT = 4, ND_PREF64_BYTES = 12 };

enum layer_id nd_option_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    static const uint8_t layers[] = {
        [1] = LAYER_ND_OPT_SRC_LL_ADDR,
        [2] = LAYER_ND_OPT_DST_LL_ADDR,
        [3] = LAYER_ND_OPT_PREFIX_INFO,
        [4] = LAYER_ND_OPT_REDIRECTED,
        [5] = LAYER_ND_OPT_MTU,
        [6] = LAYER_ND_OPT_SHORTCUT_LIMIT,
        [7] = LAYER_ND_OPT_ADV_INTERVAL,
        [8] = LAYER_ND_OPT_HA_INFO,
        [9] = LAYER_ND_OPT_SRC_ADDR_LIST,
        [10] = LAYER_ND_OPT_TGT_ADDR_LIST,
        [17] = LAYER_ND_OPT_IP_ADDR,
        [18] = LAYER_ND_OPT_NEW_PREFIX,
        [19] = LAYER_ND_OPT_LLA,
        [23] = LAYER_ND_OPT_MAP,
        [24] = LAYER_ND_OPT_ROUTE_INFO,
        [25] = LAYER_ND_OPT_RDNSS,
        [26] = LAYER_ND_OPT_EFA,
        [31] = LAYER_ND_OPT_DNSSL,
        [37] = LAYER_ND_OPT_CAPTIVE_PORTAL,
        [38] = LAYER_ND_OPT_PREF64,
    };

    (void)at;
    if (len < 2)
        return LAYER_RAW;
    return payload[0] < sizeof(layers) && layers[payload[0]] != LAYER_NONE ? (enum layer_id)layers[payload[0]]
                                                                           : LAYER_ND_OPT_UNKNOWN;
}

static const struct name nd_address_codes[] = {
    {1, "Old Care-Of Address"}, {2, "New Care-Of Address"}, {3, "NAR's IP address"}, {0, NULL}};

static const struct name nd_lla_codes[] = {
    {0, "Wildcard requesting resolution for all nearby AP"},
    {1, "LLA for the new AP"},
    {2, "LLA of the MN"},
    {3, "LLA of the NAR"},
    {4, "LLA of the src of TrSolPr or PrRtAdv msg"},
    {5, "AP identified by LLA belongs to current iface of router"},
    {6, "No preifx info available for AP identified by the LLA"},
    {7, "No fast handovers support for AP identified by the LLA"},
    {0, NULL},
};

static const struct name nd_pref64_lengths[] = {{0, "/96"}, {1, "/64"}, {2, "/56"}, {3, "/48"},
                                                {4, "/40"}, {5, "/32"}, {0, NULL}};

// clang-format off
#define OPT_START(type_, len_)                                                      \
    {"type", 8, FIELD_NUMBER, .preset = (type_), .meaning = "which option"},        \
    {"len", 8, FIELD_NUMBER, .preset = (len_), .meaning = "of the option, in 64-bit words"}
#define OPT_ZERO(name_, bits_) {name_, bits_, FIELD_NUMBER, .meaning = "0"}
// clang-format on

static const struct field_desc nd_opt_src_ll_addr_fields[] = {
    OPT_START(1, 1), {"lladdr", 48, FIELD_MAC, .meaning = "the sender's MAC"}};
static const struct field_desc nd_opt_dst_ll_addr_fields[] = {
    OPT_START(2, 1), {"lladdr", 48, FIELD_MAC, .meaning = "the target's MAC"}};
static const struct field_desc nd_opt_prefix_info_fields[] = {
    OPT_START(3, 4),
    {"prefixlen", 8, FIELD_NUMBER, .preset = 64, .meaning = "bits of the prefix"},
    {"L", 1, FIELD_NUMBER, .preset = 1, .meaning = "its addresses are on the link"},
    {"A", 1, FIELD_NUMBER, .preset = 1, .meaning = "for autoconfiguration"},
    {"R", 1, FIELD_NUMBER, .meaning = "prefix is the router's address"},
    OPT_ZERO("res1", 5),
    {"validlifetime", 32, FIELD_NUMBER, .hex = true, .preset = UINT32_MAX,
     .meaning = "s; all ones: for ever"},
    {"preferredlifetime", 32, FIELD_NUMBER, .hex = true, .preset = UINT32_MAX,
     .meaning = "s; all ones: for ever"},
    {"res2", 32, FIELD_NUMBER, .hex = true, .meaning = "0"},
    {"prefix", 128, FIELD_IPV6, .meaning = "the prefix"},
};
static const struct field_desc nd_opt_mtu_fields[] = {
    OPT_START(5, 1),
    {"res", 16, FIELD_NUMBER, .hex = true, .meaning = "0"},
    {"mtu", 32, FIELD_NUMBER, .preset = 1280, .meaning = "of the link"},
};
static const struct field_desc nd_opt_shortcut_limit_fields[] = {
    OPT_START(6, 1),
    {"shortcutlim", 8, FIELD_NUMBER, .preset = 40, .meaning = "hop limit for shortcuts"},
    OPT_ZERO("res1", 8),
    OPT_ZERO("res2", 32),
};
static const struct field_desc nd_opt_adv_interval_fields[] = {
    OPT_START(7, 1),
    OPT_ZERO("res", 16),
    {"advint", 32, FIELD_NUMBER, .meaning = "between advertisements, in ms"}};
static const struct field_desc nd_opt_ha_info_fields[] = {
    OPT_START(8, 1),
    OPT_ZERO("res", 16),
    {"pref", 16, FIELD_NUMBER, .meaning = "preference"},
    {"lifetime", 16, FIELD_NUMBER, .preset = 1, .meaning = "s"},
};
static const struct field_desc nd_opt_ip_addr_fields[] = {
    OPT_START(17, 3),
    {"optcode", 8, FIELD_NUMBER, .preset = 1, .names = nd_address_codes, .meaning = "whose address"},
    {"plen", 8, FIELD_NUMBER, .preset = 64, .meaning = "bits of its prefix"},
    OPT_ZERO("res", 32),
    {"addr", 128, FIELD_IPV6, .meaning = "the address"},
};
static const struct field_desc nd_opt_new_prefix_fields[] = {
    OPT_START(18, 3),
    {"optcode", 8, FIELD_NUMBER, .meaning = "0"},
    {"plen", 8, FIELD_NUMBER, .preset = 64, .meaning = "bits of the prefix"},
    OPT_ZERO("res", 32),
    {"prefix", 128, FIELD_IPV6, .meaning = "of the new router"},
};
static const struct field_desc nd_opt_lla_fields[] = {
    OPT_START(19, 1),
    {"optcode", 8, FIELD_NUMBER, .names = nd_lla_codes, .meaning = "whose address"},
    {"lla", 48, FIELD_MAC, .meaning = "the MAC"},
};
static const struct field_desc nd_opt_map_fields[] = {
    OPT_START(23, 3),
    {"dist", 4, FIELD_NUMBER, .preset = 1, .meaning = "hops to the MAP"},
    {"pref", 4, FIELD_NUMBER, .preset = 15, .meaning = "preference; 15 is the highest"},
    {"R", 1, FIELD_NUMBER, .preset = 1, .meaning = "flag"},
    OPT_ZERO("res", 7),
    {"validlifetime", 32, FIELD_NUMBER, .preset = UINT32_MAX, .meaning = "s"},
    {"addr", 128, FIELD_IPV6, .meaning = "of the MAP"},
};
static const struct field_desc nd_opt_efa_fields[] = {OPT_START(26, 1), OPT_ZERO("res", 48)};
static const struct field_desc nd_opt_pref64_fields[] = {
    OPT_START(38, 2),
    {"scaledlifetime", 13, FIELD_NUMBER, .meaning = "in 8 s"},
    {"plc", 3, FIELD_NUMBER, .names = nd_pref64_lengths, .meaning = "length of the prefix"},
    {"prefix", 96, FIELD_BYTES, .meaning = "the prefix's first 96 bits"},
};

// ---- summaries

void nd_option_title(const struct view *view, unsigned i, struct text *text)
{
    text_add(text, "%s ", layer_get((enum layer_id)view->layers[i].id)->title);
}

void nd_address_add(const uint8_t *p, uint32_t len, struct text *text)
{
    uint8_t bytes[16] = {0};
    char buffer[ADDRESS_TEXT_MAX];

    memcpy(bytes, p, len < sizeof(bytes) ? len : sizeof(bytes));
    struct address address = address_from_bytes(6, bytes);
    address_format(&address, buffer);
    text_add(text, "%s", buffer);
}

static bool nd_opt_mac_summary(const struct view *view, unsigned i, const struct services *services,
                               struct text *text)
{
    const uint8_t *p = view_header(view, i) + 2;

    (void)services;
    nd_option_title(view, i, text);
    text_add(text, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4], p[5]);
    return true;
}

static bool nd_opt_prefix_summary(const struct view *view, unsigned i, const struct services *services,
                                  struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    nd_option_title(view, i, text);
    nd_address_add(p + ND_PREFIX_AT, 16, text);
    text_add(text, "/%u On-link %u Autonomous Address %u Router Address %u", p[2], p[3] >> 7, p[3] >> 6 & 1,
             p[3] >> 5 & 1);
    return true;
}

static bool nd_opt_number_summary(const struct view *view, unsigned i, const struct services *services,
                                  struct text *text)
{
    (void)services;
    nd_option_title(view, i, text);
    text_add(text, "%u%s", get32(view_header(view, i) + ND_VALUE_AT),
             view->layers[i].id == LAYER_ND_OPT_ADV_INTERVAL ? " milliseconds" : "");
    return true;
}

static bool nd_opt_home_agent_summary(const struct view *view, unsigned i, const struct services *services,
                                      struct text *text)
{
    const uint8_t *p = view_header(view, i) + ND_VALUE_AT;

    (void)services;
    nd_option_title(view, i, text);
    text_add(text, "%u %u seconds", get16(p), get16(p + 2));
    return true;
}

static bool nd_opt_pref64_summary(const struct view *view, unsigned i, const struct services *services,
                                  struct text *text)
{
    const uint8_t *p = view_header(view, i);
    const char *length = name_of(nd_pref64_lengths, p[3] & 7);

    (void)services;
    nd_option_title(view, i, text);
    nd_address_add(p + ND_VALUE_AT, ND_PREF64_BYTES, text);
    length != NULL ? text_add(text, "%s", length) : text_add(text, "[invalid PLC(%u)]", p[3] & 7);
    return true;
}

#define OPT(symbol, name_, title_, meaning_, ...)                                           \
    const struct layer_desc layer_##symbol = {.name = "ICMPv6NDOpt" name_,                  \
                                              .title = "ICMPv6 Neighbor Discovery " title_, \
                                              .meaning = meaning_,                          \
                                              .fields = symbol##_fields,                    \
                                              .n_fields = ARRAY_SIZE(symbol##_fields),      \
                                              .next = nd_option_next,                       \
                                              __VA_ARGS__}

OPT(nd_opt_src_ll_addr, "SrcLLAddr", "Option - Source Link-Layer Address",
    "ND option: the sender's MAC (RFC 4861 4.6.1)", .summary = nd_opt_mac_summary);
OPT(nd_opt_dst_ll_addr, "DstLLAddr", "Option - Destination Link-Layer Address",
    "ND option: the target's MAC (RFC 4861 4.6.1)", .summary = nd_opt_mac_summary);
OPT(nd_opt_prefix_info, "PrefixInfo", "Option - Prefix Information", "ND option: a prefix (RFC 4861 4.6.2)",
    .summary = nd_opt_prefix_summary);
OPT(nd_opt_mtu, "MTU", "Option - MTU", "ND option: MTU of the link (RFC 4861 4.6.4)",
    .summary = nd_opt_number_summary);
OPT(nd_opt_shortcut_limit, "ShortcutLimit", "Option - NBMA Shortcut Limit",
    "ND option: limit of shortcuts (RFC 2491)", );
OPT(nd_opt_adv_interval, "AdvInterval", "- Interval Advertisement",
    "ND option: time between advertisements (RFC 6275 7.3)", .summary = nd_opt_number_summary);
OPT(nd_opt_ha_info, "HAInfo", "- Home Agent Information", "ND option: a home agent (RFC 6275 7.4)",
    .summary = nd_opt_home_agent_summary);
OPT(nd_opt_ip_addr, "IPAddr", "- IP Address Option (FH for MIPv6)",
    "ND option: an address, for handovers (RFC 4068)", );
OPT(nd_opt_new_prefix, "NewRtrPrefix", "- New Router Prefix Information Option (FH for MIPv6)",
    "ND option: a prefix, for handovers (RFC 4068)", );
OPT(nd_opt_lla, "LLA", "- Link-Layer Address (LLA) Option (FH for MIPv6)",
    "ND option: a MAC, for handovers (RFC 4068)", );
OPT(nd_opt_map, "MAP", "- MAP Option", "ND option: a mobility anchor point (RFC 4140)", );
OPT(nd_opt_efa, "EFA", "Option - Expanded Flags Option", "ND option: more flags of routers (RFC 5175)", );
OPT(nd_opt_pref64, "PREF64", "Option - PREF64 Option", "ND option: the prefix of NAT64 (RFC 8781)",
    .summary = nd_opt_pref64_summary);
