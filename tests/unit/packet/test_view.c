// Dissecting hostile frames: every prefix and every changed byte of valid ones, and noise. AddressSanitizer watches the
// bounds, for each frame lies in a heap block of its own length.
#include "packet/answers.h"
#include "packet/flow_key.h"
#include "packet/layer.h"
#include "packet/summarise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct frame_row {
    const char *hex;
    enum layer_id first;
    const char *summary; // with numbers for ports
};

static const struct frame_row frame_rows[] = {
    {"020000000002020000000001080045000028000100004006b4bcc6120001c612000200140050000000000000000050022000c96"
     "b0000",
     LAYER_ETHER, "Ether / IP / TCP 198.18.0.1:20 > 198.18.0.2:80 S"},
    {"0200000000020200000000018100200106f0"
     "ff",
     LAYER_ETHER, "Ether / 802.1q 02:00:00:00:00:01 > 02:00:00:00:00:02 (0x6f0) vlan 1 / Raw"},
    {"ffffffffffff02000000000108060001080006040001020000000001c6120001000000000000c6120002"
     "00000000",
     LAYER_ETHER, "Ether / ARP who has 198.18.0.2 says 198.18.0.1 / Padding"},
    {"4500001f000100004011eea7c6120001c6120002003500350b0b0000616263", LAYER_IP, NULL},
    {"450000230001000040116c18c6120001c612000200350035000f0000616263646566670d0a", LAYER_IP,
     "IP / UDP 198.18.0.1:53 > 198.18.0.2:53 / Raw / Padding"},
    {"45000038000100004001eebac6120002c612000103030000000000004500001c000100004011eec6c6120001c61200020035003"
     "5"
     "00080000",
     LAYER_IP, "IP / ICMP 198.18.0.2 > 198.18.0.1 dest-unreach port-unreachable / IPerror / UDPerror"},
    {"6000000000203a40200100020000000000000000000000012001000200000000000000000000000287000000000000002001000"
     "2"
     "0000000000000000000000020101020000000001",
     LAYER_IPV6,
     "IPv6 / ICMPv6ND_NS / ICMPv6 Neighbor Discovery Option - Source Link-Layer Address 02:00:00:00:00:01"},
    {"60000000003c0040fe800000000000000000000000000001000000000000000000000000000000013a0105020000c2040000000"
     "501020000"
     "8f006f0b0000000104000001ff02000000000000000000000000000500000000000000000000000000000001",
     LAYER_IPV6, "fe80::1 > ::1 (0) / IPv6ExtHdrHopByHop / ICMPv6MLReport2"},
    {"6000000000483c40fe800000000000000000000000000001000000000000000000000000000000012b0201020000c9102001000"
     "200000000"
     "00000000000000073a0404010100000020010002000000000000000000000005200100020000000000000000000000068000"
     "3fab00000000",
     LAYER_IPV6,
     "IPv6 / IPv6ExtHdrDestOpt / IPv6ExtHdrSegmentRouting / ICMPv6 Echo Request (id: 0x0 seq: 0x0)"},
    {"6000000000683afffe800000000000000000000000000001ff02000000000000000000000000000186009334000807080000000"
     "000000000"
     "030440c0ffffffffffffffff000000000000000000000000000000000000000019050000ffffffff0000000000000000000000"
     "0000000001000000000000000000000000000000021f020000ffffffff0161016200016300",
     LAYER_IPV6,
     "IPv6 / ICMPv6ND_RA / ICMPv6NDOptPrefixInfo / ICMPv6NDOptRDNSS / ICMPv6 Neighbor Discovery Option - DNS "
     "Search "
     "List Option a.b., c."},
    {"6000000000102c40fe8000000000000000000000000000010000000000000000000000000000000111000009000000076162636"
     "465666768",
     LAYER_IPV6, "fe80::1 > ::1 (44) / IPv6ExtHdrFragment / Raw"},
    {"6000000000383a40200100020000000000000000000000022001000200000000000000000000000101000000000000006000000"
     "00008"
     "1140200100020000000000000000000000012001000200000000000000000000000200350035000800"
     "00",
     LAYER_IPV6, "2001:2::2 > 2001:2::1 (58) / ICMPv6DestUnreach / IPerror6 / UDPerror"},
    {"60000000000c3a40200100020000000000000000000000012001000200000000000000000000000280000000000100026162636"
     "4",
     LAYER_IPV6, "IPv6 / ICMPv6 Echo Request (id: 0x1 seq: 0x2)"},
    {"4500006c000100004084ede5c6120001c6120002000700090000000080c524ad010000380000000100000000000000000000"
     "0000000b00096162636465000000c001001000000000000500087f000001800800070fc18000000000120000000000000000"
     "0000000061620000",
     LAYER_IP, "198.18.0.1 > 198.18.0.2 sctp / SCTP / SCTPChunkInit / SCTPChunkData"},
    {"45000044000100004084ee0dc6120001c61200020007000900000000a42b6e5f030000180000000000000000000100010002"
     "0003000000070b0000040600000561000000",
     LAYER_IP, "198.18.0.1 > 198.18.0.2 sctp / SCTP / SCTPChunkSACK / SCTPChunkCookieAck / SCTPChunkAbort"},
    {"4500004c000100004011ee78c6120001c6120002007b007b0038c65c23020a0000000000000000007f000001000000000000"
     "0000000000000000000000000000000000000000000000000000",
     LAYER_IP, "IP / UDP / NTP v4, client"},
    {"4500002b000100004011ee99c6120001c612000200090045001747c800016162006f637465740063006400", LAYER_IP,
     "IP / UDP 198.18.0.1:9 > 198.18.0.2:69 / TFTP / RRQ 'ab' / TFTP_Options"},
    {"45000023000100004011eea1c6120001c612000200090045000f11f200050001616200", LAYER_IP,
     "IP / UDP 198.18.0.1:9 > 198.18.0.2:69 / TFTP / ERROR File not found: 'ab'"},
    {"4500003a000100004011ee8ac6120001c612000201f401f400263d2d31323334353637380000000000000000001000000000"
     "00000000001e6162",
     LAYER_IP, "IP / UDP 198.18.0.1:500 > 198.18.0.2:500 / ISAKMP / Raw"},
    {"45000048000100004011ee7cc6120001c61200020208020800340d4801010000ffff00026100000000000000000000000000"
     "00000002000000000000000000000000000000000001",
     LAYER_IP, "IP / UDP 198.18.0.1:520 > 198.18.0.2:520 / RIP / RIPAuth / RIPEntry"},
    {"45000024000100004011eea0c6120001c6120002007b007b00105b861700002a00000000", LAYER_IP,
     "IP / UDP / NTP v2, reserved for private use"},
    {"45000030000100004011ee94c6120001c6120002007b007b001c36f71602000000000000000000026162000061626364",
     LAYER_IP, "IP / UDP / NTP v2, NTP control message"},
    {"45000038000100004001e595c6120909c61200010302fced0000000045000034000100004084ee1dc6120001c61200020007000"
     "9"
     "00000000",
     LAYER_IP, "IP / ICMP 198.18.9.9 > 198.18.0.1 dest-unreach protocol-unreachable / IPerror / SCTPerror"},
    {"450000140001000040290000c6120001c6120002", LAYER_IP, "198.18.0.1 > 198.18.0.2 ipv6"},
    // a name that would steer a terminal
    {"6000000000283aff200100020000000000000000000000012001000200000000000000000000000286000ab8000807080000"
     "0000000000001f030000ffffffff05611b5b324a02c2b300000000000000",
     LAYER_IPV6,
     "IPv6 / ICMPv6ND_RA / ICMPv6 Neighbor Discovery Option - DNS Search List Option a\\x1b[2J.\\xc2\\xb3."},
};

