#include "port/sim_host.h"

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "port/sim_random.h"
#include "port/sim_reply.h"

#define TTL_START      64
#define ERROR_TOS      0xc0 // internetwork control, as Linux marks its ICMP errors
#define ERROR_LIMIT_V4 576  // of an error's IP packet: RFC 1812 4.3.2.3
#define ERROR_LIMIT_V6 1280 // RFC 4443 2.4 (c)

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
enum draw { DRAW_ALIVE = 1, DRAW_ID, DRAW_SEQ, DRAW_STRAY_PORTS, DRAW_STRAY_ACK };

static const uint8_t own4[4] = {198, 18, 0, 1};
static const uint8_t own6[16] = {0x20, 1, 0, 2, [15] = 1};
static const uint8_t zero16[16];

static bool is_own(const struct sim_frame *f, const uint8_t *address)
{
    return memcmp(address, f->address_bytes == 4 ? own4 : own6, f->address_bytes) == 0;
}

static bool is_zero(const struct sim_frame *f, const uint8_t *address)
{
    return memcmp(address, zero16, f->address_bytes) == 0;
}

// Multicast, or broadcast.
static bool is_group(const struct sim_frame *f, const uint8_t *address)
{
    return f->address_bytes == 16 ? address[0] == 0xff
                                  : address[0] >> 4 == 0xe || get32(address) == UINT32_MAX;
}

static enum sim_answer answer_arp(const struct sim_frame *f, uint8_t *out, uint16_t *len)
{
    struct mac mac = sim_reply_mac(f->dst, 4);
    uint8_t *arp = out + f->l2_bytes;

    if (is_own(f, f->dst) || is_zero(f, f->dst) || is_group(f, f->dst) || memcmp(f->src, f->dst, 4) == 0)
        return SIM_ANSWER_NONE;
    sim_reply_link(f, f->dst, out);
    memcpy(out + 6, mac.bytes, 6);
    memcpy(arp, f->ip, 8);
    arp[7] = 2;
    memcpy(arp + 8, mac.bytes, 6);
    memcpy(arp + 14, f->dst, 4);
    memcpy(arp + 18, f->ip + 8, 10);
    *len = sim_reply_pad(out, (uint16_t)(f->l2_bytes + 28));
    return SIM_ANSWER_ARP_REPLY;
}

// RFC 4861 7.2.4. An asker without an address (RFC 4862 5.4) is told by way of all nodes.
static enum sim_answer answer_solicitation(const struct sim_frame *f, uint8_t *out, uint16_t *len)
{
    static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
    static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
    const uint8_t *target = f->l4 + 8;
    bool nameless = is_zero(f, f->src);
    struct sim_frame to = *f;
    struct sim_reply reply;
    struct mac mac = sim_reply_mac(target, 16);

    if (f->ttl != 255 || f->l4[1] != 0 || !sim_frame_l4_valid(f))
        return SIM_ANSWER_INVALID;
    if (is_own(f, target) || is_zero(f, target) || is_group(f, target) || is_group(f, f->src) ||
        memcmp(f->src, target, 16) == 0)
        return SIM_ANSWER_NONE;
    to.src = nameless ? all_nodes : f->src;
    sim_reply_start(&reply, &to, out);
    put32(reply.l4, 136u << 24);
    put32(reply.l4 + 4, nameless ? 0x20000000 : 0x60000000); // solicited, override
    memcpy(reply.l4 + 8, target, 16);
    put16(reply.l4 + 24, 0x0201); // target link-layer address, one unit of 8 bytes
    memcpy(reply.l4 + 26, mac.bytes, 6);
    reply.source = target;
    reply.proto = SIM_ICMP6;
    reply.ttl = 255;
    reply.l4_bytes = 32;
    *len = sim_reply_finish(&reply, 2);
    memcpy(out + 6, mac.bytes, 6);
    if (nameless)
        memcpy(out, all_nodes_mac, 6);
    return SIM_ANSWER_ADVERTISEMENT;
}

static uint16_t ip_id(const struct sim_options *options, const struct sim_frame *f)
{
    uint64_t hash =
        sim_hash(options->seed, f->ip + f->ip_bytes - f->l4_bytes, f->l4_bytes < 16 ? f->l4_bytes : 16);

    return (uint16_t)(sim_draw(hash, DRAW_ID) | 1);
}

