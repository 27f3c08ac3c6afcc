#include "packet/build.h"

#include "packet/bytes.h"
#include "packet/checksum.h"

#include <assert.h>
#include <string.h>

// Writes the low `bits` bits of value at bit `at`, most significant first; those bits must be zero.
static void build_write(uint8_t *bytes, uint32_t at, uint32_t bits, u128 value)
{
    for (uint32_t i = 0; i < bits;) {
        uint32_t room = 8 - (at + i) % 8;
        uint32_t n = bits - i < room ? bits - i : room;
        uint32_t below = bits - i - n;
        uint8_t part = (uint8_t)(below < 128 ? value >> below & ((1u << n) - 1) : 0);

        bytes[(at + i) / 8] = (uint8_t)(bytes[(at + i) / 8] | part << (room - n));
        i += n;
    }
}

bool build_is_set(const struct build_layer *layer, unsigned field)
{
    return layer->values[field].kind != BUILD_UNSET;
}

uint64_t build_get(const struct build_layer *layer, unsigned field)
{
    return fields_get(&layer->at, field);
}

void build_put(struct build *build, const struct build_layer *layer, unsigned field, uint64_t value)
{
    uint32_t at = layer->at.bit[field], bits = layer->at.bits[field];

    if (at == FIELD_ABSENT)
        return;
    for (uint32_t k = 0; k < bits; k++) {
        uint32_t bit = at + k;
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);

        if (bits - 1 - k < 64 && value >> (bits - 1 - k) & 1)
            build->bytes[bit / 8] |= mask;
        else
            build->bytes[bit / 8] &= (uint8_t)~mask;
    }
}

const struct build_layer *build_below(const struct build *build, const struct build_layer *layer)
{
    return layer->below < 0 ? NULL : &build->layers[layer->below];
}

uint32_t build_payload_end(const struct build *build)
{
    for (unsigned i = 0; i < build->n_layers; i++) {
        if (build->layers[i].id == LAYER_PADDING)
            return build->layers[i].at.start;
    }
    return build->len;
}

// A packet that stands in a field by default.
static struct build_value build_spare(struct build *build, uint8_t id)
{
    struct build_layer *packet = &build->spare[build->n_spare++];

    *packet = (struct build_layer){.id = (enum layer_id)id, .below = -1};
    return (struct build_value){.kind = BUILD_PACKETS, .items = 1, .packets = packet};
}

static void build_preset(struct build *build, struct build_layer *lower, const char *field, u128 value)
{
    const struct layer_desc *desc = layer_get(lower->id);
    int f = layer_field(desc, field, strlen(field));

    // A layer that stands in for another (`alias`) need not have all of its fields.
    if (f < 0 || lower->values[f].kind != BUILD_UNSET)
        return;
    // In a field of no width of its own (BOOTP.options) a number has 4 bytes.
    if (desc->fields[f].kind != FIELD_PACKETS)
        lower->values[f] = (struct build_value){.kind = BUILD_NUMBER, .len = 4, .number = value};
    else if (build->n_spare < BUILD_SPARE_MAX)
        lower->values[f] = build_spare(build, (uint8_t)value);
}

// The values that layer i + 1 gives layer i by standing on it.
static void build_bind(struct build *build, unsigned i)
{
    struct build_layer *lower = &build->layers[i];

    if (i + 1 == build->n_layers)
        return;
    const struct build_layer *upper = &build->layers[i + 1];
    const struct build_value *first = &upper->values[0];
    u128 preset = layer_first_preset(upper->id);
    const struct binding *b =
        layer_binding(lower->id, upper->id, first->kind == BUILD_NUMBER ? first->number : preset);
    if (b == NULL)
        return;
    build_preset(build, lower, b->field, b->value);
    for (unsigned k = 0; k < ARRAY_SIZE(b->more) && b->more[k].field != NULL; k++)
        build_preset(build, lower, b->more[k].field, b->more[k].value);
}

// ---- writing

static bool build_layer_emit(struct build *build, struct build_layer *layer, unsigned nesting);

static uint32_t build_width(const struct build_layer *layer, unsigned f)
{
    const struct field_desc *field = &layer_get(layer->id)->fields[f];
    const struct build_value *value = &layer->values[f];

    if (field->length.ber)
        return layer->ber_bytes[f] * 8u;
    if (field->bits != 0)
        return field->bits;
    if (field->kind == FIELD_ADDRESS)
        return value->len * 8;
    if (field->width != NULL)
        return field->width(&layer->at);
    if (value->kind == BUILD_UNSET)
        return field->preset_len * 8u;
    return value->len * 8;
}

