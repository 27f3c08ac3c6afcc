// VXLAN (RFC 7348), with its generic protocol and group policy extensions.
#include "packet/layer.h"

enum {
    VXLAN_FLAGS,
    VXLAN_RESERVED0,
    VXLAN_NEXT_PROTOCOL,
    VXLAN_RESERVED1,
    VXLAN_GPFLAGS,
    VXLAN_GPID,
    VXLAN_VNI
};
enum { VXLAN_FLAG_NEXT_PROTOCOL = 0x04, VXLAN_FLAG_GROUP = 0x80 };

static const struct name vxlan_protocols[] = {{0, "NotDefined"}, {1, "IPv4"}, {2, "IPv6"},
                                              {3, "Ethernet"},   {4, "NSH"},  {0, NULL}};

static bool vxlan_has_protocol(const struct fields *at)
{
    return fields_get(at, VXLAN_FLAGS) & VXLAN_FLAG_NEXT_PROTOCOL;
}

static bool vxlan_has_group(const struct fields *at)
{
    return fields_get(at, VXLAN_FLAGS) & VXLAN_FLAG_GROUP;
}

static bool vxlan_is_plain(const struct fields *at)
{
    return !vxlan_has_protocol(at) && !vxlan_has_group(at);
}

static const struct field_desc vxlan_fields[] = {
    {"flags", 8, FIELD_FLAGS, .layout = true, .preset = 0x08,
     .letters = "OAM+R+NextProtocol+Instance+V1+V2+R+G", .meaning = "flags; 8 is a plain VXLAN header"},
    {"reserved0", 16, FIELD_NUMBER, .present = vxlan_has_protocol, .meaning = "reserved"},
    {"NextProtocol", 8, FIELD_NUMBER, .names = vxlan_protocols, .present = vxlan_has_protocol,
     .meaning = "protocol of the payload"},
    {"reserved1", 24, FIELD_NUMBER, .present = vxlan_is_plain, .meaning = "reserved"},
    {"gpflags", 8, FIELD_FLAGS, .letters = "R+R+R+A+R+R+D+R", .present = vxlan_has_group,
     .meaning = "group policy flags"},
    {"gpid", 16, FIELD_NUMBER, .present = vxlan_has_group, .meaning = "group policy"},
    {"vni", 24, FIELD_NUMBER, .hex = true, .meaning = "network"},
    {"reserved2", 8, FIELD_NUMBER, .hex = true, .meaning = "reserved"},
};

static const struct binding vxlan_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = 4789, .more = {{.field = "sport", .value = 4789}}},
    {.lower = LAYER_UDP, .field = "dport", .value = 4790, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "dport", .value = 6633, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "dport", .value = 8472, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "dport", .value = 48879, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "sport", .value = 4789, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "sport", .value = 4790, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "sport", .value = 6633, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "sport", .value = 8472, .use = BINDING_READ},
    {0},
};

// Without the field, and with 0 in it, it is Ethernet.
static enum layer_id vxlan_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    static const uint8_t upper[] = {LAYER_ETHER, LAYER_IP, LAYER_IPV6, LAYER_ETHER};
    uint64_t protocol = fields_get(at, VXLAN_NEXT_PROTOCOL);

    (void)payload;
    (void)len;
    return protocol < ARRAY_SIZE(upper) ? (enum layer_id)upper[protocol] : LAYER_RAW;
}

static bool vxlan_summary(const struct view *view, unsigned i, const struct services *services,
                          struct text *text)
{
    struct fields at = {.bytes = view->bytes, .start = view->layers[i].start, .end = view->layers[i].end};

    (void)services;
    if (!fields_place(&at, &layer_vxlan, 0))
        return false;
    text_add(text, "VXLAN (vni=0x%x", (unsigned)fields_get(&at, VXLAN_VNI));
    if (vxlan_has_group(&at))
        text_add(text, " gpid=%u", (unsigned)fields_get(&at, VXLAN_GPID));
    text_add(text, ")");
    return true;
}

const struct layer_desc layer_vxlan = {
    .name = "VXLAN",
    .meaning = "Virtual eXtensible Local Area Network (RFC 7348)",
    .bindings = vxlan_bindings,
    .fields = vxlan_fields,
    .n_fields = ARRAY_SIZE(vxlan_fields),
    .next = vxlan_next,
    .summary = vxlan_summary,
};
