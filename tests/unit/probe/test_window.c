#include "base/hash.h"
#include "probe/window.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t random_below(uint64_t *state, uint64_t n)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return hash_mix64(*state, UINT64_C(0x14057b7ef767814f)) % n;
}

// Claims the next block and sends it as one.
static bool send_block(struct window *window, uint64_t ticks, uint64_t *first, unsigned *count)
{
    bool full;

    if (!window_claim(window, first, count, &full))
        return false;
    window_sent(window, *first, *count, 0, ticks);
    return true;
}

static void init_rejects_what_cannot_be(void **state)
{
    struct window window;

    (void)state;
    assert_int_equal(window_init(&window, 100, 100, 7), -EINVAL);
    assert_int_equal(window_init(&window, UINT64_C(1) << 63, UINT64_C(1) << 63, 0), -ENOMEM);
}

static void an_empty_plan_has_nothing_to_claim(void **state)
{
    struct window_retired retired;
    struct window window;
    uint64_t first, sent;
    unsigned count;
    bool full = true;

    (void)state;
    assert_int_equal(window_init(&window, 0, 0, 6), 0);
    assert_false(window_claim(&window, &first, &count, &full));
    assert_false(full);
    assert_false(window_retire(&window, UINT64_MAX, &retired));
    assert_int_equal(window_mark(&window, 0, &sent), WINDOW_GONE);
    assert_int_equal(window_mark(&window, UINT64_MAX, &sent), WINDOW_GONE);
    assert_int_equal(window_oldest(&window), 0);
    assert_int_equal(window_newest(&window), 0);
    window_release(&window);
}

// 70 positions in blocks of 64: the last block has 6.
static void the_life_of_a_position(void **state)
{
    struct window_retired retired;
    struct window window;
    uint64_t first, sent = 0;
    unsigned count;
    bool full;

    (void)state;
    assert_int_equal(window_init(&window, 70, 1000, 6), 0);
    assert_true(window_claim(&window, &first, &count, &full));
    assert_int_equal(first, 0);
    assert_int_equal(count, 64);
    assert_int_equal(window_newest(&window), 64);
    assert_int_equal(window_mark(&window, 0, &sent), WINDOW_GONE); // not sent yet
    assert_false(window_retire(&window, UINT64_MAX, &retired));
    window_sent(&window, 0, 64, 0, 0); // the clock may start at 0
    assert_int_equal(window_peek(&window, 63, &sent), WINDOW_ANSWER);
    assert_int_equal(window_mark(&window, 63, &sent), WINDOW_ANSWER);
    assert_int_equal(sent, 0);
    assert_int_equal(window_peek(&window, 63, &sent), WINDOW_DUPLICATE);
    assert_int_equal(window_mark(&window, 63, &sent), WINDOW_DUPLICATE);
    assert_int_equal(window_mark(&window, 64, &sent), WINDOW_GONE); // not claimed yet
    assert_true(send_block(&window, 500, &first, &count));
    assert_int_equal(first, 64);
    assert_int_equal(count, 6);
    assert_int_equal(window_newest(&window), 70);
    assert_false(window_claim(&window, &first, &count, &full));
    assert_false(full);
    assert_int_equal(window_mark(&window, 70, &sent), WINDOW_GONE); // beyond the plan
    assert_true(window_retire(&window, 100, &retired));
    assert_int_equal(retired.first, 0);
    assert_int_equal(retired.count, 64);
    assert_int_equal(retired.unanswered, UINT64_MAX >> 1);
    assert_int_equal(retired.split, 64);
    assert_int_equal(window_oldest(&window), 64);
    assert_int_equal(window_mark(&window, 5, &sent), WINDOW_LATE);
    assert_int_equal(window_mark(&window, 63, &sent), WINDOW_DUPLICATE);
    assert_false(window_retire(&window, 499, &retired));
    for (uint64_t position = 64; position < 70; position++) {
        assert_int_equal(window_mark(&window, position, &sent), WINDOW_ANSWER);
        assert_int_equal(sent, 500);
    }
    assert_true(window_retire(&window, 0, &retired)); // complete: no need to wait
    assert_int_equal(retired.unanswered, 0);
    assert_int_equal(retired.count, 6);
    assert_int_equal(window_oldest(&window), 70);
    assert_false(window_retire(&window, UINT64_MAX, &retired));
    window_release(&window);
}

