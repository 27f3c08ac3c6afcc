#include "template/option_list.h"

#include "base/nearest.h"
#include "template/network.h"
#include "template/number.h"
#include "template/value_call.h"
#include "template/value_text.h"

#include <string.h>

#define OPTION_LIST_TCP_MAX   40
#define OPTION_LIST_VALUE_MAX 255

struct option_list {
    struct value_sink *sink;
    struct value_parser *parser;
    uint32_t len; // of what is in the sink's scratch
};

// The values of one option: what follows its name, or the items of a list or tuple that is all that follows.
struct option_list_values {
    const struct syntax *tree; // of the option
    struct syntax *const *items;
    uint32_t n;
};

static uint32_t option_list_max(const struct option_list *list)
{
    return list->sink->field->option_style == OPTION_TCP ? OPTION_LIST_TCP_MAX : VALUE_BYTES_MAX;
}

static bool option_list_put(struct option_list *list, const struct syntax *tree, const void *bytes,
                            uint32_t len)
{
    if (len > option_list_max(list) - list->len)
        return diag_set(list->parser->diag, tree->where, "options have room for %u bytes in all",
                        option_list_max(list));
    uint8_t *room = value_sink_scratch(list->sink, tree->where, list->len + len + 4);
    if (room == NULL)
        return false;
    if (len > 0)
        memcpy(room + list->len, bytes, len);
    list->len += len;
    return true;
}

static bool option_list_number(struct option_list *list, const struct syntax *tree, u128 value, unsigned len)
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> 8 * (len - 1 - i));
    return option_list_put(list, tree, bytes, len);
}

static bool option_list_no_set(struct option_list *list, const struct syntax *tree)
{
    diag_set(list->parser->diag, tree->where, "a set of values can't stand inside an option");
    return diag_hint(list->parser->diag, "RandChoice([OPTIONS],[OPTIONS],...) draws one of several lists.");
}

static bool option_list_is_set(const struct syntax *tree)
{
    return tree->kind == SYNTAX_LIST || tree->kind == SYNTAX_TUPLE ||
           value_call_function(tree) != VALUE_FUNCTION_NONE;
}

// ---- which option

static bool option_list_unknown(struct option_list *list, const struct syntax *name)
{
    struct nearest nearest;

    nearest_init(&nearest, name->bytes, name->len);
    for (const struct option_desc *known = list->sink->field->options; known->name != NULL; known++)
        nearest_offer(&nearest, known->name);
    diag_set(list->parser->diag, name->where, "no option '%.*s'", value_text_shown(name->len), name->bytes);
    if (nearest.best != NULL)
        return diag_hint(list->parser->diag,
                         "Did you mean '%s'? A number and bytes make any option: (254, \"abc\").",
                         nearest.best);
    return diag_hint(list->parser->diag, "A number and bytes make any option: (254, \"abc\").");
}

// The option's table row by its name, or one for its number.
static bool option_list_kind(struct option_list *list, const struct syntax *tree, struct option_desc *out)
{
    const struct option_desc *known = list->sink->field->options;
    u128 number;

    if (tree->kind == SYNTAX_STRING) {
        for (; known->name != NULL; known++) {
            if (strlen(known->name) == tree->len && memcmp(known->name, tree->bytes, tree->len) == 0) {
                *out = *known;
                return true;
            }
        }
        return option_list_unknown(list, tree);
    }
    if (option_list_is_set(tree))
        return option_list_no_set(list, tree);
    if (!number_in_range(tree, 255, "an option's number", &number, list->parser->diag))
        return false;
    // As in Scapy, a number takes bytes as they are, whatever its kind; but TCP's 0 and 1 are EOL and NOP.
    bool tcp = list->sink->field->option_style == OPTION_TCP;
    *out = (struct option_desc){.name = "", .number = (uint8_t)number};
    for (; tcp && known->name != NULL; known++) {
        if (known->bare && known->number == number)
            *out = *known;
    }
    return true;
}

// ---- its value

static bool option_list_bytes(struct option_list *list, const struct syntax *tree)
{
    struct values_string string;

    if (option_list_is_set(tree))
        return option_list_no_set(list, tree);
    return value_parse_string(list->parser, tree, &string) &&
           option_list_put(list, tree, string.bytes, string.len);
}

