#include "engine/numbering.h"

#include <errno.h>
#include <stdlib.h>

#define NUMBERING_SHIFT_MIN 12

int numbering_init(struct numbering *numbering, uint64_t outstanding)
{
    unsigned shift = NUMBERING_SHIFT_MIN;

    while (shift < 40 && UINT64_C(1) << shift < 2 * outstanding)
        shift++;
    *numbering = (struct numbering){.shift = shift};
    numbering->places = calloc((size_t)1 << shift, sizeof(*numbering->places));
    return numbering->places == NULL ? -ENOMEM : 0;
}

void numbering_release(struct numbering *numbering)
{
    free(numbering->places);
    numbering->places = NULL;
}

uint32_t numbering_next(struct numbering *numbering, uint64_t position)
{
    struct numbering_place *place = &numbering->places[position & ((UINT64_C(1) << numbering->shift) - 1)];
    uint32_t lap = (uint32_t)(position >> numbering->shift) + 1;

    if (place->lap != lap)
        *place = (struct numbering_place){.lap = lap};
    return ++place->count;
}
