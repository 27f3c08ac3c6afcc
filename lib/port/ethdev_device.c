#include "port/ethdev_device.h"

#include "port/dpdk.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

// A thread keeps up to 1.5 times as many for itself.
#define POOL_CACHE 256
// Threads at a queue: TX, RX, and one that asks for neighbours before.
#define POOL_THREADS 3
// What the kernel may have on a socket that was just opened; more is left to be counted as received.
#define DRAIN_BURSTS 1024
// A NIC's link may take as long after a reset.
#define LINK_WAIT_MS 5000

static const struct span nowhere = {0, 0};

// `step` failed for the device with what DPDK logged. Returns err, as rights where that is what is missing.
static int failed(const struct ethdev_request *request, const char *step, int err, struct diag *diag)
{
    char reason[128];

    if (!dpdk_error_get(reason, sizeof(reason)))
        snprintf(reason, sizeof(reason), "%s", strerror(-err));
    if (err == -EPERM || err == -EACCES) {
        diag_set(diag, nowhere, "no right to %s %s (%s)", step, request->name, reason);
        diag_hint(diag, "run as root, or with CAP_NET_RAW, CAP_NET_ADMIN and CAP_IPC_LOCK");
        return -EPERM;
    }
    diag_set(diag, nowhere, "cannot %s %s with %s: %s", step, request->name,
             request->label != NULL ? request->label : "DPDK", reason);
    return err < 0 ? err : -EIO;
}

static int probe(struct ethdev *dev, const struct ethdev_request *request, struct diag *diag)
{
    int err = 0;

    // EAL itself has probed the PCI device that it was started for.
    if (rte_eth_dev_get_port_by_name(request->device, &dev->id) == 0 && !request->is_pci) {
        diag_set(diag, nowhere, "%s is open already", request->device);
        return -EBUSY;
    }
    if (rte_eth_dev_get_port_by_name(request->device, &dev->id) != 0)
        err = rte_eal_hotplug_add(request->is_pci ? "pci" : "vdev", request->device, request->args);
    if (err == 0)
        err = rte_eth_dev_get_port_by_name(request->device, &dev->id);
    if (err == -1) // drivers return this for any failure: it is not -EPERM
        err = -EIO;
    if (err == -EFAULT) // no driver takes such a name
        err = -ENODEV;
    return err < 0 ? failed(request, "open", err, diag) : 0;
}

static void unprobe(struct ethdev *dev)
{
    if (!dev->is_broken) {
        (void)rte_eth_dev_close(dev->id);
        (void)rte_eal_hotplug_remove(dev->is_pci ? "pci" : "vdev", dev->device);
    }
    // net_af_xdp forgets its sockets, and all but the first queue's.
    sockets_close(&dev->sockets);
}

static int configure(struct ethdev *dev, const struct ethdev_request *request, struct rte_eth_dev_info *info,
                     struct diag *diag)
{
    struct rte_eth_conf conf = {0};
    uint16_t n = dev->port.n_queues;
    int err = rte_eth_dev_info_get(dev->id, info);

    if (err < 0)
        return failed(request, "ask", err, diag);
    if (n > info->max_rx_queues || n > info->max_tx_queues) {
        diag_set(diag, nowhere, "%s has %u queues at most, %u were asked for", request->name,
                 RTE_MIN(info->max_rx_queues, info->max_tx_queues), n);
        return -EINVAL;
    }
    if (n > 1 && info->flow_type_rss_offloads != 0) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf =
            (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) & info->flow_type_rss_offloads;
    }
    if (request->is_pci)
        conf.rxmode.mtu = request->mtu;
    // A queue's buffers come from one pool and are referred to once.
    conf.txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    dev->has_one_pool = request->domain == AF_XDP || conf.txmode.offloads != 0;
    err = rte_eth_dev_configure(dev->id, n, n, &conf);
    return err < 0 ? failed(request, "configure", err, diag) : 0;
}

// Buffers for all that the driver, the threads' caches and their bursts hold, so that tx_get finds one whenever
// the driver has room for it.
static uint32_t buffers_needed(const struct ethdev_request *request)
{
    uint32_t held = (uint32_t)request->rx_desc + request->tx_desc + request->extra_desc +
                    POOL_THREADS * (POOL_CACHE * 3 / 2) + 4 * PORT_BURST_MAX;

    return rte_align32pow2(held + 1) - 1;
}

// room: of a buffer, its headroom included.
static struct rte_mempool *pool_new(const struct ethdev *dev, const char *kind, uint16_t queue, uint32_t room)
{
    char name[RTE_MEMPOOL_NAMESIZE];

    snprintf(name, sizeof(name), "volley_%s%u_%u", kind, dev->id, queue);
    return rte_pktmbuf_pool_create(name, dev->n_buffers, POOL_CACHE, 0, (uint16_t)room,
                                   rte_eth_dev_socket_id(dev->id));
}

