// Finding neighbours, against a port in memory whose far side this file plays.
#include "port/neighbour.h"
#include "port/neighbour_frame.h"

#include "packet/bytes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// cmocka.h wants the three above.
#include <cmocka.h>

#define FRAME_MAX   128
#define PENDING_MAX 4096

// The far side: what it does with each frame that is sent.
struct far {
    struct port port;
    uint64_t clock;
    uint32_t sent, mute_first; // questions that it lets pass first
    bool lies;                 // answers with what must not be believed
    bool refuses;              // takes no frame
    struct address only;       // family 0: all exist
    uint64_t first_tick, last_tick;
    uint8_t storage[2 * PORT_BURST_MAX][FRAME_MAX];
    uint8_t pending[PENDING_MAX][FRAME_MAX];
    uint16_t pending_len[PENDING_MAX];
    uint32_t n_pending;
    int outstanding; // frames that were not given back
};

static const struct mac our_mac = {{0x02, 0, 0, 0, 0, 1}};

static struct mac mac_of(const struct address *address)
{
    struct mac mac = {{0x02, 0xaa, 0, 0, 0, 0}};

    put32(mac.bytes + 2, (uint32_t)address->value);
    return mac;
}

static uint16_t far_tx_get(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct far *far = (struct far *)port;

    (void)queue;
    for (uint16_t i = 0; i < n; i++)
        frames[i] = (struct frame){.data = far->storage[i], .room = FRAME_MAX};
    far->outstanding += n;
    return n;
}

static void far_put(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    (void)queue;
    (void)frames;
    ((struct far *)port)->outstanding -= n;
}

static void reply(struct far *far, const uint8_t *frame, uint16_t len)
{
    assert_true(far->n_pending < PENDING_MAX);
    memcpy(far->pending[far->n_pending], frame, len);
    far->pending_len[far->n_pending++] = len;
}

static void lie(struct far *far, uint8_t *frame, uint16_t len)
{
    bool is_arp = get16(frame + 12) == 0x0806;

    for (uint16_t cut = 0; cut < len; cut += 7)
        reply(far, frame, cut);
    frame[is_arp ? 14 + 8 : 14 + 40 + 24 + 2] |= 1; // a group's MAC
    reply(far, frame, len);
    frame[is_arp ? 14 + 8 : 14 + 40 + 24 + 2] &= 0xfe;
    frame[is_arp ? 14 + 4 : 14 + 7] -= 1; // wrong length of MACs; a hop limit of 254
    reply(far, frame, len);
    frame[is_arp ? 14 + 4 : 14 + 7] += 1;
    if (!is_arp) {
        frame[14 + 40 + 2] ^= 1; // checksum
        reply(far, frame, len);
        frame[14 + 40 + 2] ^= 1;
        frame[14 + 40 + 25] = 0; // an option without length
        reply(far, frame, len);
    }
}

static void hear(struct far *far, const struct frame *frame)
{
    struct neighbour_question question;
    struct mac mac;
    uint8_t answer[NEIGHBOUR_FRAME_MAX];
    uint16_t len;

    assert_true(neighbour_frame_parse_question(frame->data, frame->len, &question));
    if (far->sent++ < far->mute_first)
        return;
    if (far->only.family != 0 && !address_equal(&far->only, &question.target))
        return;
    mac = mac_of(&question.target);
    len = neighbour_reply(frame->data, frame->len, &question.target, 1, &mac, answer);
    assert_true(len > 0);
    if (far->lies)
        lie(far, answer, len);
    else
        reply(far, answer, len);
}

static uint16_t far_tx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct far *far = (struct far *)port;
    uint16_t taken = n > 3 ? 3 : n; // refuses the rest

    (void)queue;
    if (far->refuses)
        return 0;
    if (far->sent == 0)
        far->first_tick = far->clock;
    far->last_tick = far->clock;
    for (uint16_t i = 0; i < taken; i++) {
        hear(far, &frames[i]);
        memset(frames[i].data, 0xdb, FRAME_MAX); // it is the port's now
    }
    far->outstanding -= taken;
    return taken;
}

static uint16_t far_rx_burst(struct port *port, uint16_t queue, struct frame *frames, uint16_t n)
{
    struct far *far = (struct far *)port;
    uint16_t got = 0;

    (void)queue;
    for (; got < n && far->n_pending > 0; got++) {
        far->n_pending--;
        frames[got] =
            (struct frame){.data = far->pending[far->n_pending], .len = far->pending_len[far->n_pending]};
    }
    far->outstanding += got;
    return got;
}

