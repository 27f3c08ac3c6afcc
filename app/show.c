// volley show: what a template stands for, without a port.
#include "base/arena.h"
#include "command.h"
#include "compile.h"
#include "packet/summarise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct show {
    const struct compiled *compiled;
    const struct options *options;
    uint64_t n; // packets to print
};

// Calls `print` for each of the first n frames, in index order. Returns the exit status.
static int show_each(const struct show *show, void (*print)(const struct show *, const struct view *))
{
    const struct plan *plan = &show->compiled->plan;
    uint8_t *frame = malloc((size_t)plan->longest + PLAN_SLACK);
    const struct plan_tags tags = {0};

    if (frame == NULL) {
        fputs("volley: out of memory.\n", stderr);
        return EXIT_ERROR;
    }
    for (uint64_t i = 0; i < show->n && !ferror(stdout); i++) {
        const struct plan_shape *shape;
        uint16_t length;

        plan_build_burst(plan, &i, &tags, &frame, &length, &shape, 1);
        struct view view = shape->view;
        view.bytes = frame;
        print(show, &view);
    }
    free(frame);
    return EXIT_COMPLETE;
}

static void show_hex(const struct show *show, const struct view *view)
{
    static const char digits[] = "0123456789abcdef";
    char line[2 * BUILD_BYTES_MAX + 1];

    (void)show;
    for (unsigned i = 0; i < view->len; i++) {
        line[2 * i] = digits[view->bytes[i] >> 4];
        line[2 * i + 1] = digits[view->bytes[i] & 15];
    }
    line[2 * view->len] = '\n';
    fwrite(line, 1, 2u * view->len + 1, stdout);
}

static void show_summary(const struct show *show, const struct view *view)
{
    char line[512];
    struct text text = text_in(line, sizeof(line));

    summarise(view, 0, &show->compiled->services, &text);
    puts(text.s);
}

static int show_count(const struct show *show)
{
    const struct plan *plan = &show->compiled->plan;

    printf("%llu packet%s of %s%u bytes, %u shape%s\n", (unsigned long long)plan->n, plan->n == 1 ? "" : "s",
           plan->n_shapes == 1 ? "" : "at most ", plan->longest, plan->n_shapes,
           plan->n_shapes == 1 ? "" : "s");
    return EXIT_COMPLETE;
}

int command_show(enum command_id id, const struct options *options)
{
    struct compiled compiled;

    (void)id;
    if (!compile_for_show(&compiled, options->argument))
        return EXIT_USAGE;
    uint64_t n = options->has_limit && options->limit < compiled.plan.n ? options->limit : compiled.plan.n;
    struct show show = {&compiled, options, n};
    int status = EXIT_COMPLETE;
    if (compiled.plan.n == 0)
        fprintf(stderr, "volley: the template stands for no packet: a list or a range in it is empty.\n");
    else if (options->hex)
        status = show_each(&show, show_hex);
    else if (options->summary)
        status = show_each(&show, show_summary);
    else
        status = show_count(&show);
    compile_release(&compiled);
    return status;
}
