// volley show: what a template stands for, without a port.
#include "capture/capture.h"
#include "command.h"
#include "compile.h"
#include "frames.h"
#include "link.h"
#include "template/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOW_TREES 3 // packets that are printed if no limit is given

struct show {
    const struct plan *plan;
    struct frames frames;
    struct capture *capture;
    uint64_t n; // packets to print or write
};

// Calls `each` for each of the first n frames, in index order, until it is false. Returns the exit status.
static int show_each(struct show *show, bool (*each)(struct show *, uint64_t, const struct view *))
{
    uint8_t *frame = malloc((size_t)show->plan->longest + PLAN_SLACK);
    const struct plan_tags tags = {0};
    struct plan_built built;
    int status = EXIT_COMPLETE;

    if (frame == NULL) {
        fputs("volley: out of memory.\n", stderr);
        return EXIT_ERROR;
    }
    for (uint64_t i = 0; i < show->n && !ferror(stdout) && status == EXIT_COMPLETE; i++) {
        built.indices[0] = i;
        plan_build_burst(show->plan, &tags, &frame, &built, 1);
        struct view view = *built.views[0];
        view.bytes = frame;
        if (!each(show, i, &view))
            status = EXIT_ERROR;
    }
    free(frame);
    return status;
}

// "24 packets of 40 bytes, 1 shape; sr tags TCP.seq"
static void show_count(struct compiled *compiled)
{
    const struct plan *plan = &compiled->plan;
    char tags[256] = "";
    struct text text = text_in(tags, sizeof(tags));

    compile_sent_tags_text(compiled, &text);
    printf("%llu packet%s of %s%u bytes, %u shape%s%s%s\n", (unsigned long long)plan->n,
           plan->n == 1 ? "" : "s", plan->n_shapes == 1 ? "" : "at most ", plan->longest, plan->n_shapes,
           plan->n_shapes == 1 ? "" : "s", tags[0] != '\0' ? "; sr tags " : "", tags);
}

// ---- as text

static bool show_print(struct show *show, uint64_t i, const struct view *view)
{
    (void)i;
    if (frames_print(&show->frames, view))
        return true;
    fputs("volley: out of memory.\n", stderr);
    return false;
}

static int show_text(struct show *show, const struct options *options, struct compiled *compiled)
{
    enum frames_form form = options->hex       ? FRAMES_HEX
                            : options->hexdump ? FRAMES_HEXDUMP
                            : options->summary ? FRAMES_SUMMARY
                                               : FRAMES_TREE;

    if (!frames_init(&show->frames, form, &compiled->services)) {
        fputs("volley: out of memory.\n", stderr);
        return EXIT_ERROR;
    }
    if (form == FRAMES_TREE) {
        show_count(compiled);
        if (!options->has_limit && show->n > SHOW_TREES)
            show->n = SHOW_TREES;
    }
    int status = show_each(show, show_print);
    frames_release(&show->frames);
    return status;
}

// ---- as a capture

// The link type says what the frames of the file start with, which is one thing: that of the first, as with
// Scapy, but IP and IPv6 go together. False: they are of several kinds, so that the file will not be
// understood.
static bool show_link(const struct plan *plan, uint16_t *link)
{
    bool found[LAYER_COUNT] = {false};
    unsigned kinds = 0;

    for (uint32_t b = 0; b < plan->n_branches; b++) {
        const struct plan_branch *branch = &plan->branches[b];

        if (branch->n == 0)
            continue;
        unsigned first = branch->source != NULL ? branch->source->first : branch->shapes[0].view.layers[0].id;
        kinds += !found[first];
        found[first] = true;
    }
    *link = found[LAYER_ETHER]                     ? LINK_ETHERNET
            : found[LAYER_IP] && found[LAYER_IPV6] ? LINK_RAW
            : found[LAYER_IP]                      ? LINK_IPV4
            : found[LAYER_IPV6]                    ? LINK_IPV6
                                                   : LINK_ETHERNET;
    return kinds <= 1 || *link == LINK_RAW;
}

static bool show_write(struct show *show, uint64_t i, const struct view *view)
{
    const struct capture_packet packet = {
        .data = view->bytes, .len = view->len, .side = CAPTURE_TX, .time_ns = i, .packet_id = i * 16};

    return capture_add(show->capture, &packet) == 0;
}

static int show_pcap(struct show *show, const char *path)
{
    struct capture_options options = {.format = CAPTURE_PCAP, .port_name = "show"};

    if (!show_link(show->plan, &options.link))
        fprintf(stderr,
                "volley: the packets start with different layers, and %s has one link type: programs will "
                "not understand all of them.\n",
                path);
    int err = capture_open(&show->capture, path, &options);
    if (err == 0) {
        int status = show_each(show, show_write);

        err = capture_flush(show->capture);
        int closed = capture_close(show->capture, NULL);
        err = err < 0 ? err : closed;
        if (err == 0)
            return status;
    }
    fprintf(stderr, "volley: %s could not be written: %s\n", path, strerror(-err));
    return EXIT_OUTPUT;
}

int command_show(enum command_id id, const struct options *options)
{
    struct compiled compiled;

    (void)id;
    if (!compile_for_show(&compiled, options->argument, options->seed))
        return EXIT_USAGE;
    const struct plan *plan = &compiled.plan;
    uint64_t n = options->has_limit && options->limit < plan->n ? options->limit : plan->n;
    struct show show = {.plan = plan, .n = n};
    int status = EXIT_COMPLETE;

    if (plan->n == 0)
        compile_say_empty(&compiled, options->argument);
    if (options->show_plan) {
        show_count(&compiled);
        listing_print(plan, options->has_limit ? options->limit : LISTING_SHAPES_MAX, stdout);
    } else if (options->pcap_path != NULL) {
        status = show_pcap(&show, options->pcap_path);
    } else if (plan->n > 0) {
        status = show_text(&show, options, &compiled);
    }
    compile_release(&compiled);
    return status;
}
