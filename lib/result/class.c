#include "result/class.h"

#include "packet/bytes.h"

#define TCP_FLAGS_AT 13
#define TCP_SYN      0x02
#define TCP_RST      0x04
#define TCP_ACK      0x10

#define ARP_OPERATION_AT 6
#define ARP_REPLY        2

static const char *const class_names[] = {
#define CLASS(id, name) name,
#include "result/classes.list"
#undef CLASS
};

const char *class_name(enum answer_class id)
{
    return class_names[id];
}

void class_key(enum answer_class id, char key[CLASS_KEY_MAX])
{
    const char *name = class_names[id];
    unsigned at = 0;

    for (; name[at] != '\0' && at < CLASS_KEY_MAX - 1; at++)
        key[at] = name[at] == '-' ? '_' : name[at];
    key[at] = '\0';
}

static enum answer_class class_of_tcp(const uint8_t *header, unsigned len)
{
    uint8_t flags;

    if (len <= TCP_FLAGS_AT)
        return CLASS_OTHER;
    flags = header[TCP_FLAGS_AT];
    if ((flags & TCP_RST) != 0)
        return CLASS_RST;
    return (flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) ? CLASS_SYNACK : CLASS_TCP_OTHER;
}

// RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1.
static enum answer_class class_of_unreachable(uint8_t code)
{
    static const uint8_t classes[] = {
        [0] = CLASS_UNREACHABLE_NET,    [1] = CLASS_UNREACHABLE_HOST,   [2] = CLASS_UNREACHABLE_PROTO,
        [3] = CLASS_UNREACHABLE_PORT,   [4] = CLASS_PACKET_TOO_BIG,     [5] = CLASS_UNREACHABLE_OTHER,
        [6] = CLASS_UNREACHABLE_NET,    [7] = CLASS_UNREACHABLE_HOST,   [8] = CLASS_UNREACHABLE_OTHER,
        [9] = CLASS_UNREACHABLE_ADMIN,  [10] = CLASS_UNREACHABLE_ADMIN, [11] = CLASS_UNREACHABLE_NET,
        [12] = CLASS_UNREACHABLE_HOST,  [13] = CLASS_UNREACHABLE_ADMIN, [14] = CLASS_UNREACHABLE_OTHER,
        [15] = CLASS_UNREACHABLE_ADMIN,
    };

    return code < ARRAY_SIZE(classes) ? (enum answer_class)classes[code] : CLASS_UNREACHABLE_OTHER;
}

// RFC 792; RFC 4443 has the same kinds in layers of their own.
static enum answer_class class_of_icmp(const uint8_t *header, unsigned len)
{
    if (len < 2)
        return CLASS_OTHER;
    switch (header[0]) {
    case 0:
        return CLASS_ECHO_REPLY;
    case 3:
        return class_of_unreachable(header[1]);
    case 4:
        return CLASS_SOURCE_QUENCH;
    case 5:
        return CLASS_REDIRECT;
    case 11:
        return CLASS_TIME_EXCEEDED;
    case 12:
        return CLASS_PARAMETER_PROBLEM;
    case 14:
        return CLASS_TIMESTAMP_REPLY;
    default:
        return CLASS_OTHER;
    }
}

// RFC 4443 3.1.
static enum answer_class class_of_unreachable6(const uint8_t *header, unsigned len)
{
    if (len < 2)
        return CLASS_OTHER;
    switch (header[1]) {
    case 0: // no route
        return CLASS_UNREACHABLE_NET;
    case 1:
    case 5: // source address failed policy
    case 6: // reject route
        return CLASS_UNREACHABLE_ADMIN;
    case 3:
        return CLASS_UNREACHABLE_HOST;
    case 4:
        return CLASS_UNREACHABLE_PORT;
    default:
        return CLASS_UNREACHABLE_OTHER;
    }
}

static enum answer_class class_of_arp(const uint8_t *header, unsigned len)
{
    if (len < ARP_OPERATION_AT + 2 || get16(header + ARP_OPERATION_AT) != ARP_REPLY)
        return CLASS_OTHER;
    return CLASS_ARP_REPLY;
}

static enum answer_class class_of_layer(uint8_t id, const uint8_t *header, unsigned len)
{
    switch (id) {
    case LAYER_TCP:
        return class_of_tcp(header, len);
    case LAYER_UDP:
        return CLASS_UDP;
    case LAYER_ICMP:
        return class_of_icmp(header, len);
    case LAYER_ARP:
        return class_of_arp(header, len);
    case LAYER_ICMPV6_ECHO_REPLY:
        return CLASS_ECHO_REPLY;
    case LAYER_ICMPV6_DEST_UNREACH:
        return class_of_unreachable6(header, len);
    case LAYER_ICMPV6_PACKET_TOO_BIG:
        return CLASS_PACKET_TOO_BIG;
    case LAYER_ICMPV6_TIME_EXCEEDED:
        return CLASS_TIME_EXCEEDED;
    case LAYER_ICMPV6_PARAM_PROBLEM:
        return CLASS_PARAMETER_PROBLEM;
    case LAYER_ICMPV6_NA:
        return CLASS_NEIGHBOUR_ADVERT;
    default:
        return CLASS_OTHER;
    }
}

enum answer_class class_of(const struct view *view)
{
    enum answer_class class = CLASS_OTHER;

    for (unsigned i = 0; i < view->n && !view->layers[i].quoted; i++) {
        const struct view_layer *layer = &view->layers[i];
        enum answer_class found = class_of_layer(layer->id, view_header(view, i), layer->header_bytes);

        if (found != CLASS_OTHER)
            class = found;
    }
    return class;
}
