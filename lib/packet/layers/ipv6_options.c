// Options in IPv6's hop-by-hop and destination headers (RFC 8200 4.2): type, length, value, each at its own place.
#include "packet/layers/ipv6_ext.h"

enum {
    OPTION_PAD1,
    OPTION_PADN,
    OPTION_ROUTER_ALERT = 5,
    OPTION_RPL = 0x63,
    OPTION_JUMBO = 0xc2,
    OPTION_HOME = 0xc9
};
enum { OPTION_LEN = 1, OPTION_DATA };

static const struct name ipv6_option_types[] = {
    {0, "Pad1"},
    {1, "PadN"},
    {4, "Tunnel Encapsulation Limit"},
    {5, "Router Alert"},
    {6, "Quick-Start"},
    {0xc2, "Jumbo Payload"},
    {0xc9, "Home Address Option"},
    {0, NULL},
};

// As Scapy shows them: with what a node does that does not know the option (RFC 8200 4.2).
#define OPTION_SKIP    " [00: skip, 0: Don't change en-route]"
#define OPTION_DISCARD " [11: discard+ICMP not mcast, 0: Don't change en-route]"
static const struct name ipv6_option_texts[] = {
    {0, "Pad1" OPTION_SKIP},
    {1, "PadN" OPTION_SKIP},
    {4, "Tunnel Encapsulation Limit" OPTION_SKIP},
    {5, "Router Alert" OPTION_SKIP},
    {6, "Quick-Start" OPTION_SKIP},
    {0xc2, "Jumbo Payload" OPTION_DISCARD},
    {0xc9, "Home Address Option" OPTION_DISCARD},
    {0, NULL},
};

static const char *ipv6_option_text(const struct fields *at, uint64_t type)
{
    (void)at;
    return name_of(ipv6_option_texts, type);
}

static void ipv6_option_print(uint64_t type, struct text *text)
{
    static const char *const policies[] = {"00: skip", "01: discard", "10: discard+ICMP",
                                           "11: discard+ICMP not mcast"};

    text_add(text, "%u [%s, %s]", (unsigned)type, policies[type >> 6 & 3],
             type & 0x20 ? "1: May change en-route" : "0: Don't change en-route");
}

static const struct name router_alert_values[] = {
    {0, "Datagram contains a MLD message"},
    {1, "Datagram contains RSVP message"},
    {2, "Datagram contains an Active Network message"},
    {68, "NSIS NATFW NSLP"},
    {69, "MPLS OAM"},
    {65535, "Reserved"},
    {0, NULL},
};

static uint8_t ipv6_option_which(const uint8_t *p, uint32_t avail)
{
    if (avail == 0)
        return LAYER_NONE;
    switch (p[0]) {
    case OPTION_PAD1:
        return LAYER_IPV6_OPT_PAD1;
    case OPTION_PADN:
        return LAYER_IPV6_OPT_PADN;
    case OPTION_ROUTER_ALERT:
        return LAYER_IPV6_OPT_ROUTER_ALERT;
    case OPTION_RPL:
        return LAYER_IPV6_OPT_RPL;
    case OPTION_JUMBO:
        return LAYER_IPV6_OPT_JUMBO;
    case OPTION_HOME:
        return LAYER_IPV6_OPT_HAO;
    default:
        return LAYER_IPV6_OPT_UNKNOWN;
    }
}

// An option stands at x * n + y bytes from the header's start (RFC 2711 2.1, RFC 2675 2, RFC 6275 6.3, RFC 6553 3); the header
// ends at 8n.
static uint32_t ipv6_option_pad(const struct fields *fields, uint8_t layer, uint32_t at, uint8_t *out)
{
    static const struct {
        uint8_t layer, x, y;
    } places[] = {
        {LAYER_NONE, 8, 0},           {LAYER_IPV6_OPT_ROUTER_ALERT, 2, 0}, {LAYER_IPV6_OPT_RPL, 2, 0},
        {LAYER_IPV6_OPT_JUMBO, 4, 2}, {LAYER_IPV6_OPT_HAO, 8, 6},
    };
    uint32_t pad = 0;

    if (fields->unseen == 0)
        return 0;
    for (unsigned k = 0; k < ARRAY_SIZE(places); k++) {
        if (places[k].layer == layer)
            pad = (places[k].y + 8u - at % places[k].x) % places[k].x;
    }
    if (pad > 1) {
        out[0] = OPTION_PADN;
        out[1] = (uint8_t)(pad - 2);
    }
    return pad;
}

