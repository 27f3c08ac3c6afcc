#include "template/value_parse.h"

#include "template/list.h"
#include "template/number.h"
#include "template/option_list.h"
#include "template/value_call.h"
#include "template/value_coded.h"
#include "template/value_random.h"
#include "template/value_text.h"

#include <string.h>

#define VALUE_STRING_DEPTH 256
#define VALUE_JOINED_MAX   (256u << 20)

static bool value_is_none(const struct syntax *tree)
{
    return tree->kind == SYNTAX_NAME && tree->len == 4 && memcmp(tree->bytes, "None", 4) == 0;
}

// ---- strings

static bool value_parse_string_at(struct value_parser *p, const struct syntax *tree, unsigned depth,
                                  struct values_string *out);

// "..." * n, n * "...", "..." + "..."
static bool value_parse_string_op(struct value_parser *p, const struct syntax *tree, unsigned depth,
                                  struct values_string *out)
{
    bool repeats = tree->op == '*', count_first = repeats && number_is(tree->items[0]);
    struct values_string a, b = {0};
    u128 times = 1;

    if (!value_parse_string_at(p, tree->items[count_first ? 1 : 0], depth, &a))
        return false;
    if (repeats &&
        !number_in_range(tree->items[count_first ? 0 : 1], VALUE_BYTES_MAX, "the count", &times, p->diag))
        return false;
    if (!repeats && !value_parse_string_at(p, tree->items[1], depth, &b))
        return false;
    if ((u128)a.len * times + b.len > VALUE_BYTES_MAX)
        return diag_set(p->diag, tree->where, "the string would be longer than %d bytes", VALUE_BYTES_MAX);
    uint32_t len = a.len * (uint32_t)times + b.len;
    p->joined += len;
    uint8_t *bytes = p->joined > VALUE_JOINED_MAX ? NULL : arena_alloc(p->arena, len + 1);
    if (bytes == NULL)
        return diag_set(p->diag, tree->where, "too many long strings: no memory for them");
    for (uint32_t i = 0; i < (uint32_t)times && a.len > 0; i++)
        memcpy(bytes + i * a.len, a.bytes, a.len);
    if (b.len > 0)
        memcpy(bytes + len - b.len, b.bytes, b.len);
    *out = (struct values_string){bytes, len, 1};
    return true;
}

static bool value_parse_string_at(struct value_parser *p, const struct syntax *tree, unsigned depth,
                                  struct values_string *out)
{
    if (depth == 0)
        return diag_set(p->diag, tree->where, "the expression has more than %d operators in a row",
                        VALUE_STRING_DEPTH);
    if (tree->kind == SYNTAX_BINARY && (tree->op == '*' || tree->op == '+'))
        return value_parse_string_op(p, tree, depth - 1, out);
    if (value_call_is_random(tree))
        return value_call_no_random(p, tree, "in a string");
    if (tree->kind != SYNTAX_STRING)
        return diag_set(p->diag, tree->where, "expected a string");
    *out = (struct values_string){(const uint8_t *)tree->bytes, tree->len, 1};
    return true;
}

bool value_parse_string(struct value_parser *p, const struct syntax *tree, struct values_string *out)
{
    return value_parse_string_at(p, tree, VALUE_STRING_DEPTH, out);
}

// ---- numbers

static bool value_parse_no_number(struct value_sink *sink, const struct syntax *tree)
{
    struct diag *diag = sink->parser->diag;

    if (tree->kind == SYNTAX_LIST)
        return diag_set(diag, tree->where, "a list in a list or range");
    diag_set(diag, tree->where, "%s takes a number, a range (first,last) or a list", sink->field->name);
    if (tree->kind == SYNTAX_BINARY)
        diag_hint(diag, "'+', '-' and '*' are for numbers, '+' and '*' for strings.");
    if (tree->kind == SYNTAX_NAME)
        diag_hint(diag, "Names of values are written in quotes: %s=\"%.*s\".", sink->field->name,
                  value_text_shown(tree->len), tree->bytes);
    return false;
}

static bool value_parse_number(struct value_sink *sink, const struct syntax *tree, u128 *value)
{
    struct value_text text = {tree->bytes, tree->len, tree->where};
    struct diag *diag = sink->parser->diag;

    if (tree->kind == SYNTAX_STRING)
        return value_text_number(sink, text, value);
    if (!number_is(tree))
        return value_parse_no_number(sink, tree);
    if (number_in_range(tree, value_sink_largest(sink), sink->field->name, value, diag))
        return true;
    // A minus sign alone subtracts from 0 (expr/syntax.c).
    if (tree->kind == SYNTAX_BINARY && tree->op == '-' && tree->items[0]->number != 0)
        diag_hint(diag, "'-' subtracts; a range is (first,last).");
    return false;
}

