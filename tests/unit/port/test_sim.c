// The simulated network: each answer of its hosts, what its link does to them, its clocks, counters and log.
// Checksums are verified by a sum of this file's own.
#include "packet/bytes.h"
#include "port/sim.h"
#include "port/sim_frame.h"
#include "port/sim_wheel.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define IP4      14
#define L4       34 // behind IPv4 without options
#define L4_OF_V6 54

static struct port *open_sim_queues(const char *args, uint16_t n_queues)
{
    struct port_options options = {.n_queues = n_queues};
    struct port *port = NULL;
    struct diag diag = {0};

    assert_int_equal(sim_open(&port, args, &options, &diag), 0);
    return port;
}

static struct port *open_sim(const char *args)
{
    char all[256];

    snprintf(all, sizeof(all), "clock=virtual%s%s", args[0] == '\0' ? "" : ",", args);
    return open_sim_queues(all, 1);
}

static void close_sim(struct port *port)
{
    port->ops->close(port);
}

// ---- frames

struct packet {
    uint8_t bytes[2048];
    uint16_t len;
};

static uint16_t sum16(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

// Of an IP packet at ip: addresses, protocol and length, then the layer above.
static uint16_t l4_sum(const uint8_t *ip)
{
    bool v4 = ip[0] >> 4 == 4;
    size_t header = v4 ? (ip[0] & 15u) * 4 : 40, len = v4 ? get16(ip + 2) - header : get16(ip + 4);
    uint8_t proto = ip[v4 ? 9 : 6];
    uint32_t pseudo = 0;

    if (proto != 1)
        pseudo = sum16((uint32_t)(proto + len), ip + (v4 ? 12 : 8), v4 ? 8 : 32);
    return sum16(pseudo, ip + header, len);
}

static size_t checksum_place(uint8_t proto)
{
    return proto == 6 ? 16 : proto == 17 ? 6 : 2;
}

static struct packet ether(uint16_t type)
{
    struct packet p = {.bytes = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, .len = 14};

    put16(p.bytes + 12, type);
    return p;
}

static void fix_ip4(struct packet *p)
{
    put16(p->bytes + IP4 + 10, 0);
    put16(p->bytes + IP4 + 10, (uint16_t)~sum16(0, p->bytes + IP4, 20));
}

static void fix_l4(struct packet *p, uint8_t proto)
{
    uint8_t *place = p->bytes + (p->bytes[12] == 8 ? L4 : L4_OF_V6) + checksum_place(proto);

    put16(place, 0);
    put16(place, (uint16_t)~l4_sum(p->bytes + IP4));
}

// From 198.18.0.1 to 198.19.0.host with `len` bytes behind the IP header.
static struct packet ip4(uint8_t host, uint8_t proto, const void *l4, uint16_t len)
{
    struct packet p = ether(0x0800);
    uint8_t header[20] = {0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, proto, 0, 0, 198, 18, 0, 1, 198, 19, 0, host};

    put16(header + 2, (uint16_t)(20 + len));
    memcpy(p.bytes + IP4, header, 20);
    memcpy(p.bytes + L4, l4, len);
    p.len = (uint16_t)(L4 + len);
    fix_ip4(&p);
    if (proto == 1 || proto == 6 || proto == 17)
        fix_l4(&p, proto);
    return p;
}

// From 2001:2::1 to 2001:2::host.
static struct packet ip6(uint8_t host, uint8_t proto, const void *l4, uint16_t len)
{
    struct packet p = ether(0x86dd);
    uint8_t header[40] = {0x60, 0, 0, 0,        0,    0, proto, 64, 0x20,
                          1,    0, 2, [23] = 1, 0x20, 1, 0,     2,  [39] = host};

    put16(header + 4, len);
    memcpy(p.bytes + IP4, header, 40);
    memcpy(p.bytes + L4_OF_V6, l4, len);
    p.len = (uint16_t)(L4_OF_V6 + len);
    if (proto == 58 || proto == 6 || proto == 17)
        fix_l4(&p, proto);
    return p;
}

static struct packet tcp(int family, uint16_t port, uint8_t flags, uint16_t data)
{
    uint8_t l4[20 + 64] = {0x30, 0x39, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 77, 0x50, flags, 4};

    put16(l4 + 2, port);
    return family == 4 ? ip4(9, 6, l4, (uint16_t)(20 + data)) : ip6(9, 6, l4, (uint16_t)(20 + data));
}

static struct packet udp(int family, uint16_t port, uint16_t data)
{
    uint8_t l4[8 + 1500] = {0x30, 0x39};

    put16(l4 + 2, port);
    put16(l4 + 4, (uint16_t)(8 + data));
    for (uint16_t i = 0; i < data; i++)
        l4[8 + i] = (uint8_t)(i * 7 + 1);
    return family == 4 ? ip4(9, 17, l4, (uint16_t)(8 + data)) : ip6(9, 17, l4, (uint16_t)(8 + data));
}

static struct packet echo(int family, uint16_t seq)
{
    uint8_t l4[8 + 13] = {family == 4 ? 8 : 128, 0, 0, 0, 0xab, 0xcd, 0, 0, 'h', 'e', 'l', 'l', 'o'};

    put16(l4 + 6, seq);
    return family == 4 ? ip4(9, 1, l4, sizeof(l4)) : ip6(9, 58, l4, sizeof(l4));
}

static void set_ttl(struct packet *p, uint8_t ttl)
{
    if (p->bytes[12] == 8) {
        p->bytes[IP4 + 8] = ttl;
        fix_ip4(p);
    } else {
        p->bytes[IP4 + 7] = ttl;
    }
}

// ---- exchanges

static void transmit(struct port *port, uint16_t queue, const struct packet *p)
{
    struct frame frame;

    assert_int_equal(port->ops->tx_get(port, queue, &frame, 1), 1);
    assert_true(frame.room >= p->len || p->len > port->mtu);
    memcpy(frame.data, p->bytes, p->len);
    frame.len = p->len;
    while (port->ops->tx_burst(port, queue, &frame, 1) == 0)
        ;
}

static bool receive(struct port *port, uint16_t queue, struct packet *p)
{
    struct frame frame;

    if (port->ops->rx_burst(port, queue, &frame, 1) == 0)
        return false;
    assert_true(frame.len <= sizeof(p->bytes));
    memcpy(p->bytes, frame.data, frame.len);
    p->len = frame.len;
    port->ops->rx_put(port, queue, &frame, 1);
    return true;
}

// What every whole frame must hold: lengths and checksums.
static void check_frame(const struct packet *p, size_t l2)
{
    const uint8_t *ip = p->bytes + l2;
    uint16_t type = get16(ip - 2);

    assert_true(p->len >= 60);
    if (type == 0x0806) {
        assert_int_equal(p->len, 60);
        return;
    }
    if (type == 0x0800) {
        assert_int_equal(ip[0], 0x45);
        assert_int_equal(sum16(0, ip, 20), 0xffff);
        assert_true(p->len == l2 + get16(ip + 2) || (p->len == 60 && l2 + get16(ip + 2) < 60));
    } else {
        assert_int_equal(type, 0x86dd);
        assert_true(p->len == l2 + 40 + get16(ip + 4) || (p->len == 60 && l2 + get16(ip + 4) + 40 < 60));
    }
    assert_int_equal(l4_sum(ip), 0xffff);
}

// One stimulus; its answer, if one comes.
static bool ask(struct port *port, const struct packet *stimulus, struct packet *answer)
{
    transmit(port, 0, stimulus);
    if (!receive(port, 0, answer))
        return false;
    check_frame(answer, stimulus->bytes[12] == 0x81 || stimulus->bytes[12] == 0x88 ? 18 : 14);
    return true;
}

// ---- hosts

static struct packet who_has(uint32_t sender, uint32_t target)
{
    static const uint8_t arp[14] = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1};
    struct packet p = ether(0x0806);

    memset(p.bytes, 0xff, 6);
    memcpy(p.bytes + 14, arp, sizeof(arp));
    put32(p.bytes + 28, sender);
    put32(p.bytes + 38, target);
    p.len = 42;
    return p;
}

