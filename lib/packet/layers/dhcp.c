// Dynamic Host Configuration Protocol: the options (RFC 2132), on BOOTP.
#include "packet/layers/bootp.h"

#include <ctype.h>

enum { OPTION_PAD = 0, OPTION_MESSAGE_TYPE = 53, OPTION_END = 255 };

static const struct name dhcp_types[] = {
    {1, "discover"},      {2, "offer"},        {3, "request"},           {4, "decline"},
    {5, "ack"},           {6, "nak"},          {7, "release"},           {8, "inform"},
    {9, "force_renew"},   {10, "lease_query"}, {11, "lease_unassigned"}, {12, "lease_unknown"},
    {13, "lease_active"}, {0, NULL},
};
static const struct name dhcp_nonces[] = {{1, "HMAC-MD5"}, {0, NULL}};

// clang-format off
#define DHCP_BYTES(name_, number_)  {.name = name_, .number = (number_)}
#define DHCP_ROUTES(name_, number_) {.name = name_, .number = (number_), .format = "R*"}
#define DHCP_IPV4(name_, number_)   {.name = name_, .number = (number_), .format = "A*"}
#define DHCP_U8(name_, number_)     {.name = name_, .number = (number_), .format = "B*"}
#define DHCP_U16(name_, number_)    {.name = name_, .number = (number_), .format = "H*"}
#define DHCP_U32(name_, number_)    {.name = name_, .number = (number_), .format = "I*"}

// IANA's registry of BOOTP and DHCP parameters, by Scapy's names.
static const struct option_desc dhcp_options[] = {
    {.name = "pad", .number = 0, .bare = true}, DHCP_IPV4("subnet_mask", 1), DHCP_U32("time_zone", 2),
    DHCP_IPV4("router", 3), DHCP_IPV4("time_server", 4), DHCP_IPV4("IEN_name_server", 5),
    DHCP_IPV4("name_server", 6), DHCP_IPV4("log_server", 7), DHCP_IPV4("cookie_server", 8),
    DHCP_IPV4("lpr_server", 9), DHCP_IPV4("impress-servers", 10), DHCP_IPV4("resource-location-servers", 11),
    DHCP_BYTES("hostname", 12), DHCP_U16("boot-size", 13), DHCP_BYTES("dump_path", 14),
    DHCP_BYTES("domain", 15), DHCP_IPV4("swap-server", 16), DHCP_BYTES("root_disk_path", 17),
    DHCP_BYTES("extensions-path", 18), DHCP_U8("ip-forwarding", 19), DHCP_U8("non-local-source-routing", 20),
    DHCP_IPV4("policy-filter", 21), DHCP_U16("max_dgram_reass_size", 22), DHCP_U8("default_ttl", 23),
    DHCP_U32("pmtu_timeout", 24), DHCP_U16("path-mtu-plateau-table", 25), DHCP_U16("interface-mtu", 26),
    DHCP_U8("all-subnets-local", 27), DHCP_IPV4("broadcast_address", 28), DHCP_U8("perform-mask-discovery", 29),
    DHCP_U8("mask-supplier", 30), DHCP_U8("router-discovery", 31), DHCP_IPV4("router-solicitation-address", 32),
    DHCP_IPV4("static-routes", 33), DHCP_U8("trailer-encapsulation", 34), DHCP_U32("arp_cache_timeout", 35),
    DHCP_U8("ieee802-3-encapsulation", 36), DHCP_U8("tcp_ttl", 37), DHCP_U32("tcp_keepalive_interval", 38),
    DHCP_U8("tcp_keepalive_garbage", 39), DHCP_BYTES("NIS_domain", 40), DHCP_IPV4("NIS_server", 41),
    DHCP_IPV4("NTP_server", 42), DHCP_BYTES("vendor_specific", 43), DHCP_IPV4("NetBIOS_server", 44),
    DHCP_IPV4("NetBIOS_dist_server", 45), DHCP_U8("NetBIOS_node_type", 46), DHCP_BYTES("netbios-scope", 47),
    DHCP_IPV4("font-servers", 48), DHCP_IPV4("x-display-manager", 49), DHCP_IPV4("requested_addr", 50),
    DHCP_U32("lease_time", 51), DHCP_U8("dhcp-option-overload", 52),
    {.name = "message-type", .number = 53, .format = "B*", .names = dhcp_types}, DHCP_IPV4("server_id", 54),
    DHCP_U8("param_req_list", 55), DHCP_BYTES("error_message", 56), DHCP_U16("max_dhcp_size", 57),
    DHCP_U32("renewal_time", 58), DHCP_U32("rebinding_time", 59), DHCP_BYTES("vendor_class_id", 60),
    DHCP_BYTES("client_id", 61), DHCP_BYTES("nwip-domain-name", 62), DHCP_BYTES("NISplus_domain", 64),
    DHCP_IPV4("NISplus_server", 65), DHCP_BYTES("tftp_server_name", 66), DHCP_BYTES("boot-file-name", 67),
    DHCP_IPV4("mobile-ip-home-agent", 68), DHCP_IPV4("SMTP_server", 69), DHCP_IPV4("POP3_server", 70),
    DHCP_IPV4("NNTP_server", 71), DHCP_IPV4("WWW_server", 72), DHCP_IPV4("Finger_server", 73),
    DHCP_IPV4("IRC_server", 74), DHCP_IPV4("StreetTalk_server", 75), DHCP_IPV4("StreetTalk_Dir_Assistance", 76),
    DHCP_BYTES("user_class", 77), DHCP_BYTES("slp_service_agent", 78), DHCP_BYTES("slp_service_scope", 79),
    DHCP_BYTES("rapid_commit", 80), DHCP_BYTES("client_FQDN", 81), DHCP_BYTES("relay_agent_information", 82),
    DHCP_IPV4("nds-server", 85), DHCP_BYTES("nds-tree-name", 86), DHCP_BYTES("nds-context", 87),
    DHCP_BYTES("bcms-controller-namesi", 88), DHCP_IPV4("bcms-controller-address", 89),
    DHCP_U32("client-last-transaction-time", 91), DHCP_IPV4("associated-ip", 92),
    DHCP_BYTES("pxe_client_architecture", 93), DHCP_BYTES("pxe_client_network_interface", 94),
    DHCP_BYTES("pxe_client_machine_identifier", 97), DHCP_BYTES("uap-servers", 98), DHCP_BYTES("pcode", 100),
    DHCP_BYTES("tcode", 101), DHCP_U32("ipv6-only-preferred", 108), DHCP_IPV4("netinfo-server-address", 112),
    DHCP_BYTES("netinfo-server-tag", 113), DHCP_BYTES("captive-portal", 114), DHCP_U8("auto-config", 116),
    DHCP_U16("name-service-search", 117), DHCP_IPV4("subnet-selection", 118),
    DHCP_ROUTES("classless_static_routes", 121), DHCP_BYTES("vendor_class", 124),
    DHCP_BYTES("vendor_specific_information", 125), DHCP_IPV4("tftp_server_ip_address", 128),
    DHCP_IPV4("pana-agent", 136), DHCP_BYTES("v4-lost", 137), DHCP_IPV4("capwap-ac-v4", 138),
    DHCP_BYTES("sip_ua_service_domains", 141),
    {.name = "forcerenew_nonce_capable", .number = 145, .format = "B*", .names = dhcp_nonces},
    DHCP_BYTES("rdnss-selection", 146), DHCP_IPV4("tftp_server_address", 150), DHCP_BYTES("v4-portparams", 159),
    DHCP_BYTES("v4-captive-portal", 160), DHCP_BYTES("mud-url", 161), DHCP_BYTES("pxelinux_magic", 208),
    DHCP_BYTES("pxelinux_configuration_file", 209), DHCP_BYTES("pxelinux_path_prefix", 210),
    DHCP_BYTES("pxelinux_reboot_time", 211), DHCP_BYTES("option-6rd", 212), DHCP_BYTES("v4-access-domain", 213),
    {.name = "end", .number = 255, .bare = true},
    {.name = NULL},
};
// clang-format on

