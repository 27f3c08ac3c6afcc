// A dissected frame as a template: the text from which `volley show --hex` makes the same bytes.
//
// Fields that come out the same if left out are left out, but for addresses, which routes would fill. What
// layers cannot say is Raw.
#ifndef VOLLEY_PACKET_SPELL_H
#define VOLLEY_PACKET_SPELL_H

#include "packet/dissect.h"

#include <stdio.h>

#define SPELL_LAYERS_MAX  (BUILD_LAYERS_MAX - 2) // as a template may have
#define SPELL_PACKETS_MAX 512

// Writes the template, without a newline. False: out of memory.
bool spell(const struct dissect *dissect, FILE *to) MUST_USE;

#endif
