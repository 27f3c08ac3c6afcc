// Questions to the kernel through rtnetlink. One thread at a time.
#ifndef VOLLEY_PORT_RTNL_H
#define VOLLEY_PORT_RTNL_H

#include "base/address.h"

#include <libmnl/libmnl.h>

struct rtnl {
    struct mnl_socket *socket;
    uint32_t sequence;
    char answer[32768]; // libmnl's advice for dumps
};

// Room for a question.
#define RTNL_QUESTION_MAX 256

int rtnl_open(struct rtnl *rtnl) MUST_USE;
void rtnl_close(struct rtnl *rtnl);

// Sends the question and calls `each` (which returns MNL_CB_OK) for every message that answers it. 0, or -errno as
// the kernel has it; -EINTR: what was dumped changed meanwhile, so some is missing.
int rtnl_ask(struct rtnl *rtnl, struct nlmsghdr *question, mnl_cb_t each, void *data) MUST_USE;

// Every attribute of a message whose own header has `size` bytes. (libmnl's macro converts carelessly.)
#define RTNL_EACH_ATTR(attr, message, size)                                                                  \
    for ((attr) = mnl_nlmsg_get_payload_offset(message, size);                                               \
         mnl_attr_ok(attr, (int)((const char *)mnl_nlmsg_get_payload_tail(message) - (const char *)(attr))); \
         (attr) = mnl_attr_next(attr))

// Adds an address as attribute, in network order.
void rtnl_put_address(struct nlmsghdr *question, uint16_t type, const struct address *address);
// Family 0 if the attribute's length is not that of an address.
struct address rtnl_get_address(const struct nlattr *attr);

#endif
