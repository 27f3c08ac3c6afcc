#include "result/record_text.h"

#include "result/record.h"

#include <string.h>

// ---- numbers

static const char record_text_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

static char *record_text_number(char *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    for (; number >= 100; number /= 100) {
        at -= 2;
        memcpy(digits + at, record_text_pairs + number % 100 * 2, 2);
    }
    if (number >= 10) {
        at -= 2;
        memcpy(digits + at, record_text_pairs + number * 2, 2);
    } else {
        digits[--at] = (char)('0' + number);
    }
    memcpy(out, digits + at, sizeof(digits) - at);
    return out + sizeof(digits) - at;
}

// ---- addresses

static char *record_text_ipv4(char *out, uint32_t address)
{
    for (unsigned shift = 32; shift > 0;) {
        shift -= 8;
        out = record_text_number(out, address >> shift & 0xff);
        if (shift > 0)
            *out++ = '.';
    }
    return out;
}

static char *record_text_address(char *out, const struct address *address)
{
    if (address->family == 4)
        return record_text_ipv4(out, (uint32_t)address->value);
    address_format(address, out);
    return out + strlen(out);
}

static char *record_text_letters(char *out, unsigned flags)
{
    for (unsigned i = 0; record_flag_letters[i] != '\0'; i++) {
        if (flags & 1u << i)
            *out++ = record_flag_letters[i];
    }
    return out;
}

char *record_text_plain(char *out, const struct filter_value *value)
{
    switch (value->kind) {
    case FILTER_NUMBER:
        return record_text_number(out, (uint64_t)value->number);
    case FILTER_FLAGS:
        return record_text_letters(out, (unsigned)value->number);
    case FILTER_ADDRESS:
        return record_text_address(out, &value->address);
    case FILTER_TEXT:
    case FILTER_NULL:
        break;
    }
    return out;
}

// ---- strings

// The length of the character of several bytes that starts there (RFC 3629 4); 0: it is none.
static unsigned record_text_character(const uint8_t *s, uint32_t avail)
{
    unsigned n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

    if (s[0] < 0xc2 || s[0] > 0xf4 || avail < n)
        return 0;
    for (unsigned i = 1; i < n; i++) {
        if (s[i] >> 6 != 2)
            return 0;
    }
    // Overlong, a surrogate, above U+10FFFF.
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

// One character that is not ASCII, from *at on.
static char *record_text_wide(char *out, const uint8_t *s, uint32_t len, uint32_t *at)
{
    unsigned n = record_text_character(s + *at, len - *at);

    if (n == 0) {
        *out++ = (char)(0xc0 | s[*at] >> 6);
        *out++ = (char)(0x80 | (s[*at] & 0x3f));
        (*at)++;
        return out;
    }
    memcpy(out, s + *at, n);
    *at += n;
    return out + n;
}

static char *record_text_escape(char *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";

    *out++ = '\\';
    if (c == '"' || c == '\\') {
        *out++ = (char)c;
        return out;
    }
    memcpy(out, "u00", 3);
    out[3] = hex[c >> 4];
    out[4] = hex[c & 15];
    return out + 5;
}

char *record_text_json(char *out, const char *text, uint32_t len)
{
    const uint8_t *s = (const uint8_t *)text;

    *out++ = '"';
    for (uint32_t at = 0; at < len;) {
        if (s[at] >= 0x80)
            out = record_text_wide(out, s, len, &at);
        else if (s[at] < ' ' || s[at] == '"' || s[at] == '\\' || s[at] == 0x7f)
            out = record_text_escape(out, s[at++]);
        else
            *out++ = (char)s[at++];
    }
    *out++ = '"';
    return out;
}

char *record_text_csv(char *out, const char *text, uint32_t len)
{
    const uint8_t *s = (const uint8_t *)text;
    bool quoted = false;

    for (uint32_t at = 0; at < len && !quoted; at++)
        quoted = s[at] == '"' || s[at] == ',' || s[at] == '\n' || s[at] == '\r';
    if (quoted)
        *out++ = '"';
    for (uint32_t at = 0; at < len;) {
        if (s[at] == '"')
            *out++ = '"';
        if (s[at] >= 0x80)
            out = record_text_wide(out, s, len, &at);
        else
            *out++ = (char)s[at++];
    }
    if (quoted)
        *out++ = '"';
    return out;
}
