#include "engine/collector.h"

#include "engine/arrival.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COLLECTOR_RECORDS_A_STEP 4096
#define COLLECTOR_BLOCKS_A_STEP  4096
#define COLLECTOR_FLUSH_NS       500000000u

int collector_init(struct collector *c)
{
    size_t room = (size_t)c->probes->plan->longest + PLAN_SLACK;

    c->spooling = c->retry != 0 && c->probes->options.match;
    if (c->numbered > 0) {
        int err = numbering_init(&c->numbering, c->numbered);
        if (err < 0)
            return err;
    }
    if (c->spooling) {
        int err = spool_open(&c->spools[0]);
        if (err < 0) {
            collector_release(c);
            return err;
        }
    }
    for (unsigned k = 0; k < PLAN_BURST; k++) {
        c->frames[k] = malloc(room);
        if (c->frames[k] == NULL) {
            collector_release(c);
            return -ENOMEM;
        }
    }
    return 0;
}

void collector_release(struct collector *c)
{
    numbering_release(&c->numbering);
    for (unsigned k = 0; k < PLAN_BURST; k++) {
        free(c->frames[k]);
        c->frames[k] = NULL;
    }
    for (unsigned a = 0; a < PROBES_ROUNDS_MAX; a++)
        spool_close(&c->spools[a]);
}

static void collector_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

// The first error stops sending: what can't be stored need not be asked for.
static void collector_check(struct collector *c, int err)
{
    if (err >= 0 || c->error < 0)
        return;
    c->error = err;
    atomic_store_explicit(&c->control->stop_sending, true, memory_order_relaxed);
}

// ---- what arrived

static struct view collector_stimulus(struct collector *c, uint64_t position)
{
    struct plan_built built;

    probes_build(c->probes, probes_round_of(c->probes, position), position, 1, c->frames, &built);
    struct view view = *built.views[0];
    view.bytes = c->frames[0];
    return view;
}

// The probe's attempt, from 1.
static uint32_t collector_attempt(const struct collector *c, uint64_t position)
{
    uint32_t r = 0;

    while (r < c->attempt && position >= c->probes->rounds[r + 1]->first)
        r++;
    return r + 1;
}

static uint64_t collector_time(const struct collector *c, uint64_t ticks)
{
    return ticks == 0 ? 0 : clock_time(&c->clock, ticks);
}

// What is written of a probe, but for its stimulus.
static struct record collector_record(const struct collector *c, uint64_t position, uint64_t index,
                                      uint64_t sent_ticks)
{
    return (struct record){
        .probe = index,
        .attempt = collector_attempt(c, position),
        .outcome = RECORD_UNANSWERED,
        .sent_ns = collector_time(c, sent_ticks),
        .stimulus_first = c->probes->plan->first_written,
    };
}

static void collector_count(struct collector *c, const struct arrival *arrival, uint32_t number)
{
    uint64_t ticks =
        arrival->arrived_ticks > arrival->sent_ticks ? arrival->arrived_ticks - arrival->sent_ticks : 0;

    histogram_add(&c->rtt, clock_ticks_to_ns(&c->clock, ticks));
    c->classes[arrival->class]++;
    if (number == 1)
        collector_add(&c->n_answered, 1);
}

static enum record_outcome collector_outcome(const struct arrival *arrival)
{
    static const uint8_t outcomes[OUTCOME_COUNT] = {
        [OUTCOME_ANSWERS] = RECORD_ANSWERED,    [OUTCOME_DUPLICATES] = RECORD_DUPLICATE,
        [OUTCOME_LATE] = RECORD_LATE,           [OUTCOME_UNSOLICITED] = RECORD_UNSOLICITED,
        [OUTCOME_MALFORMED] = RECORD_MALFORMED, [OUTCOME_FILTERED] = RECORD_FILTERED,
    };

    return (enum record_outcome)outcomes[arrival->outcome];
}

static bool collector_is_numbered(const struct arrival *arrival)
{
    return arrival->outcome == OUTCOME_ANSWERS || arrival->outcome == OUTCOME_DUPLICATES;
}

static void collector_arrival(struct collector *c, const struct arrival *arrival)
{
    bool numbered = collector_is_numbered(arrival);
    bool belongs = numbered || arrival->outcome == OUTCOME_LATE;
    bool is_answer = arrival->outcome == OUTCOME_ANSWERS;
    uint32_t number = !numbered ? 0 : c->numbered > 0 ? numbering_next(&c->numbering, arrival->position) : 1;
    struct view stimulus, response;

    if (is_answer)
        collector_count(c, arrival, number);
    if (is_answer && !output_takes_answers(&c->output))
        return;
    struct record record = {0};
    if (belongs) {
        stimulus = collector_stimulus(c, arrival->position);
        record = collector_record(c, arrival->position, arrival->index, arrival->sent_ticks);
        record.stimulus = &stimulus;
    }
    view_decode(&response, arrival->frame, arrival->len, LAYER_ETHER);
    record.outcome = collector_outcome(arrival);
    record.answer = number;
    record.received_ns = collector_time(c, arrival->arrived_ticks);
    record.response = &response;
    record.response_first = match_first(c->probes->plan, &response);
    collector_check(c, output_add(&c->output, &record));
}

