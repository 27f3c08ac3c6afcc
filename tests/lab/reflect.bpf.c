// A responder in XDP, for measuring probers at rates that a kernel's own stack cannot answer: ICMP echo,
// TCP SYN (SYN/ACK from even ports, RST/ACK from odd ones) and UDP (the same payload back), for 198.19.0.0/16
// and 2001:2:0:1::/64. It belongs on one end of a veth pair. Its answers reach the other end only if that has an
// XDP program too: `pass`, or AF_XDP's own. (GRO alone opens the way as well, but on Linux 6.18 answers then wait
// for the next ordinary frame.)
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#define SECTION(name) __attribute__((section(name), used))
#define swap(a, b)                 \
    do {                           \
        __typeof__(a) swap_ = (a); \
        (a) = (b);                 \
        (b) = swap_;               \
    } while (0)
#define be16(x) __builtin_bswap16(x)
#define be32(x) __builtin_bswap32(x)

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };

// ICMP and ICMPv6 alike; <linux/icmp.h> would pull in headers of the C library.
struct echo {
    __u8 type, code;
    __u16 checksum, id, sequence;
};

static __always_inline __u16 fold(__u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)sum;
}

// The type is the first byte, so one more in it is one less in the little-endian checksum, and 8 less is 8 more.
static __always_inline int reflect_echo(void *header, void *end, __u8 request, __u8 reply)
{
    struct echo *icmp = header;

    if ((void *)(icmp + 1) > end || icmp->type != request)
        return XDP_PASS;
    icmp->type = reply;
    icmp->checksum =
        fold((__u32)icmp->checksum + (request > reply ? request - reply : 0xffff - (reply - request)));
    return XDP_TX;
}

typedef __u16 __attribute__((may_alias)) word;

static __always_inline __u32 sum_after_ports(const struct tcphdr *tcp)
{
    const word *words = (const word *)tcp;

    return (__u32)words[2] + words[3] + words[4] + words[5] + words[6];
}

static __always_inline int reflect_tcp(struct tcphdr *tcp, void *end)
{
    if ((void *)(tcp + 1) > end || !tcp->syn || tcp->ack)
        return XDP_DROP;

    int is_open = !(be16(tcp->dest) & 1);
    __u32 ack = be32(be32(tcp->seq) + 1);
    // RFC 1624, equation 3: take the old words out and put the new ones in; swapped ports sum up alike.
    __u32 sum = (__u16)~tcp->check + 5u * 0xffff - sum_after_ports(tcp);

    tcp->seq = is_open ? be32(0x12345678) : 0;
    tcp->ack_seq = ack;
    tcp->ack = 1;
    if (!is_open) {
        tcp->syn = 0;
        tcp->rst = 1;
    }
    tcp->check = (__u16)~fold(sum + sum_after_ports(tcp));
    swap(tcp->source, tcp->dest);
    return XDP_TX;
}

static __always_inline int reflect_udp(struct udphdr *udp, void *end)
{
    if ((void *)(udp + 1) > end)
        return XDP_DROP;
    swap(udp->source, udp->dest);
    return XDP_TX;
}

static __always_inline int reflect_payload(__u8 protocol, void *header, void *end)
{
    switch (protocol) {
    case PROTOCOL_ICMP:
        return reflect_echo(header, end, 8, 0);
    case PROTOCOL_ICMPV6:
        return reflect_echo(header, end, 128, 129);
    case PROTOCOL_TCP:
        return reflect_tcp(header, end);
    case PROTOCOL_UDP:
        return reflect_udp(header, end);
    default:
        return XDP_DROP;
    }
}

static __always_inline int reflect_ipv4(struct iphdr *ip, void *end)
{
    if ((void *)(ip + 1) > end || ip->ihl != 5 || (ip->daddr & be32(0xffff0000)) != be32(0xc6130000))
        return XDP_PASS;
    int verdict = reflect_payload(ip->protocol, ip + 1, end);
    if (verdict == XDP_TX)
        swap(ip->saddr, ip->daddr);
    return verdict;
}

static __always_inline int reflect_ipv6(struct ipv6hdr *ip, void *end)
{
    if ((void *)(ip + 1) > end || ip->daddr.s6_addr32[0] != be32(0x20010002) ||
        ip->daddr.s6_addr32[1] != be32(0x00000001))
        return XDP_PASS;
    int verdict = reflect_payload(ip->nexthdr, ip + 1, end);
    if (verdict == XDP_TX)
        swap(ip->saddr, ip->daddr);
    return verdict;
}

SECTION("xdp") int reflect(struct xdp_md *context)
{
    void *end = (void *)(long)context->data_end;
    struct ethhdr *ether = (void *)(long)context->data;
    int verdict = XDP_PASS;

    if ((void *)(ether + 1) > end)
        return XDP_PASS;
    if (ether->h_proto == be16(ETH_P_IP))
        verdict = reflect_ipv4((void *)(ether + 1), end);
    else if (ether->h_proto == be16(ETH_P_IPV6))
        verdict = reflect_ipv6((void *)(ether + 1), end);
    if (verdict == XDP_TX)
        for (int i = 0; i < ETH_ALEN; i++)
            swap(ether->h_dest[i], ether->h_source[i]);
    return verdict;
}

SECTION("xdp") int pass(struct xdp_md *context)
{
    (void)context;
    return XDP_PASS;
}

char licence[] SECTION("license") = "GPL";
