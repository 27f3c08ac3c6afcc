// The kernel's routes, in a network namespace of this process's own, set up with ip(8).
#include "port/route.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka.h wants some of the above.
#include <cmocka.h>

// Two wires, r0 and r1; r2 is down. 198.18.9.0/24 by policy only; multipath to 198.19.128.0/17.
static const char setup[] =
    "set -e; ip link set lo up;"
    "ip link add r0 type veth peer name q0; ip link add r1 type veth peer name q1; ip link add r2 type veth "
    "peer name q2;"
    "for i in r0 q0 r1 q1; do sysctl -qw net.ipv6.conf.$i.accept_dad=0 || true; ip link set $i up; done;"
    "ip addr add 198.18.0.1/24 dev r0; ip addr add 198.18.1.1/24 dev r1; ip addr add 198.18.2.1/24 dev r2;"
    "ip addr add 2001:2:0:1::1/64 dev r0 nodad; ip addr add 2001:2:0:2::1/64 dev r1 nodad;"
    "ip addr add fd00::1/64 dev r0 nodad;"
    // The kernel's own worker adds the local routes, a little later.
    "for a in 2001:2:0:1::1 2001:2:0:2::1 fd00::1; do for n in $(seq 100); do"
    " if ip -6 route show table local | grep -q \"^local $a \"; then break; fi; sleep 0.02; done; done;"
    "ip route add 198.19.0.0/16 via 198.18.0.254;"
    "ip route add 198.19.5.0/24 via 198.18.1.254; ip route add 198.19.5.7/32 dev r0;"
    "ip route add unreachable 198.19.6.0/24; ip route add blackhole 198.19.7.0/24; ip route add prohibit "
    "198.19.8.0/24;"
    "ip route add local 198.19.77.0/24 dev lo;"
    "ip route add 198.19.128.0/17 nexthop via 198.18.0.2 nexthop via 198.18.0.3;"
    "ip route add default via 198.18.1.253 table 100; ip rule add to 198.18.9.0/24 lookup 100;"
    "ip -6 route add 2001:2:0:8000::/49 via 2001:2:0:1::fe; ip -6 route add default via 2001:2:0:2::fe;"
    "ip neigh add 198.18.0.254 lladdr 02:00:00:00:00:fe dev r0;"
    "ip -6 neigh add 2001:2:0:1::fe lladdr 02:00:00:00:06:fe dev r0;"
    "ip neigh add 198.18.0.253 nud failed dev r0";

static bool have_namespace;

static void need_namespace(void)
{
    if (!have_namespace) {
        print_message("skipped: only root may make a network namespace\n");
        skip();
    }
}

static struct address parse(const char *text)
{
    struct address address;

    assert_true(address_parse(text, strlen(text), &address));
    return address;
}

static int index_of(const char *name)
{
    return (int)if_nametoindex(name);
}

struct expected {
    const char *destination;
    enum route_kind kind;
    const char *interface; // NULL: not looked at
    const char *source;    // NULL: not looked at
    const char *gateway;   // NULL: there is none
};

static void check(struct route_table *table, const struct expected *expected)
{
    struct address destination = parse(expected->destination);
    struct route route;
    char text[ADDRESS_TEXT_MAX];

    assert_int_equal(route_table_find(table, &destination, &route), 0);
    if (route.kind != expected->kind)
        fail_msg("%s: kind %d, not %d", expected->destination, (int)route.kind, (int)expected->kind);
    assert_int_equal(route.first.family, destination.family);
    assert_true(route.first.value <= destination.value && destination.value <= route.last.value);
    if (expected->interface != NULL)
        assert_int_equal(route.ifindex, index_of(expected->interface));
    if (expected->source != NULL) {
        address_format(&route.source, text);
        assert_string_equal(text, expected->source);
    }
    if (expected->gateway != NULL) {
        address_format(&route.gateway, text);
        assert_string_equal(text, expected->gateway);
    } else {
        assert_int_equal(route.gateway.family, 0);
    }
}

