// Compiling a template to a plan (plan.h).
#include "base/hash.h"
#include "packet/bytes.h"
#include "packet/checksum.h"
#include "packet/layers/ip.h"
#include "template/derive.h"
#include "template/number.h"
#include "template/plan.h"

#include <stdlib.h>
#include <string.h>

#define PLAN_GROUPED_MAX (1u << 24) // values of a field that selects shapes: each has a table entry

struct plan_compiler {
    struct plan *plan;
    const struct template *template;
    const struct plan_options *options;
    struct arena *arena;
    struct diag *diag;
    int8_t digit_of[TEMPLATE_LAYERS_MAX + 1][LAYER_FIELDS_MAX]; // -1: constant, or not given
    struct build *build;                                        // heap; of the shape being made
    uint8_t *zeros;                                             // arena; as long as the longest string
    struct plan_patch patches[PLAN_PATCHES_MAX];
    unsigned n_patches;
    const uint32_t
        *group_first[PLAN_DIGITS_MAX]; // arena; by digit, then group: the first value; NULL: one group
};

static bool plan_no_memory(struct plan_compiler *c)
{
    return diag_set(c->diag, (struct span){0}, "the plan needs more memory than there is");
}

static const struct field_desc *plan_field(const struct plan_compiler *c, unsigned layer, unsigned field)
{
    return &layer_get(c->template->layers[layer].id)->fields[field];
}

static const struct values *plan_values(const struct plan_compiler *c, const struct plan_digit *digit)
{
    return c->template->layers[digit->layer].fields[digit->field].values;
}

// ---- digits and groups

// Values that need a frame of their own: lengths of strings, values of fields that others depend on.
static u128 plan_group_key(const struct values *values, uint64_t digit)
{
    return values->kind == VALUES_STRINGS ? values->strings[digit].len : values_number(values, digit);
}

