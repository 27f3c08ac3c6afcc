// Probes: building by position, tags and orders by seed, rounds.
#include "planned.h"
#include "probe/probes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define N    300
#define TEXT "IP(dst=\"198.19.0.0/30\")/TCP(sport=4000,dport=(1,75),flags=\"S\")"

static void start(struct planned *planned, struct probes *probes, uint64_t seed, bool random, bool tags)
{
    struct probes_options options = {
        .seed = seed, .random = random, .outstanding = N, .block_shift = 5, .match = true};

    assert_true(planned_make(planned, TEXT, tags));
    assert_int_equal(planned->plan.n, N);
    assert_int_equal(probes_init(probes, &planned->plan, &options), 0);
}

static void stop(struct planned *planned, struct probes *probes)
{
    probes_release(probes);
    planned_release(planned);
}

// Position p's frame, and its index.
static uint64_t build(struct probes *probes, uint64_t position, uint8_t *frame, uint16_t *len)
{
    struct plan_built built;

    memset(frame, 0, 256);
    probes_build(probes, probes_round_of(probes, position), position, 1, &frame, &built);
    *len = built.lengths[0];
    return built.indices[0];
}

static void bursts_and_single_probes_are_the_same(void **state)
{
    struct planned planned;
    struct probes probes;
    uint8_t memory[PLAN_BURST][256] = {{0}}, *frames[PLAN_BURST];
    struct plan_built built;

    (void)state;
    start(&planned, &probes, 3, true, true);
    for (unsigned k = 0; k < PLAN_BURST; k++)
        frames[k] = memory[k];
    probes_build(&probes, probes_current(&probes), 64, PLAN_BURST, frames, &built);
    for (unsigned k = 0; k < PLAN_BURST; k++) {
        uint8_t frame[256];
        uint16_t len;

        assert_int_equal(build(&probes, 64 + k, frame, &len), built.indices[k]);
        assert_int_equal(len, built.lengths[k]);
        assert_memory_equal(frame, memory[k], len);
    }
    stop(&planned, &probes);
}

static unsigned differing(uint64_t seed_a, uint64_t seed_b, bool random, bool tags)
{
    struct planned planned[2];
    struct probes probes[2];
    unsigned n = 0;

    start(&planned[0], &probes[0], seed_a, random, tags);
    start(&planned[1], &probes[1], seed_b, random, tags);
    for (uint64_t p = 0; p < N; p++) {
        uint8_t frames[2][256];
        uint16_t len[2];

        build(&probes[0], p, frames[0], &len[0]);
        build(&probes[1], p, frames[1], &len[1]);
        assert_int_equal(len[0], len[1]);
        n += memcmp(frames[0], frames[1], len[0]) != 0;
    }
    stop(&planned[0], &probes[0]);
    stop(&planned[1], &probes[1]);
    return n;
}

static void the_seed_makes_order_and_tags(void **state)
{
    (void)state;
    assert_int_equal(differing(1, 1, true, true), 0);
    assert_true(differing(1, 2, true, false) > N / 2);
    assert_true(differing(1, 2, false, true) > N / 2);
    assert_int_equal(differing(1, 2, false, false), 0);
}

static void rounds_continue_the_positions(void **state)
{
    static const uint64_t second[] = {299, 0, 7}, third[] = {7};
    struct planned planned;
    struct probes probes;
    uint8_t frames[3][256];
    uint16_t len;

    (void)state;
    start(&planned, &probes, 9, false, true);
    assert_int_equal(probes_add_round(&probes, second, 3), 0);
    assert_int_equal(probes_add_round(&probes, third, 1), 0);
    assert_ptr_equal(probes_current(&probes), probes.rounds[2]);
    assert_ptr_equal(probes_round_of(&probes, N - 1), probes.rounds[0]);
    assert_ptr_equal(probes_round_of(&probes, N), probes.rounds[1]);
    assert_ptr_equal(probes_round_of(&probes, N + 3), probes.rounds[2]);
    assert_int_equal(build(&probes, N, frames[0], &len), 299);
    assert_int_equal(build(&probes, N + 2, frames[0], &len), 7);
    assert_int_equal(build(&probes, N + 3, frames[1], &len), 7);
    assert_int_equal(build(&probes, 7, frames[2], &len), 7);
    // The same probe of another attempt has another tag: its answers can be told apart.
    assert_memory_not_equal(frames[0], frames[1], len);
    assert_memory_not_equal(frames[0], frames[2], len);
    stop(&planned, &probes);
}

