#include "port/sim_link.h"

#include "port/sim_random.h"

#include <errno.h>
#include <stdlib.h>

#define NEIGHBOUR_TICKS 100000     // ARP and ND are answered on the link itself
#define IDLE_TICKS      100000     // without a clock: what a look at an empty link takes
#define FASTEST_RATE    4000000    // frames a second for which an unlimited link has packets
#define PACKETS_MAX     (1u << 22) // small ones: 800 MB if they are ever all in use
#define LARGE_MAX       (1u << 17) // besides the RX ring's

enum draw {
    DRAW_LOSS = 1,
    DRAW_CORRUPT,
    DRAW_CUT,
    DRAW_DUP,
    DRAW_DUP_DELAY,
    DRAW_DELAY,
    DRAW_STRAY,
    DRAW_STRAY_FRAME,
    DRAW_FLIP,
    DRAW_FLIP_BIT
};

// One writer: no need for an atomic addition.
static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static uint64_t share_of(uint64_t ticks, uint64_t share)
{
    return (uint64_t)((u128)ticks * share >> 32);
}

// The longest from accepting a frame to its last answer's arrival.
static uint64_t longest_delay(const struct sim_link *link)
{
    return 2 * link->options->rtt + link->jitter + sim_clock_backlog(link->clock) + 1;
}

static uint32_t packets_needed(const struct sim_link *link)
{
    const struct sim_options *options = link->options;
    uint64_t rate = options->rate != 0 && options->rate < FASTEST_RATE ? options->rate : FASTEST_RATE;
    uint64_t flying = (uint64_t)((u128)rate * longest_delay(link) / SIM_CLOCK_HZ);

    flying *= 1u + (options->dup != 0) + (options->stray != 0);
    flying += options->ring + 16 * PORT_BURST_MAX;
    return flying < PACKETS_MAX + options->ring ? (uint32_t)flying : PACKETS_MAX + (uint32_t)options->ring;
}

static int init_memory(struct sim_link *link, uint64_t now)
{
    uint32_t n_small = packets_needed(link);
    uint32_t most = LARGE_MAX + (uint32_t)link->options->ring, n_large = n_small < most ? n_small : most;
    uint16_t room = (uint16_t)(link->options->mtu + 14 + 2 * 4 + SIM_ANSWER_GROWTH);
    int err = sim_pool_init(&link->pool, n_small, n_large, room);

    if (err < 0)
        return err;
    err = sim_wheel_init(&link->wheel, longest_delay(link), now);
    if (err < 0)
        return err;
    for (link->ring_slots = 1; link->ring_slots < n_small + n_large;)
        link->ring_slots *= 2;
    link->out.mask = link->back.mask = link->ring_slots - 1;
    link->out.slots = sim_pool_map(sizeof(struct sim_packet *) * link->ring_slots);
    link->back.slots = sim_pool_map(sizeof(struct sim_packet *) * link->ring_slots);
    link->arrived = sim_pool_map(sizeof(struct sim_packet *) * link->options->ring);
    link->spare = malloc(sizeof(*link->spare) + room);
    if (link->out.slots == NULL || link->back.slots == NULL || link->arrived == NULL || link->spare == NULL)
        return -ENOMEM;
    return 0;
}

static int open_log(struct sim_link *link, uint16_t queue, struct diag *diag)
{
    char path[sizeof(link->options->log) + 8];
    int err;

    snprintf(path, sizeof(path), queue == 0 ? "%s" : "%s.q%u", link->options->log, queue);
    err = sim_log_open(&link->log, link->options->log[0] == '\0' ? "" : path);
    if (err < 0)
        diag_set(diag, link->options->log_span, "log: cannot write \"%.100s\": %s", path, strerror(-err));
    return err;
}

int sim_link_init(struct sim_link *link, const struct sim_options *options, struct sim_clock *clock,
                  uint16_t queue, struct diag *diag)
{
    int err;

    *link = (struct sim_link){.options = options, .clock = clock, .log = {.fd = -1}};
    link->jitter = share_of(options->rtt, options->jitter);
    link->key = sim_mix(options->seed, queue);
    link->draws = options->loss || options->dup || options->corrupt || options->flip || options->stray ||
                  options->jitter;
    err = init_memory(link, sim_clock_now(clock));
    if (err < 0)
        diag_set(diag, (struct span){0, 0}, "no memory for a simulated link of this rate, rtt and ring");
    else
        err = open_log(link, queue, diag);
    if (err < 0)
        sim_link_release(link);
    return err;
}

void sim_link_release(struct sim_link *link)
{
    sim_log_close(&link->log);
    free(link->spare);
    sim_pool_unmap(link->arrived, sizeof(struct sim_packet *) * link->options->ring);
    sim_pool_unmap(link->back.slots, sizeof(struct sim_packet *) * link->ring_slots);
    sim_pool_unmap(link->out.slots, sizeof(struct sim_packet *) * link->ring_slots);
    sim_wheel_release(&link->wheel);
    sim_pool_release(&link->pool);
}

