// The comments that packets of a capture carry, made without printf: there is one for each packet.
#ifndef VOLLEY_CAPTURE_COMMENT_H
#define VOLLEY_CAPTURE_COMMENT_H

#include "base/base.h"

#include <stdbool.h>

#define CAPTURE_COMMENT_MAX 128 // of the texts below, with their NUL

// Each writes text and a NUL, cut to `size` (at least 1), and returns the text's length.

// "probe 1234, answered", "probe 1234, no answer".
size_t capture_comment_stimulus(char *text, size_t size, uint64_t index, bool answered);

#define CAPTURE_RTT_UNKNOWN UINT64_MAX

// Of a frame that came back.
struct capture_return {
    const char *why; // "duplicate", "late": why it is no answer; NULL: it is one
    bool has_probe;  // it belongs to the probe that the rest tells of
    uint64_t index;
    unsigned number;  // of the answer, from 1; 0: it is none
    unsigned attempt; // from 1; 0: there is one only
    uint64_t rtt_ns;
};

// "probe 1234, answer 1, rtt 54.3 us", "probe 1234, attempt 2, answer 1, rtt 54.3 us", "late: probe 7, rtt 3.100 s",
// "unsolicited"; ms and s have three decimals.
size_t capture_comment_return(char *text, size_t size, const struct capture_return *came);

#endif
