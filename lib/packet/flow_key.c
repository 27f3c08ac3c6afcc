#include "packet/flow_key.h"

#include "packet/layer.h"
#include "packet/layers/ip.h"
#include "packet/layers/udp.h"

static void flow_key_add_layer(const struct view *view, unsigned i, enum flow_role role,
                               const struct answer_rules *rules, struct flow_key *key)
{
    const struct layer_desc *desc = layer_get((enum layer_id)view->layers[i].id);

    if (desc->flow_key != NULL)
        desc->flow_key(view, i, role, rules, key);
}

enum flow_role flow_key_role(const struct view *stimulus, unsigned first)
{
    for (unsigned i = first; i < stimulus->n; i++) {
        if (ip_goes_to_group(stimulus, i))
            return FLOW_RESPONSE_TO_GROUP;
        if (udp_moves(stimulus, i))
            return FLOW_RESPONSE_MOVED;
    }
    return FLOW_RESPONSE;
}

// As Scapy's hashret(): of an error it is that of the quote, without the layers that carry it.
static uint64_t flow_key_hashed(const struct view *view, unsigned first, enum flow_role role,
                                const struct answer_rules *rules, uint64_t seed)
{
    struct flow_key key = {seed};

    for (unsigned i = first; i < view->n; i++) {
        bool as_sent = view->layers[i].quoted && role != FLOW_HASHRET;

        if (ip_is_error(view, i))
            i++;
        else
            flow_key_add_layer(view, i, as_sent ? FLOW_STIMULUS : role, rules, &key);
    }
    return key.state;
}

// Whether layer i counts in the key of a frame that starts at `first`: not what a stimulus quotes.
static bool flow_key_counts(const struct view *view, unsigned first, unsigned i)
{
    return i < view->n && view->layers[i].quoted == view->layers[first].quoted;
}

uint64_t flow_key_of(const struct view *view, unsigned first, enum flow_role role,
                     const struct flow_hash *how)
{
    struct flow_key key = {how->seed};

    if (how->rules.hashed)
        return flow_key_hashed(view, first, role, &how->rules, how->seed);
    for (unsigned i = first; flow_key_counts(view, first, i); i++)
        flow_key_add_layer(view, i, role, &how->rules, &key);
    return key.state;
}

static void flow_key_add_burst(const struct flow_burst *burst, unsigned i, const struct answer_rules *rules)
{
    const struct layer_desc *desc = layer_get((enum layer_id)burst->view->layers[i].id);
    struct view view = *burst->view;

    if (desc->flow_keys != NULL) {
        desc->flow_keys(burst, i, FLOW_STIMULUS, rules);
        return;
    }
    for (unsigned k = 0; desc->flow_key != NULL && k < burst->n; k++) {
        struct flow_key key = {burst->hashes[k]};

        view.bytes = burst->bytes[k];
        desc->flow_key(&view, i, FLOW_STIMULUS, rules, &key);
        burst->hashes[k] = key.state;
    }
}

// Layer by layer, so that the frames' multiplications overlap.
void flow_key_of_stimuli(const struct view *alike, uint8_t *const *bytes, unsigned n, unsigned first,
                         const struct flow_hash *how, uint64_t *hashes)
{
    struct view view = *alike;

    for (unsigned k = 0; k < n; k++)
        hashes[k] = how->seed;
    for (unsigned k = 0; how->rules.hashed && k < n; k++) {
        view.bytes = bytes[k];
        hashes[k] = flow_key_hashed(&view, first, FLOW_STIMULUS, &how->rules, how->seed);
    }
    const struct flow_burst burst = {alike, (const uint8_t *const *)bytes, n, hashes};
    for (unsigned i = first; !how->rules.hashed && flow_key_counts(&view, first, i); i++)
        flow_key_add_burst(&burst, i, &how->rules);
}

unsigned flow_key_prefixes(const struct view *view, unsigned first, const struct flow_hash *how,
                           uint64_t keys[VIEW_LAYERS_MAX + 1])
{
    struct flow_key key = {how->seed};
    unsigned n = 0;

    keys[n++] = key.state;
    for (unsigned i = first; flow_key_counts(view, first, i); i++) {
        flow_key_add_layer(view, i, FLOW_STIMULUS, &how->rules, &key);
        if (key.state != keys[n - 1])
            keys[n++] = key.state;
    }
    return n;
}

// Where the quote of an error starts; view->n: there is none.
static unsigned flow_key_quote(const struct view *view, unsigned first)
{
    unsigned i = first;

    while (i < view->n && !view->layers[i].quoted)
        i++;
    return i;
}

// The first layer of an error whose quote starts at `quote`: what its tunnel is made of stands below.
static unsigned flow_key_error(const struct view *view, unsigned first, unsigned quote)
{
    unsigned i = quote;

    while (i > first && view->layers[i].id != LAYER_IP && view->layers[i].id != LAYER_IPV6)
        i--;
    return i;
}

uint64_t flow_key_of_response(const struct view *view, unsigned first, enum flow_role role,
                              const struct flow_hash *how)
{
    const struct answer_rules *rules = &how->rules;
    unsigned quote = flow_key_quote(view, first);

    if (quote == view->n || rules->hashed)
        return flow_key_of(view, first, role, how);
    struct flow_key key = {how->seed};
    for (unsigned i = first, error = flow_key_error(view, first, quote == first ? first : quote - 1);
         i < error; i++)
        flow_key_add_layer(view, i, role, rules, &key);
    // Of a quote nothing is compared behind the transport.
    bool done = false;
    for (unsigned i = quote; i < view->n && !done; i++) {
        flow_key_add_layer(view, i, FLOW_STIMULUS, rules, &key);
        done = view->layers[i].id == LAYER_TCP || view->layers[i].id == LAYER_UDP ||
               view->layers[i].id == LAYER_SCTP || view->layers[i].id == LAYER_ICMP;
    }
    return key.state;
}

bool flow_key_hashes_alike(const struct view *a, unsigned a_first, const struct view *b, unsigned b_first,
                           const struct answer_rules *rules)
{
    return flow_key_hashed(a, a_first, FLOW_HASHRET, rules, 0) ==
           flow_key_hashed(b, b_first, FLOW_HASHRET, rules, 0);
}
