#include "base/diag.h"

#include <stdarg.h>
#include <string.h>

#define DIAG_CLIP 400 // bytes of a line that are shown

bool diag_set(struct diag *diag, struct span where, const char *format, ...)
{
    va_list args;

    if (diag->set)
        return false;
    diag->set = true;
    diag->where = where;
    diag->hint[0] = '\0';
    va_start(args, format);
    vsnprintf(diag->message, sizeof(diag->message), format, args);
    va_end(args);
    return false;
}

bool diag_hint(struct diag *diag, const char *format, ...)
{
    va_list args;

    if (!diag->set || diag->hint[0] != '\0')
        return false;
    va_start(args, format);
    vsnprintf(diag->hint, sizeof(diag->hint), format, args);
    va_end(args);
    return false;
}

// One column a byte, so that columns, carets and offsets agree.
static char shown(char c)
{
    return c == '\t' || (c >= ' ' && c <= '~') ? c : '?';
}

static void put_shown(const char *text, size_t len, FILE *to)
{
    for (size_t i = 0; i < len; i++)
        fputc(shown(text[i]), to);
}

// Lines end at LF; a CR before it is part of the line end.
struct line {
    size_t number; // from 1
    size_t start, len;
};

static struct line line_at(const char *text, size_t at)
{
    struct line line = {.number = 1};

    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            line.number++;
            line.start = i + 1;
        }
    }
    line.len = strcspn(text + line.start, "\n");
    if (line.len > 0 && text[line.start + line.len] == '\n' && text[line.start + line.len - 1] == '\r')
        line.len--;
    return line;
}

// Tabs before the place are repeated, so the caret lands right whatever a tab's width is; behind the caret
// that would not hold, so the underline ends there.
static void put_caret(const char *line, size_t len, size_t at, size_t n, FILE *to)
{
    for (size_t i = 0; i < at; i++)
        fputc(i < len && line[i] == '\t' ? '\t' : ' ', to);
    fputc('^', to);
    for (size_t i = at + 1; i < at + n && i < len && line[at] != '\t' && line[i] != '\t'; i++)
        fputc('~', to);
}

// Of a very long line, what stands around the place.
static void clip(struct line *line, size_t *column)
{
    size_t before = *column > DIAG_CLIP / 2 ? *column - DIAG_CLIP / 2 : 0;

    if (line->len <= DIAG_CLIP)
        return;
    line->start += before;
    line->len -= before;
    *column -= before;
    if (line->len > DIAG_CLIP)
        line->len = DIAG_CLIP;
}

static void put_place(const struct diag *diag, uint64_t first, const char *text, FILE *to)
{
    size_t len = strlen(text);
    size_t at = diag->where.at < len ? diag->where.at : len;
    struct line line = line_at(text, at);
    size_t column = at - line.start;

    fprintf(to, ":%zu:%zu: ", (size_t)first - 1 + line.number, column + 1);
    put_shown(diag->message, strlen(diag->message), to);
    fputs("\n  ", to);
    clip(&line, &column);
    put_shown(text + line.start, line.len, to);
    fputs("\n  ", to);
    put_caret(text + line.start, line.len, column, diag->where.len, to);
    fputc('\n', to);
}

void diag_print_line(const struct diag *diag, const char *name, uint64_t first, const char *text, FILE *to)
{
    put_shown(name, strlen(name), to);
    if (text != NULL) {
        put_place(diag, first, text, to);
    } else {
        fputs(": ", to);
        put_shown(diag->message, strlen(diag->message), to);
        fputc('\n', to);
    }
    if (diag->hint[0] != '\0') {
        put_shown(diag->hint, strlen(diag->hint), to);
        fputc('\n', to);
    }
}

void diag_print(const struct diag *diag, const char *name, const char *text, FILE *to)
{
    diag_print_line(diag, name, 1, text, to);
}
