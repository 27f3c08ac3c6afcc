// One shape: its constant frame, its patches and its checksums.
#include "packet/bytes.h"
#include "packet/checksum.h"
#include "template/number.h"
#include "template/plan_compiler.h"

#include <string.h>

// The first value of the digit that belongs to the shape.
static uint64_t plan_representative(const struct plan_compiler *c, unsigned d, uint32_t shape)
{
    const struct plan_digit *digit = &c->digits[d];
    const uint32_t *first = c->group_first[d];

    return first == NULL ? 0 : first[shape / digit->stride % digit->n_groups];
}

// Whether a field's value is written by a patch, rather than being the same all over its shape.
static bool plan_is_patched(const struct plan_slot *slot)
{
    const struct values *values = slot->given->values;

    return slot->digit >= 0 && (values->kind == VALUES_STRINGS || !plan_field(slot)->layout);
}

static struct build_value plan_concrete(const struct plan_compiler *c, const struct plan_slot *slot,
                                        uint32_t shape)
{
    const struct values *values = slot->given->values;
    uint64_t digit = slot->digit < 0 ? 0 : plan_representative(c, (unsigned)slot->digit, shape);
    bool patched = plan_is_patched(slot);

    if (values->kind == VALUES_RANDOM_STRING)
        return (struct build_value){.kind = BUILD_BYTES, .len = values->len, .items = 1, .bytes = c->zeros};
    if (values->kind == VALUES_STRINGS) {
        struct values_string string = values->strings[digit];

        return (struct build_value){.kind = BUILD_BYTES,
                                    .len = string.len,
                                    .items = string.items,
                                    .bytes = patched ? c->zeros : string.bytes};
    }
    u128 number = patched ? 0 : values_number(values, digit);
    return (struct build_value){.kind = BUILD_NUMBER, .len = values->width, .number = number};
}

// Empty but for the packets in its fields, which take theirs from the compiler's in the order in which they are met.
static void plan_lay(struct plan_compiler *c, const struct template_layer *from, struct build_layer *to)
{
    unsigned n_fields = layer_get(from->id)->n_fields;

    to->id = from->id;
    to->below = -1;
    memset(to->values, 0, n_fields * sizeof(to->values[0]));
    for (unsigned f = 0; f < n_fields; f++) {
        const struct template_field *field = &from->fields[f];

        if (!field->has_packets)
            continue;
        struct build_layer *packets = c->packets + c->n_packets;
        c->n_packets += field->n_packets;
        to->values[f] =
            (struct build_value){.kind = BUILD_PACKETS, .items = field->n_packets, .packets = packets};
        for (uint32_t k = 0; k < field->n_packets; k++)
            plan_lay(c, &field->packets[k], &packets[k]);
    }
}

static void plan_lay_all(struct plan_compiler *c)
{
    c->n_packets = 0;
    c->build->n_layers = c->from->n_layers;
    for (unsigned i = 0; i < c->from->n_layers; i++)
        plan_lay(c, &c->from->layers[i], &c->build->layers[i]);
}

// Each slot's layer in the build: the walk is that by which the slots were made.
static void plan_locate_layer(struct plan_compiler *c, const struct template_layer *from,
                              struct build_layer *to, unsigned *slot);

static void plan_locate_field(struct plan_compiler *c, const struct template_field *field,
                              struct build_layer *to, unsigned f, unsigned *slot)
{
    for (uint32_t k = 0; k < field->n_packets; k++)
        plan_locate_layer(c, &field->packets[k], &to->values[f].packets[k], slot);
    if (field->values != NULL)
        c->slots[(*slot)++].layer = to;
}

static void plan_locate_layer(struct plan_compiler *c, const struct template_layer *from,
                              struct build_layer *to, unsigned *slot)
{
    const struct layer_desc *desc = layer_get(from->id);

    for (unsigned fastest = 0; fastest < 2; fastest++) {
        for (unsigned f = desc->n_fields; f-- > 0;) {
            if (template_is_fastest(&desc->fields[f]) == (fastest == 1))
                plan_locate_field(c, &from->fields[f], to, f, slot);
        }
    }
}

static bool plan_build_shape(struct plan_compiler *c, uint32_t shape)
{
    struct build *build = c->build;
    unsigned slot = 0;

    plan_lay_all(c);
    for (unsigned i = 0; i < c->from->n_layers; i++)
        plan_locate_layer(c, &c->from->layers[i], &build->layers[i], &slot);
    for (unsigned s = 0; s < c->n_slots; s++)
        c->slots[s].layer->values[c->slots[s].field] = plan_concrete(c, &c->slots[s], shape);
    if (build_frame(build, c->diag))
        return true;
    c->diag->where = c->from->layers[c->from->n_layers - 1].where;
    return false;
}

