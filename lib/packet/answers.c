#include "packet/answers.h"

#include "packet/layer.h"

// The end of a chain: nothing, or only padding.
static bool answers_ended(const struct view *view, unsigned i)
{
    return i >= view->n || view->layers[i].id == LAYER_PADDING;
}

bool answers(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
             const struct answer_rules *rules)
{
    if (answers_ended(response, r))
        return answers_ended(stimulus, s);
    const struct layer_desc *desc = layer_get((enum layer_id)response->layers[r].id);
    if (desc->answers != NULL)
        return desc->answers(response, r, stimulus, s, rules);
    if (answers_ended(stimulus, s) || response->layers[r].id != stimulus->layers[s].id)
        return false;
    return answers(response, r + 1, stimulus, s + 1, rules);
}
