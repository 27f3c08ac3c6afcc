#include "template/value_parse.h"

#include "base/nearest.h"
#include "template/network.h"
#include "template/number.h"
#include "template/option_list.h"

#include <string.h>

#define VALUE_STRING_MAX 65535

static bool value_parse_item(struct value_parser *p, const struct field_desc *field,
                             const struct syntax *tree, struct values_builder *b);

static bool value_out_of_memory(struct value_parser *p, const struct syntax *tree)
{
    return diag_set(p->diag, tree->where, "more than 2^62 values, or no memory for them");
}

static bool value_is_none(const struct syntax *tree)
{
    return tree->kind == SYNTAX_NAME && tree->len == 4 && memcmp(tree->bytes, "None", 4) == 0;
}

static u128 value_max(const struct field_desc *field)
{
    unsigned bits = field->bits == 0 ? 32 : field->bits;

    return ((u128)1 << bits) - 1;
}

// "..." * n, n * "...", "..." + "..."
static bool value_parse_string_op(struct value_parser *p, const struct syntax *tree,
                                  struct values_string *out)
{
    bool repeats = tree->op == '*', count_first = repeats && number_is(tree->items[0]);
    struct values_string a, b = {NULL, 0};
    u128 times = 1;

    if (!value_parse_string(p, tree->items[count_first ? 1 : 0], &a))
        return false;
    if (repeats &&
        !number_in_range(tree->items[count_first ? 0 : 1], VALUE_STRING_MAX, "the count", &times, p->diag))
        return false;
    if (!repeats && !value_parse_string(p, tree->items[1], &b))
        return false;
    if ((u128)a.len * times + b.len > VALUE_STRING_MAX)
        return diag_set(p->diag, tree->where, "the string would be longer than %d bytes", VALUE_STRING_MAX);
    uint32_t len = a.len * (uint32_t)times + b.len;
    uint8_t *bytes = arena_alloc(p->arena, len + 1);
    if (bytes == NULL)
        return value_out_of_memory(p, tree);
    for (uint32_t i = 0; i < (uint32_t)times && a.len > 0; i++)
        memcpy(bytes + i * a.len, a.bytes, a.len);
    if (b.len > 0)
        memcpy(bytes + len - b.len, b.bytes, b.len);
    *out = (struct values_string){bytes, len};
    return true;
}

bool value_parse_string(struct value_parser *p, const struct syntax *tree, struct values_string *out)
{
    const struct syntax *left = tree;
    unsigned depth = 0;

    // Chains lean to the left; the recursion over them is bounded here.
    for (; left->kind == SYNTAX_BINARY; left = left->items[0])
        depth++;
    if (depth > 64)
        return diag_set(p->diag, tree->where, "the expression has more than 64 operators in a row");
    if (tree->kind == SYNTAX_BINARY && (tree->op == '*' || tree->op == '+'))
        return value_parse_string_op(p, tree, out);
    if (tree->kind != SYNTAX_STRING)
        return diag_set(p->diag, tree->where, "expected a string");
    *out = (struct values_string){(const uint8_t *)tree->bytes, tree->len};
    return true;
}

static bool value_parse_bytes(struct value_parser *p, const struct field_desc *field,
                              const struct syntax *tree, struct values_builder *b)
{
    struct values_string string;

    if (!value_parse_string(p, tree, &string))
        return false;
    if (string.len > VALUE_STRING_MAX)
        return diag_set(p->diag, tree->where, "the string is longer than %d bytes", VALUE_STRING_MAX);
    // IP's options fill whole words.
    if (field->kind == FIELD_BYTES && strcmp(field->name, "options") == 0 && string.len % 4 != 0) {
        uint32_t padded = (string.len + 3) / 4 * 4;
        uint8_t *bytes = arena_alloc(p->arena, padded);

        if (bytes == NULL)
            return value_out_of_memory(p, tree);
        memcpy(bytes, string.bytes, string.len);
        string = (struct values_string){bytes, padded};
    }
    return values_builder_string(b, string.bytes, string.len) || value_out_of_memory(p, tree);
}

