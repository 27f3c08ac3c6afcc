#include "packet/layer.h"

#include <string.h>

static const struct layer_desc *const layer_table[LAYER_COUNT] = {
#define LAYER(id, symbol) [LAYER_##id] = &layer_##symbol,
#include "packet/layers.list"
#undef LAYER
};

const struct layer_desc *layer_get(enum layer_id id)
{
    return layer_table[id];
}

enum layer_id layer_find(const char *name, size_t len)
{
    for (unsigned id = 1; id < LAYER_COUNT; id++) {
        if (strlen(layer_table[id]->name) == len && memcmp(layer_table[id]->name, name, len) == 0)
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

enum layer_id layer_announced(const struct layer_desc *desc, uint64_t value, const uint8_t *payload,
                              uint32_t len)
{
    for (const struct binding *b = desc->bindings; b < desc->bindings + desc->n_bindings; b++) {
        if (b->value == value && (b->first_byte < 0 || (len > 0 && payload[0] == b->first_byte)))
            return (enum layer_id)b->upper;
    }
    return LAYER_RAW;
}

const struct binding *layer_binding(const struct layer_desc *lower, enum layer_id upper)
{
    for (const struct binding *b = lower->bindings; b < lower->bindings + lower->n_bindings; b++) {
        if (b->upper == upper)
            return b;
    }
    return NULL;
}
