#include "engine/receiver.h"

#include "engine/arrival.h"
#include "port/neighbour.h"
#include "result/class.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

int receiver_init(struct receiver *r, uint64_t channel_bytes)
{
    int err = channel_init(&r->channel, channel_bytes);

    if (err < 0)
        return err;
    size_t room = (size_t)r->probes->plan->longest + PLAN_SLACK;
    r->scratch.frame = malloc(room);
    r->scratch.burst = malloc(PLAN_BURST * room);
    r->scratch.forms = &r->forms;
    r->ring = aligned_alloc(CACHE_LINE, (sizeof(*r->ring) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (r->scratch.frame == NULL || r->scratch.burst == NULL || r->ring == NULL) {
        receiver_release(r);
        return -ENOMEM;
    }
    memset(r->ring, 0, sizeof(*r->ring));
    return 0;
}

void receiver_release(struct receiver *r)
{
    channel_release(&r->channel);
    free(r->scratch.frame);
    free(r->scratch.burst);
    free(r->ring);
    r->scratch.frame = NULL;
    r->scratch.burst = NULL;
    r->ring = NULL;
}

// The collector frees room all the time, also when it can't write any more: waiting ends.
static struct arrival *receiver_reserve(struct receiver *r, uint32_t len)
{
    struct arrival *arrival;

    while ((arrival = channel_reserve(&r->channel, (uint32_t)sizeof(*arrival) + len)) == NULL)
        sched_yield();
    return arrival;
}

static void receiver_hand_on(struct receiver *r, const struct match *match, enum outcome outcome,
                             uint64_t now)
{
    struct arrival *arrival = receiver_reserve(r, match->view.len);

    *arrival = (struct arrival){
        .position = match->position,
        .index = match->index,
        .sent_ticks = match->sent_ticks,
        .arrived_ticks = now,
        .class = (uint16_t)class_of(&match->view),
        .len = match->view.len,
        .outcome = outcome,
    };
    memcpy(arrival->frame, match->view.bytes, match->view.len);
    channel_commit(&r->channel);
}

// Whoever asks for our address while the kernel does not hear it is answered, or it would not send us its answers.
static void receiver_reply(struct receiver *r, const struct match *match)
{
    uint8_t reply[REPLY_BYTES_MAX];

    if (!r->answers_neighbours)
        return;
    uint16_t len =
        neighbour_reply(match->view.bytes, match->view.len, r->own, ARRAY_SIZE(r->own), &r->port->mac, reply);
    if (len > 0)
        reply_ring_put(r->ring, reply, len);
}

// What waited in the ring while this thread had no core is not late for that.
static enum outcome receiver_find(struct receiver *r, struct match *match, uint64_t now)
{
    uint64_t read = receiver_read_until(r, now), waited = now > read ? now - read : 0;
    static const uint8_t outcomes[] = {
        [MATCH_ANSWER] = OUTCOME_ANSWERS,          [MATCH_FURTHER] = OUTCOME_ANSWERS,
        [MATCH_DUPLICATE] = OUTCOME_DUPLICATES,    [MATCH_LATE] = OUTCOME_LATE,
        [MATCH_UNSOLICITED] = OUTCOME_UNSOLICITED, [MATCH_MALFORMED] = OUTCOME_MALFORMED,
    };

    return (enum outcome)outcomes[match_find(r->probes, match, now, r->timeout_ticks + waited, &r->scratch)];
}

// What our own host's kernel sends is no answer: it shows up on AF_PACKET.
static bool receiver_is_ours(const struct receiver *r, const struct frame *frame)
{
    return frame->len >= 12 && memcmp(frame->data + 6, r->port->mac.bytes, 6) == 0;
}

static enum outcome receiver_take(struct receiver *r, const struct frame *frame, struct match *match,
                                  uint64_t now)
{
    enum outcome outcome = receiver_is_ours(r, frame) ? OUTCOME_FILTERED : receiver_find(r, match, now);

    if (outcome == OUTCOME_UNSOLICITED)
        receiver_reply(r, match);
    if (r->keep >> outcome & 1)
        receiver_hand_on(r, match, outcome, now);
    return outcome;
}

static unsigned receiver_burst(struct receiver *r, uint16_t queue)
{
    struct frame frames[RECEIVER_BURST];
    unsigned counts[OUTCOME_COUNT] = {0};
    uint16_t n = r->port->ops->rx_burst(r->port, queue, frames, RECEIVER_BURST);

    if (n == 0)
        return 0;
    uint64_t now = r->port->ops->now(r->port);
    for (unsigned k = 0; k < n; k++)
        match_decode(r->probes, frames[k].data, frames[k].len, &r->scratch, &r->matches[k]);
    match_prepare(r->probes, r->matches, n, &r->scratch);
    for (unsigned k = 0; k < n; k++)
        counts[receiver_take(r, &frames[k], &r->matches[k], now)]++;
    r->port->ops->rx_put(r->port, queue, frames, n);
    counts[OUTCOME_RECEIVED] = n;
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
        if (counts[o] > 0)
            outcome_add(&r->outcomes, (enum outcome)o, counts[o]);
    }
    return n;
}

static void receiver_judge(struct receiver *r, bool full)
{
    r->n_full = full ? r->n_full + 1 : 0;
    bool behind = r->n_full >= RECEIVER_BEHIND && r->n_full % RECEIVER_RESPITE != 0;

    if (behind != receiver_is_behind(r))
        atomic_store_explicit(&r->behind, behind, memory_order_relaxed);
}

unsigned receiver_step(struct receiver *r)
{
    uint64_t began = r->port->ops->now(r->port);
    unsigned n = 0;
    bool full = false;

    for (uint16_t queue = r->first_queue; queue < r->port->n_queues;
         queue = (uint16_t)(queue + r->queue_step)) {
        unsigned came = receiver_burst(r, queue);

        full |= came == RECEIVER_BURST;
        n += came;
    }
    receiver_judge(r, full);
    // A clock of the port's own moved on with the looks at its rings. Release: who sees that all was read sees what was marked.
    if (!full)
        atomic_store_explicit(&r->empty_ticks, r->port->owns_clock ? r->port->ops->now(r->port) : began,
                              memory_order_release);
    atomic_store_explicit(&r->n_steps, receiver_steps(r) + 1, memory_order_relaxed);
    return n;
}
