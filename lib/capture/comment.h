// The comments that packets of a capture carry, made without printf: there is one for each packet.
#ifndef VOLLEY_CAPTURE_COMMENT_H
#define VOLLEY_CAPTURE_COMMENT_H

#include "base/base.h"

#include <stdbool.h>

#define CAPTURE_COMMENT_MAX 96 // of the texts below, with their NUL

// Each writes text and a NUL, cut to `size` (at least 1), and returns the text's length.

// "probe 1234, answered", "probe 1234, no answer".
size_t capture_comment_stimulus(char *text, size_t size, uint64_t index, bool answered);

// "probe 1234, answer 1, rtt 54.3 us"; ms and s have three decimals.
size_t capture_comment_answer(char *text, size_t size, uint64_t index, unsigned number, uint64_t rtt_ns);

#endif
