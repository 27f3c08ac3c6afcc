// What addresses host names stand for.
//
// The template compiler knows no sockets; who calls it says how to find out. Asked once a name, before anything is sent.
#ifndef VOLLEY_TEMPLATE_RESOLVER_H
#define VOLLEY_TEMPLATE_RESOLVER_H

#include "base/address.h"

struct resolver {
    void *context;
    // The first address of that family. False: there is none; *why then says it (a constant).
    bool (*lookup)(void *context, const char *name, uint8_t family, struct address *address,
                   const char **why);
};

#endif
