#include "port/route.h"
#include "port/route_table.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

static int each_xdp(const struct nlattr *attr, void *data)
{
    uint32_t *program = data;

    if (mnl_attr_get_type(attr) == IFLA_XDP_PROG_ID && mnl_attr_get_payload_len(attr) == sizeof(*program))
        *program = mnl_attr_get_u32(attr);
    return MNL_CB_OK;
}

static int each_link(const struct nlmsghdr *message, void *data)
{
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    struct route_interface *out = data;
    const struct nlattr *attr;

    *out = (struct route_interface){
        .ifindex = link->ifi_index,
        .is_up = (link->ifi_flags & IFF_UP) != 0,
        .is_running = (link->ifi_flags & IFF_UP) != 0 && (link->ifi_flags & IFF_RUNNING) != 0,
        .is_loopback = (link->ifi_flags & IFF_LOOPBACK) != 0,
        .is_ethernet = link->ifi_type == ARPHRD_ETHER,
    };
    RTNL_EACH_ATTR(attr, message, sizeof(*link))
    {
        switch (mnl_attr_get_type(attr)) {
        case IFLA_IFNAME:
            snprintf(out->name, sizeof(out->name), "%s", mnl_attr_get_str(attr));
            break;
        case IFLA_MTU:
            out->mtu = mnl_attr_get_u32(attr);
            break;
        case IFLA_ADDRESS:
            if (mnl_attr_get_payload_len(attr) == sizeof(out->mac.bytes))
                memcpy(out->mac.bytes, mnl_attr_get_payload(attr), sizeof(out->mac.bytes));
            break;
        case IFLA_XDP:
            (void)mnl_attr_parse_nested(attr, each_xdp, &out->xdp_program);
            break;
        default:
            break;
        }
    }
    return MNL_CB_OK;
}

int route_interface_find(struct route_table *table, const char *name, int ifindex,
                         struct route_interface *out)
{
    char buffer[RTNL_QUESTION_MAX];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *header;

    if (name != NULL && (name[0] == '\0' || strlen(name) >= IFNAMSIZ))
        return -ENODEV;
    question->nlmsg_type = RTM_GETLINK;
    question->nlmsg_flags = NLM_F_REQUEST;
    header = mnl_nlmsg_put_extra_header(question, sizeof(*header));
    if (name != NULL)
        mnl_attr_put_strz(question, IFLA_IFNAME, name);
    else
        header->ifi_index = ifindex;
    return rtnl_ask(&table->rtnl, question, each_link, out);
}

struct name_list {
    char *text;
    size_t size, len;
};

static int each_name(const struct nlmsghdr *message, void *data)
{
    struct name_list *list = data;
    struct route_interface link;
    size_t left = list->size - list->len;
    int n;

    (void)each_link(message, &link);
    n = snprintf(list->text + list->len, left, "%s%s", list->len > 0 ? ", " : "", link.name);
    list->len += n > 0 && (size_t)n < left ? (size_t)n : left - 1;
    return MNL_CB_OK;
}

void route_interface_names(struct route_table *table, char *text, size_t size)
{
    char buffer[RTNL_QUESTION_MAX];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct name_list list = {text, size, 0};

    text[0] = '\0';
    question->nlmsg_type = RTM_GETLINK;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    (void)mnl_nlmsg_put_extra_header(question, sizeof(struct ifinfomsg));
    // Links that come or go meanwhile may be missed: what is there is good enough for a message.
    if (rtnl_ask(&table->rtnl, question, each_name, &list) < 0 && text[0] == '\0')
        snprintf(text, size, "none that can be read");
}
