// Opening ports, and frames through DPDK's drivers for kernel interfaces: over a veth pair in a network namespace of
// this process's own, whose other end is a raw socket.
#include "packet/bytes.h"
#include "port/port.h"
#include "port/route.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
// cmocka.h wants some of the above.
#include <cmocka.h>

#define N_FRAMES  300
#define ETHERTYPE 0x88b5 // local experiments (IEEE 802)

static const char setup[] =
    "set -e; ip link set lo up;"
    "ip link add e0 type veth peer name e1; ip link add e2 type veth peer name e3; ip link set e2 up;"
    "for i in e0 e1; do sysctl -qw net.ipv6.conf.$i.disable_ipv6=1 || true; ip link set $i up; done;"
    "ip link set e0 promisc on";

// net_af_xdp never frees its memory's description, of 80 bytes a queue.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:xsk_umem__create\n";
}

static bool have_namespace;

static void need_namespace(void)
{
    if (!have_namespace) {
        print_message("skipped: only root may make a network namespace\n");
        skip();
    }
}

static int try_open(const char *spec, const struct port_options *options, struct diag *diag)
{
    struct port *port = NULL;
    int err;

    *diag = (struct diag){0};
    err = port_open(&port, spec, options, diag);
    if (err == 0)
        port_close(port);
    return err;
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *spec;
        struct port_options options;
        int err;
        const char *message, *hint; // parts of them
    } rows[] = {
        {"", {0}, -EINVAL, "no port was named", "vdev:"},
        {"eth9", {0}, -ENODEV, "no interface 'eth9'; there are: lo, ", ""},
        {"a-name-that-no-interface-can-have", {0}, -ENODEV, "no interface", ""},
        {"lo", {0}, -EINVAL, "never reach", "-i sim"},
        {"e2", {0}, -ENETDOWN, "e2 has no carrier", ""},
        {"e3", {0}, -ENETDOWN, "e3 is down", "ip link set dev e3 up"},
        {"e0", {.mtu = 9000}, -EINVAL, "MTU of 1500, 9000 was asked", "mtu 9000"},
        {"e0", {.driver = "af_foo"}, -EINVAL, "no driver 'af_foo'", ""},
        {"e0", {.driver = "af_xdp", .n_queues = 2}, -EINVAL, "e0 receives on 1 queue,", "combined 2"},
        {"e0", {.driver = "af_packet", .n_queues = 17}, -EINVAL, "16 queues at most", ""},
        {"vdev:nonsense", {0}, -EINVAL, "names no virtual device", "net_memif0"},
        {"vdev:net_null0", {.driver = "af_xdp"}, -EINVAL, "kernel interfaces only", ""},
        {"ffff:ff:1f.7", {0}, -ENODEV, "no PCI device ffff:ff:1f.7", ""},
        {"ff:1f.7", {0}, -ENODEV, "no PCI device 0000:ff:1f.7", ""},
        {"vdev:net_nosuchdriver0", {0}, -ENODEV, "net_nosuchdriver0", ""},
        {"vdev:net_af_packet0,iface=eth9", {0}, -EIO, "No such device", ""},
    };
    struct diag diag;

    (void)state;
    need_namespace();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int err = try_open(rows[i].spec, &rows[i].options, &diag);

        if (err != rows[i].err || !diag.set || strstr(diag.message, rows[i].message) == NULL ||
            strstr(diag.hint, rows[i].hint) == NULL)
            fail_msg("'%s': %d '%s' '%s'", rows[i].spec, err, diag.message, diag.hint);
    }
}

static int raw_socket(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_ifindex = (int)if_nametoindex(interface),
                                  .sll_protocol = __builtin_bswap16(ETHERTYPE)};
    struct timeval wait = {.tv_usec = 500000};
    int fd = socket(AF_PACKET, SOCK_RAW, address.sll_protocol);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

// Every frame differs in length and bytes.
static uint16_t fill(uint8_t *frame, uint32_t number, const struct mac *to)
{
    uint16_t len = (uint16_t)(60 + number * 37 % 1455);

    memcpy(frame, to->bytes, 6);
    memcpy(frame + 6, "\x02\x00\x00\x00\x00\x77", 6);
    put16(frame + 12, ETHERTYPE);
    for (uint16_t i = 14; i < len; i++)
        frame[i] = (uint8_t)(number + i);
    put32(frame + 14, number);
    return len;
}

static void send_all(struct port *port, int raw)
{
    static const struct mac to = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    struct frame frames[PORT_BURST_MAX];
    uint8_t wanted[2048], got[2048];

    for (uint32_t sent = 0; sent < N_FRAMES;) {
        uint16_t n = port->ops->tx_get(port, 0, frames, 20), taken;

        assert_int_equal(n, 20);
        for (uint16_t i = 0; i < n; i++) {
            assert_true(frames[i].room >= 1514 && frames[i].room <= 1518);
            if (sent + i < N_FRAMES)
                frames[i].len = fill(frames[i].data, sent + i, &to);
        }
        taken = port->ops->tx_burst(port, 0, frames, n);
        port->ops->tx_put(port, 0, frames + taken, (uint16_t)(n - taken));
        for (uint16_t i = 0; i < taken; i++, sent++) {
            uint16_t len = fill(wanted, sent, &to);

            assert_int_equal(recv(raw, got, sizeof(got), 0), len);
            assert_memory_equal(got, wanted, len);
        }
    }
}