static bool option_list_address(struct option_list *list, const struct syntax *tree)
{
    const struct network_asked asked = {4, list->parser->resolver, tree->where};
    struct network network;

    if (option_list_is_set(tree))
        return option_list_no_set(list, tree);
    if (tree->kind != SYNTAX_STRING)
        return diag_set(list->parser->diag, tree->where, "this option takes an address in quotes");
    if (network_has_octets(tree->bytes, tree->len))
        return option_list_no_set(list, tree);
    if (!network_parse(tree->bytes, tree->len, &asked, &network, list->parser->diag))
        return false;
    return network.n == 1 ? option_list_number(list, tree, network.first.value, 4)
                          : option_list_no_set(list, tree);
}

// "198.18.0.0/24:198.19.0.1": the prefix's length, the bytes of the network that it covers, the router (RFC 3442)
static bool option_list_route(struct option_list *list, const struct syntax *tree)
{
    const char *text = tree->bytes;
    const char *slash = tree->kind == SYNTAX_STRING ? memchr(text, '/', tree->len) : NULL;
    const char *colon = slash == NULL ? NULL : memchr(slash, ':', (size_t)(text + tree->len - slash));
    struct address net, router;
    uint8_t bytes[9];
    unsigned prefix = 0;

    for (const char *c = slash == NULL ? NULL : slash + 1; c != NULL && c < colon; c++)
        prefix = *c < '0' || *c > '9' || prefix > 32 ? 33 : prefix * 10 + (unsigned)(*c - '0');
    if (colon == NULL || colon == slash + 1 || prefix > 32 ||
        !address_parse(text, (size_t)(slash - text), &net) || net.family != 4 ||
        !address_parse(colon + 1, (size_t)(text + tree->len - colon - 1), &router) || router.family != 4)
        return diag_set(list->parser->diag, tree->where,
                        "a route is written \"198.18.0.0/24:198.19.0.1\": the network and the router");
    bytes[0] = (uint8_t)prefix;
    address_to_bytes(&net, bytes + 1);
    address_to_bytes(&router, bytes + 1 + (prefix + 7) / 8);
    return option_list_put(list, tree, bytes, 5 + (prefix + 7) / 8);
}

static bool option_list_one(struct option_list *list, const struct option_desc *option, char format,
                            const struct syntax *tree)
{
    unsigned bytes = format == 'B' ? 1 : format == 'H' ? 2 : 4;
    u128 value;

    if (format == 'A')
        return option_list_address(list, tree);
    if (format == 'R')
        return option_list_route(list, tree);
    if (option_list_is_set(tree))
        return option_list_no_set(list, tree);
    if (tree->kind == SYNTAX_STRING) {
        struct value_text text = {tree->bytes, tree->len, tree->where};

        return value_text_name(list->parser, option->names, option->name, text, &value) &&
               option_list_number(list, tree, value, bytes);
    }
    return number_in_range(tree, ((u128)1 << 8 * bytes) - 1, "this option's value", &value,
                           list->parser->diag) &&
           option_list_number(list, tree, value, bytes);
}

static bool option_list_count(struct option_list *list, const struct option_list_values *values,
                              uint32_t want)
{
    const struct syntax *only = values->tree->items[values->tree->n_items - 1];

    if (want == 1 && values->tree->n_items == 2 && option_list_is_set(only))
        return option_list_no_set(list, only);
    return diag_set(list->parser->diag, values->tree->n_items == 2 ? only->where : values->tree->where,
                    "this option takes %u number%s, not %u", want, want == 1 ? "" : "s", values->n);
}

// Numbers or addresses by the format: as many as it has, or any count.
static bool option_list_formatted(struct option_list *list, const struct option_desc *option,
                                  const struct option_list_values *values)
{
    bool any = option->format[1] == '*';

    if (!any && values->n != strlen(option->format))
        return option_list_count(list, values, (uint32_t)strlen(option->format));
    for (uint32_t i = 0; i < values->n; i++) {
        if (!option_list_one(list, option, option->format[any ? 0 : i], values->items[i]))
            return false;
    }
    return true;
}

static bool option_list_is_none(const struct syntax *tree)
{
    return tree->kind == SYNTAX_NAME && tree->len == 4 && memcmp(tree->bytes, "None", 4) == 0;
}

