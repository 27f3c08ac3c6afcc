#include "template/template.h"

#include "base/nearest.h"
#include "expr/syntax.h"
#include "template/number.h"
#include "template/template_layer.h"

#include <string.h>

#define TEMPLATE_NESTING_MAX 32

static bool template_packets(struct template_parser *p, const struct syntax *tree, unsigned nesting,
                             const struct choice **out);

static bool template_is_list(const struct syntax *tree)
{
    return tree->kind == SYNTAX_LIST;
}

// Whether it stands for packets, rather than for a string or number.
static bool template_has_layer(const struct syntax *tree)
{
    for (; tree->kind == SYNTAX_BINARY; tree = tree->items[0]) {
        if (tree->op == '/' || template_has_layer(tree->items[1]))
            return true;
    }
    return tree->kind == SYNTAX_CALL || tree->kind == SYNTAX_NAME || template_is_list(tree);
}

static bool template_too_many(struct template_parser *p, const struct syntax *tree)
{
    return diag_set(p->values.diag, tree->where,
                    "more than 2^62 packets or %d stacks of layers, or no memory for them",
                    CHOICE_BRANCHES_MAX);
}

static bool template_leaf(struct template_parser *p, const struct syntax *tree, const struct choice **out)
{
    const struct template_layer *layer = NULL;
    uint64_t n = 0;

    if (!template_layer_parse(p, tree, &layer) || !template_layer_count(p, layer, &n))
        return false;
    // Nothing is a stack of no layers.
    *out = layer->id == LAYER_NO_PAYLOAD ? choice_of_parts(CHOICE_PRODUCT, NULL, 0, p->values.arena)
                                         : choice_of_layer(layer, n, p->values.arena);
    return *out != NULL || template_too_many(p, tree);
}

static bool template_is_capture(const struct syntax *tree)
{
    return tree->kind == SYNTAX_CALL && tree->len == 4 && memcmp(tree->bytes, "pcap", 4) == 0;
}

// capture = "pcap" "(" string ")"
// The frames of a capture.
static bool template_capture(struct template_parser *p, const struct syntax *tree, const struct choice **out)
{
    const struct frame_source *source;
    struct values_string path;

    if (tree->n_items != 1 || tree->keys[0].len != 0) {
        diag_set(p->values.diag, tree->where, "pcap takes the path of a capture");
        return diag_hint(p->values.diag, "As in pcap(\"probes.pcapng\").");
    }
    if (!value_parse_string(&p->values, tree->items[0], &path))
        return false;
    char *name = arena_alloc(p->values.arena, path.len + 1);
    if (name == NULL)
        return template_too_many(p, tree);
    memcpy(name, path.bytes, path.len);
    if (p->frames == NULL)
        return diag_set(p->values.diag, tree->where, "captures can't be read here");
    if (!p->frames->open(p->frames->context, name, tree->items[0]->where, &source, p->values.diag))
        return false;
    *out = choice_of_frames(source, source->n, p->values.arena);
    return *out != NULL || template_too_many(p, tree);
}

static bool template_parts(struct template_parser *p, enum choice_kind kind, const struct syntax *tree,
                           const struct syntax *const *items, uint32_t n, unsigned nesting,
                           const struct choice **out)
{
    const struct choice **parts = arena_alloc(p->values.arena, (n + 1) * sizeof(struct choice *));

    if (parts == NULL)
        return template_too_many(p, tree);
    for (uint32_t i = 0; i < n; i++) {
        if (!template_packets(p, items[i], nesting + 1, &parts[i]))
            return false;
    }
    *out = choice_of_parts(kind, parts, n, p->values.arena);
    return *out != NULL || template_too_many(p, tree);
}

// stack = packets { "/" packets }
// The chain leans to the left, so that its parts are met from the right.
static bool template_stack(struct template_parser *p, const struct syntax *tree, unsigned nesting,
                           const struct choice **out)
{
    const struct syntax *parts[TEMPLATE_LAYERS_MAX + 1];
    const struct syntax *at = tree;
    uint32_t n = TEMPLATE_LAYERS_MAX;

    for (; at->kind == SYNTAX_BINARY && at->op == '/'; at = at->items[0]) {
        if (n == 0)
            return diag_set(p->values.diag, at->where, "more than %d layers", TEMPLATE_LAYERS_MAX);
        parts[n--] = at->items[1];
    }
    parts[n] = at;
    if (!template_parts(p, CHOICE_PRODUCT, tree, parts + n, TEMPLATE_LAYERS_MAX + 1 - n, nesting, out))
        return false;
    return !(*out)->has_frames ||
           diag_set(p->values.diag, tree->where, "the frames of a capture take no further layers");
}

