#include "template/template.h"

#include "base/nearest.h"
#include "expr/syntax.h"
#include "template/value_parse.h"

#include <string.h>

struct template_parser {
    struct template *template;
    struct value_parser values;
};

static bool template_no_layer(struct template_parser *p, const struct syntax *tree)
{
    struct nearest nearest;

    nearest_init(&nearest, tree->bytes, tree->len);
    for (unsigned id = 1; id < LAYER_COUNT; id++)
        nearest_offer(&nearest, layer_get((enum layer_id)id)->name);
    int shown = (int)(tree->len < 40 ? tree->len : 40);
    if (nearest.best != NULL)
        diag_set(p->values.diag, tree->name_where, "no layer '%.*s'; did you mean '%s'?", shown, tree->bytes,
                 nearest.best);
    else
        diag_set(p->values.diag, tree->name_where, "no layer '%.*s'", shown, tree->bytes);
    return diag_hint(p->values.diag, "`volley ls` lists the layers.");
}

static bool template_no_field(struct template_parser *p, const struct layer_desc *desc,
                              const struct syntax_key *key)
{
    struct nearest nearest;

    nearest_init(&nearest, key->name, key->len);
    for (unsigned f = 0; f < desc->n_fields; f++)
        nearest_offer(&nearest, desc->fields[f].name);
    int shown = (int)(key->len < 40 ? key->len : 40);
    if (nearest.best != NULL)
        diag_set(p->values.diag, key->where, "%s has no field '%.*s'; did you mean '%s'?", desc->name, shown,
                 key->name, nearest.best);
    else
        diag_set(p->values.diag, key->where, "%s has no field '%.*s'", desc->name, shown, key->name);
    return diag_hint(p->values.diag, "`volley ls %s` lists the fields.", desc->name);
}

// The field an argument is for: by name, or the load of Raw.
static bool template_argument_field(struct template_parser *p, const struct layer_desc *desc,
                                    const struct syntax *tree, uint32_t i, int *field)
{
    const struct syntax_key *key = &tree->keys[i];

    *field = key->len == 0 && desc->n_fields == 1 ? 0 : layer_field(desc, key->name, key->len);
    if (key->len == 0 && desc->n_fields != 1) {
        diag_set(p->values.diag, tree->items[i]->where, "%s takes fields by name", desc->name);
        return diag_hint(p->values.diag, "%s(FIELD=VALUE,...); `volley ls %s` lists the fields.", desc->name,
                         desc->name);
    }
    return *field >= 0 || template_no_field(p, desc, key);
}

static struct template_layer *template_push(struct template_parser *p, enum layer_id id, struct span where)
{
    if (p->template->n_layers == TEMPLATE_LAYERS_MAX) {
        diag_set(p->values.diag, where, "more than %d layers", TEMPLATE_LAYERS_MAX);
        return NULL;
    }
    if (id != LAYER_PADDING && p->template->n_layers > 0 &&
        p->template->layers[p->template->n_layers - 1].id == LAYER_PADDING) {
        diag_set(p->values.diag, where, "nothing can follow Padding");
        diag_hint(p->values.diag, "Padding is behind the packet; put it last.");
        return NULL;
    }
    struct template_layer *layer = &p->template->layers[p->template->n_layers++];
    *layer = (struct template_layer){.id = id, .where = where};
    for (unsigned f = 0; f < LAYER_FIELDS_MAX; f++)
        layer->fields[f].follows_layer = -1;
    return layer;
}

// layer = name "(" [ field "=" values { "," field "=" values } ] ")"
static bool template_layer(struct template_parser *p, const struct syntax *tree)
{
    enum layer_id id = layer_find(tree->bytes, tree->len);

    if (id == LAYER_NONE)
        return template_no_layer(p, tree);
    const struct layer_desc *desc = layer_get(id);
    if (tree->kind == SYNTAX_NAME)
        return diag_set(p->values.diag, tree->where, "a layer is written with brackets: %s()", desc->name);
    struct template_layer *layer = template_push(p, id, tree->where);
    if (layer == NULL)
        return false;
    for (uint32_t i = 0; i < tree->n_items; i++) {
        int f;

        if (!template_argument_field(p, desc, tree, i, &f))
            return false;
        if (layer->fields[f].where.len != 0)
            return diag_set(p->values.diag, tree->keys[i].where, "%s is given twice", desc->fields[f].name);
        if (!value_parse(&p->values, &desc->fields[f], tree->items[i], &layer->fields[f].values))
            return false;
        layer->fields[f].where = tree->items[i]->where;
    }
    return true;
}

