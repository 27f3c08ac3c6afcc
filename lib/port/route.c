#include "port/route.h"

#include "port/route_table.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int route_table_new(struct route_table **table, const char *interface)
{
    struct route_table *t = calloc(1, sizeof(*t));
    struct route_interface found;
    int err;

    if (t == NULL)
        return -ENOMEM;
    err = rtnl_open(&t->rtnl);
    if (err < 0)
        goto err_free;
    if (interface != NULL) {
        err = route_interface_find(t, interface, 0, &found);
        if (err < 0)
            goto err_close;
        t->oif = found.ifindex;
    }
    *table = t;
    return 0;

err_close:
    rtnl_close(&t->rtnl);
err_free:
    free(t);
    return err;
}

static void family_release(struct route_family *family)
{
    if (family->is_loaded)
        route_cuts_release(&family->cuts);
    free(family->answer);
    free(family->answers);
}

void route_table_free(struct route_table *table)
{
    if (table == NULL)
        return;
    family_release(&table->v4);
    family_release(&table->v6);
    rtnl_close(&table->rtnl);
    free(table);
}

static int family_load(struct route_table *table, struct route_family *family, uint8_t number)
{
    int err;

    if (family->is_loaded)
        return 0;
    err = route_cuts_load(&family->cuts, &table->rtnl, number);
    if (err < 0)
        return err;
    family->answer = calloc(family->cuts.n, sizeof(*family->answer));
    if (family->answer == NULL) {
        route_cuts_release(&family->cuts);
        return -ENOMEM;
    }
    family->is_loaded = true;
    return 0;
}

static enum route_kind kind_of(uint8_t type, bool has_gateway)
{
    switch (type) {
    case RTN_LOCAL:
    case RTN_ANYCAST: // the subnet-router address of a prefix of ours
        return ROUTE_LOCAL;
    case RTN_BROADCAST:
        return ROUTE_BROADCAST;
    case RTN_MULTICAST:
        return ROUTE_MULTICAST;
    case RTN_UNICAST:
        return has_gateway ? ROUTE_GATEWAY : ROUTE_ON_LINK;
    default:
        return ROUTE_NONE;
    }
}

// An IPv4 route through an IPv6 gateway (RFC 8950).
static struct address via_address(const struct nlattr *attr)
{
    const struct rtvia *via = mnl_attr_get_payload(attr);
    uint16_t len = mnl_attr_get_payload_len(attr);

    if (len == sizeof(*via) + 16 && via->rtvia_family == AF_INET6)
        return address_from_bytes(6, via->rtvia_addr);
    if (len == sizeof(*via) + 4 && via->rtvia_family == AF_INET)
        return address_from_bytes(4, via->rtvia_addr);
    return (struct address){0};
}

static int each_answer(const struct nlmsghdr *message, void *data)
{
    const struct rtmsg *answer = mnl_nlmsg_get_payload(message);
    struct route *route = data;
    const struct nlattr *attr;

    RTNL_EACH_ATTR(attr, message, sizeof(*answer))
    {
        switch (mnl_attr_get_type(attr)) {
        case RTA_OIF:
            route->ifindex = (int)mnl_attr_get_u32(attr);
            break;
        case RTA_PREFSRC:
            route->source = rtnl_get_address(attr);
            break;
        case RTA_GATEWAY:
            route->gateway = rtnl_get_address(attr);
            break;
        case RTA_VIA:
            route->gateway = via_address(attr);
            break;
        default:
            break;
        }
    }
    route->kind = kind_of(answer->rtm_type, route->gateway.family != 0);
    if (route->kind != ROUTE_GATEWAY)
        route->gateway = (struct address){0};
    return MNL_CB_OK;
}

// "No" is an answer too: the kernel gives an error for unreachable (EHOSTUNREACH), prohibit (EACCES), blackhole
// (EINVAL) and throw (EAGAIN) routes, for 0.0.0.0/8 (EINVAL), and where there is no route.
static bool is_no_route(int err)
{
    return err == -ENETUNREACH || err == -EHOSTUNREACH || err == -EACCES || err == -EINVAL ||
           err == -EAGAIN || err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL;
}

// 0 with kind ROUTE_NONE if there is no route. flags: RTM_F_FIB_MATCH or 0.
static int ask(struct route_table *table, const struct address *destination, int oif, uint32_t flags,
               struct route *route)
{
    char buffer[RTNL_QUESTION_MAX];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct rtmsg *header;
    int err;

