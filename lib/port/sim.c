#include "port/sim.h"

#include "port/sim_link.h"
#include "port/sim_options.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TX_BUFFERS 1024 // a queue; a burst in building and one refused are 128
#define QUEUES_MAX 128

// A queue's empty buffers for frames to send; the sending thread's.
struct tx_buffers {
    uint8_t *memory; // owned
    uint8_t *free[TX_BUFFERS];
    uint16_t n_free;
    uint16_t room;
};

struct sim_queue {
    struct sim_link link;
    struct tx_buffers buffers;
};

struct sim {
    struct port port; // first: what the caller holds
    struct sim_options options;
    struct sim_clock clock;
    struct sim_queue *queues; // owned; port.n_queues
};

static struct sim *sim_of(struct port *port)
{
    return (struct sim *)(void *)port;
}

static int attach(struct port *port)
{
    (void)port;
    return 0;
}

static void detach(struct port *port)
{
    (void)port;
}

static uint16_t tx_get(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct tx_buffers *buffers = &sim_of(port)->queues[queue].buffers;

    if (buffers->n_free < n)
        return 0;
    for (uint16_t i = 0; i < n; i++) {
        uint8_t *buffer = buffers->free[--buffers->n_free];

        frames[i] = (struct frame){.data = buffer, .handle = buffer, .len = 0, .room = buffers->room};
    }
    return n;
}

static void tx_put(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct tx_buffers *buffers = &sim_of(port)->queues[queue].buffers;

    for (uint16_t i = n; i > 0; i--) {
        uint8_t *buffer = frames[i - 1].handle;

#ifndef NDEBUG
        memset(buffer, 0xdb,
               buffers->room); // whoever looks at a frame that is not theirs any more shall see it
#endif
        buffers->free[buffers->n_free++] = buffer;
    }
}

static uint16_t tx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    uint16_t sent = sim_link_send(&sim_of(port)->queues[queue].link, frames, n);

    tx_put(port, queue, frames, sent);
    return sent;
}

static uint16_t rx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    return sim_link_receive(&sim_of(port)->queues[queue].link, frames, n);
}

static void rx_put(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    sim_link_put(&sim_of(port)->queues[queue].link, frames, n);
}

static uint64_t now(struct port *port)
{
    return sim_clock_now(&sim_of(port)->clock);
}

static void counters(struct port *port, struct port_counters *counters)
{
    *counters = (struct port_counters){0};
    for (uint16_t i = 0; i < port->n_queues; i++)
        sim_link_count(&sim_of(port)->queues[i].link, counters);
}

static void queue_release(struct sim_queue *queue)
{
    free(queue->buffers.memory);
    sim_link_release(&queue->link);
}

static void close_port(struct port *port)
{
    struct sim *sim = sim_of(port);

    for (uint16_t i = 0; i < port->n_queues; i++)
        queue_release(&sim->queues[i]);
    free(sim->queues);
    free(sim);
}

static const struct port_ops sim_ops = {
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

static int queue_init(struct sim_queue *queue, struct sim *sim, uint16_t number, struct diag *diag)
{
    size_t room = sim->options.mtu + 14 + 2 * 4;
    size_t stride = (room + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    struct tx_buffers *buffers = &queue->buffers;
    int err = sim_link_init(&queue->link, &sim->options, &sim->clock, number, diag);

    if (err < 0)
        return err;
    buffers->memory = aligned_alloc(CACHE_LINE, stride * TX_BUFFERS);
    if (buffers->memory == NULL) {
        diag_set(diag, (struct span){0, 0}, "no memory for a queue of the simulated network");
        sim_link_release(&queue->link);
        return -ENOMEM;
    }
    buffers->room = (uint16_t)room;
    for (buffers->n_free = 0; buffers->n_free < TX_BUFFERS; buffers->n_free++)
        buffers->free[buffers->n_free] =
            buffers->memory + stride * (size_t)(TX_BUFFERS - 1 - buffers->n_free);
    return 0;
}

static bool parse_options(struct sim *sim, const char *args, const struct port_options *options,
                          struct diag *diag)
{
    struct span none = {0, 0};

    if (!sim_options_parse(&sim->options, args, diag))
        return false;
    if (options->driver != NULL)
        return diag_set(diag, none, "the simulated network has no driver \"%.32s\"", options->driver);
    if (options->n_queues > QUEUES_MAX)
        return diag_set(diag, none, "the simulated network has up to %d queues", QUEUES_MAX);
    if (options->mtu != 0 && (options->mtu < SIM_MTU_MIN || options->mtu > SIM_MTU_MAX))
        return diag_set(diag, none, "the simulated network's MTU is from %d to %d", SIM_MTU_MIN, SIM_MTU_MAX);
    if (options->mtu != 0)
        sim->options.mtu = options->mtu;
    return true;
}

static int open_queues(struct sim *sim, uint16_t n, struct diag *diag)
{
    int err = 0;

    sim->queues = aligned_alloc(CACHE_LINE, n * sizeof(*sim->queues));
    if (sim->queues == NULL) {
        diag_set(diag, (struct span){0, 0}, "no memory for %u queues", n);
        return -ENOMEM;
    }
    while (sim->port.n_queues < n && err == 0) {
        err = queue_init(&sim->queues[sim->port.n_queues], sim, sim->port.n_queues, diag);
        if (err == 0)
            sim->port.n_queues++;
    }
    return err;
}

int sim_open(struct port **port, const char *args, const struct port_options *options, struct diag *diag)
{
    struct sim *sim = aligned_alloc(CACHE_LINE, sizeof(*sim));
    int err;

    if (sim == NULL) {
        diag_set(diag, (struct span){0, 0}, "no memory for the simulated network");
        return -ENOMEM;
    }
    sim->queues = NULL;
    if (!parse_options(sim, args, options, diag)) {
        free(sim);
        return -EINVAL;
    }
    sim->port = (struct port){
        .ops = &sim_ops,
        .name = "sim",
        .driver = "sim",
        .mac = {{2, 0, 0, 0, 0, 1}},
        .mtu = (uint16_t)sim->options.mtu,
        .ticks_hz = SIM_CLOCK_HZ,
        .is_simulated = true,
        .owns_clock = sim->options.virtual_clock != 0,
    };
    sim_clock_init(&sim->clock, &sim->options);
    err = open_queues(sim, options->n_queues == 0 ? 1 : options->n_queues, diag);
    if (err < 0) {
        close_port(&sim->port);
        return err;
    }
    *port = &sim->port;
    return 0;
}

struct address sim_own_address(uint8_t family)
{
    if (family == 4)
        return (struct address){.value = 0xc6120001, .family = 4};
    if (family == 6)
        return (struct address){.value = (u128)0x20010002 << 96 | 1, .family = 6};
    return (struct address){0};
}

struct mac sim_next_hop_mac(void)
{
    return (struct mac){{2, 0, 0, 0, 0, 2}};
}
