// Frames decoded by their form have the view that decoding them gives: valid ones, every prefix, every value of every byte, noise.
#include "packet/forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME_MAX 128

struct frame_row {
    const char *name;
    bool has_form;
    const char *hex;
};

// clang-format off
static const struct frame_row frame_rows[] = {
    {"SYN/ACK", true, "020000000001020000000002080045000028000100004006eea7c6120002c612000100509c40"
                      "00000000000000015012200067190000000000000000"},
    {"SYN/ACK with an option", true, "02000000000102000000000208004500002c000100004006eea3c6120002c612000100509c40"
                                     "00000000000000016012" "20004f5d0000020405b40000"},
    {"RST/ACK over IPv6", true, "02000000000102000000000286dd6000000000140640200100020000000000000000000000022001000200000000"
                                "000000000000000100509c40000000000000000150142000b3360000"},
    {"echo reply", true, "020000000001020000000002080045000024000100004001eeb0c6120002c612000100006e5a00070009"
                         "616263646566676800000000000000000000"},
    {"echo reply over IPv6", true, "02000000000102000000000286dd6000000000083a402001000200000000000000000000000220010002"
                                   "00000000000000000000000181003ea400070009"},
    {"later fragment", true, "020000000001020000000002080045000024000100034011ee9dc6120002c612000161626364656667"
                             "68696a6b6c6d6e6f70"},
    {"IP option", true, "02000000000102000000000208004600002c000100004006599fc6120002c61200019404000000509c40"
                        "000000000000000150122000671" "90000"},
    {"unknown protocol", true, "02000000000102000000000208004500001a0001000040fdedbec6120002c6120001616263646566"},
    {"IGMP query", false, "02000000000102000000000208004500001c000100004002d4c9c6120002e00000011600080ae1000001"},
    {"port unreachable", false, "020000000001020000000002080045000038000100004001ee9cc6120002c61200010303893e00000000"
                                "4500001c000100004011eea8c6120001c61200020035829a0008f0e6"},
    {"UDP with a payload", false, "02000000000102000000000208004500002c000100004011ee98c6120002c612000100359c40001893d5"
                                  "6162636465666768696a6b6c6d6e6f70"},
    {"ARP reply", false, "0200000000010200000000020806000108000604000202fc00000001c6120002000000000000c6120001"},
    {"VLAN", false, "02000000000102000000000281000005080045000028000100004006eea7c6120002c612000100509c40"
                    "00000000000000015012200067190000"},
    {"802.3", false, "0200000000010200000000020009000000616263646566"},
    {"cut short", false, "020000000001020000000002080045000028000100004006eea7c6120002c6120001001400500000000000000000"
                         "50022000"},
};
// clang-format on

static uint32_t bytes_of(const struct frame_row *row, uint8_t bytes[FRAME_MAX])
{
    uint32_t len = 0;
    unsigned byte;

    for (; sscanf(row->hex + 2 * len, "%2x", &byte) == 1; len++)
        bytes[len] = (uint8_t)byte;
    return len;
}

static void check(struct forms *forms, const uint8_t *bytes, uint32_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len); // exactly as long as the frame
    struct view view, wanted;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    view_decode(&wanted, copy, len, LAYER_ETHER);
    forms_decode(forms, &view, copy, len, LAYER_ETHER);
    assert_ptr_equal(view.bytes, copy);
    assert_int_equal(view.len, wanted.len);
    assert_int_equal(view.n, wanted.n);
    assert_int_equal(view.malformed, wanted.malformed);
    for (unsigned i = 0; i < view.n; i++) {
        const struct view_layer *a = &view.layers[i], *b = &wanted.layers[i];

        assert_true(a->id == b->id && a->quoted == b->quoted && a->start == b->start &&
                    a->header_bytes == b->header_bytes && a->end == b->end);
    }
    free(copy);
}

static void frames_seen_before_have_a_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frame_rows); i++) {
        struct forms forms = {0};
        uint8_t bytes[FRAME_MAX];
        uint32_t len = bytes_of(&frame_rows[i], bytes);

        check(&forms, bytes, len);
        check(&forms, bytes, len);
        if (forms.n_misses != (frame_rows[i].has_form ? 1 : 2))
            fail_msg("%s", frame_rows[i].name);
    }
}

// One form is learnt, and frames that differ from it in any byte are told from it if that matters.
static void every_change_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frame_rows); i++) {
        struct forms learnt = {0}, forms;
        uint8_t bytes[FRAME_MAX];
        uint32_t len = bytes_of(&frame_rows[i], bytes);

        check(&learnt, bytes, len);
        for (uint32_t cut = 0; cut < len; cut++) {
            forms = learnt;
            check(&forms, bytes, cut);
        }
        for (uint32_t at = 0; at < len; at++) {
            uint8_t kept = bytes[at];

            for (unsigned value = 0; value < 256; value++) {
                forms = learnt;
                bytes[at] = (uint8_t)value;
                check(&forms, bytes, len);
            }
            bytes[at] = kept;
        }
    }
}

// All forms in use, learnt from good and bad frames.
static void noise_is_decoded_alike(void **state)
{
    struct forms forms = {0};
    uint64_t random = 3;

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t bytes[FRAME_MAX];
        uint32_t len = bytes_of(&frame_rows[(random >> 40) % ARRAY_SIZE(frame_rows)], bytes);

        for (unsigned k = 0; k < round % 4; k++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            bytes[(random >> 33) % len] = (uint8_t)(random >> 25);
        }
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        check(&forms, bytes, len);
    }
    assert_true(forms.n_misses < 90000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_seen_before_have_a_form),
        cmocka_unit_test(every_change_is_seen),
        cmocka_unit_test(noise_is_decoded_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
