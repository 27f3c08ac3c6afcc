#include "packet/spell.h"

#include "packet/layer.h"
#include "packet/print.h"

#include <stdlib.h>
#include <string.h>

#define SPELL_CODED_MAX 65535u

struct spell {
    const struct dissect *dissect;
    struct arena arena;  // of the packets in fields
    struct build *build; // heap; what is spelled
    struct build *trial; // heap
    uint8_t *bytes;      // heap; the trial's frame
    char *text;          // heap; PRINT_VALUE_MAX
    uint8_t *coded;      // heap; SPELL_CODED_MAX and slack
    bool raw[BUILD_LAYERS_MAX];
    unsigned n_packets;
};

// ---- leaving out what comes out the same

// Whether the build, with what it leaves out, makes the frame.
static bool spell_is_same(struct spell *s)
{
    const struct view *view = s->dissect->view;
    struct diag diag = {0};

    *s->trial = *s->build;
    s->trial->bytes = s->bytes;
    if (!build_frame(s->trial, &diag) || s->trial->len != view->len)
        return false;
    build_checksums(s->trial);
    return memcmp(s->bytes, view->bytes, view->len) == 0;
}

// Addresses may be filled from routes. Packets of a nested layer would be made anew at each trial.
static bool spell_may_leave_out(const struct field_desc *field, const struct build_value *value, bool nested)
{
    return value->kind != BUILD_UNSET && field->filled <= AUTO_COMPUTED && field->kind != FIELD_MAC &&
           field->kind != FIELD_IPV4 && field->kind != FIELD_IPV6 && field->kind != FIELD_ADDRESS &&
           !(nested && field->kind == FIELD_PACKETS);
}

static void spell_leave_out(struct spell *s, struct build_layer *layer, bool nested)
{
    const struct layer_desc *desc = layer_get(layer->id);

    for (unsigned f = 0; f < desc->n_fields && layer->id != LAYER_RAW && layer->id != LAYER_PADDING; f++) {
        struct build_value *value = &layer->values[f], was = *value;

        if (spell_may_leave_out(&desc->fields[f], value, nested)) {
            value->kind = BUILD_UNSET;
            if (spell_is_same(s))
                continue;
            *value = was;
        }
        for (uint32_t k = 0; value->kind == BUILD_PACKETS && k < value->items; k++)
            spell_leave_out(s, &value->packets[k], true);
    }
}

// ---- codecs: what a value is written as is read from how it is shown, and tried

static uint8_t spell_hex(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

// The bytes of a quoted string that starts at p; returns its end, or NULL.
static const char *spell_unquote(const char *p, uint8_t *out, uint32_t *len)
{
    char quote = *p++;

    for (*len = 0; *p != quote; p++) {
        uint8_t byte = (uint8_t)*p;

        if (*p == '\0')
            return NULL;
        if (*p == '\\') {
            p++;
            byte = (uint8_t)(*p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p);
            if (*p == 'x') {
                byte = (uint8_t)(spell_hex(p[1]) << 4 | spell_hex(p[2]));
                p += 2;
            }
        }
        out[(*len)++] = byte;
    }
    return p + 1;
}

// One part at p: a quoted string, a number, or bare text. Returns its end, or NULL.
static const char *spell_part(const char *p, struct codec_part *part, uint8_t *scratch)
{
    size_t n = strcspn(p, ",]"), digits = strspn(p, "0123456789");

    *part = (struct codec_part){.bytes = scratch};
    p += p[0] == 'b' && (p[1] == '\'' || p[1] == '"');
    if (*p == '\'' || *p == '"')
        return spell_unquote(p, scratch, &part->len);
    if (digits == n && n > 0) {
        part->bytes = NULL;
        for (size_t i = 0; i < n; i++)
            part->number = part->number * 10 + (unsigned)(p[i] - '0');
    } else {
        memcpy(scratch, p, n);
        part->len = (uint32_t)n;
    }
    return p + n;
}

static void spell_part_text(const struct codec_part *part, struct text *text)
{
    if (part->bytes == NULL)
        print_decimal(part->number, text);
    else
        text_add_quoted(text, "b", part->bytes, part->len);
}

// How the value is spelled: "..." or [..., ...]. False: it can't be.
static bool spell_coded(struct spell *s, const struct field_desc *field, const struct build_value *value,
                        struct text *text)
{
    const struct codec *codec = field->codec;
    char shown[4096];
    uint8_t scratch[sizeof(shown)];
    struct text from = text_in(shown, sizeof(shown));
    uint32_t len = 0;

    if (codec->print == NULL || value->len > sizeof(shown) / 8)
        return false;
    codec->print(value->bytes, value->len, value->bytes, value->len, &from);
    bool list = shown[0] == '[';
    const char *p = shown + list;
    text_add(text, list ? "[" : "");
    for (bool first = true; *p != ']' && (*p != '\0' || first); first = false) {
        struct codec_part part;
        const char *problem;
        uint32_t n = 0;

        p = spell_part(p, &part, scratch);
        if (p == NULL || !codec->encode(&part, s->coded + len, &n, &problem) || len + n > value->len)
            return false;
        len += n;
        text_add(text, "%s", first ? "" : ",");
        spell_part_text(&part, text);
        p += strspn(p, ", ");
    }
    text_add(text, list ? "]" : "");
    return len == value->len && memcmp(s->coded, value->bytes, len) == 0;
}

// ---- the text

static bool spell_layer(struct spell *s, const struct build_layer *layer, FILE *to);

static bool spell_packets(struct spell *s, const struct field_desc *field, const struct build_value *value,
                          FILE *to)
{
    bool list = !field->packets->single || value->items != 1;

    fputs(list ? "[" : "", to);
    for (uint32_t k = 0; k < value->items; k++) {
        fputs(k == 0 ? "" : ",", to);
        if (s->n_packets++ == SPELL_PACKETS_MAX || !spell_layer(s, &value->packets[k], to))
            return false;
    }
    fputs(list ? "]" : "", to);
    return true;
}

static bool spell_value(struct spell *s, const struct layer_desc *desc, const struct field_desc *field,
                        const struct build_value *value, FILE *to)
{
    struct text text = text_in(s->text, PRINT_VALUE_MAX);
    bool quoted = field->kind == FIELD_MAC || field->kind == FIELD_IPV4 || field->kind == FIELD_IPV6;

    if (value->kind == BUILD_PACKETS)
        return spell_packets(s, field, value, to);
    if (value->kind == BUILD_NUMBER && quoted) {
        text_add(&text, "\"");
        print_number(desc, field, NULL, value->number, NULL, &text);
        text_add(&text, "\"");
    } else if (value->kind == BUILD_NUMBER) {
        print_decimal(value->number, &text);
    } else if (field->kind == FIELD_ADDRESS) {
        text_add(&text, "\"");
        if (!print_any_address(value->bytes, value->len, &text))
            return false;
        text_add(&text, "\"");
    } else if (field->kind == FIELD_CODED) {
        if (!spell_coded(s, field, value, &text))
            return false;
    } else {
        text_add_quoted(&text, "b", value->bytes, value->len);
    }
    fputs(text.s, to);
    return true;
}

// False: it can't be said.
static bool spell_layer(struct spell *s, const struct build_layer *layer, FILE *to)
{
    const struct layer_desc *desc = layer_get(layer->id);
    const char *before = "";

    fprintf(to, "%s(", desc->name);
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const struct build_value *value = &layer->values[f];

        if (value->kind == BUILD_UNSET)
            continue;
        if (print_is_hidden(desc->fields[f].name))
            return false;
        fprintf(to, "%s%s=", before, desc->fields[f].name);
        if (!spell_value(s, desc, &desc->fields[f], value, to))
            return false;
        before = ",";
    }
    fputs(")", to);
    return true;
}

