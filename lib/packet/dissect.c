#include "packet/dissect.h"

#include "packet/layer.h"

#include <stdlib.h>
#include <string.h>

bool dissect_init(struct dissect *dissect)
{
    *dissect = (struct dissect){.nodes = malloc(DISSECT_NODES_MAX * sizeof(struct dissect_node))};
    return dissect->nodes != NULL;
}

void dissect_release(struct dissect *dissect)
{
    free(dissect->nodes);
    *dissect = (struct dissect){0};
}

// ---- reading

// Places the fields of a header whose length is known.
static bool dissect_place(struct fields *at, const struct layer_desc *desc, uint32_t header_bytes)
{
    if (fields_place(at, desc, 0) && at->header_bytes == header_bytes)
        return true;
    at->end = at->start + header_bytes;
    return fields_place(at, desc, 0) && at->header_bytes == header_bytes;
}

// The same for a header that contradicts itself: the fields that are there, whatever the lengths in it say.
static void dissect_place_cut(struct fields *at, const struct layer_desc *desc)
{
    uint32_t bit = at->start * 8, end = at->end * 8;
    bool there = true;

    for (unsigned f = 0; f < desc->n_fields; f++)
        at->bit[f] = FIELD_ABSENT;
    for (unsigned f = 0; f < desc->n_fields && there; f++) {
        const struct field_desc *field = &desc->fields[f];

        if (field->present != NULL && !field->present(at))
            continue;
        bool fixed = field->bits != 0 || field->width != NULL;
        uint32_t bits = field->unseen      ? 0
                        : field->bits != 0 ? field->bits
                        : fixed            ? field->width(at)
                                           : (end - bit) / 8 * 8;
        there = bits <= end - bit && bit < end;
        if (there) {
            at->bit[f] = bit;
            at->bits[f] = bits;
            bit += bits;
        }
    }
}

static void dissect_layer(struct dissect *d, enum layer_id id, bool quoted, uint32_t start,
                          uint32_t header_bytes, uint32_t end)
{
    struct dissect_node *node = &d->nodes[d->n++];

    *node = (struct dissect_node){
        .id = (uint8_t)id,
        .quoted = quoted,
        .at = {.bytes = d->view->bytes, .start = start, .end = end},
    };
    if (d->n > 1)
        node->at.below = d->nodes[d->n - 2].id;
    node->cut = !dissect_place(&node->at, layer_get(id), header_bytes);
    if (node->cut)
        dissect_place_cut(&node->at, layer_get(id));
    node->at.header_bytes = header_bytes;
}

static struct dissect_node *dissect_add(struct dissect *d, uint32_t parent, uint32_t *last, unsigned field)
{
    if (d->n == DISSECT_NODES_MAX) {
        d->full = true;
        return NULL;
    }
    struct dissect_node *node = &d->nodes[d->n];
    *node = (struct dissect_node){.field = (uint8_t)field, .quoted = d->nodes[parent].quoted};
    *(*last == 0 ? &d->nodes[parent].first : &d->nodes[*last].next) = d->n;
    *last = d->n++;
    return node;
}

static void dissect_packets(struct dissect *d, uint32_t parent, unsigned nesting);

// The packets of one field. What is none of them is Raw.
static void dissect_field(struct dissect *d, uint32_t parent, unsigned f, uint32_t *last, unsigned nesting)
{
    const struct fields *at = &d->nodes[parent].at;
    const struct layer_desc *desc = layer_get((enum layer_id)d->nodes[parent].id);
    uint32_t from = at->bit[f] / 8, to = from + at->bits[f] / 8;

    while (from < to) {
        struct dissect_node *node = dissect_add(d, parent, last, f);
        uint8_t id;

        if (node == NULL)
            return;
        uint32_t len = fields_element(at, desc, f, from, to, nesting, &id);
        if (len == 0 || len > to - from) {
            id = LAYER_RAW;
            len = to - from;
        }
        node->id = id;
        node->at =
            (struct fields){.bytes = at->bytes, .start = from, .end = id == LAYER_RAW ? from + len : to};
        node->cut = !fields_place(&node->at, layer_get((enum layer_id)id), nesting + 1);
        node->at.header_bytes = len;
        dissect_packets(d, *last, nesting + 1);
        from += len;
    }
}

static void dissect_packets(struct dissect *d, uint32_t parent, unsigned nesting)
{
    const struct layer_desc *desc = layer_get((enum layer_id)d->nodes[parent].id);
    uint32_t last = 0;

    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].kind == FIELD_PACKETS && d->nodes[parent].at.bit[f] != FIELD_ABSENT)
            dissect_field(d, parent, f, &last, nesting);
    }
}

