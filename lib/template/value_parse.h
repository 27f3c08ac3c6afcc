// From a field's expression to its value set: numbers, names, flags, MACs, addresses, networks, strings, options; and
// lists and ranges of them.
#ifndef VOLLEY_TEMPLATE_VALUE_PARSE_H
#define VOLLEY_TEMPLATE_VALUE_PARSE_H

#include "base/diag.h"
#include "expr/syntax.h"
#include "packet/layer.h"
#include "template/values.h"

struct value_parser {
    struct arena *arena;             // borrowed; the sets lie in it
    const struct services *services; // borrowed; names of ports; NULL: none
    struct diag *diag;
};

// *values is NULL for `None`: the field is as if it were not given.
bool value_parse(struct value_parser *parser, const struct field_desc *field, const struct syntax *tree,
                 const struct values **values) MUST_USE;

// A string, or strings joined by '+' and repeated by '*'. In the arena.
bool value_parse_string(struct value_parser *parser, const struct syntax *tree,
                        struct values_string *out) MUST_USE;

#endif
