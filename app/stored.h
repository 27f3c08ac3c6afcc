// What runs leave: NAME.answered.pcapng and NAME.unanswered.pcapng, in all their spellings, and the packets in them.
#ifndef VOLLEY_APP_STORED_H
#define VOLLEY_APP_STORED_H

#include "capture/cursor.h"

#include <limits.h>

#define STORED_NUMBERS_A_PROBE 16 // a packet's id is index x 16 + n; n 0 is the stimulus

enum { STORED_ANSWERED, STORED_UNANSWERED, STORED_FILES };

// Those of the newest run of that name that left any. False: there is none.
bool stored_find(const char *name, char paths[STORED_FILES][PATH_MAX]) MUST_USE;

// Hands on each packet of a capture, in order, until `take` is false. False: it could not be read, or `take` was false; said why
// on stderr unless `take` was it. A torn end is told, and is no error.
typedef bool (*stored_take)(void *context, const struct capture_record *record);
bool stored_read(const char *path, stored_take take, void *context) MUST_USE;

// Whether it was sent: by its id; by its direction where tools dropped that; of a classic pcap, pairs follow one another:
// `due` says that a stimulus is next.
bool stored_is_stimulus(const struct capture_record *record, bool due);

// Whose packet it is; the ordinal if it does not say so.
static inline uint64_t stored_probe(const struct capture_record *record, uint64_t ordinal)
{
    return record->has_packet_id ? record->packet_id / STORED_NUMBERS_A_PROBE : ordinal;
}

#endif