static uint64_t far_now(struct port *port)
{
    return ((struct far *)port)->clock += 5;
}

static const struct port_ops far_ops = {
    .tx_get = far_tx_get,
    .tx_put = far_put,
    .tx_burst = far_tx_burst,
    .rx_burst = far_rx_burst,
    .rx_put = far_put,
    .now = far_now,
};

static int far_new(void **state)
{
    struct far *far = calloc(1, sizeof(*far));

    if (far == NULL)
        return -1;
    far->port = (struct port){.ops = &far_ops, .mac = our_mac, .ticks_hz = 1000000, .is_simulated = true};
    *state = far;
    return 0;
}

static int far_free(void **state)
{
    struct far *far = *state;

    assert_int_equal(far->outstanding, 0);
    free(far);
    return 0;
}

static struct address v4(uint32_t value)
{
    return (struct address){.value = value, .family = 4};
}

static struct address v6(uint64_t high, uint64_t low)
{
    return (struct address){.value = (u128)high << 64 | low, .family = 6};
}

static const struct neighbour_options options = {
    .source4 = {.value = 0xc6120001, .family = 4},
    .source6 = {.value = (u128)0x2001000200000000 << 64 | 1, .family = 6},
    .wait_ms = 10,
};

static void finds_thousands_of_both_families(void **state)
{
    enum { N = 5000 };
    struct far *far = *state;
    struct neighbour *list = calloc(N, sizeof(*list));

    assert_non_null(list);
    for (uint32_t i = 0; i < N; i++)
        list[i].address =
            i % 2 != 0 ? v4(0xc6120000 + i * 7919 % 65536) : v6(0x2001000200000000, i * 7919 % 65536);
    assert_int_equal(neighbour_ask(&far->port, list, N, &options), 0);
    for (uint32_t i = 0; i < N; i++) {
        struct mac mac = mac_of(&list[i].address);

        assert_true(list[i].found);
        assert_memory_equal(list[i].mac.bytes, mac.bytes, 6);
    }
    assert_true(far->sent <= N);
    free(list);
}

static void keeps_the_rate(void **state)
{
    struct far *far = *state;
    struct neighbour list[500] = {0};
    struct neighbour_options slow = options;

    slow.rate_pps = 1000;
    for (uint32_t i = 0; i < 500; i++)
        list[i].address = v4(0xc6120002 + i);
    assert_int_equal(neighbour_ask(&far->port, list, 500, &slow), 0);
    // 500 questions at 1,000 a second; the clock runs at 1 MHz.
    assert_in_range(far->last_tick - far->first_tick, 490000, 520000);
}

static void asks_again_and_counts_the_unknown(void **state)
{
    struct far *far = *state;
    struct neighbour list[3] = {
        {.address = v4(0xc6120002)}, {.address = v4(0xc6120003)}, {.address = v4(0xc6120003)}};

    far->mute_first = 3;
    far->only = v4(0xc6120003);
    assert_int_equal(neighbour_ask(&far->port, list, 3, &options), 1);
    assert_false(list[0].found);
    assert_true(list[1].found && list[2].found); // one answer serves both
    // 3 in vain, 3 of which one is answered, 1 in vain; one less if the answer came before the second was asked.
    assert_in_range(far->sent, 6, 7);
}

static void asks_nothing_that_is_found(void **state)
{
    struct far *far = *state;
    struct neighbour list[2] = {{.address = v4(1), .found = true}, {.address = v4(2), .found = true}};

    assert_int_equal(neighbour_ask(&far->port, list, 2, &options), 0);
    assert_int_equal(neighbour_ask(&far->port, list, 0, &options), 0);
    assert_int_equal(far->sent, 0);
}

static void believes_no_lies(void **state)
{
    struct far *far = *state;
    struct neighbour list[2] = {{.address = v4(0xc6120002)}, {.address = v6(0x2001000200000000, 2)}};

    far->lies = true;
    assert_int_equal(neighbour_ask(&far->port, list, 2, &options), 2);
}

static void gives_up_on_a_port_that_takes_nothing(void **state)
{
    struct far *far = *state;
    struct neighbour list[1] = {{.address = v4(0xc6120002)}};

    far->refuses = true;
    assert_int_equal(neighbour_ask(&far->port, list, 1, &options), -EIO);
}

