#include "engine/surround.h"

#include "port/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct mac surround_everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

int surround_init(struct surround *s, const struct port *port, const struct surround_options *options)
{
    *s = (struct surround){.port = port, .options = *options, .asking = true};
    if (port != NULL && port->interface[0] == '\0')
        return 0;
    int err = route_table_new(&s->routes, port == NULL ? NULL : port->interface);
    if (err < 0)
        return err;
    if (port == NULL)
        return 0;
    err = route_interface_find(s->routes, port->interface, 0, &s->own);
    if (err < 0)
        surround_release(s);
    return err;
}

void surround_release(struct surround *s)
{
    if (s->routes != NULL)
        route_table_free(s->routes);
    free(s->neighbours);
    s->routes = NULL;
    s->neighbours = NULL;
}

// ---- neighbours

static int surround_compare(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;

    if (x->address.family != y->address.family)
        return x->address.family < y->address.family ? -1 : 1;
    return x->address.value < y->address.value ? -1 : x->address.value > y->address.value;
}

static const struct neighbour *surround_known(const struct surround *s, const struct address *address)
{
    struct neighbour key = {.address = *address};

    if (s->n_neighbours == 0)
        return NULL;
    return bsearch(&key, s->neighbours, s->n_neighbours, sizeof(key), surround_compare);
}

static void surround_note(struct surround *s, const struct address *address)
{
    if (s->n_neighbours == SURROUND_NEIGHBOURS_MAX) {
        s->too_many = true;
        return;
    }
    if (s->n_neighbours > 0 && address_equal(&s->neighbours[s->n_neighbours - 1].address, address))
        return;
    if (s->n_neighbours == s->room) {
        size_t room = s->room == 0 ? 64 : s->room * 2;
        struct neighbour *grown = reallocarray(s->neighbours, room, sizeof(*grown));

        if (grown == NULL) {
            s->too_many = true;
            return;
        }
        s->neighbours = grown;
        s->room = room;
    }
    struct neighbour *neighbour = &s->neighbours[s->n_neighbours++];
    *neighbour = (struct neighbour){.address = *address};
    if (s->routes != NULL)
        neighbour->found = route_table_neighbour(s->routes, s->own.ifindex, address, &neighbour->mac);
}

static struct mac surround_next_hop_mac(struct surround *s, const struct address *next_hop)
{
    if (s->options.has_gateway_mac)
        return s->options.gateway_mac;
    if (s->asking) {
        surround_note(s, next_hop);
        return surround_everybody;
    }
    const struct neighbour *neighbour = surround_known(s, next_hop);
    return neighbour != NULL && neighbour->found ? neighbour->mac : surround_everybody;
}

static void surround_deduplicate(struct surround *s)
{
    size_t kept = 0;

    qsort(s->neighbours, s->n_neighbours, sizeof(*s->neighbours), surround_compare);
    for (size_t i = 0; i < s->n_neighbours; i++) {
        if (kept == 0 || !address_equal(&s->neighbours[kept - 1].address, &s->neighbours[i].address))
            s->neighbours[kept++] = s->neighbours[i];
    }
    s->n_neighbours = kept;
}

int surround_ask(struct surround *s, struct port *port)
{
    struct neighbour_options options = {.source4 = s->source4, .source6 = s->source6};
    size_t unknown = 0;

    if (s->n_neighbours > 0)
        surround_deduplicate(s);
    s->asking = false;
    for (size_t i = 0; i < s->n_neighbours; i++)
        unknown += !s->neighbours[i].found;
    return unknown == 0 ? 0 : neighbour_ask(port, s->neighbours, s->n_neighbours, &options);
}

const struct neighbour *surround_unknown(const struct surround *s)
{
    for (size_t i = 0; i < s->n_neighbours; i++) {
        if (!s->neighbours[i].found)
            return &s->neighbours[i];
    }
    return NULL;
}

// ---- routes

static void surround_source(struct surround *s, const struct address *from, uint8_t family,
                            struct surroundings_route *route)
{
    const struct address *chosen = s->options.source.family == family ? &s->options.source : from;

    route->source = *chosen;
    if (chosen->family == 4)
        s->source4 = *chosen;
    if (chosen->family == 6)
        s->source6 = *chosen;
}

static bool surround_is_group(const struct address *address)
{
    return address_is_multicast(address) || (address->family == 4 && address->value == UINT32_MAX);
}

