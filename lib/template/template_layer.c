#include "template/template_layer.h"

#include "base/nearest.h"
#include "template/number.h"

#include <stdlib.h>
#include <string.h>

static int template_layer_shown(uint32_t len)
{
    return (int)(len < 40 ? len : 40);
}

static bool template_layer_no_memory(struct template_parser *p, const struct syntax *tree)
{
    return diag_set(p->values.diag, tree->where, "out of memory");
}

static bool template_layer_unknown(struct template_parser *p, const struct syntax *tree)
{
    struct nearest nearest;

    nearest_init(&nearest, tree->bytes, tree->len);
    for (unsigned id = 1; id < LAYER_COUNT; id++)
        nearest_offer(&nearest, layer_get((enum layer_id)id)->name);
    if (nearest.best != NULL)
        diag_set(p->values.diag, tree->name_where, "no layer '%.*s'; did you mean '%s'?",
                 template_layer_shown(tree->len), tree->bytes, nearest.best);
    else
        diag_set(p->values.diag, tree->name_where, "no layer '%.*s'", template_layer_shown(tree->len),
                 tree->bytes);
    return diag_hint(p->values.diag, "`volley ls` lists the layers.");
}

static bool template_layer_no_field(struct template_parser *p, const struct layer_desc *desc,
                                    const struct syntax_key *key)
{
    struct nearest nearest;

    nearest_init(&nearest, key->name, key->len);
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].name[0] != '_')
            nearest_offer(&nearest, desc->fields[f].name);
    }
    if (nearest.best != NULL)
        diag_set(p->values.diag, key->where, "%s has no field '%.*s'; did you mean '%s'?", desc->name,
                 template_layer_shown(key->len), key->name, nearest.best);
    else
        diag_set(p->values.diag, key->where, "%s has no field '%.*s'", desc->name,
                 template_layer_shown(key->len), key->name);
    return diag_hint(p->values.diag, "`volley ls %s` lists the fields.", desc->name);
}

// The field an argument is for, the first row of its name: by name, or the load of Raw.
static bool template_layer_argument(struct template_parser *p, const struct layer_desc *desc,
                                    const struct syntax *tree, uint32_t i, int *field)
{
    const struct syntax_key *key = &tree->keys[i];

    *field = key->len == 0 && desc->n_fields == 1  ? 0
             : key->len > 0 && key->name[0] == '_' ? -1
                                                   : layer_field(desc, key->name, key->len);
    if (key->len == 0 && desc->n_fields != 1) {
        diag_set(p->values.diag, tree->items[i]->where, "%s takes fields by name", desc->name);
        return diag_hint(p->values.diag, "%s(FIELD=VALUE,...); `volley ls %s` lists the fields.", desc->name,
                         desc->name);
    }
    return *field >= 0 || template_layer_no_field(p, desc, key);
}

struct template_field *template_layer_fields(enum layer_id id, struct arena *arena)
{
    unsigned n = layer_get(id)->n_fields;
    struct template_field *fields = arena_alloc(arena, n * sizeof(*fields) + 1);

    for (unsigned f = 0; fields != NULL && f < n; f++)
        fields[f].follows_layer = -1;
    return fields;
}

// ---- packets in fields

// The packets of a list, one after another: a packet, [packets], packets + packets, [packets] * number, packet/packet.
struct template_packet_list {
    const struct syntax *items[TEMPLATE_PACKETS_MAX];
    uint32_t n;
};

static bool template_layer_gather(struct template_parser *p, const struct syntax *tree,
                                  struct template_packet_list *list, unsigned depth)
{
    if (depth > SYNTAX_DEPTH_MAX || list->n == TEMPLATE_PACKETS_MAX)
        return diag_set(p->values.diag, tree->where, "more than %d packets in fields", TEMPLATE_PACKETS_MAX);
    if (tree->kind == SYNTAX_CALL || tree->kind == SYNTAX_NAME) {
        list->items[list->n++] = tree;
        return true;
    }
    if (tree->kind == SYNTAX_LIST || (tree->kind == SYNTAX_BINARY && (tree->op == '+' || tree->op == '/'))) {
        for (uint32_t i = 0; i < tree->n_items; i++) {
            if (!template_layer_gather(p, tree->items[i], list, depth + 1))
                return false;
        }
        return true;
    }
    if (tree->kind != SYNTAX_BINARY || tree->op != '*')
        return diag_set(p->values.diag, tree->where,
                        "expected a packet, as in DNSQR(...), or a list of packets");
    bool count_first = number_is(tree->items[0]);
    u128 times;

