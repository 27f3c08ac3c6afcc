// Options of a header: [('MSS',1460),('NOP',None),('Timestamp',(1,0)),(254,"abc")]; DHCP's: [("message-type","discover"),"end"].
#ifndef VOLLEY_TEMPLATE_OPTION_LIST_H
#define VOLLEY_TEMPLATE_OPTION_LIST_H

#include "template/value_sink.h"

// The options' bytes, by the style of the sink's field; as many items as there are options. In the parser's arena. TCP's are padded
// with zeros to 32-bit words and at most 40 bytes (RFC 9293 3.1).
bool option_list_encode(struct value_sink *sink, const struct syntax *tree,
                        struct values_string *out) MUST_USE;

#endif
