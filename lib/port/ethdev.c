#include "port/ethdev.h"

#include "port/dpdk.h"
#include "port/ethdev_device.h"
#include "port/route.h"
#include "port/xdp.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_ether.h>

// net_af_xdp's fill ring starts with as many buffers; its TX and completion rings have as many each.
#define XDP_DESC 2048
// net_af_xdp's buffers start with room for XDP programs, whether there is one or not.
#define XDP_HEADROOM 256
#define NIC_RX_DESC  4096
#define NIC_TX_DESC  1024

// A ring of net_af_packet in each direction: 8,192 frames of up to 1,982 bytes are 43 ms at 188 kpps. 2^14 frames
// lose no less at that rate and take 15 ms more to open.
#define PACKET_RING_BYTES (16u << 20)
#define PACKET_BLOCK      (1u << 17)
// What the kernel puts before a frame in the ring.
#define PACKET_HEADERS   (TPACKET_ALIGN(TPACKET2_HDRLEN) + TPACKET_ALIGN(RTE_ETHER_HDR_LEN))
#define PACKET_FRAME_MIN 2048u
// A buffer of DPDK counts its room in 16 bits.
#define PACKET_FRAME_MAX 32768u
// net_af_packet counts no more than this.
#define PACKET_QUEUES_MAX 16

static const struct span nowhere = {0, 0};

// What is not one of these does not get into a driver's arguments.
static bool is_plain_name(const char *name)
{
    return name[strcspn(name, ",=;/\\\"'()[]{} \t\n")] == '\0';
}

// A device name that is free: net_af_xdp0, net_af_xdp1, ...
static void device_name(char *device, size_t size, const char *driver)
{
    uint16_t id;

    for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++) {
        snprintf(device, size, "%s%u", driver, i);
        if (rte_eth_dev_get_port_by_name(device, &id) != 0)
            return;
    }
}

static int check_interface(const struct route_interface *interface, const struct port_options *options,
                           struct diag *diag)
{
    const char *name = interface->name;

    if (interface->is_loopback) {
        diag_set(diag, nowhere, "%s is not a wire: frames sent there never reach the programs on this host",
                 name);
        diag_hint(diag, "use a veth pair (ip link add veth0 type veth peer name veth1), or -i sim");
        return -EINVAL;
    }
    if (!interface->is_ethernet || !is_plain_name(name)) {
        diag_set(diag, nowhere, "%s is not an Ethernet interface", name);
        return -EINVAL;
    }
    if (!interface->is_up) {
        diag_set(diag, nowhere, "%s is down", name);
        diag_hint(diag, "ip link set dev %s up", name);
        return -ENETDOWN;
    }
    if (!interface->is_running) {
        diag_set(diag, nowhere, "%s has no carrier: its cable is unplugged or its other end is down", name);
        return -ENETDOWN;
    }
    if (options->mtu > interface->mtu) {
        diag_set(diag, nowhere, "%s has an MTU of %u, %u was asked for", name, interface->mtu, options->mtu);
        diag_hint(diag, "ip link set dev %s mtu %u", name, options->mtu);
        return -EINVAL;
    }
    return 0;
}

static int find_interface(const char *name, struct route_interface *interface, struct diag *diag)
{
    struct route_table *table;
    char names[128];
    int err = route_table_new(&table, NULL);

    if (err < 0) {
        diag_set(diag, nowhere, "the kernel's interfaces cannot be read: %s", strerror(-err));
        return err;
    }
    err = route_interface_find(table, name, 0, interface);
    if (err == -ENODEV) {
        route_interface_names(table, names, sizeof(names));
        diag_set(diag, nowhere, "no interface '%.32s'; there are: %s", name, names);
    }
    route_table_free(table);
    return err;
}

static int open_xdp(struct ethdev **dev, const struct route_interface *interface,
                    const struct port_options *options, struct diag *diag)
{
    struct ethdev_request request = {
        .name = interface->name,
        .interface = interface->name,
        .label = "AF_XDP",
        .domain = AF_XDP,
        .n_queues = options->n_queues,
        .mtu = options->mtu != 0 ? options->mtu : (uint16_t)interface->mtu,
        .room = XDP_HEADROOM + interface->mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN,
        .rx_desc = XDP_DESC,
        .tx_desc = XDP_DESC,
        .extra_desc = XDP_DESC, // completions that were not looked at yet
    };
    struct timespec free_at;
    int err = xdp_check(interface, request.n_queues, &free_at, diag);

    if (err == 0)
        err = dpdk_start(NULL, diag);
    if (err < 0)
        return err;
    xdp_silence();
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &free_at, NULL); // the start often took longer
    device_name(request.device, sizeof(request.device), "net_af_xdp");
    snprintf(request.args, sizeof(request.args), "iface=%s,start_queue=0,queue_count=%u", interface->name,
             request.n_queues);
    return ethdev_device_new(dev, &request, diag);
}

