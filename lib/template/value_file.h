// Values from a file: one a line, as they would be written without quotes.
//
// Blank lines and lines that start with '#' are skipped; in fields that hold no strings, so is what follows " #". Memory is that of
// the values: 8 bytes for a number or an IPv4 address, 32 for an IPv6 address or a network, 16 and the text for a string.
#ifndef VOLLEY_TEMPLATE_VALUE_FILE_H
#define VOLLEY_TEMPLATE_VALUE_FILE_H

#include "template/value_sink.h"

// `where` is the place of file(...) in the template; errors tell the line as well.
bool value_file_add(struct value_sink *sink, struct values_string path, struct span where) MUST_USE;

#endif
