// What an RX worker hands to the collector: an answer, or what else is to be kept, with its frame.
#ifndef VOLLEY_ENGINE_ARRIVAL_H
#define VOLLEY_ENGINE_ARRIVAL_H

#include "base/base.h"

struct arrival {
    // Of the probe; nothing of an arrival that belongs to none.
    uint64_t position;
    uint64_t index;
    uint64_t sent_ticks; // 0: long ago

    uint64_t arrived_ticks;
    uint16_t class;   // enum answer_class
    uint16_t len;     // of the frame
    uint32_t outcome; // enum outcome
    uint8_t frame[];
};

#endif