static bool collector_drain(struct collector *c)
{
    bool any = false;

    for (unsigned i = 0; i < c->n_receivers; i++) {
        struct channel *channel = &c->receivers[i]->channel;
        const struct arrival *arrival;
        uint32_t len;

        for (unsigned k = 0; k < COLLECTOR_RECORDS_A_STEP && (arrival = channel_next(channel, &len)) != NULL;
             k++) {
            collector_arrival(c, arrival);
            channel_free_record(channel);
            any = true;
        }
    }
    return any;
}

// ---- silence

static void collector_write_silent(struct collector *c, const struct view *stimulus, uint64_t position,
                                   uint64_t index, uint64_t sent_ticks)
{
    struct record record = collector_record(c, position, index, sent_ticks);

    record.stimulus = stimulus;
    collector_check(c, output_add(&c->output, &record));
}

static uint64_t collector_sent_ticks(const struct window_retired *block, unsigned k)
{
    return block->sent[k < block->split ? 0 : 1];
}

// n positions in a row, from the k-th of the block on.
static void collector_silent_run(struct collector *c, const struct round *round,
                                 const struct window_retired *block, unsigned k, unsigned n)
{
    struct plan_built built;

    if (c->spooling) {
        order_indices(&round->order, block->first + k, built.indices, n);
        for (unsigned i = 0; i < n; i++)
            collector_check(c, spool_add(&c->spools[c->attempt], built.indices[i],
                                         round->first + block->first + k + i,
                                         collector_sent_ticks(block, k + i)));
        return;
    }
    if (!output_takes_silence(&c->output))
        return;
    uint64_t first = round->first + block->first + k;
    probes_build(c->probes, round, first, n, c->frames, &built);
    for (unsigned i = 0; i < n; i++) {
        struct view view = *built.views[i];

        view.bytes = c->frames[i];
        collector_write_silent(c, &view, first + i, built.indices[i], collector_sent_ticks(block, k + i));
    }
}

static void collector_silent(struct collector *c, const struct round *round,
                             const struct window_retired *block)
{
    uint64_t bits = block->unanswered;

    collector_add(&c->n_silent, (unsigned)__builtin_popcountll(bits));
    while (bits != 0) {
        unsigned from = (unsigned)__builtin_ctzll(bits);
        uint64_t rest = ~(bits >> from);
        unsigned n = rest == 0 ? 64 - from : (unsigned)__builtin_ctzll(rest);

        if (n > PLAN_BURST)
            n = PLAN_BURST;
        collector_silent_run(c, round, block, from, n);
        bits &= ~((n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1) << from);
    }
}

static bool collector_retire(struct collector *c, struct round *round, uint64_t expired)
{
    struct window_retired block;
    bool any = false;

    for (unsigned k = 0; k < COLLECTOR_BLOCKS_A_STEP && window_retire(&round->window, expired, &block); k++) {
        if (c->probes->options.match && block.unanswered != 0)
            collector_silent(c, round, &block);
        any = true;
    }
    return any;
}

// ---- rounds

// Whether an attempt may follow that one, from 0.
static bool collector_may_follow(const struct collector *c, uint32_t attempt)
{
    if (attempt + 1 >= PROBES_ROUNDS_MAX)
        return false;
    return c->retry < 0 || attempt < (uint32_t)c->retry;
}

// The attempt is over: whether what is still unanswered is sent again. As with Scapy, the first one is never barren.
static bool collector_goes_on(struct collector *c)
{
    uint64_t answered = atomic_load_explicit(&c->n_answered, memory_order_relaxed);

    if (c->attempt > 0)
        c->n_barren = answered == c->answered_before ? c->n_barren + 1 : 0;
    c->answered_before = answered;
    return c->spooling && c->spools[c->attempt].n > 0 && (c->retry > 0 || c->n_barren < (uint32_t)-c->retry);
}

// The unanswered of this attempt become the next one's list.
static int collector_next_round(struct collector *c)
{
    struct spool *list = &c->spools[c->attempt];
    bool another = collector_may_follow(c, c->attempt + 1);
    int err = spool_map(list);

    if (err == 0 && another)
        err = spool_open(&c->spools[c->attempt + 1]);
    if (err == 0)
        err = probes_add_round(c->probes, list->lists[SPOOL_INDEX], list->n);
    if (err < 0)
        return err;
    c->attempt++;
    c->spooling = another;
    atomic_store_explicit(&c->n_silent, 0, memory_order_relaxed);
    return 0;
}

static bool collector_round_is_over(const struct round *round)
{
    return window_oldest(&round->window) == round->n;
}

