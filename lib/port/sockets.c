#include "port/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_of_domain(int fd, int domain)
{
    int found = -1;
    socklen_t len = sizeof(found);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &found, &len) == 0 && found == domain;
}

int sockets_find(struct sockets *sockets, int domain)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    struct stat st;

    sockets->domain = domain;
    sockets->n = 0;
    atomic_init(&sockets->dropped, 0);
    if (dir == NULL)
        return -errno;
    while ((entry = readdir(dir)) != NULL && sockets->n < SOCKETS_MAX) {
        int fd = atoi(entry->d_name); // "." and ".." are 0, which is looked at anyway

        if (entry->d_name[0] == '.' || !is_of_domain(fd, domain) || fstat(fd, &st) != 0)
            continue;
        sockets->fd[sockets->n] = fd;
        sockets->inode[sockets->n++] = st.st_ino;
    }
    closedir(dir);
    return 0;
}

static bool contains(const struct sockets *sockets, ino_t inode)
{
    for (uint16_t i = 0; i < sockets->n; i++)
        if (sockets->inode[i] == inode)
            return true;
    return false;
}

void sockets_subtract(struct sockets *sockets, const struct sockets *old)
{
    uint16_t kept = 0;

    for (uint16_t i = 0; i < sockets->n; i++) {
        if (contains(old, sockets->inode[i]))
            continue;
        sockets->fd[kept] = sockets->fd[i];
        sockets->inode[kept++] = sockets->inode[i];
    }
    sockets->n = kept;
}

// PACKET_IGNORE_OUTGOING comes too late for a socket that has joined a fanout group, as the driver's have; a filter
// works there too.
int sockets_ignore_outgoing(struct sockets *sockets)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    uint64_t ignored;

    for (uint16_t i = 0; i < sockets->n; i++)
        if (setsockopt(sockets->fd[i], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
            return -errno;
    (void)sockets_dropped(sockets, &ignored);
    atomic_store_explicit(&sockets->dropped, 0, memory_order_relaxed);
    return 0;
}

static bool packet_dropped(struct sockets *sockets, uint64_t *frames)
{
    bool ok = sockets->n > 0;

    for (uint16_t i = 0; i < sockets->n; i++) {
        struct tpacket_stats stats = {0};
        socklen_t len = sizeof(stats);

        if (getsockopt(sockets->fd[i], SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
            atomic_fetch_add_explicit(&sockets->dropped, stats.tp_drops, memory_order_relaxed);
        else
            ok = false;
    }
    *frames = atomic_load_explicit(&sockets->dropped, memory_order_relaxed);
    return ok;
}

static bool xdp_statistics(const struct sockets *sockets, struct xdp_statistics *sum)
{
    *sum = (struct xdp_statistics){0};
    for (uint16_t i = 0; i < sockets->n; i++) {
        struct xdp_statistics stats = {0};
        socklen_t len = sizeof(stats);

        // Kernels before 5.9 know only the first three, and count a full ring in rx_dropped.
        if (getsockopt(sockets->fd[i], SOL_XDP, XDP_STATISTICS, &stats, &len) != 0 || len < sizeof(stats))
            return false;
        sum->rx_ring_full += stats.rx_ring_full;
        sum->tx_invalid_descs += stats.tx_invalid_descs;
    }
    return sockets->n > 0;
}

bool sockets_dropped(struct sockets *sockets, uint64_t *frames)
{
    struct xdp_statistics stats;

    if (sockets->domain == AF_PACKET)
        return packet_dropped(sockets, frames);
    if (!xdp_statistics(sockets, &stats))
        return false;
    *frames = stats.rx_ring_full;
    return true;
}

bool sockets_tx_invalid(const struct sockets *sockets, uint64_t *frames)
{
    struct xdp_statistics stats;

    if (sockets->domain != AF_XDP || !xdp_statistics(sockets, &stats))
        return false;
    *frames = stats.tx_invalid_descs;
    return true;
}

static void unmap(ino_t inode)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], suffix[48];

    if (maps == NULL)
        return;
    snprintf(suffix, sizeof(suffix), "socket:[%ju]\n", (uintmax_t)inode);
    while (fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t start, end;

        if (strstr(line, suffix) != NULL && sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2)
            (void)munmap((void *)start, end - start);
    }
    fclose(maps);
}

void sockets_close(struct sockets *sockets)
{
    struct stat st;

    for (uint16_t i = 0; i < sockets->n; i++) {
        unmap(sockets->inode[i]);
        if (fstat(sockets->fd[i], &st) == 0 && st.st_ino == sockets->inode[i])
            close(sockets->fd[i]);
    }
    sockets->n = 0;
}
