// Values as text: what stands in quotes in a template, or on a line of a file.
#ifndef VOLLEY_TEMPLATE_VALUE_TEXT_H
#define VOLLEY_TEMPLATE_VALUE_TEXT_H

#include "template/value_sink.h"

struct value_text {
    const char *bytes;
    uint32_t len;
    struct span where; // in the template
};

// A quoted text: a name, flags, a MAC, an address, a network, a string. Its bytes must outlive the set.
bool value_text_add(struct value_sink *sink, struct value_text text) MUST_USE;
// The same without quotes; numbers and ranges "first-last" of them too. The bytes are copied if need be.
bool value_text_add_line(struct value_sink *sink, struct value_text text) MUST_USE;

// A name among `names` (an error if there is none), for `what`.
bool value_text_name(struct value_parser *parser, const struct name *names, const char *what,
                     struct value_text text, u128 *value) MUST_USE;
// The number of a quoted text in a field of numbers.
bool value_text_number(struct value_sink *sink, struct value_text text, u128 *value) MUST_USE;
// One address, MAC included, and its width in bytes; false without an error if it is none.
bool value_text_address(struct value_sink *sink, struct value_text text, u128 *value,
                        uint8_t *width) MUST_USE;
// How many bytes of it error messages show.
int value_text_shown(uint32_t len);

#endif
