// What an RX worker hands to the collector: an answer, with its frame.
#ifndef VOLLEY_ENGINE_RECORD_H
#define VOLLEY_ENGINE_RECORD_H

#include "base/base.h"

struct record {
    uint64_t position;
    uint64_t index;
    uint64_t sent_ticks;
    uint64_t arrived_ticks;
    uint16_t class; // enum answer_class
    uint16_t len;   // of the frame
    uint32_t reserved;
    uint8_t frame[];
};

#endif