static bool option_list_value(struct option_list *list, const struct option_desc *option,
                              const struct syntax *tree)
{
    struct option_list_values values = {tree, tree->items + 1, tree->n_items - 1};
    const struct syntax *first = values.n == 0 ? NULL : values.items[0];

    if (values.n == 0 || (values.n == 1 && option_list_is_none(first)))
        return true;
    // Numbers may be given as the bytes that they are, unless they have names.
    bool bytes = option->format == NULL ||
                 (values.n == 1 && first->kind == SYNTAX_STRING && option->format[0] != 'A' &&
                  option->format[0] != 'R' && option->names == NULL);
    if (!bytes && values.n == 1 && (first->kind == SYNTAX_TUPLE || first->kind == SYNTAX_LIST)) {
        values.n = first->n_items;
        values.items = first->items;
    }
    if (!bytes)
        return option_list_formatted(list, option, &values);
    for (uint32_t i = 0; i < values.n; i++) {
        if (!option_list_bytes(list, values.items[i]))
            return false;
    }
    return true;
}

// An option that is its number alone may be written with None, 0 or an empty string for its value.
static bool option_list_bare(struct option_list *list, const struct option_desc *option,
                             const struct syntax *tree)
{
    const struct syntax *value = tree->n_items > 1 ? tree->items[1] : NULL;
    bool empty = value == NULL || option_list_is_none(value) ||
                 (value->kind == SYNTAX_STRING && value->len == 0) ||
                 (value->kind == SYNTAX_NUMBER && value->number == 0) ||
                 ((value->kind == SYNTAX_TUPLE || value->kind == SYNTAX_LIST) && value->n_items == 0);

    return (empty && tree->n_items <= 2) ||
           diag_set(list->parser->diag, tree->where, "%s takes no value", option->name);
}

// ---- the list

// DHCP's may be a number alone, which then has no value.
static bool option_list_is_option(const struct syntax *tree, bool dhcp)
{
    if (tree->kind == SYNTAX_TUPLE)
        return tree->n_items >= 2 || (dhcp && tree->n_items == 1);
    return tree->kind == SYNTAX_STRING || (dhcp && number_is(tree));
}

// option = name | "(" name "," value { "," value } ")"
static bool option_list_add(struct option_list *list, const struct syntax *tree)
{
    bool tuple = tree->kind == SYNTAX_TUPLE, dhcp = list->sink->field->option_style == OPTION_DHCP;
    struct option_desc option = {0};
    uint8_t head[2] = {0};
    uint32_t start = list->len;

    if (!option_list_is_option(tree, dhcp))
        return diag_set(list->parser->diag, tree->where, "an option is written (name, value), as in %s",
                        dhcp ? "('lease_time',3600)" : "('MSS',1460)");
    if (!option_list_kind(list, tuple ? tree->items[0] : tree, &option))
        return false;
    head[0] = option.number;
    if (!option_list_put(list, tree, head, option.bare ? 1 : 2))
        return false;
    if (option.bare)
        return !tuple || option_list_bare(list, &option, tree);
    if (tree->kind == SYNTAX_STRING)
        return diag_set(list->parser->diag, tree->where, "the option '%s' needs a value: ('%s', VALUE)",
                        option.name, option.name);
    if (tuple && !option_list_value(list, &option, tree))
        return false;
    uint32_t len = list->len - start - (dhcp ? 2 : 0);
    if (len > OPTION_LIST_VALUE_MAX)
        return diag_set(list->parser->diag, tree->where,
                        "an option's value has room for %d bytes, not for %u", OPTION_LIST_VALUE_MAX, len);
    list->sink->scratch[start + 1] = (uint8_t)len;
    return true;
}

bool option_list_encode(struct value_sink *sink, const struct syntax *tree, struct values_string *out)
{
    struct option_list list = {sink, sink->parser, 0};

    if (tree->kind != SYNTAX_LIST)
        return diag_set(sink->parser->diag, tree->where, "options are a list: %s",
                        sink->field->option_style == OPTION_DHCP ? "[(\"message-type\",\"discover\"),\"end\"]"
                                                                 : "[('MSS',1460),('NOP',None)]");
    for (uint32_t i = 0; i < tree->n_items; i++) {
        if (!option_list_add(&list, tree->items[i]))
            return false;
    }
    static const uint8_t zeros[4];
    if (sink->field->option_style == OPTION_TCP && !option_list_put(&list, tree, zeros, -list.len % 4))
        return false;
    uint8_t *bytes = arena_copy(sink->parser->arena, sink->scratch, list.len);
    if (bytes == NULL)
        return value_sink_no_memory(sink, tree->where);
    *out = (struct values_string){bytes, list.len, tree->n_items};
    return true;
}
