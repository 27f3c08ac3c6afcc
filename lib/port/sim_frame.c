#include "port/sim_frame.h"

#include "packet/bytes.h"
#include "packet/checksum.h"

static void parse_arp(struct sim_frame *f, const uint8_t *arp, uint16_t len)
{
    static const uint8_t who_has[8] = {0, 1, 8, 0, 6, 4, 0, 1}; // RFC 826, for IPv4 over Ethernet

    if (len < 28 || memcmp(arp, who_has, sizeof(who_has)) != 0)
        return;
    f->l3 = SIM_L3_ARP;
    f->ip = arp;
    f->ip_bytes = 28;
    f->address_bytes = 4;
    f->src = arp + 14;
    f->dst = arp + 24;
}

static void parse_ipv4(struct sim_frame *f, const uint8_t *ip, uint16_t len)
{
    uint16_t header, total;

    if (len < 20 || ip[0] >> 4 != 4)
        return;
    header = (uint16_t)((ip[0] & 15) * 4);
    total = get16(ip + 2);
    if (header < 20 || total < header || total > len || checksum_fold(checksum_add(ip, header)) != 0xffff)
        return;
    f->l3 = SIM_L3_IPV4;
    f->ip = ip;
    f->ip_bytes = total;
    f->address_bytes = 4;
    f->src = ip + 12;
    f->dst = ip + 16;
    f->ttl = ip[8];
    f->proto = ip[9];
    f->fragment_offset = get16(ip + 6) & 0x1fff;
    f->more_fragments = get16(ip + 6) & 0x2000;
    f->l4 = ip + header;
    f->l4_bytes = (uint16_t)(total - header);
}

static void parse_ipv6(struct sim_frame *f, const uint8_t *ip, uint16_t len)
{
    if (len < 40 || ip[0] >> 4 != 6 || get16(ip + 4) > len - 40)
        return;
    f->l3 = SIM_L3_IPV6;
    f->ip = ip;
    f->l4_bytes = get16(ip + 4);
    f->ip_bytes = (uint16_t)(40 + f->l4_bytes);
    f->address_bytes = 16;
    f->src = ip + 8;
    f->dst = ip + 24;
    f->ttl = ip[7];
    f->proto = ip[6];
    f->l4 = ip + 40;
}

static void parse_ports(struct sim_frame *f)
{
    if (f->l4_bytes < 8 || f->fragment_offset != 0)
        return;
    if (f->proto == SIM_TCP || f->proto == SIM_UDP) {
        f->sport = get16(f->l4);
        f->dport = get16(f->l4 + 2);
    } else if ((f->l3 == SIM_L3_IPV4 && f->proto == SIM_ICMP && (f->l4[0] == 8 || f->l4[0] == 0)) ||
               (f->l3 == SIM_L3_IPV6 && f->proto == SIM_ICMP6 && (f->l4[0] | 1) == 129)) {
        f->sport = get16(f->l4 + 4);
        f->dport = get16(f->l4 + 6);
    }
}

void sim_frame_parse(struct sim_frame *f, const uint8_t *bytes, uint16_t len)
{
    uint16_t at = 12, type;

    *f = (struct sim_frame){.bytes = bytes, .len = len, .l3 = SIM_L3_NONE};
    if (len < 14)
        return;
    type = get16(bytes + at);
    for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8) && at + 6 <= len; tags++) {
        at = (uint16_t)(at + 4);
        type = get16(bytes + at);
    }
    at = (uint16_t)(at + 2);
    f->l2_bytes = at;
    if (type == 0x0806)
        parse_arp(f, bytes + at, (uint16_t)(len - at));
    else if (type == 0x0800)
        parse_ipv4(f, bytes + at, (uint16_t)(len - at));
    else if (type == 0x86dd)
        parse_ipv6(f, bytes + at, (uint16_t)(len - at));
    parse_ports(f);
}

uint64_t sim_frame_pseudo_sum(const uint8_t *src, const uint8_t *dst, uint16_t address_bytes, uint8_t proto,
                              uint16_t l4_bytes)
{
    return checksum_add(src, address_bytes) + checksum_add(dst, address_bytes) + proto + l4_bytes;
}

static bool sum_is_right(const struct sim_frame *f, bool pseudo)
{
    uint64_t sum = checksum_add(f->l4, f->l4_bytes);

    if (pseudo)
        sum += sim_frame_pseudo_sum(f->src, f->dst, f->address_bytes, f->proto, f->l4_bytes);
    return checksum_fold(sum) == 0xffff;
}

// RFC 768: the length may leave out bytes at the end; without a checksum only over IPv4 (RFC 8200 8.1).
static bool udp_is_valid(const struct sim_frame *f)
{
    struct sim_frame udp = *f;

    if (f->l4_bytes < 8 || get16(f->l4 + 4) < 8 || get16(f->l4 + 4) > f->l4_bytes)
        return false;
    if (get16(f->l4 + 6) == 0)
        return f->l3 == SIM_L3_IPV4;
    udp.l4_bytes = get16(f->l4 + 4);
    return sum_is_right(&udp, true);
}

bool sim_frame_l4_valid(const struct sim_frame *f)
{
    bool v4 = f->l3 == SIM_L3_IPV4;

    if (f->proto == SIM_TCP)
        return f->l4_bytes >= 20 && f->l4[12] >> 4 >= 5 && (f->l4[12] >> 4) * 4 <= f->l4_bytes &&
               sum_is_right(f, true);
    if (f->proto == SIM_UDP)
        return udp_is_valid(f);
    if ((v4 && f->proto == SIM_ICMP) || (!v4 && f->proto == SIM_ICMP6))
        return f->l4_bytes >= 8 && sum_is_right(f, !v4);
    return true;
}
