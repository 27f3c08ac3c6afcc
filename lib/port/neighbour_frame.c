#include "port/neighbour_frame.h"

#include "packet/bytes.h"
#include "packet/checksum.h"

#define ETHERNET_BYTES 14
#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_IPV6 0x86dd

// ARP for Ethernet and IPv4, from the Ethernet payload on.
#define ARP_BYTES      28
#define ARP_KINDS      0x0001080006040000u // Ethernet, IPv4, their lengths; the last 16 bits are the operation
#define ARP_REQUEST    1
#define ARP_REPLY      2
#define ARP_SENDER_MAC 8
#define ARP_SENDER     14
#define ARP_TARGET_MAC 18
#define ARP_TARGET     24

#define IPV6_BYTES     40
#define IPV6_ICMP      58
#define IPV6_HOP_LIMIT 255 // nobody off the link can send this (RFC 4861 3.1)

// A solicitation or advertisement, from the ICMPv6 header on.
#define ND_BYTES         24
#define ND_OPTION_BYTES  8
#define ND_FLAGS         4
#define ND_TARGET        8
#define ND_SOLICITATION  135
#define ND_ADVERTISEMENT 136
#define ND_SOURCE_MAC    1
#define ND_TARGET_MAC    2
#define ND_SOLICITED     0x40000000u
#define ND_OVERRIDE      0x20000000u

static const struct mac mac_broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct mac mac_none = {{0}};

static struct address group_of(const struct address *target)
{
    // ff02::1:ff00:0/104 and the last 24 bits (RFC 4291 2.7.1)
    u128 value = (u128)0xff02 << 112 | (u128)0x1ff000000 | (target->value & 0xffffff);

    return (struct address){.value = value, .family = 6};
}

static const struct address *all_nodes(void)
{
    static const struct address address = {.value = (u128)0xff02 << 112 | 1, .family = 6};

    return &address;
}

static void put_ethernet(uint8_t *frame, const struct mac *to, const struct mac *from, uint16_t type)
{
    memcpy(frame, to->bytes, 6);
    memcpy(frame + 6, from->bytes, 6);
    put16(frame + 12, type);
}

struct arp {
    uint16_t operation;
    const struct mac *sender_mac, *target_mac;
    uint32_t sender, target;
};

static uint16_t put_arp(uint8_t *frame, const struct mac *to, const struct arp *arp)
{
    uint8_t *p = frame + ETHERNET_BYTES;

    put_ethernet(frame, to, arp->sender_mac, ETHERTYPE_ARP);
    put64(p, ARP_KINDS | arp->operation);
    memcpy(p + ARP_SENDER_MAC, arp->sender_mac->bytes, 6);
    put32(p + ARP_SENDER, arp->sender);
    memcpy(p + ARP_TARGET_MAC, arp->target_mac->bytes, 6);
    put32(p + ARP_TARGET, arp->target);
    return ETHERNET_BYTES + ARP_BYTES;
}

// Over the pseudo-header (RFC 8200 8.1): `ip` is followed by `len` bytes of ICMPv6.
static uint16_t icmp_checksum(const uint8_t *ip, uint16_t len)
{
    uint64_t sum = checksum_add(ip + 8, 32) + len + IPV6_ICMP + checksum_add(ip + IPV6_BYTES, len);

    return (uint16_t)~checksum_fold(sum);
}

struct nd {
    uint8_t type, option; // option 0: none
    uint32_t flags;
    const struct address *from, *to, *target;
    const struct mac *mac;
};

