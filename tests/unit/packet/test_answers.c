// Each kind of response answers its stimulus, and does not when a byte that counts is another.
#include "packet/answers.h"
#include "packet/flow_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FRAME_MAX  256
#define PLACES_MAX 14

struct answer_row {
    const char *name;
    enum layer_id first;
    const char *stimulus, *response;
    uint8_t counts[PLACES_MAX]; // offsets in the response, ended by 0: another value there is no answer
    uint8_t free[PLACES_MAX];   // likewise: any value there will do
};

static const struct answer_row answer_rows[] = {
    {"SYN and SYN-ACK",
     LAYER_IP,
     "45000028000100004006eea7c6120001c612000204010050ffffffff0000000050022000ff690000",
     "45000028000100004006eea7c6120002c612000100500401000000000000000050122000ff590000",
     {12, 15, 16, 19, 9, 20, 21, 22, 23, 28},
     {1, 4, 5, 8, 24, 27, 34}},
    {"SYN and RST",
     LAYER_IP,
     "45000028000100004006eea7c6120001c612000204010050000000070000000050022000ff620000",
     "45000028000100004006eea7c6120002c612000100500401000000000000000850142000ff4f0000",
     {12, 15, 16, 19, 20, 23, 28},
     {1, 24, 34}},
    {"data and acknowledgement",
     LAYER_IP,
     "45000032000100004006ee9dc6120001c61200020001000200000064000003e850182000fa41000030313233343536373839",
     "45000028000100004006eea7c6120002c612000100020001000003e80000006e50102000ff530000",
     {20, 23, 24, 26, 28, 30},
     {1, 34}},
    {"UDP",
     LAYER_IP,
     "4500001e000100004011eea6c6120001c612000204010035000a0e1a6162",
     "4500001f000100004011eea5c6120002c612000100350401000ba715636465",
     {12, 15, 16, 19, 20, 21, 22, 23},
     {1, 4, 8, 28}},
    {"echo",
     LAYER_IP,
     "4500001e000100004001eeb6c6120001c612000208009692000500066162",
     "4500001e000100004001eeb6c6120002c612000100009e92000500066162",
     {12, 15, 16, 19, 20, 24, 25, 26, 27},
     {1, 4, 8, 21, 28}},
    {"port unreachable",
     LAYER_IP,
     "4500001c000100004011eea8c6120001c612000200090007000873a6",
     "45000038000100004001e595c6120909c61200010303893e000000004500001c000100004011eea8c6120001c61200020009000"
     "7000873a6",
     {16, 19, 20, 37, 40, 43, 44, 47, 48, 49, 50, 51},
     {1, 12, 15, 21, 32, 36, 54}},
    {"time exceeded for a ping",
     LAYER_IP,
     "4500001c000100004001eeb8c6120001c61200020800f7f400050006",
     "45000038000100004001e595c6120909c61200010b00f4ff000000004500001c000100004001eeb8c6120001c61200020800f7f"
     "400050006",
     {16, 19, 40, 47, 48, 52, 53, 54, 55},
     {12, 15, 21, 36}},
    {"who has and is at",
     LAYER_ETHER,
     "02000000000202000000000108060001080006040001020000000001c6120001000000000000c6120002",
     "02000000000102000000000208060001080006040002020000000002c6120002020000000001c6120001",
     {12, 16, 20, 21, 28, 31},
     {0, 6, 22, 27, 32, 38, 41}},
    {"a tagged SYN",
     LAYER_ETHER,
     "02000000000202000000000181000005080045000028000100004006eea7c6120001c6120002001400500000000000000000500"
     "2200003570000",
     "02000000000102000000000281006005080045000028000100004006eea7c6120002c6120001005000140000000000000001501"
     "2200003460000",
     {12, 15, 16, 30, 33, 34, 37, 38, 41, 46},
     {0, 6}},
    {"an IPv6 ping",
     LAYER_IPV6,
     "60000000000a3a4020010002000000000000000000000001200100020000000000000000000000028000de44000500066162",
     "60000000000a3a4020010002000000000000000000000002200100020000000000000000000000018100dd44000500066162",
     {8, 23, 24, 39, 44, 45, 46, 47, 48, 49},
     {1, 7, 41}},
    {"a neighbour",
     LAYER_IPV6,
     "6000000000183aff20010002000000000000000000000001200100020000000000000000000000028700189f000000002001000"
     "2000000000000000000000002",
     "6000000000183aff20010002000000000000000000000002200100020000000000000000000000018800779ea00000002001000"
     "2000000000000000000000002",
     {8, 23, 24, 39, 48, 63},
     {1, 7, 44}},
    {"a neighbour asked by its group",
     LAYER_IPV6,
     "6000000000183aff20010002000000000000000000000001ff0200000000000000000001ff00000287003a9d000000002001000"
     "2000000000000000000000002",
     "6000000000183aff20010002000000000000000000000002200100020000000000000000000000018800779ea00000002001000"
     "2000000000000000000000002",
     {24, 39, 48, 63},
     {1, 7, 8, 23, 44}},
    {"an ICMPv6 error",
     LAYER_IPV6,
     "6000000000140640200100020000000000000000000000012001000200000000000000000000000200090007000000000000000"
     "0500220004fca0000",
     "6000000000443a40200100020000000000000000000000092001000200000000000000000000000103005637000000006000000"
     "0001406402001000200000000000000000000000120010002000000000000000000000002000900070000000000000000500220"
     "004fca0000",
     {24, 39, 54, 56, 71, 72, 87, 88, 89, 90, 91},
     {8, 23, 41, 49, 92}},
    {"INIT and ABORT",
     LAYER_IP,
     "45000034000100004084ee1dc6120001c61200020007000900000000b2117725010000140000000100000000000000000000"
     "0000",
     "45000024000100004084ee2dc6120002c61200010009000700000001eeee627206000004",
     {12, 15, 16, 19, 9, 20, 21, 22, 23},
     {1, 4, 8, 24, 27, 32, 33}},
    {"an 8-byte quote of SCTP",
     LAYER_IP,
     "45000034000100004084ee1dc6120001c61200020007000900000000b2117725010000140000000100000000000000000000"
     "0000",
     "45000038000100004001e595c6120909c61200010302fced0000000045000034000100004084ee1dc6120001c61200020007"
     "000900000000",
     {16, 19, 20, 37, 40, 43, 44, 47, 48, 49, 50, 51},
     {1, 12, 15, 21, 32, 36, 52}},
    {"NTP",
     LAYER_IP,
     "4500004c000100004011ee78c6120001c6120002007b007b0038c65c23020a0000000000000000007f000001000000000000"
     "0000000000000000000000000000000000000000000000000000",
     "4500004c000100004011ee78c6120002c6120001007b007b0038c55c24020a0000000000000000007f000001000000000000"
     "0000000000000000000000000000000000000000000000000000",
     {12, 15, 16, 19, 20, 21, 22, 23},
     {1, 4, 8, 28, 30}},
    {"IKE",
     LAYER_IP,
     "45000038000100004011ee8cc6120001c612000201f401f400249e9531323334353637380000000000000000001000000000"
     "00000000001c",
     "45000038000100004011ee8cc6120002c612000101f401f400240d0031323334353637386162636465666768001000000000"
     "00000000001c",
     {12, 15, 16, 19, 20, 21, 22, 23, 28, 35},
     {1, 4, 8, 36}},
    {"a protocol without ports",
     LAYER_IP,
     "450000160001000040c8edf7c6120001c61200026162",
     "450000160001000040c8edf7c6120002c61200016364",
     {9, 12, 15, 16, 19},
     {1, 4, 8, 20}},
};

