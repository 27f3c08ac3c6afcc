#include "packet/print.h"

#include "base/address.h"
#include "packet/bytes.h"
#include "packet/layer.h"

#include <stdlib.h>
#include <string.h>

#define PRINT_INDENT     3
#define PRINT_NAME_WIDTH 10
#define PRINT_LABEL_MAX  (FIELD_NESTING_MAX * (PRINT_INDENT * VIEW_LAYERS_MAX + 4) + 1)

struct print {
    const struct dissect *dissect;
    const struct services *services;
    const struct dissect_node *layer; // the frame's layer that the fields are in
    char *value;                      // owned; PRINT_VALUE_MAX
    FILE *to;
};

// ---- values

void print_decimal(u128 value, struct text *text)
{
    char digits[40];
    unsigned at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + (unsigned)(value % 10));
        value /= 10;
    } while (value != 0);
    text_add(text, "%s", digits + at);
}

static void print_hex(u128 value, struct text *text)
{
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;

    if (high != 0)
        text_add(text, "0x%llx%016llx", (unsigned long long)high, (unsigned long long)low);
    else
        text_add(text, "0x%llx", (unsigned long long)low);
}

// One letter a bit from the lowest, or names joined by '+'; '?' where there is none.
static void print_flags(const char *letters, u128 value, struct text *text)
{
    bool named = strchr(letters, '+') != NULL, first = true;

    for (; value != 0; value >>= 1) {
        size_t n = named ? strcspn(letters, "+") : letters[0] != '\0';

        if (value & 1) {
            text_add(text, "%s%.*s", named && !first ? "+" : "", n == 0 ? 1 : (int)n, n == 0 ? "?" : letters);
            first = false;
        }
        letters += n + (named && letters[n] == '+' ? 1 : 0);
    }
}

static void print_mac(u128 value, struct text *text)
{
    struct mac mac;
    char buffer[MAC_TEXT_MAX];

    for (unsigned i = 0; i < 6; i++)
        mac.bytes[i] = (uint8_t)(value >> 8 * (5 - i));
    mac_format(&mac, buffer);
    text_add(text, "%s", buffer);
}

static void print_address(uint8_t family, u128 value, struct text *text)
{
    char buffer[ADDRESS_TEXT_MAX];

    address_format(&(struct address){value, family}, buffer);
    text_add(text, "%s", buffer);
}

static const char *print_service(const struct layer_desc *layer, u128 port, const struct services *services)
{
    if (layer == layer_get(LAYER_TCP))
        return services_name(services, SERVICE_TCP, (uint16_t)port);
    return layer == layer_get(LAYER_UDP) ? services_name(services, SERVICE_UDP, (uint16_t)port) : NULL;
}

static const char *print_name(const struct layer_desc *layer, const struct field_desc *field,
                              const struct fields *at, u128 value, const struct services *services)
{
    if (value >> 32 != 0)
        return NULL;
    if (field->kind == FIELD_PORT)
        return print_service(layer, value, services);
    return at != NULL && field->name_at != NULL ? field->name_at(at, (uint64_t)value)
                                                : name_of(field->names, (uint64_t)value);
}

void print_number(const struct layer_desc *layer, const struct field_desc *field, const struct fields *at,
                  u128 value, const struct services *services, struct text *text)
{
    const char *name = print_name(layer, field, at, value, services);

    if (field->kind == FIELD_FLAGS && field->letters != NULL)
        print_flags(field->letters, value, text);
    else if (field->kind == FIELD_MAC)
        print_mac(value, text);
    else if (field->kind == FIELD_IPV4 || field->kind == FIELD_IPV6)
        print_address(field->kind == FIELD_IPV4 ? 4 : 6, value, text);
    else if (name != NULL)
        text_add(text, "%s", name);
    else if (field->print != NULL)
        field->print((uint64_t)value, text);
    else if (field->hex)
        print_hex(value, text);
    else
        print_decimal(value, text);
}

bool print_any_address(const uint8_t *p, uint32_t len, struct text *text)
{
    if (len == 6)
        print_mac((u128)get16(p) << 32 | get32(p + 2), text);
    else if (len == 4)
        print_address(4, get32(p), text);
    else if (len == 16)
        print_address(6, get128(p), text);
    else
        return false;
    return true;
}

// ---- option lists

static unsigned print_item_bytes(char format)
{
    return format == 'B' ? 1 : format == 'H' ? 2 : 4;
}

// Whether the value is what the format says; then its numbers are printed, else its bytes.
static bool print_has_format(const char *format, uint32_t len)
{
    uint32_t bytes = 0;

    if (format == NULL || format[0] == '\0' || format[0] == 'R')
        return false;
    if (format[1] == '*')
        return len > 0 && len % print_item_bytes(format[0]) == 0;
    for (; *format != '\0'; format++)
        bytes += print_item_bytes(*format);
    return len == bytes;
}