static uint8_t *bytes_of(const char *hex, uint32_t *len)
{
    uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
    unsigned byte;

    assert_non_null(bytes);
    for (*len = 0; sscanf(hex + 2 * *len, "%2x", &byte) == 1; (*len)++)
        bytes[*len] = (uint8_t)byte;
    return bytes;
}

static void check_nesting(const struct view *view, uint32_t len)
{
    uint32_t at = 0;

    assert_true(view->n <= VIEW_LAYERS_MAX);
    for (unsigned i = 0; i < view->n; i++) {
        const struct view_layer *layer = &view->layers[i];

        assert_true(layer->start >= at && layer->start + layer->header_bytes <= layer->end &&
                    layer->end <= len);
        at = layer->start + layer->header_bytes;
    }
}

// Everything that reads a received frame reads this one, against itself and against a good one.
static void read_all(const uint8_t *bytes, uint32_t len, const struct frame_row *row, const struct view *good)
{
    static const struct flow_hash how = {.seed = 1};
    static const struct answer_rules rules = {.tagged_seq = true, .quoted_id = true};
    uint8_t *copy = malloc(len == 0 ? 1 : len); // exactly as long as the frame
    struct view view;
    char line[1024];
    struct text text = text_in(line, sizeof(line));

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    view_decode(&view, copy, len, row->first);
    check_nesting(&view, len);
    summarise(&view, 0, NULL, &text);
    flow_key_of(&view, 0, FLOW_STIMULUS, &how);
    flow_key_of_response(&view, 0, FLOW_RESPONSE, &how);
    flow_key_of_response(&view, 0, FLOW_RESPONSE_TO_GROUP, &how);
    answers(&view, 0, good, 0, &rules);
    answers(good, 0, &view, 0, &rules);
    answers(&view, 0, &view, 0, &rules);
    free(copy);
}

