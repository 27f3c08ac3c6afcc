// Frames on their way, in the order of their arrival: a timing wheel whose buckets are sorted when their turn comes.
//
// One thread. Equal times keep the order in which they were added. Nothing but init allocates.
#ifndef VOLLEY_PORT_SIM_WHEEL_H
#define VOLLEY_PORT_SIM_WHEEL_H

#include "base/base.h"

#include <stdbool.h>

struct sim_packet {
    uint64_t due; // ticks
    struct sim_packet *next;
    uint16_t len;
    uint16_t room;
    uint8_t data[];
};

struct sim_bucket {
    struct sim_packet *head, *tail;
    bool sorted;
};

struct sim_wheel {
    struct sim_bucket *buckets; // owned
    uint64_t *used;             // owned; one bit a bucket
    uint64_t span;
    uint64_t at; // all that was due before this is out
    uint64_t count;
    unsigned shift;
};

// For frames that arrive less than span ticks after `at`. 0 or -ENOMEM.
int sim_wheel_init(struct sim_wheel *wheel, uint64_t span, uint64_t at) MUST_USE;
void sim_wheel_release(struct sim_wheel *wheel);

// due is at most `at` + span; what is due before `at` counts as due then.
void sim_wheel_add(struct sim_wheel *wheel, struct sim_packet *packet);

// Takes the earliest frame if it is due at `until` or before; else NULL, and `at` is `until`, if that is later.
struct sim_packet *sim_wheel_take(struct sim_wheel *wheel, uint64_t until);

// When the earliest is due; UINT64_MAX if there is none.
uint64_t sim_wheel_next(struct sim_wheel *wheel);

#endif
