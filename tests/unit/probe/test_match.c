// From responses to probes: each kind of response, ambiguous probes, and all the ways of being no first answer in time.
#include "packet/bytes.h"
#include "planned.h"
#include "probe/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TIMEOUT 1000
#define US      "dst=\"198.18.0.1\""
#define US6     "dst=\"2001:2::1\""

// Whether bursts are prepared, which must make no difference.
static bool prepares;

// Probes of a template, sent in order.
struct fixture {
    struct planned planned;
    struct probes probes;
    struct match_scratch scratch;
    struct forms forms;
    struct match match; // of the last response
    uint64_t outstanding;
};

static void setup_with(struct fixture *f, const char *text, bool tags, unsigned block_shift,
                       uint64_t outstanding)
{
    struct probes_options options = {
        .seed = 7, .outstanding = outstanding, .block_shift = block_shift, .match = true};

    assert_true(planned_make(&f->planned, text, tags));
    assert_int_equal(probes_init(&f->probes, &f->planned.plan, &options), 0);
    f->scratch.frame = malloc(f->planned.plan.longest + PLAN_SLACK);
    f->scratch.burst = malloc(PLAN_BURST * ((size_t)f->planned.plan.longest + PLAN_SLACK));
    assert_non_null(f->scratch.frame);
    assert_non_null(f->scratch.burst);
    f->forms = (struct forms){0};
    f->scratch.forms = &f->forms;
}

static void setup(struct fixture *f, const char *text, bool tags)
{
    setup_with(f, text, tags, 0, 1000);
}

static void teardown(struct fixture *f)
{
    free(f->scratch.frame);
    free(f->scratch.burst);
    probes_release(&f->probes);
    planned_release(&f->planned);
}

static void build(struct fixture *f, uint64_t position, uint8_t *frame, struct plan_built *built)
{
    probes_build(&f->probes, probes_round_of(&f->probes, position), position, 1, &frame, built);
}

// Claims the next block and makes its probes findable, as a sender does before the port takes them.
static struct round *claim(struct fixture *f, uint64_t *first, unsigned *count)
{
    struct round *round = probes_current(&f->probes);
    bool full;

    assert_true(window_claim(&round->window, first, count, &full));
    for (unsigned k = 0; k < *count; k++) {
        struct plan_built built;
        uint8_t frame[2048], *at = frame;

        build(f, round->first + *first + k, frame, &built);
        assert_int_equal(probes_insert(&f->probes, round, round->first + *first + k, 1, &at, &built), 0);
    }
    return round;
}

static void send_next(struct fixture *f, uint64_t ticks)
{
    uint64_t first;
    unsigned count;
    struct round *round = claim(f, &first, &count);

    window_sent(&round->window, first, count, 0, ticks);
}

static void send_all(struct fixture *f, uint64_t ticks)
{
    const struct round *round = probes_current(&f->probes);

    while (window_newest(&round->window) < round->n)
        send_next(f, ticks++);
}

static uint64_t retire_all(struct fixture *f, uint64_t expired)
{
    struct round *round = probes_current(&f->probes);
    struct window_retired block;
    uint64_t unanswered = 0;

    while (window_retire(&round->window, expired, &block))
        unanswered += (unsigned)__builtin_popcountll(block.unanswered);
    return unanswered;
}

static enum match_outcome receive_bytes(struct fixture *f, const uint8_t *bytes, uint16_t len,
                                        uint64_t arrived)
{
    uint8_t *exact = malloc(len); // so that sanitizers see the end

    assert_non_null(exact);
    memcpy(exact, bytes, len);
    match_decode(&f->probes, exact, len, &f->scratch, &f->match);
    if (prepares)
        match_prepare(&f->probes, &f->match, 1, &f->scratch);
    enum match_outcome outcome = match_find(&f->probes, &f->match, arrived, TIMEOUT, &f->scratch);
    free(exact);
    return outcome;
}

