// Extension mechanisms for DNS (RFC 6891) and its options; service bindings (RFC 9460) and their parameters.
#include "packet/layers/dns.h"

#include "packet/build.h"
#include "packet/bytes.h"

enum { OPTION_SUBNET = 8, OPTION_COOKIE = 10, OPTION_PADDING = 12, OPTION_ERROR = 15 };
enum { SVC_MANDATORY, SVC_ALPN, SVC_NO_DEFAULT_ALPN, SVC_PORT, SVC_IPV4HINT, SVC_ECH, SVC_IPV6HINT };

static uint8_t dns_which_option(const uint8_t *p, uint32_t avail)
{
    if (avail < 4)
        return LAYER_NONE;
    switch (get16(p)) {
    case OPTION_SUBNET:
        return LAYER_EDNS0CLIENTSUBNET;
    case OPTION_COOKIE:
        return LAYER_EDNS0COOKIE;
    case OPTION_PADDING:
        return LAYER_EDNS0PADDING;
    case OPTION_ERROR:
        return LAYER_EDNS0EXTENDEDDNSERROR;
    default:
        return LAYER_EDNS0TLV;
    }
}

static uint8_t dns_which_parameter(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail < 4 ? LAYER_NONE : LAYER_SVCPARAM;
}

static const struct packets_desc dns_options = {.which = dns_which_option};
static const struct packets_desc dns_parameters = {.which = dns_which_parameter};
static const struct name dns_z[] = {{32768, "D0"}, {0, NULL}};

static const struct field_desc dns_rropt_fields[] = {
    DNS_NAME("rrname", "the root"),
    {"type", 16, FIELD_NUMBER, .preset = 41, .names = dns_types, .meaning = "what the record holds"},
    {"rclass", 16, FIELD_NUMBER, .preset = 4096, .names = dns_classes,
     .meaning = "bytes that the sender takes over UDP"},
    {"extrcode", 8, FIELD_NUMBER, .meaning = "upper bits of the return code"},
    {"version", 8, FIELD_NUMBER, .meaning = "of EDNS"},
    {"z", 16, FIELD_NUMBER, .preset = 32768, .names = dns_z, .meaning = "D0: records of DNSSEC are welcome"},
    {"rdlen", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_REST},
     .meaning = "the options, in bytes"},
    {"rdata", 0, FIELD_PACKETS, .packets = &dns_options, .meaning = "options: [EDNS0TLV(...),...]"},
};

DNS_RECORD_LAYER(dns_rropt, "DNSRROPT", "DNS OPT Resource Record", "extensions of DNS (RFC 6891)");

// ---- options

// clang-format off
#define DNS_OPTION(code)                                                                                            \
    {"optcode", 16, FIELD_NUMBER, .preset = (code), .names = dns_option_codes, .meaning = "which option"},          \
    {"optlen", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_REST}, .meaning = "the rest, in bytes"}
// clang-format on

static const struct field_desc dns_edns0tlv_fields[] = {
    DNS_OPTION(0),
    {"optdata", 0, FIELD_BYTES, .meaning = "its value"},
};

enum { SUBNET_FAMILY = 2, SUBNET_PREFIX, SUBNET_SCOPE, SUBNET_ADDRESS, SUBNET_ADDRESS6 };
enum { SUBNET_IPV6 = 2 };

static bool edns_subnet_is_ipv6(const struct fields *at)
{
    return fields_get(at, SUBNET_FAMILY) == SUBNET_IPV6;
}

static bool edns_subnet_is_other(const struct fields *at)
{
    return !edns_subnet_is_ipv6(at);
}

static const struct field_desc dns_edns0clientsubnet_fields[] = {
    DNS_OPTION(OPTION_SUBNET),
    {"family", 16, FIELD_NUMBER, .layout = true, .preset = 1, .meaning = "of the address: 1 IPv4, 2 IPv6"},
    {"source_plen", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .meaning = "bits of the address that count"},
    {"scope_plen", 8, FIELD_NUMBER, .meaning = "bits that the answer is for"},
    {"address", 0, FIELD_CODED, .codec = &codec_subnet, .present = edns_subnet_is_other,
     .preset_bytes = "\xc0\xa8", .preset_len = 2, .meaning = "the client's network"},
    {"address", 0, FIELD_CODED, .codec = &codec_subnet6, .present = edns_subnet_is_ipv6,
     .preset_bytes = "\x20\x01\x0d\xb8", .preset_len = 4, .meaning = "family IPv6: the client's network"},
};

static void edns_subnet_finish(struct build *build, struct build_layer *layer)
{
    unsigned address = layer->at.bit[SUBNET_ADDRESS] != FIELD_ABSENT ? SUBNET_ADDRESS : SUBNET_ADDRESS6;

    if (!build_is_set(layer, SUBNET_PREFIX))
        build_put(build, layer, SUBNET_PREFIX, layer->at.bits[address]);
}