// Frames that fit in the buffers of a port that knows how long they will be: small ones, but for AF_XDP.
static void send_short(struct port *port, int raw, uint16_t longest)
{
    struct frame frames[PORT_BURST_MAX];
    uint8_t got[2048];

    port_fit(port, longest);
    for (uint8_t round = 1; round < 100; round++) {
        assert_int_equal(port->ops->tx_get(port, 0, frames, 8), 8);
        for (uint8_t i = 0; i < 8; i++) {
            assert_true(frames[i].room >= longest);
            assert_int_equal(frames[i].room < 1514, strcmp(port->driver, "AF_XDP") != 0);
            fill(frames[i].data, 0, &port->mac); // of 60 bytes
            memset(frames[i].data + 14, 8 * round + i, longest - 14);
            frames[i].len = (uint16_t)(longest - i);
        }
        assert_int_equal(port->ops->tx_burst(port, 0, frames, 8), 8);
        for (uint8_t i = 0; i < 8; i++) {
            assert_int_equal(recv(raw, got, sizeof(got), 0), longest - i);
            for (int at = 14; at < longest - i; at++)
                assert_int_equal(got[at], (uint8_t)(8 * round + i));
        }
    }
}

// Waits up to a second. Returns how many of ours came; other frames are none of our business.
static uint32_t receive_all(struct port *port, uint32_t expected)
{
    struct frame frames[PORT_BURST_MAX];
    uint64_t start = port->ops->now(port);
    uint8_t wanted[2048];
    uint32_t received = 0;

    while (received < expected && port->ops->now(port) - start < port->ticks_hz) {
        uint16_t n = port->ops->rx_burst(port, 0, frames, PORT_BURST_MAX);

        for (uint16_t i = 0; i < n; i++) {
            if (frames[i].len < 18 || get16(frames[i].data + 12) != ETHERTYPE)
                continue;
            assert_int_equal(frames[i].len, fill(wanted, get32(frames[i].data + 14), &port->mac));
            assert_memory_equal(frames[i].data, wanted, frames[i].len);
            received++;
        }
        if (n > 0)
            port->ops->rx_put(port, 0, frames, n);
    }
    return received;
}

static void receive_vlan(struct port *port, int raw)
{
    struct frame frames[PORT_BURST_MAX];
    uint64_t start = port->ops->now(port);
    uint8_t tagged[64] = {0};
    bool found = false;

    memcpy(tagged, port->mac.bytes, 6);
    memcpy(tagged + 6, "\x02\x00\x00\x00\x00\x77\x81\x00\x60\x2a\x88\xb5", 12);
    assert_int_equal(send(raw, tagged, sizeof(tagged), 0), sizeof(tagged));
    while (!found && port->ops->now(port) - start < port->ticks_hz) {
        uint16_t n = port->ops->rx_burst(port, 0, frames, PORT_BURST_MAX);

        for (uint16_t i = 0; i < n; i++)
            found = found ||
                    (frames[i].len == sizeof(tagged) && memcmp(frames[i].data, tagged, sizeof(tagged)) == 0);
        if (n > 0)
            port->ops->rx_put(port, 0, frames, n);
    }
    assert_true(found);
}

static void exchange(struct port *port)
{
    struct port_counters counters;
    struct frame frames[1];
    uint8_t frame[2048];
    int raw = raw_socket("e1"), beside = raw_socket("e0");

    assert_int_equal(port->ops->attach(port), 0);
    send_all(port, raw);
    // What this host sends is not received.
    assert_int_equal(send(beside, frame, fill(frame, 0, &port->mac), 0), 60);
    assert_int_equal(recv(raw, frame, sizeof(frame), 0), 60);
    assert_int_equal(port->ops->rx_burst(port, 0, frames, 1), 0);
    for (uint32_t i = 0; i < N_FRAMES; i++) {
        uint16_t len = fill(frame, i, &port->mac);

        assert_int_equal(send(raw, frame, len, 0), len);
    }
    assert_int_equal(receive_all(port, N_FRAMES), N_FRAMES);
    receive_vlan(port, raw);
    port->ops->counters(port, &counters);
    assert_int_equal(counters.tx_frames, N_FRAMES);
    assert_int_equal(counters.rx_frames, N_FRAMES + 1);
    assert_int_equal(counters.rx_nombuf, 0);
    assert_int_equal(counters.kernel_drops, 0);
    assert_int_equal(counters.tx_errors, 0);
    send_short(port, raw, 150);
    port->ops->detach(port);
    close(raw);
    close(beside);
}

static struct route_interface look_at(const char *name)
{
    struct route_interface link;
    struct route_table *table;

