// Option of neighbour discovery: a route (RFC 4191 2.3). It has as much of the prefix as its length says, all of it if
// that is computed.
#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/icmpv6_nd.h"

enum { ROUTE_LEN = 1, ROUTE_PREFIX_AT = 8, ROUTE_UNIT = 8 };

static bool nd_route_computed(const struct fields *at)
{
    return fields_get(at, ROUTE_LEN) == 0;
}

static bool nd_route_said(const struct fields *at)
{
    return !nd_route_computed(at);
}

static uint16_t nd_route_width(const struct fields *at)
{
    return (uint16_t)((fields_get(at, ROUTE_LEN) - 1) * ROUTE_UNIT * 8);
}

static uint32_t nd_route_extent(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail;
}

static void nd_route_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                           struct text *text)
{
    (void)message;
    (void)message_len;
    nd_address_add(p, len, text);
}

static bool nd_route_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    return codec_ipv6_list.encode(part, out, len, problem);
}

static const struct codec nd_route = {
    .name = "IPv6 address", .encode = nd_route_encode, .extent = nd_route_extent, .print = nd_route_print};

static const struct field_desc nd_opt_route_info_fields[] = {
    {"type", 8, FIELD_NUMBER, .preset = 24, .meaning = "which option"},
    {"len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true,
     .length = {.of = LENGTH_HEADER, .unit = ROUTE_UNIT}, .meaning = "of the option, in 64-bit words"},
    {"plen", 8, FIELD_NUMBER, .meaning = "bits of the prefix"},
    {"res1", 3, FIELD_NUMBER, .meaning = "0"},
    {"prf", 2, FIELD_NUMBER, .names = nd_preferences, .meaning = "preference"},
    {"res2", 3, FIELD_NUMBER, .meaning = "0"},
    {"rtlifetime", 32, FIELD_NUMBER, .preset = UINT32_MAX, .meaning = "s; all ones: for ever"},
    {"prefix", 0, FIELD_CODED, .codec = &nd_route, .present = nd_route_computed, .meaning = "the prefix"},
    {"prefix", 0, FIELD_CODED, .codec = &nd_route, .present = nd_route_said, .width = nd_route_width,
     .meaning = "the prefix"},
};

static bool nd_opt_route_summary(const struct view *view, unsigned i, const struct services *services,
                                 struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    nd_option_title(view, i, text);
    nd_address_add(p + ROUTE_PREFIX_AT, view->layers[i].header_bytes - ROUTE_PREFIX_AT, text);
    text_add(text, "/%u Preference %s", p[2], name_of(nd_preferences, p[3] >> 3 & 3));
    return true;
}

const struct layer_desc layer_nd_opt_route_info = {
    .name = "ICMPv6NDOptRouteInfo",
    .title = "ICMPv6 Neighbor Discovery Option - Route Information Option",
    .meaning = "ND option: a route (RFC 4191 2.3)",
    .fields = nd_opt_route_info_fields,
    .n_fields = ARRAY_SIZE(nd_opt_route_info_fields),
    .next = nd_option_next,
    .summary = nd_opt_route_summary,
};
