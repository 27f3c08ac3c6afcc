#include "template/value_text.h"

#include "base/nearest.h"
#include "template/network.h"
#include "template/number.h"
#include "template/value_coded.h"

#include <ctype.h>
#include <string.h>

#define VALUE_TEXT_RUNS_MAX (1u << 23) // in one field

int value_text_shown(uint32_t len)
{
    return (int)(len < 40 ? len : 40);
}

// ---- numbers by name

// One bit a letter ("SA"), or names joined by '+' ("MF+DF").
static bool value_text_flag(const struct field_desc *field, const char *text, size_t len, u128 *bits)
{
    const char *at = field->letters;

    for (unsigned bit = 0; *at != '\0'; bit++) {
        bool named = strchr(field->letters, '+') != NULL;
        size_t n = named ? strcspn(at, "+") : 1;

        if (n == len && memcmp(at, text, len) == 0) {
            *bits |= (u128)1 << bit;
            return true;
        }
        at += n + (named && at[n] == '+' ? 1 : 0);
    }
    return false;
}

static bool value_text_flags(struct value_sink *sink, struct value_text text, u128 *value)
{
    const struct field_desc *field = sink->field;
    bool named = strchr(field->letters, '+') != NULL;
    const char *at = text.bytes, *end = text.bytes + text.len;

    *value = 0;
    while (at < end) {
        const char *plus = named ? memchr(at, '+', (size_t)(end - at)) : NULL;
        size_t n = !named ? 1 : plus == NULL ? (size_t)(end - at) : (size_t)(plus - at);

        if (!value_text_flag(field, at, n, value)) {
            diag_set(sink->parser->diag, text.where, "%s has no flag '%.*s'", field->name,
                     (int)(n < 20 ? n : 20), at);
            return diag_hint(sink->parser->diag,
                             named ? "Flags are %s, joined by '+'." : "Flags are letters of %s.",
                             field->letters);
        }
        at += n + (plus != NULL ? 1 : 0);
    }
    return true;
}

static bool value_text_service(struct value_parser *p, struct value_text text, u128 *value)
{
    struct nearest nearest;
    uint16_t port;

    for (int protocol = SERVICE_TCP; protocol <= SERVICE_UDP; protocol++) {
        if (services_port(p->services, (enum service_protocol)protocol, text.bytes, text.len, &port)) {
            *value = port;
            return true;
        }
    }
    nearest_init(&nearest, text.bytes, text.len);
    for (size_t i = 0; p->services != NULL && i < p->services->n; i++)
        nearest_offer(&nearest, p->services->text + p->services->list[i].name);
    diag_set(p->diag, text.where, "no service '%.*s' in /etc/services", value_text_shown(text.len),
             text.bytes);
    if (nearest.best != NULL)
        diag_hint(p->diag, "Did you mean '%s'?", nearest.best);
    return false;
}

bool value_text_name(struct value_parser *p, const struct name *names, const char *what,
                     struct value_text text, u128 *value)
{
    struct nearest nearest;
    uint64_t number;

    if (names == NULL)
        return diag_set(p->diag, text.where, "%s takes numbers, not '%.*s'", what, value_text_shown(text.len),
                        text.bytes);
    if (name_find(names, text.bytes, text.len, &number)) {
        *value = number;
        return true;
    }
    nearest_init(&nearest, text.bytes, text.len);
    for (const struct name *n = names; n->name != NULL; n++)
        nearest_offer(&nearest, n->name);
    diag_set(p->diag, text.where, "%s has no value '%.*s'", what, value_text_shown(text.len), text.bytes);
    if (nearest.best != NULL)
        diag_hint(p->diag, "Did you mean '%s'?", nearest.best);
    return false;
}

bool value_text_number(struct value_sink *sink, struct value_text text, u128 *value)
{
    bool ok = sink->field->kind == FIELD_FLAGS ? value_text_flags(sink, text, value)
              : sink->field->kind == FIELD_PORT
                  ? value_text_service(sink->parser, text, value)
                  : value_text_name(sink->parser, sink->field->names, sink->field->name, text, value);

    if (!ok && text.len > 0 && isdigit((unsigned char)text.bytes[0]))
        diag_hint(sink->parser->diag, "Numbers are written without quotes.");
    return ok;
}

// ---- addresses

// Six hex numbers, or six bytes that are no text.
static bool value_text_is_mac(struct value_text text, u128 *value)
{
    struct mac mac;
    bool binary = false;

    for (uint32_t i = 0; i < text.len && text.len == 6; i++)
        binary |= text.bytes[i] < ' ' || text.bytes[i] > '~';
    if (binary)
        memcpy(mac.bytes, text.bytes, sizeof(mac.bytes));
    else if (!mac_parse(text.bytes, text.len, &mac))
        return false;
    *value = 0;
    for (unsigned i = 0; i < 6; i++)
        *value = *value << 8 | mac.bytes[i];
    return true;
}

static bool value_text_mac(struct value_sink *sink, struct value_text text)
{
    struct values_segment range = {.step = 1};

    if (!value_text_is_mac(text, &range.start)) {
        diag_set(sink->parser->diag, text.where, "expected a MAC address, not '%.*s'",
                 value_text_shown(text.len), text.bytes);
        return diag_hint(sink->parser->diag, "Six hex numbers: \"02:00:00:00:00:01\".");
    }
    return value_sink_addresses(sink, text.where, sink->field->kind == FIELD_MAC ? 0 : 6, &range, 1);
}

