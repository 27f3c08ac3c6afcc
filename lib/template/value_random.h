// Random values: drawn for each stimulus by seed and index.
#ifndef VOLLEY_TEMPLATE_VALUE_RANDOM_H
#define VOLLEY_TEMPLATE_VALUE_RANDOM_H

#include "template/value_sink.h"

// What a random function draws from; the sink is empty.
bool value_random_add(struct value_sink *sink, const struct syntax *tree) MUST_USE;

#endif
