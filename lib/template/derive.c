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
static struct derive_destination derive_find(const struct template_branch *branch, unsigned i)
{
    for (; i < branch->n_layers; i++) {
        const struct template_layer *layer = &branch->layers[i];
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

#define DERIVE_KNOWN_MAX 16

struct derive_known {
    u128 first;
    struct surroundings_route route;
};

// One automatic field being made.
struct derive_job {
    const struct surroundings *around;
    enum field_auto what;
    uint8_t family; // of the destinations; 0: they are no addresses
    uint32_t runs;  // of destinations that were looked at one by one
    struct values_builder builder;
    struct derive_known known[DERIVE_KNOWN_MAX]; // the latest answers: scattered destinations share a few
    unsigned n_known, next_known;
};

// Asks for a route, unless an answer holds for the destination too.
static void derive_ask(struct derive_job *job, const struct address *address,
                       struct surroundings_route *route)
{
    unsigned k = 0;

    for (; k < job->n_known; k++) {
        if (job->known[k].first <= address->value && address->value <= job->known[k].route.last.value) {
            *route = job->known[k].route;
            return;
        }
    }
    job->around->route(job->around->context, address, route);
    if (route->last.value <= address->value)
        return;
    // Of two answers up to the same place, the one from further down holds for both.
    for (k = 0; k < job->n_known && job->known[k].route.last.value != route->last.value; k++)
        ;
    if (k == job->n_known && k < DERIVE_KNOWN_MAX)
        job->n_known++;
    else if (k == DERIVE_KNOWN_MAX)
        k = job->next_known++ % DERIVE_KNOWN_MAX;
    job->known[k] = (struct derive_known){address->value, *route};
}

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
    derive_ask(job, address, &route);
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
    case VALUES_HASH: // anywhere: the first address speaks for all
        return derive_segment(job, &one, 1);
    default:
        break;
    }
    one = (struct values_segment){0, 0, 0}; // ARP for something that is no IP address
    job->family = 0;
    return derive_segment(job, &one, from->n);
}

// The binding of layer i + 1 on layer i; NULL: none. Which it is may depend on the first field's value, and that on the next.
static const struct binding *derive_binding(const struct template_branch *branch, unsigned i)
{
    if (i + 1 >= branch->n_layers)
        return NULL;
    const struct template_layer *upper = &branch->layers[i + 1];
    const struct layer_desc *desc = layer_get(upper->id);
    const struct values *values = desc->n_fields == 0 ? NULL : upper->fields[0].values;
    u128 first = layer_first_preset(upper->id);

    if (values != NULL && values->n > 0 && values->kind != VALUES_STRINGS &&
        values->kind != VALUES_RANDOM_STRING) {
        first = values_number(values, 0);
    } else if (i + 2 < branch->n_layers) {
        enum layer_id next = branch->layers[i + 2].id;
        const struct binding *b = layer_binding(upper->id, next, layer_first_preset(next));

        first = b != NULL && layer_field(desc, b->field, strlen(b->field)) == 0 ? b->value : first;
    }
    return layer_binding(branch->layers[i].id, upper->id, first);
}

// What of the binding is of the destination: an index of more[]; -1: nothing.
static int derive_bound_entry(const struct binding *b, const struct field_desc *field)
{
    for (unsigned k = 0; b != NULL && k < ARRAY_SIZE(b->more) && b->more[k].field != NULL; k++) {
        if (strcmp(b->more[k].field, field->name) == 0)
            return (int)k;
    }
    return -1;
}

// What the layer above sets the destination to; else the preset.
static u128 derive_bound(const struct template_branch *branch, struct derive_destination at, u128 preset)
{
    const struct binding *b = derive_binding(branch, (unsigned)at.layer);
    int k = derive_bound_entry(b, &layer_get(branch->layers[at.layer].id)->fields[at.field]);

    return k < 0 ? preset : b->more[k].value;
}

// A destination that is a field of the layer above, value by value: IGMP's group.
static void derive_bound_values(struct template_branch *branch, unsigned i)
{
    enum layer_id id = branch->layers[i].id;
    int destination = derive_destination_field(id);

    if (destination < 0 || branch->layers[i].fields[destination].values != NULL)
        return;
    const struct binding *b = derive_binding(branch, i);
    int k = derive_bound_entry(b, &layer_get(id)->fields[destination]);
    if (k < 0 || b->more[k].from == NULL)
        return;
    const struct template_layer *upper = &branch->layers[i + 1];
    int from = layer_field(layer_get(upper->id), b->more[k].from, strlen(b->more[k].from));
    const struct values *values = upper->fields[from].values;
    if (values == NULL || (values->n == 1 && !values->random && values_number(values, 0) == 0))
        return;
    branch->layers[i].fields[destination] = (struct template_field){
        .values = values,
        .where = upper->fields[from].where,
        .derived = true,
        .follows_layer = (int8_t)(i + 1),
        .follows = (int8_t)from,
    };
}

// The destination's value set, its default if the user gave none; upper layers may set it (neighbour discovery).
static bool derive_destination_values(const struct template_branch *branch, struct derive_destination at,
                                      struct arena *arena, const struct values **values)
{
    struct values_builder b;
    u128 preset = 0;