// The sums that cover these bytes; `turned`: in a range whose start is odd where the last range's is even, or the other way
// round, as a pseudo-header's may be before a payload at an odd offset.
static uint32_t plan_sums_over(const struct build *build, uint32_t from, uint32_t to, bool turned)
{
    uint32_t mask = 0;

    for (unsigned s = 0; s < build->n_sums; s++) {
        const struct build_sum *sum = &build->sums[s];

        for (unsigned r = 0; r < sum->n_ranges; r++) {
            bool differs = (sum->range[r].from ^ sum->range[sum->n_ranges - 1].from) & 1;

            if (from < sum->range[r].to && to > sum->range[r].from && differs == turned)
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
    c->patches[c->n_patches].sums = plan_sums_over(c->build, from, to, false);
    c->patches[c->n_patches++].turned_sums = plan_sums_over(c->build, from, to, true);
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
static bool plan_fits(struct plan_compiler *c, const struct plan_slot *slot)
{
    const struct template_field *given = slot->given;
    uint32_t bits = slot->layer->at.bits[slot->field];

    if (plan_field(slot)->width == NULL || slot->layer->at.bit[slot->field] == FIELD_ABSENT || bits >= 128)
        return true;
    const struct build_value *value = &slot->layer->values[slot->field];
    if (value->kind == BUILD_BYTES && plan_field(slot)->kind == FIELD_BYTES)
        return value->len <= bits / 8 ||
               diag_set(c->diag, given->where, "%s has room for %u bytes here, not for %u",
                        plan_field(slot)->name, bits / 8, value->len);
    u128 largest = values_largest(given->values);
    char text[NUMBER_TEXT_MAX];
    return largest >> bits == 0 || diag_set(c->diag, given->where, "%s has %u bits here, too few for %s",
                                            plan_field(slot)->name, bits, number_text((i128)largest, text));
}

// Whether a pseudo-header has a part of these bytes only, as the last hop of a source route: patches weigh as a whole.
static bool plan_is_split(const struct build *build, uint32_t from, uint32_t to)
{
    for (unsigned s = 0; s < build->n_sums; s++) {
        const struct build_sum *sum = &build->sums[s];

        for (unsigned r = 0; r + 1 < sum->n_ranges; r++) {
            uint32_t start = sum->range[r].from, end = sum->range[r].to;

            if (from < end && to > start && (from < start || to > end || start % 2 != 0))
                return true;
        }
    }
    return false;
}

static bool plan_field_patch(struct plan_compiler *c, const struct plan_slot *slot)
{
    const struct fields *at = &slot->layer->at;
    const struct values *values = slot->given->values;
    uint32_t bit = at->bit[slot->field], bits = at->bits[slot->field];
    struct plan_patch patch = {
        .digit = (uint8_t)slot->digit,
        .values = values,
        .desc = slot->desc,
        .field = slot->field,
    };

    if (bit == FIELD_ABSENT || bits == 0)
        return true;
    if (values->kind != VALUES_STRINGS && values->kind != VALUES_RANDOM_STRING)
        return plan_number_patch(c, &patch, values, bit, bits);
    patch.source = values->kind == VALUES_STRINGS ? PLAN_STRING : PLAN_RANDOM;
    patch.offset = (uint16_t)(bit / 8);
    // Of a field whose width leaves room behind the string, the rest stays zero.
    uint32_t len = slot->layer->values[slot->field].len;
    patch.len = (uint16_t)(len < bits / 8 ? len : bits / 8);
    if (plan_is_split(c->build, patch.offset, patch.offset + patch.len))
        return diag_set(c->diag, slot->given->where,
                        "%s can't vary here: a checksum counts only a part of it", plan_field(slot)->name);
    return plan_push_patch(c, &patch, patch.offset, patch.offset + patch.len);
}

// ---- tags

// A layer offers its tag if all the fields that carry it are open and present.
static bool plan_offers_tag(const struct plan_compiler *c, unsigned i)
{
    const struct layer_desc *desc = layer_get(c->from->layers[i].id);
    const struct build_layer *layer = &c->build->layers[i];
    bool any = false;

    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].tag == TAG_NONE)
            continue;
        any = true;
        if (layer->values[f].kind != BUILD_UNSET || layer->at.bit[f] == FIELD_ABSENT)
            return false;
    }
    return any;
}

