// A template with its meaning: layers, and the value set of every field that was given.
//
// text -> syntax tree (expr/) -> template -> plan. Immutable once parsed; owned by its arena.
#ifndef VOLLEY_TEMPLATE_TEMPLATE_H
#define VOLLEY_TEMPLATE_TEMPLATE_H

#include "base/arena.h"
#include "base/diag.h"
#include "packet/build.h"
#include "template/values.h"

#define TEMPLATE_LAYERS_MAX (BUILD_LAYERS_MAX - 2) // room for the link layer, and for padding when decoded

struct template_field {
    const struct values *values; // NULL: not given
    struct span where;
    int8_t follows;       // another field of the template that this one's value belongs to, digit by digit:
    int8_t follows_layer; // its layer and field; -1: none
    bool derived;         // filled from the surroundings, not by the user
};

struct template_layer {
    enum layer_id id;
    struct span where;
    struct template_field fields[LAYER_FIELDS_MAX];
};

struct template
{
    unsigned n_layers;
    unsigned first_written; // 1 if a link layer was put below what the user wrote, else 0
    struct template_layer layers[TEMPLATE_LAYERS_MAX + 1];
};

// Parses `text`, which must outlive the template, as must `services` (NULL: no names).
bool template_parse(struct template *template, const char *text, size_t len, const struct services *services,
                    struct arena *arena, struct diag *diag) MUST_USE;

// Puts Ether below a template that starts at layer 3.
bool template_add_link(struct template *template, struct diag *diag) MUST_USE;

#endif
