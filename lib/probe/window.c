#include "probe/window.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCKS_MIN 4
#define HUGE_PAGE  ((size_t)2 << 20)
#define NO_BLOCK   UINT64_MAX // greater than any block's number

// marks: the lap of the ring, 31 bits | retired, 1 bit | answered, 32 bits. Once retired it stays as it is until the
// place is claimed again.
#define MARKS_RETIRED   (UINT64_C(1) << 32)
#define MARKS_LAP_SHIFT 33
#define MARKS_BITS      32

// offers: the lap, 17 bits | a number of positions, 7 bits | ticks after the first offer, 40 bits. [0]: the block's count
// (0: not sent yet) and the last offer of the whole block; [1]: the split (OFFER_NONE: no part was offered by itself)
// and the last offer of what follows it.
#define OFFER_TICKS_MAX   ((UINT64_C(1) << 40) - 1)
#define OFFER_COUNT_SHIFT 40
#define OFFER_COUNT_MASK  0x7fu
#define OFFER_NONE        0x7fu // above any offset
#define OFFER_LAP_SHIFT   47

_Static_assert(sizeof(struct window_block) == CACHE_LINE, "a block is one cache line");

static unsigned log2_up(uint64_t n)
{
    return n > 1 ? 64 - (unsigned)__builtin_clzll(n - 1) : 0;
}

// Every page is touched here, so that no worker takes a page fault.
static struct window_block *blocks_new(uint64_t n)
{
    size_t bytes = n * sizeof(struct window_block);
    struct window_block *blocks = aligned_alloc(bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE, bytes);

    if (blocks == NULL)
        return NULL;
    if (bytes >= HUGE_PAGE)
        (void)madvise(blocks, bytes, MADV_HUGEPAGE); // advice: small pages do as well, slower
    memset(blocks, 0, bytes);
    for (uint64_t i = 0; i < n; i++)
        atomic_init(&blocks[i].number, NO_BLOCK);
    return blocks;
}

int window_init(struct window *window, uint64_t n_positions, uint64_t outstanding, unsigned block_shift)
{
    uint64_t round_up, n_blocks, limit;

    if (block_shift > WINDOW_BLOCK_SHIFT_MAX)
        return -EINVAL;
    round_up = (UINT64_C(1) << block_shift) - 1;
    n_blocks = (n_positions >> block_shift) + ((n_positions & round_up) != 0);
    limit = (outstanding >> block_shift) + ((outstanding & round_up) != 0);
    if (limit > n_blocks)
        limit = n_blocks;
    if (limit < BLOCKS_MIN)
        limit = BLOCKS_MIN;
    if (limit > SIZE_MAX / sizeof(struct window_block) / 4)
        return -ENOMEM;
    *window = (struct window){
        .n_positions = n_positions,
        .n_blocks = n_blocks,
        .limit = limit,
        .ring_shift = log2_up(2 * limit),
        .block_shift = block_shift,
    };
    window->blocks = blocks_new(UINT64_C(1) << window->ring_shift);
    return window->blocks == NULL ? -ENOMEM : 0;
}

void window_release(struct window *window)
{
    free(window->blocks);
    window->blocks = NULL;
}

static inline struct window_block *block_at(const struct window *window, uint64_t number)
{
    return &window->blocks[number & ((UINT64_C(1) << window->ring_shift) - 1)];
}

static inline uint64_t lap_of(const struct window *window, uint64_t number)
{
    return number >> window->ring_shift;
}

static inline uint64_t offer_word(uint64_t lap, uint64_t count, uint64_t ticks)
{
    return lap << OFFER_LAP_SHIFT | count << OFFER_COUNT_SHIFT | ticks;
}

static inline unsigned offer_count(uint64_t offer)
{
    return offer >> OFFER_COUNT_SHIFT & OFFER_COUNT_MASK;
}

// Nobody but the claimant writes to a place whose block was retired, save those of an earlier lap whom the lap stops.
// Readers of the block that lay here must notice: they read marks last, and marks are written first, before the releasing
// stores of all that they may have read. `number` comes last: who acquires it sees the block as not sent, or later.
static void block_start(struct window_block *block, uint64_t number, uint64_t lap)
{
    atomic_store_explicit(&block->marks[0], lap << MARKS_LAP_SHIFT, memory_order_relaxed);
    atomic_store_explicit(&block->marks[1], lap << MARKS_LAP_SHIFT, memory_order_relaxed);
    atomic_store_explicit(&block->offers[0], offer_word(lap, 0, 0), memory_order_release);
    atomic_store_explicit(&block->offers[1], offer_word(lap, OFFER_NONE, 0), memory_order_release);
    atomic_store_explicit(&block->number, number, memory_order_release);
}