static enum match_outcome receive(struct fixture *f, const char *text, uint64_t arrived)
{
    uint8_t bytes[2048];
    uint16_t len = planned_frame(text, bytes);

    assert_int_not_equal(len, 0);
    return receive_bytes(f, bytes, len, arrived);
}

// ---- kinds of responses

#define NONE UINT64_MAX

struct exchange {
    const char *stimuli, *response;
    uint64_t index; // of the stimulus that is answered; NONE: the response is unsolicited
};

#define SYNS    "IP(dst=\"198.19.0.1\")/TCP(sport=4000,dport=[80,443],seq=700,flags=\"S\")"
#define ECHOES  "IP(dst=\"198.19.0.0/30\")/ICMP(id=5,seq=[8,9])"
#define UDPS    "IP(dst=\"198.19.0.1\")/UDP(sport=[4000,4001],dport=53)/Raw(load=\"abc\")"
#define ARPS    "Ether(dst=\"ff:ff:ff:ff:ff:ff\")/ARP(pdst=\"198.19.0.0/29\")"
#define SYNS6   "IPv6(dst=\"2001:2::8/126\")/TCP(sport=4000,dport=80,seq=700,flags=\"S\")"
#define ECHOES6 "IPv6(dst=\"2001:2::8/126\")/ICMPv6EchoRequest(id=5,seq=8)"
#define HOPS    "IP(dst=\"198.19.0.1\",ttl=(1,4))/UDP(sport=4000,dport=33434)"

static const struct exchange exchanges[] = {
    {SYNS, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=443,dport=4000,flags=\"SA\",seq=9,ack=701)", 1},
    {SYNS, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=80,dport=4000,flags=\"RA\",ack=701)", 0},
    {SYNS, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=80,dport=4001,flags=\"SA\",ack=701)", NONE},
    {SYNS, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=81,dport=4000,flags=\"SA\",ack=701)", NONE},
    {SYNS, "IP(src=\"198.19.0.2\"," US ")/TCP(sport=80,dport=4000,flags=\"SA\",ack=701)", NONE},
    {SYNS, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=80,dport=4000,flags=\"SA\",ack=901)", NONE},
    {SYNS, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=80,dport=4000,flags=\"S\",ack=701)", NONE},
    {SYNS, "IP(src=\"198.19.0.1\"," US ")/UDP(sport=80,dport=4000)", NONE},
    {SYNS,
     "IP(src=\"198.19.9.9\"," US ")/ICMP(type=11,code=0)/IP(src=\"198.18.0.1\",dst=\"198.19.0.1\")/"
     "TCP(sport=4000,dport=443,seq=700,flags=\"S\")",
     1},
    {SYNS,
     "IP(src=\"198.19.9.9\"," US ")/ICMP(type=3,code=1)/IP(src=\"198.18.0.1\",dst=\"198.19.0.1\")/"
     "TCP(sport=4000,dport=444,seq=700,flags=\"S\")",
     NONE},
    {SYNS,
     "IP(src=\"198.19.9.9\"," US ")/ICMP(type=3,code=1)/IP(src=\"198.18.0.1\",dst=\"198.19.0.2\")/"
     "TCP(sport=4000,dport=443,seq=700,flags=\"S\")",
     NONE},
    {ECHOES, "IP(src=\"198.19.0.2\"," US ")/ICMP(type=0,id=5,seq=9)", 5},
    {ECHOES, "IP(src=\"198.19.0.2\"," US ")/ICMP(type=0,id=5,seq=7)", NONE},
    {ECHOES, "IP(src=\"198.19.0.2\"," US ")/ICMP(type=8,id=5,seq=8)", NONE},
    {ECHOES,
     "IP(src=\"198.19.9.9\"," US ")/ICMP(type=11)/IP(src=\"198.18.0.1\",dst=\"198.19.0.3\")/ICMP(id=5,seq=8)",
     6},
    {UDPS, "IP(src=\"198.19.0.1\"," US ")/UDP(sport=53,dport=4001)/Raw(load=\"other\")", 1},
    {UDPS, "IP(src=\"198.19.0.1\"," US ")/UDP(sport=54,dport=4001)", NONE},
    {UDPS,
     "IP(src=\"198.19.0.1\"," US ")/ICMP(type=3,code=3)/IP(src=\"198.18.0.1\",dst=\"198.19.0.1\")/"
     "UDP(sport=4000,dport=53)",
     0},
    {ARPS, "Ether()/ARP(op=2,psrc=\"198.19.0.5\",pdst=\"198.18.0.1\")", 5},
    {ARPS, "Ether()/ARP(op=1,psrc=\"198.19.0.5\",pdst=\"198.18.0.1\")", NONE},
    {ARPS, "Ether()/ARP(op=2,psrc=\"198.19.0.9\",pdst=\"198.18.0.1\")", NONE},
    {SYNS6, "IPv6(src=\"2001:2::9\"," US6 ")/TCP(sport=80,dport=4000,flags=\"SA\",ack=701)", 1},
    {SYNS6, "IPv6(src=\"2001:2::c\"," US6 ")/TCP(sport=80,dport=4000,flags=\"SA\",ack=701)", NONE},
    {SYNS6,
     "IPv6(src=\"2001:2::99\"," US6 ")/ICMPv6TimeExceeded()/IPv6(src=\"2001:2::1\",dst=\"2001:2::a\")/"
     "TCP(sport=4000,dport=80,seq=700,flags=\"S\")",
     2},
    {ECHOES6, "IPv6(src=\"2001:2::b\"," US6 ")/ICMPv6EchoReply(id=5,seq=8)", 3},
    {ECHOES6, "IPv6(src=\"2001:2::b\"," US6 ")/ICMPv6EchoReply(id=6,seq=8)", NONE},
};

