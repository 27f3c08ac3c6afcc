#include "hostile.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MAX 8

struct hostile {
    struct port port; // first: what the caller holds
    struct port *inner;
    struct hostile_options options;
    pthread_t opener;
    _Atomic uint64_t draws, gets, outstanding, accepted;
};

static struct hostile *hostile_of(const struct port *port)
{
    return (struct hostile *)(uintptr_t)port;
}

static uint64_t draw(struct hostile *h, uint64_t below)
{
    return hash_mix64(h->options.seed + atomic_fetch_add(&h->draws, 1), UINT64_C(0x14057b7ef767814f)) % below;
}

static uint16_t cut(struct hostile *h, uint16_t n)
{
    uint16_t most = (uint16_t)(1 + draw(h, 3));

    return n < most ? n : most;
}

static int attach(struct port *port)
{
    struct hostile *h = hostile_of(port);

    if (h->options.attach_error < 0 && !pthread_equal(pthread_self(), h->opener))
        return h->options.attach_error;
    return h->inner->ops->attach(h->inner);
}

static void detach(struct port *port)
{
    hostile_of(port)->inner->ops->detach(hostile_of(port)->inner);
}

static uint16_t tx_get(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct hostile *h = hostile_of(port);

    if (atomic_fetch_add(&h->gets, 1) >= h->options.no_buffers_after || draw(h, 3) == 0)
        return 0;
    n = h->inner->ops->tx_get(h->inner, queue, frames, n);
    atomic_fetch_add(&h->outstanding, n);
    return n;
}

static void tx_put(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct hostile *h = hostile_of(port);

    atomic_fetch_sub(&h->outstanding, n);
    h->inner->ops->tx_put(h->inner, queue, frames, n);
}

static uint16_t tx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct hostile *h = hostile_of(port);

    if (draw(h, 3) == 0 || atomic_load(&h->accepted) >= h->options.no_tx_after)
        return 0;
    n = h->inner->ops->tx_burst(h->inner, queue, frames, cut(h, n));
    atomic_fetch_sub(&h->outstanding, n);
    atomic_fetch_add(&h->accepted, n);
    memset(frames, 0x5a, n * sizeof(*frames));
    return n;
}

static uint16_t rx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct hostile *h = hostile_of(port);

    return draw(h, 4) == 0 ? 0 : h->inner->ops->rx_burst(h->inner, queue, frames, cut(h, n));
}

static void rx_put(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct hostile *h = hostile_of(port);

    for (uint16_t i = 0; i < n; i++)
        memset(frames[i].data, 0x5a, frames[i].len);
    h->inner->ops->rx_put(h->inner, queue, frames, n);
}

static uint64_t now(struct port *port)
{
    return hostile_of(port)->inner->ops->now(hostile_of(port)->inner);
}

static void counters(struct port *port, struct port_counters *c)
{
    hostile_of(port)->inner->ops->counters(hostile_of(port)->inner, c);
}

static void close_port(struct port *port)
{
    struct hostile *h = hostile_of(port);

    h->inner->ops->close(h->inner);
    free(h);
}

static const struct port_ops hostile_ops = {
    .attach = attach,
    .detach = detach,
    .tx_get = tx_get,
    .tx_put = tx_put,
    .tx_burst = tx_burst,
    .rx_burst = rx_burst,
    .rx_put = rx_put,
    .now = now,
    .counters = counters,
    .close = close_port,
};

struct port *hostile_open(struct port *inner, const struct hostile_options *options)
{
    struct hostile *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    h->port = *inner;
    h->port.ops = &hostile_ops;
    h->inner = inner;
    h->options = *options;
    h->opener = pthread_self();
    return &h->port;
}

uint64_t hostile_outstanding(const struct port *port)
{
    return atomic_load(&hostile_of(port)->outstanding);
}

uint64_t hostile_accepted(const struct port *port)
{
    return atomic_load(&hostile_of(port)->accepted);
}
