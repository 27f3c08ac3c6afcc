// Reads the input as a template, and walks what came of it.
#include "fuzz.h"
#include "fuzz_template.h"

#define MEMORY_MAX ((size_t)128 << 20)

struct values_check {
    struct template_visit visit;
    bool any_empty;
};

// Every set can be asked for any of its digits, and a constant or a number fits its field.
static bool check_field(struct template_visit *visit, const struct template_layer *layer, unsigned f)
{
    const struct values *values = layer->fields[f].values;
    uint64_t digits[] = {0, values->n / 2, values->n - 1};
    uint8_t *random;

    if (values->n == 0) {
        ((struct values_check *)visit)->any_empty = true;
        return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(digits); i++) {
        switch (values->kind) {
        case VALUES_STRINGS:
            FUZZ_CHECK(values->strings[digits[i]].len == 0 || values->strings[digits[i]].bytes != NULL);
            break;
        case VALUES_RANDOM_STRING:
            random = malloc(values->len + 1u);
            FUZZ_CHECK(random != NULL);
            values_random_string(values, digits[i], random);
            free(random);
            break;
        default:
            FUZZ_CHECK(values_number(values, digits[i]) <= values_largest(values));
            if (layer_get(layer->id)->fields[f].bits > 0 && layer_get(layer->id)->fields[f].bits < 128)
                FUZZ_CHECK(values_number(values, digits[i]) >> layer_get(layer->id)->fields[f].bits == 0);
        }
    }
    return true;
}

static void check_branch(const struct template *template, uint32_t b)
{
    const struct template_branch *branch = &template->branches[b];
    struct values_check check = {.visit = {check_field}};

    FUZZ_CHECK(branch->source == NULL && branch->n_layers <= TEMPLATE_LAYERS_MAX);
    for (unsigned i = 0; i < branch->n_layers; i++)
        FUZZ_CHECK(template_visit_layer(&check.visit, &branch->layers[i]));
    FUZZ_CHECK(check.any_empty == (template->choice->branch_n[b] == 0));
}

// First, last and some indices fall to a branch that has them.
static void check_choice(const struct template *template)
{
    const struct choice *choice = template->choice;

    FUZZ_CHECK(choice->n <= VALUES_MAX && choice->n_branches == template->n_branches);
    for (uint64_t i = 0; i < 64 && i < choice->n; i++) {
        struct choice_place low = choice_place(choice, i), high = choice_place(choice, choice->n - 1 - i);

        FUZZ_CHECK(low.branch < choice->n_branches && low.index < choice->branch_n[low.branch]);
        FUZZ_CHECK(high.branch < choice->n_branches && high.index < choice->branch_n[high.branch]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_template f;

    if (fuzz_template_open(&f, bytes, len, MEMORY_MAX)) {
        struct span where = {0};

        check_choice(&f.template);
        for (uint32_t b = 0; b < f.template.n_branches; b++)
            check_branch(&f.template, b);
        if (template_empty_set(&f.template, &where))
            FUZZ_CHECK((size_t)where.at + where.len <= len);
    }
    fuzz_template_release(&f);
    return 0;
}
