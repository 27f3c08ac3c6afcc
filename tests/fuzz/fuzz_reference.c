#include "fuzz_reference.h"

#include "fuzz.h"

#include <string.h>

struct fields_visit {
    struct template_visit visit;
    struct fuzz_reference *reference;
};

static bool add_field(struct template_visit *visit, const struct template_layer *layer, unsigned f)
{
    struct fuzz_reference *reference = ((struct fields_visit *)visit)->reference;

    FUZZ_CHECK(reference->n < FUZZ_REFERENCE_FIELDS);
    reference->fields[reference->n++] = &layer->fields[f];
    return !layer->fields[f].values->random;
}

// The last field of the loop nest is the fastest.
static bool find_digits(struct fuzz_reference *reference, const struct template_branch *branch,
                        uint64_t index)
{
    struct fields_visit visit = {{add_field}, reference};

    reference->n = 0;
    for (unsigned i = 0; i < branch->n_layers; i++) {
        if (!template_visit_layer(&visit.visit, &branch->layers[i]))
            return false;
    }
    for (unsigned k = reference->n; k-- > 0;) {
        const struct template_field *field = reference->fields[k];

        reference->digits[k] = 0;
        if (field->follows_layer >= 0)
            continue;
        reference->digits[k] = index % field->values->n;
        index /= field->values->n;
    }
    FUZZ_CHECK(index == 0);
    return true;
}

static uint64_t digit_of(const struct fuzz_reference *reference, const struct template_field *field)
{
    for (unsigned k = 0; k < reference->n; k++) {
        if (reference->fields[k] == field)
            return reference->digits[k];
    }
    return 0;
}

static struct build_value value_of(const struct fuzz_reference *reference,
                                   const struct template_branch *branch, const struct template_field *field)
{
    const struct values *values = field->values;
    bool follows = field->follows_layer >= 0 && values->n > 1;
    uint64_t digit =
        digit_of(reference, follows ? &branch->layers[field->follows_layer].fields[field->follows] : field);

    FUZZ_CHECK(digit < values->n);
    if (values->kind != VALUES_STRINGS)
        return (struct build_value){
            .kind = BUILD_NUMBER, .len = values->width, .number = values_number(values, digit)};
    const struct values_string *string = &values->strings[digit];
    return (struct build_value){
        .kind = BUILD_BYTES, .len = string->len, .items = string->items, .bytes = string->bytes};
}

static void fill_layer(struct fuzz_reference *reference, const struct template_branch *branch,
                       const struct template_layer *from, struct build_layer *to)
{
    *to = (struct build_layer){.id = from->id, .below = -1};
    for (unsigned f = 0; f < layer_get(from->id)->n_fields; f++) {
        const struct template_field *field = &from->fields[f];

        if (field->values != NULL)
            to->values[f] = value_of(reference, branch, field);
        if (!field->has_packets)
            continue;
        struct build_layer *packets = reference->packets + reference->n_packets;
        reference->n_packets += field->n_packets;
        FUZZ_CHECK(reference->n_packets <= TEMPLATE_PACKETS_MAX);
        for (uint32_t k = 0; k < field->n_packets; k++)
            fill_layer(reference, branch, &field->packets[k], &packets[k]);
        to->values[f] =
            (struct build_value){.kind = BUILD_PACKETS, .items = field->n_packets, .packets = packets};
    }
}

bool fuzz_reference_build(struct fuzz_reference *reference, const struct template *template, uint64_t index)
{
    struct choice_place place = choice_place(template->choice, index);
    const struct template_branch *branch = &template->branches[place.branch];
    struct diag diag = {.set = false};

    if (!find_digits(reference, branch, place.index))
        return false;
    reference->n_packets = 0;
    reference->build.bytes = reference->bytes;
    reference->build.n_layers = branch->n_layers;
    for (unsigned i = 0; i < branch->n_layers; i++)
        fill_layer(reference, branch, &branch->layers[i], &reference->build.layers[i]);
    FUZZ_CHECK(build_frame(&reference->build, &diag));
    build_checksums(&reference->build);
    return true;
}
