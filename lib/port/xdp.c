#include "port/xdp.h"

#include "port/netdev.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#define XDP_HEADROOM 256 // the kernel's XDP_PACKET_HEADROOM
#define XDP_CHUNKS   4   // of the socket that tries
#define XDP_RING     4
// The kernel frees a closed socket's queue after an RCU grace period and a work item: 20 to 40 ms, seen on 6.18.
#define XDP_RELEASE_MS 100

static const struct span nowhere = {0, 0};

uint16_t xdp_mtu_max(void)
{
    uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
    uint32_t before = sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + XDP_HEADROOM;
    uint32_t room = page - before;

    // The pool adds its own header and padding.
    while (rte_mempool_calc_obj_size(before + room, 0, NULL) > page)
        room--;
    return (uint16_t)(room - RTE_ETHER_HDR_LEN - RTE_VLAN_HLEN);
}

// libxdp's own program, without the dispatcher that other programs could share: a killed run left it. The next
// open uses it, and the close after that removes it.
static bool is_left_over(uint32_t program)
{
    struct bpf_prog_info info = {0};
    union bpf_attr attr = {.prog_id = program};
    int fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
    bool ok;

    if (fd < 0)
        return false;
    memset(&attr, 0, sizeof(attr));
    attr.info.bpf_fd = (uint32_t)fd;
    attr.info.info_len = sizeof(info);
    attr.info.info = (uintptr_t)&info;
    ok = syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0;
    close(fd);
    return ok && strcmp(info.name, "xsk_def_prog") == 0;
}

// Gives a new AF_XDP socket memory and rings, and binds it to the queue.
static int socket_bind(int fd, void *memory, uint32_t chunk, int ifindex, uint16_t queue)
{
    struct xdp_umem_reg umem = {.addr = (uintptr_t)memory, .len = XDP_CHUNKS * chunk, .chunk_size = chunk};
    struct sockaddr_xdp address = {
        .sxdp_family = AF_XDP, .sxdp_ifindex = (uint32_t)ifindex, .sxdp_queue_id = queue};
    int ring = XDP_RING;

    if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) != 0 ||
        setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &ring, sizeof(ring)) != 0 ||
        setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &ring, sizeof(ring)) != 0 ||
        setsockopt(fd, SOL_XDP, XDP_RX_RING, &ring, sizeof(ring)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -errno;
    return 0;
}

static int try_queue(int ifindex, uint16_t queue)
{
    uint32_t chunk = (uint32_t)sysconf(_SC_PAGESIZE);
    void *memory;
    int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    int err;

    if (fd < 0)
        return -errno;
    memory = mmap(NULL, XDP_CHUNKS * chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    err = memory != MAP_FAILED ? socket_bind(fd, memory, chunk, ifindex, queue) : -ENOMEM;
    close(fd);
    if (memory != MAP_FAILED)
        munmap(memory, XDP_CHUNKS * chunk);
    return err;
}

static int fits(const struct route_interface *interface, uint16_t n_queues, struct diag *diag)
{
    uint32_t queues = netdev_rx_queues(interface->name);

    if (interface->mtu > xdp_mtu_max()) {
        diag_set(diag, nowhere, "AF_XDP takes an MTU of %u at most, %s has %u", xdp_mtu_max(),
                 interface->name, interface->mtu);
        return -EINVAL;
    }
    if (queues != n_queues) {
        diag_set(diag, nowhere, "%s receives on %u queue%s, and AF_XDP would read %u", interface->name,
                 queues, queues > 1 ? "s" : "", n_queues);
        diag_hint(diag, "both must be equal: ethtool -L %s combined %u", interface->name, n_queues);
        return -EINVAL;
    }
    return 0;
}

static int try_queue_patiently(int ifindex, uint16_t queue)
{
    struct timespec pause = {.tv_nsec = 10000000};
    int err = try_queue(ifindex, queue);

    for (int waited_ms = 0; err == -EBUSY && waited_ms < 2 * XDP_RELEASE_MS; waited_ms += 10) {
        nanosleep(&pause, NULL);
        err = try_queue(ifindex, queue);
    }
    return err;
}

int xdp_check(const struct route_interface *interface, uint16_t n_queues, struct timespec *free_at,
              struct diag *diag)
{
    int err = fits(interface, n_queues, diag);

    if (err == 0 && interface->xdp_program != 0 && !is_left_over(interface->xdp_program)) {
        diag_set(diag, nowhere, "%s has an XDP program already (id %u)", interface->name,
                 interface->xdp_program);
        diag_hint(diag, "ip link set dev %s xdp off removes it", interface->name);
        return -EEXIST;
    }
    for (uint16_t queue = 0; err == 0 && queue < n_queues; queue++)
        err = try_queue_patiently(interface->ifindex, queue);
    clock_gettime(CLOCK_MONOTONIC, free_at);
    free_at->tv_nsec += XDP_RELEASE_MS * 1000000;
    if (free_at->tv_nsec >= 1000000000) {
        free_at->tv_nsec -= 1000000000;
        free_at->tv_sec++;
    }
    if (err == -EBUSY) {
        diag_set(diag, nowhere, "another program receives what arrives on %s, by AF_XDP", interface->name);
    } else if (err == -EPERM) {
        diag_set(diag, nowhere,
                 "AF_XDP on %s needs CAP_NET_RAW, CAP_NET_ADMIN, CAP_SYS_ADMIN and CAP_IPC_LOCK",
                 interface->name);
        diag_hint(diag, "run as root");
    } else if (err < 0) {
        diag_set(diag, nowhere, "the kernel refuses AF_XDP on %s: %s", interface->name, strerror(-err));
    }
    return err;
}

// The driver loads both libraries for itself, so they are not linked with us.
static void set_no_print(const char *library, const char *setter)
{
    void *(*set)(void *) = NULL;
    void *handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    void *found = handle != NULL ? dlsym(handle, setter) : NULL;

    if (found != NULL) {
        memcpy(&set, &found, sizeof(set)); // ISO C has no conversion of a data pointer to a function
        (void)set(NULL);
    }
    if (handle != NULL)
        dlclose(handle);
}

void xdp_silence(void)
{
    set_no_print("libxdp.so.1", "libxdp_set_print");
    set_no_print("libbpf.so.1", "libbpf_set_print");
}