static const struct field_desc dns_edns0cookie_fields[] = {
    DNS_OPTION(OPTION_COOKIE),
    {"client_cookie", 64, FIELD_BYTES, .meaning = "8 bytes that the server echoes"},
    {"server_cookie", 0, FIELD_BYTES, .meaning = "what the server gave before"},
};

static const struct field_desc dns_edns0padding_fields[] = {
    DNS_OPTION(OPTION_PADDING),
    {"padding", 0, FIELD_BYTES, .meaning = "zeros"},
};

static const struct field_desc dns_edns0extendeddnserror_fields[] = {
    DNS_OPTION(OPTION_ERROR),
    {"info_code", 16, FIELD_NUMBER, .names = dns_errors, .meaning = "what went wrong"},
    {"extra_text", 0, FIELD_BYTES, .meaning = "in words"},
};

const struct layer_desc layer_dns_edns0clientsubnet = {
    .name = "EDNS0ClientSubnet",
    .title = "DNS EDNS0 Client Subnet",
    .meaning = "option of EDNS: client subnet (RFC 7871)",
    .fields = dns_edns0clientsubnet_fields,
    .n_fields = ARRAY_SIZE(dns_edns0clientsubnet_fields),
    .finish = edns_subnet_finish,
};

DNS_RECORD_LAYER(dns_edns0tlv, "EDNS0TLV", "DNS EDNS0 TLV", "option of EDNS (RFC 6891 6.1.2)");
DNS_RECORD_LAYER(dns_edns0cookie, "EDNS0COOKIE", "DNS EDNS0 COOKIE", "option of EDNS: cookie (RFC 7873)");
DNS_RECORD_LAYER(dns_edns0padding, "EDNS0PADDING", "DNS EDNS0 Padding", "option of EDNS: padding (RFC 7830)");
DNS_RECORD_LAYER(dns_edns0extendeddnserror, "EDNS0ExtendedDNSError", "DNS EDNS0 Extended DNS Error",
                 "option of EDNS: extended error (RFC 8914)");

// ---- service bindings

static uint64_t svc_key(const struct fields *at)
{
    return fields_get(at, 0);
}

static bool svc_is_mandatory(const struct fields *at)
{
    return svc_key(at) == SVC_MANDATORY;
}

static bool svc_is_alpn(const struct fields *at)
{
    return svc_key(at) == SVC_ALPN || svc_key(at) == SVC_NO_DEFAULT_ALPN;
}

static bool svc_is_port(const struct fields *at)
{
    return svc_key(at) == SVC_PORT;
}

static bool svc_is_ipv4(const struct fields *at)
{
    return svc_key(at) == SVC_IPV4HINT;
}

static bool svc_is_ipv6(const struct fields *at)
{
    return svc_key(at) == SVC_IPV6HINT;
}

static bool svc_is_bytes(const struct fields *at)
{
    return svc_key(at) == SVC_ECH || svc_key(at) > SVC_IPV6HINT;
}

static const struct field_desc dns_svcparam_fields[] = {
    {"key", 16, FIELD_NUMBER, .layout = true, .names = dns_svc_keys, .meaning = "which parameter"},
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_REST},
     .meaning = "the value, in bytes"},
    {"value", 0, FIELD_CODED, .codec = &codec_svc_keys, .present = svc_is_mandatory,
     .meaning = "mandatory: keys"},
    {"value", 0, FIELD_CODED, .codec = &codec_dns_strings, .present = svc_is_alpn,
     .meaning = "alpn: protocols"},
    {"value", 16, FIELD_NUMBER, .present = svc_is_port, .meaning = "port: a port"},
    {"value", 0, FIELD_CODED, .codec = &codec_ipv4_list, .present = svc_is_ipv4,
     .meaning = "ipv4hint: addresses"},
    {"value", 0, FIELD_CODED, .codec = &codec_ipv6_list, .present = svc_is_ipv6,
     .meaning = "ipv6hint: addresses"},
    {"value", 0, FIELD_BYTES, .present = svc_is_bytes, .meaning = "others: bytes"},
};

#define SVC_FIELDS(type_)                                                                                   \
    {                                                                                                       \
        DNS_RECORD(type_),                                                                                  \
            {"svc_priority", 16, FIELD_NUMBER, .meaning = "0: an alias; else the lowest is tried first"},   \
            DNS_NAME("target_name", "the service's other name"),                                            \
            {"svc_params", 0, FIELD_PACKETS, .packets = &dns_parameters, .meaning = "[SvcParam(...),...]"}, \
    }

static const struct field_desc dns_rrsvcb_fields[] = SVC_FIELDS(64);
static const struct field_desc dns_rrhttps_fields[] = SVC_FIELDS(65);

DNS_RECORD_LAYER(dns_svcparam, "SvcParam", NULL, "parameter of a service (RFC 9460 2.2)");
DNS_RECORD_LAYER(dns_rrsvcb, "DNSRRSVCB", "DNS SVCB Resource Record", "how to reach a service (RFC 9460)");
DNS_RECORD_LAYER(dns_rrhttps, "DNSRRHTTPS", "DNS HTTPS Resource Record",
                 "how to reach a web server (RFC 9460 9)");