static void print_option_item(const struct option_desc *option, char format, const uint8_t *p,
                              struct text *text)
{
    uint32_t value = format == 'B' ? p[0] : format == 'H' ? get16(p) : get32(p);
    const char *name = name_of(option->names, value);

    if (format == 'A')
        print_address(4, value, text);
    else if (name != NULL)
        text_add(text, "%s", name);
    else
        text_add(text, "%u", value);
}

// 198.18.0.0/24:198.19.0.1 (RFC 3442); false: they are none.
static bool print_routes(const uint8_t *p, uint32_t len, struct text *text)
{
    uint32_t at = 0;

    while (at < len && p[at] <= 32 && len - at >= 5u + (p[at] + 7u) / 8)
        at += 5u + (p[at] + 7u) / 8;
    if (at != len || len == 0)
        return false;
    for (at = 0; at < len;) {
        uint32_t bytes = (p[at] + 7u) / 8, net = 0;

        for (uint32_t k = 0; k < bytes; k++)
            net |= (uint32_t)p[at + 1 + k] << (24 - 8 * k);
        text_add(text, "%s", at == 0 ? "" : ",");
        print_address(4, net, text);
        text_add(text, "/%u:", p[at]);
        print_address(4, get32(p + at + 1 + bytes), text);
        at += 5 + bytes;
    }
    return true;
}

static void print_option_value(const struct option_desc *option, const uint8_t *p, uint32_t len, bool tuple,
                               struct text *text)
{
    const char *format = option->format;

    if (format != NULL && format[0] == 'R' && print_routes(p, len, text))
        return;
    if (!print_has_format(format, len)) {
        text_add_quoted(text, "b", p, len);
        return;
    }
    bool any = format[1] == '*', several = len > print_item_bytes(format[0]);
    text_add(text, tuple && several ? "(" : "");
    for (uint32_t at = 0, k = 0; at < len; k++) {
        char item = format[any ? 0 : k];

        text_add(text, "%s", at == 0 ? "" : tuple ? ", " : ",");
        print_option_item(option, item, p + at, text);
        at += print_item_bytes(item);
    }
    text_add(text, tuple && several ? ")" : "");
}

static const struct option_desc *print_option_row(const struct option_desc *options, uint8_t number)
{
    for (; options->name != NULL; options++) {
        if (options->number == number)
            return options;
    }
    return NULL;
}

struct print_option {
    const struct option_desc *row; // NULL: unknown
    uint8_t number;
    const uint8_t *value;
    uint32_t len;
};

// The option at p, of which there are `avail` bytes; returns its length. Lengths that contradict themselves
// are put right as Scapy does: below 2 is 2, and what is cut off is missing.
static uint32_t print_option_read(const struct field_desc *field, const uint8_t *p, uint32_t avail,
                                  struct print_option *option)
{
    *option = (struct print_option){.row = print_option_row(field->options, p[0]), .number = p[0]};
    if (option->row != NULL && option->row->bare)
        return 1;
    uint32_t head = avail < 2 ? avail : 2, said = avail < 2 ? 0 : p[1];

    said += field->option_style == OPTION_DHCP ? 2 : 0;
    said = said < head ? head : said > avail ? avail : said;
    option->value = p + head;
    option->len = said - head;
    return said;
}

// [('MSS', 1460), ('NOP', None)]
static void print_option_tuple(const struct print_option *option, struct text *text)
{
    static const struct option_desc unknown = {.name = NULL};

    if (option->row != NULL)
        text_add(text, "('%s', ", option->row->name);
    else
        text_add(text, "(%u, ", option->number);
    if (option->row != NULL && option->row->bare)
        text_add(text, "None)");
    else {
        print_option_value(option->row == NULL ? &unknown : option->row, option->value, option->len, true,
                           text);
        text_add(text, ")");
    }
}

// [message-type=discover requested_addr=192.0.2.1 end]
static void print_option_word(const struct print_option *option, struct text *text)
{
    static const struct option_desc unknown = {.name = NULL};

    if (option->row != NULL)
        text_add(text, "%s", option->row->name);
    else
        text_add(text, "%u", option->number);
    if (option->row != NULL && option->row->bare)
        return;
    text_add(text, "=");
    print_option_value(option->row == NULL ? &unknown : option->row, option->value, option->len, false, text);
}

static void print_options(const struct field_desc *field, const uint8_t *p, uint32_t len, struct text *text)
{
    bool words = field->option_style == OPTION_DHCP;

    text_add(text, "[");
    for (uint32_t at = 0; at < len;) {
        struct print_option option;
        uint32_t n = print_option_read(field, p + at, len - at, &option);

        text_add(text, "%s", at == 0 ? "" : words ? " " : ", ");
        words ? print_option_word(&option, text) : print_option_tuple(&option, text);
        at += n;
        if (!words && option.number == 0)
            break; // the end of the list
    }
    text_add(text, "]");
}