// repeat = packets "*" number | number "*" packets
// The same packets again and again.
static bool template_repeat(struct template_parser *p, const struct syntax *tree, unsigned nesting,
                            const struct choice **out)
{
    bool count_first = number_is(tree->items[0]);
    const struct choice *part;
    u128 times;

    if (!number_in_range(tree->items[count_first ? 0 : 1], UINT32_MAX, "the count", &times, p->values.diag) ||
        !template_packets(p, tree->items[count_first ? 1 : 0], nesting + 1, &part))
        return false;
    *out = choice_repeated(part, (uint64_t)times, p->values.arena);
    return *out != NULL || template_too_many(p, tree);
}

static bool template_operator(struct template_parser *p, const struct syntax *tree, unsigned nesting,
                              const struct choice **out)
{
    if (tree->op == '/')
        return template_stack(p, tree, nesting, out);
    if (!template_has_layer(tree))
        return template_leaf(p, tree, out);
    if (tree->op == '*')
        return template_repeat(p, tree, nesting, out);
    if (tree->op == '+' && template_is_list(tree->items[1]))
        return template_parts(p, CHOICE_UNION, tree, (const struct syntax *const *)tree->items, 2, nesting,
                              out);
    diag_set(p->values.diag, tree->where, "'%c' is for strings, numbers and lists, not for layers", tree->op);
    return diag_hint(p->values.diag, "Layers are stacked with '/'; alternatives are a list [...].");
}

// packets = capture | layer | stack | repeat | "[" [ packets { "," packets } ] "]" | packets "+" packets
static bool template_packets(struct template_parser *p, const struct syntax *tree, unsigned nesting,
                             const struct choice **out)
{
    if (nesting > TEMPLATE_NESTING_MAX)
        return diag_set(p->values.diag, tree->where, "more than %d lists in one another",
                        TEMPLATE_NESTING_MAX);
    switch (tree->kind) {
    case SYNTAX_CALL:
    case SYNTAX_NAME:
    case SYNTAX_STRING:
        return template_is_capture(tree) ? template_capture(p, tree, out) : template_leaf(p, tree, out);
    case SYNTAX_BINARY:
        return template_operator(p, tree, nesting, out);
    case SYNTAX_LIST:
        return template_parts(p, CHOICE_UNION, tree, (const struct syntax *const *)tree->items, tree->n_items,
                              nesting, out);
    case SYNTAX_NUMBER:
    case SYNTAX_TUPLE:
        break;
    }
    diag_set(p->values.diag, tree->where, "expected a layer or a string");
    return diag_hint(p->values.diag, "As in IP(dst=\"198.18.0.1\")/TCP(dport=80).");
}

// ---- branches

// A branch's layers are its own: what is filled in depends on the layers above.
static bool template_copy_layer(struct template_parser *p, const struct template_layer *from,
                                struct template_layer *to)
{
    *to = *from;
    to->fields =
        arena_copy(p->values.arena, from->fields, layer_get(from->id)->n_fields * sizeof(*from->fields));
    return to->fields != NULL || diag_set(p->values.diag, from->where, "out of memory");
}

static bool template_fill_branch(struct template_parser *p, const struct choice *choice, uint32_t number,
                                 struct template_branch *branch)
{
    const struct template_layer *layers[TEMPLATE_LAYERS_MAX + 1];
    unsigned n = choice_layers(choice, number, layers, TEMPLATE_LAYERS_MAX);

