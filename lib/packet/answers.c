#include "packet/answers.h"

#include "packet/bytes.h"
#include "packet/flow_key.h"
#include "packet/layer.h"

#include <string.h>

// The end of a chain: nothing, or only padding, or what stands behind a quote.
static bool answers_ended(const struct view *view, unsigned i)
{
    return i >= view->n || view->layers[i].id == LAYER_PADDING ||
           (i > 0 && view->layers[i - 1].quoted && !view->layers[i].quoted);
}

bool answers_is_error(const struct view *view, unsigned i)
{
    while (i > 0 && view->layers[i].quoted && view->layers[i - 1].quoted) {
        if (view->layers[i - 1].id != LAYER_IP || view->layers[i].id == LAYER_IPV6)
            return false;
        i--;
    }
    bool other = i > 0 && view->layers[i - 1].id == LAYER_ICMP && view->layers[i].id != LAYER_IP;

    return view->layers[i].quoted && !other;
}

// Layers that have no rule of their own are answered by their like.
static bool answers_by_layer(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
                             const struct answer_rules *rules)
{
    const struct layer_desc *desc = layer_get((enum layer_id)response->layers[r].id);

    if (desc->answers != NULL)
        return desc->answers(response, r, stimulus, s, rules);
    if (answers_ended(stimulus, s) || response->layers[r].id != stimulus->layers[s].id)
        return false;
    return answers(response, r + 1, stimulus, s + 1, rules);
}

bool answers(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
             const struct answer_rules *rules)
{
    // Scapy's padding is bytes, and bytes answer anything.
    if (rules->scapy && r < response->n && response->layers[r].id == LAYER_PADDING)
        return true;
    if (answers_ended(response, r))
        return answers_ended(stimulus, s);
    // A payload that was sent as bytes, or none, is answered by whatever a transport brings back, whether it dissects or not.
    if (!rules->scapy && view_is_transport_payload(response, r) &&
        (answers_ended(stimulus, s) || stimulus->layers[s].id == LAYER_RAW))
        return !response->layers[r].broken;
    return answers_by_layer(response, r, stimulus, s, rules);
}

// Whether the response is the stimulus itself, perhaps with zeros that fill up the frame.
static inline bool answers_is_own(const struct view *response, unsigned r, const struct view *stimulus,
                                  unsigned s)
{
    if (r >= response->n || s >= stimulus->n)
        return false;
    const uint8_t *rp = view_header(response, r), *sp = view_header(stimulus, s);
    const uint32_t r_bytes = (uint32_t)(response->len - response->layers[r].start);
    const uint32_t s_bytes = (uint32_t)(stimulus->len - stimulus->layers[s].start);

    // Of IP the addresses: nearly always they tell, without a call.
    if (r_bytes < s_bytes || (s_bytes >= 20 && get64(rp + 12) != get64(sp + 12)))
        return false;
    if (memcmp(rp, sp, s_bytes) != 0)
        return false;
    uint32_t k = s_bytes;
    while (k < r_bytes && rp[k] == 0)
        k++;
    return k == r_bytes;
}

bool answers_frame(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
                   const struct answer_rules *rules)
{
    if (!rules->scapy)
        return answers(response, r, stimulus, s, rules) && !answers_is_own(response, r, stimulus, s);
    return (!rules->hashed || flow_key_hashes_alike(response, r, stimulus, s, rules)) &&
           answers(response, r, stimulus, s, rules);
}