static void refused_offers_move_the_times(void **state)
{
    struct window_retired retired;
    struct window window;
    uint64_t first, sent;
    unsigned count;
    bool full;

    (void)state;
    assert_int_equal(window_init(&window, 64, 64, 6), 0);
    assert_true(window_claim(&window, &first, &count, &full));
    window_sent(&window, first, count, 0, 1000);
    window_sent(&window, first, count, 0, 1100); // nothing was accepted
    assert_int_equal(window_peek(&window, 0, &sent), WINDOW_ANSWER);
    assert_int_equal(sent, 1100);
    assert_false(window_retire(&window, 1050, &retired));
    window_sent(&window, first, count, 10, 1200);
    window_sent(&window, first, count, 40, 1300);
    assert_int_equal(window_peek(&window, 9, &sent), WINDOW_ANSWER);
    assert_int_equal(sent, 1100);
    for (uint64_t position = 10; position < 64; position++) {
        assert_int_equal(window_peek(&window, position, &sent), WINDOW_ANSWER);
        assert_int_equal(sent, 1300);
    }
    assert_false(window_retire(&window, 1299, &retired));
    assert_true(window_retire(&window, 1300, &retired));
    assert_int_equal(retired.split, 10);
    assert_int_equal(retired.sent[0], 1100);
    assert_int_equal(retired.sent[1], 1300);
    assert_int_equal(retired.unanswered, UINT64_MAX);
    window_release(&window);
}

// A TX worker that comes back after its block was given up and its place is another's changes nothing there.
static void an_offer_after_the_place_was_claimed_again_is_dropped(void **state)
{
    struct window_retired retired;
    struct window window;
    uint64_t first = 0, sent, ring;
    unsigned count;

    (void)state;
    assert_int_equal(window_init(&window, 1 << 20, 4, 0), 0);
    ring = UINT64_C(1) << window.ring_shift;
    for (uint64_t i = 0; i < ring; i++) {
        assert_true(send_block(&window, i, &first, &count));
        assert_true(window_retire(&window, i, &retired));
    }
    assert_int_equal(window_mark(&window, 0, &sent), WINDOW_LATE);
    assert_true(send_block(&window, 77, &first, &count));
    assert_int_equal(first, ring);
    window_sent(&window, 0, 1, 0, 1000);
    assert_int_equal(window_peek(&window, ring, &sent), WINDOW_ANSWER);
    assert_int_equal(sent, 77);
    assert_int_equal(window_mark(&window, 0, &sent), WINDOW_GONE);
    assert_int_equal(window_peek(&window, ring, &sent), WINDOW_ANSWER);
    window_release(&window);
}

// An RX worker that slept between its look at the block's number and its mark: the number is put back to what it saw.
static void a_mark_after_the_place_was_claimed_again_is_dropped(void **state)
{
    struct window_retired retired;
    struct window window;
    uint64_t first = 0, sent = 5, ring;
    unsigned count;

    (void)state;
    assert_int_equal(window_init(&window, UINT64_C(1) << 62, 4, 0), 0);
    ring = UINT64_C(1) << window.ring_shift;
    for (uint64_t i = 0; i <= ring; i++) {
        assert_true(send_block(&window, i, &first, &count));
        assert_true(i == ring || window_retire(&window, i, &retired));
    }
    assert_int_equal(window_mark(&window, ring + (ring << 31), &sent),
                     WINDOW_GONE); // the laps of marks are 31 bits
    atomic_store(&window.blocks[0].number, 0);
    assert_int_equal(window_peek(&window, 0, &sent), WINDOW_GONE);
    assert_int_equal(window_mark(&window, 0, &sent), WINDOW_GONE);
    assert_int_equal(sent, 5);
    atomic_store(&window.blocks[0].number, ring);
    assert_int_equal(window_mark(&window, ring, &sent), WINDOW_ANSWER);
    window_release(&window);
}