    if (!number_in_range(tree->items[count_first ? 0 : 1], TEMPLATE_PACKETS_MAX, "the count", &times,
                         p->values.diag))
        return false;
    // Once none came, none will: empty lists of empty lists would take for ever.
    for (uint32_t before = list->n + 1; times > 0 && list->n != before; times--) {
        before = list->n;
        if (!template_layer_gather(p, tree->items[count_first ? 1 : 0], list, depth + 1))
            return false;
    }
    return true;
}

static bool template_layer_packets(struct template_parser *p, const struct field_desc *field,
                                   const struct syntax *tree, struct template_packet_list *list,
                                   struct template_field *out)
{
    if (!template_layer_gather(p, tree, list, 0))
        return false;
    if (field->packets->single && list->n != 1)
        return diag_set(p->values.diag, tree->where, "%s is one packet, not %u", field->name, list->n);
    p->n_packets += list->n;
    if (p->n_packets > TEMPLATE_PACKETS_MAX)
        return diag_set(p->values.diag, tree->where, "more than %d packets in fields", TEMPLATE_PACKETS_MAX);
    if (++p->nesting > FIELD_NESTING_MAX)
        return diag_set(p->values.diag, tree->where, "packets are nested more than %d deep",
                        FIELD_NESTING_MAX);
    out->packets = arena_alloc(p->values.arena, list->n * sizeof(*out->packets) + 1);
    if (out->packets == NULL)
        return template_layer_no_memory(p, tree);
    out->n_packets = list->n;
    out->has_packets = true;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct template_layer *packet;

        if (!template_layer_parse(p, list->items[i], &packet))
            return false;
        out->packets[i] = *packet;
    }
    p->nesting--;
    return true;
}

static bool template_layer_is_bytes(const struct syntax *tree)
{
    while (tree->kind == SYNTAX_BINARY || (tree->kind == SYNTAX_LIST && tree->n_items > 0))
        tree = tree->kind == SYNTAX_BINARY && number_is(tree->items[0]) ? tree->items[1] : tree->items[0];
    return tree->kind == SYNTAX_STRING;
}

// ---- fields

static bool template_layer_value(struct template_parser *p, const struct field_desc *field,
                                 const struct syntax *tree, struct template_field *out)
{
    bool none = tree->kind == SYNTAX_NAME && tree->len == 4 && memcmp(tree->bytes, "None", 4) == 0;

    // None is no packets, as in Scapy, unless there must be one.
    if (field->kind == FIELD_PACKETS && none && !field->packets->single) {
        out->has_packets = true;
        return true;
    }
    if (field->kind != FIELD_PACKETS || none || template_layer_is_bytes(tree))
        return value_parse(&p->values, field, tree, &out->values);
    struct template_packet_list *list = malloc(sizeof(*list));
    bool ok;

    if (list == NULL)
        return template_layer_no_memory(p, tree);
    list->n = 0;
    ok = template_layer_packets(p, field, tree, list, out);
    free(list);
    return ok;
}

// The concrete value that a field has first.
static struct build_value template_layer_first(const struct template_field *field)
{
    const struct values *values = field->values;

    if (values == NULL || values->n == 0)
        return (struct build_value){.kind = BUILD_UNSET};
    if (values->kind == VALUES_STRINGS)
        return (struct build_value){.kind = BUILD_BYTES,
                                    .len = values->strings[0].len,
                                    .items = values->strings[0].items,
                                    .bytes = values->strings[0].bytes};
    return (struct build_value){
        .kind = BUILD_NUMBER, .len = values->width, .number = values_number(values, 0)};
}

