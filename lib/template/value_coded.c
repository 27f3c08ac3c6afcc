#include "template/value_coded.h"

#include "template/number.h"
#include "template/value_call.h"

#include <ctype.h>
#include <string.h>

#define VALUE_CODED_SLACK 64 // what a codec may write besides a part's own bytes

static bool value_coded_problem(struct value_sink *sink, struct span where, const char *problem)
{
    return problem == NULL ? diag_set(sink->parser->diag, where, "%s: this is no %s", sink->field->name,
                                      sink->field->codec->name)
                           : diag_set(sink->parser->diag, where, "%s: %s", sink->field->name, problem);
}

// Appends a part to the scratch. False: *problem says why, or an error is set.
static bool value_coded_encode(struct value_sink *sink, struct span where, const struct codec_part *part,
                               uint32_t *len, const char **problem)
{
    uint8_t *room = value_sink_scratch(sink, where, (size_t)*len + part->len + VALUE_CODED_SLACK);
    uint32_t added = 0;

    *problem = NULL;
    if (room == NULL || !sink->field->codec->encode(part, room + *len, &added, problem))
        return false;
    *len += added;
    if (*len <= VALUE_BYTES_MAX)
        return true;
    *problem = "the value is longer than 65535 bytes";
    return false;
}

static bool value_coded_keep(struct value_sink *sink, struct span where, uint32_t len, uint32_t items)
{
    const struct codec *codec = sink->field->codec;
    const char *problem = NULL;

    if (codec->finish != NULL && (value_sink_scratch(sink, where, CODEC_FINISH_MAX) == NULL ||
                                  !codec->finish(sink->scratch, &len, &problem)))
        return problem != NULL && value_coded_problem(sink, where, problem);
    uint8_t *bytes = value_sink_keep(sink, where, sink->scratch, len);

    return bytes != NULL && value_sink_string(sink, where, (struct values_string){bytes, len, items});
}

bool value_coded_bytes(struct value_sink *sink, struct value_text text, const uint8_t **bytes, uint32_t *len)
{
    const struct codec_part part = {.bytes = (const uint8_t *)text.bytes, .len = text.len};
    const char *problem;

    *len = 0;
    if (!value_coded_encode(sink, text.where, &part, len, &problem))
        return value_coded_problem(sink, text.where, problem);
    *bytes = sink->scratch;
    return true;
}

bool value_coded_text(struct value_sink *sink, struct value_text text)
{
    const uint8_t *bytes;
    uint32_t len;

    return value_coded_bytes(sink, text, &bytes, &len) && value_coded_keep(sink, text.where, len, 1);
}

bool value_coded_line(struct value_sink *sink, struct value_text text)
{
    struct codec_part part = {.bytes = (const uint8_t *)text.bytes, .len = text.len};
    const char *problem, *why;
    uint32_t len = 0, digits = 0;

    if (value_coded_encode(sink, text.where, &part, &len, &problem))
        return value_coded_keep(sink, text.where, len, 1);
    part = (struct codec_part){0};
    for (; digits < text.len && digits < 19 && isdigit((unsigned char)text.bytes[digits]); digits++)
        part.number = part.number * 10 + (unsigned)(text.bytes[digits] - '0');
    if (digits == 0 || digits != text.len || !value_coded_encode(sink, text.where, &part, &len, &why))
        return value_coded_problem(sink, text.where, problem);
    return value_coded_keep(sink, text.where, len, 1);
}

bool value_coded_range(struct value_sink *sink, struct span where, u128 first, int64_t step, uint64_t n)
{
    if (n > VALUE_CODED_MAX || sink->builder.n_strings + n > 2 * (uint64_t)VALUE_CODED_MAX)
        return diag_set(sink->parser->diag, where, "more than %u values; %s has bytes made for each",
                        VALUE_CODED_MAX, sink->field->name);
    for (uint64_t i = 0; i < n; i++) {
        struct codec_part part = {.number = first + (u128)((i128)i * step)};
        const char *problem;
        uint32_t len = 0;

        if (!value_coded_encode(sink, where, &part, &len, &problem))
            return value_coded_problem(sink, where, problem);
        if (!value_coded_keep(sink, where, len, 1))
            return false;
    }
    return true;
}

// part = number | string | NAME "(" number | string ")"
static bool value_coded_part(struct value_sink *sink, const struct syntax *tree, uint32_t *len)
{
    struct codec_part part = {0};
    struct values_string string;
    const struct syntax *value = tree;
    const char *problem;

    if (value_call_is_random(tree))
        return value_call_no_random(sink->parser, tree, "in a list");
    if (value_call_function(tree) != VALUE_FUNCTION_NONE)
        return diag_set(sink->parser->diag, tree->where, "%s is one list of values; a set can't stand in it",
                        sink->field->name);
    if (tree->kind == SYNTAX_CALL) {
        if (tree->n_items != 1 || tree->keys[0].len != 0)
            return diag_set(sink->parser->diag, tree->where, "%.*s() takes one value",
                            value_text_shown(tree->len), tree->bytes);
        char *name = arena_alloc(sink->parser->arena, tree->len + 1);
        if (name == NULL)
            return value_sink_no_memory(sink, tree->where);
        memcpy(name, tree->bytes, tree->len);
        part.call = name;
        value = tree->items[0];
    }
    if (number_is(value)) {
        if (!number_in_range(value, (u128)1 << 124, sink->field->name, &part.number, sink->parser->diag))
            return false;
    } else if (value->kind != SYNTAX_STRING && value->kind != SYNTAX_BINARY) {
        return value_coded_problem(sink, value->where, NULL);
    } else {
        if (!value_parse_string(sink->parser, value, &string))
            return false;
        part.bytes = string.bytes;
        part.len = string.len;
    }
    return value_coded_encode(sink, tree->where, &part, len, &problem) ||
           value_coded_problem(sink, tree->where, problem);
}

bool value_coded_add(struct value_sink *sink, const struct syntax *tree)
{
    bool list = tree->kind == SYNTAX_LIST;
    uint32_t len = 0, n = list ? tree->n_items : 1;

    for (uint32_t i = 0; i < n; i++) {
        if (!value_coded_part(sink, list ? tree->items[i] : tree, &len))
            return false;
    }
    // An empty list has used no scratch yet.
    if (value_sink_scratch(sink, tree->where, 1) == NULL)
        return false;
    return value_coded_keep(sink, tree->where, len, n);
}
