// IPv6's extension headers: options, source routes of the first kind, fragments (RFC 8200 4, RFC 5095).
#include "packet/layers/ipv6_ext.h"

#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/ip.h"

#include <string.h>

enum { EXT_NH, EXT_LEN };
enum { OPTIONS_OPTIONS = 3, OPTIONS_AT = 2 };
enum { ROUTING_SEGLEFT = 3, ROUTING_ADDRESSES = 5 };
enum { SEGMENTS_SEGLEFT = 3, SEGMENTS_ADDRESSES = 12 };
enum { ROUTING_TYPE_AT = 2, ROUTING_SEGLEFT_AT = 3, ROUTING_ADDRESSES_AT = 8, ROUTING_SEGMENTS = 4 };
enum { FRAGMENT_OFFSET_AT = 2, FRAGMENT_M_AT = 4 };
enum { OPTION_PAD1 = 0, OPTION_HOME = 0xc9, OPTION_HOME_BYTES = 16, HAO_HOA = 2 };

// ---- tables

static const struct name ipv6_switch[] = {{0, "Off"}, {1, "On"}, {0, NULL}};

// The options end where the header does, which is at whole 64-bit words.
static const struct field_desc ipv6_options_fields[] = {
    IPV6_EXT_NH,
    {"len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = OPTIONS_OPTIONS, .unit = 8, .plus = -6},
     .meaning = "of the header in 64-bit words, less one"},
    {"autopad", 8, FIELD_NUMBER, .preset = 1, .unseen = true, .layout = true, .names = ipv6_switch,
     .meaning = "0: the options are not padded; not in the packet"},
    {"options", 0, FIELD_PACKETS, .packets = &ipv6_options, .meaning = "options, padded to their places"},
};

static const struct field_desc ipv6_routing_fields[] = {
    IPV6_EXT_NH,
    {"len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = ROUTING_ADDRESSES, .unit = 8},
     .meaning = "of the addresses in 64-bit words"},
    {"type", 8, FIELD_NUMBER, .meaning = "0: a list of addresses"},
    {"segleft", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true,
     .meaning = "addresses to be visited"},
    {"reserved", 32, FIELD_NUMBER, .meaning = "0"},
    {"addresses", 0, FIELD_CODED, .codec = &codec_ipv6_list,
     .meaning = "where it is to go; the last is the destination"},
};

static const struct field_desc ipv6_fragment_fields[] = {
    IPV6_EXT_NH,
    {"res1", 8, FIELD_NUMBER, .meaning = "0"},
    {"offset", 13, FIELD_NUMBER, .meaning = "of the fragment, in 8 bytes"},
    {"res2", 2, FIELD_NUMBER, .meaning = "0"},
    {"m", 1, FIELD_NUMBER, .meaning = "more fragments follow"},
    {"id", 32, FIELD_NUMBER, .meaning = "which packet, for reassembly"},
};
enum { FRAGMENT_OFFSET = 2 };

static const struct binding ipv6_hop_by_hop_bindings[] = {{.lower = LAYER_IPV6, .field = "nh", .value = 0},
                                                          {0}};
static const struct binding ipv6_dest_opt_bindings[] = {{.lower = LAYER_IPV6, .field = "nh", .value = 60},
                                                        {0}};
static const struct binding ipv6_routing_bindings[] = {{.lower = LAYER_IPV6, .field = "nh", .value = 43},
                                                       {0}};
static const struct binding ipv6_fragment_bindings[] = {{.lower = LAYER_IPV6, .field = "nh", .value = 44},
                                                        {0}};

// How many addresses: a preset of the list counts too.
static void ipv6_routing_finish(struct build *build, struct build_layer *layer)
{
    if (!build_is_set(layer, ROUTING_SEGLEFT))
        build_put(build, layer, ROUTING_SEGLEFT, layer->at.bits[ROUTING_ADDRESSES] / 128);
}

static enum layer_id ipv6_routing_dispatch(const uint8_t *p, uint32_t avail)
{
    return avail > ROUTING_TYPE_AT && p[ROUTING_TYPE_AT] == ROUTING_SEGMENTS ? LAYER_IPV6_EXT_SEGMENTS
                                                                             : LAYER_IPV6_EXT_ROUTING;
}

// All but the first fragment start somewhere in the payload.
static enum layer_id ipv6_fragment_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    return fields_get(at, FRAGMENT_OFFSET) > 0 ? LAYER_RAW
                                               : layer_next(LAYER_IPV6_EXT_FRAGMENT, at, payload, len);
}

