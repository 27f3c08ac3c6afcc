// Options of IP (RFC 791 3.1, and as noted at each): a byte of copy flag, class and number; a length; the value.
#include "packet/layers/ip_options.h"

#include "packet/codec.h"

static const struct name ip_option_classes[] = {{0, "control"}, {2, "debug"}, {0, NULL}};

// clang-format off
static const struct name ip_option_numbers[] = {
    {0, "end_of_list"}, {1, "nop"}, {2, "security"}, {3, "loose_source_route"}, {4, "timestamp"},
    {5, "extended_security"}, {6, "commercial_security"}, {7, "record_route"}, {8, "stream_id"},
    {9, "strict_source_route"}, {10, "experimental_measurement"}, {11, "mtu_probe"}, {12, "mtu_reply"},
    {13, "flow_control"}, {14, "access_control"}, {15, "encode"}, {16, "imi_traffic_descriptor"},
    {17, "extended_IP"}, {18, "traceroute"}, {19, "address_extension"}, {20, "router_alert"},
    {21, "selective_directed_broadcast_mode"}, {23, "dynamic_packet_state"}, {24, "upstream_multicast_packet"},
    {25, "quick_start"}, {30, "rfc4727_experiment"}, {0, NULL},
};
// clang-format on

// As Scapy, by the number alone, whatever the class.
static uint8_t ip_option_which(const uint8_t *p, uint32_t avail)
{
    static const uint8_t layers[32] = {
        [0] = LAYER_IPOPTION_EOL,           [1] = LAYER_IPOPTION_NOP,
        [2] = LAYER_IPOPTION_SECURITY,      [3] = LAYER_IPOPTION_LSRR,
        [4] = LAYER_IPOPTION_TIMESTAMP,     [7] = LAYER_IPOPTION_RR,
        [8] = LAYER_IPOPTION_STREAM_ID,     [9] = LAYER_IPOPTION_SSRR,
        [11] = LAYER_IPOPTION_MTU_PROBE,    [12] = LAYER_IPOPTION_MTU_REPLY,
        [18] = LAYER_IPOPTION_TRACEROUTE,   [19] = LAYER_IPOPTION_ADDRESS_EXTENSION,
        [20] = LAYER_IPOPTION_ROUTER_ALERT, [21] = LAYER_IPOPTION_SDBM,
    };
    uint8_t layer = avail == 0 ? LAYER_NONE : layers[p[0] & 31];

    return layer != LAYER_NONE || avail == 0 ? layer : LAYER_IPOPTION;
}

const struct packets_desc ip_options_packets = {.preset = LAYER_NONE, .which = ip_option_which};

// clang-format off
#define IP_OPTION_START(copy, class, number)                                                              \
    {"copy_flag", 1, FIELD_NUMBER, .preset = (copy), .meaning = "each fragment has it"},                   \
    {"optclass", 2, FIELD_NUMBER, .preset = (class), .names = ip_option_classes, .meaning = "control or debug"}, \
    {"option", 5, FIELD_NUMBER, .preset = (number), .names = ip_option_numbers, .meaning = "which option"}
#define IP_OPTION_FIXED_LENGTH(bytes) \
    {"length", 8, FIELD_NUMBER, .preset = (bytes), .meaning = "of the option, in bytes"}
#define IP_OPTION_LENGTH_OF(field_, before)                                             \
    {"length", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED,                                \
     .length = {.of = LENGTH_FIELD, .field = (field_), .plus = (before)}, .meaning = "of the option, in bytes"}

#define IP_OPTION(symbol, name_, title_, meaning_)          \
    const struct layer_desc layer_ipoption##symbol = {      \
        .name = "IPOption" name_,                           \
        .title = "IP Option" title_,                        \
        .meaning = meaning_,                                \
        .fields = ip_option##symbol##_fields,               \
        .n_fields = ARRAY_SIZE(ip_option##symbol##_fields), \
    }
// clang-format on

static const struct field_desc ip_option_fields[] = {
    IP_OPTION_START(0, 0, 0),
    IP_OPTION_LENGTH_OF(IP_OPTION_LENGTH + 1, 2),
    {"value", 0, FIELD_BYTES, .meaning = "the value"},
};
IP_OPTION(, "", "", "option of IP that has no layer of its own");

static const struct field_desc ip_option_eol_fields[] = {IP_OPTION_START(0, 0, 0)};
IP_OPTION(_eol, "_EOL", " End of Options List", "the end of the options");

static const struct field_desc ip_option_nop_fields[] = {IP_OPTION_START(0, 0, 1)};
IP_OPTION(_nop, "_NOP", " No Operation", "a byte between options");

static const struct field_desc ip_option_security_fields[] = {
    IP_OPTION_START(1, 0, 2),
    IP_OPTION_FIXED_LENGTH(11),
    {"security", 16, FIELD_NUMBER, .meaning = "level"},
    {"compartment", 16, FIELD_NUMBER, .meaning = "compartment"},
    {"handling_restrictions", 16, FIELD_NUMBER, .meaning = "control and release markings"},
    {"transmission_control_code", 24, FIELD_BYTES, .preset_bytes = "xxx", .preset_len = 3,
     .meaning = "community of interest"},
};
IP_OPTION(_security, "_Security", " Security", "security level (RFC 791)");

// ---- routes

#define IP_OPTION_ROUTE_FIELDS(copy, number)                                                                \
    {                                                                                                       \
        IP_OPTION_START(copy, 0, number), IP_OPTION_LENGTH_OF(IP_OPTION_ROUTE_ROUTERS, 3),                  \
            {"pointer", 8, FIELD_NUMBER, .preset = 4, .meaning = "where the next address goes, from 4 on"}, \
            {"routers", 0, FIELD_CODED, .codec = &codec_ipv4_list, .meaning = "[\"198.18.0.1\",...]"},      \
    }