static bool plan_too_many_shapes(struct plan_compiler *c, const struct plan_digit *digit)
{
    const struct field_desc *field = plan_field(c, digit->layer, digit->field);

    diag_set(c->diag, c->template->layers[digit->layer].fields[digit->field].where,
             "too many shapes: %s takes more than %d layouts", field->name, PLAN_SHAPES_MAX);
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
static bool plan_number_groups(struct plan_compiler *c, struct plan_digit *digit, const struct values *values,
                               struct plan_groups *found)
{
    uint32_t *groups = arena_alloc(c->arena, values->n * sizeof(*groups));

    if (groups == NULL)
        return plan_no_memory(c);
    for (uint64_t i = 0; i < values->n; i++) {
        groups[i] = plan_group_of(found, plan_group_key(values, i), (uint32_t)i);
        if (groups[i] == PLAN_SHAPES_MAX)
            return plan_too_many_shapes(c, digit);
    }
    digit->n_groups = found->n;
    if (found->n == 1)
        return true;
    digit->groups = groups;
    uint32_t *first = arena_copy(c->arena, found->first, found->n * sizeof(*first));
    c->group_first[digit - c->plan->digits] = first;
    return first != NULL || plan_no_memory(c);
}

static bool plan_make_groups(struct plan_compiler *c, struct plan_digit *digit, const struct values *values)
{
    if (values->n > PLAN_GROUPED_MAX)
        return plan_too_many_shapes(c, digit);
    struct plan_groups *found = calloc(1, sizeof(*found));
    bool ok = found != NULL ? plan_number_groups(c, digit, values, found) : plan_no_memory(c);
    free(found);
    return ok;
}

static bool plan_add_digit(struct plan_compiler *c, unsigned layer, unsigned field)
{
    const struct template_field *given = &c->template->layers[layer].fields[field];
    struct plan *plan = c->plan;

    if (plan->n_digits == PLAN_DIGITS_MAX)
        return diag_set(c->diag, given->where, "more than %d fields with several values", PLAN_DIGITS_MAX);
    struct plan_digit *digit = &plan->digits[plan->n_digits];
    *digit = (struct plan_digit){
        .divider = divider_of(given->values->n == 0 ? 1 : given->values->n),
        .n_groups = 1,
        .layer = (uint8_t)layer,
        .field = (uint8_t)field,
    };
    bool grouped = given->values->kind == VALUES_STRINGS || plan_field(c, layer, field)->layout;
    if (grouped && given->values->n > 1 && !plan_make_groups(c, digit, given->values))
        return false;
    if (given->values->n > 0 && plan->n > VALUES_MAX / given->values->n)
        return diag_set(c->diag, given->where, "more than 2^62 packets in all");
    plan->n *= given->values->n;
    c->digit_of[layer][field] = (int8_t)plan->n_digits++;
    return true;
}

// Scapy's loop nest: layers from the outside in, within a layer from the last field to the first, the slowest first.
static bool plan_make_digits(struct plan_compiler *c)
{
    c->plan->n = 1;
    memset(c->digit_of, -1, sizeof(c->digit_of));
    for (unsigned i = 0; i < c->template->n_layers; i++) {
        for (unsigned f = layer_get(c->template->layers[i].id)->n_fields; f-- > 0;) {
            const struct template_field *given = &c->template->layers[i].fields[f];

            if (given->values == NULL || given->values->n == 1 || given->follows_layer >= 0)
                continue;
            if (!plan_add_digit(c, i, f))
                return false;
        }
    }
    return true;
}

// Derived fields share the digit of the destination that they follow.
static void plan_join_digits(struct plan_compiler *c)
{
    for (unsigned i = 0; i < c->template->n_layers; i++) {
        for (unsigned f = 0; f < LAYER_FIELDS_MAX; f++) {
            const struct template_field *given = &c->template->layers[i].fields[f];

            if (given->values != NULL && given->values->n > 1 && given->follows_layer >= 0)
                c->digit_of[i][f] = c->digit_of[given->follows_layer][given->follows];
        }
    }
}

static bool plan_count_shapes(struct plan_compiler *c)
{
    uint32_t n = 1;

    for (unsigned d = c->plan->n_digits; d-- > 0;) {
        struct plan_digit *digit = &c->plan->digits[d];

        digit->stride = n;
        if ((uint64_t)n * digit->n_groups > PLAN_SHAPES_MAX)
            return plan_too_many_shapes(c, digit);
        n *= digit->n_groups;
    }
    c->plan->n_shapes = n;
    return true;
}

// ---- one shape

// The first value of the digit that belongs to the shape.
static uint64_t plan_representative(const struct plan_compiler *c, unsigned d, uint32_t shape)
{
    const struct plan_digit *digit = &c->plan->digits[d];
    const uint32_t *first = c->group_first[d];

    return first == NULL ? 0 : first[shape / digit->stride % digit->n_groups];
}

// Whether a digit's value is written by a patch, rather than being the same all over its shape.
static bool plan_is_patched(const struct plan_compiler *c, unsigned layer, unsigned field)
{
    const struct values *values = c->template->layers[layer].fields[field].values;

    return c->digit_of[layer][field] >= 0 &&
           (values->kind == VALUES_STRINGS || !plan_field(c, layer, field)->layout);
}

static struct build_value plan_concrete(const struct plan_compiler *c, unsigned layer, unsigned field,
                                        uint32_t shape)
{
    const struct values *values = c->template->layers[layer].fields[field].values;
    int d = c->digit_of[layer][field];

    if (values == NULL)
        return (struct build_value){.kind = BUILD_UNSET};
    uint64_t digit = d < 0 ? 0 : plan_representative(c, (unsigned)d, shape);
    bool patched = plan_is_patched(c, layer, field);
    if (values->kind == VALUES_STRINGS) {
        struct values_string string = values->strings[digit];

        return (struct build_value){
            .kind = BUILD_BYTES, .len = string.len, .bytes = patched ? c->zeros : string.bytes};
    }
    u128 number = patched ? 0 : values_number(values, digit);
    return (struct build_value){.kind = BUILD_NUMBER, .len = values->width, .number = number};
}

static bool plan_build_shape(struct plan_compiler *c, uint32_t shape)
{
    struct build *build = c->build;

    build->n_layers = c->template->n_layers;
    for (unsigned i = 0; i < build->n_layers; i++) {
        build->layers[i].id = c->template->layers[i].id;
        for (unsigned f = 0; f < LAYER_FIELDS_MAX; f++)
            build->layers[i].values[f] = plan_concrete(c, i, f, shape);
    }
    if (!build_frame(build, c->diag)) {
        c->diag->where = c->template->layers[c->template->n_layers - 1].where;
        return false;
    }
    return true;
}

static uint32_t plan_sums_over(const struct build *build, uint32_t from, uint32_t to)
{
    uint32_t mask = 0;

    for (unsigned s = 0; s < build->n_sums; s++) {
        for (unsigned r = 0; r < build->sums[s].n_ranges; r++) {
            if (from < build->sums[s].range[r].to && to > build->sums[s].range[r].from)
                mask |= 1u << s;
        }
    }
    return mask;
}

// Puts the field's bits at bit..bit+bits of the frame into a container of whole 16-bit words.
static void plan_place(struct plan_patch *patch, uint32_t bit, uint32_t bits)
{
    uint32_t from = bit / 16 * 2, to = (bit + bits + 15) / 16 * 2;

    patch->offset = (uint16_t)from;
    patch->bytes = (uint8_t)(to - from);
    patch->shift = (uint8_t)(to * 8 - bit - bits);
}

static bool plan_push_patch(struct plan_compiler *c, const struct plan_patch *patch, uint32_t from,
                            uint32_t to)
{
    if (c->n_patches == PLAN_PATCHES_MAX)
        return diag_set(c->diag, (struct span){0}, "more than %d fields vary in one packet",
                        PLAN_PATCHES_MAX);
    c->patches[c->n_patches] = *patch;
    c->patches[c->n_patches++].sums = plan_sums_over(c->build, from, to);
    return true;
}

static bool plan_number_patch(struct plan_compiler *c, struct plan_patch *patch, const struct values *values,
                              uint32_t bit, uint32_t bits)
{
    bool narrow = bits <= 64;

    plan_place(patch, bit, bits);
    if (!narrow || patch->bytes > 8) {
        patch->source = PLAN_WIDE;
        patch->offset = (uint16_t)(bit / 8);
        patch->bytes = (uint8_t)(bits / 8);
        patch->shift = 0;
    } else if (values->kind == VALUES_RANGE) {
        patch->source = PLAN_RANGE;
        patch->start = (uint64_t)values->start;
        patch->step = values->step;
    } else if (values->kind == VALUES_LIST) {
        patch->source = PLAN_LIST;
        patch->list = values->list;
    } else {
        patch->source = PLAN_VALUES;
    }
    return plan_push_patch(c, patch, bit / 8, (bit + bits + 7) / 8);
}

// Some fields' widths depend on the layer's type: what fits is known only here.
static bool plan_fits(struct plan_compiler *c, unsigned i, unsigned f)
{
    const struct template_field *given = &c->template->layers[i].fields[f];
    uint32_t bits = c->build->layers[i].bits[f];

    if (plan_field(c, i, f)->width == NULL || given->values == NULL ||
        c->build->layers[i].bit[f] == BUILD_ABSENT)
        return true;
    u128 largest = values_largest(given->values);
    char text[NUMBER_TEXT_MAX];
    return largest >> bits == 0 ||
           diag_set(c->diag, given->where, "%s has %u bits here, too few for %s", plan_field(c, i, f)->name,
                    bits, number_text((i128)largest, text));
}

static bool plan_field_patch(struct plan_compiler *c, unsigned i, unsigned f)
{
    const struct build_layer *layer = &c->build->layers[i];
    const struct values *values = c->template->layers[i].fields[f].values;
    struct plan_patch patch = {
        .digit = (uint8_t)c->digit_of[i][f],
        .values = values,
        .layer = (uint8_t)i,
        .field = (uint8_t)f,
    };

    if (layer->bit[f] == BUILD_ABSENT || layer->bits[f] == 0)
        return true;
    if (values->kind != VALUES_STRINGS)
        return plan_number_patch(c, &patch, values, layer->bit[f], layer->bits[f]);
    patch.source = PLAN_STRING;
    patch.offset = (uint16_t)(layer->bit[f] / 8);
    patch.len = (uint16_t)(layer->bits[f] / 8);
    return plan_push_patch(c, &patch, patch.offset, patch.offset + patch.len);
}

// ---- tags

// A layer offers its tag if all the fields that carry it are open and present.
static bool plan_offers_tag(const struct plan_compiler *c, unsigned i)
{
    const struct layer_desc *desc = layer_get(c->template->layers[i].id);
    bool any = false;

    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].tag == TAG_NONE)
            continue;
        any = true;
        if (c->build->layers[i].values[f].kind != BUILD_UNSET || c->build->layers[i].bit[f] == BUILD_ABSENT)
            return false;
    }
    return any;
}

