#include "template/choice.h"

#include "template/values.h"

static struct choice *choice_new(enum choice_kind kind, uint32_t n_branches, struct arena *arena)
{
    struct choice *choice = arena_alloc(arena, sizeof(*choice));
    uint64_t *branch_n = arena_alloc(arena, (n_branches + 1) * sizeof(*branch_n));

    if (choice == NULL || branch_n == NULL)
        return NULL;
    choice->kind = kind;
    choice->n_branches = n_branches;
    choice->branch_n = branch_n;
    return choice;
}

const struct choice *choice_of_layer(const struct template_layer *layer, uint64_t n, struct arena *arena)
{
    struct choice *choice = choice_new(CHOICE_LAYER, 1, arena);

    if (choice == NULL)
        return NULL;
    choice->layer = layer;
    choice->n = n;
    ((uint64_t *)choice->branch_n)[0] = n;
    return choice;
}

const struct choice *choice_of_frames(const struct frame_source *source, uint64_t n, struct arena *arena)
{
    struct choice *choice = choice_new(CHOICE_FRAMES, 1, arena);

    if (choice == NULL)
        return NULL;
    choice->source = source;
    choice->has_frames = true;
    choice->n = n;
    ((uint64_t *)choice->branch_n)[0] = n;
    return choice;
}

static bool choice_multiply(uint64_t a, uint64_t b, uint64_t max, uint64_t *out)
{
    if (b != 0 && a > max / b)
        return false;
    *out = a * b;
    return true;
}

static bool choice_count(enum choice_kind kind, const struct choice *const *parts, uint32_t n_parts,
                         uint64_t *n, uint64_t *n_branches)
{
    bool product = kind == CHOICE_PRODUCT;

    *n = *n_branches = product ? 1 : 0;
    for (uint32_t i = 0; i < n_parts; i++) {
        if (product) {
            if (!choice_multiply(*n, parts[i]->n, VALUES_MAX, n) ||
                !choice_multiply(*n_branches, parts[i]->n_branches, CHOICE_BRANCHES_MAX, n_branches))
                return false;
        } else {
            *n += parts[i]->n;
            *n_branches += parts[i]->n_branches;
        }
        if (*n > VALUES_MAX || *n_branches > CHOICE_BRANCHES_MAX)
            return false;
    }
    return true;
}

// The first part's branch is the slowest digit of a product's branch.
static uint64_t choice_product_n(const struct choice *choice, uint32_t branch)
{
    uint64_t n = 1;

    for (uint32_t i = choice->n_parts; i-- > 0; branch /= choice->parts[i]->n_branches)
        n *= choice->parts[i]->branch_n[branch % choice->parts[i]->n_branches];
    return n;
}

const struct choice *choice_of_parts(enum choice_kind kind, const struct choice *const *parts,
                                     uint32_t n_parts, struct arena *arena)
{
    uint64_t n, n_branches;

    if (!choice_count(kind, parts, n_parts, &n, &n_branches))
        return NULL;
    struct choice *choice = choice_new(kind, (uint32_t)n_branches, arena);
    if (choice == NULL)
        return NULL;
    choice->n = n;
    choice->n_parts = n_parts;
    choice->parts = arena_copy(arena, parts, n_parts * sizeof(struct choice *));
    if (choice->parts == NULL)
        return NULL;
    for (uint32_t i = 0; i < n_parts; i++)
        choice->has_frames |= parts[i]->has_frames;
    uint64_t *branch_n = (uint64_t *)choice->branch_n;
    if (kind == CHOICE_PRODUCT) {
        for (uint32_t b = 0; b < choice->n_branches; b++)
            branch_n[b] = choice_product_n(choice, b);
        return choice;
    }
    for (uint32_t i = 0; i < n_parts; i++) {
        for (uint32_t b = 0; b < parts[i]->n_branches; b++)
            *branch_n++ = parts[i]->branch_n[b];
    }
    return choice;
}