static const struct field_desc ip_option_rr_fields[] = IP_OPTION_ROUTE_FIELDS(0, 7);
IP_OPTION(_rr, "_RR", " Record Route", "routers write their addresses (RFC 791)");

static const struct field_desc ip_option_lsrr_fields[] = IP_OPTION_ROUTE_FIELDS(1, 3);
IP_OPTION(_lsrr, "_LSRR", " Loose Source and Record Route", "addresses to pass (RFC 791)");

static const struct field_desc ip_option_ssrr_fields[] = IP_OPTION_ROUTE_FIELDS(1, 9);
IP_OPTION(_ssrr, "_SSRR", " Strict Source and Record Route", "addresses to pass and no other (RFC 791)");

static const struct field_desc ip_option_traceroute_fields[] = {
    IP_OPTION_START(0, 0, 18),
    IP_OPTION_FIXED_LENGTH(12),
    {"id", 16, FIELD_NUMBER, .meaning = "of the traceroute"},
    {"outbound_hops", 16, FIELD_NUMBER, .meaning = "routers passed on the way there"},
    {"return_hops", 16, FIELD_NUMBER, .meaning = "and back"},
    {"originator_ip", 32, FIELD_IPV4, .meaning = "who is told"},
};
IP_OPTION(_traceroute, "_Traceroute", " Traceroute", "routers report to the originator (RFC 1393)");

// ---- times

enum { IP_OPTION_TIMESTAMP_FLG = IP_OPTION_LENGTH + 3 };

static const struct name ip_option_timestamp_flags[] = {
    {0, "timestamp_only"}, {1, "timestamp_and_ip_addr"}, {3, "prespecified_ip_addr"}, {0, NULL}};

static bool ip_option_has_address(const struct fields *at)
{
    return fields_get(at, IP_OPTION_TIMESTAMP_FLG) != 0;
}

static const struct field_desc ip_option_timestamp_fields[] = {
    IP_OPTION_START(0, 2, 4),
    {"length", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_ALL},
     .meaning = "of the option, in bytes"},
    {"pointer", 8, FIELD_NUMBER, .preset = 9, .meaning = "where the next timestamp goes, from 5 on"},
    {"oflw", 4, FIELD_NUMBER, .meaning = "routers that found no room"},
    {"flg", 4, FIELD_NUMBER, .layout = true, .preset = 1, .names = ip_option_timestamp_flags,
     .meaning = "what stands beside the timestamp"},
    {"internet_address", 32, FIELD_IPV4, .present = ip_option_has_address, .meaning = "whose timestamp"},
    {"timestamp", 32, FIELD_NUMBER, .meaning = "ms since midnight UT"},
};
IP_OPTION(_timestamp, "_Timestamp", " Timestamp", "routers write when they saw it (RFC 791)");

// ---- others

static const struct field_desc ip_option_stream_id_fields[] = {
    IP_OPTION_START(1, 0, 8),
    IP_OPTION_FIXED_LENGTH(4),
    {"security", 16, FIELD_NUMBER, .meaning = "stream identifier"},
};
IP_OPTION(_stream_id, "_Stream_Id", " Stream ID", "SATNET stream (RFC 791)");

#define IP_OPTION_MTU_FIELDS(number)                                          \
    {                                                                         \
        IP_OPTION_START(0, 0, number), IP_OPTION_FIXED_LENGTH(4),             \
            {"mtu", 16, FIELD_NUMBER, .meaning = "the least MTU on the way"}, \
    }

static const struct field_desc ip_option_mtu_probe_fields[] = IP_OPTION_MTU_FIELDS(11);
IP_OPTION(_mtu_probe, "_MTU_Probe", " MTU Probe", "asks for the least MTU on the way (RFC 1063)");

static const struct field_desc ip_option_mtu_reply_fields[] = IP_OPTION_MTU_FIELDS(12);
IP_OPTION(_mtu_reply, "_MTU_Reply", " MTU Reply", "the MTU a probe found (RFC 1063)");

static const struct field_desc ip_option_address_extension_fields[] = {
    IP_OPTION_START(1, 0, 19),
    IP_OPTION_FIXED_LENGTH(10),
    {"src_ext", 32, FIELD_IPV4, .meaning = "source's extension"},
    {"dst_ext", 32, FIELD_IPV4, .meaning = "destination's extension"},
};
IP_OPTION(_address_extension, "_Address_Extension", " Address Extension", "longer addresses (RFC 1475)");

static const struct name ip_option_alerts[] = {{0, "router_shall_examine_packet"}, {0, NULL}};

static const struct field_desc ip_option_router_alert_fields[] = {
    IP_OPTION_START(1, 0, 20),
    IP_OPTION_FIXED_LENGTH(4),
    {"alert", 16, FIELD_NUMBER, .names = ip_option_alerts, .meaning = "0: each router looks at the packet"},
};
IP_OPTION(_router_alert, "_Router_Alert", " Router Alert", "routers look at the packet (RFC 2113)");

static const struct field_desc ip_option_sdbm_fields[] = {
    IP_OPTION_START(1, 0, 21),
    IP_OPTION_LENGTH_OF(IP_OPTION_LENGTH + 1, 2),
    {"addresses", 0, FIELD_CODED, .codec = &codec_ipv4_list, .meaning = "[\"198.18.0.255\",...]"},
};
IP_OPTION(_sdbm, "_SDBM", " Selective Directed Broadcast Mode", "networks to broadcast in (RFC 1770)");