void dissect_frame(struct dissect *d, const struct view *view)
{
    d->view = view;
    d->n = 0;
    d->full = false;
    for (unsigned i = 0; i < view->n; i++) {
        const struct view_layer *layer = &view->layers[i];
        uint32_t header_end = (uint32_t)layer->start + layer->header_bytes;
        uint32_t next = i + 1 < view->n ? view->layers[i + 1].start : layer->end;

        // A view has room for so many layers only: the innermost is bytes then.
        if (header_end < next)
            dissect_layer(d, LAYER_RAW, layer->quoted, layer->start, next - layer->start, next);
        else
            dissect_layer(d, (enum layer_id)layer->id, layer->quoted, layer->start, layer->header_bytes,
                          layer->end);
    }
    d->n_layers = d->n;
    for (uint32_t i = 0; i < d->n_layers; i++)
        dissect_packets(d, i, 0);
}

u128 dissect_number(const struct fields *at, unsigned field)
{
    uint32_t bit = at->bit[field], bits = at->bits[field];
    u128 value = 0;

    for (uint32_t i = 0; bit != FIELD_ABSENT && i < bits;) {
        uint32_t room = 8 - (bit + i) % 8, n = bits - i < room ? bits - i : room;

        value = value << n | (at->bytes[(bit + i) / 8] >> (room - n) & ((1u << n) - 1));
        i += n;
    }
    return value;
}

// ---- the way back

struct rebuild {
    const struct dissect *dissect;
    struct build *build;
    struct arena *arena;
    bool as_bytes; // packets in fields
};

static bool rebuild_layer(struct rebuild *r, const struct dissect_node *node, struct build_layer *layer);

static bool rebuild_packets(struct rebuild *r, const struct dissect_node *node, unsigned f,
                            struct build_value *value)
{
    const struct dissect_node *nodes = r->dissect->nodes;
    uint32_t n = 0;

    for (uint32_t k = node->first; k != 0; k = nodes[k].next)
        n += nodes[k].field == f;
    struct build_layer *list = arena_alloc(r->arena, n * sizeof(*list) + 1);
    if (list == NULL)
        return false;
    *value = (struct build_value){.kind = BUILD_PACKETS, .items = n, .packets = list};
    n = 0;
    for (uint32_t k = node->first; k != 0; k = nodes[k].next) {
        if (nodes[k].field == f && !rebuild_layer(r, &nodes[k], &list[n++]))
            return false;
    }
    return true;
}

static bool rebuild_field(struct rebuild *r, const struct dissect_node *node, unsigned f,
                          struct build_value *value)
{
    const struct field_desc *field = &layer_get((enum layer_id)node->id)->fields[f];
    uint32_t bits = node->at.bits[f];

    if (field->kind == FIELD_PACKETS && !r->as_bytes)
        return rebuild_packets(r, node, f, value);
    if (field->kind < FIELD_ADDRESS && bits <= 128)
        *value = (struct build_value){.kind = BUILD_NUMBER, .number = dissect_number(&node->at, f)};
    else
        *value = (struct build_value){
            .kind = BUILD_BYTES,
            .len = bits / 8,
            .bytes = node->at.bytes + node->at.bit[f] / 8,
        };
    return true;
}

static void rebuild_raw(const struct dissect_node *node, struct build_layer *layer)
{
    *layer = (struct build_layer){.id = LAYER_RAW, .below = -1};
    layer->values[0] = (struct build_value){
        .kind = BUILD_BYTES,
        .len = node->at.header_bytes,
        .bytes = node->at.bytes + node->at.start,
    };
}

static bool rebuild_layer(struct rebuild *r, const struct dissect_node *node, struct build_layer *layer)
{
    const struct layer_desc *desc = layer_get((enum layer_id)node->id);

    if (node->cut) {
        rebuild_raw(node, layer);
        return true;
    }
    *layer = (struct build_layer){.id = (enum layer_id)node->id, .below = -1};
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (node->at.bit[f] != FIELD_ABSENT && !rebuild_field(r, node, f, &layer->values[f]))
            return false;
    }
    return true;
}

static bool rebuild_is_same(struct rebuild *r, const struct dissect_node *node, struct build_layer *layer)
{
    return build_alone(r->build, layer) && r->build->len == node->at.header_bytes &&
           memcmp(r->build->bytes, node->at.bytes + node->at.start, r->build->len) == 0;
}

bool dissect_rebuild(const struct dissect *dissect, struct build *build, struct arena *arena)
{
    struct rebuild r = {.dissect = dissect, .build = build, .arena = arena};

    build->n_layers = dissect->n_layers;
    for (uint32_t i = 0; i < dissect->n_layers; i++) {
        const struct dissect_node *node = &dissect->nodes[i];
        bool same = false;

        for (unsigned attempt = 0; attempt < 2 && !same; attempt++) {
            r.as_bytes = attempt > 0;
            if (!rebuild_layer(&r, node, &build->layers[i]))
                return false;
            build->layers[i].below = (int)i - 1;
            build->layers[i].below = (int)i - 1;
            same = rebuild_is_same(&r, node, &build->layers[i]);
        }
        if (!same)
            rebuild_raw(node, &build->layers[i]);
    }
    return true;
}