    question->nlmsg_type = RTM_GETROUTE;
    question->nlmsg_flags = NLM_F_REQUEST;
    header = mnl_nlmsg_put_extra_header(question, sizeof(*header));
    header->rtm_family = destination->family == 4 ? AF_INET : AF_INET6;
    header->rtm_dst_len = destination->family == 4 ? 32 : 128;
    header->rtm_flags = flags;
    rtnl_put_address(question, RTA_DST, destination);
    if (oif != 0)
        mnl_attr_put_u32(question, RTA_OIF, (uint32_t)oif);
    *route = (struct route){.kind = ROUTE_NONE};
    err = rtnl_ask(&table->rtnl, question, each_answer, route);
    if (!is_no_route(err))
        return err;
    *route = (struct route){.kind = ROUTE_NONE};
    return 0;
}

// Asked for one interface, the kernel differs from what a sender means in two ways:
// - It passes over what is local elsewhere: 127.0.0.1 is then "on link" on a NIC. So it is asked without the
//   interface first, and what is local stays local.
// - IPv4 without any route on that interface is "assumed on link" (net/ipv4/route.c). Only the question for the
//   matching table entry tells that from a route; groups and broadcasts need none.
static int ask_as_sender(struct route_table *table, const struct address *destination, struct route *route)
{
    struct route entry;
    int err = ask(table, destination, 0, 0, route);

    if (err < 0 || table->oif == 0 || route->kind == ROUTE_LOCAL)
        return err;
    err = ask(table, destination, table->oif, 0, route);
    if (err < 0 || destination->family != 4 || (route->kind != ROUTE_ON_LINK && route->kind != ROUTE_GATEWAY))
        return err;
    err = ask(table, destination, table->oif, RTM_F_FIB_MATCH, &entry);
    if (err == 0 && entry.kind == ROUTE_NONE)
        *route = entry;
    return err;
}

static int remember(struct route_family *family, size_t interval, const struct route *route)
{
    uint32_t larger = family->capacity > 0 ? family->capacity * 2 : 64;
    struct route *moved;

    if (family->n == family->capacity) {
        moved = reallocarray(family->answers, larger, sizeof(*moved));
        if (moved == NULL)
            return -ENOMEM;
        family->answers = moved;
        family->capacity = larger;
    }
    family->answers[family->n++] = *route;
    family->answer[interval] = family->n;
    return 0;
}

int route_table_find(struct route_table *table, const struct address *destination, struct route *route)
{
    struct route_family *family = destination->family == 4 ? &table->v4 : &table->v6;
    size_t interval;
    int err;

    if (destination->family != 4 && destination->family != 6)
        return -EINVAL;
    err = family_load(table, family, destination->family);
    if (err < 0)
        return err;
    interval = route_cuts_find(&family->cuts, destination->value);
    if (family->answer[interval] != 0) {
        *route = family->answers[family->answer[interval] - 1];
        return 0;
    }
    err = ask_as_sender(table, destination, route);
    if (err < 0)
        return err;
    route->first = *destination;
    route->last = *destination;
    if (family->cuts.varies[interval])
        return 0;
    route->first.value = family->cuts.first[interval];
    route->last.value = route_cuts_last(&family->cuts, interval);
    return remember(family, interval, route);
}

struct neighbour_answer {
    bool is_usable;
    struct mac mac;
};

static int each_neighbour(const struct nlmsghdr *message, void *data)
{
    const uint16_t usable = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;
    const struct ndmsg *entry = mnl_nlmsg_get_payload(message);
    struct neighbour_answer *answer = data;
    const struct nlattr *attr;

    RTNL_EACH_ATTR(attr, message, sizeof(*entry))
    {
        if (mnl_attr_get_type(attr) != NDA_LLADDR ||
            mnl_attr_get_payload_len(attr) != sizeof(answer->mac.bytes))
            continue;
        memcpy(answer->mac.bytes, mnl_attr_get_payload(attr), sizeof(answer->mac.bytes));
        answer->is_usable = (entry->ndm_state & usable) != 0;
    }
    return MNL_CB_OK;
}

bool route_table_neighbour(struct route_table *table, int ifindex, const struct address *address,
                           struct mac *mac)
{
    char buffer[RTNL_QUESTION_MAX];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct neighbour_answer answer = {0};
    struct ndmsg *header;

    if (address->family != 4 && address->family != 6)
        return false;
    question->nlmsg_type = RTM_GETNEIGH;
    question->nlmsg_flags = NLM_F_REQUEST;
    header = mnl_nlmsg_put_extra_header(question, sizeof(*header));
    header->ndm_family = address->family == 4 ? AF_INET : AF_INET6;
    header->ndm_ifindex = ifindex;
    rtnl_put_address(question, NDA_DST, address);
    if (rtnl_ask(&table->rtnl, question, each_neighbour, &answer) < 0 || !answer.is_usable)
        return false;
    *mac = answer.mac;
    return true;
}
