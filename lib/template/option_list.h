// Options of a header: [('MSS',1460),('NOP',None),('Timestamp',(1,0)),(254,"abc")].
#ifndef VOLLEY_TEMPLATE_OPTION_LIST_H
#define VOLLEY_TEMPLATE_OPTION_LIST_H

#include "template/value_parse.h"

// The options' bytes, padded with zeros to 32-bit words; at most 40 of them (RFC 9293 3.1). In the parser's arena.
bool option_list_encode(struct value_parser *parser, const struct field_desc *field,
                        const struct syntax *tree, struct values_string *out) MUST_USE;

#endif
