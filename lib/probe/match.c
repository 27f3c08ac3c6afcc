#include "probe/match.h"

#include "packet/flow_key.h"

// What a probe of layer 3 is compared from: everything above the link.
static uint8_t match_first(const struct view *view)
{
    uint8_t i = 0;

    while (i < view->n && (view->layers[i].id == LAYER_ETHER || view->layers[i].id == LAYER_DOT1Q))
        i++;
    return i;
}

void match_decode(const struct probes *probes, const uint8_t *bytes, uint16_t len, struct match *match)
{
    view_decode(&match->view, bytes, len, LAYER_ETHER);
    match->first = probes->plan->first_written > 0 ? match_first(&match->view) : 0;
    match->hash = flow_key_of_response(&match->view, match->first, FLOW_RESPONSE, probes->flow_seed);
    flow_table_prefetch(probes->table, match->hash);
}

// Whether the response answers the stimulus at that position; if so, which index it was is noted.
static bool match_verify(const struct probes *probes, const struct round *round, uint64_t position,
                         struct match *match, const struct match_scratch *scratch)
{
    struct probes_built built;
    uint8_t *frame = scratch->frame;

    probes_build(probes, round, position, 1, &frame, &built);
    struct view stimulus = built.shapes[0]->view;
    stimulus.bytes = frame;
    if (!answers(&match->view, match->first, &stimulus, probes->plan->first_written, &probes->rules))
        return false;
    match->position = position;
    match->index = built.indices[0];
    return true;
}

// Claims the answer for a verified candidate, or says why it can't have it.
static enum match_outcome match_claim(struct probes *probes, struct round *round, struct match *match,
                                      uint64_t arrived, uint64_t timeout)
{
    uint64_t position = match->position - round->first, sent = 0;

    if (round != probes_current(probes))
        return MATCH_LATE; // an earlier attempt
    if (window_peek(&round->window, position, &sent) == WINDOW_ANSWER && arrived > sent &&
        arrived - sent > timeout) {
        match->sent_ticks = sent;
        return MATCH_LATE; // the collector has not come round to giving it up
    }
    enum window_mark mark = window_mark(&round->window, position, &sent);
    match->sent_ticks = sent;
    return mark == WINDOW_ANSWER ? MATCH_ANSWER : mark == WINDOW_DUPLICATE ? MATCH_DUPLICATE : MATCH_LATE;
}

static enum match_outcome match_candidates(struct probes *probes, uint64_t hash, struct match *match,
                                           uint64_t arrived, uint64_t timeout,
                                           const struct match_scratch *scratch)
{
    const struct round *current = probes_current(probes);
    uint64_t positions[FLOW_TABLE_CANDIDATES];
    uint64_t newest = current->first + window_newest(&current->window);
    unsigned n = flow_table_find(probes->table, hash, newest, positions);
    enum match_outcome best = MATCH_UNSOLICITED;

    for (unsigned k = 0; k < n; k++) {
        struct round *round = probes_round_of(probes, positions[k]);

        if (positions[k] >= newest || !match_verify(probes, round, positions[k], match, scratch))
            continue;
        enum match_outcome outcome = match_claim(probes, round, match, arrived, timeout);
        if (outcome == MATCH_ANSWER)
            return outcome;
        // A duplicate says more than an answer that came too late.
        if (outcome < best)
            best = outcome;
    }
    return best;
}

enum match_outcome match_find(struct probes *probes, struct match *match, uint64_t arrived, uint64_t timeout,
                              const struct match_scratch *scratch)
{
    enum match_outcome outcome = match_candidates(probes, match->hash, match, arrived, timeout, scratch);

    if (outcome == MATCH_UNSOLICITED && probes->plan->has_group) {
        uint64_t hash =
            flow_key_of_response(&match->view, match->first, FLOW_RESPONSE_TO_GROUP, probes->flow_seed);

        outcome = match_candidates(probes, hash, match, arrived, timeout, scratch);
    }
    return outcome == MATCH_UNSOLICITED && match->view.malformed ? MATCH_MALFORMED : outcome;
}
