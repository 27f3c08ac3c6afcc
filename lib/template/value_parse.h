// From a field's expression to its value set: numbers, names, flags, MACs, addresses, networks, strings, options; lists and
// ranges of them; what functions and files give.
#ifndef VOLLEY_TEMPLATE_VALUE_PARSE_H
#define VOLLEY_TEMPLATE_VALUE_PARSE_H

#include "base/diag.h"
#include "expr/syntax.h"
#include "packet/layer.h"
#include "template/resolver.h"
#include "template/values.h"

struct value_parser {
    struct arena *arena;             // borrowed; the sets lie in it
    const struct services *services; // borrowed; names of ports; NULL: none
    const struct resolver *resolver; // borrowed; host names; NULL: none
    struct diag *diag;
    uint64_t joined; // bytes of strings made by '+' and '*' so far
};

// *values is NULL for `None`: the field is as if it were not given.
bool value_parse(struct value_parser *parser, const struct field_desc *field, const struct syntax *tree,
                 const struct values **values) MUST_USE;

// A string, or strings joined by '+' and repeated by '*'. In the arena.
bool value_parse_string(struct value_parser *parser, const struct syntax *tree,
                        struct values_string *out) MUST_USE;

// Parts of value_parse: an item, or a list of alternatives, into a sink.
struct value_sink;
bool value_parse_item(struct value_sink *sink, const struct syntax *tree) MUST_USE;
bool value_parse_items(struct value_sink *sink, const struct syntax *tree) MUST_USE;

// Python's range(first, stop, step), written as `tree`.
struct value_progression {
    i128 first, stop, step;
};
bool value_parse_progression(struct value_sink *sink, const struct syntax *tree,
                             const struct value_progression *progression) MUST_USE;

#endif
