#include "port/ethdev_device.h"

#include <assert.h>
#include <errno.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

static struct ethdev *ethdev_of(struct port *port)
{
    return (struct ethdev *)port;
}

// A thread with an lcore id has its own cache in every pool. EAL gave one to the thread that started it.
static int attach(struct port *port)
{
    (void)port;
    if (rte_lcore_id() != LCORE_ID_ANY)
        return 0;
    return rte_thread_register() == 0 ? 0 : -EAGAIN; // too many threads
}

static void detach(struct port *port)
{
    struct ethdev *dev = ethdev_of(port);
    unsigned lcore = rte_lcore_id();

    if (lcore == LCORE_ID_ANY)
        return;
    // What stays in the cache is lost to the other threads.
    for (uint16_t i = 0; i < port->n_queues; i++) {
        struct rte_mempool *pool = dev->queues[i].pool, *tx_pool = dev->queues[i].tx_pool;

        rte_mempool_cache_flush(rte_mempool_default_cache(pool, lcore), pool);
        rte_mempool_cache_flush(rte_mempool_default_cache(tx_pool, lcore), tx_pool);
    }
    if (rte_eal_lcore_role(lcore) == ROLE_NON_EAL)
        rte_thread_unregister();
}

static void frame_of(struct frame *frame, struct rte_mbuf *mbuf)
{
    frame->data = rte_pktmbuf_mtod(mbuf, uint8_t *);
    frame->handle = mbuf;
    frame->len = mbuf->data_len;
}

// Buffers stay as the pool has them until tx_burst sets them up, in one pass over them: that is as many cache misses fewer.
static uint16_t tx_get(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct rte_mempool *pool = ethdev_of(port)->queues[queue].tx_pool;
    struct rte_mbuf *mbufs[PORT_BURST_MAX];
    uint16_t room = (uint16_t)(port->mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN);
    uint16_t has = (uint16_t)(rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM);

    assert(n <= PORT_BURST_MAX);
    if (rte_mempool_get_bulk(pool, (void **)mbufs, n) != 0)
        return 0;
    for (uint16_t i = 0; i < n; i++) {
        frames[i].data = (uint8_t *)rte_mbuf_buf_addr(mbufs[i], pool) + RTE_PKTMBUF_HEADROOM;
        frames[i].handle = mbufs[i];
        frames[i].len = 0;
        frames[i].room = room < has ? room : has;
    }
    return n;
}

static void put(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct rte_mbuf *mbufs[PORT_BURST_MAX];

    (void)port;
    (void)queue;
    assert(n <= PORT_BURST_MAX);
    for (uint16_t i = 0; i < n; i++)
        mbufs[i] = frames[i].handle;
    rte_pktmbuf_free_bulk(mbufs, n);
}

static uint16_t tx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct rte_mbuf *mbufs[PORT_BURST_MAX];

    assert(n <= PORT_BURST_MAX);
    for (uint16_t i = 0; i < n; i++) {
        mbufs[i] = frames[i].handle;
        rte_pktmbuf_reset(mbufs[i]);
        mbufs[i]->data_len = frames[i].len;
        mbufs[i]->pkt_len = frames[i].len;
    }
    return rte_eth_tx_burst(ethdev_of(port)->id, queue, mbufs, n);
}

// Makes a received frame one piece, with its VLAN tag in it. False: it cannot be.
static bool make_whole(struct rte_mbuf **mbuf)
{
    if (unlikely((*mbuf)->nb_segs > 1) && rte_pktmbuf_linearize(*mbuf) != 0)
        return false;
    if (unlikely((*mbuf)->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && rte_vlan_insert(mbuf) != 0)
        return false;
    return true;
}

static uint16_t rx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct ethdev *dev = ethdev_of(port);
    struct rte_mbuf *mbufs[PORT_BURST_MAX];
    uint16_t received, whole = 0;

    assert(n <= PORT_BURST_MAX);
    received = rte_eth_rx_burst(dev->id, queue, mbufs, n);
    for (uint16_t i = 0; i < received; i++) {
        if (unlikely(!make_whole(&mbufs[i]))) {
            rte_pktmbuf_free(mbufs[i]);
            atomic_fetch_add_explicit(&dev->queues[queue].rx_unusable, 1, memory_order_relaxed);
            continue;
        }
        frame_of(&frames[whole], mbufs[i]);
        frames[whole++].room = mbufs[i]->data_len;
    }
    return whole;
}

static uint64_t now(struct port *port)
{
    (void)port;
    return rte_rdtsc();
}

static void counters(struct port *port, struct port_counters *counters)
{
    struct ethdev *dev = ethdev_of(port);
    struct rte_eth_stats stats = {0};
    uint64_t count;

    *counters = (struct port_counters){
        PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, PORT_UNKNOWN, 0, PORT_UNKNOWN, PORT_UNKNOWN};
    for (uint16_t i = 0; i < port->n_queues; i++)
        counters->rx_nombuf += atomic_load_explicit(&dev->queues[i].rx_unusable, memory_order_relaxed);
    if (rte_eth_stats_get(dev->id, &stats) == 0) {
        counters->rx_frames = stats.ipackets;
        counters->rx_bytes = stats.ibytes;
        counters->tx_frames = stats.opackets;
        counters->tx_bytes = stats.obytes;
        if (dev->counts_missed)
            counters->imissed = stats.imissed;
        if (dev->counts_nombuf)
            counters->rx_nombuf += stats.rx_nombuf;
        if (!dev->refusals_are_errors)
            counters->tx_errors = stats.oerrors;
    }
    if (sockets_dropped(&dev->sockets, &count))
        counters->kernel_drops = count;
    if (sockets_tx_invalid(&dev->sockets, &count))
        counters->tx_errors = count;
}

static void close_port(struct port *port)
{
    ethdev_device_free(ethdev_of(port));
}

const struct port_ops ethdev_ops_table = {
    .attach = attach,
    .detach = detach,
    .tx_get = tx_get,
    .tx_put = put,
    .tx_burst = tx_burst,
    .fit = ethdev_device_fit,
    .rx_burst = rx_burst,
    .rx_put = put,
    .now = now,
    .counters = counters,
    .close = close_port,
};
