// Digits: which fields an index is made of, and which of their values need a frame of their own.
#include "base/hash.h"
#include "template/plan_compiler.h"

#include <stdlib.h>
#include <string.h>

#define PLAN_GROUPED_MAX (1u << 24) // values of a field that selects shapes: each has a table entry

// Values that need a frame of their own: lengths of strings, values of fields that others depend on.
static u128 plan_group_key(const struct values *values, uint64_t digit)
{
    if (values->kind == VALUES_STRINGS)
        return (u128)values->strings[digit].items << 32 | values->strings[digit].len;
    return values_number(values, digit);
}

static bool plan_too_many_shapes(struct plan_compiler *c, const struct plan_slot *slot)
{
    diag_set(c->diag, slot->given->where, "too many shapes: with %s there are more than %d layouts",
             plan_field(slot)->name, PLAN_SHAPES_MAX);
    return diag_hint(c->diag, "Every length or layout of a frame is a shape of its own; split the template.");
}

// The groups of a digit while they are numbered: open addressing, at most half full.
struct plan_groups {
    u128 keys[PLAN_SHAPES_MAX];
    uint32_t first[PLAN_SHAPES_MAX];
    uint32_t n;
    uint16_t slots[2 * PLAN_SHAPES_MAX]; // group + 1; 0: empty
};

// The key's group, a new one if need be; PLAN_SHAPES_MAX: there is no room for it.
static uint32_t plan_group_of(struct plan_groups *groups, u128 key, uint32_t value)
{
    uint64_t at = hash_mix64((uint64_t)key, (uint64_t)(key >> 64)) % ARRAY_SIZE(groups->slots);

    for (; groups->slots[at] != 0; at = (at + 1) % ARRAY_SIZE(groups->slots)) {
        if (groups->keys[groups->slots[at] - 1] == key)
            return groups->slots[at] - 1u;
    }
    if (groups->n == PLAN_SHAPES_MAX)
        return PLAN_SHAPES_MAX;
    groups->keys[groups->n] = key;
    groups->first[groups->n] = value;
    groups->slots[at] = (uint16_t)++groups->n;
    return groups->n - 1;
}

// Numbers the groups in order of their first member.
static bool plan_number_groups(struct plan_compiler *c, const struct plan_slot *slot,
                               struct plan_groups *found)
{
    const struct values *values = slot->given->values;
    struct plan_digit *digit = &c->digits[slot->digit];
    uint32_t *groups = arena_alloc(c->arena, values->n * sizeof(*groups));

    if (groups == NULL)
        return plan_no_memory(c);
    for (uint64_t i = 0; i < values->n; i++) {
        groups[i] = plan_group_of(found, plan_group_key(values, i), (uint32_t)i);
        if (groups[i] == PLAN_SHAPES_MAX)
            return plan_too_many_shapes(c, slot);
    }
    digit->n_groups = found->n;
    if (found->n == 1)
        return true;
    digit->groups = groups;
    uint32_t *first = arena_copy(c->arena, found->first, found->n * sizeof(*first));
    c->group_first[slot->digit] = first;
    return first != NULL || plan_no_memory(c);
}

static bool plan_make_groups(struct plan_compiler *c, const struct plan_slot *slot)
{
    if (slot->given->values->n > PLAN_GROUPED_MAX)
        return plan_too_many_shapes(c, slot);
    struct plan_groups *found = calloc(1, sizeof(*found));
    bool ok = found != NULL ? plan_number_groups(c, slot, found) : plan_no_memory(c);
    free(found);
    return ok;
}

static enum plan_draw plan_draw_of(const struct values *values)
{
    if (!values->random)
        return PLAN_COUNTED;
    return values->kind == VALUES_HASH || values->kind == VALUES_RANDOM_STRING ? PLAN_DRAWN_WHOLE
                                                                               : PLAN_DRAWN;
}