// When sending was stopped, the run is over once nothing that was claimed waits. Acquire: what senders claimed before.
static bool collector_nothing_waits(const struct collector *c, const struct round *round)
{
    return atomic_load_explicit(&c->control->n_stopped, memory_order_acquire) == c->n_senders &&
           window_oldest(&round->window) == window_newest(&round->window);
}

static void collector_advance(struct collector *c, struct round *round)
{
    bool stopping = atomic_load_explicit(&c->control->stop_sending, memory_order_relaxed);
    bool over = collector_round_is_over(round);

    if (over && !stopping && !c->done && collector_goes_on(c)) {
        int err = collector_next_round(c);

        if (err == 0)
            return;
        collector_check(c, err);
    }
    // Results can't be stored any more, so no answer is waited for; or all is said.
    if (c->error < 0 || over || (stopping && collector_nothing_waits(c, round)))
        atomic_store_explicit(&c->done, true, memory_order_release);
}

static void collector_flush(struct collector *c, uint64_t now)
{
    if (now - c->last_flush_ticks < clock_ns_to_ticks(&c->clock, COLLECTOR_FLUSH_NS))
        return;
    c->last_flush_ticks = now;
    collector_check(c, output_flush(&c->output));
}

// What all receivers have read: nothing that came before is still on its way.
static uint64_t collector_read_until(const struct collector *c, uint64_t now)
{
    uint64_t read = now;

    for (unsigned i = 0; i < c->n_receivers; i++) {
        uint64_t of = receiver_read_until(c->receivers[i], now);

        read = of < read ? of : read;
    }
    return read;
}

bool collector_step(struct collector *c)
{
    uint64_t now = c->port->ops->now(c->port);
    struct round *round = probes_current(c->probes);
    bool any = collector_drain(c);

    if (any)
        collector_check(c, output_flush_lines(&c->output));
    uint64_t read = collector_read_until(c, now);
    any |= collector_retire(c, round, read > c->timeout_ticks ? read - c->timeout_ticks : 0);
    collector_advance(c, round);
    collector_flush(c, now);
    return any;
}

// ---- the end

// What a sender still holds was claimed, but never left.
static uint64_t collector_unsent_bits(const struct round *round, const struct window_retired *block,
                                      struct sender *const *senders, unsigned n_senders)
{
    uint64_t first = round->first + block->first, bits = 0;

    for (unsigned i = 0; i < n_senders; i++) {
        const struct sender *s = senders[i];

        if (s->accepted >= s->count || s->first != first)
            continue;
        for (unsigned k = s->accepted; k < s->count; k++)
            bits |= (uint64_t)1 << k;
    }
    return bits;
}

// The k-th of the list was sent in an earlier attempt, and stays unanswered.
static void collector_write_listed(struct collector *c, const struct spool *list, uint64_t k)
{
    uint64_t position = list->lists[SPOOL_POSITION][k];
    struct view view = collector_stimulus(c, position);

    collector_write_silent(c, &view, position, list->lists[SPOOL_INDEX][k], list->lists[SPOOL_SENT][k]);
}

// The k-th of this attempt's list was not sent again.
static void collector_unreached(struct collector *c, uint64_t k)
{
    collector_add(&c->n_silent, 1);
    if (output_takes_silence(&c->output))
        collector_write_listed(c, &c->spools[c->attempt - 1], k);
}

// Given up in this attempt in the hope of another one, which will not come.
static void collector_unspool(struct collector *c)
{
    struct spool *spool = &c->spools[c->attempt];

    if (!c->spooling || !output_takes_silence(&c->output))
        return;
    collector_check(c, spool_map(spool));
    for (uint64_t k = 0; k < spool->n && spool->lists[SPOOL_INDEX] != NULL; k++)
        collector_write_listed(c, spool, k);
}

uint64_t collector_finish(struct collector *c, struct sender *const *senders, unsigned n_senders)
{
    struct round *round = probes_current(c->probes);
    struct window_retired block;
    uint64_t in_hand = 0;

    while (collector_drain(c))
        ;
    while (window_retire(&round->window, UINT64_MAX, &block)) {
        uint64_t unsent = collector_unsent_bits(round, &block, senders, n_senders);

        in_hand += c->attempt == 0 ? (unsigned)__builtin_popcountll(unsent) : 0;
        block.unanswered &= ~unsent;
        for (; c->attempt > 0 && unsent != 0; unsent &= unsent - 1)
            collector_unreached(c, block.first + (unsigned)__builtin_ctzll(unsent));
        if (c->probes->options.match && block.unanswered != 0)
            collector_silent(c, round, &block);
    }
    for (uint64_t k = window_newest(&round->window); c->attempt > 0 && k < round->n; k++)
        collector_unreached(c, k);
    collector_unspool(c);
    collector_check(c, output_flush_lines(&c->output));
    return in_hand;
}
