#include "port/route_cuts.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addrlabel.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// A dump is asked again as often if routes change meanwhile.
#define DUMP_ATTEMPTS 8

struct prefix {
    u128 value;
    uint8_t len;
};

struct range {
    u128 first, last;
};

// Grows while the dumps are read; `failed` once memory ran out.
struct builder {
    uint8_t family, bits;
    bool failed;
    u128 *first;
    size_t n, capacity;
    struct range *multipath;
    size_t n_multipath, multipath_capacity;
};

// What the kernel's code treats apart without a route (net/ipv4/route.c).
static const struct prefix fixed4[] = {
    {0x00000000, 8},  // not a destination
    {0x00000000, 32}, // but this is: ourselves
    {0x7f000000, 8},  {0xe0000000, 4}, {0xe0000000, 24}, {0xffffffff, 32},
};

#define HIGH(word) ((u128)(word) << 112)
// Scopes and types of net/ipv6/addrconf_core.c; the groups' scopes follow in code.
static const struct prefix fixed6[] = {
    {0, 128},           {1, 128},           {0, 96}, {(u128)0xffff << 32, 96}, {HIGH(0xfc00), 7},
    {HIGH(0xfe80), 10}, {HIGH(0xfec0), 10},
};

static u128 family_max(uint8_t family)
{
    return family == 4 ? 0xffffffffu : ~(u128)0;
}

static bool grow(void **array, size_t n, size_t *capacity, size_t size)
{
    size_t larger = *capacity > 0 ? *capacity * 2 : 256;
    void *moved;

    if (n < *capacity)
        return true;
    moved = reallocarray(*array, larger, size);
    if (moved == NULL)
        return false;
    *array = moved;
    *capacity = larger;
    return true;
}

static void add_cut(struct builder *b, u128 first)
{
    if (!grow((void **)&b->first, b->n, &b->capacity, sizeof(*b->first))) {
        b->failed = true;
        return;
    }
    b->first[b->n++] = first;
}

static struct range range_of(const struct builder *b, u128 value, uint8_t len)
{
    u128 max = family_max(b->family);
    u128 below = len == 0 ? max : len >= b->bits ? 0 : max >> len;

    return (struct range){value & ~below & max, (value & max) | below};
}

static void add_prefix(struct builder *b, u128 value, uint8_t len)
{
    struct range range = range_of(b, value, len);

    add_cut(b, range.first);
    if (range.last != family_max(b->family))
        add_cut(b, range.last + 1);
}

static void add_multipath(struct builder *b, u128 value, uint8_t len)
{
    if (!grow((void **)&b->multipath, b->n_multipath, &b->multipath_capacity, sizeof(*b->multipath))) {
        b->failed = true;
        return;
    }
    b->multipath[b->n_multipath++] = range_of(b, value, len);
}

static u128 address_value(const struct builder *b, const struct nlattr *attr)
{
    struct address address = rtnl_get_address(attr);

    return address.family == b->family ? address.value : 0;
}

static int each_route(const struct nlmsghdr *message, void *data)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    struct builder *b = data;
    const struct nlattr *attr;
    bool varies = false;
    u128 value = 0;

    RTNL_EACH_ATTR(attr, message, sizeof(*route))
    {
        uint16_t type = mnl_attr_get_type(attr);

        if (type == RTA_DST)
            value = address_value(b, attr);
        else if (type == RTA_MULTIPATH || type == RTA_NH_ID)
            varies = true;
    }
    add_prefix(b, value, route->rtm_dst_len);
    if (varies)
        add_multipath(b, value, route->rtm_dst_len);
    return MNL_CB_OK;
}

static int each_rule(const struct nlmsghdr *message, void *data)
{
    const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(message);
    struct builder *b = data;
    const struct nlattr *attr;

    RTNL_EACH_ATTR(attr, message, sizeof(*rule))
    {
        if (mnl_attr_get_type(attr) == FRA_DST)
            add_prefix(b, address_value(b, attr), rule->dst_len);
    }
    return MNL_CB_OK;
}

// RFC 6724 rule 8: of two own addresses, the one with the longer prefix in common with the destination.
static int each_own_address(const struct nlmsghdr *message, void *data)
{
    const struct ifaddrmsg *own = mnl_nlmsg_get_payload(message);
    struct builder *b = data;
    const struct nlattr *attr;

    RTNL_EACH_ATTR(attr, message, sizeof(*own))
    {
        if (mnl_attr_get_type(attr) != IFA_ADDRESS && mnl_attr_get_type(attr) != IFA_LOCAL)
            continue;
        for (unsigned len = 1; len <= own->ifa_prefixlen && len <= b->bits; len++)
            add_prefix(b, address_value(b, attr), (uint8_t)len);
    }
    return MNL_CB_OK;
}

