// Generic Routing Encapsulation (RFC 1701, RFC 2784, RFC 2890), and PPTP's variant of it (RFC 2637).
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layers/ether.h"

enum { GRE_CHKSUM_PRESENT, GRE_ROUTING_PRESENT, GRE_KEY_PRESENT, GRE_SEQNUM_PRESENT, GRE_CHKSUM = 9 };
enum { PPTP_SEQNUM_PRESENT = 3, PPTP_ACKNUM_PRESENT = 6 };
enum { ROUTING_FAMILY, ROUTING_OFFSET, ROUTING_LEN, ROUTING_INFO };
enum { GRE_PROTO_PPTP = 0x880b };

static bool gre_has_chksum(const struct fields *at)
{
    return fields_get(at, GRE_CHKSUM_PRESENT) != 0 || fields_get(at, GRE_ROUTING_PRESENT) != 0;
}

static bool gre_has_key(const struct fields *at)
{
    return fields_get(at, GRE_KEY_PRESENT) != 0;
}

static bool gre_has_seqnum(const struct fields *at)
{
    return fields_get(at, GRE_SEQNUM_PRESENT) != 0;
}

static bool pptp_has_acknum(const struct fields *at)
{
    return fields_get(at, PPTP_ACKNUM_PRESENT) != 0;
}

static const struct field_desc gre_fields[] = {
    {"chksum_present", 1, FIELD_NUMBER, .layout = true, .meaning = "chksum and offset are there"},
    {"routing_present", 1, FIELD_NUMBER, .layout = true, .meaning = "chksum, offset and routing are there"},
    {"key_present", 1, FIELD_NUMBER, .layout = true, .meaning = "key is there"},
    {"seqnum_present", 1, FIELD_NUMBER, .layout = true, .meaning = "sequence_number is there"},
    {"strict_route_source", 1, FIELD_NUMBER, .meaning = "all routing is strict"},
    {"recursion_control", 3, FIELD_NUMBER, .meaning = "encapsulations allowed"},
    {"flags", 5, FIELD_NUMBER, .meaning = "reserved"},
    {"version", 3, FIELD_NUMBER, .meaning = "0"},
    {"proto", 16, FIELD_NUMBER, .hex = true, .names = ether_types, .meaning = "protocol of the payload"},
    {"chksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED, .present = gre_has_chksum,
     .meaning = "over header and payload, if chksum_present"},
    {"offset", 16, FIELD_NUMBER, .hex = true, .present = gre_has_chksum,
     .meaning = "of the active source route"},
    {"key", 32, FIELD_NUMBER, .hex = true, .present = gre_has_key, .meaning = "which tunnel or flow"},
    {"sequence_number", 32, FIELD_NUMBER, .hex = true, .present = gre_has_seqnum,
     .meaning = "place in the order of sending"},
};

static const struct field_desc pptp_fields[] = {
    {"chksum_present", 1, FIELD_NUMBER, .meaning = "0"},
    {"routing_present", 1, FIELD_NUMBER, .meaning = "0"},
    {"key_present", 1, FIELD_NUMBER, .preset = 1, .meaning = "1: payload_len and call_id"},
    {"seqnum_present", 1, FIELD_NUMBER, .layout = true, .meaning = "sequence_number is there"},
    {"strict_route_source", 1, FIELD_NUMBER, .meaning = "0"},
    {"recursion_control", 3, FIELD_NUMBER, .meaning = "0"},
    {"acknum_present", 1, FIELD_NUMBER, .layout = true, .meaning = "ack_number is there"},
    {"flags", 4, FIELD_NUMBER, .meaning = "reserved"},
    {"version", 3, FIELD_NUMBER, .preset = 1, .meaning = "1"},
    {"proto", 16, FIELD_NUMBER, .hex = true, .preset = GRE_PROTO_PPTP, .names = ether_types,
     .meaning = "protocol of the payload: PPP"},
    {"payload_len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_PAYLOAD},
     .meaning = "payload, in bytes"},
    {"call_id", 16, FIELD_NUMBER, .meaning = "the receiver's number of the session"},
    {"sequence_number", 32, FIELD_NUMBER, .hex = true, .present = gre_has_seqnum,
     .meaning = "place in the order of sending"},
    {"ack_number", 32, FIELD_NUMBER, .hex = true, .present = pptp_has_acknum,
     .meaning = "highest sequence_number received"},
};

