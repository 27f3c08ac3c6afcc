// Where the values of one field are collected while its expression is read.
//
// One thread. What goes in is checked against what went in before and against the field's width; errors go to the parser's diag.
#ifndef VOLLEY_TEMPLATE_VALUE_SINK_H
#define VOLLEY_TEMPLATE_VALUE_SINK_H

#include "template/value_parse.h"

#define VALUE_BYTES_MAX 65535 // of one string

struct value_sink {
    struct value_parser *parser;    // borrowed
    const struct field_desc *field; // borrowed
    struct values_builder builder;
    const struct values *made; // a set that no builder makes, instead of the builder's; NULL: none
    bool random;               // one of the values is drawn
    uint8_t *room;             // for copies of strings, packed; in the arena
    uint32_t room_left;
    uint32_t runs;    // that ranges of octets fell apart into
    uint8_t *scratch; // heap
    size_t scratch_room;
};

void value_sink_init(struct value_sink *sink, struct value_parser *parser, const struct field_desc *field);
void value_sink_release(struct value_sink *sink);
// In the parser's arena. Call it once, and nothing but release after it.
bool value_sink_make(struct value_sink *sink, struct span where, const struct values **values) MUST_USE;

// What all of these return is false only after an error.
bool value_sink_range(struct value_sink *sink, struct span where, u128 start, int64_t step,
                      uint64_t n) MUST_USE;
// Of addresses of `width` bytes.
bool value_sink_addresses(struct value_sink *sink, struct span where, uint8_t width,
                          const struct values_segment *range, uint64_t n) MUST_USE;
// A string, padded as the field wants it. Its bytes must outlive the set.
bool value_sink_string(struct value_sink *sink, struct span where, struct values_string string) MUST_USE;
// A copy of the bytes in the arena; NULL: out of memory, and the error is set.
uint8_t *value_sink_keep(struct value_sink *sink, struct span where, const void *bytes,
                         uint32_t len) MUST_USE;
// At least `size` bytes of heap, what is in it kept; valid until the next call. NULL as above.
uint8_t *value_sink_scratch(struct value_sink *sink, struct span where, size_t size) MUST_USE;
bool value_sink_no_memory(struct value_sink *sink, struct span where); // sets the error; false

// The largest number that the field holds.
u128 value_sink_largest(const struct value_sink *sink);
// Whether it holds numbers, IP addresses (`family` 4, 6 or, for ARP, 0), or MACs (or bytes of another length, for ARP).
bool value_sink_takes_numbers(const struct value_sink *sink);
bool value_sink_takes_addresses(const struct value_sink *sink, uint8_t *family);
bool value_sink_takes_macs(const struct value_sink *sink);
// How long a string of the field is if `len` bytes were written, with the zeros behind it; UINT32_MAX: too long.
uint32_t value_sink_padded(const struct value_sink *sink, uint32_t len);
bool value_sink_too_long(struct value_sink *sink, struct span where, uint32_t len); // sets the error; false

#endif
