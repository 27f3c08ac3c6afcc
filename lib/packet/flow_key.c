#include "packet/flow_key.h"

#include "packet/layer.h"

uint64_t flow_key_of(const struct view *view, unsigned first, enum flow_role role,
                     const struct flow_hash *how)
{
    struct flow_key key = {how->seed};

    for (unsigned i = first; i < view->n; i++) {
        const struct layer_desc *desc = layer_get((enum layer_id)view->layers[i].id);

        if (desc->flow_key != NULL)
            desc->flow_key(view, i, role, &how->rules, &key);
    }
    return key.state;
}

// Layer by layer, so that the frames' multiplications overlap.
void flow_key_of_stimuli(const struct view *alike, uint8_t *const *bytes, unsigned n, unsigned first,
                         const struct flow_hash *how, uint64_t *hashes)
{
    struct view view = *alike;

    for (unsigned k = 0; k < n; k++)
        hashes[k] = how->seed;
    for (unsigned i = first; i < view.n; i++) {
        const struct layer_desc *desc = layer_get((enum layer_id)view.layers[i].id);

        for (unsigned k = 0; desc->flow_key != NULL && k < n; k++) {
            struct flow_key key = {hashes[k]};

            view.bytes = bytes[k];
            desc->flow_key(&view, i, FLOW_STIMULUS, &how->rules, &key);
            hashes[k] = key.state;
        }
    }
}

uint64_t flow_key_of_response(const struct view *view, unsigned first, enum flow_role role,
                              const struct flow_hash *how)
{
    for (unsigned i = first; i < view->n; i++) {
        if (view->layers[i].quoted)
            return flow_key_of(view, i, FLOW_STIMULUS, how);
    }
    return flow_key_of(view, first, role, how);
}