static bool value_text_octets(struct value_sink *sink, struct value_text text, uint8_t family)
{
    struct network_octets octets;

    if (family == 6)
        return diag_set(sink->parser->diag, text.where, "'%.*s' is IPv4, and this field takes IPv6",
                        value_text_shown(text.len), text.bytes);
    if (!network_octets_parse(text.bytes, text.len, &octets, text.where, sink->parser->diag))
        return false;
    sink->runs += octets.runs;
    if (sink->runs > VALUE_TEXT_RUNS_MAX)
        return diag_set(sink->parser->diag, text.where, "the addresses fall apart into more than %u ranges",
                        VALUE_TEXT_RUNS_MAX);
    for (uint32_t run = 0; run < octets.runs; run++) {
        struct values_segment range = {0, octets.step, network_octets_start(&octets, run)};

        if (!value_sink_addresses(sink, text.where, 4, &range, octets.n))
            return false;
    }
    return true;
}

static bool value_text_network(struct value_sink *sink, struct value_text text, uint8_t family)
{
    const struct network_asked asked = {family, sink->parser->resolver, text.where};
    struct network network;

    if (network_has_octets(text.bytes, text.len))
        return value_text_octets(sink, text, family);
    if (!network_parse(text.bytes, text.len, &asked, &network, sink->parser->diag))
        return false;
    struct values_segment range = {0, 1, network.first.value};
    return value_sink_addresses(sink, text.where, network.first.family == 4 ? 4 : 16, &range, network.n);
}

bool value_text_address(struct value_sink *sink, struct value_text text, u128 *value, uint8_t *width)
{
    struct address address;
    uint8_t family;

    if (value_sink_takes_macs(sink)) {
        *width = sink->field->kind == FIELD_MAC ? 0 : 6;
        return value_text_is_mac(text, value);
    }
    if (!value_sink_takes_addresses(sink, &family) || !address_parse(text.bytes, text.len, &address) ||
        (family != 0 && address.family != family))
        return false;
    *value = address.value;
    *width = address.family == 4 ? 4 : 16;
    return true;
}

// ---- any

static bool value_text_bytes(struct value_sink *sink, struct value_text text)
{
    return value_sink_string(sink, text.where,
                             (struct values_string){(const uint8_t *)text.bytes, text.len, 1});
}

bool value_text_add(struct value_sink *sink, struct value_text text)
{
    uint8_t family;
    u128 value;

    if (value_sink_takes_numbers(sink))
        return value_text_number(sink, text, &value) && value_sink_range(sink, text.where, value, 1, 1);
    if (value_sink_takes_addresses(sink, &family))
        return value_text_network(sink, text, family);
    if (sink->field->kind == FIELD_MAC || (value_sink_takes_macs(sink) && value_text_is_mac(text, &value)))
        return value_text_mac(sink, text);
    return sink->field->kind == FIELD_CODED ? value_coded_text(sink, text) : value_text_bytes(sink, text);
}

// ---- without quotes

// number: decimal, 0x, 0o, 0b. Returns the bytes it takes; 0: it is none, or above 2^64 - 1.
static uint32_t value_text_digits(const char *text, uint32_t len, u128 *value)
{
    char prefix = len > 2 && text[0] == '0' ? (char)tolower((unsigned char)text[1]) : '\0';
    unsigned base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 10;
    uint32_t from = base == 10 ? 0 : 2, at = from;

    *value = 0;
    for (; at < len && isxdigit((unsigned char)text[at]); at++) {
        char c = (char)tolower((unsigned char)text[at]);
        unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);

        if (digit >= base)
            break;
        *value = *value * base + digit;
        if (*value > UINT64_MAX)
            return 0;
    }
    return at == from ? 0 : at;
}

static bool value_text_in_field(struct value_sink *sink, struct value_text text, u128 value)
{
    char number[NUMBER_TEXT_MAX], limit[NUMBER_TEXT_MAX];

    return value <= value_sink_largest(sink) ||
           diag_set(sink->parser->diag, text.where, "%s must be 0 to %s, not %s", sink->field->name,
                    number_text((i128)value_sink_largest(sink), limit), number_text((i128)value, number));
}

// number-line = number [ "-" number ] | name
static bool value_text_number_line(struct value_sink *sink, struct value_text text)
{
    u128 first, last;
    uint32_t used = value_text_digits(text.bytes, text.len, &first), more;

    if (used == text.len && used > 0)
        return value_text_in_field(sink, text, first) && value_sink_range(sink, text.where, first, 1, 1);
    if (used == 0 || text.bytes[used] != '-')
        return value_text_add(sink, text);
    more = value_text_digits(text.bytes + used + 1, text.len - used - 1, &last);
    if (more == 0 || used + 1 + more != text.len)
        return value_text_add(sink, text);
    if (last < first)
        return diag_set(sink->parser->diag, text.where, "the range %.*s ends before it starts",
                        value_text_shown(text.len), text.bytes);
    if (!value_text_in_field(sink, text, last))
        return false;
    return last - first < VALUES_MAX
               ? value_sink_range(sink, text.where, first, 1, (uint64_t)(last - first) + 1)
               : value_sink_no_memory(sink, text.where);
}

bool value_text_add_line(struct value_sink *sink, struct value_text text)
{
    uint8_t family;
    u128 value;

    if (value_sink_takes_numbers(sink))
        return value_text_number_line(sink, text);
    if (sink->field->kind == FIELD_CODED)
        return value_coded_line(sink, text);
    if (value_sink_takes_addresses(sink, &family) || sink->field->kind == FIELD_MAC ||
        (value_sink_takes_macs(sink) && value_text_is_mac(text, &value)))
        return value_text_add(sink, text);
    text.bytes = (const char *)value_sink_keep(sink, text.where, text.bytes, text.len);
    return text.bytes != NULL && value_text_bytes(sink, text);
}
