// From a response to the probe that it answers.
//
// A response's flow key gives candidate positions; each candidate's stimulus is built again, and the layers say whether
// this response answers that stimulus. Of several that fit, the earliest one still waiting has it. Any number of
// threads, each with its own scratch memory; nothing is allocated.
#ifndef VOLLEY_PROBE_MATCH_H
#define VOLLEY_PROBE_MATCH_H

#include "packet/forms.h"
#include "probe/probes.h"

enum match_outcome {
    MATCH_ANSWER,      // the probe's first answer, within the timeout; the probe is marked
    MATCH_FURTHER,     // with several answers a probe: one more within the timeout
    MATCH_DUPLICATE,   // the probe has its answer
    MATCH_LATE,        // the probe was given up
    MATCH_UNSOLICITED, // to no probe
    MATCH_MALFORMED,   // no packet, though its lower layer says so; and to no probe
};

// What match_prepare found out.
enum match_known {
    MATCH_KNOWN_NOTHING, // it was not called, or there are several candidates
    MATCH_KNOWN_STRAY,   // no candidate of the flow key is answered by this
    MATCH_KNOWN_PROBE,   // the probe at `position`, with `index`
};

// A received frame on its way: what is known of it after decoding.
struct match {
    struct view view;
    uint8_t first; // layer of the view from which it is compared
    uint8_t known; // enum match_known
    uint64_t hash;
    // Of the probe, unless UNSOLICITED or MALFORMED.
    uint64_t position;
    uint64_t index;
    uint64_t sent_ticks; // 0: long ago, not known any more
};

struct match_scratch {
    uint8_t *frame;      // plan->longest + PLAN_SLACK bytes; borrowed
    uint8_t *burst;      // PLAN_BURST times as many, for match_prepare; borrowed
    struct forms *forms; // of the frames received so far; borrowed
};

// The layer of a received frame from which it is compared with a stimulus of the plan, and told to people: the first one, or
// of layer 3 the first above the link.
uint8_t match_first(const struct plan *plan, const struct view *view);

// Decodes the frame and fetches ahead what match_find will read. bytes must stay until then.
void match_decode(const struct probes *probes, const uint8_t *bytes, uint16_t len,
                  const struct match_scratch *scratch, struct match *match);

// Once a burst is decoded (n up to PLAN_BURST), may save match_find work: flow keys that lead to one probe only have their
// stimuli built again together.
void match_prepare(const struct probes *probes, struct match *matches, unsigned n,
                   const struct match_scratch *scratch);

// timeout_ticks: an answer that comes later than that after its stimulus was sent is late.
enum match_outcome match_find(struct probes *probes, struct match *match, uint64_t arrived_ticks,
                              uint64_t timeout_ticks, const struct match_scratch *scratch);

#endif
