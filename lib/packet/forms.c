#include "packet/forms.h"

#include "packet/layer.h"

#include <string.h>

#define FORM_BYTES (8 * 2 * FORM_WORDS) // that masks may reach

// A bit for each byte of the frame at which measuring looked. False: it can't be said.
static bool form_looks(const struct view *view, uint8_t mask[FORM_BYTES])
{
    for (unsigned i = 0; i < view->n; i++) {
        const struct view_layer *layer = &view->layers[i];
        const struct layer_desc *desc = layer_get((enum layer_id)layer->id);
        uint32_t payload = (uint32_t)(layer->end - layer->start - layer->header_bytes);

        if (layer->quoted || desc->looks == NULL)
            return false;
        uint64_t looks = desc->looks(view_header(view, i), layer->header_bytes, payload);
        for (; looks != 0; looks &= looks - 1) {
            uint32_t at = layer->start + (uint32_t)__builtin_ctzll(looks);

            if (looks == LAYER_LOOKS_UNKNOWN || at >= FORM_BYTES)
                return false;
            mask[at] = 0xff;
        }
    }
    return true;
}

static void form_learn(struct form *form, const struct view *view)
{
    uint8_t mask[FORM_BYTES] = {0};
    struct form made = {.len = view->len, .n_layers = view->n};

    if (view->malformed || view->n > FORM_LAYERS || !form_looks(view, mask))
        return;
    for (uint16_t at = 0; at < FORM_BYTES; at = (uint16_t)(at + 8)) {
        uint64_t word;

        memcpy(&word, mask + at, 8);
        if (word == 0)
            continue;
        if (at + 8 > view->len || made.n_words == FORM_WORDS)
            return;
        made.offsets[made.n_words] = at;
        made.masks[made.n_words] = word;
        memcpy(&made.values[made.n_words], view->bytes + at, 8);
        made.values[made.n_words++] &= word;
    }
    memcpy(made.layers, view->layers, view->n * sizeof(*view->layers));
    *form = made;
}

static inline bool form_fits(const struct form *form, const uint8_t *bytes, uint32_t len)
{
    uint64_t differs = 0;

    if (form->len != len)
        return false;
    for (unsigned w = 0; w < form->n_words; w++) {
        uint64_t word;

        memcpy(&word, bytes + form->offsets[w], 8);
        differs |= (word & form->masks[w]) ^ form->values[w];
    }
    return differs == 0;
}

static void form_apply(const struct form *form, struct view *view, const uint8_t *bytes)
{
    view->bytes = bytes;
    view->len = form->len;
    view->n = form->n_layers;
    view->malformed = false;
    memcpy(view->layers, form->layers, sizeof(form->layers));
}

static void forms_decode_new(struct forms *forms, struct view *view, const uint8_t *bytes, uint32_t len,
                             enum layer_id first)
{
    view_decode(view, bytes, len, first);
    if (forms->n_misses++ % FORMS_LEARNT == 0)
        form_learn(&forms->forms[forms->n_misses / FORMS_LEARNT % FORMS_MAX], view);
}

void forms_decode(struct forms *forms, struct view *view, const uint8_t *bytes, uint32_t len,
                  enum layer_id first)
{
    unsigned i = forms->last, tried = 0;

    while (tried < FORMS_MAX && (len == 0 || !form_fits(&forms->forms[i], bytes, len))) {
        i = (i + 1) % FORMS_MAX;
        tried++;
    }
    if (tried == FORMS_MAX) {
        forms_decode_new(forms, view, bytes, len, first);
        return;
    }
    forms->last = i;
    form_apply(&forms->forms[i], view, bytes);
}
