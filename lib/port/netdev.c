#include "port/netdev.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// One ioctl on the interface `name`, from a socket of its own. 0 or -errno.
static int interface_ioctl(unsigned long request, const char *name, struct ifreq *ifr)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int err;

    if (fd < 0)
        return -errno;
    snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
    err = ioctl(fd, request, ifr) == 0 ? 0 : -errno;
    close(fd);
    return err;
}

// `command` starts with its number, as all of ethtool's do.
static int ethtool(const char *name, void *command)
{
    struct ifreq ifr = {.ifr_data = command};

    return interface_ioctl(SIOCETHTOOL, name, &ifr);
}

int netdev_save(const char *name, struct netdev_state *state)
{
    struct ethtool_value gro = {.cmd = ETHTOOL_GGRO};
    struct ifreq ifr = {0};
    int err = interface_ioctl(SIOCGIFFLAGS, name, &ifr);

    if (err < 0)
        return err;
    state->is_promiscuous = (ifr.ifr_flags & IFF_PROMISC) != 0;
    state->knows_gro = ethtool(name, &gro) == 0;
    state->gro = gro.data != 0;
    return 0;
}

int netdev_restore(const char *name, const struct netdev_state *state)
{
    struct ethtool_value gro = {.cmd = ETHTOOL_SGRO, .data = state->gro};
    struct netdev_state now;
    struct ifreq ifr = {0};
    int err = netdev_save(name, &now);

    if (err < 0)
        return err;
    if (now.is_promiscuous != state->is_promiscuous) {
        err = interface_ioctl(SIOCGIFFLAGS, name, &ifr);
        ifr.ifr_flags = (short)(ifr.ifr_flags ^ IFF_PROMISC);
        if (err == 0)
            err = interface_ioctl(SIOCSIFFLAGS, name, &ifr);
    }
    if (err == 0 && state->knows_gro && now.gro != state->gro)
        err = ethtool(name, &gro);
    return err;
}

uint32_t netdev_rx_queues(const char *name)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    uint32_t n;

    if (ethtool(name, &channels) != 0)
        return 1;
    n = channels.rx_count + channels.combined_count;
    return n > 0 ? n : 1;
}

bool netdev_link_mbps(const char *name, uint32_t *mbps)
{
    struct ethtool_cmd settings = {.cmd = ETHTOOL_GSET};
    uint32_t speed;

    if (ethtool(name, &settings) != 0)
        return false;
    speed = ethtool_cmd_speed(&settings);
    if (speed == 0 || speed == (uint32_t)SPEED_UNKNOWN || speed == UINT16_MAX)
        return false;
    *mbps = speed;
    return true;
}