static const struct field_desc routing_fields[] = {
    {"address_family", 16, FIELD_NUMBER, .meaning = "of the addresses in routing_info"},
    {"SRE_offset", 8, FIELD_NUMBER, .meaning = "active entry in routing_info, in bytes"},
    {"SRE_len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = ROUTING_INFO}, .meaning = "routing_info, in bytes"},
    {"routing_info", 0, FIELD_BYTES, .meaning = "addresses"},
};

static const struct binding gre_bindings[] = {
    {.lower = LAYER_IP, .field = "proto", .value = 47},
    {.lower = LAYER_IPV6, .field = "nh", .value = 47},
    {0},
};

static const struct binding pptp_bindings[] = {
    {.lower = LAYER_IP, .field = "proto", .value = 47, .use = BINDING_BUILD},
    {.lower = LAYER_IPV6, .field = "nh", .value = 47, .use = BINDING_BUILD},
    {0},
};

static const struct binding routing_bindings[] = {
    {.lower = LAYER_GRE, .field = "routing_present", .value = 1, .use = BINDING_BUILD},
    {0},
};

static enum layer_id gre_dispatch(const uint8_t *p, uint32_t avail)
{
    return avail >= 4 && get16(p + 2) == GRE_PROTO_PPTP ? LAYER_GRE_PPTP : LAYER_GRE;
}

static enum layer_id gre_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    return fields_get(at, GRE_ROUTING_PRESENT) != 0 ? LAYER_GRE_ROUTING
                                                    : layer_next(LAYER_GRE, at, payload, len);
}

// Source route entries end with an empty one (RFC 1701).
static enum layer_id routing_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)payload;
    (void)len;
    bool last = fields_get(at, ROUTING_FAMILY) == 0 && fields_get(at, ROUTING_LEN) == 0;
    return last ? LAYER_RAW : LAYER_GRE_ROUTING;
}

static void gre_finish(struct build *build, struct build_layer *layer)
{
    if (build_get(layer, GRE_CHKSUM_PRESENT) == 0 || build_is_set(layer, GRE_CHKSUM))
        return;
    build_add_sum(build, &(struct build_sum){
                             .store = layer->at.bit[GRE_CHKSUM] / 8,
                             .n_ranges = 1,
                             .range = {{layer->at.start, build_payload_end(build)}},
                         });
}

const struct layer_desc layer_gre = {
    .name = "GRE",
    .meaning = "Generic Routing Encapsulation (RFC 2784, RFC 2890)",
    .bindings = gre_bindings,
    .fields = gre_fields,
    .n_fields = ARRAY_SIZE(gre_fields),
    .dispatch = gre_dispatch,
    .next = gre_next,
    .finish = gre_finish,
};

const struct layer_desc layer_gre_pptp = {
    .name = "GRE_PPTP",
    .title = "GRE PPTP",
    .meaning = "GRE as PPTP uses it (RFC 2637)",
    .alias = LAYER_GRE,
    .bindings = pptp_bindings,
    .fields = pptp_fields,
    .n_fields = ARRAY_SIZE(pptp_fields),
};

const struct layer_desc layer_gre_routing = {
    .name = "GRErouting",
    .title = "GRE routing information",
    .meaning = "a source route entry of GRE (RFC 1701)",
    .bindings = routing_bindings,
    .fields = routing_fields,
    .n_fields = ARRAY_SIZE(routing_fields),
    .next = routing_next,
};