static int check_packet_rights(const char *name, struct diag *diag)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        close(fd);
        return 0;
    }
    if (errno != EPERM && errno != EACCES)
        return -errno;
    diag_set(diag, nowhere, "no right to send and receive on %s: that needs CAP_NET_RAW and CAP_NET_ADMIN",
             name);
    diag_hint(diag, "run as root, or try -i sim, which needs no rights");
    return -EPERM;
}

static bool may_lock_memory(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & 1u << CAP_IPC_LOCK) != 0;
}

// The driver locks its rings: without CAP_IPC_LOCK they must fit what a process may lock.
static uint32_t packet_ring_bytes(uint16_t n_queues)
{
    uint32_t bytes = PACKET_RING_BYTES;
    struct rlimit limit;

    if (may_lock_memory() || getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return bytes;
    while (bytes > PACKET_BLOCK && (uint64_t)bytes * 2 * n_queues > limit.rlim_cur)
        bytes /= 2;
    return bytes;
}

static int open_packet(struct ethdev **dev, const struct route_interface *interface,
                       const struct port_options *options, struct diag *diag)
{
    uint32_t mtu = options->mtu != 0 ? options->mtu : interface->mtu;
    uint32_t overhead = PACKET_HEADERS + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN, frame = PACKET_FRAME_MIN;
    struct ethdev_request request = {
        .name = interface->name,
        .interface = interface->name,
        .label = "AF_PACKET",
        .domain = AF_PACKET,
        .n_queues = options->n_queues,
    };
    int err = check_packet_rights(interface->name, diag);

    if (err == 0 && request.n_queues > PACKET_QUEUES_MAX) {
        diag_set(diag, nowhere, "AF_PACKET takes %u queues at most", PACKET_QUEUES_MAX);
        err = -EINVAL;
    }
    if (err == 0)
        err = dpdk_start(NULL, diag);
    if (err < 0)
        return err;
    // Frames lie next to each other only if a block is a multiple of them.
    while (frame < interface->mtu + overhead && frame < PACKET_FRAME_MAX)
        frame *= 2;
    request.mtu = (uint16_t)(mtu < frame - overhead ? mtu : frame - overhead);
    request.room = frame;
    device_name(request.device, sizeof(request.device), "net_af_packet");
    snprintf(request.args, sizeof(request.args),
             "iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1", interface->name,
             request.n_queues, PACKET_BLOCK, frame, packet_ring_bytes(request.n_queues) / frame);
    return ethdev_device_new(dev, &request, diag);
}

static int open_interface(struct ethdev **dev, const char *name, const struct port_options *options,
                          struct diag *diag)
{
    bool want_xdp = options->driver == NULL || strcmp(options->driver, "af_xdp") == 0;
    struct diag xdp = {0};
    struct route_interface interface;
    int err = find_interface(name, &interface, diag);

    if (err == 0)
        err = check_interface(&interface, options, diag);
    if (err < 0)
        return err;
    if (options->driver != NULL && !want_xdp && strcmp(options->driver, "af_packet") != 0) {
        diag_set(diag, nowhere, "no driver '%.32s' for a kernel interface; there are: af_xdp, af_packet",
                 options->driver);
        return -EINVAL;
    }
    if (want_xdp) {
        err = open_xdp(dev, &interface, options, &xdp);
        if (err == 0)
            return 0;
        // AF_PACKET would open, and receive nothing, while somebody else's AF_XDP socket takes all.
        if (options->driver != NULL || err == -EBUSY) {
            diag_set(diag, nowhere, "%s", xdp.message);
            diag_hint(diag, "%s", xdp.hint);
            return err;
        }
    }
    return open_packet(dev, &interface, options, diag);
}

static int open_vdev(struct ethdev **dev, const char *spec, const struct port_options *options,
                     struct diag *diag)
{
    const char *args = strchrnul(spec, ',');
    struct ethdev_request request = {
        .name = spec - strlen("vdev:"),
        .n_queues = options->n_queues,
        .mtu = options->mtu,
        .room = (uint32_t)options->mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN,
        .rx_desc = XDP_DESC,
        .tx_desc = XDP_DESC,
        .extra_desc = XDP_DESC,
    };
    int err;

    if (strncmp(spec, "net_", 4) != 0 || (size_t)(args - spec) >= sizeof(request.device) ||
        strlen(args) >= sizeof(request.args)) {
        diag_set(diag, nowhere, "'%.64s' names no virtual device of DPDK", spec);
        diag_hint(diag, "as in vdev:net_memif0,role=client");
        return -EINVAL;
    }
    snprintf(request.device, sizeof(request.device), "%.*s", (int)(args - spec), spec);
    snprintf(request.args, sizeof(request.args), "%s", *args == ',' ? args + 1 : "");
    if (strncmp(request.device, "net_af_packet", strlen("net_af_packet")) == 0)
        request.domain = AF_PACKET;
    if (strncmp(request.device, "net_af_xdp", strlen("net_af_xdp")) == 0)
        request.domain = AF_XDP;
    err = dpdk_start(NULL, diag);
    return err == 0 ? ethdev_device_new(dev, &request, diag) : err;
}

// "3b:00.0" and "0000:3b:00.0" -> "0000:3b:00.0".
static bool parse_pci(const char *spec, char *address, size_t size)
{
    unsigned domain = 0, bus, device, function;
    int end = -1;

    if (sscanf(spec, "%4x:%2x:%2x.%1u%n", &domain, &bus, &device, &function, &end) < 4 || spec[end] != '\0') {
        domain = 0;
        end = -1;
        if (sscanf(spec, "%2x:%2x.%1u%n", &bus, &device, &function, &end) < 3 || spec[end] != '\0')
            return false;
    }
    snprintf(address, size, "%04x:%02x:%02x.%u", domain, bus, device, function);
    return true;
}

// DPDK takes over devices that no kernel driver has, but for Mellanox's, which share.
static int check_pci(const char *address, struct diag *diag)
{
    static const char *const fine[] = {"vfio-pci", "uio_pci_generic", "igb_uio", "mlx5_core", "mlx4_core"};
    char path[64], target[PATH_MAX];
    const char *driver;
    ssize_t len;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
    if (access(path, F_OK) != 0) {
        diag_set(diag, nowhere, "no PCI device %s", address);
        return -ENODEV;
    }
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
    len = readlink(path, target, sizeof(target) - 1);
    target[len > 0 ? len : 0] = '\0';
    driver = strrchr(target, '/') != NULL ? strrchr(target, '/') + 1 : "none";
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
        if (strcmp(driver, fine[i]) == 0)
            return 0;
    diag_set(diag, nowhere, "%s is bound to the kernel driver %.32s, not to vfio-pci", address, driver);
    diag_hint(diag, "dpdk-devbind.py -b vfio-pci %s takes it from the kernel; its interface then disappears",
              address);
    return -EBUSY;
}

static int open_pci(struct ethdev **dev, const char *spec, const char *address,
                    const struct port_options *options, struct diag *diag)
{
    struct ethdev_request request = {
        .name = spec,
        .is_pci = true,
        .n_queues = options->n_queues,
        .mtu = options->mtu,
        .room = (uint32_t)options->mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN,
        .rx_desc = NIC_RX_DESC,
        .tx_desc = NIC_TX_DESC,
    };
    int err = check_pci(address, diag);

    if (err == 0)
        err = dpdk_start(address, diag);
    if (err < 0)
        return err;
    snprintf(request.device, sizeof(request.device), "%s", address);
    return ethdev_device_new(dev, &request, diag);
}

int ethdev_open(struct port **port, const char *spec, const struct port_options *options, struct diag *diag)
{
    struct port_options with_defaults = *options;
    struct ethdev *dev;
    char address[16];
    bool is_vdev = strncmp(spec, "vdev:", strlen("vdev:")) == 0;
    bool is_pci = parse_pci(spec, address, sizeof(address));
    int err;

    if (with_defaults.n_queues == 0)
        with_defaults.n_queues = 1;
    if (with_defaults.driver != NULL && (is_vdev || is_pci)) {
        diag_set(diag, nowhere, "a driver can be chosen for kernel interfaces only, not for %.64s", spec);
        return -EINVAL;
    }
    if (is_vdev)
        err = open_vdev(&dev, spec + strlen("vdev:"), &with_defaults, diag);
    else if (is_pci)
        err = open_pci(&dev, spec, address, &with_defaults, diag);
    else
        err = open_interface(&dev, spec, &with_defaults, diag);
    if (err == 0)
        *port = &dev->port;
    return err;
}
