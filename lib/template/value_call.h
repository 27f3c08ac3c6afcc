// Functions that stand for values: Net(...), range(...), file(...), Rand...(...).
#ifndef VOLLEY_TEMPLATE_VALUE_CALL_H
#define VOLLEY_TEMPLATE_VALUE_CALL_H

#include "template/value_sink.h"

#define VALUE_CALL_ARGUMENTS 3

enum value_function {
    VALUE_FUNCTION_NONE,
    VALUE_NET,
    VALUE_NET6,
    VALUE_RANGE,
    VALUE_FILE,
    VALUE_RAND_BYTE, // random ones from here on
    VALUE_RAND_SHORT,
    VALUE_RAND_INT,
    VALUE_RAND_LONG,
    VALUE_RAND_NUM,
    VALUE_RAND_IP,
    VALUE_RAND_IP6,
    VALUE_RAND_MAC,
    VALUE_RAND_STRING,
    VALUE_RAND_BIN,
    VALUE_RAND_CHOICE,
};

// VALUE_FUNCTION_NONE: it is no call of one of these.
enum value_function value_call_function(const struct syntax *tree);
bool value_call_is_random(const struct syntax *tree);

// The arguments of a call by position or name, as the function has them; NULL: not given. Not for RandChoice.
bool value_call_arguments(struct value_parser *parser, const struct syntax *tree,
                          const struct syntax *arguments[VALUE_CALL_ARGUMENTS]) MUST_USE;
// What a call stands for, as one or more values among others. Random ones are refused: they stand alone.
bool value_call_add(struct value_sink *sink, const struct syntax *tree) MUST_USE;
// Says that there are no random values or sets here (`where`: "in a list"). Always false.
bool value_call_no_random(struct value_parser *parser, const struct syntax *tree, const char *where);

#endif
