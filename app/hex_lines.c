#include "hex_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool hex_lines_is_text(const uint8_t *head, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((head[i] < ' ' || head[i] > '~') && head[i] != '\t' && head[i] != '\n' && head[i] != '\r')
            return false;
    }
    return true;
}

int hex_lines_open(struct hex_lines *lines, const char *path, const uint8_t *head, size_t head_len)
{
    bool is_stdin = strcmp(path, "-") == 0;

    *lines = (struct hex_lines){
        .name = is_stdin ? "standard input" : path,
        .head = head,
        .head_len = head == NULL ? 0 : head_len,
    };
    lines->from = is_stdin ? stdin : fopen(path, "re");
    if (lines->from == NULL)
        return -errno;
    lines->text = malloc(HEX_LINES_TEXT_MAX + 1);
    lines->bytes = malloc(HEX_LINES_FRAME_MAX);
    if (lines->text != NULL && lines->bytes != NULL)
        return 0;
    hex_lines_close(lines);
    return -ENOMEM;
}

void hex_lines_close(struct hex_lines *lines)
{
    free(lines->text);
    free(lines->bytes);
    if (lines->from != stdin)
        fclose(lines->from);
}

// ---- reading a line

static int hex_lines_char(struct hex_lines *lines)
{
    return lines->head_at < lines->head_len ? lines->head[lines->head_at++] : getc_unlocked(lines->from);
}

static enum hex_lines_step hex_lines_read(struct hex_lines *lines, size_t *len)
{
    int c = hex_lines_char(lines);

    lines->number++;
    for (*len = 0; c != '\n' && c != EOF && *len < HEX_LINES_TEXT_MAX; c = hex_lines_char(lines))
        lines->text[(*len)++] = c == '\0' ? '?' : (char)c; // not hex either
    lines->text[*len] = '\0';
    if (c == EOF && ferror(lines->from)) {
        lines->error = errno;
        return HEX_LINES_FAILED;
    }
    if (c == EOF && *len == 0)
        return HEX_LINES_END;
    if (c == '\n' || c == EOF)
        return HEX_LINES_FRAME;
    diag_set(&lines->diag, (struct span){0}, "the line has more than %u characters", HEX_LINES_TEXT_MAX);
    return HEX_LINES_WRONG;
}

// ---- its bytes

static int hex_lines_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Characters between bytes: how many there are at p.
static size_t hex_lines_gap(const char *p)
{
    if ((p[0] == '0' || p[0] == '\\') && (p[1] == 'x' || p[1] == 'X'))
        return 2;
    return p[0] != '\0' && strchr(" \t\r:-,", p[0]) != NULL;
}

static bool hex_lines_parse(struct hex_lines *lines, uint32_t *len)
{
    const char *p = lines->text;

    for (*len = 0;;) {
        size_t gap = hex_lines_gap(p);
        struct span where = {(uint32_t)(p - lines->text), 1};

        if (gap > 0) {
            p += gap;
            continue;
        }
        if (*p == '\0' || *p == '#')
            return true;
        int high = hex_lines_digit(p[0]), low = high < 0 ? -1 : hex_lines_digit(p[1]);
        if (high < 0)
            return diag_set(&lines->diag, where, "expected a hexadecimal digit");
        if (low < 0)
            return diag_set(&lines->diag, where, "half a byte: digits come in pairs");
        if (*len == HEX_LINES_FRAME_MAX)
            return diag_set(&lines->diag, where, "the frame has more than %u bytes", HEX_LINES_FRAME_MAX);
        lines->bytes[(*len)++] = (uint8_t)(high << 4 | low);
        p += 2;
    }
}

enum hex_lines_step hex_lines_next(struct hex_lines *lines, const uint8_t **bytes, uint32_t *len)
{
    size_t chars;

    do {
        enum hex_lines_step step = hex_lines_read(lines, &chars);

        if (step != HEX_LINES_FRAME)
            return step;
        if (!hex_lines_parse(lines, len))
            return HEX_LINES_WRONG;
    } while (*len == 0);
    *bytes = lines->bytes;
    return HEX_LINES_FRAME;
}
