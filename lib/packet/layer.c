#include "packet/layer.h"

#include "base/hash.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <threads.h>

_Static_assert(LAYER_COUNT <= UINT8_MAX + 1, "views and tables keep layers in a byte");

const struct layer_desc *const layer_table[LAYER_COUNT] = {
#define LAYER(id, symbol) [LAYER_##id] = &layer_##symbol,
#include "packet/layers.list"
#undef LAYER
};

enum layer_id layer_find(const char *name, size_t len)
{
    for (unsigned id = 1; id < LAYER_COUNT; id++) {
        const char *also = layer_table[id]->also;

        if (strlen(layer_table[id]->name) == len && memcmp(layer_table[id]->name, name, len) == 0)
            return (enum layer_id)id;
        if (also != NULL && strlen(also) == len && memcmp(also, name, len) == 0)
            return (enum layer_id)id;
    }
    return LAYER_NONE;
}

int layer_field(const struct layer_desc *desc, const char *name, size_t len)
{
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (strlen(desc->fields[f].name) == len && memcmp(desc->fields[f].name, name, len) == 0)
            return (int)f;
    }
    return -1;
}

// ---- what announces what

// The layers' bindings, turned round: by lower layer, field and value. Layers say themselves where they stand, so that adding one
// touches no other; this is made from their tables once, at the first look, and is constant afterwards.
#define LAYER_BINDINGS_MAX 768
#define LAYER_SLOTS        2048

struct layer_announced {
    uint64_t key;  // lower layer, field, value
    uint8_t upper; // enum layer_id
    uint16_t starts;
    uint16_t next; // index + 1 of the next row of the same key; 0: none
    uint16_t order;
};

static struct layer_index {
    once_flag once;
    atomic_bool ready;
    uint16_t n;
    struct layer_announced rows[LAYER_BINDINGS_MAX];
    uint16_t slots[LAYER_SLOTS];      // index + 1 of the first row of a key
    uint32_t announcing[LAYER_COUNT]; // bit f: field f of the lower layer announces something
} layer_index = {.once = ONCE_FLAG_INIT};

static uint64_t layer_key(enum layer_id lower, unsigned field, uint64_t value)
{
    return (uint64_t)lower << 56 | (uint64_t)field << 48 | value;
}

static unsigned layer_slot(uint64_t key)
{
    uint64_t at = key * 0x9e3779b97f4a7c15u >> 53;

    while (layer_index.slots[at] != 0 && layer_index.rows[layer_index.slots[at] - 1].key != key)
        at = (at + 1) % LAYER_SLOTS;
    return (unsigned)at;
}

static void layer_index_add(enum layer_id lower, enum layer_id upper, const struct binding *b)
{
    struct layer_index *index = &layer_index;
    int field = layer_field(layer_table[lower], b->field, strlen(b->field));

    assert(field >= 0 && index->n < LAYER_BINDINGS_MAX);
    uint64_t key = layer_key(lower, (unsigned)field, b->value);
    uint16_t *to = &index->slots[layer_slot(key)];
    while (*to != 0)
        to = &index->rows[*to - 1].next;
    index->rows[index->n] =
        (struct layer_announced){.key = key, .upper = (uint8_t)upper, .starts = b->starts, .order = index->n};
    *to = ++index->n;
    index->announcing[lower] |= 1u << field;
}

static bool layer_is_like(enum layer_id id, enum layer_id other)
{
    while (id != LAYER_NONE && id != other)
        id = (enum layer_id)layer_table[id]->alias;
    return id == other;
}

static void layer_index_make(void)
{
    for (unsigned id = 1; id < LAYER_COUNT; id++) {
        const struct binding *b = layer_table[id]->bindings;

        for (; b != NULL && b->lower != LAYER_NONE; b++) {
            for (unsigned lower = 1; lower < LAYER_COUNT; lower++) {
                if (b->use != BINDING_BUILD && layer_is_like((enum layer_id)lower, (enum layer_id)b->lower))
                    layer_index_add((enum layer_id)lower, (enum layer_id)id, b);
            }
        }
    }
}