static const struct field_desc dhcp_fields[] = {
    {"options", 0, FIELD_OPTIONS, .options = dhcp_options, .option_style = OPTION_DHCP,
     .meaning = "[(\"message-type\",\"discover\"),\"end\"]"},
};

static const struct binding dhcp_bindings[] = {
    {.lower = LAYER_BOOTP, .field = "options", .value = BOOTP_MAGIC},
    {0},
};

// The kind of message, in Scapy's spelling: "Discover".
static bool dhcp_summary(const struct view *view, unsigned i, const struct services *services,
                         struct text *text)
{
    const uint8_t *p = view_header(view, i);
    uint32_t len = view->layers[i].header_bytes;

    (void)services;
    for (uint32_t at = 0; at < len;) {
        if (p[at] == OPTION_PAD || p[at] == OPTION_END) {
            at++;
            continue;
        }
        if (len - at < 2 || len - at < p[at + 1] + 2u)
            break;
        if (p[at] == OPTION_MESSAGE_TYPE && p[at + 1] > 0) {
            const char *name = name_of(dhcp_types, p[at + 2]);

            text_add(text, "DHCP ");
            if (name != NULL)
                text_add(text, "%c%s", toupper((unsigned char)name[0]), name + 1);
            return true;
        }
        at += p[at + 1] + 2u;
    }
    return false;
}

const struct layer_desc layer_dhcp = {
    .name = "DHCP",
    .title = "DHCP options",
    .meaning = "Dynamic Host Configuration Protocol (RFC 2131)",
    .bindings = dhcp_bindings,
    .fields = dhcp_fields,
    .n_fields = ARRAY_SIZE(dhcp_fields),
    .summary = dhcp_summary,
};