const struct packets_desc ipv6_options = {
    .preset = LAYER_NONE, .which = ipv6_option_which, .pad = ipv6_option_pad};

// clang-format off
#define OPTION_TYPE(type_)                                                                                          \
    {"otype", 8, FIELD_NUMBER, .preset = (type_), .names = ipv6_option_types, .name_at = ipv6_option_text,          \
     .print = ipv6_option_print, .meaning = "which option"}
#define OPTION_FIXED_LEN(bytes) {"optlen", 8, FIELD_NUMBER, .preset = (bytes), .meaning = "of the value, in bytes"}
#define OPTION_BYTES(type)                                                                                          \
    {                                                                                                               \
        OPTION_TYPE(type),                                                                                          \
        {"optlen", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_FIELD, .field = OPTION_DATA},  \
         .meaning = "of optdata, in bytes"},                                                                        \
        {"optdata", 0, FIELD_BYTES, .meaning = "the value"},                                                        \
    }
#define OPTION(symbol, name_, title_, meaning_)     \
    const struct layer_desc layer_##symbol = {      \
        .name = name_,                              \
        .title = title_,                            \
        .meaning = meaning_,                        \
        .fields = symbol##_fields,                  \
        .n_fields = ARRAY_SIZE(symbol##_fields),    \
    }
// clang-format on

static const struct field_desc ipv6_opt_unknown_fields[] = OPTION_BYTES(1);
static const struct field_desc ipv6_opt_pad1_fields[] = {OPTION_TYPE(OPTION_PAD1)};
static const struct field_desc ipv6_opt_padn_fields[] = OPTION_BYTES(OPTION_PADN);
static const struct field_desc ipv6_opt_router_alert_fields[] = {
    OPTION_TYPE(OPTION_ROUTER_ALERT),
    OPTION_FIXED_LEN(2),
    {"value", 16, FIELD_NUMBER, .names = router_alert_values, .meaning = "why routers should look"},
};
static const struct field_desc ipv6_opt_rpl_fields[] = {
    OPTION_TYPE(OPTION_RPL),
    OPTION_FIXED_LEN(4),
    {"Down", 1, FIELD_NUMBER, .meaning = "away from the root"},
    {"RankError", 1, FIELD_NUMBER, .meaning = "the rank does not fit"},
    {"ForwardError", 1, FIELD_NUMBER, .meaning = "it can't be forwarded"},
    {"unused", 5, FIELD_NUMBER, .meaning = "0"},
    {"RplInstanceId", 8, FIELD_NUMBER, .hex = true, .meaning = "which graph"},
    {"SenderRank", 16, FIELD_NUMBER, .hex = true, .meaning = "of who forwards"},
};
static const struct field_desc ipv6_opt_jumbo_fields[] = {
    OPTION_TYPE(OPTION_JUMBO),
    OPTION_FIXED_LEN(4),
    {"jumboplen", 32, FIELD_NUMBER, .meaning = "of all behind the IPv6 header, in bytes"},
};
static const struct field_desc ipv6_opt_hao_fields[] = {
    OPTION_TYPE(OPTION_HOME),
    OPTION_FIXED_LEN(16),
    {"hoa", 128, FIELD_IPV6, .meaning = "home address"},
};

OPTION(ipv6_opt_unknown, "HBHOptUnknown", "Scapy6 Unknown Option", "IPv6 option of any type");
OPTION(ipv6_opt_pad1, "Pad1", NULL, "IPv6 option: one byte of padding (RFC 8200 4.2)");
OPTION(ipv6_opt_padn, "PadN", NULL, "IPv6 option: padding (RFC 8200 4.2)");
OPTION(ipv6_opt_router_alert, "RouterAlert", "Router Alert", "IPv6 option: routers should look (RFC 2711)");
OPTION(ipv6_opt_rpl, "RplOption", "RPL Option", "IPv6 option: routing in low-power networks (RFC 6553)");
OPTION(ipv6_opt_jumbo, "Jumbo", "Jumbo Payload", "IPv6 option: a payload above 65,535 bytes (RFC 2675)");
OPTION(ipv6_opt_hao, "HAO", "Home Address Option", "IPv6 option: the sender's home address (RFC 6275 6.3)");
