#include "expr/token.h"

#include <ctype.h>
#include <string.h>

#define TOKEN_NUMBER_DIGITS_MAX 128 // as many as 128 bits have in base 2; longer numbers are no field's

static bool token_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool token_is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static int token_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static char token_peek(const struct token_reader *reader, uint32_t ahead)
{
    return reader->at + ahead < reader->len ? reader->text[reader->at + ahead] : '\0';
}

// number: digits, 0x digits, 0o digits or 0b digits, with single '_' between digits
static bool token_number(struct token_reader *reader, struct token *token, struct diag *diag)
{
    uint32_t from = reader->at, at = from, digits = 0;
    char prefix = (char)tolower((unsigned char)token_peek(reader, 1));
    int base = token_peek(reader, 0) != '0' ? 10
               : prefix == 'x'              ? 16
               : prefix == 'o'              ? 8
               : prefix == 'b'              ? 2
                                            : 10;
    i128 value = 0;

    if (base != 10)
        at += 2;
    uint32_t end = at;
    while (end < reader->len && token_is_word(reader->text[end]))
        end++;
    struct span where = {from, end - from};
    for (; at < end; at++, digits++) {
        int digit = token_digit(reader->text[at]);

        if (reader->text[at] == '_' && digits > 0)
            continue;
        if (digit >= base)
            return diag_set(diag, where, "'%.*s' is no number", (int)(end - from), reader->text + from);
        if (digits >= TOKEN_NUMBER_DIGITS_MAX || value > (((i128)1 << 122) / base))
            return diag_set(diag, where, "the number is too large for any field");
        value = value * base + digit;
    }
    if (digits == 0)
        return diag_set(diag, where, "'%.*s' is no number", (int)(end - from), reader->text + from);
    *token = (struct token){.kind = TOKEN_NUMBER, .where = where, .number = value};
    reader->at = end;
    return true;
}

// One byte in b"..."; elsewhere the character of that number, in UTF-8, as in Python.
static uint32_t token_character(unsigned value, bool is_bytes, char *out)
{
    if (is_bytes || value < 0x80) {
        out[0] = (char)value;
        return 1;
    }
    out[0] = (char)(0xc0 | value >> 6);
    out[1] = (char)(0x80 | (value & 0x3f));
    return 2;
}

// escape: \n \t \r \0 \\ \' \" \a \b \f \v, \xHH, \ooo; any other stays as written, as in Python
static uint32_t token_escape(const char *s, uint32_t len, bool is_bytes, char *out, uint32_t *n_out)
{
    static const char from[] = "ntrabfv\\'\"", to[] = "\n\t\r\a\b\f\v\\'\"";
    const char *known = memchr(from, s[1], sizeof(from) - 1);

    *n_out = 1;
    if (known != NULL) {
        out[0] = to[known - from];
        return 2;
    }
    if (s[1] == 'x' && len >= 4 && token_digit(s[2]) < 16 && token_digit(s[3]) < 16) {
        *n_out = token_character((unsigned)(token_digit(s[2]) << 4 | token_digit(s[3])), is_bytes, out);
        return 4;
    }
    if (s[1] >= '0' && s[1] <= '7') {
        uint32_t used = 1;
        unsigned value = 0;

        for (; used < 4 && used < len && s[used] >= '0' && s[used] <= '7'; used++)
            value = value * 8 + (unsigned)(s[used] - '0');
        *n_out = token_character(value, is_bytes, out);
        return used;
    }
    out[0] = s[0];
    out[1] = s[1];
    *n_out = 2;
    return 2;
}

static bool token_string(struct token_reader *reader, struct token *token, struct diag *diag)
{
    bool is_bytes = reader->text[reader->at] == 'b';
    uint32_t from = reader->at, at = from + (is_bytes ? 1 : 0);
    char quote = reader->text[at++];
    uint32_t end = at, n = 0;

    while (end < reader->len && reader->text[end] != quote)
        end += reader->text[end] == '\\' ? 2 : 1;
    if (end >= reader->len)
        return diag_set(diag, (struct span){from, 1}, "the string that starts here has no end");
    char *bytes = arena_alloc(reader->arena, end - at + 1);
    if (bytes == NULL)
        return diag_set(diag, (struct span){from, 1}, "out of memory");
    while (at < end) {
        uint32_t made = 1;

        if (reader->text[at] != '\\')
            bytes[n] = reader->text[at++];
        else
            at += token_escape(reader->text + at, end - at, is_bytes, bytes + n, &made);
        n += made;
    }
    *token = (struct token){.kind = TOKEN_STRING, .where = {from, end + 1 - from}, .bytes = bytes, .len = n};
    reader->at = end + 1;
    return true;
}

static bool token_is_string(const struct token_reader *reader)
{
    char c = token_peek(reader, 0), next = token_peek(reader, 1);

    return c == '"' || c == '\'' || (c == 'b' && (next == '"' || next == '\''));
}

static void token_name(struct token_reader *reader, struct token *token)
{
    uint32_t from = reader->at;

    while (reader->at < reader->len && token_is_word(reader->text[reader->at]))
        reader->at++;
    *token = (struct token){.kind = TOKEN_NAME,
                            .where = {from, reader->at - from},
                            .bytes = reader->text + from,
                            .len = reader->at - from};
}

bool token_next(struct token_reader *reader, struct token *token, struct diag *diag)
{
    while (reader->at < reader->len && token_is_space(reader->text[reader->at]))
        reader->at++;
    if (reader->at >= reader->len) {
        *token = (struct token){.kind = TOKEN_END, .where = {reader->len, 0}};
        return true;
    }
    char c = reader->text[reader->at];
    if (isdigit((unsigned char)c))
        return token_number(reader, token, diag);
    if (token_is_string(reader))
        return token_string(reader, token, diag);
    if (isalpha((unsigned char)c) || c == '_') {
        token_name(reader, token);
        return true;
    }
    if (c == '\0' || strchr("()[],=/*+-", c) == NULL)
        return diag_set(diag, (struct span){reader->at, 1}, "a character that means nothing here");
    *token = (struct token){.kind = TOKEN_MARK, .where = {reader->at, 1}, .mark = c};
    reader->at++;
    return true;
}