static void test_arp(void **state)
{
    static const uint8_t mac[6] = {2, 4, 198, 19, 1, 7}, own[6] = {2, 0, 0, 0, 0, 1};
    struct port *port = open_sim("alive=0%,loss=100%");
    struct packet q = who_has(0xc6120001, 0xc6130107), a;

    (void)state;
    assert_true(ask(port, &q, &a));
    assert_memory_equal(a.bytes, own, 6);
    assert_memory_equal(a.bytes + 6, mac, 6);
    assert_int_equal(get16(a.bytes + 20), 2);
    assert_memory_equal(a.bytes + 22, mac, 6);
    assert_int_equal(get32(a.bytes + 28), 0xc6130107);
    assert_memory_equal(a.bytes + 32, own, 6);
    assert_int_equal(get32(a.bytes + 38), 0xc6120001);
    q = who_has(0, 0xc6130107);
    assert_true(ask(port, &q, &a));
    assert_int_equal(get32(a.bytes + 38), 0);
    q = who_has(0xc6120001, 0xc6120001);
    assert_false(ask(port, &q, &a));
    q = who_has(0, 0xc6120001);
    assert_false(ask(port, &q, &a));
    q = who_has(0xc6130005, 0xc6130005);
    assert_false(ask(port, &q, &a));
    q.len = 41;
    assert_false(ask(port, &q, &a));
    close_sim(port);
}

static struct packet solicitation(bool nameless)
{
    uint8_t l4[32] = {135, 0, 0, 0, 0, 0, 0, 0, 0x20, 1, 0, 2, [23] = 9, 1, 1, 2, 0, 0, 0, 0, 1};
    struct packet p = ip6(9, 58, l4, nameless ? 24 : 32);

    p.bytes[IP4 + 7] = 255;
    if (nameless)
        memset(p.bytes + IP4 + 8, 0, 16);
    fix_l4(&p, 58);
    return p;
}

static void test_neighbour_discovery(void **state)
{
    static const uint8_t mac[6] = {2, 6, 0, 0, 0, 9}, all_nodes[16] = {0xff, 2, [15] = 1};
    struct port *port = open_sim("alive=0%,loss=100%");
    struct packet q = solicitation(false), a;
    const uint8_t *l4 = a.bytes + L4_OF_V6;

    (void)state;
    assert_true(ask(port, &q, &a));
    assert_int_equal(a.bytes[IP4 + 7], 255);
    assert_memory_equal(a.bytes + IP4 + 8, q.bytes + IP4 + 24, 16);
    assert_memory_equal(a.bytes + IP4 + 24, q.bytes + IP4 + 8, 16);
    assert_int_equal(l4[0], 136);
    assert_int_equal(get32(l4 + 4), 0x60000000);
    assert_memory_equal(l4 + 8, q.bytes + IP4 + 24, 16);
    assert_int_equal(get16(l4 + 24), 0x0201);
    assert_memory_equal(l4 + 26, mac, 6);
    q.bytes[IP4 + 7] = 64;
    assert_false(ask(port, &q, &a));
    q = solicitation(true);
    assert_true(ask(port, &q, &a));
    assert_memory_equal(a.bytes + IP4 + 24, all_nodes, 16);
    assert_int_equal(get32(l4 + 4), 0x20000000);
    close_sim(port);
}

static void test_echo(void **state)
{
    struct port *port = open_sim("");
    struct packet a;

    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        struct packet q = echo(family, 0x1234);
        int l4 = family == 4 ? L4 : L4_OF_V6;

        assert_true(ask(port, &q, &a));
        assert_int_equal(a.bytes[l4], family == 4 ? 0 : 129);
        assert_memory_equal(a.bytes + l4 + 4, q.bytes + l4 + 4, (size_t)(q.len - l4 - 4));
        assert_int_equal(a.bytes[IP4 + (family == 4 ? 8 : 7)], 64);
        if (family == 4) {
            assert_int_equal(get32(a.bytes + 26), 0xc6130009);
            assert_int_equal(get32(a.bytes + 30), 0xc6120001);
        }
        q.bytes[l4 + 9] ^= 1; // a wrong checksum
        assert_false(ask(port, &q, &a));
    }
    close_sim(port);
}