// The packets of a field, from byte build->len on.
static bool build_packets(struct build *build, struct build_layer *layer, unsigned f, unsigned nesting)
{
    const struct packets_desc *packets = layer_get(layer->id)->fields[f].packets;
    struct build_value *value = &layer->values[f];
    struct build_layer *list = value->packets;
    uint32_t n = value->kind == BUILD_PACKETS ? value->items : 0;

    if (value->kind == BUILD_UNSET && packets->preset != LAYER_NONE && build->n_spare < BUILD_SPARE_MAX) {
        *value = build_spare(build, packets->preset);
        list = value->packets;
        n = 1;
    }
    for (uint32_t k = 0; k <= n; k++) {
        uint8_t next = k < n ? (uint8_t)list[k].id : LAYER_NONE;

        if (build->len + 8 > BUILD_BYTES_MAX)
            return false;
        if (packets->pad != NULL)
            build->len +=
                packets->pad(&layer->at, next, build->len - layer->at.start, build->bytes + build->len);
        if (k < n && !build_layer_emit(build, &list[k], nesting + 1))
            return false;
    }
    return true;
}

static void build_padded(struct build *build, const struct field_desc *field, uint32_t from)
{
    while (field->zero_padded && (build->len - from) % 4 != 0)
        build->len++;
}

static bool build_variable(struct build *build, struct build_layer *layer, unsigned f, unsigned nesting)
{
    const struct field_desc *field = &layer_get(layer->id)->fields[f];
    uint32_t from = build->len;

    if (!build_packets(build, layer, f, nesting) || build->len + 4 > BUILD_BYTES_MAX)
        return false;
    build_padded(build, field, from);
    layer->at.bit[f] = from * 8;
    layer->at.bits[f] = (build->len - from) * 8;
    return true;
}

static void build_bytes(struct build *build, const struct field_desc *field, const struct build_value *value,
                        uint32_t at, uint32_t bits)
{
    if (value->kind == BUILD_BYTES)
        memcpy(build->bytes + at / 8, value->bytes, value->len < bits / 8 ? value->len : bits / 8);
    else if (value->kind == BUILD_UNSET && field->preset_bytes != NULL)
        memcpy(build->bytes + at / 8, field->preset_bytes,
               field->preset_len < bits / 8 ? field->preset_len : bits / 8);
    else
        build_write(build->bytes, at, bits, value->kind == BUILD_NUMBER ? value->number : field->preset);
}

static bool build_field(struct build *build, struct build_layer *layer, unsigned f, uint32_t *at,
                        unsigned nesting)
{
    const struct field_desc *field = &layer_get(layer->id)->fields[f];
    const struct build_value *value = &layer->values[f];

    if (field->present != NULL && !field->present(&layer->at))
        return true;
    if (field->unseen) {
        layer->at.bit[f] = *at;
        layer->at.unseen = (uint64_t)(value->kind == BUILD_NUMBER ? value->number : field->preset);
        return true;
    }
    if (field->kind == FIELD_PACKETS && value->kind != BUILD_BYTES) {
        build->len = *at / 8;
        if (!build_variable(build, layer, f, nesting))
            return false;
        *at = build->len * 8;
        return true;
    }
    uint32_t bits = build_width(layer, f);
    if (*at / 8 + bits / 8 + 1 > BUILD_BYTES_MAX)
        return false;
    layer->at.bit[f] = *at;
    layer->at.bits[f] = bits;
    build_bytes(build, field, value, *at, bits);
    *at += bits;
    while (field->aligned && (*at - layer->at.bit[f]) % 32 != 0)
        *at += 8;
    return true;
}

static bool build_layer_emit_once(struct build *build, struct build_layer *layer, unsigned nesting)
{
    const struct layer_desc *desc = layer_get(layer->id);
    uint32_t at = build->len * 8;

    if (nesting > FIELD_NESTING_MAX)
        return false;
    layer->at = (struct fields){.bytes = build->bytes, .start = build->len, .end = BUILD_BYTES_MAX};
    if (nesting == 0 && layer->below >= 0)
        layer->at.below = (uint8_t)build->layers[layer->below].id;
    for (unsigned f = 0; f < desc->n_fields; f++)
        layer->at.bit[f] = FIELD_ABSENT;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (!build_field(build, layer, f, &at, nesting))
            return false;
    }
    build->len = (at + 7) / 8;
    layer->at.header_bytes = build->len - layer->at.start;
    return build->len <= UINT16_MAX;
}

// Bytes of BER's length of what follows field f (ITU-T X.690 8.1.3).
static uint8_t build_ber_bytes(const struct build *build, const struct build_layer *layer, unsigned f)
{
    uint32_t rest = build->len - (layer->at.bit[f] + layer->at.bits[f]) / 8;

    return rest < 0x80 ? 1 : rest < 0x100 ? 2 : 3;
}

// Again, if a length turns out to need more bytes than it was given.
static bool build_layer_emit(struct build *build, struct build_layer *layer, unsigned nesting)
{
    const struct layer_desc *desc = layer_get(layer->id);
    uint32_t start = build->len;
    bool again = true;

    memset(layer->ber_bytes, 1, sizeof(layer->ber_bytes));
    while (again) {
        if (!build_layer_emit_once(build, layer, nesting))
            return false;
        again = false;
        for (unsigned f = 0; f < desc->n_fields; f++) {
            uint8_t bytes = desc->fields[f].length.ber ? build_ber_bytes(build, layer, f) : 0;

            again |= bytes > layer->ber_bytes[f];
            layer->ber_bytes[f] = bytes > layer->ber_bytes[f] ? bytes : layer->ber_bytes[f];
        }
        if (again) {
            memset(build->bytes + start, 0, build->len - start);
            build->len = start;
        }
    }
    return true;
}

