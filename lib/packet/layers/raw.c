// Bytes of no known protocol, and bytes that belong to none.
#include "packet/layer.h"

static const struct field_desc raw_fields[] = {{"load", 0, FIELD_BYTES, .meaning = "the bytes"}};

static bool raw_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)p;
    (void)quoted;
    *m = (struct measure){avail, avail, LAYER_RAW, false, false};
    return true;
}

// Bytes answer anything, as in Scapy; but not what is left of a header that was cut short, nor DHCP, whose clients all have one port.
static bool raw_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                        const struct answer_rules *rules)
{
    if (rules->scapy)
        return true;
    return !r->layers[ri].broken && !(si < s->n && s->layers[si].id == LAYER_BOOTP);
}

const struct layer_desc layer_raw = {
    .name = "Raw",
    .meaning = "bytes",
    .fields = raw_fields,
    .n_fields = ARRAY_SIZE(raw_fields),
    .measure = raw_measure,
    .looks = layer_looks_nowhere,
    .answers = raw_answers,
};

const struct layer_desc layer_padding = {
    .name = "Padding",
    .meaning = "bytes behind the packet, in no length and no checksum",
    .fields = raw_fields,
    .n_fields = ARRAY_SIZE(raw_fields),
    .measure = raw_measure,
    .looks = layer_looks_nowhere,
};

const struct layer_desc layer_no_payload = {
    .name = "NoPayload",
    .meaning = "nothing",
};
