// The four frames that neighbours are found with: ARP request and reply (RFC 826), neighbour solicitation and
// advertisement (RFC 4861). Received frames are hostile: every parser checks bounds and everything the RFCs demand.
#ifndef VOLLEY_PORT_NEIGHBOUR_FRAME_H
#define VOLLEY_PORT_NEIGHBOUR_FRAME_H

#include "base/address.h"

#include <stdbool.h>

#define NEIGHBOUR_FRAME_MAX 86

// Asks who has `target`. source of family 0: an ARP probe (RFC 5227) or a solicitation from :: (which is answered
// to all nodes). Returns the length.
uint16_t neighbour_frame_question(uint8_t *frame, const struct mac *mac, const struct address *source,
                                  const struct address *target);
uint16_t neighbour_frame_answer(uint8_t *frame, const struct mac *mac, const struct address *own,
                                const struct mac *asker_mac, const struct address *asker);

// Who asks for what. asker is 0.0.0.0 or :: if the asker has no address yet.
struct neighbour_question {
    struct address target, asker;
    struct mac asker_mac;
};
bool neighbour_frame_parse_question(const uint8_t *frame, uint16_t len, struct neighbour_question *question);

// Who said where he is. is_solicited: it answers a question (ARP replies always do).
struct neighbour_claim {
    struct address address;
    struct mac mac;
    bool is_solicited;
};
bool neighbour_frame_parse_answer(const uint8_t *frame, uint16_t len, struct neighbour_claim *claim);

#endif
