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
        if (digit >= base) {
            diag_set(diag, where, "'%.*s' is no number", (int)(end - from), reader->text + from);
            return memchr(reader->text + from, '.', end - from) != NULL &&
                   diag_hint(diag, "Numbers are whole; addresses stand in quotes.");
        }
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

// What stands before and around a string's text.
struct token_quotes {
    char quote;
    uint32_t prefix, width; // bytes; one quote or three
    bool is_bytes, is_raw;
};

// One byte in b"..."; elsewhere the character of that number, in UTF-8, as in Python.
static uint32_t token_character(unsigned value, bool is_bytes, char *out)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    uint32_t n = is_bytes || value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;

    if (n == 1) {
        out[0] = (char)value;
        return 1;
    }
    for (uint32_t i = n - 1; i > 0; i--, value >>= 6)
        out[i] = (char)(0x80 | (value & 0x3f));
    out[0] = (char)(lead[n] | value);
    return n;
}

// hexescape: \xHH; outside b"..." also \uHHHH, \UHHHHHHHH. Returns the bytes used, or 0 if it is none.
static uint32_t token_hex_escape(const char *s, uint32_t len, bool is_bytes, char *out, uint32_t *n_out)
{
    uint32_t digits = s[1] == 'x' ? 2 : is_bytes ? 0 : s[1] == 'u' ? 4 : s[1] == 'U' ? 8 : 0;
    uint64_t value = 0;

    if (digits == 0 || len < 2 + digits)
        return 0;
    for (uint32_t i = 0; i < digits; i++) {
        int digit = token_digit(s[2 + i]);
        if (digit > 15)
            return 0;
        value = value << 4 | (unsigned)digit;
    }
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *n_out = token_character((unsigned)value, is_bytes, out);
    return 2 + digits;
}