static void frames_are_dissected(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frame_rows); i++) {
        uint32_t len;
        uint8_t *bytes = bytes_of(frame_rows[i].hex, &len);
        struct view view;
        char line[512];
        struct text text = text_in(line, sizeof(line));

        view_decode(&view, bytes, len, frame_rows[i].first);
        summarise(&view, 0, NULL, &text);
        if (frame_rows[i].summary != NULL) {
            assert_string_equal(line, frame_rows[i].summary);
            assert_false(view.malformed);
        } else {
            assert_true(view.malformed);
        }
        free(bytes);
    }
}

static void every_prefix_and_every_changed_byte_is_harmless(void **state)
{
    static const uint8_t changes[] = {0x00, 0xff, 0x01, 0x80, 0x0f, 0xf0, 0x45,
                                      0x60, 0x29, 0x04, 0x3a, 0x11, 0x06};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frame_rows); i++) {
        uint32_t len;
        uint8_t *bytes = bytes_of(frame_rows[i].hex, &len);
        uint8_t *spoiled = bytes_of(frame_rows[i].hex, &len);
        struct view good;

        view_decode(&good, bytes, len, frame_rows[i].first);
        for (uint32_t cut = 0; cut <= len; cut++)
            read_all(bytes, cut, &frame_rows[i], &good);
        for (uint32_t at = 0; at < len; at++) {
            for (size_t c = 0; c < sizeof(changes); c++) {
                spoiled[at] = changes[c];
                read_all(spoiled, len, &frame_rows[i], &good);
            }
            spoiled[at] = bytes[at];
        }
        free(spoiled);
        free(bytes);
    }
}

static void noise_is_harmless(void **state)
{
    uint64_t random = 3;
    uint8_t bytes[256];

    (void)state;
    for (unsigned round = 0; round < 60000; round++) {
        const struct frame_row *row = &frame_rows[round % ARRAY_SIZE(frame_rows)];
        uint32_t len;
        uint8_t *base = bytes_of(row->hex, &len);
        struct view good;

        view_decode(&good, base, len, row->first);
        memcpy(bytes, base, len < sizeof(bytes) ? len : sizeof(bytes));
        for (unsigned k = 0; k < 6; k++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            bytes[(random >> 33) % len] = (uint8_t)(random >> 25);
        }
        read_all(bytes, len, row, &good);
        free(base);
    }
}

// A tunnel deeper than a view has room for ends there.
static void layers_end_at_their_limit(void **state)
{
    uint8_t bytes[64 * 20];
    struct view view;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        uint8_t *p = bytes + i * 20;
        uint16_t total = (uint16_t)(sizeof(bytes) - i * 20);

        memset(p, 0, 20);
        p[0] = 0x45;
        p[2] = (uint8_t)(total >> 8);
        p[3] = (uint8_t)total;
        p[9] = 4;
    }
    view_decode(&view, bytes, sizeof(bytes), LAYER_IP);
    assert_true(view.n <= VIEW_LAYERS_MAX);
    check_nesting(&view, sizeof(bytes));
    view_decode(&view, bytes, 0, LAYER_IP);
    assert_int_equal(view.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_dissected),
        cmocka_unit_test(every_prefix_and_every_changed_byte_is_harmless),
        cmocka_unit_test(noise_is_harmless),
        cmocka_unit_test(layers_end_at_their_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