// The stimulus has seq 0xffffffff and ack 77.
static void test_tcp(void **state)
{
    static const struct {
        uint16_t port;
        uint8_t flags;
        uint16_t data;
        int answer; // flags, -1: none
        uint32_t seq, ack;
    } rows[] = {
        {80, 0x02, 0, 0x12, 0, 0},  {80, 0x02, 9, 0x12, 0, 0},   {80, 0xc2, 0, 0x12, 0, 0},
        {80, 0x10, 0, 4, 77, 0},    {80, 0x12, 0, 4, 77, 0},     {80, 0x11, 0, 4, 77, 0},
        {80, 0x04, 0, -1, 0, 0},    {80, 0x14, 0, -1, 0, 0},     {80, 0x00, 0, -1, 0, 0},
        {80, 0x01, 0, -1, 0, 0},    {80, 0x29, 0, -1, 0, 0},     {80, 0x03, 0, -1, 0, 0},
        {81, 0x02, 0, 0x14, 0, 0},  {81, 0x02, 10, 0x14, 0, 10}, {81, 0x10, 3, 4, 77, 0},
        {81, 0x04, 0, -1, 0, 0},    {81, 0x14, 0, -1, 0, 0},     {81, 0x00, 0, 0x14, 0, ~0u},
        {81, 0x01, 0, 0x14, 0, 0},  {81, 0x29, 0, 0x14, 0, 0},   {81, 0x03, 0, 0x14, 0, 1},
        {443, 0x02, 0, 0x12, 0, 0}, {444, 0x02, 0, 0x14, 0, 0},
    };
    struct port *port = open_sim("");

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
        size_t row = i / 2;
        int family = i % 2 == 0 ? 4 : 6;
        struct packet q = tcp(family, rows[row].port, rows[row].flags, rows[row].data), a;
        const uint8_t *l4 = a.bytes + (family == 4 ? L4 : L4_OF_V6);

        assert_int_equal(ask(port, &q, &a), rows[row].answer >= 0);
        if (rows[row].answer < 0)
            continue;
        assert_int_equal(get16(l4), rows[row].port);
        assert_int_equal(get16(l4 + 2), 12345);
        assert_int_equal(l4[13], rows[row].answer);
        assert_int_equal(get32(l4 + 8), rows[row].ack);
        if (rows[row].answer == 0x12) {
            assert_int_equal(l4[12], 0x60);
            assert_int_equal(get16(l4 + 14), 65535);
            assert_int_equal(get32(l4 + 20), 0x02040000u + (family == 4 ? 1460 : 1440));
        } else {
            assert_int_equal(get32(l4 + 4), rows[row].seq);
        }
    }
    close_sim(port);
}

static void test_open_ports(void **state)
{
    static const struct {
        const char *args;
        uint16_t port;
        bool open;
    } rows[] = {{"", 22, true},
                {"", 23, false},
                {"open=1-1024", 1024, true},
                {"open=1-1024", 1025, false},
                {"open=5+100-102+65535", 65535, true},
                {"open=5+100-102+65535", 101, true},
                {"open=5+100-102+65535", 103, false},
                {"open=none", 80, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct port *port = open_sim(rows[i].args);
        struct packet q = tcp(4, rows[i].port, 2, 0), a;

        assert_true(ask(port, &q, &a));
        assert_int_equal(a.bytes[L4 + 13], rows[i].open ? 0x12 : 0x14);
        close_sim(port);
    }
}

static void test_udp_echo(void **state)
{
    struct port *port = open_sim("udp=7+53");
    struct packet a;

    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        int l4 = family == 4 ? L4 : L4_OF_V6;
        struct packet q = udp(family, 7, 1400);

        assert_true(ask(port, &q, &a));
        assert_int_equal(get16(a.bytes + l4), 7);
        assert_int_equal(get16(a.bytes + l4 + 2), 12345);
        assert_int_equal(a.len, q.len);
        assert_memory_equal(a.bytes + l4 + 8, q.bytes + l4 + 8, 1400);
        q = udp(family, 53, 12);
        assert_true(ask(port, &q, &a));
        assert_int_equal(a.bytes[l4 + 10], q.bytes[l4 + 10] | 0x80);
        put16(q.bytes + l4 + 6, 0); // no checksum: IPv4 only
        assert_int_equal(ask(port, &q, &a), family == 4);
    }
    close_sim(port);
}

// RFC 768: a checksum that comes to 0 is sent as 0xffff.
static void test_udp_checksum_of_zero(void **state)
{
    struct port *port = open_sim("");
    struct packet q = udp(4, 7, 2), a;

    (void)state;
    memset(q.bytes + L4 + 8, 0, 2);
    fix_l4(&q, 17);
    memcpy(q.bytes + L4 + 8, q.bytes + L4 + 6, 2);
    put16(q.bytes + L4 + 6, 0xffff);
    assert_true(ask(port, &q, &a));
    assert_int_equal(get16(a.bytes + L4 + 6), 0xffff);
    close_sim(port);
}

static void test_port_unreachable(void **state)
{
    struct port *port = open_sim("");
    struct packet q = udp(4, 9, 1400), a;

    (void)state;
    assert_true(ask(port, &q, &a));
    assert_int_equal(get16(a.bytes + L4), 0x0303);
    assert_int_equal(get16(a.bytes + IP4 + 2), 576);
    assert_memory_equal(a.bytes + L4 + 8, q.bytes + IP4, 576 - 28);
    q = udp(4, 9, 0);
    assert_true(ask(port, &q, &a));
    assert_int_equal(get16(a.bytes + IP4 + 2), 28 + 28);
    assert_memory_equal(a.bytes + L4 + 8, q.bytes + IP4, 28);
    q = udp(6, 9, 1400);
    assert_true(ask(port, &q, &a));
    assert_int_equal(get16(a.bytes + L4_OF_V6), 0x0104);
    assert_int_equal(a.len, 14 + 1280);
    assert_memory_equal(a.bytes + L4_OF_V6 + 8, q.bytes + IP4, 1280 - 48);
    close_sim(port);
}