// Where a gateway answers for all, one decision holds for the rest of the family, up to the groups.
static void surround_through_gateway(struct surround *s, const struct address *destination,
                                     const struct address *gateway, struct surroundings_route *route)
{
    u128 groups = destination->family == 4 ? 0xe0000000u : (u128)0xff << 120;

    if (route->last.value < groups - 1 && destination->value < groups)
        route->last.value = groups - 1;
    route->next_hop_mac = surround_next_hop_mac(s, gateway);
}

static void surround_by_hand(struct surround *s, const struct address *destination,
                             struct surroundings_route *route)
{
    struct address own =
        s->port != NULL && s->port->is_simulated ? sim_own_address(destination->family) : (struct address){0};

    surround_source(s, &own, destination->family, route);
    if (address_is_multicast(destination)) {
        route->last.value = destination->family == 4 ? 0xefffffffu : ~(u128)0;
    } else if (surround_is_group(destination)) {
        route->next_hop_mac = surround_everybody;
    } else if (s->port->is_simulated && !s->options.has_gateway_mac) {
        struct address none = {0};

        route->next_hop_mac = sim_next_hop_mac();
        s->options.has_gateway_mac = true;
        s->options.gateway_mac = route->next_hop_mac;
        surround_through_gateway(s, destination, &none, route);
    } else if (s->options.has_gateway_mac || s->options.gateway.family == destination->family) {
        surround_through_gateway(s, destination, &s->options.gateway, route);
    } else {
        route->next_hop_mac = surround_next_hop_mac(s, destination);
    }
}

static void surround_on_port(struct surround *s, const struct address *destination, const struct route *found,
                             struct surroundings_route *route)
{
    bool forced = s->options.has_gateway_mac || s->options.gateway.family == destination->family;

    route->source_mac = s->port->mac;
    s->any_remote |= found->kind != ROUTE_LOCAL;
    if (address_is_multicast(destination)) {
        // Only the source counts; where frames to groups go follows from the group (template/surroundings.h).
    } else if (surround_is_group(destination)) {
        route->last = *destination;
    } else if (forced) {
        route->next_hop_mac = surround_next_hop_mac(s, &s->options.gateway);
    } else if (found->kind == ROUTE_GATEWAY) {
        route->next_hop_mac = surround_next_hop_mac(s, &found->gateway);
    } else if (found->kind == ROUTE_ON_LINK) {
        route->last = *destination;
        route->next_hop_mac = surround_next_hop_mac(s, destination);
    } else if (found->kind == ROUTE_LOCAL) {
        // Our own address in a network that is probed: the frame is for us, and nobody on the wire takes it.
        route->next_hop_mac = s->port->mac;
        if (s->is_local.family == 0)
            s->is_local = *destination;
    } else if (found->kind == ROUTE_NONE && s->unreachable.family == 0) {
        s->unreachable = *destination;
    }
}

// As Scapy shows a packet where nothing is asked: the route's interface and source, and a broadcast MAC.
static void surround_shown(struct surround *s, const struct route *found, struct surroundings_route *route)
{
    struct route_interface interface;

    if (found->kind != ROUTE_NONE && route_interface_find(s->routes, NULL, found->ifindex, &interface) == 0)
        route->source_mac = interface.mac;
}

static void surround_route(void *context, const struct address *destination, struct surroundings_route *route)
{
    struct surround *s = context;
    struct address asked = *destination;
    struct route found = {0};

    route->last = *destination;
    route->next_hop_mac = surround_everybody;
    route->source_mac = s->port != NULL ? s->port->mac : (struct mac){{0}};
    if (destination->family == 0 && s->port != NULL)
        return;
    if (s->routes == NULL) {
        surround_by_hand(s, destination, route);
        return;
    }
    // No destination, or 0.0.0.0, which the kernel takes for itself: what holds for the rest of the world.
    if (destination->family == 0 || (destination->family == 4 && destination->value == 0))
        asked = (struct address){1, 4};
    if (route_table_find(s->routes, &asked, &found) < 0)
        found = (struct route){.first = asked, .last = asked, .kind = ROUTE_NONE};
    route->last = found.last;
    surround_source(s, &found.source, destination->family, route);
    if (s->port == NULL)
        surround_shown(s, &found, route);
    else
        surround_on_port(s, destination, &found, route);
}

struct surroundings surround_surroundings(struct surround *s)
{
    return (struct surroundings){s, surround_route};
}
