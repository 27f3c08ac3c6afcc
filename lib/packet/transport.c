#include "packet/transport.h"

#include "packet/bytes.h"
#include "packet/layers/ip.h"
#include "packet/layers/ip_options.h"
#include "packet/layers/ipv6_ext.h"

// RFC 9293 3.1: the length is that of the segment; with an explicit IP.len it is what that says.
static uint32_t transport_length_on_ip(const struct build *build, const struct build_layer *layer,
                                       const struct build_layer *below)
{
    if (!build_is_set(below, IP_LEN))
        return build_payload_end(build) - layer->at.start;
    // Lower layers are finished later: only an ihl that was given stands there already.
    uint64_t said = build_get(below, IP_LEN);
    uint64_t header = build_is_set(below, IP_IHL) ? 4 * build_get(below, IP_IHL) : below->at.header_bytes;
    return said > header ? (uint32_t)(said - header) : 0;
}

// Where the address stands with which a source route ends: arriving, the datagram has it as destination. 0: nowhere; several
// routes are none, as in Scapy.
static uint32_t transport_last_hop(const struct build_layer *ip)
{
    const struct build_value *options = &ip->values[IP_OPTIONS];
    uint32_t n = options->kind == BUILD_PACKETS ? options->items : 0, routes = 0, at = 0;

    for (uint32_t k = 0; k < n; k++) {
        const struct build_layer *option = &options->packets[k];
        const struct fields *placed = &option->at;

        if (option->id != LAYER_IPOPTION_LSRR && option->id != LAYER_IPOPTION_SSRR)
            continue;
        routes++;
        if (placed->bits[IP_OPTION_ROUTE_ROUTERS] >= 32)
            at = (placed->bit[IP_OPTION_ROUTE_ROUTERS] + placed->bits[IP_OPTION_ROUTE_ROUTERS]) / 8 - 4;
    }
    return routes == 1 ? at : 0;
}

static void transport_pseudo_on_ip(const struct build_layer *ip, struct build_sum *sum)
{
    uint32_t source = ip->at.bit[IP_SRC] / 8, last_hop = transport_last_hop(ip);

    sum->range[0].from = source;
    sum->range[0].to = source + 8;
    if (last_hop == 0)
        return;
    sum->range[0].to = source + 4;
    sum->range[2] = sum->range[1];
    sum->range[1].from = last_hop;
    sum->range[1].to = last_hop + 4;
    sum->n_ranges = 3;
}

void transport_sum(struct build *build, const struct build_layer *layer, unsigned field, uint8_t protocol,
                   bool zero_is_ones)
{
    const struct build_layer *below = build_below(build, layer);
    uint32_t end = build_payload_end(build);

    if (below == NULL || build_is_set(layer, field))
        return;
    struct build_sum sum = {
        .store = layer->at.bit[field] / 8,
        .zero_is_ones = zero_is_ones,
        .n_ranges = 2,
        .range = {{0, 0}, {layer->at.start, end}},
    };
    if (below->id == LAYER_IP && protocol != TRANSPORT_ICMPV6) {
        transport_pseudo_on_ip(below, &sum);
        sum.constant = protocol + transport_length_on_ip(build, layer, below);
    } else if (ipv6_ext_network(build, layer) != NULL) {
        sum.range[2] = sum.range[1]; // what the pseudo-header precedes stands last
        ipv6_ext_addresses(build, layer, &sum.range[0].from, &sum.range[1].from);
        sum.n_ranges = 3;
        sum.range[0].to = sum.range[0].from + 16;
        sum.range[1].to = sum.range[1].from + 16;
        sum.constant = protocol + (end - layer->at.start);
    } else {
        return;
    }
    build_add_sum(build, &sum);
}

enum layer_id transport_next(enum layer_id id, unsigned sport, const uint8_t *header, const uint8_t *payload,
                             uint32_t len)
{
    const uint64_t ports[2] = {get16(header), get16(header + 2)};

    return len == 0 ? LAYER_RAW : layer_announced_by_two(id, sport, ports, payload, len);
}

static void transport_port(const struct services *services, enum service_protocol protocol, uint16_t port,
                           struct text *text)
{
    const char *name = services_name(services, protocol, port);

    if (name != NULL)
        text_add(text, "%s", name);
    else
        text_add(text, "%u", port);
}

void transport_endpoints(const struct view *view, unsigned i, enum service_protocol protocol,
                         const struct services *services, struct text *text)
{
    const uint8_t *p = view_header(view, i);
    char source[ADDRESS_TEXT_MAX + 1], destination[ADDRESS_TEXT_MAX + 1];
    bool has = ip_addresses_text(view, i, source, destination);

    text_add(text, "%s%s", has ? source : "", has ? ":" : "");
    transport_port(services, protocol, get16(p), text);
    text_add(text, " > %s%s", has ? destination : "", has ? ":" : "");
    transport_port(services, protocol, get16(p + 2), text);
}

// Scapy hashes both ports together, of TCP.
void transport_flow_keys(const struct flow_burst *burst, unsigned i, enum flow_role role,
                         const struct answer_rules *rules)
{
    const uint32_t start = burst->view->layers[i].start;
    const uint32_t asker_at = role == FLOW_STIMULUS ? start : start + 2, asked_at = 2 * start + 2 - asker_at;
    const uint64_t asker_mask = transport_any_quoted(rules) ? 0 : UINT16_MAX;
    const bool hashed = role == FLOW_HASHRET;

    if (transport_any_port(rules) || (hashed && burst->view->layers[i].id != LAYER_TCP))
        return;
    for (unsigned k = 0; k < burst->n; k++) {
        const uint16_t asker = get16(burst->bytes[k] + asker_at), asked = get16(burst->bytes[k] + asked_at);
        struct flow_key key = {burst->hashes[k]};

        flow_key_add(&key, hashed ? asker ^ asked : (asker & asker_mask) << 16 | asked);
        burst->hashes[k] = key.state;
    }
}

void transport_flow_key(const struct view *view, unsigned i, enum flow_role role,
                        const struct answer_rules *rules, struct flow_key *key)
{
    transport_flow_keys(&(struct flow_burst){view, &view->bytes, 1, &key->state}, i, role, rules);
}

bool transport_ports_answer(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                            const struct answer_rules *rules)
{
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    bool quote = answers_quote(r, ri, rules);
    uint16_t asker = get16(quote ? rp : rp + 2), asked = get16(quote ? rp + 2 : rp);

    if (transport_any_port(rules))
        return true;
    return asked == get16(sp + 2) && (asker == get16(sp) || (quote ? transport_any_quoted(rules)
                                                                   : (rules->open & ANSWER_OPEN_PORT) != 0));
}