static bool plan_tag_layer(struct plan_compiler *c, unsigned i)
{
    const struct layer_desc *desc = layer_get(c->from->layers[i].id);
    const struct fields *at = &c->build->layers[i].at;
    uint32_t tags = 0;

    for (unsigned f = 0; f < desc->n_fields; f++) {
        struct plan_patch patch = {
            .source = PLAN_TAG, .tag = desc->fields[f].tag, .desc = desc, .field = (uint8_t)f};

        if (patch.tag == TAG_NONE)
            continue;
        plan_place(&patch, at->bit[f], at->bits[f]);
        // The default that the tag replaces must leave the place empty.
        memset(c->build->bytes + at->bit[f] / 8, 0, at->bits[f] / 8);
        if (!plan_push_patch(c, &patch, at->bit[f] / 8, (at->bit[f] + at->bits[f]) / 8))
            return false;
        tags |= 1u << patch.tag;
    }
    c->plan->tags |= tags;
    c->plan->n_whole_tags += plan_tags_whole(tags);
    return true;
}

// Whether all that answers the shape carries the tag of layer i back. Errors quote the first header of IP and 8 bytes behind it.
static bool plan_tag_returns(const struct plan_compiler *c, unsigned i)
{
    const struct layer_desc *desc = layer_get(c->from->layers[i].id);
    const struct fields *at = &c->build->layers[i].at;
    unsigned network = 0;

    while (network < i && c->from->layers[network].id != LAYER_IP &&
           c->from->layers[network].id != LAYER_IPV6)
        network++;
    // Fields that vary are zero here.
    return network + 1 == i && desc->echoed != NULL &&
           (desc->returns_tag == NULL ||
            desc->returns_tag(fields_header(at), build_payload_end(c->build) - at->start - at->header_bytes));
}

// The innermost layer that has a tag answers echo; IP.id, which only errors echo, is the last resort.
static bool plan_tag_shape(struct plan_compiler *c)
{
    int best = -1;

    for (unsigned i = 0; i < c->from->n_layers; i++) {
        bool is_ip = c->from->layers[i].id == LAYER_IP;

        if (plan_offers_tag(c, i) && (!is_ip || best < 0))
            best = (int)i;
    }
    c->plan->is_lost_untagged |= best < 0 || !plan_tag_returns(c, (unsigned)best);
    return best < 0 || plan_tag_layer(c, (unsigned)best);
}

// ---- finishing

static uint64_t plan_sum_base(const struct build *build, const struct build_sum *from, bool swap)
{
    uint64_t total = from->constant;

    for (unsigned r = 0; r < from->n_ranges; r++)
        total += checksum_add(build->bytes + from->range[r].from, from->range[r].to - from->range[r].from);
    uint16_t base = checksum_fold(total);
    return swap ? __builtin_bswap16(base) : base;
}

static void plan_make_sums(const struct build *build, const struct build_sum *covers, struct plan_sum *sums)
{
    for (unsigned s = 0; s < build->n_sums; s++) {
        const struct build_sum *from = &build->sums[s];
        bool crc = from->kind == BUILD_SUM_CRC32C;
        bool swap = from->range[from->n_ranges - 1].from % 2 != 0;

        sums[s] = (struct plan_sum){
            .kind = from->kind,
            .store = (uint16_t)from->store,
            .zero_is_ones = from->zero_is_ones,
            .swap = swap,
            .from = (uint16_t)from->range[0].from,
            .to = (uint16_t)from->range[0].to,
            .sums = plan_sums_over(build, from->store, from->store + (crc ? 4 : 2), false) & ~((2u << s) - 1),
            .base = plan_sum_base(build, from, swap),
            .covers = &covers[s],
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
            .start = (uint16_t)layer->at.start,
            .header_bytes = (uint16_t)layer->at.header_bytes,
            .end = (uint16_t)end,
        };
    }
}

bool plan_shape_make(struct plan_compiler *c, uint32_t number)
{
    struct plan_shape *shape = &c->branch->shapes[number];

    c->n_patches = 0;
    if (!plan_build_shape(c, number))
        return false;
    for (unsigned s = 0; s < c->n_slots; s++) {
        const struct plan_slot *slot = &c->slots[s];

        if (!plan_fits(c, slot) || (plan_is_patched(slot) && !plan_field_patch(c, slot)))
            return false;
    }
    if (c->options->tags && !plan_tag_shape(c))
        return false;
    shape->len = (uint16_t)c->build->len;
    shape->n_patches = (uint8_t)c->n_patches;
    shape->n_sums = (uint8_t)c->build->n_sums;
    shape->patches = arena_copy(c->arena, c->patches, c->n_patches * sizeof(c->patches[0]));
    shape->sums = arena_alloc(c->arena, c->build->n_sums * sizeof(*shape->sums) + 1);
    const struct build_sum *covers = arena_copy(c->arena, c->build->sums, c->build->n_sums * sizeof(*covers));
    if (shape->patches == NULL || shape->sums == NULL || covers == NULL)
        return plan_no_memory(c);
    plan_make_sums(c->build, covers, shape->sums);
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
