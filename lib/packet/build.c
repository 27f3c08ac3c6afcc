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
        uint8_t part = (uint8_t)(value >> (bits - i - n) & ((1u << n) - 1));

        bytes[(at + i) / 8] = (uint8_t)(bytes[(at + i) / 8] | part << (room - n));
        i += n;
    }
}

static uint64_t build_read(const uint8_t *bytes, uint32_t at, uint32_t bits)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < bits; i++)
        value = value << 1 | (bytes[(at + i) / 8] >> (7 - (at + i) % 8) & 1);
    return value;
}

bool build_is_set(const struct build *build, unsigned i, unsigned field)
{
    return build->layers[i].values[field].kind != BUILD_UNSET;
}

uint64_t build_get(const struct build *build, unsigned i, unsigned field)
{
    const struct build_layer *layer = &build->layers[i];

    return build_read(build->bytes, layer->bit[field], layer->bits[field]);
}

void build_put(struct build *build, unsigned i, unsigned field, uint64_t value)
{
    const struct build_layer *layer = &build->layers[i];
    uint32_t at = layer->bit[field], bits = layer->bits[field];

    assert(at % 8 == 0 || bits < 64);
    for (uint32_t k = 0; k < bits; k++) {
        uint32_t bit = at + k;
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);

        if (value >> (bits - 1 - k) & 1)
            build->bytes[bit / 8] |= mask;
        else
            build->bytes[bit / 8] &= (uint8_t)~mask;
    }
}

uint32_t build_payload_end(const struct build *build)
{
    for (unsigned i = 0; i < build->n_layers; i++) {
        if (build->layers[i].id == LAYER_PADDING)
            return build->layers[i].start;
    }
    return build->len;
}

// The values that layer i + 1 gives layer i by standing on it.
static void build_bind(struct build *build, unsigned i)
{
    struct build_layer *lower = &build->layers[i];
    const struct layer_desc *desc = layer_get(lower->id);
    const struct binding *b = i + 1 < build->n_layers ? layer_binding(desc, build->layers[i + 1].id) : NULL;

    if (b == NULL)
        return;
    if (lower->values[b->field].kind == BUILD_UNSET)
        lower->values[b->field] = (struct build_value){.kind = BUILD_NUMBER, .number = b->value};
    for (unsigned k = 0; k < b->n_more; k++) {
        if (lower->values[b->more[k].field].kind == BUILD_UNSET)
            lower->values[b->more[k].field] =
                (struct build_value){.kind = BUILD_NUMBER, .number = b->more[k].value};
    }
}

static uint32_t build_width(const struct field_desc *field, const struct build_value *value,
                            const uint8_t *header)
{
    if (field->bits != 0)
        return field->bits;
    if (field->width != NULL)
        return field->width(header);
    return value->len * 8; // bytes, and addresses whose length is their value's
}

static bool build_field(struct build *build, struct build_layer *layer, unsigned f, uint32_t *at)
{
    const struct field_desc *field = &layer_get(layer->id)->fields[f];
    const struct build_value *value = &layer->values[f];

    layer->bit[f] = BUILD_ABSENT;
    layer->bits[f] = 0;
    if (field->present != NULL && !field->present(build->bytes + layer->start))
        return true;
    uint32_t bits = build_width(field, value, build->bytes + layer->start);
    if (*at / 8 + bits / 8 + 1 > BUILD_BYTES_MAX)
        return false;
    layer->bit[f] = *at;
    layer->bits[f] = bits;
    if (value->kind == BUILD_BYTES)
        memcpy(build->bytes + *at / 8, value->bytes, value->len);
    else
        build_write(build->bytes, *at, bits, value->kind == BUILD_NUMBER ? value->number : field->preset);
    *at += bits;
    return true;
}

static bool build_layer_emit(struct build *build, unsigned i)
{
    struct build_layer *layer = &build->layers[i];
    uint32_t at = build->len * 8;

    layer->start = build->len;
    for (unsigned f = 0; f < layer_get(layer->id)->n_fields; f++) {
        if (!build_field(build, layer, f, &at))
            return false;
    }
    layer->header_bytes = at / 8 - layer->start;
    build->len = at / 8;
    return true;
}

bool build_frame(struct build *build, struct diag *diag)
{
    memset(build->bytes, 0, BUILD_BYTES_MAX);
    build->len = 0;
    build->n_sums = 0;
    for (unsigned i = 0; i < build->n_layers; i++)
        build_bind(build, i);
    for (unsigned i = 0; i < build->n_layers; i++) {
        if (!build_layer_emit(build, i) || build->len > UINT16_MAX)
            return diag_set(diag, (struct span){0}, "the frame would be longer than 65,535 bytes");
    }
    for (unsigned i = build->n_layers; i-- > 0;) {
        const struct layer_desc *desc = layer_get(build->layers[i].id);

        if (desc->finish != NULL)
            desc->finish(build, i);
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

        for (unsigned r = 0; r < sum->n_ranges; r++)
            total += checksum_add(build->bytes + sum->range[r].from, sum->range[r].to - sum->range[r].from);
        uint16_t value = (uint16_t)~checksum_fold(total);
        put16(build->bytes + sum->store, value == 0 && sum->zero_is_ones ? 0xffff : value);
    }
}
