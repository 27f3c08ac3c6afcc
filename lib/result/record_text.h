// Values of records as text, written without printf: there are many.
#ifndef VOLLEY_RESULT_RECORD_TEXT_H
#define VOLLEY_RESULT_RECORD_TEXT_H

#include "expr/filter.h"

// The longest of a value that is no FILTER_TEXT.
#define RECORD_TEXT_MAX 64

// Each writes to `out`, which has room, and returns where it ended. No NUL is added. The file is UTF-8: bytes of texts that
// are not become the characters of their numbers, as in the summary, rather than being lost.

// A number that is not negative, an address, letters; at most RECORD_TEXT_MAX bytes. Nothing for null. Not for FILTER_TEXT.
char *record_text_plain(char *out, const struct filter_value *value);

// A string of JSON (RFC 8259 7), with its quotes. At most 6 bytes a byte, and 2.
char *record_text_json(char *out, const char *text, uint32_t len);

// A field of CSV (RFC 4180 2), in quotes where it needs them. At most 2 bytes a byte, and 2.
char *record_text_csv(char *out, const char *text, uint32_t len);

#endif
