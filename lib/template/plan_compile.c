// Compiling a template to a plan (plan.h).
#include "template/derive.h"
#include "template/plan_compiler.h"

#include <stdlib.h>
#include <string.h>

bool plan_no_memory(struct plan_compiler *c)
{
    return diag_set(c->diag, (struct span){0}, "the plan needs more memory than there is");
}

// Strings that vary are built as zeros first.
static bool plan_make_zeros(struct plan_compiler *c)
{
    uint32_t longest = 1;

    for (unsigned k = 0; k < c->n_slots; k++) {
        const struct values *values = c->slots[k].given->values;
        uint64_t n = values->kind == VALUES_STRINGS && c->slots[k].digit >= 0 ? values->n : 0;

        if (values->kind == VALUES_RANDOM_STRING && values->len > longest)
            longest = values->len;
        for (uint64_t i = 0; i < n; i++)
            longest = values->strings[i].len > longest ? values->strings[i].len : longest;
    }
    c->zeros = arena_alloc(c->arena, longest);
    return c->zeros != NULL || plan_no_memory(c);
}

static bool plan_any_group(const struct plan_compiler *c)
{
    uint8_t family;
    const struct values *values = derive_destinations(c->from, c->arena, &family);
    u128 groups = family == 6 ? (u128)0xff << 120 : 0xe0000000u;

    return values != NULL && values_largest(values) >= groups;
}

static bool plan_any_moved(const struct plan_compiler *c)
{
    for (unsigned i = 0; i < c->from->n_layers; i++) {
        if (c->from->layers[i].id == LAYER_UDP)
            return true;
    }
    return false;
}

static bool plan_make_shapes(struct plan_compiler *c)
{
    struct plan_branch *branch = c->branch;

    branch->digits = arena_copy(c->arena, c->digits, branch->n_digits * sizeof(c->digits[0]));
    branch->shapes = arena_alloc(c->arena, branch->n_shapes * sizeof(*branch->shapes));
    if (branch->digits == NULL || branch->shapes == NULL)
        return plan_no_memory(c);
    for (uint32_t s = 0; s < branch->n_shapes; s++) {
        if (!plan_shape_make(c, s))
            return false;
    }
    c->plan->n_shapes += branch->n_shapes;
    return true;
}

static bool plan_make_branch(struct plan_compiler *c)
{
    if (!plan_digits_make(c))
        return false;
    c->plan->has_group |= plan_any_group(c);
    c->plan->has_moved |= plan_any_moved(c);
    return c->branch->n == 0 || (plan_make_zeros(c) && plan_make_shapes(c));
}

static bool plan_compile_with(struct plan_compiler *c, const struct template *template)
{
    struct plan_branch *branches = arena_alloc(c->arena, template->n_branches * sizeof(*branches) + 1);

    if (branches == NULL)
        return plan_no_memory(c);
    c->plan->branches = branches;
    c->plan->n_branches = template->n_branches;
    c->plan->n = template->choice->n;
    // With one branch and no repetition, its indices are the plan's.
    bool plain = template->n_branches == 1 && template->choice->n == template->choice->branch_n[0];
    c->plan->choice = plain ? NULL : template->choice;
    for (uint32_t b = 0; b < template->n_branches; b++) {
        c->from = &template->branches[b];
        c->branch = &branches[b];
        c->branch->n = template->choice->branch_n[b];
        c->branch->source = c->from->source;
        if (c->from->source != NULL) {
            c->plan->has_group = c->plan->has_moved = c->plan->is_lost_untagged =
                true; // as far as anyone knows
            c->plan->longest =
                c->from->source->longest > c->plan->longest ? c->from->source->longest : c->plan->longest;
        } else if (!plan_make_branch(c)) {
            return false;
        }
    }
    return true;
}

bool plan_compile(struct plan *plan, const struct template *template, const struct plan_options *options,
                  struct arena *arena, struct diag *diag)
{
    struct build *build = calloc(1, sizeof(*build) + BUILD_BYTES_MAX);
    struct plan_compiler *c = calloc(1, sizeof(*c));
    struct build_layer *packets = calloc(template->n_packets + 1, sizeof(*packets));
    bool ok = false;

    *plan = (struct plan){
        .first_written = template->first_written,
        .seed = options->seed,
        .is_lost_untagged = !options->tags,
    };
    if (build != NULL && c != NULL && packets != NULL) {
        build->bytes = (uint8_t *)(build + 1);
        c->plan = plan;
        c->options = options;
        c->arena = arena;
        c->diag = diag;
        c->build = build;
        c->packets = packets;
        ok = plan_compile_with(c, template);
    } else {
        diag_set(diag, (struct span){0}, "out of memory");
    }
    free(packets);
    free(c);
    free(build);
    return ok;
}
