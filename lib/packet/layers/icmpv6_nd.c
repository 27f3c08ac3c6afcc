// ICMPv6 neighbour discovery (RFC 4861): solicitation and advertisement.
#include "base/address.h"
#include "packet/bytes.h"
#include "packet/layers/icmpv6.h"

#include <string.h>

enum { ND_BYTES = 24, ND_TARGET_AT = 8 };

static const struct name nd_types[] = {
    {135, "Neighbor Solicitation"}, {136, "Neighbor Advertisement"}, {0, NULL}};

// clang-format off
#define ND_START(type_)                                                                                             \
    {"type", 8, FIELD_NUMBER, .preset = (type_), .names = nd_types, .meaning = "what it is"},                       \
    {"code", 8, FIELD_NUMBER, .meaning = "0"},                                                                      \
    {"cksum", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .meaning = "over a pseudo-header and the whole message"}
// clang-format on

static const struct field_desc nd_ns_fields[] = {
    ND_START(135),
    {"res", 32, FIELD_NUMBER, .meaning = "0"},
    {"tgt", 128, FIELD_IPV6, .meaning = "whose MAC is asked for"},
};

static const struct field_desc nd_na_fields[] = {
    ND_START(136),
    {"R", 1, FIELD_NUMBER, .preset = 1, .meaning = "from a router"},
    {"S", 1, FIELD_NUMBER, .meaning = "solicited"},
    {"O", 1, FIELD_NUMBER, .preset = 1, .meaning = "override"},
    {"res", 29, FIELD_NUMBER, .meaning = "0"},
    {"tgt", 128, FIELD_IPV6, .meaning = "whose MAC it is"},
};

static bool nd_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)p;
    (void)quoted;
    *m = (struct measure){ND_BYTES, avail, LAYER_RAW, false}; // options stay Raw
    return avail >= ND_BYTES;
}

static bool nd_summary(const struct view *view, unsigned i, const struct services *services,
                       struct text *text)
{
    const uint8_t *p = view_header(view, i);
    struct address target = address_from_bytes(6, p + ND_TARGET_AT);
    char buffer[ADDRESS_TEXT_MAX];

    (void)services;
    address_format(&target, buffer);
    text_add(text, "ICMPv6 Neighbor Discovery - Neighbor %s (tgt: %s)",
             view->layers[i].id == LAYER_ICMPV6_NS ? "Solicitation" : "Advertisement", buffer);
    return true;
}

static void nd_flow_key(const struct view *view, unsigned i, enum flow_role role, struct flow_key *key)
{
    const uint8_t *target = view_header(view, i) + ND_TARGET_AT;

    (void)role;
    flow_key_add(key, get64(target));
    flow_key_add(key, get64(target + 8));
}

// An advertisement answers a solicitation for the same target.
static bool nd_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                       const struct answer_rules *rules)
{
    (void)rules;
    return si < s->n && s->layers[si].id == LAYER_ICMPV6_NS &&
           (r->layers[ri].id == LAYER_ICMPV6_NA || r->layers[ri].quoted) &&
           memcmp(view_header(r, ri) + ND_TARGET_AT, view_header(s, si) + ND_TARGET_AT, 16) == 0;
}

#define ND_LAYER(symbol, name_, meaning_, fields_) \
    const struct layer_desc layer_##symbol = {     \
        .name = name_,                             \
        .meaning = meaning_,                       \
        .fields = fields_,                         \
        .n_fields = ARRAY_SIZE(fields_),           \
        .measure = nd_measure,                     \
        .finish = icmpv6_finish,                   \
        .summary = nd_summary,                     \
        .flow_key = nd_flow_key,                   \
        .answers = nd_answers,                     \
    }

ND_LAYER(icmpv6_ns, "ICMPv6ND_NS", "ICMPv6 neighbour solicitation (RFC 4861 4.3)", nd_ns_fields);
ND_LAYER(icmpv6_na, "ICMPv6ND_NA", "ICMPv6 neighbour advertisement (RFC 4861 4.4)", nd_na_fields);