static uint8_t host_ttl(const struct sim_options *options)
{
    return (uint8_t)(TTL_START - options->hops);
}

// Quotes as much as fits, with the TTL that the stimulus had where it met its end.
static void send_error(struct sim_reply *reply, const struct sim_options *options, uint8_t type, uint8_t code,
                       uint8_t quoted_ttl)
{
    const struct sim_frame *f = reply->to;
    bool v4 = f->l3 == SIM_L3_IPV4;
    uint64_t limit = v4 ? ERROR_LIMIT_V4 : ERROR_LIMIT_V6;
    uint8_t *quote = reply->l4 + 8;
    uint16_t room, header = (uint16_t)(f->ip_bytes - f->l4_bytes);

    if (limit > options->mtu)
        limit = options->mtu;
    room = (uint16_t)(limit - (v4 ? 28 : 48));
    room = room < f->ip_bytes ? room : f->ip_bytes;
    reply->l4[0] = type;
    reply->l4[1] = code;
    put32(reply->l4 + 4, 0);
    memcpy(quote, f->ip, room);
    quote[v4 ? 8 : 7] = quoted_ttl;
    if (v4) {
        put16(quote + 10, 0);
        put16(quote + 10, (uint16_t)~checksum_fold(checksum_add(quote, header)));
    }
    reply->proto = v4 ? SIM_ICMP : SIM_ICMP6;
    reply->tos = v4 ? ERROR_TOS : 0;
    reply->id = ip_id(options, f);
    reply->l4_bytes = (uint16_t)(8 + room);
}

// RFC 1122 3.2.2, RFC 4443 2.4 (e): never about an error.
static bool is_icmp_error(const struct sim_frame *f)
{
    if (f->l4_bytes == 0 || f->fragment_offset != 0)
        return false;
    if (f->l3 == SIM_L3_IPV6)
        return f->proto == SIM_ICMP6 && f->l4[0] < 128;
    return f->proto == SIM_ICMP &&
           (f->l4[0] == 3 || f->l4[0] == 4 || f->l4[0] == 5 || f->l4[0] == 11 || f->l4[0] == 12);
}

// 198.18.255.hop or 2001:2::ffff:hop.
static enum sim_answer answer_router(const struct sim_options *options, const struct sim_frame *f,
                                     uint8_t *out, uint16_t *len)
{
    uint8_t hop = f->ttl == 0 ? 1 : f->ttl;
    uint8_t router[16] = {198, 18, 255, hop};
    struct sim_reply reply;

    if (is_icmp_error(f))
        return SIM_ANSWER_NONE;
    if (f->l3 == SIM_L3_IPV6)
        put128(router, (u128)0x20010002 << 96 | 0xffff0000 | hop);
    sim_reply_start(&reply, f, out);
    reply.source = router;
    reply.ttl = (uint8_t)(TTL_START + 1 - hop);
    send_error(&reply, options, f->l3 == SIM_L3_IPV4 ? 11 : 3, 0, f->ttl == 0 ? 0 : 1);
    *len = sim_reply_finish(&reply, 2);
    return SIM_ANSWER_TIME_EXCEEDED;
}

static enum sim_answer answer_unreachable(const struct sim_options *options, const struct sim_frame *f,
                                          enum sim_answer answer, uint8_t *out, uint16_t *len)
{
    bool v4 = f->l3 == SIM_L3_IPV4, port = answer == SIM_ANSWER_PORT_UNREACHABLE;
    uint8_t type = v4 ? 3 : port ? 1 : 4, code = v4 ? (port ? 3 : 2) : port ? 4 : 1;
    struct sim_reply reply;

    sim_reply_start(&reply, f, out);
    reply.ttl = host_ttl(options);
    send_error(&reply, options, type, code, (uint8_t)(f->ttl - options->hops));
    if (!v4 && !port)
        put32(reply.l4 + 4, 6); // where the next header is that it does not know: RFC 4443 3.4
    *len = sim_reply_finish(&reply, 2);
    return answer;
}

