#include "template/derive.h"

#include "packet/layers/arp.h"
#include "packet/layers/ip.h"

#include <string.h>

// Each costs a look at the routes, and up to 32 bytes: so many take about a second.
#define DERIVE_RUNS_MAX (1u << 22)

// Where a layer's destination stands.
struct derive_destination {
    int layer, field; // layer -1: there is none
    uint8_t family;
};

static int derive_destination_field(enum layer_id id)
{
    switch (id) {
    case LAYER_IP:
        return IP_DST;
    case LAYER_IPV6:
        return IPV6_DST;
    case LAYER_ARP:
        return ARP_PDST;
    default:
        return -1;
    }
}

// The destination that decides for layer i: its own, or that of the first layer above that has one.
static struct derive_destination derive_find(const struct template *template, unsigned i)
{
    for (; i < template->n_layers; i++) {
        const struct template_layer *layer = &template->layers[i];
        int field = derive_destination_field(layer->id);

        if (field < 0)
            continue;
        const struct values *values = layer->fields[field].values;
        uint8_t family = layer->id == LAYER_IPV6 || (values != NULL && values->width == 16) ? 6 : 4;
        return (struct derive_destination){(int)i, field, family};
    }
    return (struct derive_destination){-1, -1, 0};
}

static u128 derive_mac_number(const struct mac *mac)
{
    u128 value = 0;

    for (unsigned i = 0; i < 6; i++)
        value = value << 8 | mac->bytes[i];
    return value;
}

static u128 derive_pick(const struct surroundings_route *route, enum field_auto what, uint8_t family)
{
    if (what == AUTO_SOURCE_MAC)
        return derive_mac_number(&route->source_mac);
    if (what == AUTO_NEXT_HOP_MAC)
        return derive_mac_number(&route->next_hop_mac);
    return route->source.family == family ? route->source.value : 0;
}

// Groups' MACs are computed from their addresses (RFC 1112, RFC 2464): one run ends where the low bits that the MAC holds do.
static uint64_t derive_group_run(const struct address *group, int64_t step, uint64_t n)
{
    u128 room = group->family == 4 ? (u128)0x7fffff : UINT32_MAX;
    u128 left = room - (group->value & room);

    if (step <= 0)
        return step == 0 ? n : 1;
    return left / (uint64_t)step >= n ? n : (uint64_t)(left / (uint64_t)step) + 1;
}

// One automatic field being made.
struct derive_job {
    const struct surroundings *around;
    enum field_auto what;
    uint8_t family; // of the destinations; 0: they are no addresses
    uint32_t runs;  // of destinations that were looked at one by one
    struct values_builder builder;
};

// How many destinations from this one on, n at most, have the same value or the next ones in a row; and the first's value.
static uint64_t derive_run(struct derive_job *job, const struct address *address, int64_t step, uint64_t n,
                           u128 *value)
{
    struct surroundings_route route = {.last = *address};

    if (job->what == AUTO_NEXT_HOP_MAC && address_is_multicast(address)) {
        struct mac mac = mac_of_group(address);

        *value = derive_mac_number(&mac);
        return derive_group_run(address, step, n);
    }
    job->around->route(job->around->context, address, &route);
    // A route may hold for groups too, but its next hop does not.
    u128 groups = job->family == 6 ? (u128)0xff << 120 : 0xe0000000u;
    if (job->what == AUTO_NEXT_HOP_MAC && address->value < groups && route.last.value >= groups)
        route.last.value = groups - 1;
    *value = derive_pick(&route, job->what, job->family);
    if (step == 0)
        return n;
    if (step < 0 || route.last.value <= address->value)
        return 1;
    u128 more = (route.last.value - address->value) / (uint64_t)step;
    return more >= n ? n : (uint64_t)more + 1;
}

