// A template with its meaning: layers, and the value set of every field that was given.
//
// text -> syntax tree (expr/) -> template -> plan. Where the text has alternatives of layers ([TCP(),UDP()], lists of
// templates), the template has a branch for each combination of them: a branch is a stack of layers without alternatives, and
// choice.h says which index falls to which branch. Immutable once parsed; owned by its arena.
#ifndef VOLLEY_TEMPLATE_TEMPLATE_H
#define VOLLEY_TEMPLATE_TEMPLATE_H

#include "base/arena.h"
#include "base/diag.h"
#include "packet/build.h"
#include "template/choice.h"
#include "template/frame_source.h"
#include "template/resolver.h"
#include "template/values.h"

#define TEMPLATE_LAYERS_MAX  (BUILD_LAYERS_MAX - 2) // room for the link layer, and for padding when decoded
#define TEMPLATE_PACKETS_MAX 512                    // in fields, in all

struct template_field {
    const struct values *values;    // NULL: not given, or given as packets
    struct template_layer *packets; // FIELD_PACKETS
    uint32_t n_packets;
    bool has_packets;
    struct span where;
    int8_t follows;       // another field of the branch that this one's value belongs to, digit by digit:
    int8_t follows_layer; // its layer and field; -1: none
    bool derived;         // filled from the surroundings, not by the user
};

struct template_layer {
    enum layer_id id;
    struct span where;
    struct template_field *fields; // as many as the layer has
};

struct template_branch {
    const struct frame_source *source; // captured frames; then there are no layers
    unsigned n_layers;
    struct template_layer layers[TEMPLATE_LAYERS_MAX + 1];
};

struct template
{
    uint32_t n_branches;
    struct template_branch *branches;
    const struct choice *choice; // among the branches
    unsigned n_packets;          // in fields, in all
    unsigned first_written;      // 1 if a link layer was put below what the user wrote, else 0
};

// What a template may ask for while it is parsed. NULL: there is none.
struct template_sources {
    const struct services *services;   // names of ports
    const struct resolver *resolver;   // host names
    const struct frame_opener *frames; // captures
};

// Parses `text`, which must outlive the template, as must the sources.
bool template_parse(struct template *template, const char *text, size_t len,
                    const struct template_sources *sources, struct arena *arena, struct diag *diag) MUST_USE;

// Puts Ether below a template that starts at layer 3.
bool template_add_link(struct template *template, struct arena *arena, struct diag *diag) MUST_USE;

// Calls visit for each field that has a value set, of the layer and of the packets in its fields, in the order of the loop nest,
// the slowest first. Stops at the first false, and returns it.
struct template_visit {
    bool (*field)(struct template_visit *visit, const struct template_layer *layer, unsigned f);
};
// Whether the sets in a field vary faster than all others of the layer: as in Scapy, those in packets that are there by default.
static inline bool template_is_fastest(const struct field_desc *field)
{
    return field->kind == FIELD_PACKETS && field->packets->preset != LAYER_NONE;
}
bool template_visit_layer(struct template_visit *visit, const struct template_layer *layer);

// The first empty set, where the template has one; false if there is none.
bool template_empty_set(const struct template *template, struct span *where);

#endif
