#include "packet/transport.h"

#include "packet/bytes.h"
#include "packet/layers/ip.h"

// RFC 9293 3.1: the length is that of the segment; with an explicit IP.len it is what that says.
static uint32_t transport_length_on_ip(const struct build *build, unsigned i)
{
    uint32_t length = build_payload_end(build) - build->layers[i].start;

    if (!build_is_set(build, i - 1, IP_LEN))
        return length;
    // Lower layers are finished later: only an ihl that was given stands there already.
    uint64_t said = build_get(build, i - 1, IP_LEN);
    uint64_t header = build_is_set(build, i - 1, IP_IHL) ? 4 * build_get(build, i - 1, IP_IHL)
                                                         : build->layers[i - 1].header_bytes;
    return said > header ? (uint32_t)(said - header) : 0;
}

void transport_sum(struct build *build, unsigned i, unsigned field, uint8_t protocol, bool zero_is_ones)
{
    const struct build_layer *layer = &build->layers[i];
    uint32_t end = build_payload_end(build);

    if (i == 0 || build_is_set(build, i, field))
        return;
    const struct build_layer *below = &build->layers[i - 1];
    struct build_sum sum = {
        .store = layer->bit[field] / 8,
        .zero_is_ones = zero_is_ones,
        .n_ranges = 2,
        .range = {{0, 0}, {layer->start, end}},
    };
    if (below->id == LAYER_IP && protocol != TRANSPORT_ICMPV6) {
        sum.range[0].from = below->bit[IP_SRC] / 8;
        sum.range[0].to = sum.range[0].from + 8;
        sum.constant = protocol + transport_length_on_ip(build, i);
    } else if (below->id == LAYER_IPV6) {
        sum.range[0].from = below->start + IPV6_ADDRESSES_AT;
        sum.range[0].to = sum.range[0].from + 32;
        sum.constant = protocol + (end - layer->start);
    } else {
        return;
    }
    build_add_sum(build, &sum);
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

void transport_flow_key(const struct view *view, unsigned i, enum flow_role role, struct flow_key *key)
{
    const uint8_t *p = view_header(view, i);
    uint16_t sport = get16(p), dport = get16(p + 2);

    flow_key_add(key, role == FLOW_STIMULUS ? (uint64_t)sport << 16 | dport : (uint64_t)dport << 16 | sport);
}

bool transport_ports_answer(const struct view *r, unsigned ri, const struct view *s, unsigned si)
{
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);

    if (r->layers[ri].quoted)
        return get32(rp) == get32(sp);
    return get16(rp) == get16(sp + 2) && get16(rp + 2) == get16(sp);
}
