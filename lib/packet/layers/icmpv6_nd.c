// ICMPv6 neighbour discovery: routers and neighbours asked for and advertised, redirects (RFC 4861 4, RFC 3122 2).
#include "packet/layers/icmpv6_nd.h"

#include "base/address.h"
#include "packet/bytes.h"
#include "packet/layers/icmpv6.h"

#include <string.h>

enum { ND_BYTES = 24, ND_TARGET_AT = 8 };
enum { ND_ALL_NODES = 1, ND_ALL_ROUTERS = 2, ND_HOPS = 255 };

const struct name nd_preferences[] = {
    {0, "Medium (default)"}, {1, "High"}, {2, "Reserved"}, {3, "Low"}, {0, NULL}};

static const struct field_desc nd_rs_fields[] = {
    ICMPV6_START(133, NULL),
    {"res", 32, FIELD_NUMBER, .meaning = "0"},
};

static const struct field_desc nd_ra_fields[] = {
    ICMPV6_START(134, NULL),
    {"chlim", 8, FIELD_NUMBER, .meaning = "hop limit that hosts should use; 0: not said"},
    {"M", 1, FIELD_NUMBER, .meaning = "addresses by DHCPv6"},
    {"O", 1, FIELD_NUMBER, .meaning = "other configuration by DHCPv6"},
    {"H", 1, FIELD_NUMBER, .meaning = "home agent"},
    {"prf", 2, FIELD_NUMBER, .preset = 1, .names = nd_preferences,
     .meaning = "preference as a default router"},
    {"P", 1, FIELD_NUMBER, .meaning = "proxy"},
    {"res", 2, FIELD_NUMBER, .meaning = "0"},
    {"routerlifetime", 16, FIELD_NUMBER, .preset = 1800,
     .meaning = "as a default router, in s; 0: it is none"},
    {"reachabletime", 32, FIELD_NUMBER, .meaning = "of a neighbour, in ms; 0: not said"},
    {"retranstimer", 32, FIELD_NUMBER, .meaning = "between solicitations, in ms; 0: not said"},
};

static const struct field_desc nd_ns_fields[] = {
    ICMPV6_START(135, NULL),
    {"res", 32, FIELD_NUMBER, .meaning = "0"},
    {"tgt", 128, FIELD_IPV6, .meaning = "whose MAC is asked for"},
};

static const struct field_desc nd_na_fields[] = {
    ICMPV6_START(136, NULL),
    {"R", 1, FIELD_NUMBER, .preset = 1, .meaning = "from a router"},
    {"S", 1, FIELD_NUMBER, .meaning = "solicited"},
    {"O", 1, FIELD_NUMBER, .preset = 1, .meaning = "override"},
    {"res", 29, FIELD_NUMBER, .hex = true, .meaning = "0"},
    {"tgt", 128, FIELD_IPV6, .meaning = "whose MAC it is"},
};

static const struct field_desc nd_redirect_fields[] = {
    ICMPV6_START(137, NULL),
    {"res", 32, FIELD_NUMBER, .hex = true, .meaning = "0"},
    {"tgt", 128, FIELD_IPV6, .meaning = "the better next hop"},
    {"dst", 128, FIELD_IPV6, .meaning = "for which destination"},
};

static const struct field_desc nd_ind_sol_fields[] = {
    ICMPV6_START(141, NULL),
    {"reserved", 32, FIELD_NUMBER, .hex = true, .meaning = "0"},
};

static const struct field_desc nd_ind_adv_fields[] = {
    ICMPV6_START(142, NULL),
    {"reserved", 32, FIELD_NUMBER, .hex = true, .meaning = "0"},
};

static bool nd_target_summary(const struct view *view, unsigned i, const struct services *services,
                              struct text *text)
{
    struct address target = address_from_bytes(6, view_header(view, i) + ND_TARGET_AT);
    char buffer[ADDRESS_TEXT_MAX];

    (void)services;
    address_format(&target, buffer);
    text_add(text, "%s (tgt: %s)", layer_get((enum layer_id)view->layers[i].id)->title, buffer);
    return true;
}

static bool nd_ra_summary(const struct view *view, unsigned i, const struct services *services,
                          struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    text_add(
        text,
        "ICMPv6 Neighbor Discovery - Router Advertisement Lifetime %u Hop Limit %u Preference %s Managed %u "
        "Other %u Home %u",
        get16(p + 6), p[4], name_of(nd_preferences, p[5] >> 3 & 3), p[5] >> 7, p[5] >> 6 & 1, p[5] >> 5 & 1);
    return true;
}

// A quote may be cut short.
static bool nd_has_target(const struct view *view, unsigned i)
{
    return view->layers[i].header_bytes >= ND_BYTES;
}