static void test_protocol_unreachable(void **state)
{
    static const uint8_t payload[8] = {1, 2, 3};
    struct port *port = open_sim("");
    struct packet q = ip4(9, 132, payload, 8), a;

    (void)state;
    assert_true(ask(port, &q, &a));
    assert_int_equal(get16(a.bytes + L4), 0x0302);
    q = ip6(9, 132, payload, 8);
    assert_true(ask(port, &q, &a));
    assert_int_equal(get16(a.bytes + L4_OF_V6), 0x0401);
    assert_int_equal(get32(a.bytes + L4_OF_V6 + 4), 6);
    q = ip6(9, 59, payload, 8);
    assert_false(ask(port, &q, &a));
    close_sim(port);
}

static void test_path(void **state)
{
    struct port *port = open_sim("hops=3");
    struct packet q, a;

    (void)state;
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        q = udp(4, 9, 30);
        set_ttl(&q, ttl);
        assert_true(ask(port, &q, &a));
        assert_int_equal(get16(a.bytes + L4), 0x0b00);
        assert_int_equal(get32(a.bytes + 26), 0xc612ff00u + ttl);
        assert_int_equal(a.bytes[IP4 + 8], 65 - ttl);
        assert_int_equal(a.bytes[L4 + 8 + 8], 1);
        assert_int_equal(sum16(0, a.bytes + L4 + 8, 20), 0xffff);
        assert_memory_equal(a.bytes + L4 + 28, q.bytes + L4, 38);
        q = tcp(6, 80, 2, 0);
        set_ttl(&q, ttl);
        assert_true(ask(port, &q, &a));
        assert_int_equal(get16(a.bytes + L4_OF_V6), 0x0300);
        assert_int_equal(get64(a.bytes + IP4 + 16), 0xffff0000u + ttl);
        assert_int_equal(a.bytes[L4_OF_V6 + 8 + 7], 1);
    }
    q = echo(4, 1);
    set_ttl(&q, 4);
    assert_true(ask(port, &q, &a));
    assert_int_equal(a.bytes[L4], 0);
    assert_int_equal(a.bytes[IP4 + 8], 61);
    q = udp(4, 9, 0);
    assert_true(ask(port, &q, &a));
    assert_int_equal(a.bytes[L4 + 8 + 8], 61); // as it arrived
    q = ip4(9, 1, a.bytes + L4, 36);           // about an error nobody complains
    set_ttl(&q, 1);
    assert_false(ask(port, &q, &a));
    close_sim(port);
}

static void test_vlan(void **state)
{
    static const uint16_t outer[] = {0x8100, 0x88a8};
    struct port *port = open_sim("");
    struct packet plain = echo(4, 3), q, a;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(outer); i++) {
        q = plain;
        memmove(q.bytes + 16, plain.bytes + 12, plain.len - 12u);
        put16(q.bytes + 12, outer[i]);
        put16(q.bytes + 14, 0x6064);
        q.len = (uint16_t)(plain.len + 4);
        assert_true(ask(port, &q, &a));
        assert_memory_equal(a.bytes + 12, q.bytes + 12, 6);
        assert_int_equal(a.bytes[L4 + 4], 0);
    }
    memmove(q.bytes + 20, plain.bytes + 12, plain.len - 12u);
    put32(q.bytes + 12, 0x88a80005);
    put32(q.bytes + 16, 0x81000006);
    q.len = (uint16_t)(plain.len + 8);
    transmit(port, 0, &q);
    assert_true(receive(port, 0, &a));
    check_frame(&a, 22);
    assert_memory_equal(a.bytes + 12, q.bytes + 12, 10);
    close_sim(port);
}

static void test_silence(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } rows[] = {
        {30, 0xe0000001},                                     // to a group
        {30, 0xffffffff}, {30, 0}, {26, 0}, {26, 0xefffffff}, // from nobody
        {18, 0x12340001},                                     // a later fragment
        {18, 0x12342000},                                     // a first one
        {0, 0x02000000},                                      // see below
    };
    struct port *port = open_sim("");
    struct packet q, a;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        q = echo(4, 1);
        put32(q.bytes + rows[i].at, rows[i].value);
        if (rows[i].at == 0)
            put16(q.bytes + 4, 1); // our own MAC
        fix_ip4(&q);
        fix_l4(&q, 1);
        assert_false(ask(port, &q, &a));
    }
    q = echo(4, 1);
    q.bytes[24] ^= 1; // header checksum
    assert_false(ask(port, &q, &a));
    q = ether(0x88cc);
    assert_false(ask(port, &q, &a));
    close_sim(port);
}

// Our own address has a twin out there, so that a network which holds it is answered whole.
static void test_own_address(void **state)
{
    struct port *port = open_sim("");
    struct packet q = echo(4, 1), a;

    (void)state;
    put32(q.bytes + 30, 0xc6120001);
    fix_ip4(&q);
    fix_l4(&q, 1);
    assert_true(ask(port, &q, &a));
    close_sim(port);
}

// Nothing that is cut short is answered but by mistake: checksums cover all. Padding changes nothing.
static void test_cut_short(void **state)
{
    struct packet all[] = {tcp(4, 80, 2, 5), tcp(6, 80, 2, 5), udp(4, 7, 5),       udp(6, 9, 5),
                           echo(4, 1),       echo(6, 1),       solicitation(false)};
    struct port *port = open_sim("");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        uint16_t len = all[i].len;
        struct packet a;

        for (all[i].len = 0; all[i].len < len; all[i].len++)
            assert_false(ask(port, &all[i], &a));
        all[i].len = (uint16_t)(len + 6);
        assert_true(ask(port, &all[i], &a));
    }
    close_sim(port);
}

static void test_lengths(void **state)
{
    struct packet all[] = {tcp(4, 80, 2, 0), tcp(6, 80, 2, 0), who_has(0xc6120001, 0xc6130107)};
    struct sim_frame frame;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        sim_frame_parse(&frame, all[i].bytes, all[i].len);
        assert_int_not_equal(frame.l3, SIM_L3_NONE);
        sim_frame_parse(&frame, all[i].bytes, (uint16_t)(all[i].len - 1));
        assert_int_equal(frame.l3, SIM_L3_NONE);
    }
}

