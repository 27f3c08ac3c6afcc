#include "capture/zstd_walk.h"

#include <assert.h>
#include <zstd.h>

enum block_type { BLOCK_RAW, BLOCK_RLE, BLOCK_COMPRESSED, BLOCK_RESERVED };

static void zstd_walk_to(struct zstd_walk *walk, enum zstd_walk_piece piece, uint64_t bytes)
{
    walk->piece = piece;
    walk->left = bytes;
    walk->number = 0;
}

void zstd_walk_init(struct zstd_walk *walk)
{
    *walk = (struct zstd_walk){.last = false};
    zstd_walk_to(walk, ZSTD_WALK_MAGIC, 4);
}

static void zstd_walk_magic(struct zstd_walk *walk)
{
    if (walk->number == ZSTD_MAGICNUMBER)
        zstd_walk_to(walk, ZSTD_WALK_DESCRIPTOR, 1);
    else if ((walk->number & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
        zstd_walk_to(walk, ZSTD_WALK_SKIPPABLE_SIZE, 4);
    else
        zstd_walk_to(walk, ZSTD_WALK_LOST, UINT64_MAX);
}

// Section 3.1.1.1: window, dictionary and content size.
static void zstd_walk_descriptor(struct zstd_walk *walk)
{
    static const uint8_t dictionary_bytes[] = {0, 1, 2, 4}, size_bytes[] = {0, 2, 4, 8};
    // The number's first byte.
    uint32_t descriptor = walk->number >> 24;
    bool single_segment = (descriptor & 0x20) != 0;
    unsigned size = size_bytes[descriptor >> 6];

    if (single_segment && size == 0)
        size = 1;
    walk->checksum = (descriptor & 4) != 0;
    walk->closable = !walk->checksum && size == 0;
    zstd_walk_to(walk, ZSTD_WALK_HEADER, !single_segment + dictionary_bytes[descriptor & 3] + size);
}

// True.
static bool zstd_walk_block_end(struct zstd_walk *walk)
{
    if (!walk->last)
        zstd_walk_to(walk, ZSTD_WALK_BLOCK_HEADER, 3);
    else if (walk->checksum)
        zstd_walk_to(walk, ZSTD_WALK_CHECKSUM, 4);
    else
        zstd_walk_to(walk, ZSTD_WALK_MAGIC, 4);
    return true;
}

// Section 3.1.1.2. True if the block ends here, as an empty one does.
static bool zstd_walk_block(struct zstd_walk *walk)
{
    uint32_t header = walk->number >> 8; // three bytes came
    uint32_t size = header >> 3;
    enum block_type type = header >> 1 & 3;

    walk->last = (header & 1) != 0;
    if (type == BLOCK_RESERVED) {
        zstd_walk_to(walk, ZSTD_WALK_LOST, UINT64_MAX);
        return false;
    }
    zstd_walk_to(walk, ZSTD_WALK_BLOCK, type == BLOCK_RLE ? 1 : size);
    return walk->left == 0 && zstd_walk_block_end(walk);
}

static void zstd_walk_skippable(struct zstd_walk *walk)
{
    if (walk->number > 0)
        zstd_walk_to(walk, ZSTD_WALK_SKIPPABLE, walk->number);
    else
        zstd_walk_to(walk, ZSTD_WALK_MAGIC, 4);
}

// The piece has come to its end. True if that is one of a block.
static bool zstd_walk_next(struct zstd_walk *walk)
{
    switch (walk->piece) {
    case ZSTD_WALK_MAGIC:
        zstd_walk_magic(walk);
        return false;
    case ZSTD_WALK_DESCRIPTOR:
        zstd_walk_descriptor(walk);
        return false;
    case ZSTD_WALK_HEADER:
        zstd_walk_to(walk, ZSTD_WALK_BLOCK_HEADER, 3);
        return false;
    case ZSTD_WALK_BLOCK_HEADER:
        return zstd_walk_block(walk);
    case ZSTD_WALK_BLOCK:
        return zstd_walk_block_end(walk);
    case ZSTD_WALK_SKIPPABLE_SIZE:
        zstd_walk_skippable(walk);
        return false;
    case ZSTD_WALK_CHECKSUM:
    case ZSTD_WALK_SKIPPABLE:
        zstd_walk_to(walk, ZSTD_WALK_MAGIC, 4);
        return false;
    case ZSTD_WALK_LOST:
        walk->left = UINT64_MAX;
        return false;
    }
    return false;
}

size_t zstd_walk_on(struct zstd_walk *walk, const uint8_t *bytes, size_t len, bool *block_ends)
{
    size_t at = 0;

    assert(len > 0);
    *block_ends = false;
    while (at < len && !*block_ends) {
        size_t n = walk->left < len - at ? (size_t)walk->left : len - at;

        for (size_t i = n > 4 ? n - 4 : 0; i < n; i++)
            walk->number = walk->number >> 8 | (uint32_t)bytes[at + i] << 24;
        at += n;
        walk->left -= n;
        if (walk->left == 0)
            *block_ends = zstd_walk_next(walk);
    }
    return at;
}