static struct rte_mempool *queue_pool_new(const struct ethdev *dev, uint16_t queue,
                                          const struct ethdev_request *request)
{
    uint32_t room = RTE_MAX(request->room, (uint32_t)RTE_MBUF_DEFAULT_DATAROOM) + RTE_PKTMBUF_HEADROOM;
    struct rte_mempool *pool = pool_new(dev, "", queue, room);

    // net_af_xdp takes the first piece for the whole.
    if (pool != NULL && request->domain == AF_XDP && pool->nb_mem_chunks != 1) {
        rte_mempool_free(pool);
        pool = NULL;
        rte_errno = ENOMEM;
    }
    return pool;
}

static void tx_pool_free(struct ethdev_queue *queue)
{
    if (queue->tx_pool != queue->pool)
        rte_mempool_free(queue->tx_pool);
    queue->tx_pool = queue->pool;
}

static void pools_free(struct ethdev *dev)
{
    for (uint16_t i = 0; i < dev->port.n_queues; i++) {
        tx_pool_free(&dev->queues[i]);
        rte_mempool_free(dev->queues[i].pool);
    }
}

// A burst of full-sized buffers lies on as many pages, and that costs more than all else (docs/performance.md). Buffers of other
// pools must not come into a queue whose driver frees all to the pool of one, or has registered one pool's memory.
void ethdev_device_fit(struct port *port, uint16_t longest)
{
    struct ethdev *dev = (struct ethdev *)port;
    uint32_t room = RTE_ALIGN_CEIL((uint32_t)longest, CACHE_LINE) + RTE_PKTMBUF_HEADROOM;

    for (uint16_t i = 0; i < port->n_queues && !dev->has_one_pool; i++) {
        struct ethdev_queue *queue = &dev->queues[i];

        assert(queue->tx_pool == queue->pool);
        if (room >= rte_pktmbuf_data_room_size(queue->pool))
            continue;
        struct rte_mempool *pool = pool_new(dev, "tx", i, room);
        if (pool != NULL)
            queue->tx_pool = pool;
    }
}

static int queues_setup(struct ethdev *dev, const struct ethdev_request *request, struct diag *diag)
{
    uint16_t rx = request->rx_desc, tx = request->tx_desc;
    int node = rte_eth_dev_socket_id(dev->id);
    int err = rte_eth_dev_adjust_nb_rx_tx_desc(dev->id, &rx, &tx);

    if (err < 0)
        return failed(request, "configure", err, diag);
    for (uint16_t i = 0; i < dev->port.n_queues; i++) {
        dev->queues[i].pool = dev->queues[i].tx_pool = queue_pool_new(dev, i, request);
        if (dev->queues[i].pool == NULL) {
            diag_set(diag, nowhere, "no memory for %u queues of %s", dev->port.n_queues, request->name);
            return -ENOMEM;
        }
        err = rte_eth_rx_queue_setup(dev->id, i, rx, (unsigned)node, NULL, dev->queues[i].pool);
        if (err == 0)
            err = rte_eth_tx_queue_setup(dev->id, i, tx, (unsigned)node, NULL);
        // net_af_xdp then closes what it has freed. Better that device stays unused till the process ends.
        dev->is_broken = err < 0 && i == 0 && request->domain == AF_XDP;
        if (err < 0)
            return failed(request, "set up queues of", err, diag);
    }
    return 0;
}

// Until the sockets were told to ignore it, they received what the host sends.
static void drain(struct ethdev *dev)
{
    struct rte_mbuf *mbufs[PORT_BURST_MAX];
    uint16_t n;

    for (uint16_t queue = 0; queue < dev->port.n_queues; queue++) {
        for (unsigned i = 0; i < DRAIN_BURSTS; i++) {
            n = rte_eth_rx_burst(dev->id, queue, mbufs, PORT_BURST_MAX);
            if (n == 0)
                break;
            rte_pktmbuf_free_bulk(mbufs, n);
        }
    }
}

static int wait_for_link(const struct ethdev *dev, const struct ethdev_request *request, struct diag *diag)
{
    struct timespec pause = {.tv_nsec = 10000000};
    struct rte_eth_link link = {0};

    for (unsigned ms = 0; ms < LINK_WAIT_MS; ms += 10) {
        if (rte_eth_link_get_nowait(dev->id, &link) != 0 || link.link_status == RTE_ETH_LINK_UP)
            return 0;
        nanosleep(&pause, NULL);
    }
    diag_set(diag, nowhere, "%s has no link", request->name);
    return -ENETDOWN;
}