static int each_label(const struct nlmsghdr *message, void *data)
{
    const struct ifaddrlblmsg *label = mnl_nlmsg_get_payload(message);
    struct builder *b = data;
    const struct nlattr *attr;

    RTNL_EACH_ATTR(attr, message, sizeof(*label))
    {
        if (mnl_attr_get_type(attr) == IFAL_ADDRESS)
            add_prefix(b, address_value(b, attr), label->ifal_prefixlen);
    }
    return MNL_CB_OK;
}

// `size` is that of the question's header, whose first byte is the family, as in all of rtnetlink's.
static int dump(struct rtnl *rtnl, uint16_t type, size_t size, mnl_cb_t each, struct builder *b)
{
    char buffer[RTNL_QUESTION_MAX];
    int err = -EINTR;

    for (int i = 0; i < DUMP_ATTEMPTS && err == -EINTR; i++) {
        struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
        uint8_t *header;

        question->nlmsg_type = type;
        question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        header = mnl_nlmsg_put_extra_header(question, size);
        header[0] = b->family == 4 ? AF_INET : AF_INET6;
        err = rtnl_ask(rtnl, question, each, b);
    }
    // A kernel without policy rules or IPv6 has none of those.
    return err == -EOPNOTSUPP || err == -EAFNOSUPPORT ? 0 : err;
}

static void add_fixed(struct builder *b)
{
    const struct prefix *fixed = b->family == 4 ? fixed4 : fixed6;
    size_t n = b->family == 4 ? ARRAY_SIZE(fixed4) : ARRAY_SIZE(fixed6);

    add_cut(b, 0);
    for (size_t i = 0; i < n; i++)
        add_prefix(b, fixed[i].value, fixed[i].len);
    if (b->family == 6)
        for (unsigned i = 0; i < 256; i++) // flags and scope of a group
            add_prefix(b, HIGH(0xff00 + i), 16);
}

static int compare(const void *a, const void *b)
{
    u128 x = *(const u128 *)a, y = *(const u128 *)b;

    return x < y ? -1 : x > y;
}

static void sort_unique(struct builder *b)
{
    size_t kept = 0;

    qsort(b->first, b->n, sizeof(*b->first), compare);
    for (size_t i = 0; i < b->n; i++)
        if (i == 0 || b->first[i] != b->first[kept - 1])
            b->first[kept++] = b->first[i];
    b->n = kept;
}

// The ranges start and end at cuts: counts of starts less ends, summed up, say which intervals they cover.
static int mark_multipath(struct route_cuts *cuts, const struct builder *b)
{
    int64_t *change = calloc(cuts->n + 1, sizeof(*change));
    int64_t covering = 0;

    if (change == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < b->n_multipath; i++) {
        change[route_cuts_find(cuts, b->multipath[i].first)]++;
        change[route_cuts_find(cuts, b->multipath[i].last) + 1]--;
    }
    for (size_t i = 0; i < cuts->n; i++) {
        covering += change[i];
        cuts->varies[i] = covering > 0;
    }
    free(change);
    return 0;
}

static int read_all(struct builder *b, struct rtnl *rtnl)
{
    int err;

    add_fixed(b);
    err = dump(rtnl, RTM_GETROUTE, sizeof(struct rtmsg), each_route, b);
    if (err == 0)
        err = dump(rtnl, RTM_GETRULE, sizeof(struct fib_rule_hdr), each_rule, b);
    if (err == 0 && b->family == 6)
        err = dump(rtnl, RTM_GETADDR, sizeof(struct ifaddrmsg), each_own_address, b);
    if (err == 0 && b->family == 6)
        err = dump(rtnl, RTM_GETADDRLABEL, sizeof(struct ifaddrlblmsg), each_label, b);
    return err == 0 && b->failed ? -ENOMEM : err;
}

int route_cuts_load(struct route_cuts *cuts, struct rtnl *rtnl, uint8_t family)
{
    struct builder b = {.family = family, .bits = family == 4 ? 32 : 128};
    int err = read_all(&b, rtnl);

    if (err < 0)
        goto err_free_builder;
    sort_unique(&b);
    *cuts = (struct route_cuts){.family = family, .n = b.n, .first = b.first};
    cuts->varies = calloc(b.n, sizeof(*cuts->varies));
    err = cuts->varies != NULL ? mark_multipath(cuts, &b) : -ENOMEM;
    if (err < 0)
        goto err_free_varies;
    free(b.multipath);
    return 0;

err_free_varies:
    free(cuts->varies);
err_free_builder:
    free(b.first);
    free(b.multipath);
    return err;
}

void route_cuts_release(struct route_cuts *cuts)
{
    free(cuts->first);
    free(cuts->varies);
}

size_t route_cuts_find(const struct route_cuts *cuts, u128 destination)
{
    size_t low = 0, high = cuts->n;

    // first[low] <= destination < first[high]
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (cuts->first[middle] <= destination)
            low = middle;
        else
            high = middle;
    }
    return low;
}

u128 route_cuts_last(const struct route_cuts *cuts, size_t interval)
{
    return interval + 1 < cuts->n ? cuts->first[interval + 1] - 1 : family_max(cuts->family);
}