static void answers_as_set_up(void **state)
{
    static const struct expected rows[] = {
        {"198.18.0.77", ROUTE_ON_LINK, "r0", "198.18.0.1", NULL},
        {"198.18.1.77", ROUTE_ON_LINK, "r1", "198.18.1.1", NULL},
        {"198.18.0.1", ROUTE_LOCAL, "lo", NULL, NULL},
        {"127.0.0.1", ROUTE_LOCAL, "lo", NULL, NULL},
        {"127.9.8.7", ROUTE_LOCAL, "lo", NULL, NULL},
        {"0.0.0.0", ROUTE_LOCAL, NULL, NULL, NULL},
        {"0.0.0.1", ROUTE_NONE, NULL, NULL, NULL},
        {"198.18.0.255", ROUTE_BROADCAST, "r0", NULL, NULL},
        {"198.19.0.1", ROUTE_GATEWAY, "r0", "198.18.0.1", "198.18.0.254"},
        {"198.19.5.6", ROUTE_GATEWAY, "r1", "198.18.1.1", "198.18.1.254"},
        {"198.19.5.7", ROUTE_ON_LINK, "r0", NULL, NULL},
        {"198.19.5.8", ROUTE_GATEWAY, "r1", NULL, "198.18.1.254"},
        {"198.19.6.1", ROUTE_NONE, NULL, NULL, NULL},
        {"198.19.7.1", ROUTE_NONE, NULL, NULL, NULL},
        {"198.19.8.1", ROUTE_NONE, NULL, NULL, NULL},
        {"198.19.77.3", ROUTE_LOCAL, "lo", NULL, NULL},
        {"198.18.9.1", ROUTE_GATEWAY, "r1", NULL, "198.18.1.253"},
        {"198.18.2.9", ROUTE_NONE, NULL, NULL, NULL},
        {"203.0.113.1", ROUTE_NONE, NULL, NULL, NULL},
        {"2001:2:0:1::9", ROUTE_ON_LINK, "r0", "2001:2:0:1::1", NULL},
        {"2001:2:0:1::1", ROUTE_LOCAL, "lo", NULL, NULL},
        {"::1", ROUTE_LOCAL, "lo", NULL, NULL},
        {"2001:2:0:8001::9", ROUTE_GATEWAY, "r0", "2001:2:0:1::1", "2001:2:0:1::fe"},
        {"2001:2:0:9::9", ROUTE_GATEWAY, "r1", NULL, "2001:2:0:2::fe"},
        {"ff02::1", ROUTE_MULTICAST, NULL, NULL, NULL},
    };
    struct route_table *table;

    (void)state;
    need_namespace();
    assert_int_equal(route_table_new(&table, NULL), 0);
    // Twice: asked, and remembered.
    for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++)
        check(table, &rows[i % ARRAY_SIZE(rows)]);
    route_table_free(table);
}

static void answers_for_one_interface(void **state)
{
    static const struct expected rows[] = {
        {"198.18.0.77", ROUTE_ON_LINK, "r0", "198.18.0.1", NULL},
        {"198.18.1.1", ROUTE_LOCAL, NULL, NULL, NULL}, // ours, on another interface
        {"127.0.0.1", ROUTE_LOCAL, NULL, NULL, NULL},
        {"198.19.77.3", ROUTE_LOCAL, NULL, NULL, NULL},
        {"198.18.1.77", ROUTE_NONE, NULL, NULL, NULL},
        {"198.19.5.6", ROUTE_GATEWAY, "r0", NULL, "198.18.0.254"}, // passes over the route through r1
        {"203.0.113.1", ROUTE_NONE, NULL, NULL, NULL},             // the kernel would assume it on link
        {"198.18.0.255", ROUTE_BROADCAST, "r0", NULL, NULL},
        {"255.255.255.255", ROUTE_BROADCAST, "r0", "198.18.0.1", NULL},
        {"224.0.0.1", ROUTE_MULTICAST, "r0", "198.18.0.1", NULL},
        {"239.1.2.3", ROUTE_MULTICAST, "r0", "198.18.0.1", NULL},
        {"ff02::1:2", ROUTE_MULTICAST, "r0", NULL, NULL},
        {"ff05::5", ROUTE_MULTICAST, "r0", NULL, NULL},
        {"2001:2:0:8001::9", ROUTE_GATEWAY, "r0", "2001:2:0:1::1", "2001:2:0:1::fe"},
        {"2001:2:0:2::9", ROUTE_NONE, NULL, NULL, NULL},
    };
    struct route_table *table;

    (void)state;
    need_namespace();
    assert_int_equal(route_table_new(&table, "nosuch0"), -ENODEV);
    assert_int_equal(route_table_new(&table, "r0"), 0);
    for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++)
        check(table, &rows[i % ARRAY_SIZE(rows)]);
    route_table_free(table);
}

// What an interval says holds for every address in it, so for any that is asked on its own.
static void intervals_are_exact(void **state)
{
    static const char *const interfaces[] = {NULL, "r0", "r1"};
    uint32_t random = 1;

    (void)state;
    need_namespace();
    for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
        struct route_table *table;

        assert_int_equal(route_table_new(&table, interfaces[i]), 0);
        for (int n = 0; n < 150; n++) {
            struct address at;
            struct route_table *fresh;
            struct route known, asked;

            random = random * 1664525 + 1013904223;
            at = (struct address){.value = n % 5 == 0 ? random : 0xc6120000 | (random >> 15), .family = 4};
            if (n % 3 == 0)
                at = (struct address){.value = (u128)0x2001 << 112 | (u128)2 << 96 |
                                               (u128)(random >> 14) << 64 | random,
                                      .family = 6};
            assert_int_equal(route_table_find(table, &at, &known), 0);
            for (int end = 0; end < 3; end++) {
                struct address other = end == 0 ? known.first : end == 1 ? known.last : at;

                assert_int_equal(route_table_new(&fresh, interfaces[i]), 0);
                assert_int_equal(route_table_find(fresh, &other, &asked), 0);
                assert_int_equal(asked.kind, known.kind);
                assert_int_equal(asked.ifindex, known.ifindex);
                assert_true(address_equal(&asked.gateway, &known.gateway));
                // A local address is its own source.
                assert_true(known.kind == ROUTE_LOCAL || address_equal(&asked.source, &known.source));
                route_table_free(fresh);
            }
        }
        route_table_free(table);
    }
}