static uint16_t frame_read(const char *hex, uint8_t *bytes)
{
    uint16_t len = 0;
    unsigned byte;

    for (; sscanf(hex + 2 * len, "%2x", &byte) == 1; len++)
        bytes[len] = (uint8_t)byte;
    return len;
}

static bool row_answers(const struct answer_row *row, const uint8_t *response, uint16_t len)
{
    static const struct answer_rules rules = {0};
    uint8_t bytes[FRAME_MAX];
    struct view sent, received;

    view_decode(&sent, bytes, frame_read(row->stimulus, bytes), row->first);
    view_decode(&received, response, len, row->first);
    return answers(&received, 0, &sent, 0, &rules);
}

static void answers_are_told_from_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answer_rows); i++) {
        const struct answer_row *row = &answer_rows[i];
        uint8_t response[FRAME_MAX];
        uint16_t len = frame_read(row->response, response);

        if (!row_answers(row, response, len))
            fail_msg("%s: it does not answer", row->name);
        for (unsigned k = 0; row->counts[k] != 0; k++) {
            response[row->counts[k]] ^= 0x40;
            if (row_answers(row, response, len))
                fail_msg("%s: it answers although byte %u is another", row->name, row->counts[k]);
            response[row->counts[k]] ^= 0x40;
        }
        for (unsigned k = 0; k < PLACES_MAX; k++) {
            response[row->free[k]] ^= row->free[k] == 0 ? 0 : 0x10;
            if (!row_answers(row, response, len))
                fail_msg("%s: it does not answer although only byte %u is another", row->name, row->free[k]);
            response[row->free[k]] ^= row->free[k] == 0 ? 0 : 0x10;
        }
    }
}