// ---- the tree

static void print_variable(const struct print *print, const struct dissect_node *node, unsigned f,
                           struct text *text)
{
    const struct field_desc *field = &layer_get((enum layer_id)node->id)->fields[f];
    const uint8_t *p = node->at.bytes + node->at.bit[f] / 8;
    const struct fields *message = &print->layer->at;
    const struct layer_desc *of = layer_get((enum layer_id)print->layer->id);
    uint32_t before = of->message == NULL ? 0 : of->message(message);
    uint32_t len = node->at.bits[f] / 8;

    if (field->kind == FIELD_ADDRESS) {
        if (!print_any_address(p, len, text))
            text_add_quoted(text, "", p, len);
    } else if (field->kind == FIELD_OPTIONS) {
        print_options(field, p, len, text);
    } else if (field->kind == FIELD_CODED && field->codec->print != NULL) {
        field->codec->print(fields_header(message) + before, message->end - message->start - before, p, len,
                            text);
    } else {
        // Strings of fixed width end before their zeros.
        while (field->bits != 0 && len > 0 && p[len - 1] == 0)
            len--;
        text_add_quoted(text, "", p, len);
    }
}

static void print_line(const struct print *print, const struct dissect_node *node, unsigned f,
                       const char *label)
{
    const struct layer_desc *desc = layer_get((enum layer_id)node->id);
    const struct field_desc *field = &desc->fields[f];
    struct text text = text_in(print->value, PRINT_VALUE_MAX);

    if (field->kind < FIELD_ADDRESS && node->at.bits[f] <= 128)
        print_number(desc, field, &node->at, field->unseen ? field->preset : dissect_number(&node->at, f),
                     print->services, &text);
    else
        print_variable(print, node, f, &text);
    fprintf(print->to, "%s  %-*s= %s\n", label, PRINT_NAME_WIDTH, field->name, text.s);
}

static const char *print_title(const struct dissect_node *node)
{
    const struct layer_desc *desc = layer_get((enum layer_id)node->id);

    if (node->quoted && desc->quoted_name != NULL)
        return desc->quoted_title != NULL ? desc->quoted_title : desc->quoted_name;
    return desc->title != NULL ? desc->title : desc->name;
}

// Lines start with `label`; the header line with its first `bars` characters.
static void print_node(const struct print *print, const struct dissect_node *node, const char *label,
                       size_t bars)
{
    const struct dissect_node *nodes = print->dissect->nodes;
    const struct layer_desc *desc = layer_get((enum layer_id)node->id);
    char inner[PRINT_LABEL_MAX];

    fprintf(print->to, "%.*s###[ %s ]### \n", (int)bars, label, print_title(node));
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const struct field_desc *field = &desc->fields[f];

        if (node->at.bit[f] == FIELD_ABSENT || print_is_hidden(field->name))
            continue;
        if (field->kind != FIELD_PACKETS) {
            print_line(print, node, f, label);
            continue;
        }
        fprintf(print->to, "%s  \\%-*s\\\n", label, PRINT_NAME_WIDTH, field->name);
        snprintf(inner, sizeof(inner), "%s   |", label);
        for (uint32_t k = node->first; k != 0; k = nodes[k].next) {
            if (nodes[k].field == f)
                print_node(print, &nodes[k], inner, strlen(inner));
        }
    }
}

bool print_tree(const struct dissect *dissect, unsigned first, const struct services *services, FILE *to)
{
    struct print print = {.dissect = dissect, .services = services, .to = to};
    char label[PRINT_INDENT * VIEW_LAYERS_MAX + 1];

    print.value = malloc(PRINT_VALUE_MAX);
    if (print.value == NULL)
        return false;
    for (unsigned i = first; i < dissect->n_layers; i++) {
        memset(label, ' ', PRINT_INDENT * (i - first));
        label[PRINT_INDENT * (i - first)] = '\0';
        print.layer = &dissect->nodes[i];
        print_node(&print, print.layer, label, 0);
    }
    free(print.value);
    return true;
}

void print_hexdump(const uint8_t *bytes, uint32_t len, FILE *to)
{
    for (uint32_t at = 0; at < len; at += 16) {
        fprintf(to, "%04x  ", at);
        for (uint32_t i = at; i < at + 16; i++)
            i < len ? fprintf(to, "%02X ", bytes[i]) : fprintf(to, "   ");
        fputc(' ', to);
        for (uint32_t i = at; i < at + 16 && i < len; i++)
            fputc(bytes[i] < ' ' || bytes[i] > '~' ? '.' : bytes[i], to);
        fputc('\n', to);
    }
}
