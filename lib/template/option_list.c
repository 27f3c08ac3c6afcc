#include "template/option_list.h"

#include "base/nearest.h"
#include "packet/bytes.h"
#include "template/number.h"

#define OPTION_LIST_MAX 40

struct option_list {
    struct value_parser *parser;
    uint8_t bytes[OPTION_LIST_MAX + 256];
    uint32_t len;
};

static bool option_list_unknown(struct option_list *list, const struct option_desc *known,
                                const struct syntax *name)
{
    struct nearest nearest;

    nearest_init(&nearest, name->bytes, name->len);
    for (; known->name != NULL; known++)
        nearest_offer(&nearest, known->name);
    diag_set(list->parser->diag, name->where, "no option '%.*s'", (int)(name->len < 40 ? name->len : 40),
             name->bytes);
    if (nearest.best != NULL)
        diag_hint(list->parser->diag,
                  "Did you mean '%s'? A number and bytes make any option: (254, \"abc\").", nearest.best);
    return false;
}

// The option's table row by name or number; *bare is a row of its own for numbers that have no name.
static bool option_list_kind(struct option_list *list, const struct field_desc *field,
                             const struct syntax *tree, struct option_desc *out)
{
    const struct option_desc *known = field->options;
    u128 number;

    if (tree->kind == SYNTAX_STRING) {
        for (; known->name != NULL; known++) {
            if (strlen(known->name) == tree->len && memcmp(known->name, tree->bytes, tree->len) == 0) {
                *out = *known;
                return true;
            }
        }
        return option_list_unknown(list, field->options, tree);
    }
    if (!number_in_range(tree, 255, "an option's number", &number, list->parser->diag))
        return false;
    // As in Scapy, a number takes bytes as they are, whatever its kind.
    *out = (struct option_desc){"", (uint8_t)number, false, NULL};
    return true;
}

static bool option_list_number(struct option_list *list, char format, const struct syntax *tree)
{
    unsigned bytes = format == 'B' ? 1 : format == 'H' ? 2 : 4;
    u128 value;

    if (!number_in_range(tree, ((u128)1 << 8 * bytes) - 1, "this option's value", &value, list->parser->diag))
        return false;
    for (unsigned i = 0; i < bytes && list->len < sizeof(list->bytes); i++)
        list->bytes[list->len++] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    return true;
}

// Numbers by the format: one alone, or a tuple of as many as it has.
static bool option_list_numbers(struct option_list *list, const char *format, const struct syntax *tree)
{
    bool any = format[1] == '*';
    uint32_t n = tree->kind == SYNTAX_TUPLE || tree->kind == SYNTAX_LIST ? tree->n_items : 1;
    uint32_t want = any ? n : (uint32_t)strlen(format);

    if (n != want)
        return diag_set(list->parser->diag, tree->where, "this option takes %u numbers, not %u", want, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct syntax *item =
            tree->kind == SYNTAX_TUPLE || tree->kind == SYNTAX_LIST ? tree->items[i] : tree;

        if (!option_list_number(list, format[any ? 0 : i], item))
            return false;
    }
    return true;
}

static bool option_list_value(struct option_list *list, const struct option_desc *option,
                              const struct syntax *tree)
{
    struct values_string string;

    if (tree->kind == SYNTAX_NAME && tree->len == 4 && memcmp(tree->bytes, "None", 4) == 0)
        return true;
    if (option->format != NULL && tree->kind != SYNTAX_STRING)
        return option_list_numbers(list, option->format, tree);
    if (!value_parse_string(list->parser, tree, &string))
        return false;
    if (string.len > OPTION_LIST_MAX || list->len + string.len > sizeof(list->bytes))
        return diag_set(list->parser->diag, tree->where, "options have room for %d bytes in all",
                        OPTION_LIST_MAX);
    memcpy(list->bytes + list->len, string.bytes, string.len);
    list->len += string.len;
    return true;
}

static bool option_list_add(struct option_list *list, const struct field_desc *field,
                            const struct syntax *tree)
{
    struct option_desc option;
    uint32_t start = list->len;

    if (tree->kind != SYNTAX_TUPLE || tree->n_items != 2)
        return diag_set(list->parser->diag, tree->where,
                        "an option is written (name, value), as in ('MSS',1460)");
    if (!option_list_kind(list, field, tree->items[0], &option))
        return false;
    list->bytes[list->len++] = option.number;
    if (!option.bare) {
        list->len++;
        if (!option_list_value(list, &option, tree->items[1]))
            return false;
        list->bytes[start + 1] = (uint8_t)(list->len - start);
    }
    if (list->len > OPTION_LIST_MAX)
        return diag_set(list->parser->diag, tree->where, "options have room for %d bytes in all",
                        OPTION_LIST_MAX);
    return true;
}

bool option_list_encode(struct value_parser *parser, const struct field_desc *field,
                        const struct syntax *tree, struct values_string *out)
{
    struct option_list list = {.parser = parser};

    if (tree->kind != SYNTAX_LIST)
        return diag_set(parser->diag, tree->where, "options are a list: [('MSS',1460),('NOP',None)]");
    for (uint32_t i = 0; i < tree->n_items; i++) {
        if (!option_list_add(&list, field, tree->items[i]))
            return false;
    }
    uint32_t padded = (list.len + 3) / 4 * 4;
    uint8_t *bytes = arena_copy(parser->arena, list.bytes, padded);
    if (bytes == NULL)
        return diag_set(parser->diag, tree->where, "out of memory");
    *out = (struct values_string){bytes, padded};
    return true;
}
