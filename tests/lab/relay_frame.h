// The frames that the relay makes: answers as hosts give them, and what befalls them. Ethernet, then IPv4 without options or
// IPv6 without extension headers. Pure functions of their arguments.
#ifndef RELAY_FRAME_H
#define RELAY_FRAME_H

#include "relay_log.h"

#include <stdbool.h>

#define RELAY_FRAME_MAX   320
#define RELAY_ETHER_BYTES 14
#define RELAY_WIRE_MIN    60

struct relay_frame {
    uint16_t len;
    uint8_t bytes[RELAY_FRAME_MAX];
};

// Where things are in a frame of ours.
struct relay_parts {
    const uint8_t *ip, *upper; // into the frame
    uint16_t ip_bytes, upper_bytes;
    uint8_t version, proto;
};

// False: not IP, cut short, or with options or extension headers.
bool relay_parse(const uint8_t *frame, size_t len, struct relay_parts *parts);

// xorshift64*; the state is not 0.
uint64_t relay_random(uint64_t *state);
// A hit with probability share / 2^32.
bool relay_draw(uint64_t *state, uint64_t share);

// The answer of a host: SYN -> SYN/ACK (even port) or RST/ACK (odd), echo -> reply, UDP -> the payload back. Silence (false)
// for all else and, if silent, for ports (echo: addresses) whose number modulo 16 is 15.
bool relay_answer(const uint8_t *frame, size_t len, bool silent, struct relay_frame *answer);

// ARP and neighbour solicitations for anything, answered from `mac`.
bool relay_neighbour(const uint8_t *frame, size_t len, const uint8_t mac[6], struct relay_frame *answer);

// What a flipped bit (counted from the IP header on, 0 is the lowest of the first byte) makes of an answer, for a prober who
// tells answers apart by addresses, protocol, ports, acknowledged numbers and echo ids.
enum relay_verdict relay_flipped(uint8_t version, uint8_t proto, unsigned bit);

// Flips one bit of the IP packet and says which, and its verdict. With `fixed` all checksums are right afterwards.
uint16_t relay_flip(struct relay_frame *frame, uint64_t *state, bool fixed, enum relay_verdict *verdict);

// Fills all checksums in.
void relay_sums(struct relay_frame *frame);

// A frame by who knows every address and port of `stimulus`, a probe that waits, and has seen the answer to `other`, another
// one, but does not know the tag of the former: wrong, near or somebody else's numbers in answers of all kinds, resets without
// acknowledgement, ICMP errors with wrong quotes. For UDP, whose tag is a port of 15 bits, the port is another one.
// False: there is nothing to be forged.
bool relay_forge(const struct relay_frame *stimulus, const struct relay_frame *other, uint64_t *state,
                 struct relay_frame *forged);

#endif
