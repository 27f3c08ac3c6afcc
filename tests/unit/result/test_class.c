#include "packet/bytes.h"
#include "result/class.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PROTOCOL_ICMP   1
#define PROTOCOL_TCP    6
#define PROTOCOL_UDP    17
#define PROTOCOL_ICMPV6 58
#define FRAME_MAX       256
#define QUOTE_OFFSET    8

enum lower { V4, V6, VLAN_V4, QINQ_V6, V4_IN_V4 };

// A frame of a lower part and the first bytes of what it carries; zeros follow. Where the carried protocol is an ICMP
// error, a SYN is quoted.
struct class_row {
    enum lower lower;
    uint8_t protocol;
    uint8_t carried[14];
    enum answer_class wanted;
};

#define TCP_WITH(flags)                                   \
    {                                                     \
        0, 80, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags \
    }

static const struct class_row class_rows[] = {
    {V4, PROTOCOL_TCP, TCP_WITH(0x12), CLASS_SYNACK},
    {V6, PROTOCOL_TCP, TCP_WITH(0x52), CLASS_SYNACK},
    {VLAN_V4, PROTOCOL_TCP, TCP_WITH(0x12), CLASS_SYNACK},
    {QINQ_V6, PROTOCOL_TCP, TCP_WITH(0x12), CLASS_SYNACK},
    {V4_IN_V4, PROTOCOL_TCP, TCP_WITH(0x12), CLASS_SYNACK},
    {V4, PROTOCOL_TCP, TCP_WITH(0x14), CLASS_RST},
    {V4, PROTOCOL_TCP, TCP_WITH(0x04), CLASS_RST},
    {V4, PROTOCOL_TCP, TCP_WITH(0x16), CLASS_RST},
    {V4, PROTOCOL_TCP, TCP_WITH(0x10), CLASS_TCP_OTHER},
    {V4, PROTOCOL_TCP, TCP_WITH(0x02), CLASS_TCP_OTHER},
    {V4, PROTOCOL_UDP, {0, 53, 0, 53, 0, 32}, CLASS_UDP},
    {VLAN_V4, PROTOCOL_UDP, {0, 53, 0, 53, 0, 32}, CLASS_UDP},
    {V4, PROTOCOL_ICMP, {0, 0}, CLASS_ECHO_REPLY},
    {V4, PROTOCOL_ICMP, {8, 0}, CLASS_OTHER},
    {V4, PROTOCOL_ICMP, {3, 0}, CLASS_UNREACHABLE_NET},
    {V4, PROTOCOL_ICMP, {3, 1}, CLASS_UNREACHABLE_HOST},
    {V4, PROTOCOL_ICMP, {3, 2}, CLASS_UNREACHABLE_PROTO},
    {V4, PROTOCOL_ICMP, {3, 3}, CLASS_UNREACHABLE_PORT},
    {VLAN_V4, PROTOCOL_ICMP, {3, 3}, CLASS_UNREACHABLE_PORT},
    {V4, PROTOCOL_ICMP, {3, 4}, CLASS_PACKET_TOO_BIG},
    {V4, PROTOCOL_ICMP, {3, 5}, CLASS_UNREACHABLE_OTHER},
    {V4, PROTOCOL_ICMP, {3, 6}, CLASS_UNREACHABLE_NET},
    {V4, PROTOCOL_ICMP, {3, 7}, CLASS_UNREACHABLE_HOST},
    {V4, PROTOCOL_ICMP, {3, 9}, CLASS_UNREACHABLE_ADMIN},
    {V4, PROTOCOL_ICMP, {3, 10}, CLASS_UNREACHABLE_ADMIN},
    {V4, PROTOCOL_ICMP, {3, 13}, CLASS_UNREACHABLE_ADMIN},
    {V4, PROTOCOL_ICMP, {3, 16}, CLASS_UNREACHABLE_OTHER},
    {V4, PROTOCOL_ICMP, {3, 255}, CLASS_UNREACHABLE_OTHER},
    {V4, PROTOCOL_ICMP, {4, 0}, CLASS_SOURCE_QUENCH},
    {V4, PROTOCOL_ICMP, {5, 1}, CLASS_REDIRECT},
    {V4, PROTOCOL_ICMP, {11, 0}, CLASS_TIME_EXCEEDED},
    {V4, PROTOCOL_ICMP, {12, 0}, CLASS_PARAMETER_PROBLEM},
    {V4, PROTOCOL_ICMP, {14, 0}, CLASS_TIMESTAMP_REPLY},
    {V6, PROTOCOL_ICMPV6, {129, 0}, CLASS_ECHO_REPLY},
    {V6, PROTOCOL_ICMPV6, {128, 0}, CLASS_OTHER},
    {V6, PROTOCOL_ICMPV6, {1, 0}, CLASS_UNREACHABLE_NET},
    {V6, PROTOCOL_ICMPV6, {1, 1}, CLASS_UNREACHABLE_ADMIN},
    {V6, PROTOCOL_ICMPV6, {1, 2}, CLASS_UNREACHABLE_OTHER},
    {V6, PROTOCOL_ICMPV6, {1, 3}, CLASS_UNREACHABLE_HOST},
    {QINQ_V6, PROTOCOL_ICMPV6, {1, 4}, CLASS_UNREACHABLE_PORT},
    {V6, PROTOCOL_ICMPV6, {1, 6}, CLASS_UNREACHABLE_ADMIN},
    {V6, PROTOCOL_ICMPV6, {2, 0}, CLASS_PACKET_TOO_BIG},
    {V6, PROTOCOL_ICMPV6, {3, 0}, CLASS_TIME_EXCEEDED},
    {V6, PROTOCOL_ICMPV6, {4, 1}, CLASS_PARAMETER_PROBLEM},
    {V6, PROTOCOL_ICMPV6, {136, 0}, CLASS_NEIGHBOUR_ADVERT},
    {V6, PROTOCOL_ICMPV6, {135, 0}, CLASS_OTHER},
    {V4, 99, {0}, CLASS_OTHER},
};

