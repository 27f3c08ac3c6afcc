// Extensions behind the quote of an ICMP error (RFC 4884): a header, and objects.
#include "packet/layers/icmp_extensions.h"
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layer.h"

enum { EXTENSION_OBJECT_BYTES = 4, EXTENSION_HEADER_CHKSUM = 2 };
enum { EXTENSION_MPLS = 1, EXTENSION_INTERFACE = 2 };

const struct name icmp_extension_classes[] = {{1, "MPLS"},
                                              {2, "Interface Information"},
                                              {3, "Interface Identification"},
                                              {4, "Extended Information"},
                                              {0, NULL}};

static enum layer_id extension_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)at;
    if (len < EXTENSION_OBJECT_BYTES)
        return LAYER_RAW;
    return payload[2] == EXTENSION_MPLS        ? LAYER_ICMP_EXT_MPLS
           : payload[2] == EXTENSION_INTERFACE ? LAYER_ICMP_EXT_INTERFACE
                                               : LAYER_ICMP_EXT_OBJECT;
}

static const struct field_desc extension_header_fields[] = {
    {"version", 4, FIELD_NUMBER, .preset = 2, .meaning = "2"},
    {"reserved", 12, FIELD_NUMBER, .meaning = "0"},
    {"chksum", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .meaning = "over header and objects"},
};

static void extension_finish(struct build *build, struct build_layer *layer)
{
    if (build_is_set(layer, EXTENSION_HEADER_CHKSUM))
        return;
    build_add_sum(build, &(struct build_sum){
                             .store = layer->at.bit[EXTENSION_HEADER_CHKSUM] / 8,
                             .n_ranges = 1,
                             .range = {{layer->at.start, build_payload_end(build)}},
                         });
}

const struct layer_desc layer_icmp_ext_header = {
    .name = "ICMPExtension_Header",
    .also = "ICMPExtensionHeader",
    .title = "ICMP Extension Header (RFC4884)",
    .meaning = "behind an ICMP error's quote: the extensions' header (RFC 4884 7)",
    .fields = extension_header_fields,
    .n_fields = ARRAY_SIZE(extension_header_fields),
    .next = extension_next,
    .finish = extension_finish,
};

// ---- objects

// clang-format off
#define EXTENSION_LEN(what) \
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true, .length = {.of = (what)}, .meaning = "of the object, in bytes"}
#define EXTENSION_CLASS(number) \
    {"classnum", 8, FIELD_NUMBER, .preset = (number), .names = icmp_extension_classes, .meaning = "which object"}
// clang-format on

static const struct field_desc extension_object_fields[] = {
    EXTENSION_LEN(LENGTH_ALL),
    EXTENSION_CLASS(0),
    {"classtype", 8, FIELD_NUMBER, .meaning = "kind within the class"},
};

const struct layer_desc layer_icmp_ext_object = {
    .name = "ICMPExtension_Object",
    .also = "ICMPExtensionObject",
    .title = "ICMP Extension Object",
    .meaning = "ICMP extension that has no layer of its own; its payload is the value",
    .fields = extension_object_fields,
    .n_fields = ARRAY_SIZE(extension_object_fields),
};

static uint8_t extension_label(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail >= 4 ? LAYER_MPLS : LAYER_NONE;
}

static const struct packets_desc extension_labels = {.preset = LAYER_NONE, .which = extension_label};

static const struct field_desc extension_mpls_fields[] = {
    EXTENSION_LEN(LENGTH_HEADER),
    EXTENSION_CLASS(EXTENSION_MPLS),
    {"classtype", 8, FIELD_NUMBER, .preset = 1, .meaning = "1: the labels that came in"},
    {"stack", 0, FIELD_PACKETS, .packets = &extension_labels, .meaning = "[MPLS(...),...]"},
};

