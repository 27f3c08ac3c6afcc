#include "template/value_random.h"

#include "template/network.h"
#include "template/number.h"
#include "template/value_call.h"
#include "template/value_coded.h"
#include "template/value_text.h"

#include <string.h>

static bool value_random_wrong(struct value_sink *sink, const struct syntax *tree)
{
    struct diag *diag = sink->parser->diag;
    uint8_t family;

    diag_set(diag, tree->where, "%s can't be %.*s()", sink->field->name, value_text_shown(tree->len),
             tree->bytes);
    if (value_sink_takes_numbers(sink))
        return diag_hint(diag, "RandNum(0,N) draws a number, RandChoice(...) one of several values.");
    if (value_sink_takes_addresses(sink, &family))
        return diag_hint(diag, "%s(\"NETWORK\") draws an address, RandChoice(...) one of several values.",
                         family == 6 ? "RandIP6" : "RandIP");
    return diag_hint(
        diag,
        value_sink_takes_macs(sink)
            ? "RandMAC() draws a MAC, RandChoice(...) one of several values."
            : "RandString(N) draws N letters, RandBin(N) N bytes, RandChoice(...) one of several values.");
}

static bool value_random_set(struct value_sink *sink, const struct syntax *tree, const struct values *set)
{
    struct values *copy = arena_copy(sink->parser->arena, set, sizeof(*copy));

    if (copy == NULL)
        return value_sink_no_memory(sink, tree->where);
    copy->random = true;
    copy->n = UINT64_MAX;
    sink->made = copy;
    return true;
}

static bool value_random_hash(struct value_sink *sink, const struct syntax *tree, uint8_t width, u128 start,
                              u128 mask)
{
    const struct values set = {.kind = VALUES_HASH, .width = width, .start = start & ~mask, .mask = mask};

    return value_random_set(sink, tree, &set);
}

// ---- numbers

static bool value_random_range(struct value_sink *sink, const struct syntax *tree, u128 min, u128 max)
{
    char text[NUMBER_TEXT_MAX];
    bool coded = sink->field->kind == FIELD_CODED;

    if (!value_sink_takes_numbers(sink) && !coded)
        return value_random_wrong(sink, tree);
    if (!coded && max > value_sink_largest(sink)) {
        diag_set(sink->parser->diag, tree->where, "%.*s() may be larger than %s, which takes 0 to %s",
                 value_text_shown(tree->len), tree->bytes, sink->field->name,
                 number_text((i128)value_sink_largest(sink), text));
        return diag_hint(sink->parser->diag, "RandNum(min,max) draws a number from min to max.");
    }
    if (!coded && min == 0 && max == UINT64_MAX)
        return value_random_hash(sink, tree, 0, 0, UINT64_MAX);
    if (max - min >= VALUES_MAX)
        return value_sink_no_memory(sink, tree->where);
    uint64_t n = (uint64_t)(max - min) + 1;
    return coded ? value_coded_range(sink, tree->where, min, 1, n)
                 : value_sink_range(sink, tree->where, min, 1, n);
}

static bool value_random_between(struct value_sink *sink, const struct syntax *tree,
                                 const struct syntax *const *arguments)
{
    u128 min, max;

    if (!number_in_range(arguments[0], UINT64_MAX, "min", &min, sink->parser->diag) ||
        !number_in_range(arguments[1], UINT64_MAX, "max", &max, sink->parser->diag))
        return false;
    if (max < min)
        return diag_set(sink->parser->diag, tree->where, "min is above max");
    return value_random_range(sink, tree, min, max);
}

// ---- addresses

static bool value_random_text(struct value_sink *sink, const struct syntax *tree, struct value_text *text)
{
    if (tree->kind != SYNTAX_STRING)
        return diag_set(sink->parser->diag, tree->where, "expected a string");
    *text = (struct value_text){tree->bytes, tree->len, tree->where};
    return true;
}

static bool value_random_ip(struct value_sink *sink, const struct syntax *tree, const struct syntax *network)
{
    struct value_text text = {"0.0.0.0/0", 9, tree->where};
    uint8_t family;

    if (!value_sink_takes_addresses(sink, &family) || family == 6)
        return value_random_wrong(sink, tree);
    if (network != NULL && !value_random_text(sink, network, &text))
        return false;
    return value_text_add(sink, text);
}

