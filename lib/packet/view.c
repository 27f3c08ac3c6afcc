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

void view_decode(struct view *view, const uint8_t *bytes, uint32_t len, enum layer_id first)
{
    enum layer_id id = first;
    uint32_t at = 0;
    bool quoted = false;

    if (len > UINT16_MAX)
        len = UINT16_MAX;
    view->bytes = bytes;
    view->len = (uint16_t)len;
    view->n = 0;
    view->malformed = false;

    uint32_t limit = len; // what the lower layers say is theirs
    while (at < limit && view->n < VIEW_LAYERS_MAX - 1) {
        struct measure m;

        if (id == LAYER_RAW || !layer_get(id)->measure(bytes + at, limit - at, quoted, &m)) {
            view->malformed |= id != LAYER_RAW;
            view_add(view, LAYER_RAW, quoted, at, limit - at, limit);
            break;
        }
        view_add(view, id, quoted, at, m.header_bytes, at + m.end);
        limit = at + m.end;
        at += m.header_bytes;
        quoted |= m.quotes;
        id = (enum layer_id)m.next;
    }
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
