// IEEE 802.1Q VLAN tag.
#include "packet/bytes.h"
#include "packet/layer.h"
#include "packet/layers/ether.h"

enum { DOT1Q_PRIO, DOT1Q_DEI, DOT1Q_VLAN, DOT1Q_TYPE };

static const struct field_desc dot1q_fields[] = {
    {"prio", 3, FIELD_NUMBER, .meaning = "priority"},
    {"dei", 1, FIELD_NUMBER, .meaning = "may be dropped first"},
    {"vlan", 12, FIELD_NUMBER, .preset = 1, .meaning = "VLAN identifier"},
    {"type", 16, FIELD_NUMBER, .names = ether_types, .meaning = "protocol of the payload"},
};

static const struct binding dot1q_bindings[] = {
    {LAYER_ETHER, DOT1Q_TYPE, 0x0001, -1, 0, {{0}}}, {LAYER_IP, DOT1Q_TYPE, 0x0800, -1, 0, {{0}}},
    {LAYER_ARP, DOT1Q_TYPE, 0x0806, -1, 0, {{0}}},   {LAYER_DOT1Q, DOT1Q_TYPE, 0x8100, -1, 0, {{0}}},
    {LAYER_IPV6, DOT1Q_TYPE, 0x86dd, -1, 0, {{0}}},
};

static bool dot1q_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)quoted;
    if (avail < 4)
        return false;
    *m = (struct measure){4, avail, (uint8_t)layer_announced(&layer_dot1q, get16(p + 2), p + 4, avail - 4),
                          false};
    return true;
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
    if (si >= s->n || s->layers[si].id != LAYER_DOT1Q)
        return answers(r, ri + 1, s, si, rules);
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    return get16(rp + 2) == get16(sp + 2) && ((get16(rp) ^ get16(sp)) & 0xfff) == 0 &&
           answers(r, ri + 1, s, si + 1, rules);
}

const struct layer_desc layer_dot1q = {
    .name = "Dot1Q",
    .meaning = "VLAN tag (IEEE 802.1Q)",
    .fields = dot1q_fields,
    .n_fields = ARRAY_SIZE(dot1q_fields),
    .bindings = dot1q_bindings,
    .n_bindings = ARRAY_SIZE(dot1q_bindings),
    .measure = dot1q_measure,
    .summary = dot1q_summary,
    .answers = dot1q_answers,
};