// Groups may be '*'. Where the address changes if these are ffff and not 0, it is drawn.
static bool value_random_groups(struct value_text text, u128 *start, u128 *mask)
{
    struct address ends[2];

    for (unsigned i = 0; i < 2; i++) {
        char copy[ADDRESS_TEXT_MAX];
        uint32_t len = 0;

        for (uint32_t k = 0; k < text.len; k++) {
            bool star = text.bytes[k] == '*';
            const char *put = !star ? &text.bytes[k] : i == 0 ? "0" : "ffff";
            uint32_t n = star && i == 1 ? 4 : 1;

            if (len + n >= sizeof(copy))
                return false;
            memcpy(copy + len, put, n);
            len += n;
        }
        if (!address_parse(copy, len, &ends[i]) || ends[i].family != 6)
            return false;
    }
    *start = ends[0].value;
    *mask = ends[0].value ^ ends[1].value;
    return true;
}

static bool value_random_ip6(struct value_sink *sink, const struct syntax *tree, const struct syntax *network)
{
    const struct network_asked asked = {6, sink->parser->resolver,
                                        network == NULL ? tree->where : network->where};
    struct value_text text = {"**", 2, tree->where};
    struct address address = {.family = 6};
    unsigned host_bits = 128;
    uint8_t family;
    u128 mask;

    if (!value_sink_takes_addresses(sink, &family) || family == 4)
        return value_random_wrong(sink, tree);
    if (network != NULL && !value_random_text(sink, network, &text))
        return false;
    if (text.len == 2 && memcmp(text.bytes, "**", 2) == 0)
        return value_random_hash(sink, tree, 16, 0, ~(u128)0);
    if (memchr(text.bytes, '*', text.len) != NULL)
        return value_random_groups(text, &address.value, &mask)
                   ? value_random_hash(sink, tree, 16, address.value, mask)
                   : diag_set(sink->parser->diag, text.where, "'%.*s' is no IPv6 address with '*' for groups",
                              value_text_shown(text.len), text.bytes);
    if (!network_split(text.bytes, text.len, &asked, &address, &host_bits, sink->parser->diag))
        return false;
    mask = host_bits == 128 ? ~(u128)0 : ((u128)1 << host_bits) - 1;
    return value_random_hash(sink, tree, 16, address.value, mask);
}

// mac-part = "*" | hex [ "-" hex ]
// The numbers of a range must be those with some of the low bits free.
static bool value_random_octet(const char *text, size_t len, uint8_t *low, uint8_t *free_bits)
{
    unsigned ends[2] = {0, 0}, part = 0, digits = 0;

    if (len == 1 && text[0] == '*') {
        *low = 0;
        *free_bits = 0xff;
        return true;
    }
    for (size_t i = 0; i < len; i++) {
        static const char hex[] = "0123456789abcdef";
        const char *digit =
            text[i] == '\0' ? NULL : strchr(hex, text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);

        if (text[i] == '-' && part == 0 && digits > 0) {
            part = 1;
            digits = 0;
            continue;
        }
        if (digit == NULL || ++digits > 2)
            return false;
        ends[part] = ends[part] << 4 | (unsigned)(digit - hex);
    }
    if (part == 0)
        ends[1] = ends[0];
    unsigned bits = ends[0] ^ ends[1];
    *low = (uint8_t)ends[0];
    *free_bits = (uint8_t)bits;
    return digits > 0 && (bits & (bits + 1)) == 0 && (ends[0] & bits) == 0;
}

// A field whose bytes may be a MAC with zeros behind it (BOOTP.chaddr).
static bool value_random_coded_mac(const struct value_sink *sink)
{
    return sink->field->kind == FIELD_CODED && sink->field->bits > 48;
}

// Such a field's bytes, of which the last ones of the MAC are drawn.
static bool value_random_mac_bytes(struct value_sink *sink, const struct syntax *tree, uint64_t start,
                                   uint64_t mask)
{
    uint32_t drawn = 0, len = sink->field->bits / 8;
    struct values *set = arena_alloc(sink->parser->arena, sizeof(*set));
    struct values_letters *letters = arena_alloc(sink->parser->arena, sizeof(*letters));
    uint8_t *image = arena_alloc(sink->parser->arena, len);

    if (set == NULL || letters == NULL || image == NULL)
        return value_sink_no_memory(sink, tree->where);
    while (drawn < 6 && (mask >> 8 * drawn & 0xff) == 0xff)
        drawn++;
    if (drawn < 6 && mask >> 8 * drawn != 0)
        return diag_set(sink->parser->diag, tree->where, "%s takes '*' for the last parts of a MAC only",
                        sink->field->name);
    for (unsigned i = 0; i < 6; i++)
        image[i] = (uint8_t)(start >> 8 * (5 - i));
    *letters = (struct values_letters){.image = image, .at = 6 - drawn, .n = drawn};
    *set = (struct values){
        .kind = VALUES_RANDOM_STRING, .random = true, .n = UINT64_MAX, .len = len, .letters = letters};
    sink->made = set;
    return true;
}

