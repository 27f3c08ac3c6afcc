// volley ls: the layers, and the fields of one.
#include "base/address.h"
#include "base/nearest.h"
#include "command.h"
#include "packet/layer.h"

#include <stdio.h>
#include <string.h>

static void ls_kind(const struct field_desc *field, char *text, size_t size)
{
    static const char *const kinds[] = {
        [FIELD_NUMBER] = "number",   [FIELD_PORT] = "port",   [FIELD_FLAGS] = "flags",
        [FIELD_MAC] = "MAC",         [FIELD_IPV4] = "IPv4",   [FIELD_IPV6] = "IPv6",
        [FIELD_ADDRESS] = "address", [FIELD_BYTES] = "bytes", [FIELD_OPTIONS] = "options",
    };

    if (field->bits != 0 && field->kind <= FIELD_FLAGS)
        snprintf(text, size, "%s, %u bits", kinds[field->kind], field->bits);
    else
        snprintf(text, size, "%s", kinds[field->kind]);
}

static void ls_default(const struct field_desc *field, char *text, size_t size)
{
    const char *name = name_of(field->names, field->preset);
    struct address address = {field->preset, field->kind == FIELD_IPV6 ? 6 : 4};

    if (field->filled == AUTO_COMPUTED)
        snprintf(text, size, "computed");
    else if (field->filled != AUTO_NO)
        snprintf(text, size, "by route");
    else if (field->kind == FIELD_IPV4 || field->kind == FIELD_IPV6)
        address_format(&address, text);
    else if (field->kind == FIELD_FLAGS && field->preset != 0)
        snprintf(text, size, "%c", field->letters[__builtin_ctz(field->preset)]);
    else if (field->kind == FIELD_BYTES || field->kind == FIELD_OPTIONS)
        snprintf(text, size, "\"\"");
    else if (name != NULL)
        snprintf(text, size, "%u (%s)", field->preset, name);
    else
        snprintf(text, size, "%u", field->preset);
}

static void ls_field(const struct field_desc *field)
{
    char kind[32], preset[ADDRESS_TEXT_MAX];

    ls_kind(field, kind, sizeof(kind));
    ls_default(field, preset, sizeof(preset));
    printf("%-10s : %-15s = %-20s %s%s\n", field->name, kind, preset, field->meaning,
           field->present != NULL ? " (of some types only)" : "");
}

static int ls_layer(const char *name)
{
    enum layer_id id = layer_find(name, strlen(name));
    struct nearest nearest;

    if (id != LAYER_NONE) {
        const struct layer_desc *desc = layer_get(id);

        printf("%s: %s\n", desc->name, desc->meaning);
        for (unsigned f = 0; f < desc->n_fields; f++)
            ls_field(&desc->fields[f]);
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
        return ls_layer(options->argument);
    for (unsigned i = 1; i < LAYER_COUNT; i++)
        printf("%-20s %s\n", layer_get((enum layer_id)i)->name, layer_get((enum layer_id)i)->meaning);
    return EXIT_COMPLETE;
}
