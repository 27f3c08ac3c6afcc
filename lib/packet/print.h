// A dissected frame as text: the tree of Scapy's show2(), and the values in it.
//
// Whatever a frame holds, the text is printable ASCII: nothing in it can steer a terminal.
#ifndef VOLLEY_PACKET_PRINT_H
#define VOLLEY_PACKET_PRINT_H

#include "packet/dissect.h"
#include "packet/names.h"
#include "packet/text.h"

#include <stdio.h>

#define PRINT_VALUE_MAX (4u * 65536) // the longest value's text: every byte escaped

// From layer `first` on. services may be NULL: ports are numbers then. False: out of memory.
bool print_tree(const struct dissect *dissect, unsigned first, const struct services *services,
                FILE *to) MUST_USE;

// Scapy's hexdump().
void print_hexdump(const uint8_t *bytes, uint32_t len, FILE *to);

// A number as the field shows it: by name, by letters, as an address. services and layer serve ports; NULL:
// they are numbers. at: the fields around it; NULL: they are not known.
struct layer_desc;
struct field_desc;
void print_number(const struct layer_desc *layer, const struct field_desc *field, const struct fields *at,
                  u128 value, const struct services *services, struct text *text);
// An address whose kind only its length tells; false: it is none, and nothing was added.
bool print_any_address(const uint8_t *p, uint32_t len, struct text *text);
void print_decimal(u128 value, struct text *text);

// Names that start with '_' are hidden.
static inline bool print_is_hidden(const char *name)
{
    return name[0] == '_';
}

#endif