const struct layer_desc layer_ipv6_ext_hop_by_hop = {
    .name = "IPv6ExtHdrHopByHop",
    .title = "IPv6 Extension Header - Hop-by-Hop Options Header",
    .meaning = "IPv6 options for all hops (RFC 8200 4.3)",
    .alias = LAYER_IPV6,
    .bindings = ipv6_hop_by_hop_bindings,
    .fields = ipv6_options_fields,
    .n_fields = ARRAY_SIZE(ipv6_options_fields),
};

const struct layer_desc layer_ipv6_ext_dest_opt = {
    .name = "IPv6ExtHdrDestOpt",
    .title = "IPv6 Extension Header - Destination Options Header",
    .meaning = "IPv6 options for the destination (RFC 8200 4.6)",
    .alias = LAYER_IPV6,
    .bindings = ipv6_dest_opt_bindings,
    .fields = ipv6_options_fields,
    .n_fields = ARRAY_SIZE(ipv6_options_fields),
};

const struct layer_desc layer_ipv6_ext_routing = {
    .name = "IPv6ExtHdrRouting",
    .title = "IPv6 Option Header Routing",
    .meaning = "IPv6 routing header (RFC 8200 4.4)",
    .alias = LAYER_IPV6,
    .bindings = ipv6_routing_bindings,
    .fields = ipv6_routing_fields,
    .n_fields = ARRAY_SIZE(ipv6_routing_fields),
    .dispatch = ipv6_routing_dispatch,
    .finish = ipv6_routing_finish,
};

const struct layer_desc layer_ipv6_ext_fragment = {
    .name = "IPv6ExtHdrFragment",
    .title = "IPv6 Extension Header - Fragmentation header",
    .meaning = "IPv6 fragment (RFC 8200 4.5)",
    .alias = LAYER_IPV6,
    .bindings = ipv6_fragment_bindings,
    .fields = ipv6_fragment_fields,
    .n_fields = ARRAY_SIZE(ipv6_fragment_fields),
    .next = ipv6_fragment_next,
};

// ---- ways

static bool ipv6_ext_is(unsigned id)
{
    return layer_get((enum layer_id)id)->alias == LAYER_IPV6;
}

// The home address among the options of a header; NULL: there is none.
static const uint8_t *ipv6_home_address(const uint8_t *p, uint32_t len)
{
    uint32_t at = OPTIONS_AT;

    while (at + 2 <= len) {
        uint32_t bytes = p[at] == OPTION_PAD1 ? 1 : 2u + p[at + 1];

        if (p[at] == OPTION_HOME && bytes == 2 + OPTION_HOME_BYTES && at + bytes <= len)
            return p + at + 2;
        at += bytes;
    }
    return NULL;
}

// The address that a routing header ends at; NULL: it is used up. A list of segments is written from its end (RFC 8754 2).
static const uint8_t *ipv6_route_end(const uint8_t *p, uint32_t len)
{
    if (len < ROUTING_ADDRESSES_AT + 16 || p[ROUTING_SEGLEFT_AT] == 0)
        return NULL;
    return p[ROUTING_TYPE_AT] == ROUTING_SEGMENTS
               ? p + ROUTING_ADDRESSES_AT
               : p + ROUTING_ADDRESSES_AT + 16 * ((len - ROUTING_ADDRESSES_AT) / 16 - 1);
}

unsigned ipv6_ext_scapy_upper(const struct view *view, unsigned i)
{
    for (i++; i < view->n && ipv6_ext_is(view->layers[i].id); i++) {
        const struct view_layer *layer = &view->layers[i];
        bool options = layer->id == LAYER_IPV6_EXT_HOP_BY_HOP || layer->id == LAYER_IPV6_EXT_DEST_OPT;
        bool route = layer->id != LAYER_IPV6_EXT_FRAGMENT;

        if (!options &&
            (layer->header_bytes < 8 || (route && (layer->header_bytes - ROUTING_ADDRESSES_AT) % 16 != 0)))
            break;
    }
    return i;
}

struct ipv6_path ipv6_ext_path(const struct view *view, unsigned i)
{
    const uint8_t *ip = view_header(view, i);
    struct ipv6_path path = {.src = ip + IPV6_ADDRESSES_AT, .dst = ip + IPV6_ADDRESSES_AT + 16, .nh = ip[6]};

    for (i++; i < view->n && ipv6_ext_is(view->layers[i].id); i++) {
        const uint8_t *p = view_header(view, i), *address;
        uint32_t len = view->layers[i].header_bytes;
        bool options = view->layers[i].id == LAYER_IPV6_EXT_DEST_OPT;

        path.nh = p[0];
        path.broken |= view->layers[i].broken;
        if (options && (address = ipv6_home_address(p, len)) != NULL)
            path.src = address;
        if (view->layers[i].id == LAYER_IPV6_EXT_FRAGMENT && len >= FRAGMENT_M_AT)
            path.later |= get16(p + FRAGMENT_OFFSET_AT) >> 3 != 0;
        if (view->layers[i].id != LAYER_IPV6_EXT_ROUTING && view->layers[i].id != LAYER_IPV6_EXT_SEGMENTS)
            continue;
        if ((address = ipv6_route_end(p, len)) != NULL)
            path.dst = address;
    }
    path.upper = i;
    return path;
}