static size_t put_ipv4(uint8_t *p, uint8_t protocol, size_t payload)
{
    memset(p, 0, 20);
    p[0] = 0x45;
    put16(p + 2, (uint16_t)(20 + payload));
    p[8] = 64;
    p[9] = protocol;
    put32(p + 12, 0xc6120002);
    put32(p + 16, 0xc6120001);
    return 20;
}

static size_t put_ipv6(uint8_t *p, uint8_t protocol, size_t payload)
{
    memset(p, 0, 40);
    p[0] = 0x60;
    put16(p + 4, (uint16_t)payload);
    p[6] = protocol;
    p[7] = 64;
    put32(p + 8, 0x20010002);
    put32(p + 24, 0x20010002);
    return 40;
}

static size_t put_type(uint8_t *p, uint16_t type)
{
    put16(p, type);
    return 2;
}

static size_t put_tag(uint8_t *p, uint16_t type)
{
    put16(p, type);
    put16(p + 2, 5);
    return 4;
}

static size_t put_lower(uint8_t *frame, enum lower lower, uint8_t protocol, size_t payload)
{
    bool six = lower == V6 || lower == QINQ_V6;
    size_t at = 12;

    memset(frame, 2, at);
    if (lower == QINQ_V6)
        at += put_tag(frame + at, 0x8100);
    if (lower == QINQ_V6 || lower == VLAN_V4)
        at += put_tag(frame + at, 0x8100);
    at += put_type(frame + at, six ? 0x86dd : 0x0800);
    if (lower == V4_IN_V4)
        at += put_ipv4(frame + at, 4, payload + 20);
    return at + (six ? put_ipv6(frame + at, protocol, payload) : put_ipv4(frame + at, protocol, payload));
}

