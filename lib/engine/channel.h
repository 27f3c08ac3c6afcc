// A queue of records of any size from one RX worker to the collector.
//
// One writer, one reader, no locks. A record is never dropped: a writer that finds no room must wait, and TX pauses long
// before (channel_is_filling).
#ifndef VOLLEY_ENGINE_CHANNEL_H
#define VOLLEY_ENGINE_CHANNEL_H

#include "base/base.h"

#include <stdatomic.h>
#include <stdbool.h>

struct channel {
    // Constant after init.
    uint8_t *bytes; // owned
    uint64_t size;  // a power of two

    // Writer.
    _Alignas(CACHE_LINE) _Atomic uint64_t head; // bytes written since the start
    uint64_t reserved;
    // Reader.
    _Alignas(CACHE_LINE) _Atomic uint64_t tail; // bytes read since the start
};

// size is rounded up to a power of two. 0 or -errno.
int channel_init(struct channel *channel, uint64_t size) MUST_USE;
void channel_release(struct channel *channel);

// Writer: a place for `len` bytes (up to a quarter of the channel), 8-aligned; NULL: no room now. It is the reader's after
// channel_commit.
void *channel_reserve(struct channel *channel, uint32_t len);
void channel_commit(struct channel *channel);
// Any thread: less than half of it is free.
bool channel_is_filling(const struct channel *channel);

// Reader: the oldest record, or NULL; it stays until channel_free_record.
const void *channel_next(struct channel *channel, uint32_t *len);
void channel_free_record(struct channel *channel);

#endif
