#include "relay_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { BLOCK_BYTES = 1 << 18, N_BLOCKS = 256, RETIRE_MS = 1, SEND_BUFFER = 16 << 20 };

static int open_ring(struct relay_link *link, const struct sockaddr_ll *where)
{
    int version = TPACKET_V3, yes = 1;
    struct tpacket_req3 request = {.tp_block_size = BLOCK_BYTES,
                                   .tp_block_nr = N_BLOCKS,
                                   .tp_frame_size = 2048,
                                   .tp_frame_nr = BLOCK_BYTES / 2048 * N_BLOCKS,
                                   .tp_retire_blk_tov = RETIRE_MS};

    link->rx = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (link->rx < 0 || setsockopt(link->rx, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
        setsockopt(link->rx, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) != 0 ||
        setsockopt(link->rx, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) != 0)
        return -errno;
    link->ring = mmap(NULL, (size_t)BLOCK_BYTES * N_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, link->rx, 0);
    if (link->ring == MAP_FAILED ||
        bind(link->rx, (const struct sockaddr *)(const void *)where, sizeof(*where)) != 0)
        return -errno;
    return 0;
}

int relay_link_open(struct relay_link *link, const char *interface)
{
    struct sockaddr_ll where = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = (int)if_nametoindex(interface)};
    int room = SEND_BUFFER;
    struct ifreq request = {0};

    *link = (struct relay_link){.rx = -1, .tx = -1};
    if (where.sll_ifindex == 0)
        return -ENODEV;
    int err = open_ring(link, &where);
    if (err < 0)
        return err;
    where.sll_protocol = 0; // receives nothing
    link->tx = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (link->tx < 0 || setsockopt(link->tx, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) != 0 ||
        bind(link->tx, (const struct sockaddr *)(const void *)&where, sizeof(where)) != 0)
        return -errno;
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    if (ioctl(link->tx, SIOCGIFHWADDR, &request) != 0)
        return -errno;
    memcpy(link->mac, request.ifr_hwaddr.sa_data, sizeof(link->mac));
    return 0;
}

static struct tpacket_hdr_v1 *block_header(const struct relay_link *link)
{
    struct tpacket_block_desc *block = (void *)(link->ring + (size_t)link->block * BLOCK_BYTES);

    return &block->hdr.bh1;
}

const uint8_t *relay_link_next(struct relay_link *link, uint32_t *len)
{
    struct tpacket_hdr_v1 *block = block_header(link);

    if (link->next != NULL && link->left == 0) {
        __atomic_store_n(&block->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        link->block = (link->block + 1) % N_BLOCKS;
        link->next = NULL;
        block = block_header(link);
    }
    if (link->next == NULL) {
        if (!(__atomic_load_n(&block->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return NULL;
        link->left = block->num_pkts;
        link->next = link->ring + (size_t)link->block * BLOCK_BYTES + block->offset_to_first_pkt;
        if (link->left == 0) // retired empty
            return relay_link_next(link, len);
    }
    struct tpacket3_hdr *packet = (void *)link->next;
    link->next += packet->tp_next_offset;
    link->left--;
    *len = packet->tp_snaplen;
    return (const uint8_t *)packet + packet->tp_mac;
}

void relay_link_wait(struct relay_link *link)
{
    struct pollfd fd = {.fd = link->rx, .events = POLLIN};

    (void)poll(&fd, 1, 1);
}

int relay_link_send(struct relay_link *link, const struct relay_piece *pieces, unsigned n)
{
    struct mmsghdr messages[RELAY_BURST] = {0};
    struct iovec spans[RELAY_BURST];
    unsigned sent = 0;

    for (unsigned i = 0; i < n; i++) {
        spans[i] = (struct iovec){.iov_base = (void *)(uintptr_t)pieces[i].bytes, .iov_len = pieces[i].len};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &spans[i], .msg_iovlen = 1};
    }
    while (sent < n) {
        int some = sendmmsg(link->tx, messages + sent, n - sent, 0);

        if (some > 0)
            sent += (unsigned)some;
        else if (errno == ENOBUFS || errno == EAGAIN)
            (void)poll(NULL, 0, 1);
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

uint64_t relay_link_dropped(struct relay_link *link)
{
    struct tpacket_stats_v3 stats = {0};
    socklen_t len = sizeof(stats);

    return getsockopt(link->rx, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0 ? stats.tp_drops
                                                                                  : UINT64_MAX;
}