static void full_says_so_and_the_retired_are_remembered(void **state)
{
    static const uint64_t outstanding[] = {1, 256, 257, 1000};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(outstanding); i++) {
        uint64_t blocks = (outstanding[i] + 63) / 64 < 4 ? 4 : (outstanding[i] + 63) / 64, first, sent;
        struct window_retired retired;
        struct window window;
        unsigned count;
        bool full;

        assert_int_equal(window_init(&window, 1 << 20, outstanding[i], 6), 0);
        for (uint64_t k = 0; k < blocks; k++)
            assert_true(send_block(&window, k, &first, &count));
        assert_false(window_claim(&window, &first, &count, &full));
        assert_true(full);
        for (uint64_t k = 0; k < blocks; k++) {
            assert_true(window_retire(&window, UINT64_MAX, &retired));
            assert_true(send_block(&window, k, &first, &count));
        }
        for (uint64_t k = 0; k < blocks * 64; k++)
            assert_int_equal(window_mark(&window, k, &sent), WINDOW_LATE);
        window_release(&window);
    }
}

// The same, written without any cleverness: every block of the plan, for ever.
struct model {
    struct model_block {
        bool claimed, retired;
        unsigned offers, split;
        uint64_t sent[2], answered;
    } * blocks;
    uint64_t head, tail, n_positions, n_blocks, ring;
    unsigned shift;
};

static enum window_mark model_mark(struct model *model, uint64_t position, uint64_t *sent, bool mark)
{
    uint64_t number = position >> model->shift, offset = position & ((UINT64_C(1) << model->shift) - 1);
    struct model_block *block;
    bool answered;

    if (position >= model->n_positions || number >= model->head || number + model->ring < model->head)
        return WINDOW_GONE;
    block = &model->blocks[number];
    if (block->offers == 0)
        return WINDOW_GONE;
    *sent = block->sent[offset >= block->split];
    answered = block->answered >> offset & 1;
    if (answered)
        return WINDOW_DUPLICATE;
    if (block->retired)
        return WINDOW_LATE;
    if (mark)
        block->answered |= UINT64_C(1) << offset;
    return WINDOW_ANSWER;
}

static unsigned model_count(const struct model *model, uint64_t number)
{
    uint64_t left = model->n_positions - (number << model->shift), size = UINT64_C(1) << model->shift;

    return (unsigned)(left < size ? left : size);
}

static void model_offer(struct model *model, struct window *window, uint64_t number, unsigned from,
                        uint64_t now)
{
    struct model_block *block = &model->blocks[number];

    if (from == 0)
        block->sent[0] = now;
    else if (block->split == 64)
        block->split = from;
    block->sent[1] = now;
    block->offers++;
    window_sent(window, number << model->shift, model_count(model, number), from, now);
}

static void model_retire(struct model *model, struct window *window, uint64_t expired)
{
    struct model_block *block = &model->blocks[model->tail];
    struct window_retired retired;
    bool wanted = false;
    uint64_t all = 0;

    if (model->tail < model->head) {
        all = UINT64_MAX >> (64 - model_count(model, model->tail));
        wanted = block->offers > 0 && (block->answered == all || block->sent[1] <= expired);
    }
    assert_int_equal(window_retire(window, expired, &retired), wanted);
    if (!wanted)
        return;
    assert_int_equal(retired.first, model->tail << model->shift);
    assert_int_equal(retired.count, model_count(model, model->tail));
    assert_int_equal(retired.unanswered, all & ~block->answered);
    assert_int_equal(retired.sent[0], block->sent[0]);
    assert_int_equal(retired.sent[1], block->sent[1]);
    assert_int_equal(retired.split, block->split < retired.count ? block->split : retired.count);
    block->retired = true;
    model->tail++;
}

static void model_claim(struct model *model, struct window *window, uint64_t limit)
{
    bool wanted = model->head < model->n_blocks && model->head - model->tail < limit, full;
    uint64_t first;
    unsigned count;

    assert_int_equal(window_claim(window, &first, &count, &full), wanted);
    assert_int_equal(full, !wanted && model->head < model->n_blocks);
    if (!wanted)
        return;
    assert_int_equal(first, model->head << model->shift);
    assert_int_equal(count, model_count(model, model->head));
    model->blocks[model->head++].split = 64;
}