// Every look-up asks: a plain load instead of call_once's call.
static void layer_index_ready(void)
{
    if (atomic_load_explicit(&layer_index.ready, memory_order_acquire))
        return;
    call_once(&layer_index.once, layer_index_make);
    atomic_store_explicit(&layer_index.ready, true, memory_order_release);
}

static const struct layer_announced *layer_announced_row(enum layer_id lower, unsigned field, uint64_t value,
                                                         const uint8_t *payload, uint32_t len)
{
    if (value > UINT32_MAX)
        return NULL;
    for (uint16_t at = layer_index.slots[layer_slot(layer_key(lower, field, value))]; at != 0;) {
        const struct layer_announced *row = &layer_index.rows[at - 1];

        if (row->starts == 0 || (len > 0 && payload[0] == (uint8_t)row->starts))
            return row;
        at = row->next;
    }
    return NULL;
}

uint64_t layer_looks_nowhere(const uint8_t *p, uint32_t header_bytes, uint32_t payload)
{
    (void)p;
    (void)header_bytes;
    (void)payload;
    return 0;
}

uint64_t layer_looks_behind(enum layer_id lower, unsigned field, uint64_t value, uint32_t at)
{
    bool starts = false;

    layer_index_ready();
    for (uint16_t i = layer_index.slots[layer_slot(layer_key(lower, field, value))]; i != 0;
         i = layer_index.rows[i - 1].next)
        starts |= layer_index.rows[i - 1].starts != 0;
    return starts ? UINT64_C(1) << at : 0;
}

enum layer_id layer_announced(enum layer_id lower, unsigned field, uint64_t value, const uint8_t *payload,
                              uint32_t len)
{
    layer_index_ready();
    const struct layer_announced *row = layer_announced_row(lower, field, value, payload, len);
    return row == NULL ? LAYER_RAW : (enum layer_id)row->upper;
}

enum layer_id layer_announced_by_two(enum layer_id lower, unsigned field, const uint64_t values[2],
                                     const uint8_t *payload, uint32_t len)
{
    layer_index_ready();
    const struct layer_announced *a = layer_announced_row(lower, field, values[0], payload, len);
    const struct layer_announced *b = layer_announced_row(lower, field + 1, values[1], payload, len);
    const struct layer_announced *best = a == NULL || (b != NULL && b->order < a->order) ? b : a;
    return best == NULL ? LAYER_RAW : (enum layer_id)best->upper;
}

enum layer_id layer_next(enum layer_id lower, const struct fields *at, const uint8_t *payload, uint32_t len)
{
    const struct layer_announced *best = NULL;

    layer_index_ready();
    for (uint32_t left = layer_index.announcing[lower]; left != 0; left &= left - 1) {
        unsigned field = (unsigned)__builtin_ctz(left);
        const struct layer_announced *row =
            at->bit[field] == FIELD_ABSENT
                ? NULL
                : layer_announced_row(lower, field, fields_get(at, field), payload, len);

        if (row != NULL && (best == NULL || row->order < best->order))
            best = row;
    }
    return best == NULL ? LAYER_RAW : (enum layer_id)best->upper;
}

// The first row that the layer's first byte chooses, or else the first of all.
static const struct binding *layer_binding_row(enum layer_id lower, enum layer_id upper, u128 first)
{
    const struct binding *b = layer_table[upper]->bindings, *any = NULL;

    for (; b != NULL && b->lower != LAYER_NONE; b++) {
        if (b->lower != lower || b->use == BINDING_READ)
            continue;
        if (b->starts != 0 && first == (uint8_t)b->starts)
            return b;
        any = any == NULL ? b : any;
    }
    return any;
}

u128 layer_first_preset(enum layer_id id)
{
    return layer_table[id]->n_fields == 0 ? 0 : layer_table[id]->fields[0].preset;
}

const struct binding *layer_binding(enum layer_id lower, enum layer_id upper, u128 first)
{
    const struct binding *b = NULL;

    for (; lower != LAYER_NONE && b == NULL; lower = (enum layer_id)layer_table[lower]->alias)
        b = layer_binding_row(lower, upper, first);
    return b;
}