static void each_kind_of_response_finds_its_probe(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(exchanges); i++) {
        const struct exchange *e = &exchanges[i];
        struct fixture f;

        setup(&f, e->stimuli, false);
        send_all(&f, 100);
        enum match_outcome outcome = receive(&f, e->response, 500);
        if (outcome != (e->index == NONE ? MATCH_UNSOLICITED : MATCH_ANSWER) ||
            (e->index != NONE && f.match.index != e->index))
            fail_msg("%s\nto %s\noutcome %d, index %llu", e->response, e->stimuli, (int)outcome,
                     (unsigned long long)f.match.index);
        if (e->index != NONE) {
            assert_int_equal(f.match.position, e->index);
            assert_int_equal(f.match.sent_ticks, 100 + e->index);
            assert_int_equal(receive(&f, e->response, 600), MATCH_DUPLICATE);
        }
        assert_int_equal(retire_all(&f, UINT64_MAX), f.planned.plan.n - (e->index != NONE));
        teardown(&f);
    }
}

// What answers one probe of a group is an answer from anyone.
static void members_of_a_group_answer(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, "IP(dst=\"224.0.0.1\")/ICMP(id=1,seq=1)", false);
    send_all(&f, 100);
    assert_int_equal(receive(&f, "IP(src=\"198.19.0.7\"," US ")/ICMP(type=0,id=1,seq=1)", 200), MATCH_ANSWER);
    assert_int_equal(receive(&f, "IP(src=\"198.19.0.8\"," US ")/ICMP(type=0,id=1,seq=1)", 200),
                     MATCH_DUPLICATE);
    assert_int_equal(receive(&f, "IP(src=\"198.19.0.8\"," US ")/ICMP(type=0,id=1,seq=2)", 200),
                     MATCH_UNSOLICITED);
    teardown(&f);
}

// ---- several probes with one flow key

#define EXCEEDED(from)                                                                     \
    "IP(src=\"" from "\"," US ")/ICMP(type=11)/IP(src=\"198.18.0.1\",dst=\"198.19.0.1\")/" \
    "UDP(sport=4000,dport=33434)"

