// Frames written as hex, one a line: digits in pairs, with spaces, tabs, ':', '-', ',' or "0x" and "\x"
// between them if one likes. Empty lines, and what follows a '#', are skipped.
#ifndef VOLLEY_APP_HEX_LINES_H
#define VOLLEY_APP_HEX_LINES_H

#include "base/diag.h"

#include <stdio.h>

#define HEX_LINES_FRAME_MAX 262144u
#define HEX_LINES_TEXT_MAX  (8 * HEX_LINES_FRAME_MAX)

enum hex_lines_step {
    HEX_LINES_FRAME,
    HEX_LINES_END,
    HEX_LINES_WRONG,  // diag, number and text tell what and where
    HEX_LINES_FAILED, // error tells why
};

struct hex_lines {
    FILE *from; // owned, but for standard input
    const char *name;
    const uint8_t *head; // borrowed; what was read of a stream before
    size_t head_len, head_at;
    uint64_t number; // of the line, from 1
    char *text;      // owned; the line
    uint8_t *bytes;  // owned; the frame
    struct diag diag;
    int error;
};

// Whether a file that starts so may be hex lines.
bool hex_lines_is_text(const uint8_t *head, size_t len);
// "-" is standard input. head: what was already read of it; NULL: nothing. 0 or -errno.
int hex_lines_open(struct hex_lines *lines, const char *path, const uint8_t *head, size_t head_len) MUST_USE;
void hex_lines_close(struct hex_lines *lines);
// The bytes are valid until the next call.
enum hex_lines_step hex_lines_next(struct hex_lines *lines, const uint8_t **bytes, uint32_t *len) MUST_USE;

#endif
