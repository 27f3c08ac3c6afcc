#include "probe/pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES_MAX 400
#define FRAME_LEN  29

// UDP between few hosts and ports, so that many frames may answer one another.
struct world {
    uint8_t frames[FRAMES_MAX][FRAME_LEN];
    unsigned n;
};

static uint32_t draw(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % n;
}

static void world_draw(struct world *world, uint64_t seed, unsigned n)
{
    static const uint8_t template[FRAME_LEN] = {0x45, 0, 0,   FRAME_LEN, 0, 0, 0,    0,  64, 17,
                                                0,    0, 198, 18,        0, 1, 0xc6, 18, 0,  2,
                                                0,    7, 0,   9,         0, 9, 0,    0,  'x'};

    world->n = n;
    for (unsigned i = 0; i < n; i++) {
        uint8_t *frame = world->frames[i];
        bool back = draw(&seed, 2) == 1;

        memcpy(frame, template, FRAME_LEN);
        frame[5] = (uint8_t)i; // IP.id: no frame is another one's copy
        frame[15] = back ? 2 : 1;
        frame[19] = back ? 1 : 2;
        frame[21] = (uint8_t)(1 + draw(&seed, 3));
        frame[23] = (uint8_t)(1 + draw(&seed, 3));
    }
}

static struct pairing_frame world_frame(const struct world *world, unsigned i)
{
    return (struct pairing_frame){
        .bytes = world->frames[i],
        .len = FRAME_LEN,
        .original_len = FRAME_LEN,
        .first = LAYER_IP,
        .time_ns = i,
        .ordinal = i + 1,
    };
}

static bool world_answers(const struct world *world, unsigned r, unsigned s, const struct answer_rules *rules)
{
    struct view response, stimulus;

    view_decode(&response, world->frames[r], FRAME_LEN, LAYER_IP);
    view_decode(&stimulus, world->frames[s], FRAME_LEN, LAYER_IP);
    return answers_frame(&response, 0, &stimulus, 0, rules);
}

// Pairs, by stimulus: the answer's ordinal, 0: none.
struct pairs {
    unsigned answer[FRAMES_MAX + 1];
    unsigned n;
};

// As Scapy goes about it: each stimulus in turn takes the first frame behind it that answers and is still free.
static void model(const struct world *world, const struct answer_rules *rules, struct pairs *pairs)
{
    bool taken[FRAMES_MAX] = {false};

    *pairs = (struct pairs){0};
    for (unsigned s = 0; s < world->n; s++) {
        for (unsigned r = s + 1; r < world->n && !taken[s]; r++) {
            if (taken[r] || !world_answers(world, r, s, rules))
                continue;
            taken[s] = taken[r] = true;
            pairs->answer[s + 1] = r + 1;
            pairs->n++;
        }
    }
}

static void note(void *context, const struct pairing_stimulus *stimulus, const struct pairing_frame *answer)
{
    struct pairs *pairs = context;

    assert_true(stimulus->frame.ordinal < answer->ordinal);
    assert_int_equal(pairs->answer[stimulus->frame.ordinal], 0);
    pairs->answer[stimulus->frame.ordinal] = (unsigned)answer->ordinal;
    pairs->n++;
}

// Every frame that was not paired is told at the end, in order.
static void check_rest(struct pairing *pairing, const struct world *world, const struct pairs *pairs)
{
    bool paired[FRAMES_MAX + 1] = {false};
    uint64_t last = 0;
    const struct pairing_stimulus *stimulus;
    unsigned n = 0;

    for (unsigned s = 1; s <= world->n; s++) {
        if (pairs->answer[s] != 0)
            paired[s] = paired[pairs->answer[s]] = true;
    }
    for (; (stimulus = pairing_expire(pairing, UINT64_MAX)) != NULL; n++) {
        assert_true(stimulus->frame.ordinal > last);
        assert_false(paired[stimulus->frame.ordinal]);
        assert_memory_equal(stimulus->frame.bytes, world->frames[stimulus->frame.ordinal - 1], FRAME_LEN);
        last = stimulus->frame.ordinal;
    }
    assert_int_equal(n + 2 * pairs->n, world->n);
}

