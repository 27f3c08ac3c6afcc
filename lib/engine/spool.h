// The probes of a round that got no answer, kept outside of memory: a later round sends them again, or the file of
// the unanswered takes them at last.
//
// One thread. The lists lie in unlinked temporary files, mapped when the round is over.
#ifndef VOLLEY_ENGINE_SPOOL_H
#define VOLLEY_ENGINE_SPOOL_H

#include "base/base.h"

#include <stdio.h>

enum spool_list { SPOOL_INDEX, SPOOL_POSITION, SPOOL_SENT, SPOOL_LISTS };

struct spool {
    FILE *files[SPOOL_LISTS];           // owned; until mapped
    const uint64_t *lists[SPOOL_LISTS]; // mapped by spool_map; NULL if the list is empty
    uint64_t n;
    int error; // the first -errno: nothing is added after it
};

int spool_open(struct spool *spool) MUST_USE;
int spool_add(struct spool *spool, uint64_t index, uint64_t position, uint64_t sent_ticks) MUST_USE;
// Makes the lists readable; nothing is added afterwards, and no file is held open. 0 or -errno.
int spool_map(struct spool *spool) MUST_USE;
void spool_close(struct spool *spool);

#endif