static void the_earliest_unanswered_of_equal_probes_wins(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, HOPS, false);
    send_all(&f, 100);
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(receive(&f, EXCEEDED("198.19.9.1"), 200), MATCH_ANSWER);
        assert_int_equal(f.match.index, i);
        assert_int_equal(f.match.sent_ticks, 100 + i);
    }
    assert_int_equal(receive(&f, EXCEEDED("198.19.9.1"), 200), MATCH_DUPLICATE);
    assert_int_equal(f.match.index, 0);
    teardown(&f);
}

static void an_equal_probe_that_is_out_of_time_is_passed_over(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, HOPS, false);
    send_next(&f, 100);
    send_next(&f, 900);
    assert_int_equal(receive(&f, EXCEEDED("198.19.9.1"), 100 + TIMEOUT + 1), MATCH_ANSWER);
    assert_int_equal(f.match.index, 1);
    assert_int_equal(receive(&f, EXCEEDED("198.19.9.1"), 100 + TIMEOUT + 1),
                     MATCH_DUPLICATE); // says more than late
    assert_int_equal(f.match.index, 1);
    teardown(&f);
}

static void what_came_before_the_probe_was_sent_is_no_answer(void **state)
{
    struct fixture f;
    uint64_t first;
    unsigned count;

    (void)state;
    setup(&f, HOPS, false);
    struct round *round = claim(&f, &first, &count);
    assert_int_equal(receive(&f, EXCEEDED("198.19.9.1"), 200), MATCH_UNSOLICITED); // claimed only
    window_sent(&round->window, first, count, 0, 300);
    assert_int_equal(receive(&f, EXCEEDED("198.19.9.1"), 299), MATCH_UNSOLICITED);
    assert_int_equal(receive(&f, EXCEEDED("198.19.9.1"), 300), MATCH_ANSWER);
    assert_int_equal(f.match.sent_ticks, 300);
    teardown(&f);
}

// The rest of a block that was refused twice has the last offer's time, also what left before.
static void an_answer_is_never_older_than_its_probe(void **state)
{
    struct fixture f;
    uint64_t first;
    unsigned count;

    (void)state;
    setup_with(&f, "IP(dst=\"198.19.0.1\")/TCP(sport=4000,dport=(1,8),seq=700,flags=\"S\")", false, 3, 1000);
    struct round *round = claim(&f, &first, &count);
    assert_int_equal(count, 8);
    window_sent(&round->window, first, count, 0, 100);
    window_sent(&round->window, first, count, 2, 200);
    window_sent(&round->window, first, count, 5, 400);
    assert_int_equal(
        receive(&f, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=4,dport=4000,flags=\"RA\",ack=701)", 300),
        MATCH_ANSWER);
    assert_int_equal(f.match.index, 3);
    assert_int_equal(f.match.sent_ticks, 100);
    teardown(&f);
}

// ---- too late

static const char synack[] = "IP(src=\"198.19.0.1\"," US ")/TCP(sport=80,dport=4000,flags=\"SA\",ack=701)";

static void an_answer_is_late_by_time(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, SYNS, false);
    send_all(&f, 100);
    assert_int_equal(receive(&f, synack, 100 + TIMEOUT + 1), MATCH_LATE);
    assert_int_equal(f.match.sent_ticks, 100);
    assert_int_equal(receive(&f, synack, 100 + TIMEOUT), MATCH_ANSWER); // the last tick counts
    teardown(&f);
}

static void an_answer_is_late_once_its_probe_was_given_up(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, SYNS, false);
    send_all(&f, 100);
    assert_int_equal(receive(&f, synack, 200), MATCH_ANSWER);
    assert_int_equal(retire_all(&f, UINT64_MAX), 1);
    assert_int_equal(receive(&f, synack, 300), MATCH_DUPLICATE);
    assert_int_equal(
        receive(&f, "IP(src=\"198.19.0.1\"," US ")/TCP(sport=443,dport=4000,flags=\"SA\",ack=701)", 300),
        MATCH_LATE);
    assert_int_equal(f.match.index, 1);
    teardown(&f);
}

