// VLAN tags (IEEE 802.1Q): of customers, and of the providers that carry them (802.1ad).
#include "packet/bytes.h"
#include "packet/layer.h"
#include "packet/layers/ether.h"

enum { DOT1Q_PRIO, DOT1Q_DEI, DOT1Q_VLAN, DOT1Q_TYPE };
enum { DOT1Q_BYTES = 4 };

static const struct field_desc dot1q_fields[] = {
    {"prio", 3, FIELD_NUMBER, .meaning = "priority"},
    {"dei", 1, FIELD_NUMBER, .meaning = "may be dropped first"},
    {"vlan", 12, FIELD_NUMBER, .preset = 1, .meaning = "VLAN identifier"},
    {"type", 16, FIELD_NUMBER, .hex = true, .names = ether_types, .meaning = "protocol of the payload"},
};

static const struct binding dot1q_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x8100},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x8100},
    {.lower = LAYER_SNAP, .field = "code", .value = 0x8100},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x8100},
    {0},
};

static const struct binding dot1ad_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x88a8},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x88a8},
    {.lower = LAYER_SNAP, .field = "code", .value = 0x88a8},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x88a8},
    {0},
};

// What is not above ETHER_LENGTH_MAX is a length, with LLC behind it.
static bool dot1q_measure_as(enum layer_id id, const uint8_t *p, uint32_t avail, struct measure *m)
{
    if (avail < DOT1Q_BYTES)
        return false;
    uint32_t type = get16(p + 2), end = avail;
    if (type <= ETHER_LENGTH_MAX && type < avail - DOT1Q_BYTES)
        end = DOT1Q_BYTES + type;
    enum layer_id next = layer_announced(id, DOT1Q_TYPE, type, p + DOT1Q_BYTES, end - DOT1Q_BYTES);
    if (next == LAYER_RAW && type <= ETHER_LENGTH_MAX)
        next = LAYER_LLC;
    *m = (struct measure){DOT1Q_BYTES, end, (uint8_t)next, false, false};
    return true;
}

static bool dot1q_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)quoted;
    return dot1q_measure_as(LAYER_DOT1Q, p, avail, m);
}

static bool dot1ad_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)quoted;
    return dot1q_measure_as(LAYER_DOT1AD, p, avail, m);
}

static bool dot1q_summary(const struct view *view, unsigned i, const struct services *services,
                          struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    text_add(text, "802.1q ");
    if (i > 0 && view->layers[i - 1].id == LAYER_ETHER) {
        ether_ends_text(view_header(view, i - 1), text);
        text_add(text, " ");
    }
    text_add(text, "(");
    ether_type_text(get16(p + 2), text);
    text_add(text, ") vlan %u", get16(p) & 0xfff);
    return true;
}

// A stimulus without a tag may be answered with one (the other end adds it); priorities may differ.
static bool dot1q_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                          const struct answer_rules *rules)
{
    if (si >= s->n || (s->layers[si].id != LAYER_DOT1Q && s->layers[si].id != LAYER_DOT1AD))
        return answers(r, ri + 1, s, si, rules);
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    return get16(rp + 2) == get16(sp + 2) && ((get16(rp) ^ get16(sp)) & 0xfff) == 0 &&
           answers(r, ri + 1, s, si + 1, rules);
}

const struct layer_desc layer_dot1q = {
    .name = "Dot1Q",
    .title = "802.1Q",
    .meaning = "VLAN tag (IEEE 802.1Q)",
    .alias = LAYER_ETHER,
    .bindings = dot1q_bindings,
    .fields = dot1q_fields,
    .n_fields = ARRAY_SIZE(dot1q_fields),
    .measure = dot1q_measure,
    .summary = dot1q_summary,
    .answers = dot1q_answers,
};

const struct layer_desc layer_dot1ad = {
    .name = "Dot1AD",
    .title = "802_1AD",
    .meaning = "VLAN tag of a provider (IEEE 802.1ad)",
    .alias = LAYER_DOT1Q,
    .bindings = dot1ad_bindings,
    .fields = dot1q_fields,
    .n_fields = ARRAY_SIZE(dot1q_fields),
    .measure = dot1ad_measure,
    .summary = dot1q_summary,
    .answers = dot1q_answers,
};