static enum sim_answer answer_icmp(const struct sim_options *options, const struct sim_frame *f, uint8_t *out,
                                   uint16_t *len)
{
    bool v4 = f->l3 == SIM_L3_IPV4;
    struct sim_reply reply;

    if (f->l4[0] != (v4 ? 8 : 128))
        return SIM_ANSWER_NONE;
    sim_reply_start(&reply, f, out);
    memcpy(reply.l4, f->l4, f->l4_bytes);
    reply.l4[0] = v4 ? 0 : 129;
    reply.proto = f->proto;
    reply.ttl = host_ttl(options);
    reply.tos = v4 ? f->ip[1] : 0;
    reply.id = ip_id(options, f);
    reply.l4_bytes = f->l4_bytes;
    *len = sim_reply_finish(&reply, 2);
    return SIM_ANSWER_ECHO_REPLY;
}

static void put_tcp(uint8_t *tcp, uint16_t sport, uint16_t dport, uint32_t seq, uint32_t ack)
{
    put16(tcp, sport);
    put16(tcp + 2, dport);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    put16(tcp + 12, 0x5000);
    put32(tcp + 14, 0);
    put16(tcp + 18, 0);
}

static void put_syn_ack(struct sim_reply *reply, uint64_t mtu)
{
    put16(reply->l4 + 12, 0x6000 | TCP_SYN | TCP_ACK);
    put16(reply->l4 + 14, 65535);
    put16(reply->l4 + 20, 0x0204); // maximum segment size, 4 bytes
    put16(reply->l4 + 22, (uint16_t)(mtu - (reply->to->l3 == SIM_L3_IPV4 ? 40 : 60)));
    reply->l4_bytes = 24;
}

// A reset as RFC 9293 3.5.2 has it: it takes its numbers from what it answers.
static void put_rst(struct sim_reply *reply)
{
    const uint8_t *tcp = reply->to->l4;
    uint8_t flags = tcp[13];
    uint32_t data = reply->to->l4_bytes - (tcp[12] >> 4) * 4u;

    if (flags & TCP_ACK) {
        put32(reply->l4 + 4, get32(tcp + 8));
        put16(reply->l4 + 12, 0x5000 | TCP_RST);
    } else {
        put32(reply->l4 + 8, get32(tcp + 4) + data + ((flags & TCP_SYN) != 0) + ((flags & TCP_FIN) != 0));
        put16(reply->l4 + 12, 0x5000 | TCP_RST | TCP_ACK);
    }
    reply->l4_bytes = 20;
}

static enum sim_answer answer_tcp(const struct sim_options *options, const struct sim_frame *f, uint8_t *out,
                                  uint16_t *len)
{
    uint8_t flags = f->l4[13];
    bool open = sim_ports_has(&options->open, f->dport);
    bool syn_ack = open && (flags & (TCP_SYN | TCP_ACK | TCP_FIN)) == TCP_SYN;
    struct sim_reply reply;

    // A listening socket drops what is neither SYN nor ACK, and SYN with FIN.
    if ((flags & TCP_RST) || (open && !syn_ack && !(flags & TCP_ACK)))
        return SIM_ANSWER_NONE;
    sim_reply_start(&reply, f, out);
    put_tcp(reply.l4, f->dport, f->sport, 0, 0);
    if (syn_ack) {
        uint64_t hash = sim_hash(options->seed, f->src, 2u * f->address_bytes);

        put32(reply.l4 + 4, sim_draw(hash ^ get32(f->l4), DRAW_SEQ));
        put32(reply.l4 + 8, get32(f->l4 + 4) + 1);
        put_syn_ack(&reply, options->mtu);
    } else {
        put_rst(&reply);
    }
    reply.proto = SIM_TCP;
    reply.ttl = host_ttl(options);
    *len = sim_reply_finish(&reply, 16);
    return syn_ack ? SIM_ANSWER_SYN_ACK : SIM_ANSWER_RST;
}

static enum sim_answer answer_udp(const struct sim_options *options, const struct sim_frame *f, uint8_t *out,
                                  uint16_t *len)
{
    uint16_t udp_bytes = get16(f->l4 + 4);
    struct sim_reply reply;

    if (!sim_ports_has(&options->udp, f->dport))
        return answer_unreachable(options, f, SIM_ANSWER_PORT_UNREACHABLE, out, len);
    sim_reply_start(&reply, f, out);
    put16(reply.l4, f->dport);
    put16(reply.l4 + 2, f->sport);
    put16(reply.l4 + 4, udp_bytes);
    memcpy(reply.l4 + 8, f->l4 + 8, udp_bytes - 8u);
    if (f->dport == 53 && udp_bytes >= 8 + 12)
        reply.l4[8 + 2] |= 0x80; // a query echoed as a response: QR, RFC 1035 4.1.1
    reply.proto = SIM_UDP;
    reply.ttl = host_ttl(options);
    reply.id = ip_id(options, f);
    reply.l4_bytes = udp_bytes;
    *len = sim_reply_finish(&reply, 6);
    return SIM_ANSWER_UDP;
}