static void asks_without_an_address(void **state)
{
    struct far *far = *state;
    struct neighbour list[2] = {{.address = v4(0xc6120002)}, {.address = v6(0x2001000200000000, 2)}};
    struct neighbour_options none = {.wait_ms = 10};

    assert_int_equal(neighbour_ask(&far->port, list, 2, &none), 0);
}

static void replies_as_the_rfcs_have_it(void **state)
{
    const struct address own[] = {v4(0xc6120001), v6(0x2001000200000000, 1)};
    const struct address asker4 = v4(0xc6120002), asker6 = v6(0x2001000200000000, 2), other = v4(0xc6120009);
    const struct mac asker_mac = {{2, 0, 0, 0, 0, 9}};
    const uint8_t arp_reply[] = {2,    0,    0, 0, 0, 9, 2, 0, 0, 0, 0,    1,    0x08, 0x06,
                                 0,    1,    8, 0, 6, 4, 0, 2, 2, 0, 0,    0,    0,    1,
                                 0xc6, 0x12, 0, 1, 2, 0, 0, 0, 0, 9, 0xc6, 0x12, 0,    2};
    uint8_t question[NEIGHBOUR_FRAME_MAX], answer[NEIGHBOUR_FRAME_MAX];
    uint16_t len = neighbour_frame_question(question, &asker_mac, &asker4, &own[0]);
    struct neighbour_claim claim;

    (void)state;
    assert_int_equal(len, 42);
    assert_int_equal(neighbour_reply(question, len, own, 2, &our_mac, answer), 42);
    assert_memory_equal(answer, arp_reply, sizeof(arp_reply));
    len = neighbour_frame_question(question, &asker_mac, &asker4, &other);
    assert_int_equal(neighbour_reply(question, len, own, 2, &our_mac, answer), 0);

    len = neighbour_frame_question(question, &asker_mac, &asker6, &own[1]);
    assert_int_equal(len, 86);
    assert_memory_equal(question, "\x33\x33\xff\x00\x00\x01", 6);
    assert_int_equal(neighbour_reply(question, len, own, 2, &our_mac, answer), 86);
    assert_memory_equal(answer, asker_mac.bytes, 6);
    assert_int_equal(get32(answer + 14 + 40 + 4), 0x60000000); // solicited, override, not a router
    assert_true(neighbour_frame_parse_answer(answer, 86, &claim));
    assert_memory_equal(claim.mac.bytes, our_mac.bytes, 6);
    assert_true(claim.is_solicited);
    // Whoever has no address yet is answered at all nodes.
    len = neighbour_frame_question(question, &asker_mac, &(struct address){0}, &own[1]);
    assert_int_equal(neighbour_reply(question, len, own, 2, &our_mac, answer), 86);
    assert_memory_equal(answer, "\x33\x33\x00\x00\x00\x01", 6);
    assert_int_equal(get32(answer + 14 + 40 + 4), 0x20000000);
}

static void reads_no_byte_too_far(void **state)
{
    const struct address own = v6(0x2001000200000000, 1), asker = v6(0x2001000200000000, 2);
    const struct mac asker_mac = {{2, 0, 0, 0, 0, 9}};
    uint8_t frame[NEIGHBOUR_FRAME_MAX], answer[NEIGHBOUR_FRAME_MAX];
    uint16_t len = neighbour_frame_question(frame, &asker_mac, &asker, &own);

    (void)state;
    for (uint16_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut > 0 ? cut : 1); // exactly as long, for the sanitizer

        assert_non_null(copy);
        memcpy(copy, frame, cut);
        assert_int_equal(neighbour_reply(copy, cut, &own, 1, &our_mac, answer), 0);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_thousands_of_both_families, far_new, far_free),
        cmocka_unit_test_setup_teardown(keeps_the_rate, far_new, far_free),
        cmocka_unit_test_setup_teardown(asks_again_and_counts_the_unknown, far_new, far_free),
        cmocka_unit_test_setup_teardown(asks_nothing_that_is_found, far_new, far_free),
        cmocka_unit_test_setup_teardown(believes_no_lies, far_new, far_free),
        cmocka_unit_test_setup_teardown(gives_up_on_a_port_that_takes_nothing, far_new, far_free),
        cmocka_unit_test_setup_teardown(asks_without_an_address, far_new, far_free),
        cmocka_unit_test(replies_as_the_rfcs_have_it),
        cmocka_unit_test(reads_no_byte_too_far),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
