// MPLS label stack entries (RFC 3032), and the control word of Ethernet pseudowires (RFC 4448).
#include "packet/layer.h"

enum { MPLS_LABEL, MPLS_COS, MPLS_S, MPLS_TTL };

static const struct field_desc mpls_fields[] = {
    {"label", 20, FIELD_NUMBER, .preset = 3,
     .meaning = "label; 0 and 2: IPv4 and IPv6 explicit null, 3: implicit null"},
    {"cos", 3, FIELD_NUMBER, .meaning = "traffic class"},
    {"s", 1, FIELD_NUMBER, .preset = 1, .meaning = "bottom of the stack"},
    {"ttl", 8, FIELD_NUMBER, .meaning = "hops it may go"},
};

static const struct field_desc eomcw_fields[] = {
    {"zero", 4, FIELD_NUMBER, .meaning = "0: no IP packet"},
    {"reserved", 12, FIELD_NUMBER, .meaning = "reserved"},
    {"seq", 16, FIELD_NUMBER, .meaning = "sequence number"},
};

static const struct binding mpls_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x8847},
    {.lower = LAYER_IP, .field = "proto", .value = 137},
    {.lower = LAYER_IPV6, .field = "nh", .value = 137},
    {.lower = LAYER_UDP, .field = "dport", .value = 6635},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x8847},
    {.lower = LAYER_MPLS, .field = "s", .value = 0, .use = BINDING_BUILD},
    {0},
};

// Labels say nothing: below the bottom of the stack, the first bits of the payload do.
static enum layer_id mpls_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    if (fields_get(at, MPLS_S) == 0)
        return LAYER_MPLS;
    switch (payload[0] >> 4) {
    case 4:
        return LAYER_IP;
    case 5: // BIER
        return LAYER_RAW;
    case 6:
        return LAYER_IPV6;
    default:
        return len > 1 && payload[0] == 0 && payload[1] == 0 ? LAYER_EOMCW : LAYER_ETHER;
    }
}

static enum layer_id eomcw_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)at;
    (void)payload;
    (void)len;
    return LAYER_ETHER;
}

const struct layer_desc layer_mpls = {
    .name = "MPLS",
    .meaning = "Multiprotocol Label Switching, one label (RFC 3032)",
    .bindings = mpls_bindings,
    .fields = mpls_fields,
    .n_fields = ARRAY_SIZE(mpls_fields),
    .next = mpls_next,
};

const struct layer_desc layer_eomcw = {
    .name = "EoMCW",
    .meaning = "control word of Ethernet over MPLS (RFC 4448)",
    .fields = eomcw_fields,
    .n_fields = ARRAY_SIZE(eomcw_fields),
    .next = eomcw_next,
};