// Of a list of addresses Scapy adds all to the last, without carry; without any it takes ::1.
static void ipv6_hash_route(const uint8_t *p, uint32_t len, uint8_t dst[16])
{
    uint32_t n = len < ROUTING_ADDRESSES_AT ? 0 : (len - ROUTING_ADDRESSES_AT) / 16;

    memset(dst, 0, 16);
    dst[15] = n == 0;
    for (uint32_t k = 0; k + 1 < n; k++) {
        for (unsigned b = 0; b < 16; b++)
            dst[b] ^= p[ROUTING_ADDRESSES_AT + 16 * k + b];
    }
}

bool ipv6_ext_hashret(const struct view *view, unsigned i, uint8_t addresses[16], uint8_t *nh)
{
    const uint8_t *ip = view_header(view, i), *src = ip + IPV6_ADDRESSES_AT, *home;
    bool extended = i + 1 < view->n && ipv6_ext_is(view->layers[i + 1].id);
    const uint8_t *p = extended ? view_header(view, i + 1) : ip;
    uint32_t len = extended ? view->layers[i + 1].header_bytes : 0;
    unsigned id = extended ? view->layers[i + 1].id : LAYER_NONE;

    memcpy(addresses, ip + IPV6_ADDRESSES_AT + 16, 16);
    *nh = extended && id != LAYER_IPV6_EXT_SEGMENTS ? p[0] : ip[6];
    if (id == LAYER_IPV6_EXT_ROUTING)
        ipv6_hash_route(p, len, addresses);
    if (id == LAYER_IPV6_EXT_SEGMENTS && len >= ROUTING_ADDRESSES_AT + 16)
        memcpy(addresses, p + ROUTING_ADDRESSES_AT, 16);
    if (id == LAYER_IPV6_EXT_DEST_OPT && (home = ipv6_home_address(p, len)) != NULL)
        src = home;
    if (addresses[0] == 0xff)
        return false;
    for (unsigned b = 0; b < 16; b++)
        addresses[b] ^= src[b];
    return true;
}

// ---- building

const struct build_layer *ipv6_ext_network(const struct build *build, const struct build_layer *layer)
{
    const struct build_layer *below = build_below(build, layer);

    while (below != NULL && ipv6_ext_is(below->id))
        below = build_below(build, below);
    return below != NULL && below->id == LAYER_IPV6 ? below : NULL;
}

// Where the list of addresses of a routing header ends the way; 0: it does not.
static uint32_t ipv6_built_route_end(const struct build_layer *layer)
{
    bool segments = layer->id == LAYER_IPV6_EXT_SEGMENTS;
    unsigned f = segments ? SEGMENTS_ADDRESSES : ROUTING_ADDRESSES;
    unsigned segleft = segments ? SEGMENTS_SEGLEFT : ROUTING_SEGLEFT;
    uint32_t n = layer->at.bits[f] / 128, from = layer->at.bit[f] / 8;

    if (n == 0 || (build_is_set(layer, segleft) && build_get(layer, segleft) == 0))
        return 0;
    return segments ? from : from + 16 * (n - 1);
}

// A home address counts if it is the only option, as in Scapy. 0: there is none.
static uint32_t ipv6_built_home_address(const struct build_layer *layer)
{
    const struct build_value *options = &layer->values[OPTIONS_OPTIONS];
    bool alone =
        options->kind == BUILD_PACKETS && options->items == 1 && options->packets[0].id == LAYER_IPV6_OPT_HAO;

    return alone ? options->packets[0].at.bit[HAO_HOA] / 8 : 0;
}

void ipv6_ext_addresses(const struct build *build, const struct build_layer *layer, uint32_t *src,
                        uint32_t *dst)
{
    const struct build_layer *below = build_below(build, layer);

    *src = *dst = 0;
    for (; below->id != LAYER_IPV6; below = build_below(build, below)) {
        bool routing = below->id == LAYER_IPV6_EXT_ROUTING || below->id == LAYER_IPV6_EXT_SEGMENTS;

        if (routing && *dst == 0)
            *dst = ipv6_built_route_end(below);
        if (below->id == LAYER_IPV6_EXT_DEST_OPT && ipv6_built_home_address(below) != 0)
            *src = ipv6_built_home_address(below);
    }
    if (*src == 0)
        *src = below->at.bit[IPV6_SRC] / 8;
    if (*dst == 0)
        *dst = below->at.bit[IPV6_DST] / 8;
}
