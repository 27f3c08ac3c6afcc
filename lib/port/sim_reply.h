// A reply being written: Ethernet with the stimulus's tags, ARP or IP, and what is above.
#ifndef VOLLEY_PORT_SIM_REPLY_H
#define VOLLEY_PORT_SIM_REPLY_H

#include "port/sim_frame.h"

// Set source, proto, ttl, tos and dont_fragment between start and finish; write l4_bytes bytes at l4.
struct sim_reply {
    const struct sim_frame *to; // borrowed
    uint8_t *bytes;             // borrowed
    uint8_t *l4;
    const uint8_t *source; // 4 or 16 bytes
    uint16_t l4_bytes;
    uint16_t id; // IPv4; 0 also says "do not fragment", as Linux does for TCP
    uint8_t proto;
    uint8_t ttl;
    uint8_t tos;
};

// To an IPv4 or IPv6 frame `to`, into `bytes`, from the address it was sent to unless source is changed.
void sim_reply_start(struct sim_reply *reply, const struct sim_frame *to, uint8_t *bytes);

// Writes the Ethernet and IP headers and the checksum at l4 + checksum_at; returns the frame's length, at least 60.
uint16_t sim_reply_finish(struct sim_reply *reply, uint16_t checksum_at);

// The Ethernet header and tags of a reply: from the MAC that the stimulus went to, or, if that was a group, from that of
// `source`.
void sim_reply_link(const struct sim_frame *to, const uint8_t *source, uint8_t *bytes);

// Zeroes up to Ethernet's least length; returns the length then.
uint16_t sim_reply_pad(uint8_t *bytes, uint16_t len);

// 02:04 or 02:06 and the last four bytes of the address.
struct mac sim_reply_mac(const uint8_t *address, uint16_t address_bytes);

#endif