// The layers that are Raw by now are so; false: out of memory.
static bool spell_prepare(struct spell *s)
{
    s->build->bytes = s->bytes;
    if (!dissect_rebuild(s->dissect, s->build, &s->arena))
        return false;
    for (unsigned i = 0; i < s->build->n_layers; i++) {
        const struct fields *at = &s->dissect->nodes[i].at;

        if (!s->raw[i])
            continue;
        s->build->layers[i] = (struct build_layer){.id = LAYER_RAW};
        s->build->layers[i].values[0] = (struct build_value){
            .kind = BUILD_BYTES, .len = at->header_bytes, .bytes = at->bytes + at->start};
    }
    for (unsigned i = 0; i < s->build->n_layers; i++)
        spell_leave_out(s, &s->build->layers[i], false);
    return true;
}

// The whole frame as one string.
static void spell_bytes(struct spell *s, FILE *to)
{
    struct text text = text_in(s->text, PRINT_VALUE_MAX);

    text_add_quoted(&text, "b", s->dissect->view->bytes, s->dissect->view->len);
    fprintf(to, "Raw(load=%s)", text.s);
}

// Returns the layer that can't be said; -1: none.
static int spell_layers(struct spell *s, FILE *to)
{
    s->n_packets = 0;
    for (unsigned i = 0; i < s->build->n_layers; i++) {
        fputs(i == 0 ? "" : "/", to);
        if (!spell_layer(s, &s->build->layers[i], to))
            return (int)i;
    }
    return -1;
}

static bool spell_frame(struct spell *s, FILE *to)
{
    char *text;
    size_t len;

    if (s->dissect->n_layers == 0 || s->dissect->n_layers > SPELL_LAYERS_MAX) {
        spell_bytes(s, to);
        return true;
    }
    for (unsigned attempt = 0; attempt <= s->dissect->n_layers; attempt++) {
        if (!spell_prepare(s))
            return false;
        FILE *memory = open_memstream(&text, &len);
        if (memory == NULL)
            return false;
        int wrong = spell_layers(s, memory);
        bool written = fclose(memory) == 0;
        if (written && wrong < 0)
            fwrite(text, 1, len, to);
        free(text);
        arena_release(&s->arena);
        if (!written || wrong < 0)
            return written;
        s->raw[wrong] = true;
    }
    spell_bytes(s, to);
    return true;
}

bool spell(const struct dissect *dissect, FILE *to)
{
    struct spell s = {.dissect = dissect};

    arena_init(&s.arena, 0);
    s.build = malloc(sizeof(*s.build));
    s.trial = malloc(sizeof(*s.trial));
    s.bytes = malloc(BUILD_BYTES_MAX);
    s.text = malloc(PRINT_VALUE_MAX);
    s.coded = malloc(SPELL_CODED_MAX + 64);
    bool ok = s.build != NULL && s.trial != NULL && s.bytes != NULL && s.text != NULL && s.coded != NULL &&
              spell_frame(&s, to);
    arena_release(&s.arena);
    free(s.coded);
    free(s.text);
    free(s.bytes);
    free(s.trial);
    free(s.build);
    return ok;
}