static void rounds_come_to_an_end(void **state)
{
    static const uint64_t list[] = {1};
    struct planned planned;
    struct probes probes;

    (void)state;
    start(&planned, &probes, 9, false, false);
    for (unsigned r = 1; r < PROBES_ROUNDS_MAX; r++)
        assert_int_equal(probes_add_round(&probes, list, 1), 0);
    assert_int_not_equal(probes_add_round(&probes, list, 1), 0);
    stop(&planned, &probes);
}

// More probes of one flow key than can be told apart: those are counted.
static void probes_without_a_place_are_counted(void **state)
{
    struct probes_options options = {.seed = 1, .outstanding = 256, .block_shift = 5, .match = true};
    struct planned planned;
    struct probes probes;
    uint8_t memory[PLAN_BURST][256], *frames[PLAN_BURST];
    unsigned full = 0;

    (void)state;
    assert_true(planned_make(&planned, "IP(dst=\"198.19.0.1\",ttl=(1,128))/ICMP(id=1,seq=1)", false));
    assert_int_equal(probes_init(&probes, &planned.plan, &options), 0);
    for (unsigned k = 0; k < PLAN_BURST; k++)
        frames[k] = memory[k];
    for (uint64_t first = 0; first < 128; first += PLAN_BURST) {
        struct plan_built built;

        probes_build(&probes, probes_current(&probes), first, PLAN_BURST, frames, &built);
        full += probes_insert(&probes, probes_current(&probes), first, PLAN_BURST, frames, &built);
    }
    assert_int_equal(full, 128 - FLOW_TABLE_CANDIDATES);
    stop(&planned, &probes);
}

// Where every answer, and every error, carries a whole tag back there is no table.
static void tables_are_kept_where_answers_need_them(void **state)
{
    static const struct {
        const char *text;
        bool tags, has_table;
        struct answer_rules rules;
    } rows[] = {
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9))", true, false, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9))", false, true, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9))", true, true, {.scapy = true}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9))", true, true, {.open = ANSWER_OPEN_SEQUENCE}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9))", true, false, {.any_address = true}},
        {"IP(dst=\"198.19.0.1\")/TCP(seq=(1,9))", true, true, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9),flags=\"A\")", true, true, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9),flags=\"SA\")", true, true, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9),flags=\"SR\")", true, true, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(flags=[\"S\",\"A\"])", true, true, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(flags=[\"S\",\"SEC\"])", true, true, {0}}, // nobody looks so far
        {"IP(dst=\"198.19.0.1\")/TCP(flags=\"SEC\")", true, false, {0}},
        {"IP(dst=\"198.19.0.1\")/TCP(dport=(1,9))/\"abc\"", true, true, {0}},
        {"IP(dst=\"198.19.0.1\",ttl=(1,9))/ICMP()", true, false, {0}},
        {"IP(dst=\"198.19.0.1\")/ICMP(id=(1,9))", true, true, {0}},
        {"IP(dst=\"198.19.0.1\",ttl=(1,9))/UDP()", true, true, {0}},
        {"IP(dst=\"198.19.0.1\")/[TCP(dport=(1,9)),ICMP()]", true, false, {0}},
        {"IP(dst=\"198.19.0.1\")/[TCP(dport=(1,9)),UDP()]", true, true, {0}},
        {"IPv6(dst=\"2001:2::1\",hlim=(1,9))/ICMPv6EchoRequest()", true, false, {0}},
        {"IPv6(dst=\"2001:2::1\")/IPv6ExtHdrDestOpt()/TCP()", true, true, {0}},
        {"IP(dst=\"198.19.0.1\")/IP(dst=\"198.19.0.2\")/TCP()",
         true,
         true,
         {0}}, // errors quote no more than the inner IP
        {"Ether()/Dot1Q()/IP(dst=\"198.19.0.1\")/TCP()", true, false, {0}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct probes_options options = {
            .seed = 1, .outstanding = 256, .match = true, .rules = rows[i].rules};
        struct planned planned;
        struct probes probes;

        assert_true(planned_make(&planned, rows[i].text, rows[i].tags));
        assert_int_equal(probes_init(&probes, &planned.plan, &options), 0);
        if ((probes.table != NULL) != rows[i].has_table)
            fail_msg("row %zu: %s", i, rows[i].text);
        stop(&planned, &probes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bursts_and_single_probes_are_the_same),
        cmocka_unit_test(the_seed_makes_order_and_tags),
        cmocka_unit_test(rounds_continue_the_positions),
        cmocka_unit_test(rounds_come_to_an_end),
        cmocka_unit_test(probes_without_a_place_are_counted),
        cmocka_unit_test(tables_are_kept_where_answers_need_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
