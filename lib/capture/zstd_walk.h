// A walk along zstd frames (RFC 8878, section 3.1.1), which finds where their blocks end without unpacking them.
//
// One thread, and no allocation. What is walked along is hostile: where it is no zstd, all that follows is one piece
// without an end, of which the library tells what is wrong.
#ifndef VOLLEY_CAPTURE_ZSTD_WALK_H
#define VOLLEY_CAPTURE_ZSTD_WALK_H

#include "base/base.h"

#include <stdbool.h>

// An empty last block: it ends a frame that has no checksum.
#define ZSTD_WALK_CLOSING       "\1\0\0"
#define ZSTD_WALK_CLOSING_BYTES 3u

enum zstd_walk_piece {
    ZSTD_WALK_MAGIC,
    ZSTD_WALK_DESCRIPTOR,
    ZSTD_WALK_HEADER, // what follows the descriptor
    ZSTD_WALK_BLOCK_HEADER,
    ZSTD_WALK_BLOCK,
    ZSTD_WALK_CHECKSUM,
    ZSTD_WALK_SKIPPABLE_SIZE,
    ZSTD_WALK_SKIPPABLE,
    ZSTD_WALK_LOST,
};

struct zstd_walk {
    enum zstd_walk_piece piece;
    uint64_t left;   // bytes of the piece
    uint32_t number; // what the piece's last four bytes say, the first of them lowest
    bool last;       // of the frame's blocks
    bool checksum;
    bool closable; // after each of its blocks an empty last one may follow: neither checksum nor size is told
};

// To the start of the first frame.
void zstd_walk_init(struct zstd_walk *walk);

// Goes on along the next bytes, at most up to the end of a block. Returns how many that were, at least one.
size_t zstd_walk_on(struct zstd_walk *walk, const uint8_t *bytes, size_t len, bool *block_ends) MUST_USE;

#endif