static bool derive_segment(struct derive_job *job, const struct values_segment *segment, uint64_t n)
{
    for (uint64_t done = 0, count; done < n; done += count) {
        struct address address = {segment->start + (u128)((i128)done * segment->step), job->family};
        bool group = job->what == AUTO_NEXT_HOP_MAC && address_is_multicast(&address);
        u128 value;

        if (job->runs++ == DERIVE_RUNS_MAX)
            return false;
        count = derive_run(job, &address, segment->step, n - done, &value);
        if (count > n - done)
            count = n - done;
        if (!values_builder_range(&job->builder, value, group && count > 1 ? segment->step : 0, count))
            return false;
    }
    return true;
}

static bool derive_segments(struct derive_job *job, const struct values *from)
{
    struct values_segment one = {0, from->step, from->start};

    switch (from->kind) {
    case VALUES_RANGE:
        return derive_segment(job, &one, from->n);
    case VALUES_LIST:
        for (uint64_t i = 0; i < from->n; i++) {
            one = (struct values_segment){i, 1, from->list[i]};
            if (!derive_segment(job, &one, 1))
                return false;
        }
        return true;
    case VALUES_SEGMENTS:
        for (uint64_t i = 0; i < from->n_segments; i++) {
            uint64_t end = i + 1 < from->n_segments ? from->segments[i + 1].first : from->n;

            if (!derive_segment(job, &from->segments[i], end - from->segments[i].first))
                return false;
        }
        return true;
    case VALUES_STRINGS:
        break;
    }
    one = (struct values_segment){0, 0, 0}; // ARP for something that is no IP address
    job->family = 0;
    return derive_segment(job, &one, from->n);
}

// The destination's value set, its default if the user gave none; upper layers may set it (neighbour discovery).
static bool derive_destination_values(const struct template *template, struct derive_destination at,
                                      struct arena *arena, const struct values **values)
{
    struct values_builder b;
    u128 preset = 0;

    if (at.layer >= 0) {
        const struct template_layer *layer = &template->layers[at.layer];
        const struct layer_desc *desc = layer_get(layer->id);

        if (layer->fields[at.field].values != NULL) {
            *values = layer->fields[at.field].values;
            return true;
        }
        preset = desc->fields[at.field].preset;
        const struct binding *binding = (unsigned)at.layer + 1 < template->n_layers
                                            ? layer_binding(desc, template->layers[at.layer + 1].id)
                                            : NULL;
        for (unsigned k = 0; binding != NULL && k < binding->n_more; k++) {
            if (binding->more[k].field == at.field)
                preset = binding->more[k].value;
        }
    }
    values_builder_init(&b);
    bool ok = values_builder_range(&b, preset, 0, 1);
    *values = ok ? values_builder_make(&b, arena) : NULL;
    values_builder_release(&b);
    return *values != NULL;
}

// ARP requests go to everybody: who would know the answer's MAC before asking? So does what is no packet of layer 3, VLAN
// tags aside: nobody says whose it is.
static bool derive_is_broadcast(const struct template *template, unsigned i,
                                const struct derive_destination *at, enum field_auto what)
{
    if (what != AUTO_NEXT_HOP_MAC)
        return false;
    for (i++; (int)i < at->layer; i++) {
        if (template->layers[i].id != LAYER_DOT1Q)
            return true;
    }
    return at->layer >= 0 && template->layers[at->layer].id == LAYER_ARP;
}

static bool derive_field(struct template *template, unsigned i, unsigned f, const struct surroundings *around,
                         struct arena *arena, struct diag *diag)
{
    struct template_field *field = &template->layers[i].fields[f];
    enum field_auto what = (enum field_auto)layer_get(template->layers[i].id)->fields[f].filled;
    struct derive_destination at = derive_find(template, i);
    struct derive_job job = {.around = around, .what = what, .family = at.family};
    const struct values *from;