// Of the rows of one name, the one whose condition holds with the fields given so far.
static bool template_layer_row(struct template_parser *p, const struct template_layer *layer,
                               const struct syntax_key *key, unsigned *f)
{
    const struct layer_desc *desc = layer_get(layer->id);
    struct build *build = calloc(1, sizeof(*build) + BUILD_BYTES_MAX);
    unsigned first = *f;
    bool found = false;

    if (build == NULL)
        return diag_set(p->values.diag, key->where, "out of memory");
    build->bytes = (uint8_t *)(build + 1);
    struct build_layer *alone = &build->layers[0];
    alone->id = layer->id;
    for (unsigned k = 0; k < desc->n_fields; k++)
        alone->values[k] = template_layer_first(&layer->fields[k]);
    bool built = build_alone(build, alone);
    for (unsigned k = first; built && !found && k < desc->n_fields; k++) {
        found =
            strcmp(desc->fields[k].name, desc->fields[first].name) == 0 && alone->at.bit[k] != FIELD_ABSENT;
        *f = k;
    }
    free(build);
    return found || diag_set(p->values.diag, key->where, "this %s has no field '%s': other fields say so",
                             desc->name, desc->fields[first].name);
}

static bool template_layer_has_rows(const struct layer_desc *desc, unsigned f)
{
    for (unsigned k = f + 1; k < desc->n_fields; k++) {
        if (strcmp(desc->fields[k].name, desc->fields[f].name) == 0)
            return true;
    }
    return false;
}

// Fields of one row first; then those whose row depends on them.
static bool template_layer_arguments(struct template_parser *p, const struct syntax *tree,
                                     struct template_layer *layer, bool of_rows)
{
    const struct layer_desc *desc = layer_get(layer->id);

    for (uint32_t i = 0; i < tree->n_items; i++) {
        int named;

        if (!template_layer_argument(p, desc, tree, i, &named))
            return false;
        unsigned f = (unsigned)named;
        if (template_layer_has_rows(desc, f) != of_rows)
            continue;
        if (of_rows && !template_layer_row(p, layer, &tree->keys[i], &f))
            return false;
        struct template_field *field = &layer->fields[f];
        if (field->where.len != 0)
            return diag_set(p->values.diag, tree->keys[i].where, "%s is given twice", desc->fields[f].name);
        if (!template_layer_value(p, &desc->fields[f], tree->items[i], field))
            return false;
        field->where = tree->items[i]->where;
    }
    return true;
}

// "bytes" is Raw(load="bytes")
static bool template_layer_bytes(struct template_parser *p, const struct syntax *tree,
                                 struct template_layer *layer)
{
    layer->fields[0].where = tree->where;
    return value_parse(&p->values, &layer_raw.fields[0], tree, &layer->fields[0].values);
}

// layer = NAME "(" [ argument { "," argument } ] ")" | string
bool template_layer_parse(struct template_parser *p, const struct syntax *tree,
                          const struct template_layer **out)
{
    bool bytes = tree->kind != SYNTAX_CALL && tree->kind != SYNTAX_NAME;
    enum layer_id id = bytes ? LAYER_RAW : layer_find(tree->bytes, tree->len);

    if (id == LAYER_NONE)
        return template_layer_unknown(p, tree);
    if (tree->kind == SYNTAX_NAME)
        return diag_set(p->values.diag, tree->where, "a layer is written with brackets: %s()",
                        layer_get(id)->name);
    struct template_layer *layer = arena_alloc(p->values.arena, sizeof(*layer));
    if (layer == NULL)
        return template_layer_no_memory(p, tree);
    *layer = (struct template_layer){id, tree->where, template_layer_fields(id, p->values.arena)};
    if (layer->fields == NULL)
        return template_layer_no_memory(p, tree);
    *out = layer;
    if (bytes)
        return template_layer_bytes(p, tree, layer);
    return template_layer_arguments(p, tree, layer, false) && template_layer_arguments(p, tree, layer, true);
}

struct template_count {
    struct template_visit visit;
    struct diag *diag;
    uint64_t n;
};

static bool template_layer_count_field(struct template_visit *visit, const struct template_layer *layer,
                                       unsigned f)
{
    struct template_count *count = (struct template_count *)visit;
    const struct values *values = layer->fields[f].values;

    if (values->random)
        return true;
    if (values->n > 0 && count->n > VALUES_MAX / values->n)
        return diag_set(count->diag, layer->fields[f].where, "more than 2^62 packets in all");
    count->n *= values->n;
    return true;
}

bool template_layer_count(struct template_parser *p, const struct template_layer *layer, uint64_t *n)
{
    struct template_count count = {{template_layer_count_field}, p->values.diag, 1};
    bool ok = template_visit_layer(&count.visit, layer);

    *n = count.n;
    return ok;
}
