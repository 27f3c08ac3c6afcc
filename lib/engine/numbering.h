// Numbers the answers of each probe: 1, 2, ...
//
// One thread. A probe is known for as long as the window remembers its block; one that comes after that counts anew.
#ifndef VOLLEY_ENGINE_NUMBERING_H
#define VOLLEY_ENGINE_NUMBERING_H

#include "base/base.h"

struct numbering_place {
    uint32_t lap; // which of the positions that share the place; plus one, so that zero is none
    uint32_t count;
};

struct numbering {
    struct numbering_place *places; // owned; 2^shift; pages come as they are first used
    unsigned shift;
};

// outstanding: as window_init was given. 0 or -ENOMEM.
int numbering_init(struct numbering *numbering, uint64_t outstanding) MUST_USE;
// Zeroed memory may be released too.
void numbering_release(struct numbering *numbering);

uint32_t numbering_next(struct numbering *numbering, uint64_t position);

#endif