    if (at.layer >= 0) {
        const struct template_layer *layer = &branch->layers[at.layer];
        const struct layer_desc *desc = layer_get(layer->id);

        if (layer->fields[at.field].values != NULL) {
            *values = layer->fields[at.field].values;
            return true;
        }
        preset = desc->fields[at.field].preset;
        preset = derive_bound(branch, at, preset);
    }
    values_builder_init(&b);
    bool ok = values_builder_range(&b, preset, 0, 1);
    *values = ok ? values_builder_make(&b, arena) : NULL;
    values_builder_release(&b);
    return *values != NULL;
}

// Scapy looks for layer 3 behind VLAN tags and LLC; behind 802.3's length there is IP only, which may stand on SNAP.
static bool derive_sees_through(enum layer_id link, enum layer_id id)
{
    if (link == LAYER_DOT3)
        return id == LAYER_LLC || id == LAYER_SNAP;
    return id == LAYER_DOT1Q || id == LAYER_DOT1AD || id == LAYER_LLC;
}

// ARP requests go to everybody: who would know the answer's MAC before asking? So does what is no packet of layer 3: nobody
// says whose it is.
static bool derive_is_broadcast(const struct template_branch *branch, unsigned i,
                                const struct derive_destination *at, enum field_auto what)
{
    enum layer_id link = branch->layers[i].id;

    if (what != AUTO_NEXT_HOP_MAC)
        return false;
    for (i++; (int)i < at->layer; i++) {
        if (!derive_sees_through(link, branch->layers[i].id))
            return true;
    }
    if (at->layer < 0)
        return false;
    return branch->layers[at->layer].id == LAYER_ARP ||
           (link == LAYER_DOT3 && branch->layers[at->layer].id != LAYER_IP);
}

static bool derive_field(struct template_branch *branch, unsigned i, unsigned f,
                         const struct surroundings *around, struct arena *arena, struct diag *diag)
{
    struct template_field *field = &branch->layers[i].fields[f];
    enum field_auto what = (enum field_auto)layer_get(branch->layers[i].id)->fields[f].filled;
    struct derive_destination at = derive_find(branch, i);
    struct derive_job job = {.around = around, .what = what, .family = at.family};
    const struct values *from;

    if (!derive_destination_values(branch, at, arena, &from))
        return false;
    values_builder_init(&job.builder);
    bool ok = derive_is_broadcast(branch, i, &at, what)
                  ? values_builder_range(&job.builder, ((u128)1 << 48) - 1, 0, from->n)
                  : derive_segments(&job, from);
    job.builder.width = what != AUTO_SOURCE_ADDRESS ? 6 : at.family == 6 ? 16 : 4;
    field->values = ok ? values_builder_make(&job.builder, arena) : NULL;
    values_builder_release(&job.builder);
    if (job.runs > DERIVE_RUNS_MAX)
        diag_set(diag, branch->layers[at.layer].fields[at.field].where,
                 "more than %u destinations that need a next hop or source of their own", DERIVE_RUNS_MAX);
    field->derived = true;
    field->follows_layer = (int8_t)at.layer;
    field->follows = (int8_t)at.field;
    if (at.layer >= 0 && branch->layers[at.layer].fields[at.field].derived) {
        field->follows_layer = branch->layers[at.layer].fields[at.field].follows_layer;
        field->follows = branch->layers[at.layer].fields[at.field].follows;
    }
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

static bool derive_branch(struct template_branch *branch, const struct surroundings *around,
                          struct arena *arena, struct diag *diag)
{
    for (unsigned i = branch->n_layers; i-- > 0;) {
        struct template_layer *layer = &branch->layers[i];
        const struct layer_desc *desc = layer_get(layer->id);

        derive_bound_values(branch, i);
        if (layer->id == LAYER_ARP && !derive_arp_defaults(layer, arena))
            return diag_set(diag, layer->where, "out of memory");
        for (unsigned f = 0; f < desc->n_fields; f++) {
            if (desc->fields[f].filled < AUTO_SOURCE_ADDRESS)
                continue;
            if (layer->fields[f].values != NULL && !layer->fields[f].derived)
                continue;
            if (!derive_field(branch, i, f, around, arena, diag))
                return diag_set(diag, layer->where, "out of memory");
        }
    }
    return true;
}

bool derive_fields(struct template *template, const struct surroundings *around, struct arena *arena,
                   struct diag *diag)
{
    for (uint32_t b = 0; b < template->n_branches; b++) {
        if (!derive_branch(&template->branches[b], around, arena, diag))
            return false;
    }
    return true;
}

const struct values *derive_destinations(const struct template_branch *branch, struct arena *arena,
                                         uint8_t *family)
{
    struct derive_destination at = derive_find(branch, 0);

    const struct values *values = NULL;

    *family = at.family;
    return at.layer >= 0 && derive_destination_values(branch, at, arena, &values) ? values : NULL;
}

struct address derive_source(const struct template_branch *branch)
{
    struct derive_destination at = derive_find(branch, 0);

    if (at.layer < 0)
        return (struct address){0};
    const struct template_layer *layer = &branch->layers[at.layer];
    unsigned field = layer->id == LAYER_IP ? IP_SRC : layer->id == LAYER_IPV6 ? IPV6_SRC : ARP_PSRC;
    const struct values *values = layer->fields[field].values;
    if (values == NULL || values->n != 1 || values->kind != VALUES_RANGE)
        return (struct address){0};
    return (struct address){values->start, at.family};
}
