// Does this response answer that stimulus? Scapy's answers(), layer by layer, mended for probers: sequence numbers are
// compared modulo 2^32, padding is never payload, a UDP answer comes from the port that was asked, what was sent to a group
// is answered by anyone, and a header that is too short to hold what is compared never answers. Of a quote in an ICMP or
// ICMPv6 error, addresses, protocol, ports, and id and sequence number of echoes count; a unicast solicitation is answered
// by whom it was sent to.
#ifndef VOLLEY_PACKET_ANSWERS_H
#define VOLLEY_PACKET_ANSWERS_H

#include "packet/view.h"

// Of the fields by which an answer is told, those in which a stimulus may have had any value: of other tools' scans nobody
// knows them.
enum answer_open {
    ANSWER_OPEN_SOURCE = 1,   // the asker's address
    ANSWER_OPEN_PORT = 2,     // the asker's port
    ANSWER_OPEN_SEQUENCE = 4, // TCP's numbers
    ANSWER_OPEN_ID = 8,       // id and sequence number of echoes and their like
};

enum answer_quote {
    ANSWER_QUOTE_USUAL,   // of a quote, what Scapy compares by default
    ANSWER_QUOTE_STRICT,  // TCP's sequence numbers too
    ANSWER_QUOTE_LENIENT, // not what address translation changes: the asker's address and port
};

// What is compared; zero is the default.
struct answer_rules {
    bool scapy;       // as Scapy does, quirks included; docs/matching.md lists the differences
    bool hashed;      // with scapy: its hashret() must be equal too, as in its sr(), not in PacketList.sr()
    bool any_address; // addresses are not compared: answers from elsewhere
    bool quoted_id;   // IP.id in the quote is the stimulus's (or byte-swapped)
    bool
        tagged_seq; // TCP.seq carries a tag: an ICMP error's quote has it, and an answer acknowledges it exactly
    uint8_t quote; // enum answer_quote
    uint8_t open;  // enum answer_open, ored
};

// Whether a received frame answers one that was sent, from layer r and s on: all that the rules say. Exactly, our own frame
// that comes back answers nothing.
bool answers_frame(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
                   const struct answer_rules *rules);

// ---- for layers

// The layers of `response` from r on, against those of `stimulus` from s on.
bool answers(const struct view *response, unsigned r, const struct view *stimulus, unsigned s,
             const struct answer_rules *rules);

// Whether Scapy has a class of its own for quoted layer i: IPerror, TCPerror ..., up to the first layer that has none.
bool answers_is_error(const struct view *view, unsigned i);

// Whether layer i is compared with what was sent, not with what comes back.
static inline bool answers_quote(const struct view *view, unsigned i, const struct answer_rules *rules)
{
    return view->layers[i].quoted && (!rules->scapy || answers_is_error(view, i));
}

static inline bool answers_any_asker(const struct answer_rules *rules)
{
    return rules->any_address || (rules->open & ANSWER_OPEN_SOURCE) != 0;
}

// Of a quote: the asker's address.
static inline bool answers_any_quoted(const struct answer_rules *rules)
{
    return rules->quote == ANSWER_QUOTE_LENIENT || (rules->open & ANSWER_OPEN_SOURCE) != 0;
}

#endif