// The drivers clear IFF_PROMISC when they start.
static int start(struct ethdev *dev, const struct ethdev_request *request, struct diag *diag)
{
    int err = rte_eth_dev_start(dev->id);

    if (err < 0)
        return failed(request, "start", err, diag);
    if (dev->has_before)
        err = netdev_restore(dev->port.interface, &dev->before);
    if (err == 0 && request->domain == AF_PACKET) {
        err = sockets_ignore_outgoing(&dev->sockets);
        drain(dev);
    }
    if (err == 0 && request->is_pci)
        err = wait_for_link(dev, request, diag);
    if (err == 0) {
        (void)rte_eth_stats_reset(dev->id);
        return 0;
    }
    (void)rte_eth_dev_stop(dev->id);
    return failed(request, "start", err, diag);
}

static void describe(struct ethdev *dev, const struct ethdev_request *request,
                     const struct rte_eth_dev_info *info)
{
    struct port *port = &dev->port;
    struct rte_ether_addr mac = {0};
    struct rte_eth_link link = {0};
    bool is_xdp = strcmp(info->driver_name, "net_af_xdp") == 0;
    bool is_packet = strcmp(info->driver_name, "net_af_packet") == 0;

    snprintf(port->driver, sizeof(port->driver), "%s",
             request->label != NULL ? request->label : info->driver_name);
    (void)rte_eth_macaddr_get(dev->id, &mac);
    memcpy(port->mac.bytes, mac.addr_bytes, sizeof(port->mac.bytes));
    if (request->mtu != 0)
        port->mtu = request->mtu;
    else
        (void)rte_eth_dev_get_mtu(dev->id, &port->mtu);
    port->ticks_hz = dpdk_ticks_hz();
    port->kernel_sees_rx = is_packet;
    if (port->interface[0] != '\0') {
        port->has_link_speed = netdev_link_mbps(port->interface, &port->link_mbps);
    } else if (request->is_pci && rte_eth_link_get_nowait(dev->id, &link) == 0 && link.link_speed > 0) {
        port->has_link_speed = link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
        port->link_mbps = link.link_speed;
    }
    dev->counts_missed = is_xdp || request->is_pci || strcmp(info->driver_name, "net_pcap") == 0;
    dev->counts_nombuf = !is_xdp; // there the frame stays in the ring
    dev->refusals_are_errors = is_xdp;
}

// Remembers the kernel interface's settings, and which sockets are not the driver's.
static int look_before(struct ethdev *dev, const struct ethdev_request *request, struct sockets *others)
{
    int err = 0;

    if (request->domain != 0)
        err = sockets_find(others, request->domain);
    if (err == 0 && request->interface != NULL) {
        err = netdev_save(request->interface, &dev->before);
        dev->has_before = err == 0;
    }
    return err;
}

static int bring_up(struct ethdev *dev, const struct ethdev_request *request, struct diag *diag)
{
    struct rte_eth_dev_info info;
    struct sockets others;
    int err = look_before(dev, request, &others);

    if (err < 0)
        return err;
    err = probe(dev, request, diag);
    if (err < 0)
        return err;
    err = configure(dev, request, &info, diag);
    if (err == 0) {
        (void)if_indextoname(info.if_index, dev->port.interface);
        err = queues_setup(dev, request, diag);
    }
    if (err == 0 && request->domain != 0) {
        err = sockets_find(&dev->sockets, request->domain);
        sockets_subtract(&dev->sockets, &others);
    }
    if (err == 0)
        err = start(dev, request, diag);
    if (err < 0) {
        unprobe(dev);
        return err;
    }
    describe(dev, request, &info);
    return 0;
}

int ethdev_device_new(struct ethdev **device, const struct ethdev_request *request, struct diag *diag)
{
    size_t size = sizeof(struct ethdev) + request->n_queues * sizeof(struct ethdev_queue);
    struct ethdev *dev = aligned_alloc(CACHE_LINE, size);
    int err;

    if (dev == NULL)
        return -ENOMEM;
    memset(dev, 0, size);
    dev->port.ops = &ethdev_ops_table;
    dev->port.n_queues = request->n_queues;
    dev->is_pci = request->is_pci;
    dev->n_buffers = buffers_needed(request);
    snprintf(dev->port.name, sizeof(dev->port.name), "%s", request->name);
    snprintf(dev->device, sizeof(dev->device), "%s", request->device);
    dpdk_error_clear();
    err = bring_up(dev, request, diag);
    if (err < 0)
        goto err_free;
    *device = dev;
    return 0;

err_free:
    pools_free(dev);
    if (dev->has_before)
        (void)netdev_restore(request->interface, &dev->before);
    free(dev);
    return err;
}

void ethdev_device_free(struct ethdev *device)
{
    (void)rte_eth_dev_stop(device->id);
    unprobe(device);
    if (device->has_before)
        (void)netdev_restore(device->port.interface, &device->before);
    pools_free(device);
    free(device);
}