static void multipath_is_asked_one_by_one(void **state)
{
    struct address at = parse("198.19.200.0");
    bool seen[2] = {false, false};
    struct route_table *table;
    struct route route;

    (void)state;
    need_namespace();
    assert_int_equal(route_table_new(&table, NULL), 0);
    for (int i = 0; i < 64; i++, at.value++) {
        assert_int_equal(route_table_find(table, &at, &route), 0);
        assert_int_equal(route.kind, ROUTE_GATEWAY);
        assert_true(route.first.value == at.value && route.last.value == at.value);
        assert_true(route.gateway.value == 0xc6120002 || route.gateway.value == 0xc6120003);
        seen[route.gateway.value - 0xc6120002] = true;
    }
    assert_true(seen[0] && seen[1]);
    route_table_free(table);
}

static void walks_a_slash_8_in_few_steps(void **state)
{
    struct address at = parse("198.0.0.0");
    struct route_table *table;
    struct route route;
    int steps = 0;

    (void)state;
    need_namespace();
    assert_int_equal(route_table_new(&table, NULL), 0);
    for (; at.value < 0xc7000000; at.value = route.last.value + 1) {
        if (at.value == 0xc6138000) // the multipath network
            at.value = 0xc6140000;
        assert_int_equal(route_table_find(table, &at, &route), 0);
        assert_true(route.last.value >= at.value);
        assert_in_range(++steps, 1, 100);
    }
    route_table_free(table);
}

static void knows_neighbours(void **state)
{
    const struct address known4 = parse("198.18.0.254"), known6 = parse("2001:2:0:1::fe");
    const struct address failed = parse("198.18.0.253"), unknown = parse("198.18.0.252");
    struct route_table *table;
    struct mac mac;

    (void)state;
    need_namespace();
    assert_int_equal(route_table_new(&table, NULL), 0);
    assert_true(route_table_neighbour(table, index_of("r0"), &known4, &mac));
    assert_memory_equal(mac.bytes, "\x02\x00\x00\x00\x00\xfe", 6);
    assert_true(route_table_neighbour(table, index_of("r0"), &known6, &mac));
    assert_memory_equal(mac.bytes, "\x02\x00\x00\x00\x06\xfe", 6);
    assert_false(route_table_neighbour(table, index_of("r1"), &known4, &mac));
    assert_false(route_table_neighbour(table, index_of("r0"), &failed, &mac));
    assert_false(route_table_neighbour(table, index_of("r0"), &unknown, &mac));
    route_table_free(table);
}

static void knows_interfaces(void **state)
{
    struct route_table *table;
    struct route_interface link, again;
    char names[64], few[8];

    (void)state;
    need_namespace();
    assert_int_equal(route_table_new(&table, NULL), 0);
    assert_int_equal(route_interface_find(table, "r0", 0, &link), 0);
    assert_int_equal(link.ifindex, index_of("r0"));
    assert_int_equal(link.mtu, 1500);
    assert_true(link.is_up && link.is_running && link.is_ethernet && !link.is_loopback);
    assert_int_equal(link.xdp_program, 0);
    assert_int_equal(route_interface_find(table, NULL, link.ifindex, &again), 0);
    assert_string_equal(again.name, "r0");
    assert_memory_equal(again.mac.bytes, link.mac.bytes, 6);
    assert_int_equal(route_interface_find(table, "r2", 0, &link), 0);
    assert_false(link.is_up || link.is_running);
    assert_int_equal(route_interface_find(table, "lo", 0, &link), 0);
    assert_true(link.is_loopback);
    assert_int_equal(route_interface_find(table, "nosuch0", 0, &link), -ENODEV);
    assert_int_equal(route_interface_find(table, "", 0, &link), -ENODEV);
    assert_int_equal(route_interface_find(table, "a-name-that-no-interface-can-have", 0, &link), -ENODEV);
    assert_int_equal(route_interface_find(table, NULL, 999999, &link), -ENODEV);
    route_interface_names(table, names, sizeof(names));
    assert_non_null(strstr(names, "lo, "));
    assert_non_null(strstr(names, "r1"));
    route_interface_names(table, few, sizeof(few));
    assert_true(strlen(few) < sizeof(few));
    route_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_set_up),
        cmocka_unit_test(answers_for_one_interface),
        cmocka_unit_test(intervals_are_exact),
        cmocka_unit_test(multipath_is_asked_one_by_one),
        cmocka_unit_test(walks_a_slash_8_in_few_steps),
        cmocka_unit_test(knows_neighbours),
        cmocka_unit_test(knows_interfaces),
    };

    have_namespace = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
    if (have_namespace && system(setup) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
