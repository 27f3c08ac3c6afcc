// One layer of a template, or one packet in a field of a layer: from its call to its fields' value sets.
#ifndef VOLLEY_TEMPLATE_TEMPLATE_LAYER_H
#define VOLLEY_TEMPLATE_TEMPLATE_LAYER_H

#include "template/template.h"
#include "template/value_parse.h"

struct template_parser {
    struct value_parser values;
    const struct frame_opener *frames;
    unsigned n_packets; // in fields, so far
    unsigned nesting;   // of the fields that hold the packet being parsed
};

// A layer's call, or a string (Raw). In the parser's arena.
bool template_layer_parse(struct template_parser *parser, const struct syntax *tree,
                          const struct template_layer **layer) MUST_USE;
// How many packets its fields make; false: more than VALUES_MAX.
bool template_layer_count(struct template_parser *parser, const struct template_layer *layer,
                          uint64_t *n) MUST_USE;

// Fields of a layer, none given; NULL: out of memory.
struct template_field *template_layer_fields(enum layer_id id, struct arena *arena) MUST_USE;

#endif
