// Does this response answer that stimulus? Scapy's answers(), layer by layer, mended for probers: sequence numbers are
// compared modulo 2^32, padding is never payload, a UDP answer comes from the port that was asked, what was sent to a group
// is answered by anyone, and a header that is too short to hold what is compared never answers. Of a quote in an ICMP or
// ICMPv6 error, addresses, protocol, ports, and id and sequence number of echoes count; a unicast solicitation is answered
// by whom it was sent to.
#ifndef VOLLEY_PACKET_ANSWERS_H
#define VOLLEY_PACKET_ANSWERS_H

#include "packet/view.h"

// What is compared beyond Scapy's defaults; zero is none of it.
struct answer_rules {
    bool
        tagged_seq; // TCP.seq carries a tag: an ICMP error's quote has it, and an answer acknowledges it exactly
    bool quoted_id; // IP.id in the quote is the stimulus's (or byte-swapped)
};

// The layers of `response` from r on, against those of `stimulus` from s on.
bool answers(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
             const struct answer_rules *rules);

#endif
