// What route.c and route_interface.c share.
#ifndef VOLLEY_PORT_ROUTE_TABLE_H
#define VOLLEY_PORT_ROUTE_TABLE_H

#include "port/route.h"
#include "port/route_cuts.h"
#include "port/rtnl.h"

// The intervals of one family, read when they are first asked for, and the kernel's answers so far.
struct route_family {
    bool is_loaded;
    struct route_cuts cuts;
    uint32_t *answer; // an interval; place in answers + 1, 0 if it was not asked yet
    struct route *answers;
    uint32_t n, capacity;
};

struct route_table {
    struct rtnl rtnl;
    int oif; // 0: any
    struct route_family v4, v6;
};

#endif
