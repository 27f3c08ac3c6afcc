#include "template/plan.h"

#include "base/hash.h"
#include "template/plan_frame.h"

#include <string.h>

// Splits each number into quotient and remainder.
static void plan_split(const struct divider *by, uint64_t *numbers, uint64_t *remainders, unsigned n)
{
    const struct divider divider = *by;

    if ((divider.by & (divider.by - 1)) == 0) {
        unsigned shift = (unsigned)__builtin_ctzll(divider.by);

        for (unsigned k = 0; k < n; k++) {
            remainders[k] = numbers[k] & (divider.by - 1);
            numbers[k] >>= shift;
        }
        return;
    }
    for (unsigned k = 0; k < n; k++) {
        uint64_t quotient = divider_divide(numbers[k], &divider);

        remainders[k] = numbers[k] - quotient * divider.by;
        numbers[k] = quotient;
    }
}

// Which of n values a random field has. n is far below 2^64, so that none is drawn more often than others.
static uint64_t plan_draw(const struct plan *plan, const struct plan_digit *digit, unsigned d, uint64_t index)
{
    uint64_t drawn = hash_mix64(plan->seed ^ (uint64_t)d << 56, index);

    drawn = hash_mix64(drawn, plan->seed);
    return digit->draw == PLAN_DRAWN_WHOLE ? drawn : (uint64_t)((u128)drawn * digit->n >> 64);
}

// Of one branch; indices are the plan's, own are the branch's, which are used up. The fastest digit is the last counted one.
static void plan_digits(const struct plan *plan, const struct plan_branch *branch, const uint64_t *indices,
                        const uint64_t *own, unsigned n, uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST])
{
    memcpy(digits[0], own, n * sizeof(*own));
    for (unsigned d = branch->n_counted; d-- > 1;)
        plan_split(&branch->digits[d].divider, digits[0], digits[d], n);
    for (unsigned d = branch->n_counted; d < branch->n_digits; d++) {
        for (unsigned k = 0; k < n; k++)
            digits[d][k] = plan_draw(plan, &branch->digits[d], d, indices[k]);
    }
}

static const struct plan_shape *plan_shape_of(const struct plan_branch *branch,
                                              uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST], unsigned k)
{
    uint32_t shape = 0;

    for (unsigned d = 0; d < branch->n_digits; d++) {
        const struct plan_digit *digit = &branch->digits[d];

        if (digit->groups != NULL)
            shape += digit->groups[digits[d][k]] * digit->stride;
    }
    return &branch->shapes[shape];
}

// Captured frames are stimuli as they are, and dissected as they come.
static void plan_copy_frames(const struct frame_source *source, const uint64_t *own, uint8_t *const *frames,
                             struct plan_built *built, unsigned at, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        struct view *view = &built->own[at + k];

        built->lengths[at + k] = source->get(source->context, own[k], frames[k]);
        view_decode(view, frames[k], built->lengths[at + k], source->first);
        built->views[at + k] = view;
    }
}

// Stimuli at..at + n - 1 of a burst, all of one branch; own are their indices in it.
static void plan_build_branch(const struct plan *plan, const struct plan_branch *branch, const uint64_t *own,
                              const struct plan_tags *tags, uint8_t *const *frames, struct plan_built *built,
                              unsigned at, unsigned n)
{
    uint64_t digits[PLAN_DIGITS_MAX][PLAN_BURST];
    const struct plan_shape *shapes[PLAN_BURST];

    if (branch->source != NULL) {
        plan_copy_frames(branch->source, own, frames + at, built, at, n);
        return;
    }
    plan_digits(plan, branch, built->indices + at, own, n, digits);
    for (unsigned k = 0; k < n; k++)
        shapes[k] = branch->shapes;
    if (branch->n_shapes > 1) {
        for (unsigned k = 0; k < n; k++)
            shapes[k] = plan_shape_of(branch, digits, k);
    }
    // Runs of one shape are built together.
    for (unsigned from = 0, to; from < n; from = to) {
        uint64_t run[PLAN_DIGITS_MAX][PLAN_BURST];

        for (to = from + 1; to < n && shapes[to] == shapes[from]; to++)
            ;
        for (unsigned d = 0; from > 0 && d < branch->n_digits; d++)
            memcpy(run[d], digits[d] + from, (to - from) * sizeof(run[d][0]));
        plan_frame_build(shapes[from], from > 0 ? run : digits, tags + at + from, frames + at + from,
                         to - from);
    }
    for (unsigned k = 0; k < n; k++) {
        built->lengths[at + k] = shapes[k]->len;
        built->views[at + k] = &shapes[k]->view;
    }
}

// Runs of one branch are built together.
static void plan_build_branches(const struct plan *plan, const struct plan_tags *tags, uint8_t *const *frames,
                                struct plan_built *built, unsigned n)
{
    uint64_t own[PLAN_BURST];
    uint32_t branches[PLAN_BURST];

    for (unsigned k = 0; k < n; k++) {
        struct choice_place place = choice_place(plan->choice, built->indices[k]);

        branches[k] = place.branch;
        own[k] = place.index;
    }
    for (unsigned from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && branches[to] == branches[from]; to++)
            ;
        plan_build_branch(plan, &plan->branches[branches[from]], own + from, tags, frames, built, from,
                          to - from);
    }
}

void plan_build_burst(const struct plan *plan, const struct plan_tags *tags, uint8_t *const *frames,
                      struct plan_built *built, unsigned n)
{
    if (plan->choice == NULL)
        plan_build_branch(plan, plan->branches, built->indices, tags, frames, built, 0, n);
    else
        plan_build_branches(plan, tags, frames, built, n);
}

uint16_t plan_build(const struct plan *plan, uint64_t index, const struct plan_tags *tags, uint8_t *frame)
{
    struct plan_built built;

    built.indices[0] = index;
    plan_build_burst(plan, tags, &frame, &built, 1);
    return built.lengths[0];
}