static bool value_parse_options(struct value_parser *p, const struct field_desc *field,
                                const struct syntax *tree, struct values_builder *b)
{
    struct values_string string;

    if (tree->kind == SYNTAX_STRING)
        return value_parse_bytes(p, field, tree, b);
    if (!option_list_encode(p, field, tree, &string))
        return false;
    return values_builder_string(b, string.bytes, string.len) || value_out_of_memory(p, tree);
}

// One bit a letter ("SA"), or names joined by '+' ("MF+DF").
static bool value_flag(const struct field_desc *field, const char *text, size_t len, u128 *bits)
{
    const char *at = field->letters;

    for (unsigned bit = 0; *at != '\0'; bit++) {
        bool named = strchr(field->letters, '+') != NULL;
        size_t n = named ? strcspn(at, "+") : 1;

        if (n == len && memcmp(at, text, len) == 0) {
            *bits |= (u128)1 << bit;
            return true;
        }
        at += n + (named && at[n] == '+' ? 1 : 0);
    }
    return false;
}

static bool value_parse_flags(struct value_parser *p, const struct field_desc *field,
                              const struct syntax *tree, u128 *value)
{
    bool named = strchr(field->letters, '+') != NULL;
    const char *at = tree->bytes, *end = tree->bytes + tree->len;

    *value = 0;
    while (at < end) {
        const char *plus = named ? memchr(at, '+', (size_t)(end - at)) : NULL;
        size_t n = !named ? 1 : plus == NULL ? (size_t)(end - at) : (size_t)(plus - at);

        if (!value_flag(field, at, n, value)) {
            diag_set(p->diag, tree->where, "%s has no flag '%.*s'", field->name, (int)(n < 20 ? n : 20), at);
            return diag_hint(p->diag, named ? "Flags are %s, joined by '+'." : "Flags are letters of %s.",
                             field->letters);
        }
        at += n + (plus != NULL ? 1 : 0);
    }
    return true;
}

static bool value_parse_service(struct value_parser *p, const struct syntax *tree, u128 *value)
{
    struct nearest nearest;
    uint16_t port;

    for (int protocol = SERVICE_TCP; protocol <= SERVICE_UDP; protocol++) {
        if (services_port(p->services, (enum service_protocol)protocol, tree->bytes, tree->len, &port)) {
            *value = port;
            return true;
        }
    }
    nearest_init(&nearest, tree->bytes, tree->len);
    for (size_t i = 0; p->services != NULL && i < p->services->n; i++)
        nearest_offer(&nearest, p->services->text + p->services->list[i].name);
    diag_set(p->diag, tree->where, "no service '%.*s' in /etc/services",
             (int)(tree->len < 40 ? tree->len : 40), tree->bytes);
    if (nearest.best != NULL)
        diag_hint(p->diag, "Did you mean '%s'?", nearest.best);
    return false;
}

static bool value_parse_name(struct value_parser *p, const struct field_desc *field,
                             const struct syntax *tree, u128 *value)
{
    struct nearest nearest;
    uint64_t number;

    if (field->kind == FIELD_PORT)
        return value_parse_service(p, tree, value);
    if (field->names == NULL)
        return diag_set(p->diag, tree->where, "%s takes numbers, not '%.*s'", field->name,
                        (int)(tree->len < 40 ? tree->len : 40), tree->bytes);
    if (name_find(field->names, tree->bytes, tree->len, &number)) {
        *value = number;
        return true;
    }
    nearest_init(&nearest, tree->bytes, tree->len);
    for (const struct name *n = field->names; n->name != NULL; n++)
        nearest_offer(&nearest, n->name);
    diag_set(p->diag, tree->where, "%s has no value '%.*s'", field->name,
             (int)(tree->len < 40 ? tree->len : 40), tree->bytes);
    if (nearest.best != NULL)
        diag_hint(p->diag, "Did you mean '%s'?", nearest.best);
    return false;
}