static bool value_parse_progression_ends(struct value_sink *sink, const struct syntax *tree,
                                         const struct value_progression *p, uint64_t n)
{
    char text[NUMBER_TEXT_MAX], limit[NUMBER_TEXT_MAX];
    bool coded = sink->field->kind == FIELD_CODED;
    i128 max = coded ? (i128)1 << 124 : (i128)(value_sink_largest(sink) & ~((u128)1 << 127));
    i128 last = p->first + p->step * (i128)(n - 1), wrong = p->first < 0 || p->first > max ? p->first : last;

    return (wrong >= 0 && wrong <= max) ||
           diag_set(sink->parser->diag, tree->where, "%s must be 0 to %s, not %s", sink->field->name,
                    number_text(max, limit), number_text(wrong, text));
}

bool value_parse_progression(struct value_sink *sink, const struct syntax *tree,
                             const struct value_progression *p)
{
    if (!value_sink_takes_numbers(sink) &&
        (sink->field->kind != FIELD_CODED || sink->field->codec->takes_list))
        return diag_set(sink->parser->diag, tree->where, "%s takes no ranges of numbers", sink->field->name);
    if (p->step == 0 || p->step > UINT32_MAX || p->step < -(i128)UINT32_MAX)
        return diag_set(sink->parser->diag, tree->n_items < 3 ? tree->where : tree->items[2]->where,
                        "the step must be a number other than 0");
    i128 span = p->step > 0 ? p->stop - p->first : p->first - p->stop,
         size = p->step > 0 ? p->step : -p->step;
    i128 n = span <= 0 ? 0 : (span + size - 1) / size;
    if (n > (i128)VALUES_MAX)
        return value_sink_no_memory(sink, tree->where);
    if (n == 0)
        return true;
    if (!value_parse_progression_ends(sink, tree, p, (uint64_t)n))
        return false;
    return sink->field->kind == FIELD_CODED
               ? value_coded_range(sink, tree->where, (u128)p->first, (int64_t)p->step, (uint64_t)n)
               : value_sink_range(sink, tree->where, (u128)p->first, (int64_t)p->step, (uint64_t)n);
}

// range = "(" first "," last [ "," step ] ")"
// Inclusive, as Scapy's range(first, last + 1, step).
static bool value_parse_range(struct value_sink *sink, const struct syntax *tree)
{
    struct diag *diag = sink->parser->diag;
    struct value_progression p = {.step = 1};

    if (tree->n_items != 2 && tree->n_items != 3)
        return diag_set(diag, tree->where,
                        "a range is (first,last) or (first,last,step); alternatives are a list [...]");
    for (unsigned i = 0; i < 2; i++) {
        const struct syntax *item = tree->items[i];
        i128 *end = i == 0 ? &p.first : &p.stop;
        u128 number;

        if (value_call_is_random(item))
            return value_call_no_random(sink->parser, item, "in a range");
        if (value_sink_takes_numbers(sink)) {
            if (!value_parse_number(sink, item, &number))
                return false;
            *end = (i128)number;
        } else if (!number_evaluate(item, end, diag)) {
            return false;
        }
    }
    if (tree->n_items == 3 && !number_evaluate(tree->items[2], &p.step, diag))
        return false;
    p.stop++;
    return value_parse_progression(sink, tree, &p);
}

// ---- addresses

// ("198.18.0.1","198.18.0.9"): first and last address
static bool value_parse_address_range(struct value_sink *sink, const struct syntax *tree)
{
    struct diag *diag = sink->parser->diag;
    uint8_t width[2];
    u128 ends[2];

    if (tree->n_items != 2)
        return diag_set(diag, tree->where,
                        "a range of addresses is (first,last); alternatives are a list [...]");
    for (unsigned i = 0; i < 2; i++) {
        const struct syntax *item = tree->items[i];
        struct value_text text = {item->bytes, item->len, item->where};

        if (item->kind != SYNTAX_STRING || !value_text_address(sink, text, &ends[i], &width[i]) ||
            width[i] != width[0])
            return diag_set(diag, item->where, "expected an address of the range");
    }
    if (ends[1] < ends[0])
        return true; // empty, as a range of numbers that ends before it starts
    if (ends[1] - ends[0] >= VALUES_MAX)
        return value_sink_no_memory(sink, tree->where);
    struct values_segment range = {0, 1, ends[0]};
    return value_sink_addresses(sink, tree->where, width[0], &range, (uint64_t)(ends[1] - ends[0]) + 1);
}

// ---- any

