#include "probe/match.h"

#include "packet/flow_key.h"

uint8_t match_first(const struct plan *plan, const struct view *view)
{
    uint8_t i = 0;

    while (plan->first_written > 0 && i < view->n &&
           (view->layers[i].id == LAYER_ETHER || view->layers[i].id == LAYER_DOT1Q ||
            view->layers[i].id == LAYER_DOT1AD))
        i++;
    return i;
}

// Whether a tag that comes back names the only probe that the response can answer.
static bool match_goes_by_tag(const struct probes *probes)
{
    return probes_finds_by_tag(probes) && !probes->flow.rules.scapy;
}

void match_decode(const struct probes *probes, const uint8_t *bytes, uint16_t len,
                  const struct match_scratch *scratch, struct match *match)
{
    forms_decode(scratch->forms, &match->view, bytes, len, LAYER_ETHER);
    match->first = match_first(probes->plan, &match->view);
    match->known = MATCH_KNOWN_NOTHING;
    if (match_goes_by_tag(probes))
        return;
    match->hash = flow_key_of_response(&match->view, match->first, FLOW_RESPONSE, &probes->flow);
    flow_table_prefetch(probes->table, match->hash);
}

// The first guess at the tag that a response echoes; false: it echoes none.
static bool match_echoed(const struct match *match, uint32_t *tag)
{
    for (unsigned i = match->first; i < match->view.n; i++) {
        const struct layer_desc *desc = layer_get((enum layer_id)match->view.layers[i].id);

        if (desc->echoed != NULL && desc->echoed(&match->view, i, 0, 0, tag))
            return true;
    }
    return false;
}

// The matches that have one candidate, all of one round.
struct match_alone {
    const struct round *round;
    unsigned n;
    struct match *matches[PLAN_BURST];
    uint64_t positions[PLAN_BURST];
};

static void match_alone_add(struct match_alone *alone, struct match *match, uint64_t position)
{
    if (position < alone->round->first)
        return;
    window_prefetch(&alone->round->window, position - alone->round->first);
    alone->matches[alone->n] = match;
    alone->positions[alone->n++] = position;
}

// By the tags that most answers echo, if the plan has whole ones.
static void match_look_up_tags(const struct probes *probes, struct match *matches, unsigned n,
                               struct match_alone *alone)
{
    uint64_t newest = alone->round->first + window_newest(&alone->round->window);
    struct match *echoing[PLAN_BURST];
    uint32_t tags[PLAN_BURST], lows[PLAN_BURST];
    unsigned n_echoing = 0;

    for (unsigned k = 0; k < n; k++) {
        if (!match_echoed(&matches[k], &tags[n_echoing]))
            continue;
        echoing[n_echoing++] = &matches[k];
    }
    tag_position_burst(&probes->tag_key, tags, lows, n_echoing);
    for (unsigned k = 0; k < n_echoing; k++) {
        // The newest position that has these low bits.
        uint32_t back = (uint32_t)(newest - 1) - lows[k];

        if (back < newest)
            match_alone_add(alone, echoing[k], newest - 1 - back);
    }
}

static void match_look_up(const struct probes *probes, struct match *matches, unsigned n,
                          struct match_alone *alone)
{
    uint64_t positions[FLOW_TABLE_CANDIDATES];
    uint64_t newest = alone->round->first + window_newest(&alone->round->window);

    for (unsigned k = 0; k < n; k++) {
        unsigned found = flow_table_find(probes->table, matches[k].hash, newest, positions);

        if (found == 0)
            matches[k].known = MATCH_KNOWN_STRAY;
        if (found == 1)
            match_alone_add(alone, &matches[k], positions[0]);
    }
}

