// For tests: a template compiled as for the simulated network, and frames described by templates.
#ifndef VOLLEY_TESTS_PLANNED_H
#define VOLLEY_TESTS_PLANNED_H

#include "base/arena.h"
#include "template/derive.h"
#include "template/plan.h"

#include <stdio.h>
#include <string.h>

struct planned {
    struct arena arena;
    struct template template;
    struct plan plan;
};

static void planned_route(void *context, const struct address *destination, struct surroundings_route *route)
{
    (void)context;
    *route = (struct surroundings_route){
        .last = *destination,
        .source = {.value = 0xc6120001, .family = 4},
        .source_mac = {{2, 0, 0, 0, 0, 1}},
        .next_hop_mac = {{2, 0, 0, 0, 0, 2}},
    };
    if (destination->family == 6)
        route->source = (struct address){.value = (u128)0x20010002 << 96 | 1, .family = 6};
}

// `text` must live as long; it starts with Ether, or at layer 3.
static inline bool planned_make(struct planned *planned, const char *text, bool tags)
{
    const struct plan_options options = {.tags = tags};
    const struct surroundings surroundings = {NULL, planned_route};
    const struct template_sources sources = {0};
    struct diag diag = {0};

    arena_init(&planned->arena, 0);
    bool ok =
        template_parse(&planned->template, text, strlen(text), &sources, &planned->arena, &diag) &&
        (strncmp(text, "Ether", 5) == 0 || template_add_link(&planned->template, &planned->arena, &diag)) &&
        derive_fields(&planned->template, &surroundings, &planned->arena, &diag) &&
        plan_compile(&planned->plan, &planned->template, &options, &planned->arena, &diag);
    if (!ok)
        fprintf(stderr, "%s: %s\n", text, diag.message);
    return ok;
}

static inline void planned_release(struct planned *planned)
{
    arena_release(&planned->arena);
}

// The frame that a template of one packet stands for, in `bytes`; its length, 0 on failure.
static inline uint16_t planned_frame(const char *text, uint8_t *bytes)
{
    const struct plan_tags none = {0};
    struct planned planned;
    uint16_t len = 0;

    if (planned_make(&planned, text, false) && planned.plan.n == 1)
        len = plan_build(&planned.plan, 0, &none, bytes);
    planned_release(&planned);
    return len;
}

#endif