static void test_mtu(void **state)
{
    struct port_options options = {.mtu = 9000};
    struct port *port = open_sim("mtu=1000");
    struct packet q = udp(4, 7, 1000 - 28), a;
    struct port_counters counters;
    struct diag diag = {0};

    (void)state;
    assert_int_equal(port->mtu, 1000);
    assert_true(ask(port, &q, &a));
    q = udp(4, 7, 1000 - 27);
    assert_false(ask(port, &q, &a));
    port->ops->counters(port, &counters);
    assert_int_equal(counters.tx_frames, 1);
    assert_int_equal(counters.tx_errors, 1);
    close_sim(port);
    assert_int_equal(sim_open(&port, "mtu=1000", &options, &diag), 0);
    assert_int_equal(port->mtu, 9000);
    close_sim(port);
}

// ---- the link

struct run {
    uint64_t received, digest, short_frames, strays, elapsed;
    struct port_counters counters;
};

// `n` SYNs to different hosts and all that comes back, in bursts of 32.
static struct run run_probes(const char *args, uint32_t n, uint16_t rx_burst)
{
    struct port *port = open_sim(args);
    struct run run = {.digest = 1};
    struct packet q;

    for (uint32_t i = 0, idle = 0; idle < 20; i++) {
        q = tcp(4, 80, 2, 0);
        put16(q.bytes + 32, (uint16_t)i);
        fix_ip4(&q);
        fix_l4(&q, 6);
        if (i < n)
            transmit(port, 0, &q);
        idle = i < n ? 0 : idle + 1;
        for (int k = 0; (i >= n || i % 32 == 31) && k < rx_burst; k++) {
            if (!receive(port, 0, &q))
                break;
            run.received++;
            run.short_frames += q.len < 58;
            run.strays += get32(q.bytes + 26) >> 8 == 0xcb0071;
            run.digest = run.digest * 31 + sum16(0, q.bytes, q.len) + port->ops->now(port);
            idle = 0;
        }
    }
    run.elapsed = port->ops->now(port);
    port->ops->counters(port, &run.counters);
    assert_int_equal(run.counters.rx_frames, run.received);
    close_sim(port);
    return run;
}

static void test_loss_and_duplicates(void **state)
{
    struct run run = run_probes("loss=10%,seed=7", 20000, 64);

    (void)state;
    assert_in_range(run.received, 20000 - 2200, 20000 - 1800);
    assert_int_equal(run.counters.tx_frames, 20000);
    run = run_probes("dup=5%", 20000, 64);
    assert_in_range(run.received, 20000 + 850, 20000 + 1150);
    run = run_probes("dup=100%,jitter=50%", 1000, 64);
    assert_int_equal(run.received, 2000);
    assert_int_equal(run.counters.rx_bytes, 2000 * 60);
    run = run_probes("loss=100%", 1000, 64);
    assert_int_equal(run.received, 0);
    run = run_probes("alive=25%", 20000, 64);
    assert_in_range(run.received, 5000 - 250, 5000 + 250);
}

static void test_corrupt_and_stray(void **state)
{
    struct run run = run_probes("corrupt=10%", 10000, 64);

    (void)state;
    assert_int_equal(run.received, 10000);
    assert_in_range(run.short_frames, 900, 1100);
    assert_int_equal(run.strays, 0);
    run = run_probes("corrupt=100%", 1000, 64);
    assert_int_equal(run.short_frames, 1000);
    run = run_probes("stray=10%", 10000, 64);
    assert_in_range(run.strays, 900, 1100);
    assert_int_equal(run.received, 10000 + run.strays);
    assert_int_equal(run.short_frames, 0);
}

// One bit of each answer, anywhere behind the Ethernet header: all are as long as without.
static void test_flip(void **state)
{
    struct port *port = open_sim("flip=100%"), *whole = open_sim("");
    uint64_t seen[46] = {0};

    (void)state;
    for (uint16_t i = 0; i < 2000; i++) {
        struct packet q = echo(4, i), a = {0}, b = {0};
        int flipped = 0;

        transmit(port, 0, &q);
        assert_true(receive(port, 0, &a) && ask(whole, &q, &b));
        assert_int_equal(a.len, b.len);
        for (uint16_t k = 0; k < a.len; k++) {
            flipped += __builtin_popcount(a.bytes[k] ^ b.bytes[k]);
            assert_true(k >= 14 || a.bytes[k] == b.bytes[k]);
            if (k >= 14)
                seen[k - 14] |= a.bytes[k] ^ b.bytes[k];
        }
        assert_int_equal(flipped, 1);
    }
    for (unsigned k = 0; k < ARRAY_SIZE(seen); k++)
        assert_int_equal(__builtin_popcountll(seen[k]) > 3, 1);
    close_sim(port);
    close_sim(whole);
}

static void test_stray_frame(void **state)
{
    struct port *port = open_sim("stray=100%,alive=0%");
    struct packet q4 = tcp(4, 80, 2, 0), q6 = tcp(6, 80, 2, 0), a;

    (void)state;
    assert_true(ask(port, &q4, &a));
    assert_int_equal(get32(a.bytes + 26) >> 8, 0xcb0071);
    assert_int_equal(a.bytes[L4 + 13], 0x12);
    assert_true(ask(port, &q6, &a));
    assert_int_equal(get32(a.bytes + IP4 + 8), 0x20010db8);
    close_sim(port);
}

static void test_determinism(void **state)
{
    const char *args = "loss=5%,dup=5%,corrupt=2%,stray=3%,jitter=80%,seed=42";
    struct run a = run_probes(args, 5000, 64), b = run_probes(args, 5000, 64);
    struct run c = run_probes("loss=5%,dup=5%,corrupt=2%,stray=3%,jitter=80%,seed=43", 5000, 64);

    (void)state;
    assert_int_equal(a.digest, b.digest);
    assert_int_equal(a.elapsed, b.elapsed);
    assert_int_not_equal(a.digest, c.digest);
}