// Offers a block that is sent in part, or not at all.
static void model_send(struct model *model, struct window *window, uint64_t *seed, uint64_t now)
{
    uint64_t number;
    unsigned from;

    if (model->head == model->tail)
        return;
    number = model->tail + random_below(seed, model->head - model->tail);
    from = (unsigned)random_below(seed, model_count(model, number));
    if (model->blocks[number].offers == 0)
        model_offer(model, window, number, 0, now);
    else if (from >= model->blocks[number].split || model->blocks[number].split == 64)
        if (from > 0 || model->blocks[number].split == 64)
            model_offer(model, window, number, from, now);
}

static void model_compare(uint64_t seed, unsigned shift, uint64_t n_positions, uint64_t outstanding)
{
    struct model model = {.n_positions = n_positions, .shift = shift};
    struct window window;

    assert_int_equal(window_init(&window, n_positions, outstanding, shift), 0);
    model.n_blocks = (n_positions + (UINT64_C(1) << shift) - 1) >> shift;
    model.ring = UINT64_C(1) << window.ring_shift;
    model.blocks = calloc(model.n_blocks + 1, sizeof(*model.blocks));
    assert_non_null(model.blocks);
    for (uint64_t now = 0; now < 20000; now++) {
        uint64_t around = model.head << shift, sent = 1, model_sent = 1, position;
        uint64_t span = (2 * model.ring + 2) << shift;

        position = around + random_below(&seed, span);
        position =
            position > span ? position - span + (UINT64_C(1) << shift) : random_below(&seed, n_positions + 9);
        switch (random_below(&seed, 8)) {
        case 0:
            model_claim(&model, &window, window.limit);
            break;
        case 1:
            model_send(&model, &window, &seed, now);
            break;
        case 2:
            model_retire(&model, &window, now < 200 ? 0 : now - 200);
            break;
        case 3:
            assert_int_equal(window_peek(&window, position, &sent),
                             model_mark(&model, position, &model_sent, false));
            break;
        default:
            assert_int_equal(window_mark(&window, position, &sent),
                             model_mark(&model, position, &model_sent, true));
        }
        assert_int_equal(sent, model_sent);
        assert_int_equal(window_oldest(&window),
                         model.tail == model.n_blocks ? n_positions : model.tail << shift);
        assert_int_equal(window_newest(&window),
                         model.head == model.n_blocks ? n_positions : model.head << shift);
    }
    free(model.blocks);
    window_release(&window);
}

static void random_operations_agree_with_the_model(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift <= 6; shift++) {
        for (uint64_t seed = 1; seed < 6; seed++) {
            model_compare(seed, shift, 100000, 10);
            model_compare(seed, shift, 5000 + seed, 300);
            model_compare(seed, shift, 37, 1000);
        }
    }
}

// TX and RX workers and a collector at once, over a ring of 8 small blocks. Every position must have exactly one fate, as
// the workers counted answers and the collector the silent, and every time must be the one of its own block.
#define STRESS_POSITIONS UINT64_C(50003)
#define STRESS_SHIFT     2

struct stress {
    struct window window;
    _Atomic uint64_t clock;
    _Atomic uint8_t *answers; // of a position
    uint8_t *silent;
    _Atomic uint64_t *sent; // of a block
    _Atomic uint64_t wrong, duplicates, late;
    _Atomic bool done;
};

static void *stress_tx(void *arg)
{
    struct stress *stress = arg;
    uint64_t first;
    unsigned count;
    bool full = true;

    while (full) {
        uint64_t now = atomic_fetch_add(&stress->clock, 1);

        if (!window_claim(&stress->window, &first, &count, &full)) {
            sched_yield();
            continue;
        }
        full = true;
        atomic_store(&stress->sent[first >> STRESS_SHIFT], now);
        window_sent(&stress->window, first, count, 0, now);
        if (now % 16 == 0) // as a worker that is late: of no consequence
            window_sent(&stress->window, first > 256 ? first - 256 : first, count, 0, now);
    }
    return NULL;
}