static bool plan_tag_layer(struct plan_compiler *c, unsigned i)
{
    const struct layer_desc *desc = layer_get(c->template->layers[i].id);

    for (unsigned f = 0; f < desc->n_fields; f++) {
        const struct build_layer *layer = &c->build->layers[i];
        struct plan_patch patch = {
            .source = PLAN_TAG, .tag = desc->fields[f].tag, .layer = (uint8_t)i, .field = (uint8_t)f};

        if (patch.tag == TAG_NONE)
            continue;
        plan_place(&patch, layer->bit[f], layer->bits[f]);
        // The default that the tag replaces must leave the place empty.
        memset(c->build->bytes + layer->bit[f] / 8, 0, layer->bits[f] / 8);
        if (!plan_push_patch(c, &patch, layer->bit[f] / 8, (layer->bit[f] + layer->bits[f]) / 8))
            return false;
        c->plan->tags |= 1u << patch.tag;
    }
    return true;
}

// The innermost layer that has a tag answers echo; IP.id, which only errors echo, is the last resort.
static bool plan_tag_shape(struct plan_compiler *c)
{
    int best = -1;

    for (unsigned i = 0; i < c->template->n_layers; i++) {
        bool is_ip = c->template->layers[i].id == LAYER_IP;

        if (plan_offers_tag(c, i) && (!is_ip || best < 0))
            best = (int)i;
    }
    return best < 0 || plan_tag_layer(c, (unsigned)best);
}

