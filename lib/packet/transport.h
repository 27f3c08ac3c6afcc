// What the transports on IP and IPv6 share: the pseudo-header's checksum, the pair of ports.
#ifndef VOLLEY_PACKET_TRANSPORT_H
#define VOLLEY_PACKET_TRANSPORT_H

#include "packet/build.h"

enum { TRANSPORT_ICMP = 1, TRANSPORT_TCP = 6, TRANSPORT_UDP = 17, TRANSPORT_ICMPV6 = 58 };

// Registers the checksum of a layer, over the pseudo-header (RFC 9293 3.1, RFC 8200 8.1) and all from the layer to the
// padding. Without IP, or IPv6 and its extension headers, directly below (for ICMPv6: without IPv6), the field stays zero, as in Scapy.
void transport_sum(struct build *build, const struct build_layer *layer, unsigned field, uint8_t protocol,
                   bool zero_is_ones);

// The layer that the ports of a TCP or UDP header announce. The two ports are the layer's fields `sport` and the next one.
enum layer_id transport_next(enum layer_id id, unsigned sport, const uint8_t *header, const uint8_t *payload,
                             uint32_t len);

// "198.18.0.1:20 > 198.18.0.2:http" of the layer i whose header starts with two ports.
void transport_endpoints(const struct view *view, unsigned i, enum service_protocol protocol,
                         const struct services *services, struct text *text);

// The two ports, turned to the side of who asked.
void transport_flow_key(const struct view *view, unsigned i, enum flow_role role,
                        const struct answer_rules *rules, struct flow_key *key);
void transport_flow_keys(const struct flow_burst *burst, unsigned i, enum flow_role role,
                         const struct answer_rules *rules);

// The response comes from the port that was asked, to the port that asked; or both stand in a quote as they were sent.
bool transport_ports_answer(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                            const struct answer_rules *rules);

// Whether nobody looks at ports: Scapy's conf.checkIPsrc does both.
static inline bool transport_any_port(const struct answer_rules *rules)
{
    return rules->scapy && rules->quote == ANSWER_QUOTE_LENIENT;
}

// Of a quote: whether the asker's port may be any.
static inline bool transport_any_quoted(const struct answer_rules *rules)
{
    return rules->quote == ANSWER_QUOTE_LENIENT || (rules->open & ANSWER_OPEN_PORT) != 0;
}

#endif