    if (n > TEMPLATE_LAYERS_MAX)
        return diag_set(p->values.diag, layers[TEMPLATE_LAYERS_MAX - 1]->where, "more than %d layers",
                        TEMPLATE_LAYERS_MAX);
    branch->source = choice_frames(choice, number);
    if (n == 0 && branch->source == NULL)
        return diag_set(p->values.diag, (struct span){0}, "a packet of no layers");
    branch->n_layers = n;
    for (unsigned i = 0; i < n; i++) {
        if (i > 0 && layers[i - 1]->id == LAYER_PADDING && layers[i]->id != LAYER_PADDING) {
            diag_set(p->values.diag, layers[i]->where, "nothing can follow Padding");
            return diag_hint(p->values.diag, "Padding is behind the packet; put it last.");
        }
        if (!template_copy_layer(p, layers[i], &branch->layers[i]))
            return false;
    }
    return true;
}

static bool template_make_branches(struct template_parser *p, struct template *template)
{
    const struct choice *choice = template->choice;

    template->branches = arena_alloc(p->values.arena, choice->n_branches * sizeof(*template->branches) + 1);
    if (template->branches == NULL)
        return diag_set(p->values.diag, (struct span){0}, "out of memory");
    template->n_branches = choice->n_branches;
    for (uint32_t b = 0; b < choice->n_branches; b++) {
        if (!template_fill_branch(p, choice, b, &template->branches[b]))
            return false;
    }
    return true;
}

bool template_parse(struct template *template, const char *text, size_t len,
                    const struct template_sources *sources, struct arena *arena, struct diag *diag)
{
    struct template_parser p = {
        .values = {.arena = arena,
                   .services = sources->services,
                   .resolver = sources->resolver,
                   .diag = diag},
        .frames = sources->frames,
    };
    const struct syntax *tree;

    *template = (struct template){0};
    bool ok = syntax_parse(text, len, arena, &tree, diag) &&
              template_packets(&p, tree, 0, &template->choice) && template_make_branches(&p, template);
    template->n_packets = p.n_packets;
    return ok;
}

bool template_add_link(struct template *template, struct arena *arena, struct diag *diag)
{
    for (uint32_t b = 0; b < template->n_branches; b++) {
        struct template_branch *branch = &template->branches[b];

        if (branch->source != NULL)
            return diag_set(diag, (struct span){0},
                            "captured frames are sent as they are, with their link layer");
        memmove(branch->layers + 1, branch->layers, branch->n_layers * sizeof(branch->layers[0]));
        branch->n_layers++;
        branch->layers[0] = (struct template_layer){.id = LAYER_ETHER, .where = branch->layers[1].where};
        branch->layers[0].fields = template_layer_fields(LAYER_ETHER, arena);
        if (branch->layers[0].fields == NULL)
            return diag_set(diag, branch->layers[0].where, "out of memory");
    }
    template->first_written = 1;
    return true;
}

// ---- walks

static bool template_visit_field(struct template_visit *visit, const struct template_layer *layer, unsigned f)
{
    const struct template_field *field = &layer->fields[f];

    for (uint32_t k = 0; k < field->n_packets; k++) {
        if (!template_visit_layer(visit, &field->packets[k]))
            return false;
    }
    return field->values == NULL || visit->field(visit, layer, f);
}

bool template_visit_layer(struct template_visit *visit, const struct template_layer *layer)
{
    const struct layer_desc *desc = layer_get(layer->id);

    for (unsigned fastest = 0; fastest < 2; fastest++) {
        for (unsigned f = desc->n_fields; f-- > 0;) {
            if (template_is_fastest(&desc->fields[f]) == (fastest == 1) &&
                !template_visit_field(visit, layer, f))
                return false;
        }
    }
    return true;
}

struct template_empty {
    struct template_visit visit;
    struct span where;
};

static bool template_not_empty(struct template_visit *visit, const struct template_layer *layer, unsigned f)
{
    if (layer->fields[f].values->n > 0)
        return true;
    ((struct template_empty *)visit)->where = layer->fields[f].where;
    return false;
}

bool template_empty_set(const struct template *template, struct span *where)
{
    struct template_empty empty = {.visit = {template_not_empty}};

    for (uint32_t b = 0; b < template->n_branches; b++) {
        for (unsigned i = 0; i < template->branches[b].n_layers; i++) {
            if (!template_visit_layer(&empty.visit, &template->branches[b].layers[i])) {
                *where = empty.where;
                return true;
            }
        }
    }
    return false;
}
