#include "packet/answers.h"

#include "packet/layer.h"

// The end of a chain: nothing, or only padding, or what stands behind a quote.
static bool answers_ended(const struct view *view, unsigned i)
{
    return i >= view->n || view->layers[i].id == LAYER_PADDING ||
           (i > 0 && view->layers[i - 1].quoted && !view->layers[i].quoted);
}

bool answers(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
             const struct answer_rules *rules)
{
    if (answers_ended(response, r))
        return answers_ended(stimulus, s);
    // A payload that was sent as bytes, or none, is answered by whatever a transport brings back, whether it dissects or not.
    if (view_is_transport_payload(response, r) &&
        (answers_ended(stimulus, s) || stimulus->layers[s].id == LAYER_RAW))
        return !response->malformed;
    const struct layer_desc *desc = layer_get((enum layer_id)response->layers[r].id);
    if (desc->answers != NULL)
        return desc->answers(response, r, stimulus, s, rules);
    if (answers_ended(stimulus, s) || response->layers[r].id != stimulus->layers[s].id)
        return false;
    return answers(response, r + 1, stimulus, s + 1, rules);
}