// 40 probes in a window of 4: the places of the first ones were taken again.
static void a_probe_that_left_the_window_is_never_answered(void **state)
{
    struct fixture f;
    uint64_t first;
    unsigned count, unknown = 0;
    bool full;

    (void)state;
    setup_with(&f, "IP(dst=\"198.19.0.1\")/TCP(sport=4000,dport=(1,40),seq=700,flags=\"S\")", false, 0, 4);
    for (unsigned i = 0; i < 40; i++) {
        send_next(&f, 100);
        retire_all(&f, UINT64_MAX);
    }
    assert_false(window_claim(&probes_current(&f.probes)->window, &first, &count, &full));
    for (unsigned i = 1; i <= 40; i++) {
        char text[128];

        snprintf(text, sizeof(text),
                 "IP(src=\"198.19.0.1\"," US ")/TCP(sport=%u,dport=4000,flags=\"RA\",ack=701)", i);
        enum match_outcome outcome = receive(&f, text, 101);
        assert_true(outcome == MATCH_LATE || outcome == MATCH_UNSOLICITED);
        unknown += outcome == MATCH_UNSOLICITED;
    }
    assert_true(unknown < 40);
    teardown(&f);
}

// ---- attempts

static void an_answer_to_an_earlier_attempt_is_none_to_a_later_one(void **state)
{
    static const uint64_t again[] = {1, 3};
    struct fixture f;
    uint8_t frame[2048], synacks[3][2048];
    uint16_t len = planned_frame(synack, frame);
    struct plan_built built;

    (void)state;
    setup(&f, "IP(dst=\"198.19.0.1\")/TCP(sport=4000,dport=(80,83),flags=\"S\")", true);
    send_all(&f, 100);
    // Positions 0 and 1 in the first attempt, and 4, which is 1 again.
    for (unsigned i = 0; i < 3; i++) {
        uint8_t stimulus[2048];

        memcpy(synacks[i], frame, len);
        if (i == 2) {
            retire_all(&f, UINT64_MAX);
            assert_int_equal(probes_add_round(&f.probes, again, 2), 0);
        }
        build(&f, i == 2 ? 4 : i, stimulus, &built);
        memcpy(synacks[i] + 34, stimulus + 36, 2);
        put32(synacks[i] + 42, get32(stimulus + 38) + 1);
        if (i == 0)
            assert_int_equal(receive_bytes(&f, synacks[0], len, 200), MATCH_ANSWER);
    }
    send_all(&f, 3000);
    assert_int_equal(receive_bytes(&f, synacks[0], len, 3100), MATCH_DUPLICATE);
    // Sent again, the probe has a free place of the flow table, which may be that of the earlier attempt.
    enum match_outcome earlier = receive_bytes(&f, synacks[1], len, 3100);
    assert_true(earlier == MATCH_LATE || earlier == MATCH_UNSOLICITED);
    assert_int_equal(receive_bytes(&f, synacks[2], len, 3100), MATCH_ANSWER);
    assert_int_equal(f.match.index, 1);
    assert_int_equal(f.match.position, 4);
    assert_int_equal(f.match.sent_ticks, 3000);
    assert_int_equal(retire_all(&f, UINT64_MAX), 1);
    teardown(&f);
}

// Without tags an answer cannot tell which attempt it answers: the one that waits has it.
static void without_tags_the_attempt_that_waits_is_answered(void **state)
{
    static const uint64_t again[] = {0, 1};
    struct fixture f;

    (void)state;
    setup(&f, SYNS, false);
    send_all(&f, 100);
    assert_int_equal(retire_all(&f, UINT64_MAX), 2);
    assert_int_equal(probes_add_round(&f.probes, again, 2), 0);
    assert_int_equal(receive(&f, synack, 2000), MATCH_LATE); // not sent again yet
    send_all(&f, 3000);
    assert_int_equal(receive(&f, synack, 3100), MATCH_ANSWER);
    assert_int_equal(f.match.position, 2);
    teardown(&f);
}

// ---- forged and broken