static void nd_target_flow_key(const struct view *view, unsigned i, enum flow_role role,
                               const struct answer_rules *rules, struct flow_key *key)
{
    const uint8_t *target = view_header(view, i) + ND_TARGET_AT;
    bool asks = view->layers[i].id == LAYER_ICMPV6_NS;

    // By Scapy's rules a solicitation may answer another behind an extension header, whatever its target.
    if (!nd_has_target(view, i) || (rules->scapy && !rules->hashed && asks && role != FLOW_STIMULUS))
        return;
    flow_key_add(key, get64(target));
    flow_key_add(key, get64(target + 8));
}

// An advertisement answers a solicitation for the same target.
static bool nd_target_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                              const struct answer_rules *rules)
{
    if (rules->scapy && r->layers[ri].id == LAYER_ICMPV6_NS)
        return icmpv6_answers(r, ri, s, si, rules);
    if (si >= s->n || !nd_has_target(r, ri) || !nd_has_target(s, si))
        return false;
    bool quoted = answers_quote(r, ri, rules);
    bool quote = quoted && r->layers[ri].id == s->layers[si].id;
    bool answer = !quoted && r->layers[ri].id == LAYER_ICMPV6_NA && s->layers[si].id == LAYER_ICMPV6_NS;

    return (quote || answer) &&
           memcmp(view_header(r, ri) + ND_TARGET_AT, view_header(s, si) + ND_TARGET_AT, 16) == 0;
}

// Routers advertise themselves to whoever solicits.
static bool nd_ra_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                          const struct answer_rules *rules)
{
    return si < s->n && answers_quote(r, ri, rules) ? icmpv6_answers(r, ri, s, si, rules)
                                                    : si < s->n && s->layers[si].id == LAYER_ICMPV6_RS;
}

// RFC 4861 7.1 wants hop limit 255; without an address of its own it goes to a group.
#define ND_LAYER(symbol, type, group, name_, what, meaning_, fields_, ...)                          \
    static const struct binding symbol##_bindings[] = {ICMPV6_TO_GROUP(type, ND_HOPS, group), {0}}; \
    const struct layer_desc layer_##symbol = {.name = name_,                                        \
                                              .title = "ICMPv6 " what,                              \
                                              .meaning = meaning_,                                  \
                                              .bindings = symbol##_bindings,                        \
                                              .fields = fields_,                                    \
                                              .n_fields = ARRAY_SIZE(fields_),                      \
                                              .next = nd_option_next,                               \
                                              .finish = icmpv6_finish,                              \
                                              __VA_ARGS__}

ND_LAYER(icmpv6_rs, 133, ND_ALL_ROUTERS, "ICMPv6ND_RS", "Neighbor Discovery - Router Solicitation",
         "ICMPv6 router solicitation (RFC 4861 4.1)", nd_rs_fields, .answers = icmpv6_answers);
ND_LAYER(icmpv6_ra, 134, ND_ALL_NODES, "ICMPv6ND_RA", "Neighbor Discovery - Router Advertisement",
         "ICMPv6 router advertisement (RFC 4861 4.2)", nd_ra_fields, .summary = nd_ra_summary,
         .answers = nd_ra_answers);
ND_LAYER(icmpv6_ns, 135, ND_ALL_NODES, "ICMPv6ND_NS", "Neighbor Discovery - Neighbor Solicitation",
         "ICMPv6 neighbour solicitation (RFC 4861 4.3)", nd_ns_fields, .summary = nd_target_summary,
         .flow_key = nd_target_flow_key, .answers = nd_target_answers);
ND_LAYER(icmpv6_na, 136, ND_ALL_NODES, "ICMPv6ND_NA", "Neighbor Discovery - Neighbor Advertisement",
         "ICMPv6 neighbour advertisement (RFC 4861 4.4)", nd_na_fields, .summary = nd_target_summary,
         .flow_key = nd_target_flow_key, .answers = nd_target_answers);
ND_LAYER(icmpv6_redirect, 137, ND_ALL_NODES, "ICMPv6ND_Redirect", "Neighbor Discovery - Redirect",
         "ICMPv6 redirect (RFC 4861 4.5)", nd_redirect_fields, .answers = icmpv6_answers);
ND_LAYER(icmpv6_ind_sol, 141, ND_ALL_NODES, "ICMPv6ND_INDSol", "Inverse Neighbor Discovery Solicitation",
         "ICMPv6 inverse neighbour solicitation (RFC 3122 2.1)", nd_ind_sol_fields,
         .answers = icmpv6_answers);
ND_LAYER(icmpv6_ind_adv, 142, ND_ALL_NODES, "ICMPv6ND_INDAdv", "Inverse Neighbor Discovery Advertisement",
         "ICMPv6 inverse neighbour advertisement (RFC 3122 2.2)", nd_ind_adv_fields,
         .answers = icmpv6_answers);