// "bytes" is Raw(load="bytes")
static bool template_bytes(struct template_parser *p, const struct syntax *tree)
{
    struct template_layer *layer = template_push(p, LAYER_RAW, tree->where);

    if (layer == NULL)
        return false;
    layer->fields[0].where = tree->where;
    return value_parse(&p->values, &layer_raw.fields[0], tree, &layer->fields[0].values);
}

// IP()/"X"*100 multiplies all of IP()/"X": in Scapy it would be a list of a hundred packets.
static bool template_has_layer(const struct syntax *tree)
{
    for (; tree->kind == SYNTAX_BINARY; tree = tree->items[0]) {
        if (tree->op == '/')
            return true;
    }
    return tree->kind == SYNTAX_CALL || tree->kind == SYNTAX_NAME;
}

static bool template_no_arithmetic(struct template_parser *p, const struct syntax *tree)
{
    diag_set(p->values.diag, tree->where, "'%c' is for strings and numbers, not for layers", tree->op);
    return diag_hint(p->values.diag, "Put a string that is repeated in brackets: IP()/UDP()/(\"X\"*100).");
}

static bool template_part(struct template_parser *p, const struct syntax *tree)
{
    switch (tree->kind) {
    case SYNTAX_CALL:
    case SYNTAX_NAME:
        return template_layer(p, tree);
    case SYNTAX_STRING:
        return template_bytes(p, tree);
    case SYNTAX_BINARY:
        return template_has_layer(tree) ? template_no_arithmetic(p, tree) : template_bytes(p, tree);
    case SYNTAX_NUMBER:
    case SYNTAX_LIST:
    case SYNTAX_TUPLE:
        break;
    }
    diag_set(p->values.diag, tree->where, "expected a layer or a string");
    return diag_hint(p->values.diag, "As in IP(dst=\"198.18.0.1\")/TCP(dport=80).");
}

// template = part { "/" part }. The chain leans to the left, so that its parts are met from the right.
static bool template_chain(struct template_parser *p, const struct syntax *tree)
{
    const struct syntax *parts[TEMPLATE_LAYERS_MAX + 1];
    unsigned n = 0;

    for (; tree->kind == SYNTAX_BINARY && tree->op == '/'; tree = tree->items[0]) {
        if (n == TEMPLATE_LAYERS_MAX)
            return diag_set(p->values.diag, tree->where, "more than %d layers", TEMPLATE_LAYERS_MAX);
        parts[n++] = tree->items[1];
    }
    if (!template_part(p, tree))
        return false;
    while (n > 0) {
        if (!template_part(p, parts[--n]))
            return false;
    }
    return true;
}

bool template_parse(struct template *template, const char *text, size_t len, const struct services *services,
                    struct arena *arena, struct diag *diag)
{
    struct template_parser p = {.template = template, .values = {arena, services, diag}};
    const struct syntax *tree;

    *template = (struct template){0};
    return syntax_parse(text, len, arena, &tree, diag) && template_chain(&p, tree);
}

bool template_add_link(struct template *template, struct diag *diag)
{
    if (template->n_layers > TEMPLATE_LAYERS_MAX)
        return diag_set(diag, template->layers[0].where, "more than %d layers", TEMPLATE_LAYERS_MAX);
    memmove(template->layers + 1, template->layers, template->n_layers * sizeof(template->layers[0]));
    template->n_layers++;
    template->first_written = 1;
    template->layers[0] = (struct template_layer){.id = LAYER_ETHER, .where = template->layers[1].where};
    for (unsigned f = 0; f < LAYER_FIELDS_MAX; f++)
        template->layers[0].fields[f].follows_layer = -1;
    return true;
}