// ---- finishing

static void plan_make_sums(const struct build *build, struct plan_sum *sums)
{
    for (unsigned s = 0; s < build->n_sums; s++) {
        const struct build_sum *from = &build->sums[s];
        uint64_t total = from->constant;

        for (unsigned r = 0; r < from->n_ranges; r++)
            total +=
                checksum_add(build->bytes + from->range[r].from, from->range[r].to - from->range[r].from);
        bool swap = from->range[from->n_ranges - 1].from % 2 != 0;
        uint16_t base = checksum_fold(total);
        sums[s] = (struct plan_sum){
            .store = (uint16_t)from->store,
            .zero_is_ones = from->zero_is_ones,
            .swap = swap,
            .sums = plan_sums_over(build, from->store, from->store + 2) & ~((2u << s) - 1),
            .base = swap ? __builtin_bswap16(base) : base,
        };
    }
}

// As the template layers it, not as the bytes would be dissected: an explicit wrong length or protocol number does not hide
// the layers from the matcher.
static void plan_make_view(const struct plan_compiler *c, struct view *view)
{
    const struct build *build = c->build;

    *view = (struct view){.len = (uint16_t)build->len, .n = (uint8_t)build->n_layers};
    for (unsigned i = 0; i < build->n_layers; i++) {
        const struct build_layer *layer = &build->layers[i];
        uint32_t end = layer->id == LAYER_PADDING ? build->len : build_payload_end(build);

        view->layers[i] = (struct view_layer){
            .id = (uint8_t)layer->id,
            .start = (uint16_t)layer->start,
            .header_bytes = (uint16_t)layer->header_bytes,
            .end = (uint16_t)end,
        };
    }
}

