#include "template/value_call.h"

#include "base/nearest.h"
#include "template/number.h"
#include "template/value_coded.h"
#include "template/value_file.h"
#include "template/value_text.h"

#include <string.h>

struct value_call_desc {
    const char *name;
    enum value_function function;
    const char *arguments[VALUE_CALL_ARGUMENTS]; // "": by position only; NULL: no more
    unsigned required;
};

static const struct value_call_desc value_calls[] = {
    {"Net", VALUE_NET, {"net", "stop"}, 1},
    {"Net6", VALUE_NET6, {"net", "stop"}, 1},
    {"range", VALUE_RANGE, {"", "", ""}, 1},
    {"file", VALUE_FILE, {"path"}, 1},
    {"RandByte", VALUE_RAND_BYTE, {NULL}, 0},
    {"RandShort", VALUE_RAND_SHORT, {NULL}, 0},
    {"RandInt", VALUE_RAND_INT, {NULL}, 0},
    {"RandLong", VALUE_RAND_LONG, {NULL}, 0},
    {"RandNum", VALUE_RAND_NUM, {"min", "max"}, 2},
    {"RandIP", VALUE_RAND_IP, {"iptemplate"}, 0},
    {"RandIP6", VALUE_RAND_IP6, {"ip6template"}, 0},
    {"RandMAC", VALUE_RAND_MAC, {"template"}, 0},
    {"RandString", VALUE_RAND_STRING, {"size", "chars"}, 1},
    {"RandBin", VALUE_RAND_BIN, {"size", "chars"}, 1},
    {"RandChoice", VALUE_RAND_CHOICE, {NULL}, 0},
};

static const struct value_call_desc *value_call_desc(const struct syntax *tree)
{
    for (unsigned i = 0; tree->kind == SYNTAX_CALL && i < ARRAY_SIZE(value_calls); i++) {
        if (strlen(value_calls[i].name) == tree->len &&
            memcmp(value_calls[i].name, tree->bytes, tree->len) == 0)
            return &value_calls[i];
    }
    return NULL;
}

enum value_function value_call_function(const struct syntax *tree)
{
    const struct value_call_desc *desc = value_call_desc(tree);

    return desc == NULL ? VALUE_FUNCTION_NONE : desc->function;
}

bool value_call_is_random(const struct syntax *tree)
{
    return value_call_function(tree) >= VALUE_RAND_BYTE;
}

bool value_call_no_random(struct value_parser *p, const struct syntax *tree, const char *where)
{
    diag_set(p->diag, tree->where, "a random value can't stand %s", where);
    return diag_hint(p->diag, "It is a field's whole value; RandChoice(a,b,...) draws one of several.");
}

// Which of the function's arguments the i-th one of a call is.
static bool value_call_argument(struct value_parser *p, const struct value_call_desc *desc,
                                const struct syntax *tree, uint32_t i, unsigned *at)
{
    const struct syntax_key *key = &tree->keys[i];
    unsigned n = 0;

    while (n < VALUE_CALL_ARGUMENTS && desc->arguments[n] != NULL)
        n++;
    if (key->len == 0) {
        *at = i;
        return i < n ||
               (n == 0 ? diag_set(p->diag, tree->items[i]->where, "%s() takes no arguments", desc->name)
                       : diag_set(p->diag, tree->items[i]->where, "%s() takes %s%u arguments", desc->name,
                                  n == desc->required ? "" : "up to ", n));
    }
    for (*at = 0; *at < n; ++*at) {
        if (strlen(desc->arguments[*at]) == key->len &&
            memcmp(desc->arguments[*at], key->name, key->len) == 0)
            return true;
    }
    return diag_set(p->diag, key->where, "%s() has no argument '%.*s'", desc->name,
                    value_text_shown(key->len), key->name);
}

bool value_call_arguments(struct value_parser *p, const struct syntax *tree,
                          const struct syntax *arguments[VALUE_CALL_ARGUMENTS])
{
    const struct value_call_desc *desc = value_call_desc(tree);
    unsigned at;

    for (unsigned k = 0; k < VALUE_CALL_ARGUMENTS; k++)
        arguments[k] = NULL;
    for (uint32_t i = 0; i < tree->n_items; i++) {
        if (!value_call_argument(p, desc, tree, i, &at))
            return false;
        if (arguments[at] != NULL)
            return diag_set(p->diag, tree->items[i]->where, "this argument is given twice");
        arguments[at] = tree->items[i];
    }
    for (unsigned k = 0; k < desc->required; k++) {
        if (arguments[k] == NULL)
            return diag_set(p->diag, tree->where, "%s() lacks its %s", desc->name,
                            desc->arguments[k][0] == '\0' ? "last number" : desc->arguments[k]);
    }
    return true;
}

