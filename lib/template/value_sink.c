#include "template/value_sink.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_SINK_ROOM (256u << 10)

void value_sink_init(struct value_sink *sink, struct value_parser *parser, const struct field_desc *field)
{
    *sink = (struct value_sink){.parser = parser, .field = field};
    values_builder_init(&sink->builder);
}

void value_sink_release(struct value_sink *sink)
{
    values_builder_release(&sink->builder);
    free(sink->scratch);
}

bool value_sink_no_memory(struct value_sink *sink, struct span where)
{
    return diag_set(sink->parser->diag, where, "more than 2^62 values, or no memory for them");
}

bool value_sink_make(struct value_sink *sink, struct span where, const struct values **values)
{
    struct values *set;

    *values = sink->made;
    if (*values != NULL)
        return true;
    *values = values_builder_make(&sink->builder, sink->parser->arena);
    if (*values == NULL)
        return value_sink_no_memory(sink, where);
    if (!sink->random)
        return true;
    set = arena_copy(sink->parser->arena, *values, sizeof(*set));
    if (set == NULL)
        return value_sink_no_memory(sink, where);
    set->random = true;
    *values = set;
    return true;
}

static bool value_sink_mixed(struct value_sink *sink, struct span where)
{
    return diag_set(sink->parser->diag, where, "values of different kinds in one list");
}

bool value_sink_range(struct value_sink *sink, struct span where, u128 start, int64_t step, uint64_t n)
{
    if (sink->builder.n_strings > 0)
        return value_sink_mixed(sink, where);
    return values_builder_range(&sink->builder, start, step, n) || value_sink_no_memory(sink, where);
}

bool value_sink_addresses(struct value_sink *sink, struct span where, uint8_t width,
                          const struct values_segment *range, uint64_t n)
{
    if (sink->builder.width != 0 && sink->builder.width != width)
        return value_sink_mixed(sink, where);
    sink->builder.width = width;
    return value_sink_range(sink, where, range->start, range->step, n);
}

uint32_t value_sink_padded(const struct value_sink *sink, uint32_t len)
{
    const struct field_desc *field = sink->field;

    if (field->bits != 0)
        return len > field->bits / 8u ? UINT32_MAX : field->bits / 8u;
    uint32_t padded = field->zero_padded ? (len + 3) / 4 * 4 : len;
    return padded > VALUE_BYTES_MAX ? UINT32_MAX : padded;
}

bool value_sink_too_long(struct value_sink *sink, struct span where, uint32_t len)
{
    const struct field_desc *field = sink->field;

    return diag_set(sink->parser->diag, where, "%s has room for %u bytes, not for %u", field->name,
                    field->bits != 0 ? field->bits / 8u : VALUE_BYTES_MAX, len);
}

bool value_sink_string(struct value_sink *sink, struct span where, struct values_string string)
{
    uint32_t padded = value_sink_padded(sink, string.len);

    if (padded == UINT32_MAX)
        return value_sink_too_long(sink, where, string.len);
    if (sink->builder.n > sink->builder.n_strings)
        return value_sink_mixed(sink, where);
    if (padded != string.len) {
        uint8_t *bytes = arena_alloc(sink->parser->arena, padded);

        if (bytes == NULL)
            return value_sink_no_memory(sink, where);
        if (string.len > 0)
            memcpy(bytes, string.bytes, string.len);
        string.bytes = bytes;
        string.len = padded;
    }
    return values_builder_string(&sink->builder, string) || value_sink_no_memory(sink, where);
}

uint8_t *value_sink_keep(struct value_sink *sink, struct span where, const void *bytes, uint32_t len)
{
    // A few strings fit well in the arena; many are packed, for it rounds up.
    if (sink->builder.n_strings < 16 || len > VALUE_SINK_ROOM / 16) {
        uint8_t *copy = arena_copy(sink->parser->arena, bytes, len);

        if (copy == NULL)
            value_sink_no_memory(sink, where);
        return copy;
    }
    if (sink->room_left < len) {
        sink->room = arena_alloc(sink->parser->arena, VALUE_SINK_ROOM);
        sink->room_left = sink->room == NULL ? 0 : VALUE_SINK_ROOM;
    }
    if (sink->room == NULL) {
        value_sink_no_memory(sink, where);
        return NULL;
    }
    uint8_t *copy = sink->room;
    if (len > 0)
        memcpy(copy, bytes, len);
    sink->room += len;
    sink->room_left -= len;
    return copy;
}

uint8_t *value_sink_scratch(struct value_sink *sink, struct span where, size_t size)
{
    if (size > sink->scratch_room) {
        size_t room = size + size / 2 + 256;
        uint8_t *grown = realloc(sink->scratch, room);

        if (grown == NULL) {
            value_sink_no_memory(sink, where);
            return NULL;
        }
        sink->scratch = grown;
        sink->scratch_room = room;
    }
    return sink->scratch;
}

u128 value_sink_largest(const struct value_sink *sink)
{
    unsigned bits = sink->field->bits == 0 ? 32 : sink->field->bits;

    return bits >= 128 ? ~(u128)0 : ((u128)1 << bits) - 1;
}

bool value_sink_takes_numbers(const struct value_sink *sink)
{
    enum field_kind kind = (enum field_kind)sink->field->kind;

    return kind == FIELD_NUMBER || kind == FIELD_PORT || kind == FIELD_FLAGS;
}

bool value_sink_takes_addresses(const struct value_sink *sink, uint8_t *family)
{
    enum field_kind kind = (enum field_kind)sink->field->kind;

    *family = kind == FIELD_IPV4 ? 4 : kind == FIELD_IPV6 ? 6 : 0;
    // ARP's: psrc and pdst
    return *family != 0 || (kind == FIELD_ADDRESS && sink->field->name[0] == 'p');
}

bool value_sink_takes_macs(const struct value_sink *sink)
{
    return sink->field->kind == FIELD_MAC ||
           (sink->field->kind == FIELD_ADDRESS && sink->field->name[0] != 'p');
}