static void responses_find_what_stimuli_would(void **state)
{
    static struct world world;
    struct pairs wanted, found;

    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        const struct pairing_options options = {.how = {.seed = seed, .rules = {.scapy = seed % 2 == 1}}};
        struct pairing *pairing;

        world_draw(&world, seed, seed < 50 ? 40 : FRAMES_MAX);
        model(&world, &options.how.rules, &wanted);
        found = (struct pairs){0};
        assert_int_equal(pairing_new(&pairing, &options), 0);
        for (unsigned i = 0; i < world.n; i++) {
            struct pairing_frame frame = world_frame(&world, i);

            assert_true(pairing_add(pairing, &frame, note, &found) >= 0);
        }
        assert_int_equal(pairing_waiting(pairing), world.n - 2 * found.n);
        assert_int_equal(pairing_stimuli(pairing), world.n - found.n);
        assert_memory_equal(&found, &wanted, sizeof(found));
        assert_true(found.n > world.n / 10);
        check_rest(pairing, &world, &found);
        pairing_free(pairing);
    }
}

static void give_nothing(void *context, const struct pairing_stimulus *stimulus,
                         const struct pairing_frame *answer)
{
    (void)stimulus;
    (void)answer;
    ++*(unsigned *)context;
}

// The times are the frames' own.
static void who_waits_too_long_is_given_up(void **state)
{
    const struct pairing_options options = {.timeout_ns = 10};
    static struct world world;
    struct pairing *pairing;
    unsigned told = 0;

    (void)state;
    world_draw(&world, 1, 30);
    assert_int_equal(pairing_new(&pairing, &options), 0);
    for (unsigned i = 0; i < world.n; i++) {
        struct pairing_frame frame = world_frame(&world, i);
        const struct pairing_stimulus *late;

        while ((late = pairing_expire(pairing, i)) != NULL)
            assert_int_equal(late->frame.time_ns, i - 11);
        assert_int_equal(pairing_wait(pairing, &frame), 0);
        assert_true(pairing_waiting(pairing) <= 11);
    }
    assert_int_equal(told, 0);
    pairing_free(pairing);
}

// A flow of more frames than are held against one another ends the search, and is counted.
static void the_work_for_a_frame_is_limited(void **state)
{
    const struct pairing_options options = {.how = {.rules = {.scapy = true}}};
    uint8_t bytes[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 198, 18, 0, 1, 198, 18, 0, 2, 0, 7, 0, 9};
    const struct pairing_frame stimulus = {.bytes = bytes, .len = 40, .first = LAYER_IP, .ordinal = 1};
    uint8_t answer[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 198, 18, 0, 2, 198, 18, 0, 1, 0, 9, 0, 7};
    const struct pairing_frame frame = {.bytes = answer, .len = 40, .first = LAYER_IP, .ordinal = 2};
    struct pairing *pairing;
    unsigned told = 0;

    (void)state;
    bytes[32] = answer[32] = 0x50; // data offset
    bytes[33] = 0x02;              // SYN
    answer[33] = 0x12;             // SYN/ACK
    answer[8 + 20] = 9;            // of nothing that was sent
    assert_int_equal(pairing_new(&pairing, &options), 0);
    for (unsigned i = 0; i < PAIRING_CANDIDATES_MAX + 10; i++)
        assert_int_equal(pairing_wait(pairing, &stimulus), 0);
    assert_false(pairing_answer(pairing, &frame, give_nothing, &told));
    assert_int_equal(pairing_gave_up(pairing), 1);
    assert_int_equal(told, 0);
    pairing_free(pairing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_find_what_stimuli_would),
        cmocka_unit_test(who_waits_too_long_is_given_up),
        cmocka_unit_test(the_work_for_a_frame_is_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