static uint16_t put_nd(uint8_t *frame, const struct mac *to, const struct nd *nd)
{
    uint8_t *ip = frame + ETHERNET_BYTES, *icmp = ip + IPV6_BYTES;
    uint16_t len = nd->option != 0 ? ND_BYTES + ND_OPTION_BYTES : ND_BYTES;

    put_ethernet(frame, to, nd->mac, ETHERTYPE_IPV6);
    put32(ip, 0x60000000);
    put16(ip + 4, len);
    ip[6] = IPV6_ICMP;
    ip[7] = IPV6_HOP_LIMIT;
    put128(ip + 8, nd->from->value);
    put128(ip + 24, nd->to->value);
    put32(icmp, (uint32_t)nd->type << 24);
    put32(icmp + ND_FLAGS, nd->flags);
    put128(icmp + ND_TARGET, nd->target->value);
    if (nd->option != 0) {
        icmp[ND_BYTES] = nd->option;
        icmp[ND_BYTES + 1] = 1; // times 8 bytes
        memcpy(icmp + ND_BYTES + 2, nd->mac->bytes, 6);
    }
    put16(icmp + 2, icmp_checksum(ip, len));
    return (uint16_t)(ETHERNET_BYTES + IPV6_BYTES + len);
}

uint16_t neighbour_frame_question(uint8_t *frame, const struct mac *mac, const struct address *source,
                                  const struct address *target)
{
    struct address group, none = {.family = 6};
    struct mac to;
    struct nd nd;

    if (target->family == 4) {
        struct arp arp = {ARP_REQUEST, mac, &mac_none, source->family == 4 ? (uint32_t)source->value : 0,
                          (uint32_t)target->value};

        return put_arp(frame, &mac_broadcast, &arp);
    }
    group = group_of(target);
    to = mac_of_group(&group);
    // Without a source address the option must not be there (RFC 4861 4.3).
    nd = (struct nd){.type = ND_SOLICITATION, .from = &none, .to = &group, .target = target, .mac = mac};
    if (source->family == 6) {
        nd.from = source;
        nd.option = ND_SOURCE_MAC;
    }
    return put_nd(frame, &to, &nd);
}

uint16_t neighbour_frame_answer(uint8_t *frame, const struct mac *mac, const struct address *own,
                                const struct mac *asker_mac, const struct address *asker)
{
    struct nd nd = {.type = ND_ADVERTISEMENT,
                    .option = ND_TARGET_MAC,
                    .flags = ND_OVERRIDE | ND_SOLICITED,
                    .from = own,
                    .to = asker,
                    .target = own,
                    .mac = mac};
    struct mac group_mac;

    if (own->family == 4) {
        struct arp arp = {ARP_REPLY, mac, asker_mac, (uint32_t)own->value, (uint32_t)asker->value};

        return put_arp(frame, asker_mac, &arp);
    }
    if (asker->value != 0)
        return put_nd(frame, asker_mac, &nd);
    nd.flags = ND_OVERRIDE;
    nd.to = all_nodes();
    group_mac = mac_of_group(nd.to);
    return put_nd(frame, &group_mac, &nd);
}

// A MAC that one neighbour can have.
static bool is_unicast(const uint8_t *mac)
{
    return (mac[0] & 1) == 0 && memcmp(mac, mac_none.bytes, 6) != 0;
}

static struct mac mac_at(const uint8_t *p)
{
    struct mac mac;

    memcpy(mac.bytes, p, 6);
    return mac;
}

static struct address address4(uint32_t value)
{
    return (struct address){.value = value, .family = 4};
}

// The ARP packet of that operation in the frame, or NULL.
static const uint8_t *find_arp(const uint8_t *frame, uint16_t len, uint16_t operation)
{
    const uint8_t *p = frame + ETHERNET_BYTES;

    if (len < ETHERNET_BYTES + ARP_BYTES || get16(frame + 12) != ETHERTYPE_ARP)
        return NULL;
    if (get64(p) != (ARP_KINDS | operation) || !is_unicast(p + ARP_SENDER_MAC))
        return NULL;
    return p;
}