// escape: \n \t \r \\ \' \" \a \b \f \v, a hexescape, \ooo, a line's end (nothing); any other stays as written,
// as in Python. Returns the bytes used, or 0 if it is wrong there too.
static uint32_t token_escape(const char *s, uint32_t len, bool is_bytes, char *out, uint32_t *n_out)
{
    static const char from[] = "ntrabfv\\'\"", to[] = "\n\t\r\a\b\f\v\\'\"";
    const char *known = memchr(from, s[1], sizeof(from) - 1);

    *n_out = 1;
    if (known != NULL) {
        out[0] = to[known - from];
        return 2;
    }
    if (s[1] == '\n') {
        *n_out = 0;
        return 2;
    }
    if (s[1] == 'x' || (!is_bytes && (s[1] == 'u' || s[1] == 'U' || s[1] == 'N')))
        return token_hex_escape(s, len, is_bytes, out, n_out);
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

// Whether a string starts here: quotes, after b, r, u, br or rb in either case.
static bool token_is_string(const struct token_reader *reader, struct token_quotes *quotes)
{
    bool is_text = false;

    *quotes = (struct token_quotes){.width = 1};
    for (;; quotes->prefix++) {
        char c = token_peek(reader, quotes->prefix), lower = (char)tolower((unsigned char)c);

        if (c == '"' || c == '\'') {
            quotes->quote = c;
            if (token_peek(reader, quotes->prefix + 1) == c && token_peek(reader, quotes->prefix + 2) == c)
                quotes->width = 3;
            return true;
        }
        if (lower == 'b' && !quotes->is_bytes && !is_text)
            quotes->is_bytes = true;
        else if (lower == 'r' && !quotes->is_raw && !is_text)
            quotes->is_raw = true;
        else if (lower == 'u' && quotes->prefix == 0)
            is_text = true;
        else
            return false;
    }
}

// Where the text that starts at `at` ends; reader->len if it does not.
static uint32_t token_string_end(const struct token_reader *reader, const struct token_quotes *quotes,
                                 uint32_t at)
{
    const char *text = reader->text;

    while (at + quotes->width <= reader->len) {
        if (text[at] == quotes->quote && text[at + quotes->width - 1] == quotes->quote &&
            text[at + quotes->width / 2] == quotes->quote)
            return at;
        at += text[at] == '\\' ? 2 : 1;
    }
    return reader->len;
}

static bool token_string(struct token_reader *reader, const struct token_quotes *quotes, struct token *token,
                         struct diag *diag)
{
    uint32_t from = reader->at, at = from + quotes->prefix + quotes->width, n = 0;
    uint32_t end = token_string_end(reader, quotes, at);

    if (end >= reader->len)
        return diag_set(diag, (struct span){from, 1}, "the string that starts here has no end");
    char *bytes = arena_alloc(reader->arena, end - at + 1);
    if (bytes == NULL)
        return diag_set(diag, (struct span){from, 1}, "out of memory");
    while (at < end) {
        uint32_t made = 1, used = 1;

        if (reader->text[at] != '\\' || quotes->is_raw)
            bytes[n] = reader->text[at];
        else
            used = token_escape(reader->text + at, end - at, quotes->is_bytes, bytes + n, &made);
        if (used == 0)
            return diag_set(diag, (struct span){at, 2}, "\\%c needs %s", reader->text[at + 1],
                            reader->text[at + 1] == 'x'   ? "two hex digits"
                            : reader->text[at + 1] == 'u' ? "four hex digits of a character"
                            : reader->text[at + 1] == 'U' ? "eight hex digits of a character"
                                                          : "a name, and none is known here: write \\uHHHH");
        at += used;
        n += made;
    }
    end += quotes->width;
    *token = (struct token){.kind = TOKEN_STRING, .where = {from, end - from}, .bytes = bytes, .len = n};
    reader->at = end;
    return true;
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

// Spaces, line ends (also behind a backslash) and comments: '#' to the end of the line.
static void token_skip(struct token_reader *reader)
{
    for (;; reader->at++) {
        char c = token_peek(reader, 0);

        if (c == '#') {
            while (reader->at < reader->len && reader->text[reader->at] != '\n')
                reader->at++;
        } else if (!token_is_space(c) && (c != '\\' || token_peek(reader, 1) != '\n')) {
            return;
        }
        if (reader->at >= reader->len)
            return;
    }
}

// True and False are numbers, as in Python.
static bool token_is_truth(const struct token *token)
{
    return (token->len == 4 && memcmp(token->bytes, "True", 4) == 0) ||
           (token->len == 5 && memcmp(token->bytes, "False", 5) == 0);
}

static bool token_mark(struct token_reader *reader, struct token *token, struct diag *diag)
{
    static const char pairs[][3] = {
        [TOKEN_EQUAL] = "==",    [TOKEN_UNEQUAL] = "!=", [TOKEN_AT_MOST] = "<=",
        [TOKEN_AT_LEAST] = ">=", [TOKEN_AND] = "&&",     [TOKEN_OR] = "||",
    };
    char c = token_peek(reader, 0);

    *token = (struct token){.kind = TOKEN_MARK, .where = {reader->at, 1}, .mark = c};
    for (unsigned i = TOKEN_EQUAL; reader->conditions && i < ARRAY_SIZE(pairs); i++) {
        if (pairs[i][0] == c && pairs[i][1] == token_peek(reader, 1)) {
            token->where.len = 2;
            token->mark = (char)i;
        }
    }
    if (token->where.len == 1 &&
        (c == '\0' || strchr(reader->conditions ? "()[],=/*+-<>!%" : "()[],=/*+-", c) == NULL))
        return diag_set(diag, (struct span){reader->at, 1}, "a character that means nothing here");
    reader->at += token->where.len;
    return true;
}

bool token_next(struct token_reader *reader, struct token *token, struct diag *diag)
{
    struct token_quotes quotes;

    token_skip(reader);
    if (reader->at >= reader->len) {
        *token = (struct token){.kind = TOKEN_END, .where = {reader->len, 0}};
        return true;
    }
    char c = reader->text[reader->at];
    if (isdigit((unsigned char)c))
        return token_number(reader, token, diag);
    if (token_is_string(reader, &quotes))
        return token_string(reader, &quotes, token, diag);
    if (isalpha((unsigned char)c) || c == '_') {
        token_name(reader, token);
        if (token_is_truth(token)) {
            token->kind = TOKEN_NUMBER;
            token->number = token->len == 4;
        }
        return true;
    }
    return token_mark(reader, token, diag);
}
