#include "port/sim_pool.h"

#include <errno.h>
#include <sys/mman.h>

// Three cache lines: most answers are padded to 60 bytes, an ICMP error about a short probe has up to 130.
#define SMALL_STRIDE ((size_t)3 * CACHE_LINE)

void *sim_pool_map(size_t bytes)
{
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void sim_pool_unmap(void *memory, size_t bytes)
{
    if (memory != NULL)
        munmap(memory, bytes);
}

static void shelf_release(struct sim_shelf *shelf)
{
    sim_pool_unmap(shelf->base, shelf->stride * shelf->total);
    sim_pool_unmap(shelf->free, sizeof(*shelf->free) * shelf->total);
    *shelf = (struct sim_shelf){0};
}

static int shelf_init(struct sim_shelf *shelf, uint32_t total, size_t stride)
{
    *shelf = (struct sim_shelf){.total = total, .stride = stride};
    shelf->room = (uint16_t)(stride - offsetof(struct sim_packet, data));
    shelf->base = sim_pool_map(stride * total);
    shelf->free = sim_pool_map(sizeof(*shelf->free) * total);
    if (shelf->base != NULL && shelf->free != NULL)
        return 0;
    shelf_release(shelf);
    return -ENOMEM;
}

int sim_pool_init(struct sim_pool *pool, uint32_t n_small, uint32_t n_large, uint16_t large_room)
{
    size_t stride = offsetof(struct sim_packet, data) + large_room;
    int err = shelf_init(&pool->small, n_small, SMALL_STRIDE);

    if (err < 0)
        return err;
    err = shelf_init(&pool->large, n_large, (stride + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (err < 0)
        shelf_release(&pool->small);
    return err;
}

void sim_pool_release(struct sim_pool *pool)
{
    shelf_release(&pool->small);
    shelf_release(&pool->large);
}

struct sim_packet *sim_pool_take(struct sim_pool *pool, uint16_t need)
{
    struct sim_shelf *shelf = need <= pool->small.room ? &pool->small : &pool->large;
    struct sim_packet *packet;

    if (shelf->n_free > 0)
        return shelf->free[--shelf->n_free];
    if (shelf->fresh == shelf->total)
        return NULL;
    packet = (struct sim_packet *)(void *)(shelf->base + shelf->stride * shelf->fresh++);
    packet->room = shelf->room;
    return packet;
}

void sim_pool_put(struct sim_pool *pool, struct sim_packet *packet)
{
    struct sim_shelf *shelf = packet->room == pool->small.room ? &pool->small : &pool->large;

    shelf->free[shelf->n_free++] = packet;
}
