#include "packet/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

void text_add_quoted(struct text *text, const char *mark, const uint8_t *bytes, uint32_t len)
{
    char quote = len > 0 && memchr(bytes, '\'', len) != NULL && memchr(bytes, '"', len) == NULL ? '"' : '\'';

    text_add(text, "%s%c", mark, quote);
    for (uint32_t i = 0; i < len && text->len + 1 < text->size; i++) {
        const char *escape = bytes[i] == '\t'   ? "\\t"
                             : bytes[i] == '\n' ? "\\n"
                             : bytes[i] == '\r' ? "\\r"
                                                : NULL;

        if (escape != NULL)
            text_add(text, "%s", escape);
        else if (bytes[i] == '\\' || bytes[i] == quote)
            text_add(text, "\\%c", bytes[i]);
        else if (bytes[i] >= ' ' && bytes[i] < 0x7f)
            text_add(text, "%c", bytes[i]);
        else
            text_add(text, "\\x%02x", bytes[i]);
    }
    text_add(text, "%c", quote);
}

void text_add_bytes(struct text *text, const uint8_t *bytes, uint32_t len)
{
    text_add_quoted(text, "b", bytes, len);
}

void text_add_safely(struct text *text, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len && text->len + 1 < text->size; i++) {
        bool plain = bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '\\';

        text_add(text, plain ? "%c" : "\\x%02x", bytes[i]);
    }
}
