#include "port/rtnl.h"

#include <errno.h>
#include <string.h>

int rtnl_open(struct rtnl *rtnl)
{
    int err;

    rtnl->sequence = 0;
    rtnl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (rtnl->socket == NULL)
        return -errno;
    if (mnl_socket_bind(rtnl->socket, 0, MNL_SOCKET_AUTOPID) == 0)
        return 0;
    err = -errno;
    mnl_socket_close(rtnl->socket);
    return err;
}

void rtnl_close(struct rtnl *rtnl)
{
    mnl_socket_close(rtnl->socket);
}

static int message_error(const struct nlmsghdr *message, int err)
{
    int32_t found;

    if (mnl_nlmsg_get_payload_len(message) < sizeof(found))
        return err;
    memcpy(&found, mnl_nlmsg_get_payload(message), sizeof(found));
    return found < 0 ? found : err;
}

// One buffer of messages. True: more is to come. *err is set by what ends the answer, or cuts it short.
static bool read_messages(const struct rtnl *rtnl, size_t n, mnl_cb_t each, void *data, int *err)
{
    const struct nlmsghdr *message = (const struct nlmsghdr *)rtnl->answer;
    bool more = true;
    int left = (int)n;

    for (; more && mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_seq != rtnl->sequence)
            continue;
        // The dump has to be read to its end all the same, else the next one finds the socket busy.
        if (message->nlmsg_flags & NLM_F_DUMP_INTR)
            *err = -EINTR;
        // A dump's end may carry an error as well; both begin with it.
        if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE)
            *err = message_error(message, *err);
        else if (message->nlmsg_type >= NLMSG_MIN_TYPE)
            (void)each(message, data);
        more = message->nlmsg_type >= NLMSG_MIN_TYPE && (message->nlmsg_flags & NLM_F_MULTI) != 0;
    }
    return more;
}

int rtnl_ask(struct rtnl *rtnl, struct nlmsghdr *question, mnl_cb_t each, void *data)
{
    bool more = true;
    int err = 0;

    question->nlmsg_seq = ++rtnl->sequence;
    if (mnl_socket_sendto(rtnl->socket, question, question->nlmsg_len) < 0)
        return -errno;
    while (more) {
        ssize_t n = mnl_socket_recvfrom(rtnl->socket, rtnl->answer, sizeof(rtnl->answer));

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n >= 0)
            more = read_messages(rtnl, (size_t)n, each, data, &err);
    }
    return err;
}

void rtnl_put_address(struct nlmsghdr *question, uint16_t type, const struct address *address)
{
    uint8_t bytes[16];

    address_to_bytes(address, bytes);
    mnl_attr_put(question, type, address->family == 4 ? 4 : 16, bytes);
}

struct address rtnl_get_address(const struct nlattr *attr)
{
    uint16_t len = mnl_attr_get_payload_len(attr);

    if (len != 4 && len != 16)
        return (struct address){0};
    return address_from_bytes(len == 4 ? 4 : 6, mnl_attr_get_payload(attr));
}
