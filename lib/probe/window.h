// The ring of blocks: what was sent, when, and which of it was answered.
//
// A block is 2^block_shift consecutive positions (1 to 64) that are sent as one burst. Blocks are claimed by TX workers in
// order, marked by RX workers, retired in order by the collector. A block stays readable after it was retired, until its
// place in the ring is claimed again, so that an answer that comes too late, or twice, can still be told apart. The
// ring has twice the blocks that may wait at once, or more: a block is remembered for at least as many more.
//
// Who lags behind can do no harm, however long it sleeps: each word that is written by others than the block's claimant
// carries the lap of the ring, and is changed by compare-and-swap only. An RX worker that sleeps while the block it looks
// at is retired gets LATE, and GONE once the place was claimed again; a TX worker's new send time is dropped then.
// A response can come before the claimant has done anything but window_sent; before that, no response is real: GONE.
#ifndef VOLLEY_PROBE_WINDOW_H
#define VOLLEY_PROBE_WINDOW_H

#include "base/base.h"

#include <stdatomic.h>
#include <stdbool.h>

#define WINDOW_BLOCK_SHIFT_MAX 6

enum window_mark {
    WINDOW_ANSWER,    // the first answer in time
    WINDOW_DUPLICATE, // answered before
    WINDOW_LATE,      // given up before
    WINDOW_GONE,      // left the ring, or not sent yet: nothing is known of it
};

// One block, one cache line. The TX worker that claimed it writes all of it, then RX workers and the collector `marks`.
struct window_block {
    _Alignas(CACHE_LINE) _Atomic uint64_t number; // which block lies here
    _Atomic uint64_t marks[2];  // lap, retired, a bit for each of 32 positions: see window.c
    _Atomic uint64_t sent;      // ticks of the first offer
    _Atomic uint64_t offers[2]; // lap, count or split, ticks from `sent` on: see window.c
};

struct window {
    // Constant after init.
    struct window_block *blocks; // owned; 2^ring_shift of them
    uint64_t n_positions;        // the plan's; the last block ends there
    uint64_t n_blocks;           // the plan's
    uint64_t limit;              // blocks that may wait at once
    unsigned ring_shift;
    unsigned block_shift;
    bool whole_time; // set by the owner before use: fully answered blocks wait for their time too

    // TX workers.
    _Alignas(CACHE_LINE) _Atomic uint64_t head; // next block to claim
    // Collector.
    _Alignas(CACHE_LINE) _Atomic uint64_t tail; // oldest block not retired
};

// outstanding: positions that may wait at once, rounded up to blocks, at least 4 of them. n_positions up to 2^63.
// 0 or -errno: -EINVAL if block_shift is above WINDOW_BLOCK_SHIFT_MAX, -ENOMEM.
int window_init(struct window *window, uint64_t n_positions, uint64_t outstanding,
                unsigned block_shift) MUST_USE;
void window_release(struct window *window);

// TX worker: claims the next block and returns true with its first position and its size; false when the plan is all
// claimed or (*full = true) when as many blocks wait as may. A claimed block must be sent: it holds the tail until then.
bool window_claim(struct window *window, uint64_t *first, unsigned *count, bool *full) MUST_USE;
// TX worker, before each offer to the port of a claimed block: positions from `from` on are sent at `ticks`.
// (from = 0: the whole block. from > 0: the first `from` were accepted by earlier offers.) Only the first split is
// kept exactly; a block that is refused more than once has its later positions' time at the last offer. ticks may start
// anywhere, 0 too, and do not go backwards for a block; what is later than 2^40 - 1 ticks after the first offer reads so.
// A block is offered again within the timeout, or the collector takes what was not accepted for silent.
void window_sent(struct window *window, uint64_t first, unsigned count, unsigned from, uint64_t ticks);

// RX worker: an answer to `position` arrived. sent_ticks is set for ANSWER and DUPLICATE and LATE. A position has
// exactly one ANSWER, or is in its block's `unanswered`: never both, never neither.
enum window_mark window_mark(struct window *window, uint64_t position, uint64_t *sent_ticks);
// The same verdict, without marking: is this position still waiting (ANSWER)?
enum window_mark window_peek(const struct window *window, uint64_t position, uint64_t *sent_ticks);

// Collector (one thread): retires the oldest block if it is fully answered (without whole_time) or was last offered at
// or before `expired_ticks`. Returns false when the oldest block must still wait (or none is claimed).
struct window_retired {
    uint64_t first;
    unsigned count;
    uint64_t unanswered; // a bit a silent position: bit k is position first + k
    uint64_t sent[2];    // ticks: of positions before `split`, and from it on
    unsigned split;      // count, if all were sent in the first offer
};
bool window_retire(struct window *window, uint64_t expired_ticks, struct window_retired *retired) MUST_USE;

// Brings a block's line into the cache, for the claim, peek or mark that comes some packets later. Any position.
static inline void window_prefetch(const struct window *window, uint64_t position)
{
    __builtin_prefetch(
        &window->blocks[position >> window->block_shift & ((UINT64_C(1) << window->ring_shift) - 1)], 1);
}

uint64_t window_oldest(const struct window *window); // the first position not retired
uint64_t window_newest(const struct window *window); // the position after the last one claimed

#endif
