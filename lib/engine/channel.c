#include "engine/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

// Every record has a header of 8 bytes with its length; a gap up to the end of the ring is a record of length GAP.
#define CHANNEL_HEADER 8
#define CHANNEL_GAP    UINT32_MAX

static uint64_t channel_span(uint32_t len)
{
    return CHANNEL_HEADER + ((uint64_t)len + 7) / 8 * 8;
}

int channel_init(struct channel *channel, uint64_t size)
{
    uint64_t rounded = 4096;

    while (rounded < size)
        rounded *= 2;
    *channel = (struct channel){.size = rounded};
    // Pages come as they are first used: a quiet run needs few.
    void *bytes = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return -errno;
    channel->bytes = bytes;
    return 0;
}

void channel_release(struct channel *channel)
{
    if (channel->bytes != NULL)
        munmap(channel->bytes, channel->size);
    channel->bytes = NULL;
}

static void channel_write_header(struct channel *channel, uint64_t at, uint32_t len)
{
    memcpy(channel->bytes + (at & (channel->size - 1)), &len, sizeof(len));
}

void *channel_reserve(struct channel *channel, uint32_t len)
{
    uint64_t head = atomic_load_explicit(&channel->head, memory_order_relaxed);
    // Acquire: the reader is done with what it freed.
    uint64_t tail = atomic_load_explicit(&channel->tail, memory_order_acquire);
    uint64_t span = channel_span(len), to_end = channel->size - (head & (channel->size - 1));
    uint64_t gap = to_end < span ? to_end : 0;

    if (span > channel->size / 4 || channel->size - (head - tail) < gap + span)
        return NULL;
    if (gap > 0)
        channel_write_header(channel, head, CHANNEL_GAP);
    channel_write_header(channel, head + gap, len);
    channel->reserved = head + gap + span;
    return channel->bytes + ((head + gap) & (channel->size - 1)) + CHANNEL_HEADER;
}

void channel_commit(struct channel *channel)
{
    // Release: the record is whole before it is seen.
    atomic_store_explicit(&channel->head, channel->reserved, memory_order_release);
}

bool channel_is_filling(const struct channel *channel)
{
    uint64_t tail = atomic_load_explicit(&channel->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&channel->head, memory_order_relaxed);

    return head - tail > channel->size / 2 && head > tail;
}

const void *channel_next(struct channel *channel, uint32_t *len)
{
    uint64_t tail = atomic_load_explicit(&channel->tail, memory_order_relaxed);

    while (tail != atomic_load_explicit(&channel->head, memory_order_acquire)) {
        uint64_t at = tail & (channel->size - 1);

        memcpy(len, channel->bytes + at, sizeof(*len));
        if (*len != CHANNEL_GAP)
            return channel->bytes + at + CHANNEL_HEADER;
        tail += channel->size - at;
        atomic_store_explicit(&channel->tail, tail, memory_order_release);
    }
    return NULL;
}

void channel_free_record(struct channel *channel)
{
    uint64_t tail = atomic_load_explicit(&channel->tail, memory_order_relaxed);
    uint32_t len;

    memcpy(&len, channel->bytes + (tail & (channel->size - 1)), sizeof(len));
    atomic_store_explicit(&channel->tail, tail + channel_span(len), memory_order_release);
}
