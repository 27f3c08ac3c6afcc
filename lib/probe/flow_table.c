#include "probe/flow_table.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ENTRIES          7
#define BYTES_A_PROBE    16 // 4 of 7 entries live when full; measured: 8 % of buckets overflow, by 2 at most
#define FINGERPRINT_BITS (64 - FLOW_TABLE_POSITION_BITS)
#define FINGERPRINT_MASK ((UINT64_C(1) << FINGERPRINT_BITS) - 1)
#define HUGE_PAGE        ((size_t)2 << 20)
// So far beyond its own bucket a key may reach without having more than FLOW_TABLE_CANDIDATES entries.
#define REACH_UNCOUNTED (FLOW_TABLE_CANDIDATES / ENTRIES - 1)

// A word is position << FINGERPRINT_BITS | fingerprint; the fingerprint is never 0, so that 0 is a word never used. The
// overflow word is {last position that overflowed, farthest bucket} in the same form, live for as long as that
// position is.
//
// All accesses are relaxed unless said otherwise: a word says all it says by itself, and nothing else is published
// through it. That a response's finder sees the entry of its stimulus follows from the order insert -> send -> receive
// -> find and the coherence of one word.
struct bucket {
    _Alignas(CACHE_LINE) _Atomic uint64_t entries[ENTRIES];
    _Atomic uint64_t overflow;
};

struct flow_table {
    struct bucket *buckets; // n_buckets, and FLOW_TABLE_REACH - 1 more, so that reaching never wraps around
    uint64_t n_buckets;
    void *mapping;
    size_t mapped;
};

_Static_assert(sizeof(struct bucket) == CACHE_LINE, "a bucket is one cache line");

