#include "port/neighbour.h"

#include "port/neighbour_frame.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_RATE_PPS 20000
#define DEFAULT_ATTEMPTS 3
#define DEFAULT_WAIT_MS  300
// A port that takes no frame for as long is broken.
#define STUCK_SECONDS 2

struct asking {
    struct port *port;
    struct neighbour *list;
    struct neighbour **sorted; // by address
    size_t n, unknown;
    const struct neighbour_options *options;
};

static int compare_addresses(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

static int compare_neighbours(const void *a, const void *b)
{
    return compare_addresses(&(*(struct neighbour *const *)a)->address,
                             &(*(struct neighbour *const *)b)->address);
}

// The first in `sorted` that is not before the address.
static size_t find(const struct asking *asking, const struct address *address)
{
    size_t low = 0, high = asking->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_addresses(&asking->sorted[middle]->address, address) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// The first answer counts.
static void take_answer(struct asking *asking, const struct neighbour_claim *claim)
{
    bool asks_as_nobody = claim->address.family == 6 && asking->options->source6.family == 0;

    if (!claim->is_solicited && !asks_as_nobody)
        return;
    for (size_t i = find(asking, &claim->address); i < asking->n; i++) {
        struct neighbour *neighbour = asking->sorted[i];

        if (!address_equal(&neighbour->address, &claim->address))
            return;
        if (neighbour->found)
            continue;
        neighbour->mac = claim->mac;
        neighbour->found = true;
        asking->unknown--;
    }
}

static bool receive(struct asking *asking)
{
    struct port *port = asking->port;
    struct frame frames[PORT_BURST_MAX];
    struct neighbour_claim claim;
    uint16_t n = port->ops->rx_burst(port, 0, frames, PORT_BURST_MAX);

    for (uint16_t i = 0; i < n; i++)
        if (neighbour_frame_parse_answer(frames[i].data, frames[i].len, &claim))
            take_answer(asking, &claim);
    if (n > 0)
        port->ops->rx_put(port, 0, frames, n);
    return n > 0;
}

// Asks for list[*next] and up to max - 1 unknown ones after it; *next moves past those sent. Returns how many were.
static uint16_t send_some(struct asking *asking, size_t *next, uint16_t max)
{
    struct port *port = asking->port;
    struct frame frames[PORT_BURST_MAX];
    size_t asked[PORT_BURST_MAX];
    uint16_t got = port->ops->tx_get(port, 0, frames, max), n = 0, sent;

    for (size_t i = *next; i < asking->n && n < got; i++) {
        const struct neighbour *neighbour = &asking->list[i];
        bool is_v4 = neighbour->address.family == 4;

        if (neighbour->found)
            continue;
        frames[n].len = neighbour_frame_question(
            frames[n].data, &port->mac, is_v4 ? &asking->options->source4 : &asking->options->source6,
            &neighbour->address);
        asked[n++] = i;
    }
    if (got > n)
        port->ops->tx_put(port, 0, frames + n, (uint16_t)(got - n));
    sent = n > 0 ? port->ops->tx_burst(port, 0, frames, n) : 0;
    if (sent < n)
        port->ops->tx_put(port, 0, frames + sent, (uint16_t)(n - sent));
    if (got > 0)
        *next = sent < n ? asked[sent] : n > 0 ? asked[n - 1] + 1 : asking->n;
    return sent;
}

static void idle(const struct asking *asking)
{
    if (!asking->port->is_simulated) // there, waiting is what moves the clock
        sched_yield();
}

static uint16_t due_now(uint64_t elapsed, uint64_t hz, uint32_t rate, uint64_t sent)
{
    uint64_t due = (uint64_t)((u128)elapsed * rate / hz) + 1;

    if (due <= sent)
        return 0;
    return due - sent < PORT_BURST_MAX ? (uint16_t)(due - sent) : PORT_BURST_MAX;
}

// One question for every unknown one. 0 or -errno.
static int ask_all(struct asking *asking, uint32_t rate)
{
    struct port *port = asking->port;
    uint64_t start = port->ops->now(port), last_sent = start, sent = 0;
    size_t next = 0;

    while (next < asking->n && asking->unknown > 0) {
        uint64_t now = port->ops->now(port);
        uint16_t due = due_now(now - start, port->ticks_hz, rate, sent);
        uint16_t n = due > 0 ? send_some(asking, &next, due) : 0;

        sent += n;
        if (n > 0 || due == 0)
            last_sent = now;
        else if (now - last_sent > STUCK_SECONDS * port->ticks_hz)
            return -EIO;
        if (!receive(asking) && n == 0)
            idle(asking);
    }
    return 0;
}

static void wait_for_answers(struct asking *asking, uint32_t wait_ms)
{
    struct port *port = asking->port;
    uint64_t start = port->ops->now(port);
    uint64_t ticks = (uint64_t)((u128)wait_ms * port->ticks_hz / 1000);

    while (asking->unknown > 0 && port->ops->now(port) - start < ticks)
        if (!receive(asking))
            idle(asking);
}

static int sort(struct asking *asking)
{
    asking->sorted = malloc(asking->n * sizeof(*asking->sorted));
    if (asking->sorted == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < asking->n; i++) {
        asking->sorted[i] = &asking->list[i];
        asking->unknown += !asking->list[i].found;
    }
    qsort(asking->sorted, asking->n, sizeof(*asking->sorted), compare_neighbours);
    return 0;
}

int neighbour_ask(struct port *port, struct neighbour *list, size_t n,
                  const struct neighbour_options *options)
{
    struct asking asking = {.port = port, .list = list, .n = n, .options = options};
    uint32_t rate = options->rate_pps > 0 ? options->rate_pps : DEFAULT_RATE_PPS;
    uint32_t attempts = options->attempts > 0 ? options->attempts : DEFAULT_ATTEMPTS;
    uint32_t wait_ms = options->wait_ms > 0 ? options->wait_ms : DEFAULT_WAIT_MS;
    int err;

    if (n == 0)
        return 0;
    if (n > INT32_MAX)
        return -E2BIG;
    err = sort(&asking);
    if (err < 0)
        return err;
    for (uint32_t i = 0; i < attempts && asking.unknown > 0 && err == 0; i++) {
        err = ask_all(&asking, rate);
        if (err == 0)
            wait_for_answers(&asking, wait_ms);
    }
    free(asking.sorted);
    return err < 0 ? err : (int)asking.unknown;
}

uint16_t neighbour_reply(const uint8_t *frame, uint16_t len, const struct address *own, size_t n,
                         const struct mac *mac, uint8_t *reply)
{
    struct neighbour_question question;

    if (!neighbour_frame_parse_question(frame, len, &question))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (address_equal(&own[i], &question.target))
            return neighbour_frame_answer(reply, mac, &own[i], &question.asker_mac, &question.asker);
    return 0;
}