void match_prepare(const struct probes *probes, struct match *matches, unsigned n,
                   const struct match_scratch *scratch)
{
    struct match_alone alone = {.round = probes_current(probes), .n = 0};
    struct plan_built built;
    uint8_t *frames[PLAN_BURST];
    struct view stimulus;

    const bool by_tag = match_goes_by_tag(probes);

    if (by_tag)
        match_look_up_tags(probes, matches, n, &alone);
    else
        match_look_up(probes, matches, n, &alone);
    for (unsigned k = 0; k < alone.n; k++)
        frames[k] = scratch->burst + k * ((size_t)probes->plan->longest + PLAN_SLACK);
    probes_build_at(probes, alone.round, alone.positions, alone.n, frames, &built);
    for (unsigned k = 0; k < alone.n; k++) {
        struct match *match = alone.matches[k];

        if (k == 0 || built.views[k] != built.views[k - 1])
            stimulus = *built.views[k];
        stimulus.bytes = frames[k];
        bool fits = answers_frame(&match->view, match->first, &stimulus, probes->plan->first_written,
                                  &probes->flow.rules);
        match->known = fits ? MATCH_KNOWN_PROBE : by_tag ? MATCH_KNOWN_NOTHING : MATCH_KNOWN_STRAY;
        match->position = alone.positions[k];
        match->index = built.indices[k];
    }
}

// Whether the response answers the stimulus at that position; if so, *index is that one's.
static bool match_verify(const struct probes *probes, const struct round *round, uint64_t position,
                         const struct match *match, const struct match_scratch *scratch, uint64_t *index)
{
    struct plan_built built;
    uint8_t *frame = scratch->frame;

    probes_build(probes, round, position, 1, &frame, &built);
    struct view stimulus = *built.views[0];
    stimulus.bytes = frame;
    *index = built.indices[0];
    return answers_frame(&match->view, match->first, &stimulus, probes->plan->first_written,
                         &probes->flow.rules);
}

// Whether the probe had been sent when the response arrived. Of a block that the port refused more than once, the rest has
// the time of its last offer, which may be later: then *sent becomes that of the first, which is surely not.
static bool match_was_sent(const struct window *window, uint64_t position, uint64_t arrived, uint64_t *sent)
{
    uint64_t block = position >> window->block_shift << window->block_shift;

    if (arrived < *sent)
        (void)window_peek(window, block, sent);
    return arrived >= *sent;
}

// Of a probe that has its answer.
static enum match_outcome match_again(const struct probes *probes, uint64_t arrived, uint64_t timeout,
                                      uint64_t sent)
{
    if (!probes->options.multi)
        return MATCH_DUPLICATE;
    return arrived > sent && arrived - sent > timeout ? MATCH_LATE : MATCH_FURTHER;
}

// Claims the answer for a verified candidate, or says why it can't have it. Earlier attempts are all retired.
static enum match_outcome match_claim(const struct probes *probes, struct window *window, uint64_t position,
                                      uint64_t arrived, uint64_t timeout, uint64_t *sent)
{
    enum window_mark mark = window_peek(window, position, sent);

    if (mark == WINDOW_GONE && position >= window_oldest(window))
        return MATCH_UNSOLICITED; // claimed, but not sent yet
    if (mark == WINDOW_ANSWER && !match_was_sent(window, position, arrived, sent))
        return MATCH_UNSOLICITED;
    if (mark == WINDOW_ANSWER && arrived - *sent > timeout)
        return MATCH_LATE; // the collector has not come round to giving it up
    if (mark == WINDOW_ANSWER)
        mark = window_mark(window, position, sent);
    (void)match_was_sent(window, position, arrived, sent);
    return mark == WINDOW_ANSWER      ? MATCH_ANSWER
           : mark == WINDOW_DUPLICATE ? match_again(probes, arrived, timeout, *sent)
                                      : MATCH_LATE;
}

// Tries one candidate; what is better than the best outcome so far takes its place.
static void match_try(struct probes *probes, uint64_t position, struct match *match, uint64_t arrived,
                      uint64_t timeout, const struct match_scratch *scratch, enum match_outcome *best)
{
    struct round *round = probes_round_of(probes, position);
    uint64_t index, sent = 0;

    if (!match_verify(probes, round, position, match, scratch, &index))
        return;
    enum match_outcome outcome =
        match_claim(probes, &round->window, position - round->first, arrived, timeout, &sent);
    // A duplicate says more than an answer that came too late.
    if (outcome >= *best)
        return;
    *best = outcome;
    match->position = position;
    match->index = index;
    match->sent_ticks = sent;
}

// Nothing better is to be found among later candidates. With several answers a probe, Scapy takes the first that fits.
static bool match_is_settled(const struct probes *probes, enum match_outcome best)
{
    return best == MATCH_ANSWER || (best == MATCH_FURTHER && probes->flow.rules.scapy);
}

