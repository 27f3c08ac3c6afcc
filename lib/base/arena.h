// Memory that is given back all at once: for trees and tables made while a template is compiled.
//
// One thread at a time. Allocation returns NULL when memory or the arena's limit is used up.
#ifndef VOLLEY_BASE_ARENA_H
#define VOLLEY_BASE_ARENA_H

#include "base/base.h"

struct arena_chunk;
struct arena_block;

struct arena {
    struct arena_chunk *chunks;
    struct arena_block *blocks; // adopted
    size_t used;                // bytes handed out
    size_t limit;               // 0: none
};

void arena_init(struct arena *arena, size_t limit);
void arena_release(struct arena *arena);
// Zeroed, aligned to 16.
void *arena_alloc(struct arena *arena, size_t size) MUST_USE;
void *arena_copy(struct arena *arena, const void *bytes, size_t size) MUST_USE;
// Takes a block from malloc, of which `size` bytes are in use, over: it is freed with the arena, and its contents may be
// moved now. Returns where they are. NULL: no memory or not within the limit; the block is still the caller's.
void *arena_adopt(struct arena *arena, void *block, size_t size) MUST_USE;

#endif
