// What ICMPv6's messages share.
#ifndef VOLLEY_PACKET_LAYERS_ICMPV6_H
#define VOLLEY_PACKET_LAYERS_ICMPV6_H

#include "packet/build.h"

enum { ICMPV6_TYPE, ICMPV6_CODE, ICMPV6_CKSUM };

extern const struct name icmpv6_types[];

// clang-format off
#define ICMPV6_TYPE_FIELD(type_) \
    {"type", 8, FIELD_NUMBER, .preset = (type_), .names = icmpv6_types, .meaning = "what it is"}
#define ICMPV6_CKSUM_FIELD \
    {"cksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED, .meaning = "over a pseudo-header and the whole message"}
#define ICMPV6_START(type_, codes) \
    ICMPV6_TYPE_FIELD(type_), \
    {"code", 8, FIELD_NUMBER, .names = (codes), .meaning = "what kind of it"}, \
    ICMPV6_CKSUM_FIELD
// clang-format on

// Stands on IPv6, announced by its type, which is its first byte.
#define ICMPV6_ON_IPV6(type)                                                            \
    {                                                                                   \
        .lower = LAYER_IPV6, .field = "nh", .value = 58, .starts = BINDING_STARTS(type) \
    }

// The same; unless the template says otherwise, to a group (ff02::`group`) and no further than one hop, or from no further.
#define ICMPV6_GROUP(group) ((u128)0xff02000000000000 << 64 | (group))
#define ICMPV6_TO_GROUP(type, hops, group)                                                         \
    {                                                                                              \
        .lower = LAYER_IPV6, .field = "nh", .value = 58, .starts = BINDING_STARTS(type), .more = { \
            {.field = "hlim", .value = (hops)},                                                    \
            {.field = "dst", .value = ICMPV6_GROUP(group)}                                         \
        }                                                                                          \
    }

void icmpv6_finish(struct build *build, struct build_layer *layer);
// Of messages that answer nothing: as quoted, the stimulus's bytes behind the checksum, as far as there are both.
// In Scapy's rules, of messages behind an extension header: those of the same type and code.
bool icmpv6_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                    const struct answer_rules *rules);

// Whether layer i is a message of ICMPv6.
bool icmpv6_is_message(const struct view *view, unsigned i);

#endif
