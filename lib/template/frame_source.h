// Frames that are stimuli as they are: those of a capture.
//
// The template compiler knows no files; who calls it opens them. Constant once open.
#ifndef VOLLEY_TEMPLATE_FRAME_SOURCE_H
#define VOLLEY_TEMPLATE_FRAME_SOURCE_H

#include "base/diag.h"
#include "packet/view.h"

struct frame_source {
    void *context;
    uint64_t n;
    uint16_t longest;    // bytes of a frame
    enum layer_id first; // their outermost layer
    // Copies frame i to `frame`, and returns its length; 0: it can't be read any more. Any thread; a thread's first call may
    // allocate.
    uint16_t (*get)(void *context, uint64_t i, uint8_t *frame);
};

struct frame_opener {
    void *context;
    // The source lives until the opener is closed. `where` is the place of the path in the template.
    bool (*open)(void *context, const char *path, struct span where, const struct frame_source **source,
                 struct diag *diag);
};

#endif
