// What the simulated network reads from a frame that was sent. A parser of its own, so that it does not
// share a mistake with the code that it tests.
#ifndef VOLLEY_PORT_SIM_FRAME_H
#define VOLLEY_PORT_SIM_FRAME_H

#include "base/address.h"

#define SIM_ICMP  1
#define SIM_TCP   6
#define SIM_UDP   17
#define SIM_ICMP6 58

enum sim_l3 { SIM_L3_NONE, SIM_L3_ARP, SIM_L3_IPV4, SIM_L3_IPV6 };

// Pointers borrow the frame. Everything is checked against its length except the layer above IP.
struct sim_frame {
    const uint8_t *bytes;
    uint16_t len;
    uint16_t l2_bytes;        // Ethernet header and tags
    enum sim_l3 l3;           // NONE: no frame that a host or router understands; nothing below is set then
    const uint8_t *src, *dst; // 4 or 16 bytes; ARP: of the asker and what it asks for
    const uint8_t *ip;
    const uint8_t *l4;
    uint16_t address_bytes;
    uint16_t ip_bytes; // header and payload, without padding
    uint16_t l4_bytes;
    uint16_t fragment_offset;
    bool more_fragments;
    uint8_t ttl;
    uint8_t proto;
    uint16_t sport, dport; // ICMP echo: id and sequence number; 0 if there are none
};

void sim_frame_parse(struct sim_frame *frame, const uint8_t *bytes, uint16_t len);

// The sum of the pseudo-header (RFC 9293 3.1, RFC 8200 8.1) of an IP packet with src and dst as given.
uint64_t sim_frame_pseudo_sum(const uint8_t *src, const uint8_t *dst, uint16_t address_bytes, uint8_t proto,
                              uint16_t l4_bytes);

// Whether a host's checks of the layer above IP pass: header length, checksum.
bool sim_frame_l4_valid(const struct sim_frame *frame);

#endif
