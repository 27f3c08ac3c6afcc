// The probes of a run: a plan, sent once or in several rounds, and all that is needed to find the probe that a response
// answers.
//
// Positions are counted through all rounds: round r holds positions first..first + n - 1. A round is made by the
// collector while no probe waits, and published to the workers by one store; rounds stay until the run ends, so
// that an answer to an earlier attempt is still known for what it is.
#ifndef VOLLEY_PROBE_PROBES_H
#define VOLLEY_PROBE_PROBES_H

#include "packet/answers.h"
#include "probe/flow_table.h"
#include "probe/order.h"
#include "probe/tag.h"
#include "probe/window.h"
#include "template/plan.h"

#define PROBES_ROUNDS_MAX 1024

struct round {
    uint64_t first; // position
    uint64_t n;
    struct order order;
    struct window window;
};

struct probes_options {
    uint64_t seed;
    bool random;          // the first round's order
    uint64_t outstanding; // positions that may wait at once
    unsigned block_shift;
    unsigned n_senders;        // threads that call probes_insert; 0 is 1
    bool match;                // answers are expected: keep a flow table, if there must be one
    bool multi;                // a probe may have several answers: it waits for its whole time
    struct answer_rules rules; // those of tags are added
};

struct probes {
    const struct plan *plan; // borrowed
    struct probes_options options;
    struct tag_key tag_key;
    struct flow_hash flow;                   // how flow keys are made, and answers judged
    struct flow_table *table;                // owned; NULL without match, or if all answers carry whole tags
    struct round *rounds[PROBES_ROUNDS_MAX]; // owned
    _Atomic unsigned n_rounds;
};

// The first round's order. 0 or -errno; on failure nothing is held.
int probes_init(struct probes *probes, const struct plan *plan,
                const struct probes_options *options) MUST_USE;
void probes_release(struct probes *probes);

// Collector: a further round, of the listed indices, which must stay where they are. 0 or -errno.
int probes_add_round(struct probes *probes, const uint64_t *indices, uint64_t n) MUST_USE;

// The newest round, and the round of a position.
struct round *probes_current(const struct probes *probes);
struct round *probes_round_of(const struct probes *probes, uint64_t position);

// Builds the stimuli of positions first..first + n - 1 (all of `round`, n up to PLAN_BURST). Any thread.
void probes_build(const struct probes *probes, const struct round *round, uint64_t first, unsigned n,
                  uint8_t *const *frames, struct plan_built *built);

// The same for any positions of `round`.
void probes_build_at(const struct probes *probes, const struct round *round, const uint64_t *positions,
                     unsigned n, uint8_t *const *frames, struct plan_built *built);

// Answers may carry whole positions back: such probes are found also without a place in the flow table.
static inline bool probes_finds_by_tag(const struct probes *probes)
{
    return probes->plan->n_whole_tags > 0;
}

// All of them do.
static inline bool probes_needs_no_table(const struct probes *probes)
{
    return probes->plan->n_whole_tags == probes->plan->n_shapes && probes->plan->n_shapes > 0;
}

// TX worker, before it sends what probes_build built: makes the probes findable, if there is a table. Returns how many found no place.
unsigned probes_insert(struct probes *probes, const struct round *round, uint64_t first, unsigned n,
                       uint8_t *const *frames, const struct plan_built *built);

#endif
