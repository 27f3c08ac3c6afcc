// Pairs the frames of captures with each other: any frame may be the stimulus of a later one, once, as in Scapy's
// PacketList.sr().
//
// A frame that answers an earlier one which still waits belongs to the earliest such; every other frame waits itself. Stimuli
// are found by flow key, so that a frame costs the same however many wait, and the bytes decide. A stimulus takes some 150
// bytes and its frame while it waits. One thread.
#ifndef VOLLEY_PROBE_PAIRING_H
#define VOLLEY_PROBE_PAIRING_H

#include "packet/flow_key.h"

#include <stdbool.h>

// Stimuli that a frame is held against, at most. Only captures that were made for it have more of one flow.
#define PAIRING_CANDIDATES_MAX 65536u

struct pairing_options {
    struct flow_hash how;
    bool keeps; // a stimulus that has an answer waits on for more; one without an answer comes first
    bool every; // with keeps: a frame answers every stimulus it can, and may be one: PacketList.sr(multi=1)
    uint64_t timeout_ns; // by the frames' times; 0: stimuli wait to the end
};

struct pairing_frame {
    const uint8_t *bytes; // borrowed during the call
    uint32_t len;
    uint32_t original_len;
    enum layer_id first; // its outermost layer
    uint8_t compared;    // the layer of its view from which it is compared
    uint32_t link;       // LINKTYPE, kept for who asks
    uint64_t time_ns;
    uint64_t ordinal; // from 1
};

// A frame that waits.
struct pairing_stimulus {
    uint64_t number;    // counts stimuli from 0
    uint32_t n_answers; // so far
    bool is_answer;     // with `every`, it may be both
    struct pairing_frame frame;
};

struct pairing;

// 0 or -ENOMEM.
int pairing_new(struct pairing **pairing, const struct pairing_options *options) MUST_USE;
void pairing_free(struct pairing *pairing);

// Told of each stimulus that the frame answers, n_answers including this one.
typedef void (*pairing_visit)(void *context, const struct pairing_stimulus *stimulus,
                              const struct pairing_frame *answer);

// Takes a frame that is a stimulus, whatever it answers. 0 or -ENOMEM.
int pairing_wait(struct pairing *pairing, const struct pairing_frame *frame) MUST_USE;

// Takes a frame that is none. Whether it answered.
bool pairing_answer(struct pairing *pairing, const struct pairing_frame *frame, pairing_visit visit,
                    void *context);

// Takes a frame that is one or the other. 1: it answered; 0: it waits; -ENOMEM.
int pairing_add(struct pairing *pairing, const struct pairing_frame *frame, pairing_visit visit,
                void *context) MUST_USE;

// The oldest stimulus that waits no more at that time, UINT64_MAX: the oldest of all; NULL: none. Valid until the next call.
const struct pairing_stimulus *pairing_expire(struct pairing *pairing, uint64_t now_ns);

uint64_t pairing_waiting(const struct pairing *pairing);
uint64_t pairing_stimuli(const struct pairing *pairing); // all that ever waited
uint64_t
pairing_gave_up(const struct pairing *pairing); // frames with more than PAIRING_CANDIDATES_MAX candidates

#endif
