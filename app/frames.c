#include "frames.h"

#include "packet/print.h"
#include "packet/spell.h"
#include "packet/summarise.h"

#include <stdio.h>
#include <stdlib.h>

#define FRAMES_SUMMARY_MAX 4096

bool frames_init(struct frames *frames, enum frames_form form, const struct services *services)
{
    *frames = (struct frames){.form = form, .services = services};
    frames->line = malloc(2 * UINT16_MAX + 1);
    if (frames->line != NULL && dissect_init(&frames->dissect))
        return true;
    free(frames->line);
    return false;
}

void frames_release(struct frames *frames)
{
    dissect_release(&frames->dissect);
    free(frames->line);
}

static void frames_print_hex(const struct frames *frames, const struct view *view)
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < view->len; i++) {
        frames->line[2 * i] = digits[view->bytes[i] >> 4];
        frames->line[2 * i + 1] = digits[view->bytes[i] & 15];
    }
    frames->line[2 * view->len] = '\n';
    fwrite(frames->line, 1, 2u * view->len + 1, stdout);
}

static void frames_print_summary(const struct frames *frames, const struct view *view)
{
    char line[FRAMES_SUMMARY_MAX];
    struct text text = text_in(line, sizeof(line));

    summarise(view, 0, frames->services, &text);
    puts(text.s);
}

static bool frames_print_tree(struct frames *frames, const struct view *view)
{
    dissect_frame(&frames->dissect, view);
    if (!print_tree(&frames->dissect, 0, frames->services, stdout))
        return false;
    putchar('\n');
    return true;
}

static bool frames_print_template(struct frames *frames, const struct view *view)
{
    dissect_frame(&frames->dissect, view);
    if (!spell(&frames->dissect, stdout))
        return false;
    putchar('\n');
    return true;
}

bool frames_print(struct frames *frames, const struct view *view)
{
    switch (frames->form) {
    case FRAMES_TREE:
        return frames_print_tree(frames, view);
    case FRAMES_TEMPLATE:
        return frames_print_template(frames, view);
    case FRAMES_SUMMARY:
        frames_print_summary(frames, view);
        break;
    case FRAMES_HEX:
        frames_print_hex(frames, view);
        break;
    case FRAMES_HEXDUMP:
        print_hexdump(view->bytes, view->len, stdout);
        putchar('\n');
    }
    return true;
}