// Extension headers and "no next header": a host would read on, these do not.
static bool is_extension(uint8_t next)
{
    return next == 0 || next == 43 || next == 44 || next == 50 || next == 51 || next == 59 || next == 60;
}

static bool is_alive(const struct sim_options *options, const struct sim_frame *f)
{
    return options->alive == SIM_SHARE_ONE ||
           sim_draw_hits(sim_hash(options->seed, f->dst, f->address_bytes), DRAW_ALIVE, options->alive);
}

static enum sim_answer answer_host(const struct sim_options *options, const struct sim_frame *f, uint8_t *out,
                                   uint16_t *len)
{
    bool v4 = f->l3 == SIM_L3_IPV4;

    if (f->more_fragments || !is_alive(options, f))
        return SIM_ANSWER_NONE;
    if (!sim_frame_l4_valid(f))
        return SIM_ANSWER_INVALID;
    if (f->proto == SIM_TCP)
        return answer_tcp(options, f, out, len);
    if (f->proto == SIM_UDP)
        return answer_udp(options, f, out, len);
    if (f->proto == (v4 ? SIM_ICMP : SIM_ICMP6))
        return answer_icmp(options, f, out, len);
    if (!v4 && is_extension(f->proto))
        return SIM_ANSWER_NONE;
    return answer_unreachable(options, f, SIM_ANSWER_PROTOCOL_UNREACHABLE, out, len);
}

static enum sim_answer answer_ip(const struct sim_options *options, const struct sim_frame *f, uint8_t *out,
                                 uint16_t *len)
{
    if (f->l3 == SIM_L3_IPV6 && f->proto == SIM_ICMP6 && f->l4_bytes >= 24 && f->l4[0] == 135)
        return answer_solicitation(f, out, len);
    // Our own address has a twin out there: a network that holds it is answered whole.
    if (is_group(f, f->dst) || is_zero(f, f->dst) || is_group(f, f->src) || is_zero(f, f->src) ||
        f->fragment_offset != 0)
        return SIM_ANSWER_NONE;
    if (options->hops != 0 && f->ttl <= options->hops)
        return answer_router(options, f, out, len);
    return answer_host(options, f, out, len);
}

enum sim_answer sim_host_answer(const struct sim_options *options, const struct sim_frame *f, uint8_t *out,
                                uint16_t *len)
{
    static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};

    if (f->l3 == SIM_L3_NONE)
        return SIM_ANSWER_INVALID;
    if (memcmp(f->bytes, own_mac, 6) == 0)
        return SIM_ANSWER_NONE;
    return f->l3 == SIM_L3_ARP ? answer_arp(f, out, len) : answer_ip(options, f, out, len);
}

// 203.0.113.0/24 and 2001:db8::/32 are for documentation: nobody scans them here.
void sim_host_stray(const struct sim_frame *f, uint32_t draw, uint8_t *out, uint16_t *len)
{
    uint8_t source[16] = {203, 0, 113, (uint8_t)draw};
    uint32_t ports = sim_draw(draw, DRAW_STRAY_PORTS);
    struct sim_reply reply;

    if (f->l3 == SIM_L3_IPV6)
        put128(source, (u128)0x20010db8 << 96 | draw);
    sim_reply_start(&reply, f, out);
    put_tcp(reply.l4, (uint16_t)ports, (uint16_t)(ports >> 16), draw, sim_draw(draw, DRAW_STRAY_ACK));
    put_syn_ack(&reply, 1500);
    reply.source = source;
    reply.proto = SIM_TCP;
    reply.ttl = TTL_START;
    *len = sim_reply_finish(&reply, 16);
}

struct sim_extent sim_host_extent(const struct sim_frame *f, enum sim_answer answer)
{
    uint16_t ip = f->l3 == SIM_L3_IPV4 ? 20 : 40;
    uint16_t least = answer == SIM_ANSWER_SYN_ACK ? 24 : answer == SIM_ANSWER_RST ? 20 : 8;

    return (struct sim_extent){f->l2_bytes, (uint16_t)(f->l2_bytes + ip + least)};
}
