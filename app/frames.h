// Frames as text on stdout, in one of the forms that `volley show` and `volley decode` have.
#ifndef VOLLEY_APP_FRAMES_H
#define VOLLEY_APP_FRAMES_H

#include "packet/dissect.h"
#include "packet/names.h"

enum frames_form {
    FRAMES_TREE,     // as Scapy's show2() prints it, with an empty line behind each
    FRAMES_SUMMARY,  // a line each
    FRAMES_HEX,      // a line each
    FRAMES_TEMPLATE, // a line each, from which `volley show --hex` makes the same bytes
    FRAMES_HEXDUMP,  // as Scapy's hexdump() prints it, with an empty line behind each
};

struct frames {
    enum frames_form form;
    const struct services *services; // borrowed
    struct dissect dissect;
    char *line; // owned; for hex
};

// False: out of memory.
bool frames_init(struct frames *frames, enum frames_form form, const struct services *services) MUST_USE;
void frames_release(struct frames *frames);
// False: out of memory.
bool frames_print(struct frames *frames, const struct view *view) MUST_USE;

#endif
