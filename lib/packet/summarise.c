#include "packet/summarise.h"

#include "packet/layer.h"

// Scapy's names of quoted layers end in "error": IPerror, TCPerror.
static const char *summarise_name(const struct view_layer *layer)
{
    const struct layer_desc *desc = layer_get((enum layer_id)layer->id);

    return layer->quoted && desc->quoted_name != NULL ? desc->quoted_name : desc->name;
}

// The innermost layer that has a line of its own.
static int summarise_line(const struct view *view, unsigned first, const struct services *services,
                          struct text *line)
{
    for (int i = view->n - 1; i >= (int)first; i--) {
        const struct layer_desc *desc = layer_get((enum layer_id)view->layers[i].id);

        if (desc->summary != NULL && !view->layers[i].quoted &&
            desc->summary(view, (unsigned)i, services, line))
            return i;
    }
    return -1;
}

void summarise(const struct view *view, unsigned first, const struct services *services, struct text *text)
{
    char buffer[256];
    struct text line = text_in(buffer, sizeof(buffer));
    int own = summarise_line(view, first, services, &line);

    for (unsigned i = first; i < view->n; i++) {
        text_add(text, "%s%s", i == first ? "" : " / ",
                 (int)i == own ? line.s : summarise_name(&view->layers[i]));
    }
}
