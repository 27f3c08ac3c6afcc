#include "packet/flow_key.h"

#include "packet/layer.h"

uint64_t flow_key_of(const struct view *view, unsigned first, enum flow_role role, uint64_t seed)
{
    struct flow_key key = {seed};

    for (unsigned i = first; i < view->n; i++) {
        const struct layer_desc *desc = layer_get((enum layer_id)view->layers[i].id);

        if (desc->flow_key != NULL)
            desc->flow_key(view, i, role, &key);
    }
    return key.state;
}

uint64_t flow_key_of_response(const struct view *view, unsigned first, enum flow_role role, uint64_t seed)
{
    for (unsigned i = first; i < view->n; i++) {
        if (view->layers[i].quoted)
            return flow_key_of(view, i, FLOW_STIMULUS, seed);
    }
    return flow_key_of(view, first, role, seed);
}
