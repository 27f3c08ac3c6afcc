#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK 16384
#define ARENA_ALIGN 16

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used;
    _Alignas(ARENA_ALIGN) uint8_t bytes[];
};

struct arena_block {
    struct arena_block *next;
    void *bytes;
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

void arena_release(struct arena *arena)
{
    for (struct arena_block *block = arena->blocks; block != NULL; block = block->next)
        free(block->bytes);
    arena->blocks = NULL;
    for (struct arena_chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    arena->chunks = NULL;
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->chunks;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (arena->limit != 0 && size > arena->limit - arena->used)
        return NULL;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t bytes = size > ARENA_CHUNK ? size : ARENA_CHUNK;

        chunk = calloc(1, sizeof(*chunk) + bytes);
        if (chunk == NULL)
            return NULL;
        chunk->size = bytes;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *p = chunk->bytes + chunk->used;
    chunk->used += size;
    arena->used += size;
    return p;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *p = arena_alloc(arena, size == 0 ? 1 : size);

    if (p != NULL && size > 0)
        memcpy(p, bytes, size);
    return p;
}

void *arena_adopt(struct arena *arena, void *block, size_t size)
{
    size_t used = size == 0 ? 1 : size;
    struct arena_block *taken = arena_alloc(arena, sizeof(*taken));

    if (taken == NULL || (arena->limit != 0 && used > arena->limit - arena->used))
        return NULL;
    void *shrunk = realloc(block, used);
    taken->bytes = shrunk == NULL ? block : shrunk;
    taken->next = arena->blocks;
    arena->blocks = taken;
    arena->used += used;
    return taken->bytes;
}