// The ICMPv6 message of that type in the frame, or NULL; all that RFC 4861 7.1.1 and 7.1.2 want of both. *mac is
// the option's MAC, or NULL.
static const uint8_t *find_nd(const uint8_t *frame, uint16_t len, uint8_t type, const uint8_t **mac)
{
    const uint8_t *ip = frame + ETHERNET_BYTES, *icmp = ip + IPV6_BYTES;
    uint8_t wanted = type == ND_SOLICITATION ? ND_SOURCE_MAC : ND_TARGET_MAC;
    uint16_t bytes;

    if (len < ETHERNET_BYTES + IPV6_BYTES + ND_BYTES || get16(frame + 12) != ETHERTYPE_IPV6)
        return NULL;
    bytes = get16(ip + 4);
    if (ip[0] >> 4 != 6 || ip[6] != IPV6_ICMP || ip[7] != IPV6_HOP_LIMIT || bytes < ND_BYTES ||
        bytes > len - ETHERNET_BYTES - IPV6_BYTES)
        return NULL;
    if (icmp[0] != type || icmp[1] != 0 || icmp[ND_TARGET] == 0xff || icmp_checksum(ip, bytes) != 0)
        return NULL;
    *mac = NULL;
    for (uint16_t at = ND_BYTES; at < bytes;) {
        uint16_t left = (uint16_t)(bytes - at), size;

        if (left < 2 || icmp[at + 1] == 0)
            return NULL;
        size = (uint16_t)(icmp[at + 1] * 8);
        if (size > left)
            return NULL;
        if (icmp[at] == wanted && size == ND_OPTION_BYTES)
            *mac = icmp + at + 2;
        at = (uint16_t)(at + size);
    }
    return *mac == NULL || is_unicast(*mac) ? icmp : NULL;
}

static bool parse_solicitation(const uint8_t *frame, uint16_t len, struct neighbour_question *question)
{
    const uint8_t *ip = frame + ETHERNET_BYTES, *mac;
    const uint8_t *icmp = find_nd(frame, len, ND_SOLICITATION, &mac);
    struct address group;

    if (icmp == NULL)
        return false;
    question->target = address_from_bytes(6, icmp + ND_TARGET);
    question->asker = address_from_bytes(6, ip + 8);
    group = group_of(&question->target);
    if (address_is_multicast(&question->asker))
        return false;
    if (question->asker.value == 0 && (get128(ip + 24) != group.value || mac != NULL))
        return false;
    if (mac == NULL)
        mac = frame + 6;
    question->asker_mac = mac_at(mac);
    return is_unicast(mac);
}

bool neighbour_frame_parse_question(const uint8_t *frame, uint16_t len, struct neighbour_question *question)
{
    const uint8_t *arp = find_arp(frame, len, ARP_REQUEST);

    if (arp == NULL)
        return parse_solicitation(frame, len, question);
    question->target = address4(get32(arp + ARP_TARGET));
    question->asker = address4(get32(arp + ARP_SENDER));
    question->asker_mac = mac_at(arp + ARP_SENDER_MAC);
    return true;
}

bool neighbour_frame_parse_answer(const uint8_t *frame, uint16_t len, struct neighbour_claim *claim)
{
    const uint8_t *arp = find_arp(frame, len, ARP_REPLY), *icmp, *mac;

    if (arp != NULL) {
        claim->address = address4(get32(arp + ARP_SENDER));
        claim->mac = mac_at(arp + ARP_SENDER_MAC);
        claim->is_solicited = true;
        return true;
    }
    icmp = find_nd(frame, len, ND_ADVERTISEMENT, &mac);
    if (icmp == NULL || mac == NULL)
        return false;
    claim->address = address_from_bytes(6, icmp + ND_TARGET);
    claim->mac = mac_at(mac);
    claim->is_solicited = (get32(icmp + ND_FLAGS) & ND_SOLICITED) != 0;
    // To a group it answers nobody (RFC 4861 7.1.2).
    return !claim->is_solicited || frame[ETHERNET_BYTES + 24] != 0xff;
}