static bool value_parse_number(struct value_parser *p, const struct field_desc *field,
                               const struct syntax *tree, u128 *value)
{
    if (tree->kind == SYNTAX_STRING && field->kind == FIELD_FLAGS)
        return value_parse_flags(p, field, tree, value);
    if (tree->kind == SYNTAX_STRING)
        return value_parse_name(p, field, tree, value);
    if (!number_is(tree)) {
        diag_set(p->diag, tree->where, "%s takes a number, a range (first,last) or a list", field->name);
        if (tree->kind == SYNTAX_NAME)
            diag_hint(p->diag, "Names of values are written in quotes: %s=\"%.*s\".", field->name,
                      (int)(tree->len < 40 ? tree->len : 40), tree->bytes);
        if (tree->kind == SYNTAX_CALL)
            diag_hint(p->diag, "Templates have layers and values, but no functions.");
        return false;
    }
    if (number_in_range(tree, value_max(field), field->name, value, p->diag))
        return true;
    // A minus sign alone subtracts from 0 (expr/syntax.c).
    if (tree->kind == SYNTAX_BINARY && tree->op == '-' && tree->items[0]->number != 0)
        diag_hint(p->diag, "'-' subtracts; a range is (first,last).");
    return false;
}

// range = "(" first "," last [ "," step ] ")": inclusive, as Scapy's range(first, last + 1, step)
static bool value_parse_range(struct value_parser *p, const struct field_desc *field,
                              const struct syntax *tree, struct values_builder *b)
{
    u128 first, last;
    i128 step = 1;

    if (tree->n_items != 2 && tree->n_items != 3)
        return diag_set(p->diag, tree->where,
                        "a range is (first,last) or (first,last,step); alternatives are a list [...]");
    if (!value_parse_number(p, field, tree->items[0], &first) ||
        !value_parse_number(p, field, tree->items[1], &last))
        return false;
    if (tree->n_items == 3 && !number_evaluate(tree->items[2], &step, p->diag))
        return false;
    if (step == 0 || step > UINT32_MAX || step < -(i128)UINT32_MAX)
        return diag_set(p->diag, tree->items[2]->where, "the step must be a number other than 0");
    i128 stop = (i128)last + 1, span = step > 0 ? stop - (i128)first : (i128)first - stop,
         size = step > 0 ? step : -step;
    uint64_t n = span <= 0 ? 0 : (uint64_t)((span + size - 1) / size);
    return values_builder_range(b, first, (int64_t)step, n) || value_out_of_memory(p, tree);
}

static bool value_parse_mac(struct value_parser *p, const struct syntax *tree, u128 *value)
{
    struct mac mac;

    if (tree->kind != SYNTAX_STRING || !mac_parse(tree->bytes, tree->len, &mac)) {
        diag_set(p->diag, tree->where, "expected a MAC address");
        return diag_hint(p->diag, "Six hex numbers: \"02:00:00:00:00:01\".");
    }
    *value = 0;
    for (unsigned i = 0; i < 6; i++)
        *value = *value << 8 | mac.bytes[i];
    return true;
}

static bool value_parse_network(struct value_parser *p, uint8_t family, const struct syntax *tree,
                                struct values_builder *b)
{
    struct network network;

    if (tree->kind != SYNTAX_STRING)
        return diag_set(p->diag, tree->where,
                        "expected an address or a network in quotes: \"198.18.0.0/24\"");
    if (!network_parse(tree->bytes, tree->len, family, &network, tree->where, p->diag))
        return false;
    b->width = network.first.family == 4 ? 4 : 16;
    return values_builder_range(b, network.first.value, 1, network.n) || value_out_of_memory(p, tree);
}

// ("198.18.0.1","198.18.0.9"): first and last address
static bool value_parse_address_range(struct value_parser *p, uint8_t family, const struct syntax *tree,
                                      struct values_builder *b)
{
    struct address ends[2];

    if (tree->n_items != 2)
        return diag_set(p->diag, tree->where,
                        "a range of addresses is (first,last); alternatives are a list [...]");
    for (unsigned i = 0; i < 2; i++) {
        const struct syntax *item = tree->items[i];

        if (item->kind != SYNTAX_STRING || !address_parse(item->bytes, item->len, &ends[i]) ||
            (family != 0 && ends[i].family != family) || ends[i].family != ends[0].family)
            return diag_set(p->diag, item->where, "expected an address of the range");
    }
    if (ends[1].value < ends[0].value)
        return true; // empty, as a range of numbers that ends before it starts
    if (ends[1].value - ends[0].value >= VALUES_MAX)
        return value_out_of_memory(p, tree);
    b->width = ends[0].family == 4 ? 4 : 16;
    return values_builder_range(b, ends[0].value, 1, (uint64_t)(ends[1].value - ends[0].value) + 1) ||
           value_out_of_memory(p, tree);
}

