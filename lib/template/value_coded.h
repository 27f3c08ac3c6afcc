// Values of fields that a codec writes (FIELD_CODED).
#ifndef VOLLEY_TEMPLATE_VALUE_CODED_H
#define VOLLEY_TEMPLATE_VALUE_CODED_H

#include "template/value_text.h"

#define VALUE_CODED_MAX (1u << 20) // of one range of numbers

// A number, a string, a call with one of them; a list of these, if the codec takes lists.
bool value_coded_add(struct value_sink *sink, const struct syntax *tree) MUST_USE;
bool value_coded_text(struct value_sink *sink, struct value_text text) MUST_USE;
// The line of a file: a string, or else a number.
bool value_coded_line(struct value_sink *sink, struct value_text text) MUST_USE;
// The numbers of a range, each coded.
bool value_coded_range(struct value_sink *sink, struct span where, u128 first, int64_t step,
                       uint64_t n) MUST_USE;
// The bytes of a string, coded; valid until the sink's scratch is used again.
bool value_coded_bytes(struct value_sink *sink, struct value_text text, const uint8_t **bytes,
                       uint32_t *len) MUST_USE;

#endif