int flow_table_new(struct flow_table **table, uint64_t outstanding)
{
    uint64_t n_buckets = outstanding / (CACHE_LINE / BYTES_A_PROBE) + 1;
    struct flow_table *made;
    size_t bytes;

    if (n_buckets > UINT32_MAX) // a bucket is chosen by 32 bits
        return -ENOMEM;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    bytes = (n_buckets + FLOW_TABLE_REACH - 1) * sizeof(struct bucket);
    // Up to a huge page more, to start at the edge of one.
    made->mapped = bytes + (bytes >= HUGE_PAGE ? HUGE_PAGE : 0);
    made->mapping = mmap(NULL, made->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made->mapping == MAP_FAILED) {
        free(made);
        return -ENOMEM;
    }
    made->n_buckets = n_buckets;
    made->buckets = made->mapping;
    if (bytes >= HUGE_PAGE)
        made->buckets = (void *)(((uintptr_t)made->mapping + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    // Both are advice: kernels without huge pages, or before 5.14, give small pages at the first touch.
    (void)madvise(made->buckets, bytes, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
    (void)madvise(made->buckets, bytes, MADV_POPULATE_WRITE);
#endif
    *table = made;
    return 0;
}

void flow_table_free(struct flow_table *table)
{
    if (table == NULL)
        return;
    munmap(table->mapping, table->mapped);
    free(table);
}

uint64_t flow_table_bytes(const struct flow_table *table)
{
    return (table->n_buckets + FLOW_TABLE_REACH - 1) * sizeof(struct bucket);
}

static inline struct bucket *home_of(const struct flow_table *table, uint64_t hash)
{
    return &table->buckets[(hash >> 32) * table->n_buckets >> 32];
}

static inline uint64_t word_of(uint64_t position, uint64_t low)
{
    return position << FINGERPRINT_BITS | low;
}

static inline uint64_t fingerprint_of(uint64_t hash)
{
    uint64_t fingerprint = hash & FINGERPRINT_MASK;

    return fingerprint | (fingerprint == 0);
}

static inline bool is_alike(uint64_t word, uint64_t fingerprint)
{
    return ((word ^ fingerprint) & FINGERPRINT_MASK) == 0;
}

// edge: word_of(oldest, 0). Positions are compared as their 40 bits are: up to 2^39 from the edge on is live, so an entry
// that nobody took for 2^39 positions blocks its place for as many: a few places of a table that is nearly empty.
static inline bool is_live(uint64_t word, uint64_t edge)
{
    return (word != 0) & ((int64_t)(word - edge) >= 0);
}

static inline uint64_t peek(_Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

void flow_table_prefetch(const struct flow_table *table, uint64_t hash)
{
    __builtin_prefetch(home_of(table, hash));
}

// Puts `word` into the bucket's first free entry and returns that entry, or NULL. alone: nobody else inserts.
__attribute__((always_inline)) static inline _Atomic uint64_t *
bucket_take(struct bucket *bucket, uint64_t word, uint64_t edge, const bool alone)
{
    uint64_t seen[ENTRIES];
    unsigned free_entries = 0; // a bit an entry: where it lies is nothing a branch predictor could learn

#pragma GCC unroll 7
    for (unsigned i = 0; i < ENTRIES; i++) {
        seen[i] = peek(&bucket->entries[i]);
        free_entries |= (unsigned)!is_live(seen[i], edge) << i;
    }
    for (; free_entries != 0; free_entries &= free_entries - 1) {
        unsigned i = (unsigned)__builtin_ctz(free_entries);

        if (alone) {
            atomic_store_explicit(&bucket->entries[i], word, memory_order_relaxed);
            return &bucket->entries[i];
        }
        // Sequentially consistent for count_alike; who fails was overtaken by another live entry.
        if (likely(atomic_compare_exchange_strong_explicit(&bucket->entries[i], &seen[i], word,
                                                           memory_order_seq_cst, memory_order_relaxed)))
            return &bucket->entries[i];
    }
    return NULL;
}

// All entries that overflowed from here have expired. Failing means that another one just overflowed.
static void overflow_forget(struct bucket *home, uint64_t overflow)
{
    atomic_compare_exchange_strong_explicit(&home->overflow, &overflow, 0, memory_order_relaxed,
                                            memory_order_relaxed);
}

// Makes finders look `reach` buckets beyond home, until position of `word` has expired.
static void overflow_extend(struct bucket *home, uint64_t reach, uint64_t word, uint64_t edge)
{
    uint64_t seen = peek(&home->overflow);
    uint64_t position = word & ~FINGERPRINT_MASK, extended;

    do {
        uint64_t last = position, farthest = reach;

        if (is_live(seen, edge)) {
            if ((seen & FINGERPRINT_MASK) > farthest)
                farthest = seen & FINGERPRINT_MASK;
            if (seen - edge > last - edge)
                last = seen & ~FINGERPRINT_MASK;
        }
        extended = last | farthest;
    } while (!atomic_compare_exchange_weak_explicit(&home->overflow, &seen, extended, memory_order_seq_cst,
                                                    memory_order_relaxed));
}

static inline uint64_t reach_of(uint64_t overflow, uint64_t edge)
{
    return is_live(overflow, edge) ? overflow & FINGERPRINT_MASK : 0;
}

// Live entries with the word's fingerprint, in all places where a finder looks; 0 if those are too few to be too many.
// Sequentially consistent, as the entry and the overflow word were stored: of two inserters that each count after they
// stored, one at least sees both.
static unsigned count_alike(struct bucket *home, uint64_t word, uint64_t edge)
{
    uint64_t reach = reach_of(atomic_load_explicit(&home->overflow, memory_order_seq_cst), edge);
    unsigned n = 0;

    if (likely(reach <= REACH_UNCOUNTED))
        return 0;
    for (uint64_t at = 0; at <= reach; at++) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            uint64_t seen = atomic_load_explicit(&home[at].entries[i], memory_order_seq_cst);

            if (is_alike(seen, word) && is_live(seen, edge))
                n++;
        }
    }
    return n;
}

// The way of hashes whose own bucket is full, or that reach far.
static bool insert_beyond(struct bucket *home, uint64_t word, uint64_t edge)
{
    _Atomic uint64_t *taken = NULL;
    unsigned at;

    if (count_alike(home, word, edge) >= FLOW_TABLE_CANDIDATES)
        return false;
    for (at = 0; at < FLOW_TABLE_REACH; at++) {
        taken = bucket_take(&home[at], word, edge, false);
        if (taken != NULL)
            break;
    }
    if (taken == NULL)
        return false;
    if (at > 0)
        overflow_extend(home, at, word, edge);
    // Others may have come between: then we are one too many, and finders may miss the oldest until we have gone.
    if (likely(count_alike(home, word, edge) <= FLOW_TABLE_CANDIDATES))
        return true;
    // Our entry is live, so nobody else writes it. edge - 1 has expired; 0 would let an inserter that saw the place unused
    // and then slept take it unseen by all that happened since.
    atomic_store_explicit(taken, edge - 1, memory_order_relaxed);
    return false;
}

__attribute__((always_inline)) static inline bool insert(struct flow_table *table, uint64_t hash,
                                                         uint64_t position, uint64_t oldest, const bool alone)
{
    struct bucket *home = home_of(table, hash);
    uint64_t word = word_of(position, fingerprint_of(hash)), edge = word_of(oldest, 0);
    uint64_t overflow = peek(&home->overflow);

    assert(position >= oldest);
    if (unlikely(overflow != 0) && !is_live(overflow, edge))
        overflow_forget(home, overflow);
    if (likely(reach_of(overflow, edge) <= REACH_UNCOUNTED) &&
        likely(bucket_take(home, word, edge, alone) != NULL))
        return true;
    return insert_beyond(home, word, edge);
}

bool flow_table_insert(struct flow_table *table, uint64_t hash, uint64_t position, uint64_t oldest)
{
    return insert(table, hash, position, oldest, false);
}

bool flow_table_insert_alone(struct flow_table *table, uint64_t hash, uint64_t position, uint64_t oldest)
{
    return insert(table, hash, position, oldest, true);
}

struct candidates {
    uint64_t *positions; // rising
    unsigned n;
};

static inline void candidates_add(struct candidates *all, uint64_t position)
{
    uint64_t *positions = all->positions;
    unsigned i = all->n;

    if (unlikely(i == FLOW_TABLE_CANDIDATES)) {
        if (position < positions[0])
            return;
        for (i = 1; i < FLOW_TABLE_CANDIDATES && positions[i] < position; i++)
            positions[i - 1] = positions[i];
        positions[i - 1] = position;
        return;
    }
    for (; i > 0 && positions[i - 1] > position; i--)
        positions[i] = positions[i - 1];
    positions[i] = position;
    all->n++;
}

static inline void bucket_find(struct bucket *bucket, uint64_t fingerprint, uint64_t last,
                               struct candidates *all)
{
    uint64_t seen[ENTRIES];
    unsigned alike = 0;

#pragma GCC unroll 7
    for (unsigned i = 0; i < ENTRIES; i++) {
        seen[i] = peek(&bucket->entries[i]);
        alike |= (unsigned)is_alike(seen[i], fingerprint) << i;
    }
    for (; alike != 0; alike &= alike - 1) {
        uint64_t word = seen[__builtin_ctz(alike)];
        uint64_t age = (word_of(last, FINGERPRINT_MASK) - word) >> FINGERPRINT_BITS;

        if (likely(age <= last)) // else claimed since, or before position 0
            candidates_add(all, last - age);
    }
}

unsigned flow_table_find(const struct flow_table *table, uint64_t hash, uint64_t newest,
                         uint64_t positions[FLOW_TABLE_CANDIDATES])
{
    struct bucket *home = home_of(table, hash);
    struct candidates all = {.positions = positions};
    uint64_t fingerprint = fingerprint_of(hash);
    uint64_t reach;

    if (unlikely(newest == 0))
        return 0;
    bucket_find(home, fingerprint, newest - 1, &all);
    reach = peek(&home->overflow) & FINGERPRINT_MASK;
    for (uint64_t at = 1; at <= reach; at++)
        bucket_find(&home[at], fingerprint, newest - 1, &all);
    return all.n;
}
