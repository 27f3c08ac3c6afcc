// Text that grows in a caller's buffer and is cut, never overrun, when it is full.
#ifndef VOLLEY_PACKET_TEXT_H
#define VOLLEY_PACKET_TEXT_H

#include "base/base.h"

struct text {
    char *s;     // borrowed; always ends in NUL
    size_t size; // at least 1
    size_t len;
};

static inline struct text text_in(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (struct text){buffer, size, 0};
}

void text_add(struct text *text, const char *format, ...) PRINTF(2, 3);
// As Python writes text and bytes: '...' behind a mark. text_add_bytes has the mark b.
void text_add_quoted(struct text *text, const char *mark, const uint8_t *bytes, uint32_t len);
void text_add_bytes(struct text *text, const uint8_t *bytes, uint32_t len);
// Bytes that were received where text is expected: what is not printable ASCII, and the backslash, as \xHH.
void text_add_safely(struct text *text, const uint8_t *bytes, uint32_t len);

#endif
