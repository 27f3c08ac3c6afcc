#include "packet/view.h"

#include "packet/layer.h"

#include <string.h>

static void view_add(struct view *view, enum layer_id id, bool quoted, uint32_t start, uint32_t header_bytes,
                     uint32_t end)
{
    view->layers[view->n++] = (struct view_layer){
        .id = (uint8_t)id,
        .quoted = quoted,
        .start = (uint16_t)start,
        .header_bytes = (uint16_t)header_bytes,
        .end = (uint16_t)end,
    };
}

// As the table says. Lengths that reach behind what there is are cut short.
static bool view_measure_fields(const struct view *view, enum layer_id id, const uint8_t *p, uint32_t avail,
                                bool quoted, struct measure *m)
{
    const struct layer_desc *desc = layer_get(id);
    struct fields at = {
        .bytes = p, .end = avail, .below = view->n > 0 ? view->layers[view->n - 1].id : LAYER_NONE};

    if (!fields_place(&at, desc, 0)) {
        bool options = id == LAYER_IPV6_EXT_HOP_BY_HOP || id == LAYER_IPV6_EXT_DEST_OPT;

        *m = (struct measure){avail, avail, LAYER_RAW, false, true};
        return quoted || (options && avail > 1);
    }
    uint64_t end = avail;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const struct length_rule *rule = &desc->fields[f].length;
        bool all = rule->of == LENGTH_ALL;

        if ((!all && rule->of != LENGTH_PAYLOAD) || at.bit[f] == FIELD_ABSENT)
            continue;
        int64_t said = (int64_t)fields_get(&at, f) * (rule->unit == 0 ? 1 : rule->unit) - rule->plus +
                       (all ? 0 : at.header_bytes);
        if (said < at.header_bytes)
            return false;
        end = (uint64_t)said < end ? (uint64_t)said : end;
    }
    uint32_t payload = (uint32_t)end - at.header_bytes;
    enum layer_id next = payload > 0 && desc->next != NULL
                             ? desc->next(&at, p + at.header_bytes, payload)
                             : layer_next(id, &at, p + at.header_bytes, payload);
    *m = (struct measure){at.header_bytes, (uint32_t)end, (uint8_t)next, false, false};
    return true;
}

static bool view_measure(const struct view *view, enum layer_id id, const uint8_t *p, uint32_t avail,
                         bool quoted, struct measure *m)
{
    const struct layer_desc *desc = layer_get(id);

    return desc->measure != NULL ? desc->measure(p, avail, quoted, m)
                                 : view_measure_fields(view, id, p, avail, quoted, m);
}

// A layer's trailer, which follows when all that the layer carries is dissected.
struct view_trailer {
    enum layer_id id; // LAYER_NONE: there is none
    uint32_t start, end;
};

static bool view_find_trailer(enum layer_id id, const uint8_t *bytes, uint32_t at, uint32_t end,
                              struct view_trailer *trailer)
{
    const struct layer_desc *desc = layer_get(id);
    enum layer_id first = LAYER_NONE;
    uint32_t start = desc->trailer == NULL ? 0 : desc->trailer(bytes + at, end - at, &first);

    if (start == 0)
        return false;
    *trailer = (struct view_trailer){first, at + start, end};
    return true;
}

// The stack that starts at `at`, which has at most up to `limit`. Returns where it ends by its own lengths.
static uint32_t view_decode_stack(struct view *view, enum layer_id id, uint32_t at, uint32_t limit,
                                  struct view_trailer *trailer)
{
    const uint8_t *bytes = view->bytes;
    bool quoted = false;

    while (at < limit && view->n < VIEW_LAYERS_MAX - 1) {
        struct measure m;

        if (layer_get(id)->dispatch != NULL)
            id = layer_get(id)->dispatch(bytes + at, limit - at);
        if (id == LAYER_RAW || !view_measure(view, id, bytes + at, limit - at, quoted, &m)) {
            // What TCP and UDP carry may be anything, whatever their ports announce.
            bool broken = id != LAYER_RAW && !view_is_transport_payload(view, view->n);

            view->malformed |= broken;
            view_add(view, LAYER_RAW, quoted, at, limit - at, limit);
            view->layers[view->n - 1].broken = broken;
            break;
        }
        view_add(view, id, quoted, at, m.header_bytes, at + m.end);
        view->layers[view->n - 1].broken = m.broken && !quoted;
        view->malformed |= m.broken && !quoted;
        limit = at + m.end;
        if (!quoted && view_find_trailer(id, bytes, at, limit, trailer))
            limit = trailer->start;
        at += m.header_bytes;
        quoted |= m.quotes;
        id = (enum layer_id)m.next;
    }
    return limit;
}

// The quote is filled up with zeros before the extensions (RFC 4884 5.1): padding of its own.
static uint32_t view_decode_trailer(struct view *view, uint32_t limit, const struct view_trailer *trailer)
{
    struct view_trailer none = {0};
    bool malformed = view->malformed;

    if (limit < trailer->start && view->n < VIEW_LAYERS_MAX - 1)
        view_add(view, LAYER_PADDING, true, limit, trailer->start - limit, trailer->start);
    limit = view_decode_stack(view, trailer->id, trailer->start, trailer->end, &none);
    view->malformed = malformed; // what says who is answered is the quote
    return limit;
}

void view_decode(struct view *view, const uint8_t *bytes, uint32_t len, enum layer_id first)
{
    struct view_trailer trailer = {0};

    if (len > UINT16_MAX)
        len = UINT16_MAX;
    view->bytes = bytes;
    view->len = (uint16_t)len;
    view->n = 0;
    view->malformed = false;

    uint32_t limit = view_decode_stack(view, first, 0, len, &trailer); // what the layers say is theirs
    if (trailer.id != LAYER_NONE && view->n < VIEW_LAYERS_MAX - 1)
        limit = view_decode_trailer(view, limit, &trailer);
    if (limit < len)
        view_add(view, LAYER_PADDING, false, limit, len - limit, len);
}

int view_find(const struct view *view, enum layer_id id)
{
    for (unsigned i = 0; i < view->n; i++) {
        if (view->layers[i].id == id && !view->layers[i].quoted)
            return (int)i;
    }
    return -1;
}
