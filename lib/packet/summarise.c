#include "packet/summarise.h"

#include "packet/layer.h"

// Scapy's names of quoted layers end in "error": IPerror, TCPerror.
static const char *summarise_name(const struct view_layer *layer)
{
    const struct layer_desc *desc = layer_get((enum layer_id)layer->id);

    return layer->quoted && desc->quoted_name != NULL ? desc->quoted_name : desc->name;
}

// What stands behind a quote and what fills it up are told by the line of ICMP.
static bool summarise_hides(const struct view *view, unsigned i)
{
    bool quote = false;

    for (unsigned k = 0; k < i; k++)
        quote |= view->layers[k].quoted;
    return quote && view->layers[i].quoted == (view->layers[i].id == LAYER_PADDING);
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

// A layer's line may ask for that of a layer below it.
static bool summarise_beside(const struct view *view, unsigned i, int own, const struct services *services,
                             struct text *text)
{
    const struct layer_desc *desc = layer_get((enum layer_id)view->layers[i].id);

    return (int)i < own && !view->layers[i].quoted && desc->summary != NULL &&
           layer_get((enum layer_id)view->layers[own].id)->summary_beside == view->layers[i].id &&
           desc->summary(view, i, services, text);
}

void summarise(const struct view *view, unsigned first, const struct services *services, struct text *text)
{
    char buffer[2048];
    struct text line = text_in(buffer, sizeof(buffer));
    int own = summarise_line(view, first, services, &line);

    for (unsigned i = first; i < view->n; i++) {
        if (summarise_hides(view, i))
            continue;
        text_add(text, "%s", i == first ? "" : " / ");
        if ((int)i == own)
            text_add(text, "%s", line.s);
        else if (!summarise_beside(view, i, own, services, text))
            text_add(text, "%s", summarise_name(&view->layers[i]));
    }
}