const struct choice *choice_repeated(const struct choice *part, uint64_t times, struct arena *arena)
{
    struct choice *choice = arena_alloc(arena, sizeof(*choice));
    const struct choice **parts = arena_alloc(arena, sizeof(struct choice *));

    if (choice == NULL || parts == NULL || !choice_multiply(part->n, times, VALUES_MAX, &choice->n))
        return NULL;
    parts[0] = part;
    choice->kind = CHOICE_REPEAT;
    choice->times = times;
    choice->has_frames = part->has_frames;
    choice->n_parts = 1;
    choice->parts = parts;
    choice->n_branches = part->n_branches;
    choice->branch_n = part->branch_n;
    return choice;
}

static struct choice_place choice_place_in_union(const struct choice *choice, uint64_t index)
{
    uint32_t first = 0, i = 0;

    for (; index >= choice->parts[i]->n; i++) {
        index -= choice->parts[i]->n;
        first += choice->parts[i]->n_branches;
    }
    struct choice_place place = choice_place(choice->parts[i], index);
    place.branch += first;
    return place;
}

// The last part is the fastest.
static struct choice_place choice_place_in_product(const struct choice *choice, uint64_t index)
{
    struct choice_place all = {0, 0};
    uint64_t weight = 1;
    uint32_t branch_weight = 1;

    for (uint32_t i = choice->n_parts; i-- > 0;) {
        const struct choice *part = choice->parts[i];
        struct choice_place place = choice_place(part, index % part->n);

        index /= part->n;
        all.branch += place.branch * branch_weight;
        all.index += place.index * weight;
        branch_weight *= part->n_branches;
        weight *= part->branch_n[place.branch];
    }
    return all;
}

struct choice_place choice_place(const struct choice *choice, uint64_t index)
{
    switch (choice->kind) {
    case CHOICE_LAYER:
    case CHOICE_FRAMES:
        break;
    case CHOICE_PRODUCT:
        return choice_place_in_product(choice, index);
    case CHOICE_UNION:
        return choice_place_in_union(choice, index);
    case CHOICE_REPEAT:
        return choice_place(choice->parts[0], index % choice->parts[0]->n);
    }
    return (struct choice_place){0, index};
}

static unsigned choice_product_layers(const struct choice *choice, uint32_t branch,
                                      const struct template_layer **layers, unsigned max)
{
    uint32_t below = choice->n_branches;
    unsigned n = 0;

    for (uint32_t i = 0; i < choice->n_parts && n <= max; i++) {
        below /= choice->parts[i]->n_branches;
        n += choice_layers(choice->parts[i], branch / below, layers + n, max - n);
        branch %= below;
    }
    return n;
}

unsigned choice_layers(const struct choice *choice, uint32_t branch, const struct template_layer **layers,
                       unsigned max)
{
    uint32_t i = 0;

    switch (choice->kind) {
    case CHOICE_LAYER:
        if (max > 0)
            layers[0] = choice->layer;
        return 1;
    case CHOICE_FRAMES:
        return 0;
    case CHOICE_PRODUCT:
        return choice_product_layers(choice, branch, layers, max);
    case CHOICE_UNION:
        for (; branch >= choice->parts[i]->n_branches; i++)
            branch -= choice->parts[i]->n_branches;
        return choice_layers(choice->parts[i], branch, layers, max);
    case CHOICE_REPEAT:
        return choice_layers(choice->parts[0], branch, layers, max);
    }
    return 0;
}

const struct frame_source *choice_frames(const struct choice *choice, uint32_t branch)
{
    uint32_t i = 0;

    switch (choice->kind) {
    case CHOICE_LAYER:
        return NULL;
    case CHOICE_FRAMES:
        return choice->source;
    case CHOICE_PRODUCT:
        return choice->n_parts == 1 ? choice_frames(choice->parts[0], branch) : NULL;
    case CHOICE_UNION:
        for (; branch >= choice->parts[i]->n_branches; i++)
            branch -= choice->parts[i]->n_branches;
        return choice_frames(choice->parts[i], branch);
    case CHOICE_REPEAT:
        return choice_frames(choice->parts[0], branch);
    }
    return NULL;
}