static void test_duplicate_comes_later(void **state)
{
    struct port *port = open_sim("dup=100%,rtt=1ms");
    struct packet q = echo(4, 1), a, b;
    uint64_t first, second;

    (void)state;
    assert_true(ask(port, &q, &a));
    first = port->ops->now(port);
    assert_true(receive(port, 0, &b));
    second = port->ops->now(port);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.bytes, b.bytes, a.len);
    assert_in_range(second - first, 1, 1000000);
    close_sim(port);
}

// In the order of arrival, and equal ones in that of adding, whatever buckets they share.
static void test_wheel(void **state)
{
    static _Alignas(struct sim_packet) uint8_t memory[3000][sizeof(struct sim_packet)];
    const uint64_t spans[] = {6400, 1000000, 30000000000};
    struct sim_wheel wheel;

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(spans); k++) {
        struct sim_packet *last = NULL, *packet;
        size_t taken = 0;

        assert_int_equal(sim_wheel_init(&wheel, spans[k], 5000), 0);
        assert_true(sim_wheel_next(&wheel) == UINT64_MAX);
        for (size_t i = 0; i < ARRAY_SIZE(memory); i++) {
            packet = (struct sim_packet *)(void *)memory[i];
            packet->due = 5000 + i * 7919 % 1009 * (spans[k] / 64) / 1009;
            sim_wheel_add(&wheel, packet);
        }
        for (uint64_t until = 5000; until <= 5000 + spans[k] / 64; until += spans[k] / 640) {
            while ((packet = sim_wheel_take(&wheel, until)) != NULL) {
                assert_true(packet->due <= until);
                if (last != NULL)
                    assert_true(packet->due > last->due || (packet->due == last->due && packet > last));
                last = packet;
                taken++;
            }
            assert_true(sim_wheel_next(&wheel) > until);
        }
        assert_int_equal(taken, ARRAY_SIZE(memory));
        sim_wheel_release(&wheel);
    }
}

// The same frame sent again has a fate of its own.
static void test_retry(void **state)
{
    struct port *port = open_sim("loss=50%");
    struct packet q = echo(4, 1), a;
    int answered = 0;

    (void)state;
    for (int i = 0; i < 200; i++)
        answered += ask(port, &q, &a);
    assert_in_range(answered, 70, 130);
    close_sim(port);
}

static void test_ring_overflow(void **state)
{
    struct port *port = open_sim("ring=16,dup=100%,rtt=10us");
    struct port_counters counters;
    struct packet q, a;
    uint64_t received = 0;

    (void)state;
    for (uint16_t i = 0; i < 500; i++) {
        q = echo(4, i);
        transmit(port, 0, &q);
    }
    for (int i = 0; i < 100; i++)
        received += receive(port, 0, &a);
    port->ops->counters(port, &counters);
    assert_int_equal(counters.rx_frames, received);
    assert_int_equal(counters.rx_frames + counters.imissed, 1000);
    assert_true(counters.imissed > 900);
    assert_int_equal(counters.rx_nombuf, 0);
    close_sim(port);
}

// Nobody reads at all: the link runs out of packets, and says so.
static void test_no_reader(void **state)
{
    struct port *port = open_sim("ring=1,rtt=0,udp=7");
    struct port_counters counters;
    struct packet q = udp(4, 7, 1400), a;
    uint64_t received = 0;

    (void)state;
    for (int i = 0; i < 20000; i++)
        transmit(port, 0, &q);
    while (receive(port, 0, &a))
        received++;
    port->ops->counters(port, &counters);
    assert_int_equal(counters.tx_frames, 20000);
    assert_int_equal(received + counters.imissed, 20000);
    assert_int_equal(received, 1);
    assert_true(ask(port, &q, &a)); // and it goes on
    close_sim(port);
}

static void test_buffers(void **state)
{
    struct port *port = open_sim("");
    struct frame frames[PORT_BURST_MAX], last;
    int bursts = 0;

    (void)state;
    while (port->ops->tx_get(port, 0, frames, PORT_BURST_MAX) == PORT_BURST_MAX)
        bursts++;
    assert_true(bursts >= 2);
    assert_int_equal(port->ops->tx_get(port, 0, &last, 1), 0);
    port->ops->tx_put(port, 0, frames, PORT_BURST_MAX);
    assert_int_equal(port->ops->tx_get(port, 0, frames, PORT_BURST_MAX), PORT_BURST_MAX);
    assert_true(frames[0].room >= 1514);
    close_sim(port);
}

// ---- clocks

static void test_virtual_clock(void **state)
{
    struct port *port = open_sim("rtt=1.5ms");
    struct packet q = echo(4, 1), a;
    uint64_t start = port->ops->now(port);

    (void)state;
    assert_int_equal(port->ticks_hz, 1000000000);
    assert_int_equal(port->ops->now(port), start);
    transmit(port, 0, &q);
    transmit(port, 0, &q);
    assert_int_equal(port->ops->now(port), start + 2000); // 1 Mpps
    assert_true(receive(port, 0, &a));
    assert_int_equal(port->ops->now(port), start + 1500000);
    assert_true(receive(port, 0, &a));
    assert_int_equal(port->ops->now(port), start + 1501000);
    assert_false(receive(port, 0, &a));
    assert_int_equal(port->ops->now(port), start + 1601000);
    close_sim(port);
    port = open_sim("rate=1k");
    start = port->ops->now(port);
    transmit(port, 0, &q);
    assert_int_equal(port->ops->now(port), start + 1000000);
    close_sim(port);
}

static void test_jitter(void **state)
{
    struct port *port = open_sim("rtt=1ms,jitter=20%");
    uint64_t start = port->ops->now(port), last = 0;
    struct packet q, a;
    int reordered = 0, previous = -1;

    (void)state;
    for (uint16_t i = 0; i < 1000; i++) {
        q = echo(4, i);
        transmit(port, 0, &q);
    }
    for (int i = 0; i < 1000; i++) {
        uint64_t now, sent;

        assert_true(receive(port, 0, &a));
        now = port->ops->now(port);
        sent = start + get16(a.bytes + L4 + 6) * 1000u;
        assert_true(now >= last);
        assert_true(now >= sent + 800000);
        // All sending was done by start + 1 ms: later than that a frame waits for nobody.
        assert_true(now <= sent + 1200000 || now <= start + 1000000);
        reordered += get16(a.bytes + L4 + 6) < previous;
        previous = get16(a.bytes + L4 + 6);
        last = now;
    }
    assert_true(reordered > 200);
    assert_false(receive(port, 0, &a));
    close_sim(port);
}

