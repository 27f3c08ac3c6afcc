// From a flow key's hash to the positions of the probes that have that flow key.
//
// A bucket is one cache line: seven 64-bit entries {low bits of position, fingerprint} and an overflow word that says
// how far beyond this bucket entries of its own hashes may lie: nowhere for 9 of 10 buckets of a full table, so inserting
// and finding cost one line. Nothing is ever deleted: an entry whose position is before the window's tail is free. Any
// number of threads insert and find at once: entries are single words, stored and loaded atomically (compare-and-swap
// on insertion, so that two inserters never overwrite each other). What is found are candidates: the caller builds each
// candidate's stimulus again and lets the bytes decide.
#ifndef VOLLEY_PROBE_FLOW_TABLE_H
#define VOLLEY_PROBE_FLOW_TABLE_H

#include "base/base.h"

#include <stdbool.h>

#define FLOW_TABLE_POSITION_BITS 40
#define FLOW_TABLE_CANDIDATES    64 // live entries of one flow key; at most that many are found for one response
#define FLOW_TABLE_REACH         128 // buckets, from the hash's own on, in which an entry may lie

struct flow_table; // owned by who made it; workers borrow

// Sized for `outstanding` live entries at once (16 bytes each, and 8 KiB), no fewer than window_init was given. All memory
// is taken here: mmap, huge pages advised, pages touched. 0 or -errno (-ENOMEM).
int flow_table_new(struct flow_table **table, uint64_t outstanding) MUST_USE;
void flow_table_free(struct flow_table *table);
uint64_t flow_table_bytes(const struct flow_table *table);

// Brings a bucket's line into the cache, for the insert or find that comes some packets later.
void flow_table_prefetch(const struct flow_table *table, uint64_t hash);

// hash: keyed, all 64 bits good: the upper 32 choose the bucket, the lower 24 are the fingerprint. position: absolute, of
// the caller's claimed block, not yet sent. oldest: the window's tail, read since that block was claimed (an older value
// is safe but frees less). What lies before it is free.
//
// Takes the first free entry of the hash's own bucket or of the FLOW_TABLE_REACH - 1 after it. False: none is free, or
// FLOW_TABLE_CANDIDATES live entries have this fingerprint already. Then the probe can be found by nobody, so the caller
// counts it (it will end among the unanswered, and says so).
bool flow_table_insert(struct flow_table *table, uint64_t hash, uint64_t position, uint64_t oldest) MUST_USE;

// The same, cheaper, for the one thread that inserts: stores instead of exchanges, which let no later load pass.
bool flow_table_insert_alone(struct flow_table *table, uint64_t hash, uint64_t position,
                             uint64_t oldest) MUST_USE;

// Candidates whose fingerprint fits, in rising order of position; of more than FLOW_TABLE_CANDIDATES the last ones,
// among which is every live one. Some may have expired (the caller tells by position). newest: the position after the last
// one claimed so far, by which low bits become positions; read after the response was received, so that its own
// probe is before it.
unsigned flow_table_find(const struct flow_table *table, uint64_t hash, uint64_t newest,
                         uint64_t positions[FLOW_TABLE_CANDIDATES]);

#endif