bool window_claim(struct window *window, uint64_t *first, unsigned *count, bool *full)
{
    uint64_t number = atomic_load_explicit(&window->head, memory_order_relaxed);
    uint64_t size = UINT64_C(1) << window->block_shift, left;

    *full = false;
    do {
        if (number >= window->n_blocks)
            return false;
        // Acquire: the collector is done with the block that lay in our place. Signed: head may be an old one, behind tail.
        if ((int64_t)(number - atomic_load_explicit(&window->tail, memory_order_acquire)) >=
            (int64_t)window->limit) {
            *full = true;
            return false;
        }
        // Relaxed: head only hands out numbers; a block is published by its own number.
    } while (!atomic_compare_exchange_weak_explicit(&window->head, &number, number + 1, memory_order_relaxed,
                                                    memory_order_relaxed));
    block_start(block_at(window, number), number, lap_of(window, number));
    *first = number << window->block_shift;
    left = window->n_positions - *first;
    *count = (unsigned)(left < size ? left : size);
    return true;
}

// Offers `which` again. The block may have been retired meanwhile, and its place claimed: then the lap is another one.
static void block_offer_again(struct window_block *block, unsigned which, uint64_t lap, unsigned count,
                              uint64_t ticks)
{
    // Acquire, both: a time of the next lap makes the exchange fail.
    uint64_t seen = atomic_load_explicit(&block->offers[which], memory_order_acquire);
    uint64_t after = ticks - atomic_load_explicit(&block->sent, memory_order_acquire);
    uint64_t offer = offer_word(lap, count, after < OFFER_TICKS_MAX ? after : OFFER_TICKS_MAX);

    if (which == 1 && offer_count(seen) != OFFER_NONE) // the first split stays
        offer = offer_word(lap, offer_count(seen), offer & OFFER_TICKS_MAX);
    // Release: see block_start.
    if ((seen ^ offer) >> OFFER_LAP_SHIFT == 0)
        atomic_compare_exchange_strong_explicit(&block->offers[which], &seen, offer, memory_order_release,
                                                memory_order_relaxed);
}

void window_sent(struct window *window, uint64_t first, unsigned count, unsigned from, uint64_t ticks)
{
    uint64_t number = first >> window->block_shift, lap = lap_of(window, number);
    struct window_block *block = block_at(window, number);
    uint64_t unsent = offer_word(lap, 0, 0);

    assert(count > 0 && from < count);
    if (from > 0) {
        block_offer_again(block, 1, lap, from, ticks);
    } else if (atomic_load_explicit(&block->offers[0], memory_order_relaxed) != unsent) {
        block_offer_again(block, 0, lap, count, ticks);
    } else {
        // Not sent yet, so it cannot be retired and is surely ours. Release: who sees `sent` sees our marks
        // (block_start), who sees the count sees `sent`.
        atomic_store_explicit(&block->sent, ticks, memory_order_release);
        atomic_store_explicit(&block->offers[0], offer_word(lap, count, 0), memory_order_release);
    }
}

struct times {
    uint64_t sent[2];
    unsigned count; // 0: not sent yet
    unsigned split; // OFFER_NONE if there is none; then both times are the same
};

// Acquire: of a sent block we see the time; what is read after this is no older than the block that these are of.
static inline struct times block_times(struct window_block *block)
{
    uint64_t whole = atomic_load_explicit(&block->offers[0], memory_order_acquire);
    uint64_t sent = atomic_load_explicit(&block->sent, memory_order_acquire);
    uint64_t part = atomic_load_explicit(&block->offers[1], memory_order_acquire);
    unsigned split = offer_count(part);
    uint64_t last = split == OFFER_NONE ? whole : part;

    return (struct times){
        .sent = {sent + (whole & OFFER_TICKS_MAX), sent + (last & OFFER_TICKS_MAX)},
        .count = offer_count(whole),
        .split = split,
    };
}

// What is known of a position: a view of one block, not mixed with the one that came after it.
struct sight {
    _Atomic uint64_t *marks;
    uint64_t seen; // of marks
    uint64_t bit;
    uint64_t lap;
    uint64_t sent;
};

static inline enum window_mark sight_verdict(const struct sight *sight)
{
    bool answered = (sight->seen & sight->bit) != 0;

    if (unlikely((sight->seen ^ sight->lap << MARKS_LAP_SHIFT) >> MARKS_LAP_SHIFT != 0))
        return WINDOW_GONE;
    if (unlikely((sight->seen & MARKS_RETIRED) != 0))
        return answered ? WINDOW_DUPLICATE : WINDOW_LATE;
    return answered ? WINDOW_DUPLICATE : WINDOW_ANSWER;
}