static void test_real_clock(void **state)
{
    struct port *port = open_sim_queues("rtt=2ms", 1);
    struct packet q = echo(4, 1), a;
    uint64_t sent = port->ops->now(port), back;

    (void)state;
    transmit(port, 0, &q);
    assert_false(receive(port, 0, &a));
    while (!receive(port, 0, &a))
        ;
    back = port->ops->now(port);
    assert_true(back - sent >= 2000000);
    assert_true(back - sent < 2000000000);
    close_sim(port);
}

static void test_rate(void **state)
{
    struct port *port = open_sim_queues("rate=10k,rtt=0", 1);
    struct frame frames[32];
    uint64_t start = port->ops->now(port), sent = 0, first;

    (void)state;
    for (int offers = 0; sent < 200; offers++) {
        uint16_t n = port->ops->tx_get(port, 0, frames, 32), done;

        for (uint16_t i = 0; i < n; i++) {
            struct packet q = echo(4, i);

            memcpy(frames[i].data, q.bytes, q.len);
            frames[i].len = q.len;
        }
        done = port->ops->tx_burst(port, 0, frames, n);
        first = offers == 0 ? done : 1;
        assert_in_range(first, 1, 2);
        sent += done;
        port->ops->tx_put(port, 0, frames + done, (uint16_t)(n - done));
    }
    assert_true(port->ops->now(port) - start >= 19500000); // 200 frames a 100 us, less what the link holds
    close_sim(port);
}

// ---- queues and threads

static void test_queues(void **state)
{
    struct port *port = open_sim_queues("clock=virtual", 3);
    struct port_counters counters;
    struct packet q = echo(4, 1), a;

    (void)state;
    assert_int_equal(port->n_queues, 3);
    transmit(port, 1, &q);
    assert_false(receive(port, 0, &a));
    assert_false(receive(port, 2, &a));
    while (!receive(port, 1, &a))
        ;
    port->ops->counters(port, &counters);
    assert_int_equal(counters.rx_frames, 1);
    close_sim(port);
}

#define THREAD_FRAMES 50000

struct worker {
    struct port *port;
    uint16_t queue;
    uint64_t received;
    pthread_t thread;
};

static void *send_all(void *arg)
{
    struct worker *worker = arg;
    struct packet q = echo(4, 0);

    for (uint32_t i = 0; i < THREAD_FRAMES; i++) {
        put16(q.bytes + L4 + 6, (uint16_t)i);
        fix_l4(&q, 1);
        transmit(worker->port, worker->queue, &q);
    }
    return NULL;
}

static void *receive_all(void *arg)
{
    struct worker *worker = arg;
    struct port_counters counters;
    struct packet a;

    do {
        while (receive(worker->port, worker->queue, &a)) {
            check_frame(&a, 14);
            worker->received++;
        }
        worker->port->ops->counters(worker->port, &counters);
    } while (counters.rx_frames + counters.imissed < 2 * 2 * THREAD_FRAMES);
    return NULL;
}