static bool plan_make_shape(struct plan_compiler *c, uint32_t number)
{
    struct plan_shape *shape = &c->plan->shapes[number];

    c->n_patches = 0;
    if (!plan_build_shape(c, number))
        return false;
    for (unsigned i = 0; i < c->template->n_layers; i++) {
        for (unsigned f = 0; f < layer_get(c->template->layers[i].id)->n_fields; f++) {
            if (!plan_fits(c, i, f) || (plan_is_patched(c, i, f) && !plan_field_patch(c, i, f)))
                return false;
        }
    }
    if (c->options->tags && !plan_tag_shape(c))
        return false;
    shape->len = (uint16_t)c->build->len;
    shape->n_patches = (uint8_t)c->n_patches;
    shape->n_sums = (uint8_t)c->build->n_sums;
    shape->patches = arena_copy(c->arena, c->patches, c->n_patches * sizeof(c->patches[0]));
    shape->sums = arena_alloc(c->arena, c->build->n_sums * sizeof(*shape->sums) + 1);
    if (shape->patches == NULL || shape->sums == NULL)
        return plan_no_memory(c);
    plan_make_sums(c->build, shape->sums);
    plan_make_view(c, &shape->view);
    // Checksum fields are written each time; the constant bytes hold zeros there. Reading ahead is safe by the slack.
    uint8_t *bytes = arena_alloc(c->arena, c->build->len + PLAN_SLACK);
    if (bytes == NULL)
        return plan_no_memory(c);
    memcpy(bytes, c->build->bytes, c->build->len);
    shape->bytes = bytes;
    if (shape->len > c->plan->longest)
        c->plan->longest = shape->len;
    return true;
}

// Strings that vary are built as zeros first.
static bool plan_make_zeros(struct plan_compiler *c)
{
    uint32_t longest = 1;

    for (unsigned d = 0; d < c->plan->n_digits; d++) {
        const struct values *values = plan_values(c, &c->plan->digits[d]);

        for (uint64_t i = 0; values->kind == VALUES_STRINGS && i < values->n; i++)
            longest = values->strings[i].len > longest ? values->strings[i].len : longest;
    }
    c->zeros = arena_alloc(c->arena, longest);
    return c->zeros != NULL || plan_no_memory(c);
}

static bool plan_any_group(const struct plan_compiler *c)
{
    uint8_t family;
    const struct values *values = derive_destinations(c->template, c->arena, &family);
    u128 groups = family == 6 ? (u128)0xff << 120 : 0xe0000000u;

    return values != NULL && values_largest(values) >= groups;
}

static bool plan_compile_with(struct plan_compiler *c)
{
    struct plan *plan = c->plan;

    if (!plan_make_digits(c) || !plan_count_shapes(c) || !plan_make_zeros(c))
        return false;
    plan_join_digits(c);
    plan->has_group = plan_any_group(c);
    if (plan->n == 0)
        return true;
    plan->shapes = arena_alloc(c->arena, plan->n_shapes * sizeof(*plan->shapes));
    if (plan->shapes == NULL)
        return plan_no_memory(c);
    for (uint32_t s = 0; s < plan->n_shapes; s++) {
        if (!plan_make_shape(c, s))
            return false;
    }
    return true;
}

bool plan_compile(struct plan *plan, const struct template *template, const struct plan_options *options,
                  struct arena *arena, struct diag *diag)
{
    struct build *build = calloc(1, sizeof(*build) + BUILD_BYTES_MAX);
    struct plan_compiler *c = calloc(1, sizeof(*c));
    bool ok = false;

    *plan = (struct plan){.first_written = template->first_written};
    if (build != NULL && c != NULL) {
        build->bytes = (uint8_t *)(build + 1);
        c->plan = plan;
        c->template = template;
        c->options = options;
        c->arena = arena;
        c->diag = diag;
        c->build = build;
        ok = plan_compile_with(c);
    } else {
        diag_set(diag, (struct span){0}, "out of memory");
    }
    free(c);
    free(build);
    return ok;
}