bool build_alone(struct build *build, struct build_layer *layer)
{
    memset(build->bytes, 0, BUILD_BYTES_MAX);
    build->len = 0;
    build->n_spare = 0;
    return build_layer_emit(build, layer, 0);
}

// ---- finishing

// What the length rule of field f counts.
static uint32_t build_counted(const struct build *build, const struct build_layer *layer, bool nested,
                              unsigned f)
{
    const struct length_rule *rule = &layer_get(layer->id)->fields[f].length;
    const struct fields *at = &layer->at;
    uint32_t header_end = at->start + at->header_bytes;
    uint32_t payload_end = nested || layer->id == LAYER_PADDING ? header_end : build_payload_end(build);

    switch ((enum length_of)rule->of) {
    case LENGTH_FIELD:
        return at->bits[rule->field] / 8;
    case LENGTH_COUNT:
        return layer->values[rule->field].items;
    case LENGTH_HEADER:
        return at->header_bytes;
    case LENGTH_REST:
        return header_end - (at->bit[f] + at->bits[f]) / 8;
    case LENGTH_PAYLOAD:
        return payload_end - header_end;
    case LENGTH_ALL:
        return payload_end - at->start;
    case LENGTH_NONE:
        break;
    }
    return 0;
}

static bool build_lengths(struct build *build, struct build_layer *layer, bool nested, struct diag *diag)
{
    const struct layer_desc *desc = layer_get(layer->id);

    for (unsigned f = 0; f < desc->n_fields; f++) {
        const struct length_rule *rule = &desc->fields[f].length;

        if (rule->of == LENGTH_NONE || build_is_set(layer, f) || layer->at.bit[f] == FIELD_ABSENT)
            continue;
        int64_t value = (int64_t)build_counted(build, layer, nested, f) + rule->plus;
        unsigned unit = rule->unit == 0 ? 1 : rule->unit;
        value = value < 0 ? 0 : (value + unit - 1) / unit;
        if (rule->ber && layer->ber_bytes[f] > 1)
            value |= (int64_t)(0x80 | (layer->ber_bytes[f] - 1)) << 8 * (layer->ber_bytes[f] - 1);
        if ((uint64_t)value >> layer->at.bits[f] != 0)
            return diag_set(diag, (struct span){0}, "%s.%s would be %lld, which its %u bits do not hold",
                            desc->name, desc->fields[f].name, (long long)value, layer->at.bits[f]);
        build_put(build, layer, f, (uint64_t)value);
    }
    return true;
}

// The packets in fields first, from the last to the first.
static bool build_finish(struct build *build, struct build_layer *layer, bool nested, struct diag *diag)
{
    const struct layer_desc *desc = layer_get(layer->id);

    for (unsigned f = desc->n_fields; f-- > 0;) {
        const struct build_value *value = &layer->values[f];

        for (uint32_t k = value->kind == BUILD_PACKETS ? value->items : 0; k-- > 0;) {
            if (!build_finish(build, &value->packets[k], true, diag))
                return false;
        }
    }
    if (!build_lengths(build, layer, nested, diag))
        return false;
    if (desc->finish != NULL)
        desc->finish(build, layer);
    return true;
}

bool build_frame(struct build *build, struct diag *diag)
{
    memset(build->bytes, 0, BUILD_BYTES_MAX);
    build->len = 0;
    build->n_sums = 0;
    build->n_spare = 0;
    for (unsigned i = build->n_layers; i-- > 0;) {
        build->layers[i].below = (int)i - 1;
        build_bind(build, i);
    }
    for (unsigned i = 0; i < build->n_layers; i++) {
        if (!build_layer_emit(build, &build->layers[i], 0))
            return diag_set(diag, (struct span){0}, "the frame would be longer than 65,535 bytes");
    }
    for (unsigned i = build->n_layers; i-- > 0;) {
        if (!build_finish(build, &build->layers[i], false, diag))
            return false;
    }
    return true;
}

void build_add_sum(struct build *build, const struct build_sum *sum)
{
    assert(build->n_sums < BUILD_SUMS_MAX); // a layer adds one at most, and there are no more layers
    build->sums[build->n_sums++] = *sum;
}

void build_checksums(struct build *build)
{
    for (unsigned k = 0; k < build->n_sums; k++) {
        const struct build_sum *sum = &build->sums[k];
        uint64_t total = sum->constant;

        if (sum->kind == BUILD_SUM_CRC32C) {
            put32(build->bytes + sum->store,
                  __builtin_bswap32(checksum_crc32c(build->bytes + sum->range[0].from,
                                                    sum->range[0].to - sum->range[0].from)));
            continue;
        }
        for (unsigned r = 0; r < sum->n_ranges; r++)
            total += checksum_add(build->bytes + sum->range[r].from, sum->range[r].to - sum->range[r].from);
        uint16_t value = (uint16_t)~checksum_fold(total);
        put16(build->bytes + sum->store, value == 0 && sum->zero_is_ones ? 0xffff : value);
    }
}