static void test_threads(void **state)
{
    struct port *port = open_sim_queues("rtt=50us,jitter=90%,dup=100%,ring=4194304", 2);
    struct worker workers[4] = {{port, 0, 0, 0}, {port, 1, 0, 0}, {port, 0, 0, 0}, {port, 1, 0, 0}};
    struct port_counters counters;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, i < 2 ? receive_all : send_all, &workers[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(workers[i].thread, NULL);
    port->ops->counters(port, &counters);
    assert_int_equal(counters.tx_frames, 2 * THREAD_FRAMES);
    assert_int_equal(counters.imissed, 0);
    assert_int_equal(workers[0].received, 2 * THREAD_FRAMES);
    assert_int_equal(workers[1].received, 2 * THREAD_FRAMES);
    close_sim(port);
}

// ---- the log

static char *slurp(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

static void test_log(void **state)
{
    static const uint8_t sctp[8];
    char path[] = "/tmp/test_sim_XXXXXX", second[40], args[80];
    struct packet all[] = {who_has(0xc6120001, 0xc6130107),
                           tcp(4, 80, 2, 0),
                           tcp(6, 81, 2, 0),
                           udp(4, 9, 4),
                           echo(4, 7),
                           ip4(9, 132, sctp, 8),
                           solicitation(false),
                           tcp(4, 80, 4, 0),
                           ether(0x88cc)};
    struct port *port;
    struct packet q = echo(6, 5);

    (void)state;
    close(mkstemp(path));
    snprintf(second, sizeof(second), "%s.q1", path);
    snprintf(args, sizeof(args), "clock=virtual,log=%s", path);
    port = open_sim_queues(args, 2);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        transmit(port, 0, &all[i]);
    transmit(port, 1, &q);
    close_sim(port);
    assert_string_equal(slurp(path), "answered arp 198.18.0.1 0 198.19.1.7 0 0 arp-reply\n"
                                     "answered tcp 198.18.0.1 12345 198.19.0.9 80 4294967295 syn-ack\n"
                                     "answered tcp 2001:2::1 12345 2001:2::9 81 4294967295 rst\n"
                                     "answered udp 198.18.0.1 12345 198.19.0.9 9 0 port-unreachable\n"
                                     "answered icmp 198.18.0.1 43981 198.19.0.9 7 0 echo-reply\n"
                                     "answered ip-132 198.18.0.1 0 198.19.0.9 0 0 protocol-unreachable\n"
                                     "answered icmp6 2001:2::1 0 2001:2::9 0 0 advertisement\n"
                                     "silent tcp 198.18.0.1 12345 198.19.0.9 80 4294967295 -\n"
                                     "invalid - - 0 - 0 0 -\n");
    assert_string_equal(slurp(second), "answered icmp6 2001:2::1 43981 2001:2::9 5 0 echo-reply\n");
    unlink(path);
    unlink(second);
}

// Longer than the log's buffer; the fates add up to what was sent and received.
static void test_log_adds_up(void **state)
{
    char path[] = "/tmp/test_sim_XXXXXX", args[128], line[256];
    uint64_t lines = 0, frames = 0;
    struct run run;
    FILE *file;

    (void)state;
    close(mkstemp(path));
    snprintf(args, sizeof(args), "loss=5%%,dup=5%%,corrupt=5%%,flip=5%%,stray=5%%,alive=90%%,log=%s", path);
    run = run_probes(args, 10000, 64);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        char fate[16];

        assert_int_equal(sscanf(line, "%15s tcp ", fate), 1);
        lines += strcmp(fate, "stray") != 0;
        frames += strcmp(fate, "duplicated") == 0
                      ? 2
                      : strcmp(fate, "answered") == 0 || strcmp(fate, "corrupted") == 0 ||
                            strcmp(fate, "flipped") == 0 || strcmp(fate, "stray") == 0;
    }
    fclose(file);
    unlink(path);
    assert_int_equal(lines, 10000);
    assert_int_equal(frames, run.received);
}

// ---- options

static void test_wrong_options(void **state)
{
    static const struct {
        const char *args;
        struct span where;
        const char *message; // contains
    } rows[] = {
        {"lss=1%", {0, 3}, "no option \"lss\"; it has: alive clock corrupt"},
        {"loss=1%,rat=2", {8, 3}, "\"rat\""},
        {"loss", {0, 4}, "loss needs a value"},
        {"loss=1%,", {8, 0}, "no option \"\""},
        {"loss=1", {5, 1}, "loss: \"1\" is not a share"},
        {"loss=101%", {5, 4}, "loss"},
        {"loss=1.%", {5, 3}, "loss"},
        {"loss=-1%", {5, 3}, "loss"},
        {"dup=1%,dup=2%", {7, 3}, "dup is given twice"},
        {"rtt=5", {4, 1}, "rtt: \"5\" is not a time"},
        {"rtt=11s", {4, 3}, "rtt"},
        {"rtt=0.5ns", {4, 5}, "rtt"},
        {"rate=0", {5, 1}, "rate"},
        {"rate=99999999999999999999999999", {5, 26}, "rate"},
        {"seed=18446744073709551616", {5, 20}, "seed"},
        {"open=70000", {5, 5}, "open: \"70000\" is not ports"},
        {"open=9-5", {5, 3}, "open"},
        {"open=22+", {5, 3}, "open"},
        {"open=22x", {5, 3}, "open"},
        {"hops=61", {5, 2}, "hops"},
        {"mtu=100", {4, 3}, "mtu"},
        {"clock=slow", {6, 4}, "real or virtual"},
        {"log=", {4, 0}, "log"},
    };
    struct port_options options = {0};
    struct port *port = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct diag diag = {0};

        assert_int_equal(sim_open(&port, rows[i].args, &options, &diag), -EINVAL);
        assert_null(port);
        assert_true(diag.set);
        assert_non_null(strstr(diag.message, rows[i].message));
        assert_int_equal(diag.where.at, rows[i].where.at);
        assert_int_equal(diag.where.len, rows[i].where.len);
    }
}

static void test_failing_open(void **state)
{
    struct port_options options = {0}, driver = {.driver = "af_xdp"};
    struct port *port = NULL;
    struct diag diag = {0};

    (void)state;
    assert_int_equal(sim_open(&port, "log=/nonexistent/x", &options, &diag), -ENOENT);
    assert_non_null(strstr(diag.message, "/nonexistent/x"));
    assert_int_equal(diag.where.at, 4);
    diag.set = false;
    assert_int_equal(sim_open(&port, "", &driver, &diag), -EINVAL);
    assert_non_null(strstr(diag.message, "af_xdp"));
    assert_null(port);
}

static void test_right_options(void **state)
{
    static const char *const rows[] = {"",
                                       "rtt=0",
                                       "rtt=0ns",
                                       "rtt=1.5ms",
                                       "rtt=10s,ring=1",
                                       "loss=0.001%",
                                       "loss=0",
                                       "rate=1.5M",
                                       "rate=1G",
                                       "open=none",
                                       "clock=real",
                                       "seed=18446744073709551615",
                                       "udp=0-65535",
                                       "mtu=9600,hops=60"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        close_sim(open_sim_queues(rows[i], 0));
}

static void test_port_facts(void **state)
{
    struct port *port = open_sim("");
    struct address v4 = sim_own_address(4), v6 = sim_own_address(6);
    char text[ADDRESS_TEXT_MAX];

    (void)state;
    assert_string_equal(port->name, "sim");
    assert_string_equal(port->driver, "sim");
    assert_string_equal(port->interface, "");
    assert_int_equal(port->n_queues, 1);
    assert_int_equal(port->mtu, 1500);
    assert_true(port->is_simulated);
    assert_false(port->kernel_sees_rx);
    assert_false(port->has_link_speed);
    address_format(&v4, text);
    assert_string_equal(text, "198.18.0.1");
    address_format(&v6, text);
    assert_string_equal(text, "2001:2::1");
    assert_int_equal(sim_own_address(0).family, 0);
    assert_int_equal(sim_next_hop_mac().bytes[5], 2);
    close_sim(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arp),
        cmocka_unit_test(test_neighbour_discovery),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_open_ports),
        cmocka_unit_test(test_udp_echo),
        cmocka_unit_test(test_udp_checksum_of_zero),
        cmocka_unit_test(test_port_unreachable),
        cmocka_unit_test(test_protocol_unreachable),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_vlan),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_own_address),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_mtu),
        cmocka_unit_test(test_loss_and_duplicates),
        cmocka_unit_test(test_corrupt_and_stray),
        cmocka_unit_test(test_flip),
        cmocka_unit_test(test_stray_frame),
        cmocka_unit_test(test_determinism),
        cmocka_unit_test(test_duplicate_comes_later),
        cmocka_unit_test(test_wheel),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_ring_overflow),
        cmocka_unit_test(test_no_reader),
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_virtual_clock),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_real_clock),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_queues),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_log_adds_up),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_failing_open),
        cmocka_unit_test(test_right_options),
        cmocka_unit_test(test_port_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
