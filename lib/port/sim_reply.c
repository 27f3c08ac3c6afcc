#include "port/sim_reply.h"

#include "packet/bytes.h"
#include "packet/checksum.h"

#define ETHERNET_LEAST 60 // without FCS

struct mac sim_reply_mac(const uint8_t *address, uint16_t address_bytes)
{
    struct mac mac = {{2, address_bytes == 4 ? 4 : 6}};

    memcpy(mac.bytes + 2, address + address_bytes - 4, 4);
    return mac;
}

void sim_reply_link(const struct sim_frame *to, const uint8_t *source, uint8_t *bytes)
{
    struct mac mac = sim_reply_mac(source, to->address_bytes);

    memcpy(bytes, to->bytes + 6, 6);
    memcpy(bytes + 6, to->bytes[0] & 1 ? mac.bytes : to->bytes, 6);
    memcpy(bytes + 12, to->bytes + 12, (size_t)(to->l2_bytes - 12));
}

uint16_t sim_reply_pad(uint8_t *bytes, uint16_t len)
{
    if (len >= ETHERNET_LEAST)
        return len;
    memset(bytes + len, 0, (size_t)(ETHERNET_LEAST - len));
    return ETHERNET_LEAST;
}

void sim_reply_start(struct sim_reply *reply, const struct sim_frame *to, uint8_t *bytes)
{
    uint16_t ip_header = to->l3 == SIM_L3_IPV4 ? 20 : 40;

    *reply = (struct sim_reply){
        .to = to, .bytes = bytes, .l4 = bytes + to->l2_bytes + ip_header, .source = to->dst};
}

static void put_ipv4(const struct sim_reply *reply, uint8_t *ip)
{
    ip[0] = 0x45;
    ip[1] = reply->tos;
    put16(ip + 2, (uint16_t)(20 + reply->l4_bytes));
    put16(ip + 4, reply->id);
    put16(ip + 6, reply->id == 0 ? 0x4000 : 0);
    ip[8] = reply->ttl;
    ip[9] = reply->proto;
    put16(ip + 10, 0);
    memcpy(ip + 12, reply->source, 4);
    memcpy(ip + 16, reply->to->src, 4);
    put16(ip + 10, (uint16_t)~checksum_fold(checksum_add(ip, 20)));
}

static void put_ipv6(const struct sim_reply *reply, uint8_t *ip)
{
    put32(ip, 0x60000000 | (uint32_t)reply->tos << 20);
    put16(ip + 4, reply->l4_bytes);
    ip[6] = reply->proto;
    ip[7] = reply->ttl;
    memcpy(ip + 8, reply->source, 16);
    memcpy(ip + 24, reply->to->src, 16);
}

static void put_l4_checksum(const struct sim_reply *reply, uint16_t at)
{
    uint64_t sum;
    uint16_t checksum;

    put16(reply->l4 + at, 0);
    sum = checksum_add(reply->l4, reply->l4_bytes);
    if (reply->proto != SIM_ICMP)
        sum += sim_frame_pseudo_sum(reply->source, reply->to->src, reply->to->address_bytes, reply->proto,
                                    reply->l4_bytes);
    checksum = (uint16_t)~checksum_fold(sum);
    if (checksum == 0 && reply->proto == SIM_UDP)
        checksum = 0xffff; // RFC 768: 0 would say that there is none
    put16(reply->l4 + at, checksum);
}

uint16_t sim_reply_finish(struct sim_reply *reply, uint16_t checksum_at)
{
    uint8_t *ip = reply->bytes + reply->to->l2_bytes;

    sim_reply_link(reply->to, reply->source, reply->bytes);
    put_l4_checksum(reply, checksum_at);
    if (reply->to->l3 == SIM_L3_IPV4)
        put_ipv4(reply, ip);
    else
        put_ipv6(reply, ip);
    return sim_reply_pad(reply->bytes, (uint16_t)(reply->l4 - reply->bytes + reply->l4_bytes));
}