static bool plan_add_digit(struct plan_compiler *c, struct plan_slot *slot)
{
    const struct values *values = slot->given->values;
    enum plan_draw draw = plan_draw_of(values);
    unsigned d = c->branch->n_digits;

    if (d == PLAN_DIGITS_MAX)
        return diag_set(c->diag, slot->given->where, "more than %d fields with several values",
                        PLAN_DIGITS_MAX);
    c->digits[d] = (struct plan_digit){
        .divider = divider_of(values->n == 0 || draw != PLAN_COUNTED ? 1 : values->n),
        .n_groups = 1,
        .draw = (uint8_t)draw,
        .n = values->n,
        .desc = slot->desc,
        .field = slot->field,
    };
    slot->digit = (int8_t)d;
    c->branch->n_digits++;
    bool grouped = values->kind == VALUES_STRINGS || plan_field(slot)->layout;
    return !grouped || draw == PLAN_DRAWN_WHOLE || values->n <= 1 || plan_make_groups(c, slot);
}

static bool plan_is_constant(const struct values *values)
{
    return values->n == 1 && !(values->random && values->kind == VALUES_RANDOM_STRING);
}

// Scapy's loop nest: layers from the outside in, within a layer from the last field to the first, the slowest first.
struct plan_slots {
    struct template_visit visit;
    struct plan_compiler *compiler;
};

static bool plan_add_slot(struct template_visit *visit, const struct template_layer *layer, unsigned f)
{
    struct plan_compiler *c = ((struct plan_slots *)visit)->compiler;

    if (c->n_slots == PLAN_SLOTS_MAX)
        return diag_set(c->diag, layer->fields[f].where, "more than %d fields are given", PLAN_SLOTS_MAX);
    c->slots[c->n_slots++] = (struct plan_slot){
        .given = &layer->fields[f], .desc = layer_get(layer->id), .field = (uint8_t)f, .digit = -1};
    return true;
}

static bool plan_make_slots(struct plan_compiler *c)
{
    struct plan_slots slots = {{plan_add_slot}, c};

    c->n_slots = 0;
    for (unsigned i = 0; i < c->from->n_layers; i++) {
        if (!template_visit_layer(&slots.visit, &c->from->layers[i]))
            return false;
    }
    return true;
}

static bool plan_make_digits(struct plan_compiler *c, bool counted)
{
    for (unsigned s = 0; s < c->n_slots; s++) {
        struct plan_slot *slot = &c->slots[s];
        const struct values *values = slot->given->values;

        if (plan_is_constant(values) || slot->given->follows_layer >= 0 || values->random == counted)
            continue;
        if (!plan_add_digit(c, slot))
            return false;
    }
    if (counted)
        c->branch->n_counted = c->branch->n_digits;
    return true;
}

// Derived fields share the digit of the destination that they follow.
static void plan_join_digits(struct plan_compiler *c)
{
    for (unsigned s = 0; s < c->n_slots; s++) {
        const struct template_field *given = c->slots[s].given;

        if (given->follows_layer < 0 || given->values->n == 1)
            continue;
        const struct template_field *followed = &c->from->layers[given->follows_layer].fields[given->follows];
        for (unsigned k = 0; k < c->n_slots; k++) {
            if (c->slots[k].given == followed)
                c->slots[s].digit = c->slots[k].digit;
        }
    }
}

static bool plan_count_shapes(struct plan_compiler *c)
{
    uint32_t n = 1;

    for (unsigned s = c->n_slots; s-- > 0;) {
        const struct plan_slot *slot = &c->slots[s];
        struct plan_digit *digit = slot->digit < 0 ? NULL : &c->digits[slot->digit];

        if (digit == NULL || slot->given->follows_layer >= 0)
            continue;
        digit->stride = n;
        if ((uint64_t)n * digit->n_groups > PLAN_SHAPES_MAX)
            return plan_too_many_shapes(c, slot);
        n *= digit->n_groups;
    }
    c->branch->n_shapes = n;
    return true;
}

bool plan_digits_make(struct plan_compiler *c)
{
    memset(c->group_first, 0, sizeof(c->group_first));
    if (!plan_make_slots(c) || !plan_make_digits(c, true) || !plan_make_digits(c, false) ||
        !plan_count_shapes(c))
        return false;
    plan_join_digits(c);
    return true;
}
