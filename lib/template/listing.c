#include "template/listing.h"

#include "packet/print.h"

#include <inttypes.h>

#define LISTING_VALUES_MAX 6 // of a patch
#define LISTING_VALUE_TEXT 512

static void listing_plural(uint64_t n, const char *what, FILE *to)
{
    fprintf(to, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

static void listing_field(const struct layer_desc *desc, unsigned field, FILE *to)
{
    fprintf(to, "%s.%s", desc->name, desc->fields[field].name);
}

// ---- digits

static void listing_digit(const struct plan_branch *branch, unsigned d, FILE *to)
{
    const struct plan_digit *digit = &branch->digits[d];

    fprintf(to, "  digit %u: ", d);
    listing_field(digit->desc, digit->field, to);
    if (digit->draw == PLAN_DRAWN_WHOLE) {
        fprintf(to, ", drawn\n");
        return;
    }
    fprintf(to, ", ");
    listing_plural(digit->n, "value", to);
    if (digit->draw == PLAN_DRAWN)
        fprintf(to, ", drawn");
    if (digit->n_groups > 1)
        fprintf(to, ", %u groups, stride %u", digit->n_groups, digit->stride);
    fputc('\n', to);
}

// ---- patches

static void listing_number(const struct plan_patch *patch, u128 value, FILE *to)
{
    char buffer[LISTING_VALUE_TEXT];
    struct text text = text_in(buffer, sizeof(buffer));
    const struct field_desc *field = &patch->desc->fields[patch->field];

    if (field->kind == FIELD_FLAGS && value == 0)
        text_add(&text, "\"\"");
    else
        print_number(patch->desc, field, NULL, value, NULL, &text);
    fputs(text.s, to);
}

static void listing_string(const struct plan_patch *patch, uint64_t i, FILE *to)
{
    char buffer[LISTING_VALUE_TEXT];
    struct text text = text_in(buffer, sizeof(buffer));

    text_add_quoted(&text, "", patch->values->strings[i].bytes, patch->len);
    fputs(text.s, to);
}

// Of strings only those of the shape's length are its own.
static void listing_values(const struct plan_patch *patch, FILE *to)
{
    uint64_t n = patch->values->n, shown = 0, i = 0;
    bool strings = patch->source == PLAN_STRING;

    for (; i < n && shown < LISTING_VALUES_MAX; i++) {
        if (strings && patch->values->strings[i].len != patch->len)
            continue;
        fputs(shown++ == 0 ? " " : ", ", to);
        if (strings)
            listing_string(patch, i, to);
        else
            listing_number(patch, values_number(patch->values, i), to);
    }
    if (i < n)
        fputs(", ...", to);
}

static void listing_source(const struct plan_patch *patch, FILE *to)
{
    static const char *const names[] = {
        [PLAN_RANGE] = "range",   [PLAN_LIST] = "list",     [PLAN_VALUES] = "values", [PLAN_WIDE] = "wide",
        [PLAN_STRING] = "string", [PLAN_RANDOM] = "random", [PLAN_TAG] = "tag",
    };

    fprintf(to, "%s", names[patch->source]);
    if (patch->source == PLAN_TAG || patch->source == PLAN_RANDOM)
        return;
    if (patch->values->kind == VALUES_HASH) {
        fprintf(to, " hash");
        return;
    }
    if (patch->source != PLAN_RANGE) {
        listing_values(patch, to);
        return;
    }
    fputc(' ', to);
    listing_number(patch, patch->start, to);
    fprintf(to, " step %" PRId64, patch->step);
}

static void listing_sums(uint32_t sums, FILE *to)
{
    for (const char *before = "; sum "; sums != 0; sums &= sums - 1, before = ",")
        fprintf(to, "%s%d", before, __builtin_ctz(sums));
}

static void listing_patch(const struct plan_patch *patch, FILE *to)
{
    bool string = patch->source == PLAN_STRING || patch->source == PLAN_RANDOM;

    fprintf(to, "    patch %u+%u: ", patch->offset, string ? patch->len : patch->bytes);
    listing_field(patch->desc, patch->field, to);
    fprintf(to, " = ");
    listing_source(patch, to);
    if (patch->source != PLAN_TAG)
        fprintf(to, "; digit %u", patch->digit);
    if (patch->shift != 0)
        fprintf(to, "; shift %u", patch->shift);
    listing_sums(patch->sums, to);
    fputc('\n', to);
}

// ---- checksums

static void listing_sum(const struct plan_sum *sum, unsigned number, FILE *to)
{
    const struct build_sum *covers = sum->covers;

    fprintf(to, "    sum %u at %u: %s over ", number, sum->store,
            sum->kind == BUILD_SUM_CRC32C ? "CRC32c" : "Internet");
    for (unsigned r = 0; r < covers->n_ranges; r++)
        fprintf(to, "%s%u-%u", r == 0 ? "" : ", ", covers->range[r].from, covers->range[r].to);
    if (covers->constant != 0)
        fprintf(to, ", 0x%x", covers->constant);
    if (sum->zero_is_ones)
        fprintf(to, "; 0 is ffff");
    listing_sums(sum->sums, to);
    fputc('\n', to);
}

// ---- shapes

static void listing_shape(const struct plan_shape *shape, uint32_t number, FILE *to)
{
    fprintf(to, "  shape %u: ", number);
    for (unsigned i = 0; i < shape->view.n; i++)
        fprintf(to, "%s%s", i == 0 ? "" : " / ", layer_get((enum layer_id)shape->view.layers[i].id)->name);
    fprintf(to, ", ");
    listing_plural(shape->len, "byte", to);
    fprintf(to, "\n    bytes ");
    for (unsigned i = 0; i < shape->len; i++)
        fprintf(to, "%02x", shape->bytes[i]);
    fputc('\n', to);
    for (unsigned p = 0; p < shape->n_patches; p++)
        listing_patch(&shape->patches[p], to);
    for (unsigned s = 0; s < shape->n_sums; s++)
        listing_sum(&shape->sums[s], s, to);
}

static void listing_branch(const struct plan_branch *branch, uint32_t number, uint64_t shapes_max, FILE *to)
{
    uint64_t shown = branch->n_shapes < shapes_max ? branch->n_shapes : shapes_max;

    fprintf(to, "branch %u: ", number);
    listing_plural(branch->n, "packet", to);
    if (branch->source != NULL) {
        fprintf(to, ", captured\n");
        return;
    }
    fprintf(to, ", ");
    listing_plural(branch->n_shapes, "shape", to);
    fputc('\n', to);
    for (unsigned d = 0; d < branch->n_digits && branch->n > 0; d++)
        listing_digit(branch, d, to);
    for (uint32_t s = 0; s < shown && branch->n > 0; s++)
        listing_shape(&branch->shapes[s], s, to);
    if (shown < branch->n_shapes)
        fprintf(to, "  and %" PRIu64 " more\n", branch->n_shapes - shown);
}

void listing_print(const struct plan *plan, uint64_t shapes_max, FILE *to)
{
    for (uint32_t b = 0; b < plan->n_branches && !ferror(to); b++)
        listing_branch(&plan->branches[b], b, shapes_max, to);
}