// mac-template = mac-part { ":" mac-part }
// Six parts; what is left out at the end is random too.
static bool value_random_mac(struct value_sink *sink, const struct syntax *tree,
                             const struct syntax *template)
{
    struct value_text text = {"*", 1, tree->where};
    u128 start = 0, mask = 0;
    uint32_t at = 0;

    if (!value_sink_takes_macs(sink) && !value_random_coded_mac(sink))
        return value_random_wrong(sink, tree);
    if (template != NULL && !value_random_text(sink, template, &text))
        return false;
    for (unsigned i = 0; i < 6; i++) {
        const char *colon = at > text.len ? NULL : memchr(text.bytes + at, ':', text.len - at);
        uint32_t end = colon == NULL ? text.len : (uint32_t)(colon - text.bytes);
        uint8_t low = 0, free_bits = 0xff;

        if (at <= text.len && !value_random_octet(text.bytes + at, end - at, &low, &free_bits)) {
            diag_set(sink->parser->diag, text.where, "'%.*s' is no template of a MAC",
                     value_text_shown(text.len), text.bytes);
            return diag_hint(sink->parser->diag, "\"02:00:00:*:*:*\"; ranges are such as a0-af, 00-7f.");
        }
        start = start << 8 | low;
        mask = mask << 8 | free_bits;
        at = end + 1;
    }
    if (at <= text.len)
        return diag_set(sink->parser->diag, text.where, "a MAC has six parts");
    if (value_random_coded_mac(sink))
        return value_random_mac_bytes(sink, tree, (uint64_t)start, (uint64_t)mask);
    return value_random_hash(sink, tree, sink->field->kind == FIELD_MAC ? 0 : 6, start, mask);
}

// ---- strings

static const char value_random_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// The field's bytes with `letter` in all places that are drawn, into the scratch.
static bool value_random_image(struct value_sink *sink, const struct syntax *tree, uint8_t letter, uint32_t n,
                               struct values_string *out)
{
    struct arena arena;

    arena_init(&arena, 0);
    char *text = arena_alloc(&arena, n + 1);
    bool ok = text != NULL || value_sink_no_memory(sink, tree->where);
    if (ok) {
        memset(text, letter, n);
        ok = value_coded_bytes(sink, (struct value_text){text, n, tree->where}, &out->bytes, &out->len);
    }
    arena_release(&arena);
    return ok;
}

// Whether the codec leaves a letter as it is and where it is.
static bool value_random_same(const struct values_string *image, const struct values_letters *letters,
                              uint32_t len, uint8_t letter)
{
    uint32_t end = letters->at + letters->n;

    if (image->len != len || memcmp(image->bytes, letters->image, letters->at) != 0 ||
        memcmp(image->bytes + end, letters->image + end, len - end) != 0)
        return false;
    for (uint32_t i = letters->at; i < end; i++) {
        if (image->bytes[i] != letter)
            return false;
    }
    return true;
}

// What the codec puts around the letters: it must do the same for all of them.
static bool value_random_coded(struct value_sink *sink, const struct syntax *tree,
                               struct values_letters *letters, uint32_t *len)
{
    uint32_t size = letters->alphabet == NULL ? 256 : letters->alphabet_len;
    struct values_string image;
    bool seen[256] = {false};

    for (uint32_t i = 0; i < size; i++) {
        uint8_t letter = letters->alphabet == NULL ? (uint8_t)i : letters->alphabet[i];

        if (seen[letter])
            continue;
        seen[letter] = true;
        if (!value_random_image(sink, tree, letter, letters->n, &image))
            return false;
        if (i == 0) {
            *len = image.len;
            letters->image = arena_copy(sink->parser->arena, image.bytes, image.len);
            if (letters->image == NULL)
                return value_sink_no_memory(sink, tree->where);
            while (letters->at + letters->n < image.len && image.bytes[letters->at] != letter)
                letters->at++;
        }
        if (letters->at + letters->n > image.len || !value_random_same(&image, letters, *len, letter)) {
            diag_set(sink->parser->diag, tree->where, "%s can't be of random letters", sink->field->name);
            return diag_hint(sink->parser->diag, "RandChoice(...) draws one of several values.");
        }
    }
    return true;
}

