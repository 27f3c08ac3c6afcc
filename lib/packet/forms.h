// Forms: what the layers of frames that lie alike have in common, so that most frames are decoded by comparing a few words.
//
// Where layers lie follows from a frame's length and from those bytes of its headers that measuring looks at (layer_desc.looks).
// A frame that agrees in all of them with one that was decoded before has the same view. Answers to one template have a few
// forms: SYN/ACK and RST, with and without options. Belongs to one thread; all zero at first.
#ifndef VOLLEY_PACKET_FORMS_H
#define VOLLEY_PACKET_FORMS_H

#include "packet/view.h"

#define FORMS_MAX    4
#define FORM_WORDS   8
#define FORM_LAYERS  8
#define FORMS_LEARNT 8 // of so many frames of no known form one is remembered: strangers cost little

struct form {
    uint16_t len; // of the frame; 0: no form
    uint8_t n_layers, n_words;
    uint16_t offsets[FORM_WORDS]; // in bytes
    uint64_t masks[FORM_WORDS], values[FORM_WORDS];
    struct view_layer layers[FORM_LAYERS];
};

struct forms {
    struct form forms[FORMS_MAX];
    unsigned last;     // that fitted
    unsigned n_misses; // frames of no known form
};

// As view_decode does it, with the same result. `first` must be the same each time.
void forms_decode(struct forms *forms, struct view *view, const uint8_t *bytes, uint32_t len,
                  enum layer_id first);

#endif