    assert_int_equal(route_table_new(&table, NULL), 0);
    assert_int_equal(route_interface_find(table, name, 0, &link), 0);
    route_table_free(table);
    return link;
}

static bool is_promiscuous(const char *name)
{
    char path[64], text[32] = "";
    FILE *file;

    // sysfs shows the namespace it was mounted in, so ip(8) is asked.
    snprintf(path, sizeof(path), "ip -o link show %s | grep -c PROMISC", name);
    file = popen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    pclose(file);
    return atoi(text) == 1;
}

static void check_description(const struct port *port, const char *driver)
{
    struct route_interface link = look_at("e0");

    assert_string_equal(port->name, "e0");
    assert_string_equal(port->driver, driver);
    assert_string_equal(port->interface, "e0");
    assert_memory_equal(port->mac.bytes, link.mac.bytes, 6);
    assert_int_equal(port->mtu, 1500);
    assert_int_equal(port->n_queues, 1);
    assert_true(port->ticks_hz > 100000000);
    assert_false(port->is_simulated);
}

static void af_packet_carries_frames(void **state)
{
    struct port_options options = {.driver = "af_packet"};
    struct port_counters counters;
    struct diag diag = {0};
    struct port *port;

    (void)state;
    need_namespace();
    assert_int_equal(port_open(&port, "e0", &options, &diag), 0);
    check_description(port, "AF_PACKET");
    assert_true(port->kernel_sees_rx);
    exchange(port);
    port->ops->counters(port, &counters);
    assert_true(counters.imissed == PORT_UNKNOWN);
    port_close(port);
    assert_true(is_promiscuous("e0")); // as it was
}

static void af_packet_counts_what_the_kernel_dropped(void **state)
{
    struct port_options options = {.driver = "af_packet"};
    struct port_counters counters;
    struct diag diag = {0};
    struct port *port;
    uint8_t frame[2048];
    uint32_t received;
    int raw;

    (void)state;
    need_namespace();
    raw = raw_socket("e1");
    assert_int_equal(port_open(&port, "e0", &options, &diag), 0);
    for (uint32_t i = 0; i < 10000; i++) // the ring holds 8,192
        assert_true(send(raw, frame, fill(frame, i % N_FRAMES, &port->mac), 0) > 0);
    received = receive_all(port, 10000);
    port->ops->counters(port, &counters);
    assert_true(counters.kernel_drops > 0 && counters.kernel_drops != PORT_UNKNOWN);
    assert_int_equal(received + counters.kernel_drops, 10000);
    port->ops->counters(port, &counters); // reading does not reset
    assert_int_equal(received + counters.kernel_drops, 10000);
    port_close(port);
    close(raw);
}

static void af_xdp_carries_frames(void **state)
{
    struct port_options options = {.driver = "af_xdp"};
    struct port_counters counters;
    struct diag diag = {0};
    struct port *port;
    int err;

    (void)state;
    need_namespace();
    // Twice: what the first left behind would be in the second's way.
    for (int i = 0; i < 2; i++) {
        err = port_open(&port, "e0", &options, &diag);
        if (err == -EOPNOTSUPP || err == -EPERM) {
            print_message("skipped: %s\n", diag.message);
            skip();
        }
        if (err != 0)
            fail_msg("%d %s", err, diag.message);
        check_description(port, "AF_XDP");
        assert_false(port->kernel_sees_rx);
        assert_true(look_at("e0").xdp_program != 0);
        exchange(port);
        port->ops->counters(port, &counters);
        assert_int_equal(counters.imissed, 0);
        port_close(port);
        assert_int_equal(look_at("e0").xdp_program, 0);
        assert_true(is_promiscuous("e0"));
    }
}

static void other_devices_are_known_by_their_driver(void **state)
{
    struct port_options options = {.n_queues = 2};
    struct port_counters counters;
    struct diag diag = {0};
    struct port *port;

    (void)state;
    need_namespace();
    assert_int_equal(port_open(&port, "vdev:net_null0,no-rx=1", &options, &diag), 0);
    assert_string_equal(port->driver, "net_null");
    assert_string_equal(port->interface, "");
    assert_int_equal(port->n_queues, 2);
    assert_false(port->kernel_sees_rx || port->has_link_speed);
    port->ops->counters(port, &counters);
    assert_true(counters.imissed == PORT_UNKNOWN && counters.kernel_drops == PORT_UNKNOWN);
    port_close(port);
}

static void opening_pins_no_thread(void **state)
{
    cpu_set_t before, after;
    struct diag diag;

    (void)state;
    need_namespace();
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(try_open("vdev:net_null0", &(struct port_options){0}, &diag), 0);
    assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_pins_no_thread),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(af_packet_carries_frames),
        cmocka_unit_test(af_packet_counts_what_the_kernel_dropped),
        cmocka_unit_test(af_xdp_carries_frames),
        cmocka_unit_test(other_devices_are_known_by_their_driver),
    };

    have_namespace = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
    if (have_namespace && system(setup) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
