// The frames of a burst of stimuli of one shape: constant bytes, patches, checksums.
#ifndef VOLLEY_TEMPLATE_PLAN_FRAME_H
#define VOLLEY_TEMPLATE_PLAN_FRAME_H

#include "template/plan.h"

// digits: by digit, then by stimulus. n up to PLAN_BURST.
void plan_frame_build(const struct plan_shape *shape, uint64_t (*digits)[PLAN_BURST],
                      const struct plan_tags *tags, uint8_t *const *frames, unsigned n);

#endif