static enum match_outcome match_candidates(struct probes *probes, enum flow_role role, struct match *match,
                                           uint64_t arrived, uint64_t timeout,
                                           const struct match_scratch *scratch)
{
    if (probes->table == NULL)
        return MATCH_UNSOLICITED;
    uint64_t hash = flow_key_of_response(&match->view, match->first, role, &probes->flow);
    const struct round *current = probes_current(probes);
    uint64_t positions[FLOW_TABLE_CANDIDATES];
    uint64_t newest = current->first + window_newest(&current->window);
    unsigned n = flow_table_find(probes->table, hash, newest, positions);
    enum match_outcome best = MATCH_UNSOLICITED;

    for (unsigned k = 0; k < n && !match_is_settled(probes, best); k++)
        match_try(probes, positions[k], match, arrived, timeout, scratch, &best);
    return best;
}

// How many bytes the stimuli carry on their layer of that kind.
static uint32_t match_payload(const struct plan *plan, enum layer_id id)
{
    const struct view *stimulus = plan->branches[0].n_shapes == 0 ? NULL : &plan->branches[0].shapes[0].view;
    int i = stimulus == NULL ? -1 : view_find(stimulus, id);

    return i < 0 ? 0
                 : (uint32_t)(stimulus->layers[i].end - stimulus->layers[i].start -
                              stimulus->layers[i].header_bytes);
}

// The probe that an echoed tag names: it is found also if the flow table had no room for it, as when a thousand probes of
// one flow wait at once.
static enum match_outcome match_by_tag(struct probes *probes, struct match *match, uint64_t arrived,
                                       uint64_t timeout, const struct match_scratch *scratch)
{
    const struct round *current = probes_current(probes);
    uint64_t newest = current->first + window_newest(&current->window);
    enum match_outcome best = MATCH_UNSOLICITED;

    for (unsigned i = match->first; i < match->view.n && newest > 0; i++) {
        const struct layer_desc *desc = layer_get((enum layer_id)match->view.layers[i].id);
        uint32_t payload = match_payload(probes->plan, (enum layer_id)match->view.layers[i].id), tag;

        for (unsigned guess = 0; desc->echoed != NULL && best == MATCH_UNSOLICITED &&
                                 desc->echoed(&match->view, i, payload, guess, &tag);
             guess++) {
            // The newest position that has these low bits.
            uint32_t back = (uint32_t)(newest - 1) - tag_position(&probes->tag_key, tag);

            if (back < newest)
                match_try(probes, newest - 1 - back, match, arrived, timeout, scratch, &best);
        }
    }
    return best;
}

static enum match_outcome match_known(struct probes *probes, struct match *match, uint64_t arrived,
                                      uint64_t timeout, const struct match_scratch *scratch)
{
    if (match->known == MATCH_KNOWN_STRAY)
        return MATCH_UNSOLICITED;
    if (match->known == MATCH_KNOWN_NOTHING)
        return match_candidates(probes, FLOW_RESPONSE, match, arrived, timeout, scratch);
    struct round *round = probes_round_of(probes, match->position);

    match->sent_ticks = 0;
    return match_claim(probes, &round->window, match->position - round->first, arrived, timeout,
                       &match->sent_ticks);
}

enum match_outcome match_find(struct probes *probes, struct match *match, uint64_t arrived, uint64_t timeout,
                              const struct match_scratch *scratch)
{
    enum match_outcome outcome = match_known(probes, match, arrived, timeout, scratch);

    if (outcome == MATCH_UNSOLICITED && probes->plan->has_group)
        outcome = match_candidates(probes, FLOW_RESPONSE_TO_GROUP, match, arrived, timeout, scratch);
    if (outcome == MATCH_UNSOLICITED && probes->plan->has_moved)
        outcome = match_candidates(probes, FLOW_RESPONSE_MOVED, match, arrived, timeout, scratch);
    if (outcome == MATCH_UNSOLICITED && probes_finds_by_tag(probes))
        outcome = match_by_tag(probes, match, arrived, timeout, scratch);
    return outcome == MATCH_UNSOLICITED && match->view.malformed ? MATCH_MALFORMED : outcome;
}
