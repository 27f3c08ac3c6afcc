// volley ls: the layers, and the fields of one.
#include "base/nearest.h"
#include "command.h"
#include "packet/layer.h"
#include "packet/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LS_NAMES_MAX   8 // of a field's values, unless all are asked for
#define LS_PRESET_MAX  64
#define LS_PRESET_SHOW 24 // bytes of a default that is a string

static void ls_kind(const struct field_desc *field, struct text *text)
{
    static const char *const kinds[] = {
        [FIELD_NUMBER] = "number",   [FIELD_PORT] = "port",       [FIELD_FLAGS] = "flags",
        [FIELD_MAC] = "MAC",         [FIELD_IPV4] = "IPv4",       [FIELD_IPV6] = "IPv6",
        [FIELD_ADDRESS] = "address", [FIELD_BYTES] = "bytes",     [FIELD_CODED] = "coded",
        [FIELD_OPTIONS] = "options", [FIELD_PACKETS] = "packets",
    };

    if (field->kind == FIELD_CODED)
        text_add(text, "%s%s", field->codec->name, field->codec->takes_list ? " list" : "");
    else if (field->kind == FIELD_PACKETS)
        text_add(text, "%s", field->packets->single ? "packet" : "packets");
    else if (field->bits != 0 && field->kind <= FIELD_FLAGS)
        text_add(text, "%s, %u bit%s", kinds[field->kind], field->bits, field->bits == 1 ? "" : "s");
    else if (field->bits != 0 && field->kind == FIELD_BYTES)
        text_add(text, "%u bytes", field->bits / 8);
    else
        text_add(text, "%s", kinds[field->kind]);
}

static void ls_number(const struct layer_desc *layer, const struct field_desc *field, struct text *text)
{
    bool named = field->kind == FIELD_NUMBER && field->preset >> 32 == 0 &&
                 name_of(field->names, (uint64_t)field->preset) != NULL;

    if (field->kind == FIELD_PORT || named)
        print_decimal(field->preset, text);
    if (named)
        text_add(text, " (%s)", name_of(field->names, (uint64_t)field->preset));
    else if (field->kind == FIELD_FLAGS && field->preset == 0)
        text_add(text, "\"\"");
    else if (field->kind != FIELD_PORT)
        print_number(layer, field, NULL, field->preset, NULL, text);
}

static void ls_default(const struct layer_desc *layer, const struct field_desc *field, struct text *text)
{
    uint16_t len = field->preset_len < LS_PRESET_SHOW ? field->preset_len : LS_PRESET_SHOW;
    size_t before = text->len;

    if (field->filled == AUTO_COMPUTED)
        text_add(text, "computed");
    else if (field->filled != AUTO_NO)
        text_add(text, "by route");
    else if (field->kind < FIELD_ADDRESS)
        ls_number(layer, field, text);
    else if (field->kind == FIELD_ADDRESS)
        text_add(text, "0");
    else if (field->kind == FIELD_PACKETS && field->packets->preset != LAYER_NONE)
        text_add(text, "%s()", layer_get((enum layer_id)field->packets->preset)->name);
    else if (field->kind == FIELD_PACKETS || field->kind == FIELD_OPTIONS)
        text_add(text, "[]");
    else if (field->kind == FIELD_CODED && field->codec->print != NULL && field->preset_bytes != NULL)
        field->codec->print((const uint8_t *)field->preset_bytes, field->preset_len,
                            (const uint8_t *)field->preset_bytes, field->preset_len, text);
    else {
        text_add_quoted(text, "", (const uint8_t *)field->preset_bytes, len);
        text_add(text, "%s", len < field->preset_len ? "..." : "");
    }
    if (text->len == before)
        text_add(text, "''");
}

// What the field's values may be called.
static void ls_names(const struct field_desc *field, bool all)
{
    unsigned n = 0;

    if (field->kind == FIELD_FLAGS && field->letters != NULL) {
        printf("%13sof %s\n", "", field->letters);
        return;
    }
    for (const struct option_desc *o = field->kind == FIELD_OPTIONS ? field->options : NULL;
         o != NULL && o->name != NULL; o++, n++) {
        if (all || n < LS_NAMES_MAX)
            printf("%s%u %s", n == 0 ? "             " : ", ", o->number, o->name);
    }
    for (const struct name *name = field->names; name != NULL && name->name != NULL; name++, n++) {
        if (all || n < LS_NAMES_MAX)
            printf("%s%u %s", n == 0 ? "             " : ", ", name->value, name->name);
    }
    if (n > 0)
        puts(all || n <= LS_NAMES_MAX ? "" : ", ... (--verbose lists all)");
}

static void ls_field(const struct layer_desc *layer, const struct field_desc *field, bool all)
{
    char kind[64], preset[LS_PRESET_MAX + 4 * LS_PRESET_SHOW];
    struct text kind_text = text_in(kind, sizeof(kind)), preset_text = text_in(preset, sizeof(preset));

    if (print_is_hidden(field->name))
        return;
    ls_kind(field, &kind_text);
    ls_default(layer, field, &preset_text);
    printf("%-10s : %-15s = %-20s %s%s\n", field->name, kind, preset,
           field->meaning == NULL ? "" : field->meaning, field->present != NULL ? " (not always there)" : "");
    ls_names(field, all);
}

static int ls_layer(const char *name, bool all)
{
    enum layer_id id = layer_find(name, strlen(name));
    struct nearest nearest;

    if (id != LAYER_NONE) {
        const struct layer_desc *desc = layer_get(id);

        printf("%s: %s\n", desc->name, desc->meaning);
        for (unsigned f = 0; f < desc->n_fields; f++)
            ls_field(desc, &desc->fields[f], all);
        return EXIT_COMPLETE;
    }
    nearest_init(&nearest, name, strlen(name));
    for (unsigned i = 1; i < LAYER_COUNT; i++)
        nearest_offer(&nearest, layer_get((enum layer_id)i)->name);
    fprintf(stderr,
            nearest.best != NULL ? "volley: no layer '%s'; did you mean '%s'? `volley ls` lists them.\n"
                                 : "volley: no layer '%s'; `volley ls` lists them.\n",
            name, nearest.best);
    return EXIT_USAGE;
}

int command_ls(enum command_id id, const struct options *options)
{
    (void)id;
    if (options->argument != NULL)
        return ls_layer(options->argument, options->verbose);
    for (unsigned i = 1; i < LAYER_COUNT; i++)
        printf("%-20s %s\n", layer_get((enum layer_id)i)->name, layer_get((enum layer_id)i)->meaning);
    return EXIT_COMPLETE;
}