static void a_forged_answer_must_know_the_tag(void **state)
{
    struct fixture f;
    uint8_t stimulus[2048], frame[2048];
    struct plan_built built;
    uint16_t len = planned_frame(synack, frame);

    (void)state;
    setup(&f, "IP(dst=\"198.19.0.1\")/TCP(sport=4000,dport=80,flags=\"S\")", true);
    send_all(&f, 100);
    build(&f, 0, stimulus, &built);
    uint32_t seq = get32(stimulus + 38);
    for (uint32_t wrong = 1; wrong != 0; wrong <<= 1) {
        put32(frame + 42, seq + 1 + (wrong < 4 ? 4 : wrong)); // acknowledgements may be 2 off
        assert_int_equal(receive_bytes(&f, frame, len, 200), MATCH_UNSOLICITED);
    }
    put32(frame + 42, seq + 1);
    assert_int_equal(receive_bytes(&f, frame, len, 200), MATCH_ANSWER);
    teardown(&f);
}

static void a_forged_error_must_quote_the_tag(void **state)
{
    struct fixture f;
    uint8_t stimulus[2048], frame[2048];
    struct plan_built built;
    uint16_t len =
        planned_frame("IP(src=\"198.19.9.9\"," US ")/ICMP(type=11)/IP(src=\"198.18.0.1\",dst=\"198.19.0.1\")/"
                      "TCP(sport=4000,dport=80,seq=1)",
                      frame);

    (void)state;
    setup(&f, "IP(dst=\"198.19.0.1\")/TCP(sport=4000,dport=80,flags=\"S\")", true);
    send_all(&f, 100);
    build(&f, 0, stimulus, &built);
    assert_int_equal(receive_bytes(&f, frame, len, 200), MATCH_UNSOLICITED);
    memcpy(frame + 66, stimulus + 38, 4); // Ether, IP, ICMP, IP, ports
    assert_int_equal(receive_bytes(&f, frame, len, 200), MATCH_ANSWER);
    teardown(&f);
}

static void broken_frames_are_malformed_and_harmless(void **state)
{
    struct fixture f;
    uint8_t frame[2048];
    uint16_t len = planned_frame(synack, frame);
    unsigned malformed = 0;

    (void)state;
    setup(&f, SYNS, false);
    send_all(&f, 100);
    for (uint16_t n = 0; n < len; n++) {
        enum match_outcome outcome = receive_bytes(&f, frame, n, 200);

        assert_true(outcome == MATCH_MALFORMED || outcome == MATCH_UNSOLICITED);
        malformed += outcome == MATCH_MALFORMED;
    }
    assert_true(malformed >= 30);
    assert_int_equal(receive_bytes(&f, frame, len, 200), MATCH_ANSWER);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_response_finds_its_probe),
        cmocka_unit_test(members_of_a_group_answer),
        cmocka_unit_test(the_earliest_unanswered_of_equal_probes_wins),
        cmocka_unit_test(an_equal_probe_that_is_out_of_time_is_passed_over),
        cmocka_unit_test(what_came_before_the_probe_was_sent_is_no_answer),
        cmocka_unit_test(an_answer_is_never_older_than_its_probe),
        cmocka_unit_test(an_answer_is_late_by_time),
        cmocka_unit_test(an_answer_is_late_once_its_probe_was_given_up),
        cmocka_unit_test(a_probe_that_left_the_window_is_never_answered),
        cmocka_unit_test(an_answer_to_an_earlier_attempt_is_none_to_a_later_one),
        cmocka_unit_test(without_tags_the_attempt_that_waits_is_answered),
        cmocka_unit_test(a_forged_answer_must_know_the_tag),
        cmocka_unit_test(a_forged_error_must_quote_the_tag),
        cmocka_unit_test(broken_frames_are_malformed_and_harmless),
    };

    int failed = cmocka_run_group_tests_name("one by one", tests, NULL, NULL);
    prepares = true;
    return failed + cmocka_run_group_tests_name("prepared", tests, NULL, NULL);
}
