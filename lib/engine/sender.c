#include "engine/sender.h"

#include <string.h>

static void sender_set_limit(struct sender *s, enum sender_limit limit)
{
    if (atomic_load_explicit(&s->limit, memory_order_relaxed) != limit)
        atomic_store_explicit(&s->limit, limit, memory_order_relaxed);
}

static bool sender_has_block(const struct sender *s)
{
    return s->accepted < s->count;
}

// The port took nothing, or gave nothing. For how long it may do so is limited.
static void sender_refused(struct sender *s, uint64_t now, enum sender_limit limit)
{
    if (!s->is_refused)
        s->refused_since = now;
    s->is_refused = true;
    sender_set_limit(s, limit);
    if (now - s->refused_since > s->stall_ticks)
        atomic_store_explicit(&s->control->stalled, true, memory_order_relaxed);
}

// Offers what is in hand. The send time is noted before the port may put a frame on the wire.
static void sender_offer(struct sender *s, uint64_t now)
{
    unsigned left = s->count - s->accepted;

    window_sent(&s->round->window, s->first - s->round->first, s->count, s->accepted, now);
    unsigned taken = s->port->ops->tx_burst(s->port, s->queue, s->frames + s->accepted, (uint16_t)left);
    s->accepted += taken;
    outcome_add(&s->outcomes, OUTCOME_SENT, taken);
    if (taken > 0)
        s->is_refused = false;
    if (!sender_has_block(s))
        s->n_frames = 0;
    else
        sender_refused(s, now, SENDER_PORT);
}

static void sender_build(struct sender *s)
{
    struct plan_built built;
    uint8_t *data[PLAN_BURST];

    for (unsigned k = 0; k < s->count; k++)
        data[k] = s->frames[k].data;
    probes_build(s->probes, s->round, s->first, s->count, data, &built);
    for (unsigned k = 0; k < s->count; k++)
        s->frames[k].len = built.lengths[k];
    if (s->probes->table == NULL)
        return;
    unsigned full = probes_insert(s->probes, s->round, s->first, s->count, data, &built);
    if (full > 0 && !probes_needs_no_table(s->probes))
        outcome_add(&s->outcomes, OUTCOME_TABLE_FULL, full);
}

static bool sender_get_frames(struct sender *s, uint64_t now)
{
    unsigned want = 1u << s->probes->options.block_shift;

    if (s->n_frames >= want)
        return true;
    s->n_frames +=
        s->port->ops->tx_get(s->port, s->queue, s->frames + s->n_frames, (uint16_t)(want - s->n_frames));
    if (s->n_frames >= want)
        return true;
    sender_refused(s, now, SENDER_BUFFERS);
    return false;
}

static bool sender_claim(struct sender *s)
{
    struct round *round = probes_current(s->probes);
    uint64_t first;
    bool full = false;

    if (!window_claim(&round->window, &first, &s->count, &full)) {
        s->count = s->accepted = 0;
        sender_set_limit(s, full ? SENDER_WINDOW : SENDER_FREE);
        return false;
    }
    // Its line was last written a lap ago.
    window_prefetch(&round->window, first + 4 * s->count);
    s->round = round;
    s->first = round->first + first;
    s->accepted = 0;
    // The last block of a plan may be short; its spare buffers go back.
    if (s->n_frames > s->count) {
        s->port->ops->tx_put(s->port, s->queue, s->frames + s->count, (uint16_t)(s->n_frames - s->count));
        s->n_frames = s->count;
    }
    return true;
}

// A receiver that shares its core may be asleep while its ring fills.
static bool sender_is_heard(const struct sender *s, struct sender_watch *watch)
{
    uint64_t n_steps = receiver_steps(watch->receiver), n_sent = outcome_read(&s->outcomes, OUTCOME_SENT);

    if (n_steps != watch->n_steps)
        watch->n_sent = n_sent;
    watch->n_steps = n_steps;
    return n_steps != 0 && n_sent - watch->n_sent < s->unheard_max;
}

// Who must catch up before more answers are asked for.
static enum sender_limit sender_who_lags(struct sender *s)
{
    for (unsigned i = 0; i < s->n_watches; i++) {
        struct sender_watch *watch = &s->watches[i];

        if (channel_is_filling(&watch->receiver->channel))
            return SENDER_COLLECTOR;
        if (receiver_is_behind(watch->receiver) || !sender_is_heard(s, watch))
            return SENDER_RECEIVER;
    }
    return SENDER_FREE;
}

static void sender_send_replies(struct sender *s)
{
    for (unsigned i = 0; i < s->n_rings; i++) {
        uint8_t bytes[REPLY_BYTES_MAX];
        uint16_t len = reply_ring_take(s->rings[i], bytes);
        struct frame frame;

        if (len == 0 || s->port->ops->tx_get(s->port, s->queue, &frame, 1) == 0)
            continue;
        memcpy(frame.data, bytes, len);
        frame.len = len;
        if (s->port->ops->tx_burst(s->port, s->queue, &frame, 1) == 0)
            s->port->ops->tx_put(s->port, s->queue, &frame, 1);
    }
}

// Stopping is for good. Release: who counts all senders sees all that they claimed.
static bool sender_is_stopped(struct sender *s)
{
    if (!atomic_load_explicit(&s->control->stop_sending, memory_order_relaxed))
        return false;
    if (!s->has_stopped)
        atomic_fetch_add_explicit(&s->control->n_stopped, 1, memory_order_release);
    s->has_stopped = true;
    return true;
}

static bool sender_may_send(struct sender *s, uint64_t now)
{
    if (sender_is_stopped(s) || !pacer_is_due(&s->pacer, now))
        return false;
    enum sender_limit limit = sender_who_lags(s);
    if (limit != SENDER_FREE)
        sender_set_limit(s, limit);
    return limit == SENDER_FREE;
}

void sender_step(struct sender *s, uint64_t now)
{
    if (sender_has_block(s)) {
        sender_offer(s, now);
        return;
    }
    sender_send_replies(s);
    if (!sender_may_send(s, now)) {
        s->is_refused = false; // it is not the port that we wait for
        return;
    }
    if (!sender_get_frames(s, now) || !sender_claim(s))
        return;
    sender_set_limit(s, SENDER_FREE);
    pacer_took(&s->pacer, now, s->count);
    sender_build(s);
    s->is_refused = false;
    sender_offer(s, s->port->ops->now(s->port));
}

uint16_t sender_frame_room(const struct plan *plan)
{
    unsigned longest = plan->longest + PLAN_SLACK;

    return (uint16_t)(longest < REPLY_BYTES_MAX ? REPLY_BYTES_MAX : longest);
}

void sender_close(struct sender *s)
{
    unsigned from = sender_has_block(s) ? s->accepted : 0;

    if (s->n_frames > from)
        s->port->ops->tx_put(s->port, s->queue, s->frames + from, (uint16_t)(s->n_frames - from));
    s->n_frames = 0;
}
