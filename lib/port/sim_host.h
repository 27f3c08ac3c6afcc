// What the hosts and routers of the simulated network answer to a frame.
#ifndef VOLLEY_PORT_SIM_HOST_H
#define VOLLEY_PORT_SIM_HOST_H

#include "port/sim_frame.h"
#include "port/sim_options.h"

// What was answered, and how the log calls it.
#define SIM_ANSWERS(X)                      \
    X(NONE, "-")                            \
    X(ARP_REPLY, "arp-reply")               \
    X(ADVERTISEMENT, "advertisement")       \
    X(ECHO_REPLY, "echo-reply")             \
    X(SYN_ACK, "syn-ack")                   \
    X(RST, "rst")                           \
    X(UDP, "udp")                           \
    X(TIME_EXCEEDED, "time-exceeded")       \
    X(PORT_UNREACHABLE, "port-unreachable") \
    X(PROTOCOL_UNREACHABLE, "protocol-unreachable")

enum sim_answer {
#define SIM_ANSWER(id, name) SIM_ANSWER_##id,
    SIM_ANSWERS(SIM_ANSWER)
#undef SIM_ANSWER
        SIM_ANSWER_INVALID // the stimulus is broken: a host drops it before it looks for an answer
};

// No answer is longer than its stimulus and this: an IPv6 error's own headers, padding to 60 bytes, a short SYN/ACK.
#define SIM_ANSWER_GROWTH 60

// Writes the answer to `out` (room for f->len + SIM_ANSWER_GROWTH) and its length to `len`, unless it is NONE or
// INVALID. Depends on nothing but its arguments.
enum sim_answer sim_host_answer(const struct sim_options *options, const struct sim_frame *f, uint8_t *out,
                                uint16_t *len);

// A valid SYN/ACK to the source of `f` (an IP packet) that no one asked for; 32 bits of `draw` make it.
void sim_host_stray(const struct sim_frame *f, uint32_t draw, uint8_t *out, uint16_t *len);

// The answer's bytes before its layer above IP, and that layer's least header: what cutting it short must hit.
struct sim_extent {
    uint16_t l3_start, header_end;
};
struct sim_extent sim_host_extent(const struct sim_frame *f, enum sim_answer answer);

#endif
