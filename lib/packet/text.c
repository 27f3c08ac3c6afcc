#include "packet/text.h"

#include <stdarg.h>
#include <stdio.h>

void text_add(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text->s + text->len, text->size - text->len, format, args);
    va_end(args);

    if (n < 0)
        return;
    text->len += (size_t)n;
    if (text->len > text->size - 1)
        text->len = text->size - 1;
}