static bool value_parse_addresses(struct value_parser *p, uint8_t family, const struct syntax *tree,
                                  struct values_builder *b)
{
    return tree->kind == SYNTAX_TUPLE ? value_parse_address_range(p, family, tree, b)
                                      : value_parse_network(p, family, tree, b);
}

// ARP's: a MAC for hwsrc and hwdst, addresses for psrc and pdst, or bytes of any length
static bool value_parse_either(struct value_parser *p, const struct field_desc *field,
                               const struct syntax *tree, struct values_builder *b)
{
    struct mac mac;
    u128 value = 0;

    if (field->name[0] == 'p')
        return value_parse_addresses(p, 0, tree, b);
    if (tree->kind != SYNTAX_STRING || !mac_parse(tree->bytes, tree->len, &mac))
        return value_parse_bytes(p, field, tree, b);
    b->width = 6;
    return value_parse_mac(p, tree, &value) &&
           (values_builder_range(b, value, 1, 1) || value_out_of_memory(p, tree));
}

static bool value_parse_scalar(struct value_parser *p, const struct field_desc *field,
                               const struct syntax *tree, struct values_builder *b)
{
    bool ok = field->kind == FIELD_MAC;
    u128 value = 0;

    if (!(ok ? value_parse_mac(p, tree, &value) : value_parse_number(p, field, tree, &value)))
        return false;
    return values_builder_range(b, value, 1, 1) || value_out_of_memory(p, tree);
}

static bool value_parse_item(struct value_parser *p, const struct field_desc *field,
                             const struct syntax *tree, struct values_builder *b)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_NUMBER:
    case FIELD_PORT:
    case FIELD_FLAGS:
        return tree->kind == SYNTAX_TUPLE ? value_parse_range(p, field, tree, b)
                                          : value_parse_scalar(p, field, tree, b);
    case FIELD_MAC:
        return value_parse_scalar(p, field, tree, b);
    case FIELD_IPV4:
        return value_parse_addresses(p, 4, tree, b);
    case FIELD_IPV6:
        return value_parse_addresses(p, 6, tree, b);
    case FIELD_ADDRESS:
        return value_parse_either(p, field, tree, b);
    case FIELD_BYTES:
        return value_parse_bytes(p, field, tree, b);
    case FIELD_OPTIONS:
        return value_parse_options(p, field, tree, b);
    }
    return false;
}

static bool value_parse_list(struct value_parser *p, const struct field_desc *field,
                             const struct syntax *tree, struct values_builder *b)
{
    for (uint32_t i = 0; i < tree->n_items; i++) {
        const struct syntax *item = tree->items[i];
        uint8_t width = b->width;

        if (item->kind == SYNTAX_LIST)
            return diag_set(p->diag, item->where, "a list in a list; write one list");
        if (value_is_none(item))
            return diag_set(p->diag, item->where, "None can't stand in a list");
        if (!value_parse_item(p, field, item, b))
            return false;
        if ((width != 0 && b->width != width) || (b->n_strings > 0 && b->n_segments > 0))
            return diag_set(p->diag, item->where, "values of different kinds in one list");
    }
    return true;
}

bool value_parse(struct value_parser *p, const struct field_desc *field, const struct syntax *tree,
                 const struct values **values)
{
    struct values_builder b;

    *values = NULL;
    if (value_is_none(tree))
        return true;
    values_builder_init(&b);
    bool list = tree->kind == SYNTAX_LIST && field->kind != FIELD_OPTIONS;
    bool ok = list ? value_parse_list(p, field, tree, &b) : value_parse_item(p, field, tree, &b);
    if (ok) {
        *values = values_builder_make(&b, p->arena);
        ok = *values != NULL || value_out_of_memory(p, tree);
    }
    values_builder_release(&b);
    return ok;
}