static struct sim_packet *take(struct sim_link *link, uint16_t need)
{
    struct sim_packet *packet = sim_pool_take(&link->pool, need);

    return packet != NULL ? packet : link->spare;
}

static void drop(struct sim_link *link, struct sim_packet *packet)
{
    if (packet != link->spare)
        sim_pool_put(&link->pool, packet);
}

static void deliver(struct sim_link *link, struct sim_packet *packet, uint64_t due)
{
    if (packet == link->spare) {
        add(&link->tx_missed, 1);
        return;
    }
    packet->due = due;
    sim_ring_push(&link->out, packet);
}

static uint64_t delay(const struct sim_link *link, uint64_t hash)
{
    uint64_t rtt = link->options->rtt;

    if (link->jitter == 0)
        return rtt;
    return rtt - link->jitter + (uint64_t)((u128)(2 * link->jitter) * sim_draw(hash, DRAW_DELAY) >> 32);
}

static bool is_neighbour(enum sim_answer answer)
{
    return answer == SIM_ANSWER_ARP_REPLY || answer == SIM_ANSWER_ADVERTISEMENT;
}

static enum sim_fate draw_fate(const struct sim_options *options, enum sim_answer answer, uint64_t hash)
{
    if (answer == SIM_ANSWER_INVALID)
        return SIM_FATE_INVALID;
    if (answer == SIM_ANSWER_NONE)
        return SIM_FATE_SILENT;
    if (is_neighbour(answer))
        return SIM_FATE_ANSWERED;
    if (sim_draw_hits(hash, DRAW_LOSS, options->loss))
        return SIM_FATE_LOST;
    if (sim_draw_hits(hash, DRAW_CORRUPT, options->corrupt))
        return SIM_FATE_CORRUPTED;
    if (sim_draw_hits(hash, DRAW_FLIP, options->flip))
        return SIM_FATE_FLIPPED;
    return sim_draw_hits(hash, DRAW_DUP, options->dup) ? SIM_FATE_DUPLICATED : SIM_FATE_ANSWERED;
}

// The end lies inside a header: behind the first byte of IP's, before the last of that above it.
static void cut(struct sim_packet *packet, const struct sim_frame *f, enum sim_answer answer, uint64_t hash)
{
    struct sim_extent extent = sim_host_extent(f, answer);
    uint32_t room = extent.header_end - extent.l3_start - 1u;

    packet->len = (uint16_t)(extent.l3_start + 1 + sim_draw(hash, DRAW_CUT) % room);
}

// Inverts one bit from the IP header on and returns which, counted from there.
static uint32_t flip(struct sim_packet *packet, const struct sim_frame *f, enum sim_answer answer,
                     uint64_t hash)
{
    uint16_t start = sim_host_extent(f, answer).l3_start;
    uint32_t bit = sim_draw(hash, DRAW_FLIP_BIT) % (8u * (packet->len - start));

    packet->data[start + bit / 8] ^= (uint8_t)(1u << bit % 8);
    return bit;
}

static void deliver_twice(struct sim_link *link, struct sim_packet *packet, uint64_t due, uint64_t hash)
{
    struct sim_packet *copy = take(link, packet->len);
    uint64_t later = (uint64_t)((u128)link->options->rtt * sim_draw(hash, DRAW_DUP_DELAY) >> 32);

    if (copy != packet) {
        copy->len = packet->len;
        memcpy(copy->data, packet->data, packet->len);
    }
    deliver(link, packet, due);
    deliver(link, copy, due + later);
}

static void maybe_stray(struct sim_link *link, const struct sim_frame *f, uint64_t departs, uint64_t hash)
{
    struct sim_packet *packet;
    struct sim_frame stray;

    if (!sim_draw_hits(hash, DRAW_STRAY, link->options->stray))
        return;
    packet = take(link, f->len + SIM_ANSWER_GROWTH);
    sim_host_stray(f, sim_draw(hash, DRAW_STRAY_FRAME), packet->data, &packet->len);
    sim_frame_parse(&stray, packet->data, packet->len);
    sim_log_frame(&link->log, SIM_FATE_STRAY, SIM_ANSWER_SYN_ACK, &stray, 0);
    deliver(link, packet, departs + link->options->rtt);
}