    if (!derive_destination_values(template, at, arena, &from))
        return false;
    values_builder_init(&job.builder);
    bool ok = derive_is_broadcast(template, i, &at, what)
                  ? values_builder_range(&job.builder, ((u128)1 << 48) - 1, 0, from->n)
                  : derive_segments(&job, from);
    job.builder.width = what != AUTO_SOURCE_ADDRESS ? 6 : at.family == 6 ? 16 : 4;
    field->values = ok ? values_builder_make(&job.builder, arena) : NULL;
    values_builder_release(&job.builder);
    if (job.runs > DERIVE_RUNS_MAX)
        diag_set(diag, template->layers[at.layer].fields[at.field].where,
                 "more than %u destinations that need a next hop or source of their own", DERIVE_RUNS_MAX);
    field->derived = true;
    field->follows_layer = (int8_t)at.layer;
    field->follows = (int8_t)at.field;
    // One value for all destinations: a constant, which belongs to no digit.
    if (field->values != NULL && field->values->kind == VALUES_RANGE && field->values->step == 0 &&
        field->values->n > 1) {
        struct values *constant = arena_copy(arena, field->values, sizeof(*constant));

        if (constant == NULL)
            return false;
        constant->n = 1;
        field->values = constant;
        field->follows_layer = -1;
    }
    return field->values != NULL;
}

// ARP's addresses have no width of their own: the default's is that of Ethernet, and of the addresses beside it.
static bool derive_arp_defaults(struct template_layer *layer, struct arena *arena)
{
    const struct values *ptype = layer->fields[ARP_PTYPE].values, *psrc = layer->fields[ARP_PSRC].values;
    bool wide = (ptype != NULL && ptype->n == 1 && values_number(ptype, 0) == 0x86dd) ||
                (psrc != NULL && psrc->width == 16);

    for (unsigned f = ARP_HWDST; f <= ARP_PDST; f++) {
        struct values_builder b;

        if (layer->fields[f].values != NULL)
            continue;
        values_builder_init(&b);
        b.width = f == ARP_HWDST ? 6 : wide ? 16 : 4;
        if (values_builder_range(&b, 0, 0, 1))
            layer->fields[f].values = values_builder_make(&b, arena);
        values_builder_release(&b);
        if (layer->fields[f].values == NULL)
            return false;
    }
    return true;
}

bool derive_fields(struct template *template, const struct surroundings *around, struct arena *arena,
                   struct diag *diag)
{
    for (unsigned i = template->n_layers; i-- > 0;) {
        struct template_layer *layer = &template->layers[i];
        const struct layer_desc *desc = layer_get(layer->id);

        if (layer->id == LAYER_ARP && !derive_arp_defaults(layer, arena))
            return diag_set(diag, layer->where, "out of memory");
        for (unsigned f = 0; f < desc->n_fields; f++) {
            if (desc->fields[f].filled < AUTO_SOURCE_ADDRESS)
                continue;
            if (layer->fields[f].values != NULL && !layer->fields[f].derived)
                continue;
            if (!derive_field(template, i, f, around, arena, diag))
                return diag_set(diag, layer->where, "out of memory");
        }
    }
    return true;
}

const struct values *derive_destinations(const struct template *template, struct arena *arena,
                                         uint8_t *family)
{
    struct derive_destination at = derive_find(template, 0);

    const struct values *values = NULL;

    *family = at.family;
    return at.layer >= 0 && derive_destination_values(template, at, arena, &values) ? values : NULL;
}

struct address derive_source(const struct template *template)
{
    struct derive_destination at = derive_find(template, 0);

    if (at.layer < 0)
        return (struct address){0};
    const struct template_layer *layer = &template->layers[at.layer];
    unsigned field = layer->id == LAYER_IP ? IP_SRC : layer->id == LAYER_IPV6 ? IPV6_SRC : ARP_PSRC;
    const struct values *values = layer->fields[field].values;
    if (values == NULL || values->n != 1 || values->kind != VALUES_RANGE)
        return (struct address){0};
    return (struct address){values->start, at.family};
}