const struct layer_desc layer_icmp_ext_mpls = {
    .name = "ICMPExtension_MPLS",
    .also = "ICMPExtensionMPLS",
    .title = "ICMP Extension Object - MPLS (RFC4950)",
    .meaning = "ICMP extension: the labels that the quoted packet had (RFC 4950)",
    .fields = extension_mpls_fields,
    .n_fields = ARRAY_SIZE(extension_mpls_fields),
    .next = extension_next,
};

// ---- interface information

enum {
    INTERFACE_HAS_IFINDEX = 4,
    INTERFACE_HAS_IPADDR,
    INTERFACE_HAS_IFNAME,
    INTERFACE_HAS_MTU,
    INTERFACE_IFINDEX,
    INTERFACE_AFI,
    INTERFACE_RESERVED2,
    INTERFACE_IP4,
    INTERFACE_IP6,
    INTERFACE_IFNAME_LEN,
    INTERFACE_IFNAME,
};

static bool interface_has_ifindex(const struct fields *at)
{
    return fields_get(at, INTERFACE_HAS_IFINDEX) == 1;
}

static bool interface_has_ipaddr(const struct fields *at)
{
    return fields_get(at, INTERFACE_HAS_IPADDR) == 1;
}

static bool interface_has_ip4(const struct fields *at)
{
    return fields_get(at, INTERFACE_AFI) == 1;
}

static bool interface_has_ip6(const struct fields *at)
{
    return fields_get(at, INTERFACE_AFI) == 2;
}

static bool interface_has_ifname(const struct fields *at)
{
    return fields_get(at, INTERFACE_HAS_IFNAME) == 1;
}

static bool interface_has_mtu(const struct fields *at)
{
    return fields_get(at, INTERFACE_HAS_MTU) == 1;
}

static const struct field_desc extension_interface_fields[] = {
    EXTENSION_LEN(LENGTH_HEADER),
    EXTENSION_CLASS(EXTENSION_INTERFACE),
    {"classtype", 2, FIELD_NUMBER, .meaning = "role: 0 came in, 1 part of it, 2 would go out, 3 next hop"},
    {"reserved", 2, FIELD_NUMBER, .meaning = "0"},
    {"has_ifindex", 1, FIELD_NUMBER, .layout = true, .meaning = "there is an ifindex"},
    {"has_ipaddr", 1, FIELD_NUMBER, .layout = true, .meaning = "there is an address"},
    {"has_ifname", 1, FIELD_NUMBER, .layout = true, .meaning = "there is a name"},
    {"has_mtu", 1, FIELD_NUMBER, .layout = true, .meaning = "there is an MTU"},
    {"ifindex", 32, FIELD_NUMBER, .present = interface_has_ifindex, .meaning = "the interface's number"},
    {"afi", 16, FIELD_NUMBER, .layout = true, .preset = 1, .present = interface_has_ipaddr,
     .meaning = "1: ip4, 2: ip6"},
    {"reserved2", 16, FIELD_NUMBER, .present = interface_has_ipaddr, .meaning = "0"},
    {"ip4", 32, FIELD_IPV4, .present = interface_has_ip4, .meaning = "the interface's address"},
    {"ip6", 128, FIELD_IPV6, .present = interface_has_ip6, .meaning = "the interface's address, with afi=2"},
    {"ifname_len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .present = interface_has_ifname,
     .length = {.of = LENGTH_FIELD, .field = INTERFACE_IFNAME}, .meaning = "of ifname, in bytes"},
    {"ifname", 0, FIELD_BYTES, .present = interface_has_ifname, .meaning = "the interface's name"},
    {"mtu", 32, FIELD_NUMBER, .present = interface_has_mtu, .meaning = "the interface's MTU"},
};

const struct layer_desc layer_icmp_ext_interface = {
    .name = "ICMPExtension_InterfaceInformation",
    .also = "ICMPExtensionInterfaceInformation",
    .title = "ICMP Extension Object - Interface Information Object (RFC5837)",
    .meaning = "ICMP extension: an interface that the quoted packet met (RFC 5837)",
    .fields = extension_interface_fields,
    .n_fields = ARRAY_SIZE(extension_interface_fields),
    .next = extension_next,
};