static bool value_parse_tuple(struct value_sink *sink, const struct syntax *tree)
{
    uint8_t family;

    if (value_sink_takes_addresses(sink, &family) || value_sink_takes_macs(sink))
        return value_parse_address_range(sink, tree);
    if (value_sink_takes_numbers(sink) || sink->field->kind == FIELD_CODED)
        return value_parse_range(sink, tree);
    return diag_set(sink->parser->diag, tree->where, "%s takes no ranges; alternatives are a list [...]",
                    sink->field->name);
}

static bool value_parse_text(struct value_sink *sink, const struct syntax *tree)
{
    struct values_string string;

    if (!value_parse_string(sink->parser, tree, &string))
        return false;
    return value_text_add(sink, (struct value_text){(const char *)string.bytes, string.len, tree->where});
}

static bool value_parse_options(struct value_sink *sink, const struct syntax *tree)
{
    struct values_string string;

    return option_list_encode(sink, tree, &string) && value_sink_string(sink, tree->where, string);
}

// Scapy's names of two MACs; other names stay as they are.
static void value_parse_mac_name(const struct syntax *tree, struct syntax *out)
{
    static const struct {
        const char *name, *mac;
    } macs[] = {{"ETHER_BROADCAST", "ff:ff:ff:ff:ff:ff"}, {"ETHER_ANY", "00:00:00:00:00:00"}};

    for (unsigned i = 0; tree->kind == SYNTAX_NAME && i < ARRAY_SIZE(macs); i++) {
        if (strlen(macs[i].name) == tree->len && memcmp(macs[i].name, tree->bytes, tree->len) == 0)
            *out = (struct syntax){.kind = SYNTAX_STRING,
                                   .where = tree->where,
                                   .bytes = macs[i].mac,
                                   .len = (uint32_t)strlen(macs[i].mac)};
    }
}

static bool value_parse_scalar(struct value_sink *sink, const struct syntax *written)
{
    struct syntax named;
    const struct syntax *tree = &named;
    uint8_t family;
    u128 value;

    named = *written;
    if (value_sink_takes_macs(sink))
        value_parse_mac_name(written, &named);

    if (value_sink_takes_numbers(sink))
        return value_parse_number(sink, tree, &value) && value_sink_range(sink, tree->where, value, 1, 1);
    if (sink->field->kind == FIELD_CODED)
        return value_coded_add(sink, tree);
    if (tree->kind == SYNTAX_STRING || tree->kind == SYNTAX_BINARY)
        return value_parse_text(sink, tree);
    if (value_sink_takes_addresses(sink, &family))
        return diag_set(sink->parser->diag, tree->where,
                        "expected an address or a network in quotes: \"198.18.0.0/24\"");
    if (!value_sink_takes_macs(sink))
        return diag_set(sink->parser->diag, tree->where, "expected a string");
    diag_set(sink->parser->diag, tree->where, "expected a MAC address");
    return diag_hint(sink->parser->diag, "Six hex numbers: \"02:00:00:00:00:01\".");
}

// Whether a list is one value of the field, and not alternatives.
static bool value_parse_whole_list(const struct value_sink *sink)
{
    return sink->field->kind == FIELD_OPTIONS ||
           (sink->field->kind == FIELD_CODED && sink->field->codec->takes_list);
}

bool value_parse_item(struct value_sink *sink, const struct syntax *tree)
{
    if (tree->kind == SYNTAX_CALL)
        return value_call_add(sink, tree);
    if (sink->field->kind == FIELD_OPTIONS && tree->kind != SYNTAX_STRING && tree->kind != SYNTAX_BINARY)
        return value_parse_options(sink, tree);
    return tree->kind == SYNTAX_TUPLE ? value_parse_tuple(sink, tree) : value_parse_scalar(sink, tree);
}

bool value_parse_items(struct value_sink *sink, const struct syntax *tree)
{
    if (tree->kind != SYNTAX_LIST || value_parse_whole_list(sink))
        return value_parse_item(sink, tree);
    for (uint32_t i = 0; i < tree->n_items; i++) {
        const struct syntax *item = tree->items[i];

        if (item->kind == SYNTAX_LIST)
            return diag_set(sink->parser->diag, item->where, "a list in a list; write one list");
        if (value_is_none(item))
            return diag_set(sink->parser->diag, item->where, "None can't stand in a list");
        if (!value_parse_item(sink, item))
            return false;
    }
    return true;
}

bool value_parse(struct value_parser *p, const struct field_desc *field, const struct syntax *tree,
                 const struct values **values)
{
    struct value_sink sink;

    *values = NULL;
    if (value_is_none(tree))
        return true;
    if (!list_evaluate(&tree, p->arena, p->diag))
        return false;
    value_sink_init(&sink, p, field);
    bool ok = value_call_is_random(tree) ? value_random_add(&sink, tree) : value_parse_items(&sink, tree);
    ok = ok && value_sink_make(&sink, tree->where, values);
    value_sink_release(&sink);
    return ok;
}