static void exchange(struct sim_link *link, const struct sim_frame *f, uint64_t departs)
{
    struct sim_packet *packet = take(link, f->len + SIM_ANSWER_GROWTH);
    enum sim_answer answer = sim_host_answer(link->options, f, packet->data, &packet->len);
    bool chance = link->draws && !is_neighbour(answer) && (f->l3 == SIM_L3_IPV4 || f->l3 == SIM_L3_IPV6);
    uint64_t hash = chance ? sim_hash(link->key + link->exchanges++, f->ip, f->ip_bytes) : 0;
    enum sim_fate fate = draw_fate(link->options, answer, hash);
    uint64_t rtt = link->options->rtt;

    sim_log_frame(&link->log, fate, answer, f, fate == SIM_FATE_FLIPPED ? flip(packet, f, answer, hash) : 0);
    if (is_neighbour(answer)) {
        deliver(link, packet, departs + (rtt < NEIGHBOUR_TICKS ? rtt : NEIGHBOUR_TICKS));
    } else if (fate == SIM_FATE_ANSWERED || fate == SIM_FATE_FLIPPED) {
        deliver(link, packet, departs + delay(link, hash));
    } else if (fate == SIM_FATE_DUPLICATED) {
        deliver_twice(link, packet, departs + delay(link, hash), hash);
    } else if (fate == SIM_FATE_CORRUPTED) {
        cut(packet, f, answer, hash);
        deliver(link, packet, departs + delay(link, hash));
    } else {
        drop(link, packet);
    }
    if (chance)
        maybe_stray(link, f, departs, hash);
}

static void reclaim(struct sim_link *link)
{
    struct sim_packet *packet;

    sim_ring_look(&link->back);
    while ((packet = sim_ring_pull(&link->back)) != NULL)
        sim_pool_put(&link->pool, packet);
}

uint16_t sim_link_send(struct sim_link *link, const struct frame *frames, uint16_t n)
{
    struct sim_departure departure;
    uint64_t sent = 0, bytes = 0;

    n = sim_clock_send(link->clock, n, &departure);
    reclaim(link);
    for (uint16_t i = 0; i < n; i++) {
        struct sim_frame f;

        sim_frame_parse(&f, frames[i].data, frames[i].len);
        if (f.l2_bytes == 0 || f.len - f.l2_bytes > (int)link->options->mtu) {
            sim_log_frame(&link->log, SIM_FATE_INVALID, SIM_ANSWER_NONE, &f, 0);
            continue;
        }
        sent++;
        bytes += f.len;
        exchange(link, &f, sim_departure_of(&departure, i));
    }
    sim_ring_publish(&link->out);
    add(&link->tx_frames, sent);
    add(&link->tx_bytes, bytes);
    add(&link->tx_errors, n - sent);
    return n;
}

// What is due at `until` or before goes into the RX ring, and where that is full, it is lost.
static void arrive(struct sim_link *link, uint64_t until)
{
    uint32_t ring = (uint32_t)link->options->ring;
    struct sim_packet *packet;
    uint64_t missed = 0;

    while ((packet = sim_wheel_take(&link->wheel, until)) != NULL) {
        if (link->n_arrived == ring) {
            sim_ring_push(&link->back, packet);
            missed++;
        } else {
            uint32_t place = link->first_arrived + link->n_arrived++;

            link->arrived[place < ring ? place : place - ring] = packet;
        }
    }
    if (missed > 0) {
        sim_ring_publish(&link->back);
        add(&link->rx_missed, missed);
    }
}

static void look(struct sim_link *link)
{
    uint64_t span = link->wheel.span, now, next;
    struct sim_packet *packet;

    sim_ring_look(&link->out);
    now = sim_clock_now(link->clock); // after looking: no frame seen was sent later
    while ((packet = sim_ring_pull(&link->out)) != NULL) {
        // They come in the order of sending: none of those behind this one arrives before that.
        if (packet->due > link->wheel.at + span)
            arrive(link, packet->due - span);
        sim_wheel_add(&link->wheel, packet);
    }
    arrive(link, now);
    if (link->n_arrived == 0 && link->clock->is_virtual) {
        next = sim_wheel_next(&link->wheel);
        sim_clock_skip_to(link->clock, next != UINT64_MAX ? next : now + IDLE_TICKS);
        arrive(link, sim_clock_now(link->clock));
    }
}

uint16_t sim_link_receive(struct sim_link *link, struct frame *frames, uint16_t n)
{
    uint64_t bytes = 0;

    look(link);
    n = n < link->n_arrived ? n : (uint16_t)link->n_arrived;
    for (uint16_t i = 0; i < n; i++) {
        struct sim_packet *packet = link->arrived[link->first_arrived];

        frames[i] =
            (struct frame){.data = packet->data, .handle = packet, .len = packet->len, .room = packet->room};
        bytes += packet->len;
        if (++link->first_arrived == link->options->ring)
            link->first_arrived = 0;
    }
    link->n_arrived -= n;
    if (n > 0) {
        add(&link->rx_frames, n);
        add(&link->rx_bytes, bytes);
    }
    return n;
}

void sim_link_put(struct sim_link *link, const struct frame *frames, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++)
        sim_ring_push(&link->back, frames[i].handle);
    sim_ring_publish(&link->back);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void sim_link_count(const struct sim_link *link, struct port_counters *counters)
{
    counters->rx_frames += get(&link->rx_frames);
    counters->rx_bytes += get(&link->rx_bytes);
    counters->tx_frames += get(&link->tx_frames);
    counters->tx_bytes += get(&link->tx_bytes);
    counters->imissed += get(&link->rx_missed) + get(&link->tx_missed);
    counters->tx_errors += get(&link->tx_errors);
}