static bool value_call_unknown(struct value_sink *sink, const struct syntax *tree)
{
    struct diag *diag = sink->parser->diag;
    struct nearest nearest;

    nearest_init(&nearest, tree->bytes, tree->len);
    for (unsigned i = 0; i < ARRAY_SIZE(value_calls); i++)
        nearest_offer(&nearest, value_calls[i].name);
    diag_set(diag, tree->name_where, "no function '%.*s' for values", value_text_shown(tree->len),
             tree->bytes);
    return nearest.best != NULL
               ? diag_hint(diag, "Did you mean '%s'?", nearest.best)
               : diag_hint(diag, "Layers and packets can't be the value of %s.", sink->field->name);
}

// net = ( "Net" | "Net6" ) "(" network | first "," last ")"
static bool value_call_net(struct value_sink *sink, const struct syntax *tree, uint8_t family)
{
    const struct syntax *arguments[VALUE_CALL_ARGUMENTS];
    struct value_parser *p = sink->parser;
    struct field_desc as = *sink->field;
    const struct field_desc *field = sink->field;
    uint8_t wanted;

    if (!value_call_arguments(p, tree, arguments))
        return false;
    if (!value_sink_takes_addresses(sink, &wanted) || (wanted != 0 && wanted != family))
        return diag_set(p->diag, tree->where, "%s takes no IPv%u addresses", field->name, family);
    // Its arguments are of its own family, also in a field that takes either.
    as.kind = family == 4 ? FIELD_IPV4 : FIELD_IPV6;
    sink->field = &as;
    struct syntax ends = {
        .kind = SYNTAX_TUPLE,
        .where = tree->where,
        .n_items = 2,
        .items = (struct syntax *[]){(struct syntax *)arguments[0], (struct syntax *)arguments[1]}};
    bool ok = value_parse_item(sink, arguments[1] == NULL ? arguments[0] : &ends);
    sink->field = field;
    return ok;
}

// progression = "range" "(" [ first "," ] stop [ "," step ] ")"
// Without stop, as Python's.
static bool value_call_progression(struct value_sink *sink, const struct syntax *tree)
{
    const struct syntax *arguments[VALUE_CALL_ARGUMENTS];
    i128 first = 0, stop = 0, step = 1;
    struct diag *diag = sink->parser->diag;

    if (!value_call_arguments(sink->parser, tree, arguments))
        return false;
    if (arguments[1] == NULL && !number_evaluate(arguments[0], &stop, diag))
        return false;
    if (arguments[1] != NULL &&
        (!number_evaluate(arguments[0], &first, diag) || !number_evaluate(arguments[1], &stop, diag)))
        return false;
    if (arguments[2] != NULL && !number_evaluate(arguments[2], &step, diag))
        return false;
    return value_parse_progression(sink, tree, &(struct value_progression){first, stop, step});
}

static bool value_call_file(struct value_sink *sink, const struct syntax *tree)
{
    const struct syntax *arguments[VALUE_CALL_ARGUMENTS];
    struct values_string path;

    return value_call_arguments(sink->parser, tree, arguments) &&
           value_parse_string(sink->parser, arguments[0], &path) && value_file_add(sink, path, tree->where);
}

bool value_call_add(struct value_sink *sink, const struct syntax *tree)
{
    enum value_function function = value_call_function(tree);

    switch (function) {
    case VALUE_NET:
        return value_call_net(sink, tree, 4);
    case VALUE_NET6:
        return value_call_net(sink, tree, 6);
    case VALUE_RANGE:
        return value_call_progression(sink, tree);
    case VALUE_FILE:
        return value_call_file(sink, tree);
    case VALUE_FUNCTION_NONE:
        return sink->field->kind == FIELD_CODED ? value_coded_add(sink, tree)
                                                : value_call_unknown(sink, tree);
    default:
        return value_call_no_random(sink->parser, tree, "among other values");
    }
}