static void nobody_answers_itself_or_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answer_rows); i++) {
        uint8_t bytes[FRAME_MAX];
        uint16_t len = frame_read(answer_rows[i].stimulus, bytes);

        // Bytes of no known protocol answer anything of the same addresses, but those are turned.
        if (row_answers(&answer_rows[i], bytes, len))
            fail_msg("%s: it answers itself", answer_rows[i].name);
    }
}

static void answers_have_their_stimulus_flow_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answer_rows); i++) {
        const struct answer_row *row = &answer_rows[i];
        bool group = strstr(row->name, "group") != NULL;
        uint8_t s[FRAME_MAX], r[FRAME_MAX];
        struct view sent, received;

        view_decode(&sent, s, frame_read(row->stimulus, s), row->first);
        view_decode(&received, r, frame_read(row->response, r), row->first);
        for (uint64_t seed = 0; seed < 3; seed++) {
            const struct flow_hash how = {.seed = seed}, other = {.seed = seed + 1};

            assert_true(
                flow_key_of(&sent, 0, FLOW_STIMULUS, &how) ==
                flow_key_of_response(&received, 0, group ? FLOW_RESPONSE_TO_GROUP : FLOW_RESPONSE, &how));
            assert_true(flow_key_of(&sent, 0, FLOW_STIMULUS, &how) !=
                        flow_key_of(&sent, 0, FLOW_STIMULUS, &other));
        }
    }
}

// What the rules add: a quote's sequence number, and its id, also byte-swapped as some stacks leave it.
static void quotes_are_compared_further_on_demand(void **state)
{
    static const char sent_hex[] =
        "45000028123400004006b4bcc6120001c612000200140050000000070000000050022000c96b0000";
    static const char error_hex[] = "450000380001000040010000c6120009c61200010b00000000000000";
    const struct answer_rules none = {0}, seq = {.tagged_seq = true}, id = {.quoted_id = true};
    uint8_t s[FRAME_MAX], r[FRAME_MAX];
    struct view sent, received;

    (void)state;
    view_decode(&sent, s, frame_read(sent_hex, s), LAYER_IP);
    assert_int_equal(frame_read(error_hex, r), 28);
    memcpy(r + 28, s, 28); // the quote: header and 8 bytes
    view_decode(&received, r, 56, LAYER_IP);
    assert_true(answers(&received, 0, &sent, 0, &none));
    assert_true(answers(&received, 0, &sent, 0, &seq));
    assert_true(answers(&received, 0, &sent, 0, &id));
    r[55] ^= 1;
    assert_true(answers(&received, 0, &sent, 0, &none));
    assert_false(answers(&received, 0, &sent, 0, &seq));
    r[32] = 0x34;
    r[33] = 0x12;
    assert_true(answers(&received, 0, &sent, 0, &id));
    r[33] = 0x13;
    assert_false(answers(&received, 0, &sent, 0, &id));
    assert_true(answers(&received, 0, &sent, 0, &none));
}

// With a tag an acknowledgement must be the right one, and a reset of a SYN must have one: who does not know it has none.
static void tags_are_acknowledged(void **state)
{
    static const char syn[] =
        "45000028000100004006eea7c6120001c612000204010050000000070000000050022000ff620000";
    static const char reset[] =
        "45000028000100004006eea7c6120002c612000100500401000000000000000850142000ff4f0000";
    const struct answer_rules none = {0}, tagged = {.tagged_seq = true};
    uint8_t s[FRAME_MAX], r[FRAME_MAX];
    struct view sent, received;

    (void)state;
    view_decode(&sent, s, frame_read(syn, s), LAYER_IP);
    view_decode(&received, r, frame_read(reset, r), LAYER_IP);
    assert_true(answers(&received, 0, &sent, 0, &tagged));
    r[31] = 7; // the tag itself: the SYN has not been counted
    assert_true(answers(&received, 0, &sent, 0, &none));
    assert_false(answers(&received, 0, &sent, 0, &tagged));
    r[33] = 0x04; // RST alone
    assert_true(answers(&received, 0, &sent, 0, &none));
    assert_false(answers(&received, 0, &sent, 0, &tagged));
    s[33] = 0x10; // to an ACK it is what RFC 9293 asks for, and carries nothing
    assert_true(answers(&received, 0, &sent, 0, &tagged));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_told_from_others),
        cmocka_unit_test(nobody_answers_itself_or_another),
        cmocka_unit_test(answers_have_their_stimulus_flow_key),
        cmocka_unit_test(quotes_are_compared_further_on_demand),
        cmocka_unit_test(tags_are_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