static void stress_check(struct stress *stress, uint64_t position, uint64_t sent, enum window_mark verdict)
{
    if (verdict != WINDOW_GONE && sent != atomic_load(&stress->sent[position >> STRESS_SHIFT]))
        atomic_fetch_add(&stress->wrong, 1);
    if (verdict == WINDOW_ANSWER)
        atomic_fetch_add(&stress->answers[position], 1);
    atomic_fetch_add(&stress->duplicates, verdict == WINDOW_DUPLICATE);
    atomic_fetch_add(&stress->late, verdict == WINDOW_LATE);
}

static void *stress_rx(void *arg)
{
    struct stress *stress = arg;
    uint64_t seed = (uintptr_t)&seed;

    while (!atomic_load(&stress->done)) {
        uint64_t newest = window_newest(&stress->window), sent = 0, position;
        enum window_mark verdict;

        if (random_below(&seed, 16) == 0)
            sched_yield(); // there may be fewer cores than threads
        if (newest < 80)
            continue;
        position = newest - 1 - random_below(&seed, random_below(&seed, 4) == 0 ? 80 : 8);
        verdict = window_peek(&stress->window, position, &sent);
        stress_check(stress, position, sent, verdict == WINDOW_ANSWER ? WINDOW_DUPLICATE : verdict);
        verdict = window_mark(&stress->window, position, &sent);
        stress_check(stress, position, sent, verdict);
    }
    return NULL;
}

static void *stress_collect(void *arg)
{
    struct stress *stress = arg;
    struct window_retired retired;

    while (window_oldest(&stress->window) < STRESS_POSITIONS) {
        uint64_t now = atomic_fetch_add(&stress->clock, 1);

        if (!window_retire(&stress->window, now > 20 ? now - 20 : 0, &retired)) {
            sched_yield();
            continue;
        }
        for (unsigned k = 0; k < retired.count; k++)
            stress->silent[retired.first + k] =
                (uint8_t)(stress->silent[retired.first + k] + (retired.unanswered >> k & 1));
    }
    atomic_store(&stress->done, true);
    return NULL;
}

static void every_position_has_one_fate_among_threads(void **state)
{
    static void *(*const roles[])(void *) = {stress_tx, stress_tx, stress_rx,
                                             stress_rx, stress_rx, stress_collect};
    static struct stress stress;
    pthread_t threads[ARRAY_SIZE(roles)];
    uint64_t answered = 0;

    (void)state;
    assert_int_equal(window_init(&stress.window, STRESS_POSITIONS, 1, STRESS_SHIFT), 0);
    stress.answers = calloc(STRESS_POSITIONS, 1);
    stress.silent = calloc(STRESS_POSITIONS, 1);
    stress.sent = calloc((STRESS_POSITIONS >> STRESS_SHIFT) + 1, sizeof(*stress.sent));
    assert_true(stress.answers != NULL && stress.silent != NULL && stress.sent != NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, roles[i], &stress), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(stress.wrong, 0);
    for (uint64_t position = 0; position < STRESS_POSITIONS; position++) {
        assert_int_equal(stress.answers[position] + stress.silent[position], 1);
        answered += stress.answers[position];
    }
    assert_true(answered > 0 && answered < STRESS_POSITIONS);
    free((void *)stress.answers);
    free(stress.silent);
    free((void *)stress.sent);
    window_release(&stress.window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_rejects_what_cannot_be),
        cmocka_unit_test(an_empty_plan_has_nothing_to_claim),
        cmocka_unit_test(the_life_of_a_position),
        cmocka_unit_test(refused_offers_move_the_times),
        cmocka_unit_test(an_offer_after_the_place_was_claimed_again_is_dropped),
        cmocka_unit_test(a_mark_after_the_place_was_claimed_again_is_dropped),
        cmocka_unit_test(full_says_so_and_the_retired_are_remembered),
        cmocka_unit_test(random_operations_agree_with_the_model),
        cmocka_unit_test(every_position_has_one_fate_among_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
