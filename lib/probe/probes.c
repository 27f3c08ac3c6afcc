#include "probe/probes.h"

#include "base/hash.h"
#include "packet/flow_key.h"

#include <errno.h>
#include <stdlib.h>

enum { PROBES_DRAW_ORDER, PROBES_DRAW_TAG, PROBES_DRAW_FLOW };

// Independent secrets from the one seed that the user may give.
static uint64_t probes_draw(uint64_t seed, uint64_t which)
{
    const struct hash_key key = {{seed, which}};

    return hash_word(&key, which);
}

static int probes_push_round(struct probes *probes, const struct order *order, uint64_t first)
{
    unsigned n = atomic_load_explicit(&probes->n_rounds, memory_order_relaxed);

    if (n == PROBES_ROUNDS_MAX)
        return -ENOSPC;
    struct round *round =
        aligned_alloc(CACHE_LINE, (sizeof(*round) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (round == NULL)
        return -ENOMEM;
    round->first = first;
    round->n = order->n;
    round->order = *order;
    int err = window_init(&round->window, order->n, probes->options.outstanding, probes->options.block_shift);
    if (err < 0) {
        free(round);
        return err;
    }
    round->window.whole_time = probes->options.multi;
    probes->rounds[n] = round;
    // Workers that see the new count see the round.
    atomic_store_explicit(&probes->n_rounds, n + 1, memory_order_release);
    return 0;
}

// Without rules that let answers differ in what carries the tag.
static bool probes_needs_table(const struct probes *probes)
{
    const struct answer_rules *rules = &probes->flow.rules;

    return probes->plan->is_lost_untagged || rules->scapy || rules->open != 0;
}

int probes_init(struct probes *probes, const struct plan *plan, const struct probes_options *options)
{
    struct order order;
    uint64_t outstanding = options->outstanding < plan->n ? options->outstanding : plan->n;
    int err;

    *probes = (struct probes){.plan = plan, .options = *options};
    tag_key_init(&probes->tag_key, probes_draw(options->seed, PROBES_DRAW_TAG));
    probes->flow.seed = probes_draw(options->seed, PROBES_DRAW_FLOW);
    probes->flow.rules = options->rules;
    probes->flow.rules.tagged_seq |= (plan->tags & 1u << TAG_WHOLE) != 0;
    probes->flow.rules.quoted_id |= (plan->tags & 1u << TAG_ID) != 0;
    if (options->random)
        order_init_random(&order, plan->n, probes_draw(options->seed, PROBES_DRAW_ORDER));
    else
        order_init_sequential(&order, plan->n);
    if (options->match && probes_needs_table(probes)) {
        // The window rounds up to whole blocks, and keeps a few of them.
        err = flow_table_new(&probes->table, outstanding + ((uint64_t)8 << options->block_shift));
        if (err < 0)
            return err;
    }
    err = probes_push_round(probes, &order, 0);
    if (err < 0)
        probes_release(probes);
    return err;
}

void probes_release(struct probes *probes)
{
    unsigned n = atomic_load_explicit(&probes->n_rounds, memory_order_relaxed);

    for (unsigned r = 0; r < n; r++) {
        window_release(&probes->rounds[r]->window);
        free(probes->rounds[r]);
    }
    if (probes->table != NULL)
        flow_table_free(probes->table);
    probes->table = NULL;
    atomic_store_explicit(&probes->n_rounds, 0, memory_order_relaxed);
}

int probes_add_round(struct probes *probes, const uint64_t *indices, uint64_t n)
{
    const struct round *last = probes_current(probes);
    struct order order;

    order_init_list(&order, indices, n);
    return probes_push_round(probes, &order, last->first + last->n);
}

struct round *probes_current(const struct probes *probes)
{
    return probes->rounds[atomic_load_explicit(&probes->n_rounds, memory_order_acquire) - 1];
}

struct round *probes_round_of(const struct probes *probes, uint64_t position)
{
    unsigned r = atomic_load_explicit(&probes->n_rounds, memory_order_acquire) - 1;

    while (position < probes->rounds[r]->first)
        r--;
    return probes->rounds[r];
}

static void probes_tags(const struct probes *probes, const uint64_t *positions, unsigned n,
                        struct plan_tags *tags)
{
    uint32_t values[PLAN_BURST] = {0};

    if (probes->plan->tags & (1u << TAG_WHOLE | 1u << TAG_HIGH | 1u << TAG_LOW))
        tag_of_burst(&probes->tag_key, positions, values, n);
    for (unsigned k = 0; k < n; k++)
        tags[k] = (struct plan_tags){.value = values[k]};
    if (probes->plan->tags & 1u << TAG_PORT) {
        for (unsigned k = 0; k < n; k++)
            tags[k].port = tag_port(&probes->tag_key, positions[k]);
    }
    if (probes->plan->tags & 1u << TAG_ID) {
        for (unsigned k = 0; k < n; k++)
            tags[k].id = tag_id(&probes->tag_key, positions[k]);
    }
}

// built->indices are set.
static void probes_build_indices(const struct probes *probes, const uint64_t *positions, unsigned n,
                                 uint8_t *const *frames, struct plan_built *built)
{
    struct plan_tags tags[PLAN_BURST];

    probes_tags(probes, positions, n, tags);
    plan_build_burst(probes->plan, tags, frames, built, n);
}

void probes_build(const struct probes *probes, const struct round *round, uint64_t first, unsigned n,
                  uint8_t *const *frames, struct plan_built *built)
{
    uint64_t positions[PLAN_BURST];

    order_indices(&round->order, first - round->first, built->indices, n);
    for (unsigned k = 0; k < n; k++)
        positions[k] = first + k;
    probes_build_indices(probes, positions, n, frames, built);
}

void probes_build_at(const struct probes *probes, const struct round *round, const uint64_t *positions,
                     unsigned n, uint8_t *const *frames, struct plan_built *built)
{
    uint64_t own[PLAN_BURST];

    for (unsigned k = 0; k < n; k++)
        own[k] = positions[k] - round->first;
    order_indices_at(&round->order, own, built->indices, n);
    probes_build_indices(probes, positions, n, frames, built);
}

unsigned probes_insert(struct probes *probes, const struct round *round, uint64_t first, unsigned n,
                       uint8_t *const *frames, const struct plan_built *built)
{
    uint64_t hashes[PLAN_BURST];
    uint64_t oldest = round->first + window_oldest(&round->window);
    unsigned full = 0;

    if (probes->table == NULL)
        return 0;
    for (unsigned from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && built->views[to] == built->views[from]; to++)
            ;
        flow_key_of_stimuli(built->views[from], frames + from, to - from, probes->plan->first_written,
                            &probes->flow, hashes + from);
    }
    for (unsigned k = 0; k < n; k++)
        flow_table_prefetch(probes->table, hashes[k]);
    bool (*const insert)(struct flow_table *, uint64_t, uint64_t, uint64_t) =
        probes->options.n_senders > 1 ? flow_table_insert : flow_table_insert_alone;
    for (unsigned k = 0; k < n; k++)
        full += !insert(probes->table, hashes[k], first + k, oldest);
    return full;
}