static inline enum window_mark sight_take(struct sight *sight, const struct window *window, uint64_t position)
{
    uint64_t number = position >> window->block_shift;
    unsigned offset = (unsigned)(position & ((UINT64_C(1) << window->block_shift) - 1));
    struct window_block *block = block_at(window, number);
    struct times times;

    if (unlikely(atomic_load_explicit(&block->number, memory_order_acquire) != number))
        return WINDOW_GONE;
    times = block_times(block);
    if (unlikely(offset >= times.count))
        return WINDOW_GONE;
    *sight = (struct sight){
        .marks = &block->marks[offset / MARKS_BITS],
        .seen = atomic_load_explicit(&block->marks[offset / MARKS_BITS], memory_order_relaxed),
        .bit = UINT64_C(1) << offset % MARKS_BITS,
        .lap = lap_of(window, number),
        .sent = times.sent[offset >= times.split],
    };
    return sight_verdict(sight);
}

enum window_mark window_mark(struct window *window, uint64_t position, uint64_t *sent_ticks)
{
    struct sight sight;
    enum window_mark verdict = sight_take(&sight, window, position);

    while (verdict == WINDOW_ANSWER) {
        // Relaxed: the bit publishes nothing; the answer itself reaches the collector by a queue of its own.
        if (likely(atomic_compare_exchange_weak_explicit(sight.marks, &sight.seen, sight.seen | sight.bit,
                                                         memory_order_relaxed, memory_order_relaxed)))
            break;
        verdict = sight_verdict(&sight);
    }
    if (likely(verdict != WINDOW_GONE))
        *sent_ticks = sight.sent;
    return verdict;
}

enum window_mark window_peek(const struct window *window, uint64_t position, uint64_t *sent_ticks)
{
    struct sight sight;
    enum window_mark verdict = sight_take(&sight, window, position);

    if (likely(verdict != WINDOW_GONE))
        *sent_ticks = sight.sent;
    return verdict;
}

static bool block_complete(struct window_block *block, uint64_t all)
{
    uint64_t low = atomic_load_explicit(&block->marks[0], memory_order_relaxed);
    uint64_t high = atomic_load_explicit(&block->marks[1], memory_order_relaxed);

    return ((low & UINT32_MAX) | high << MARKS_BITS) == all;
}

// From here on no bit is set: what is returned is the truth for ever. Relaxed: markers see the flag or were first.
static uint64_t block_close(struct window_block *block)
{
    uint64_t low = atomic_fetch_or_explicit(&block->marks[0], MARKS_RETIRED, memory_order_relaxed);
    uint64_t high = atomic_fetch_or_explicit(&block->marks[1], MARKS_RETIRED, memory_order_relaxed);

    return (low & UINT32_MAX) | high << MARKS_BITS;
}

bool window_retire(struct window *window, uint64_t expired_ticks, struct window_retired *retired)
{
    uint64_t number = atomic_load_explicit(&window->tail, memory_order_relaxed); // ours alone
    struct window_block *block = block_at(window, number);
    struct times times;
    uint64_t all;

    // Acquire: see block_start and window_sent.
    if (atomic_load_explicit(&block->number, memory_order_acquire) != number)
        return false;
    times = block_times(block);
    if (times.count == 0)
        return false;
    all = UINT64_MAX >> (64 - times.count);
    if (times.sent[1] > expired_ticks && (window->whole_time || !block_complete(block, all)))
        return false;
    *retired = (struct window_retired){
        .first = number << window->block_shift,
        .count = times.count,
        .unanswered = ~block_close(block) & all,
        .sent = {times.sent[0], times.sent[1]},
        .split = times.split < times.count ? times.split : times.count,
    };
    // Release: who claims the place sees it closed.
    atomic_store_explicit(&window->tail, number + 1, memory_order_release);
    return true;
}

// Relaxed, both: a number that tells what is old, read by who relies on no other memory because of it.
uint64_t window_oldest(const struct window *window)
{
    uint64_t number = atomic_load_explicit(&window->tail, memory_order_relaxed);

    return number >= window->n_blocks ? window->n_positions : number << window->block_shift;
}

uint64_t window_newest(const struct window *window)
{
    uint64_t number = atomic_load_explicit(&window->head, memory_order_relaxed);

    return number >= window->n_blocks ? window->n_positions : number << window->block_shift;
}