static bool value_random_string(struct value_sink *sink, const struct syntax *tree,
                                const struct syntax *const *arguments)
{
    struct values set = {.kind = VALUES_RANDOM_STRING};
    struct values_letters *letters = arena_alloc(sink->parser->arena, sizeof(*letters));
    struct values_string chars = {(const uint8_t *)value_random_letters, sizeof(value_random_letters) - 1, 1};
    u128 size;

    if (letters == NULL)
        return value_sink_no_memory(sink, tree->where);
    if (!number_in_range(arguments[0], VALUE_BYTES_MAX, "the size", &size, sink->parser->diag) ||
        (arguments[1] != NULL && !value_parse_string(sink->parser, arguments[1], &chars)))
        return false;
    if (chars.len == 0 || chars.len > VALUE_BYTES_MAX)
        return diag_set(sink->parser->diag, arguments[1]->where,
                        "there must be 1 to %d characters to draw from", VALUE_BYTES_MAX);
    letters->n = (uint32_t)size;
    if (arguments[1] != NULL || value_call_function(tree) == VALUE_RAND_STRING) {
        letters->alphabet = chars.bytes;
        letters->alphabet_len = chars.len;
    }
    set.len = letters->n;
    if (sink->field->kind == FIELD_CODED && !value_random_coded(sink, tree, letters, &set.len))
        return false;
    uint32_t len = set.len;
    set.len = value_sink_padded(sink, len);
    if (set.len == UINT32_MAX)
        return value_sink_too_long(sink, tree->where, len);
    if (set.len != len) {
        uint8_t *image = arena_alloc(sink->parser->arena, set.len);

        if (image == NULL)
            return value_sink_no_memory(sink, tree->where);
        if (letters->image != NULL)
            memcpy(image, letters->image, len);
        letters->image = image;
    }
    set.letters = letters;
    return value_random_set(sink, tree, &set);
}

// RandString(8), RandString(8, "abc"), RandBin(8): in fields of bytes and text
static bool value_random_letters_add(struct value_sink *sink, const struct syntax *tree)
{
    const struct syntax *arguments[VALUE_CALL_ARGUMENTS];
    uint8_t family;

    if (value_sink_takes_numbers(sink) || value_sink_takes_addresses(sink, &family) ||
        value_sink_takes_macs(sink))
        return value_random_wrong(sink, tree);
    if (tree->n_items == 0) {
        diag_set(sink->parser->diag, tree->where, "how long? give %.*s a size", (int)tree->len, tree->bytes);
        return diag_hint(sink->parser->diag, "%.*s(20) draws 20 %s.", (int)tree->len, tree->bytes,
                         value_call_function(tree) == VALUE_RAND_STRING ? "letters and digits" : "bytes");
    }
    return value_call_arguments(sink->parser, tree, arguments) && value_random_string(sink, tree, arguments);
}

// ---- one of several

static bool value_random_choice(struct value_sink *sink, const struct syntax *tree)
{
    for (uint32_t i = 0; i < tree->n_items; i++) {
        if (tree->keys[i].len != 0)
            return diag_set(sink->parser->diag, tree->keys[i].where,
                            "RandChoice() takes values, without names");
        if (value_call_is_random(tree->items[i]))
            return value_call_no_random(sink->parser, tree->items[i], "in RandChoice()");
        if (!value_parse_items(sink, tree->items[i]))
            return false;
    }
    return tree->n_items > 0 ||
           diag_set(sink->parser->diag, tree->where, "RandChoice() needs values to choose from");
}

static bool value_random_draw(struct value_sink *sink, const struct syntax *tree,
                              enum value_function function)
{
    const struct syntax *arguments[VALUE_CALL_ARGUMENTS];

    if (!value_call_arguments(sink->parser, tree, arguments))
        return false;
    switch (function) {
    case VALUE_RAND_BYTE:
        return value_random_range(sink, tree, 0, UINT8_MAX);
    case VALUE_RAND_SHORT:
        return value_random_range(sink, tree, 0, UINT16_MAX);
    case VALUE_RAND_INT:
        return value_random_range(sink, tree, 0, UINT32_MAX);
    case VALUE_RAND_LONG:
        return value_random_range(sink, tree, 0, UINT64_MAX);
    case VALUE_RAND_NUM:
        return value_random_between(sink, tree, arguments);
    case VALUE_RAND_IP:
        return value_random_ip(sink, tree, arguments[0]);
    case VALUE_RAND_IP6:
        return value_random_ip6(sink, tree, arguments[0]);
    default:
        return value_random_mac(sink, tree, arguments[0]);
    }
}

bool value_random_add(struct value_sink *sink, const struct syntax *tree)
{
    enum value_function function = value_call_function(tree);

    sink->random = true;
    if (function == VALUE_RAND_CHOICE)
        return value_random_choice(sink, tree);
    if (function == VALUE_RAND_STRING || function == VALUE_RAND_BIN)
        return value_random_letters_add(sink, tree);
    return value_random_draw(sink, tree, function);
}
