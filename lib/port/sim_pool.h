// The packets of one simulated link: two sizes, reserved at init, touched only as far as they are used.
#ifndef VOLLEY_PORT_SIM_POOL_H
#define VOLLEY_PORT_SIM_POOL_H

#include "port/sim_wheel.h"

struct sim_shelf {
    uint8_t *base;            // owned
    struct sim_packet **free; // owned; a stack, so that the memory used last is used next
    size_t stride;
    uint32_t total;
    uint32_t fresh; // packets from here on were never used
    uint32_t n_free;
    uint16_t room;
};

// One thread.
struct sim_pool {
    struct sim_shelf small, large;
};

// Zeroed memory that takes up no RAM until it is written to; NULL if there is none.
void *sim_pool_map(size_t bytes) MUST_USE;
void sim_pool_unmap(void *memory, size_t bytes);

// large_room is the most bytes that a packet will need. 0 or -ENOMEM.
int sim_pool_init(struct sim_pool *pool, uint32_t n_small, uint32_t n_large, uint16_t large_room) MUST_USE;
void sim_pool_release(struct sim_pool *pool);

// With room for `need` bytes; NULL: none is left.
struct sim_packet *sim_pool_take(struct sim_pool *pool, uint16_t need);
void sim_pool_put(struct sim_pool *pool, struct sim_packet *packet);

#endif
