#include "packet/fields.h"

#include "packet/layer.h"

uint64_t fields_get(const struct fields *at, unsigned field)
{
    uint32_t bit = at->bit[field], bits = at->bits[field];
    uint64_t value = 0;

    if (bit == FIELD_ABSENT)
        return 0;
    for (uint32_t i = 0; i < bits;) {
        uint32_t room = 8 - (bit + i) % 8, n = bits - i < room ? bits - i : room;

        value = value << n | (at->bytes[(bit + i) / 8] >> (room - n) & ((1u << n) - 1));
        i += n;
    }
    return value;
}

// What a length field says, as a count of bytes or elements; negative: nonsense.
static int64_t fields_said(const struct fields *at, const struct layer_desc *desc, unsigned field)
{
    const struct length_rule *rule = &desc->fields[field].length;

    // Behind its first byte, if there is more.
    if (rule->ber && at->bits[field] > 8)
        return (int64_t)(fields_get(at, field) & (((uint64_t)1 << (at->bits[field] - 8)) - 1));
    return (int64_t)fields_get(at, field) * (rule->unit == 0 ? 1 : rule->unit) - rule->plus;
}

// The field before `field` that measures it in that way and is there; -1: none does.
static int fields_measuring(const struct fields *at, const struct layer_desc *desc, unsigned field,
                            enum length_of of)
{
    for (unsigned f = 0; f < field; f++) {
        const struct length_rule *rule = &desc->fields[f].length;

        if (rule->of == of && rule->field == field && at->bit[f] != FIELD_ABSENT)
            return (int)f;
    }
    return -1;
}

uint32_t fields_element(const struct fields *at, const struct layer_desc *desc, unsigned field, uint32_t from,
                        uint32_t to, unsigned nesting, uint8_t *id)
{
    struct fields element = {.bytes = at->bytes, .start = from, .end = to};

    if (from >= to || nesting >= FIELD_NESTING_MAX)
        return 0;
    *id = desc->fields[field].packets->which(at->bytes + from, to - from);
    if (*id == LAYER_NONE || !fields_place(&element, layer_get((enum layer_id) * id), nesting + 1))
        return 0;
    return element.header_bytes;
}

// `count` values of a codec, or packets, from `from` on: where they end; UINT32_MAX: they do not fit. Packets need not fit: what
// follows the last that does is bytes, as in Scapy.
static uint32_t fields_counted(const struct fields *at, const struct layer_desc *desc, unsigned f,
                               uint32_t from, uint32_t to, uint64_t count, unsigned nesting)
{
    const struct field_desc *field = &desc->fields[f];

    for (uint64_t i = 0; i < count; i++) {
        uint8_t id;
        uint32_t len = i >= FIELD_PACKETS_MAX         ? 0
                       : field->kind == FIELD_PACKETS ? fields_element(at, desc, f, from, to, nesting, &id)
                       : field->codec->extent == NULL ? 0
                                                      : field->codec->extent(at->bytes + from, to - from);

        if (len == 0 || len > to - from)
            return field->kind == FIELD_PACKETS ? to : UINT32_MAX;
        from += len;
    }
    return from;
}

// Where a field of no fixed width that starts at `from` ends; UINT32_MAX: not before `to`.
static uint32_t fields_end(const struct fields *at, const struct layer_desc *desc, unsigned f, uint32_t from,
                           uint32_t to, unsigned nesting)
{
    const struct field_desc *field = &desc->fields[f];
    int measuring = fields_measuring(at, desc, f, LENGTH_FIELD);

    if (measuring >= 0) {
        int64_t said = fields_said(at, desc, (unsigned)measuring);

        return said < 0 || said > to - from ? UINT32_MAX : from + (uint32_t)said;
    }
    measuring = fields_measuring(at, desc, f, LENGTH_COUNT);
    if (measuring >= 0) {
        int64_t said = fields_said(at, desc, (unsigned)measuring);

        return said < 0 ? UINT32_MAX : fields_counted(at, desc, f, from, to, (uint64_t)said, nesting);
    }
    if (field->kind == FIELD_CODED && field->codec->extent != NULL && !field->codec->takes_list) {
        uint32_t len = field->codec->extent(at->bytes + from, to - from);

        return len > to - from ? UINT32_MAX : from + len;
    }
    bool one = field->kind == FIELD_PACKETS && field->packets->single;
    return one ? fields_counted(at, desc, f, from, to, 1, nesting) : to;
}

// Bits of the length of BER at p; UINT32_MAX: it is cut short, or says no length.
static uint32_t fields_ber_bits(const uint8_t *p, uint32_t avail)
{
    uint32_t more = avail == 0 || p[0] < 0x80 ? 0 : p[0] & 0x7fu;

    if (avail == 0 || more >= avail || more >= FIELD_BER_BYTES || (p[0] >= 0x80 && more == 0))
        return UINT32_MAX;
    return 8 * (1 + more);
}

static bool fields_place_one(struct fields *at, const struct layer_desc *desc, unsigned f, uint32_t *bit,
                             uint32_t to, unsigned nesting)
{
    const struct field_desc *field = &desc->fields[f];
    uint32_t bits = field->bits;

    if (field->present != NULL && !field->present(at))
        return true;
    if (field->unseen) {
        at->unseen = (uint64_t)field->preset;
        bits = 0;
    } else if (field->length.ber) {
        bits = fields_ber_bits(at->bytes + *bit / 8, to - *bit / 8);
    } else if (bits == 0 && field->width != NULL) {
        bits = field->width(at);
    } else if (bits == 0) {
        uint32_t end = *bit % 8 != 0 ? UINT32_MAX : fields_end(at, desc, f, *bit / 8, to, nesting);

        if (end == UINT32_MAX)
            return false;
        bits = end * 8 - *bit;
    }
    if (bits > to * 8 - *bit)
        return false;
    at->bit[f] = *bit;
    at->bits[f] = bits;
    *bit += bits;
    while (field->aligned && *bit % 8 == 0 && (*bit / 8 - at->bit[f] / 8) % 4 != 0 && *bit < to * 8)
        *bit += 8;
    return true;
}

bool fields_place(struct fields *at, const struct layer_desc *desc, unsigned nesting)
{
    uint32_t bit = at->start * 8, to = at->end, header_end = 0;

    for (unsigned f = 0; f < desc->n_fields; f++)
        at->bit[f] = FIELD_ABSENT;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        at->bits[f] = 0;
        if (!fields_place_one(at, desc, f, &bit, to, nesting))
            return false;
        bool rest = desc->fields[f].length.of == LENGTH_REST;
        if ((!rest && desc->fields[f].length.of != LENGTH_HEADER) || at->bit[f] == FIELD_ABSENT)
            continue;
        int64_t header = fields_said(at, desc, f) + (rest ? bit / 8 - at->start : 0);

        if (header < (bit + 7) / 8 - at->start || header > to - at->start)
            return false;
        to = at->start + (uint32_t)header;
        header_end = header_end == 0 ? to : header_end;
    }
    at->header_bytes = (header_end != 0 ? header_end : (bit + 7) / 8) - at->start;
    return true;
}
