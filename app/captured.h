// Captures whose frames are stimuli: pcap("FILE") in a template.
#ifndef VOLLEY_APP_CAPTURED_H
#define VOLLEY_APP_CAPTURED_H

#include "base/arena.h"
#include "template/frame_source.h"

// Those that one template opened.
struct captured {
    struct arena *arena; // borrowed
    struct captured_file *files;
};

struct frame_opener captured_opener(struct captured *captured);
void captured_close(struct captured *captured);

#endif