static size_t put_carried(uint8_t *p, const struct class_row *row)
{
    bool six = row->protocol == PROTOCOL_ICMPV6;
    bool error = (row->protocol == PROTOCOL_ICMP && row->carried[0] != 0 && row->carried[0] != 14) ||
                 (six && row->carried[0] < 128);

    memcpy(p, row->carried, sizeof(row->carried));
    if (error) {
        uint8_t *quote = p + QUOTE_OFFSET;

        quote += six ? put_ipv6(quote, PROTOCOL_TCP, 20) : put_ipv4(quote, PROTOCOL_TCP, 20);
        memcpy(quote, (const uint8_t[])TCP_WITH(0x02), 14);
    }
    return six ? QUOTE_OFFSET + 60 : 32;
}

static size_t put_frame(uint8_t frame[FRAME_MAX], const struct class_row *row)
{
    uint8_t carried[FRAME_MAX] = {0};
    size_t payload = put_carried(carried, row);
    size_t at;

    memset(frame, 0, FRAME_MAX);
    at = put_lower(frame, row->lower, row->protocol, payload);
    memcpy(frame + at, carried, payload);
    return at + payload;
}

static void answers_have_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(class_rows); i++) {
        uint8_t frame[FRAME_MAX];
        size_t len = put_frame(frame, &class_rows[i]);
        struct view view;

        view_decode(&view, frame, (uint32_t)len, LAYER_ETHER);
        assert_string_equal(class_name(class_of(&view)), class_name(class_rows[i].wanted));
    }
}

static void arp_has_classes(void **state)
{
    uint8_t frame[FRAME_MAX] = {0};
    struct view view;

    (void)state;
    put16(frame + 12, 0x0806);
    put16(frame + 14, 1);
    put16(frame + 16, 0x0800);
    frame[18] = 6;
    frame[19] = 4;
    for (uint16_t operation = 1; operation <= 3; operation++) {
        put16(frame + 20, operation);
        view_decode(&view, frame, 60, LAYER_ETHER);
        assert_int_equal(class_of(&view), operation == 2 ? CLASS_ARP_REPLY : CLASS_OTHER);
    }
}

// A view says where headers lie; classes trust its lengths, and read nothing behind them.
static void short_headers_are_other(void **state)
{
    static const uint8_t ids[] = {LAYER_TCP, LAYER_ICMP, LAYER_ARP, LAYER_ICMPV6_DEST_UNREACH};
    const uint8_t byte = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        const struct view view = {
            .bytes = &byte,
            .len = 1,
            .n = 1,
            .layers = {{.id = ids[i], .start = 0, .header_bytes = 1, .end = 1}},
        };

        assert_int_equal(class_of(&view), CLASS_OTHER);
    }
    assert_int_equal(class_of(&(struct view){.n = 0}), CLASS_OTHER);
}

// What is cut anywhere has some class, and nothing is read outside.
static void cut_frames_are_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(class_rows); i++) {
        uint8_t frame[FRAME_MAX];
        size_t len = put_frame(frame, &class_rows[i]);

        for (size_t cut = 1; cut < len; cut++) {
            uint8_t *copy = malloc(cut); // of its size, so that a sanitizer sees what is read behind it
            struct view view;

            assert_non_null(copy);
            memcpy(copy, frame, cut);
            view_decode(&view, copy, (uint32_t)cut, LAYER_ETHER);
            assert_true(class_of(&view) < CLASS_COUNT);
            free(copy);
        }
    }
}

static void quotes_do_not_count(void **state)
{
    const uint8_t tcp[20] = {[12] = 0x50, [13] = 0x12};
    struct view view = {
        .bytes = tcp,
        .len = sizeof(tcp),
        .n = 1,
        .layers = {{.id = LAYER_TCP, .start = 0, .header_bytes = 20, .end = 20}},
    };

    (void)state;
    assert_int_equal(class_of(&view), CLASS_SYNACK);
    view.layers[0].quoted = true;
    assert_int_equal(class_of(&view), CLASS_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_classes),    cmocka_unit_test(arp_has_classes),
        cmocka_unit_test(short_headers_are_other), cmocka_unit_test(cut_frames_are_safe),
        cmocka_unit_test(quotes_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
