// Compiles the input as a template, and builds some of its stimuli: one by one, in bursts, and from their values alone; all
// must be the same.
#include "base/hash.h"
#include "fuzz.h"
#include "fuzz_reference.h"
#include "fuzz_template.h"
#include "packet/answers.h"
#include "packet/flow_key.h"
#include "packet/summarise.h"
#include "template/derive.h"
#include "template/listing.h"
#include "template/plan.h"

#include <string.h>

#define MEMORY_MAX ((size_t)64 << 20)
#define MARK       0xa5

// Even and odd quarters of the world have different sources and next hops; some have none.
static void fuzz_route(void *context, const struct address *destination, struct surroundings_route *route)
{
    unsigned bits = destination->family == 6 ? 120 : 24;
    uint8_t part = (uint8_t)(destination->value >> bits);

    (void)context;
    route->last = *destination;
    route->last.value |= ((u128)1 << bits) - 1;
    if (part % 8 < 6)
        route->source =
            (struct address){destination->family == 4 ? 0xc6120001u + part : ((u128)0x20010002 << 96) + part,
                             destination->family};
    route->source_mac = (struct mac){{2, 0, 0, 0, 0, part}};
    memset(route->next_hop_mac.bytes, 0xff, sizeof(route->next_hop_mac.bytes));
    if (part % 2 == 0)
        route->next_hop_mac = (struct mac){{2, 0, 0, 0, 1, part}};
}

struct burst {
    const struct plan *plan;
    size_t room; // of a frame
    uint8_t *frames[PLAN_BURST], *single;
    struct plan_tags tags[PLAN_BURST];
    struct plan_built built;
};

static void burst_open(struct burst *burst, const struct plan *plan)
{
    burst->plan = plan;
    burst->room = (size_t)plan->longest + PLAN_SLACK;
    for (unsigned k = 0; k < PLAN_BURST; k++)
        burst->frames[k] = malloc(burst->room);
    burst->single = malloc(burst->room);
}

static void burst_release(struct burst *burst)
{
    for (unsigned k = 0; k < PLAN_BURST; k++)
        free(burst->frames[k]);
    free(burst->single);
}

static void check_stimulus(const struct burst *burst, unsigned k)
{
    const struct view *view = burst->built.views[k];
    uint32_t at = 0;

    FUZZ_CHECK(burst->built.lengths[k] == view->len && view->len <= burst->plan->longest);
    for (unsigned i = 0; i < view->n; i++) {
        const struct view_layer *layer = &view->layers[i];

        FUZZ_CHECK(layer->id > LAYER_NONE && layer->id < LAYER_COUNT && layer->start == at);
        FUZZ_CHECK(layer->start + layer->header_bytes <= layer->end && layer->end <= view->len);
        at = (uint32_t)layer->start + layer->header_bytes;
    }
    FUZZ_CHECK(at == view->len);
}

// What a matcher does with a stimulus: its key, its line, and whether another frame answers it.
static void use_stimulus(struct burst *burst, unsigned k, unsigned other)
{
    const struct answer_rules rules = {.tagged_seq = k % 2 == 0, .quoted_id = k % 3 == 0};
    const struct flow_hash how = {.seed = 9};
    struct view stimulus = *burst->built.views[k], response;
    char line[512];
    struct text text = text_in(line, sizeof(line));
    uint64_t hash;

    stimulus.bytes = burst->frames[k];
    summarise(&stimulus, 0, NULL, &text);
    flow_key_of_stimuli(&stimulus, &burst->frames[k], 1, burst->plan->first_written, &how, &hash);
    FUZZ_CHECK(hash == flow_key_of(&stimulus, burst->plan->first_written, FLOW_STIMULUS, &how));
    if (stimulus.n == 0)
        return;
    view_decode(&response, burst->frames[other], burst->built.lengths[other],
                (enum layer_id)burst->built.views[other]->layers[0].id);
    (void)answers_frame(&response, 0, &stimulus, 0, &rules);
}

static void check_burst(struct burst *burst, unsigned n)
{
    for (unsigned k = 0; k < n; k++)
        memset(burst->frames[k], MARK, burst->room);
    plan_build_burst(burst->plan, burst->tags, burst->frames, &burst->built, n);
    for (unsigned k = 0; k < n; k++) {
        memset(burst->single, (uint8_t)~MARK, burst->room);
        uint16_t len = plan_build(burst->plan, burst->built.indices[k], &burst->tags[k], burst->single);

        check_stimulus(burst, k);
        FUZZ_CHECK(len == burst->built.lengths[k] && memcmp(burst->single, burst->frames[k], len) == 0);
    }
    for (unsigned k = 0; k < n; k++)
        use_stimulus(burst, k, n - 1 - k);
}

// The first, the last, what is around the middle, and any: in bursts of several sizes.
static void build_some(struct burst *burst, uint64_t random)
{
    const uint64_t n = burst->plan->n;
    static const unsigned sizes[] = {1, 2, 3, 7, PLAN_BURST, PLAN_BURST, PLAN_BURST, 5};

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        for (unsigned k = 0; k < sizes[i]; k++) {
            random = hash_mix64(random, k + 1);
            burst->tags[k] =
                (struct plan_tags){(uint32_t)random, (uint16_t)(random >> 32), (uint16_t)(random >> 48)};
            burst->built.indices[k] = i % 4 == 0   ? k % n
                                      : i % 4 == 1 ? n - 1 - k % n
                                      : i % 4 == 2 ? (n / 2 + k) % n
                                                   : random % n;
        }
        check_burst(burst, sizes[i]);
    }
}

// Without tags: these are not the template's.
static void build_slowly(const struct burst *burst, const struct template *template, uint64_t random)
{
    static struct fuzz_reference reference;
    static const struct plan_tags none;
    const uint64_t n = burst->plan->n,
                   indices[] = {0, 1 % n, n - 1, n / 2, random % n, hash_mix64(random, 1) % n};

    for (unsigned k = 0; k < ARRAY_SIZE(indices); k++) {
        if (!fuzz_reference_build(&reference, template, indices[k]))
            return;
        memset(burst->single, MARK, burst->room);
        uint16_t len = plan_build(burst->plan, indices[k], &none, burst->single);

        FUZZ_CHECK(len == reference.build.len && memcmp(burst->single, reference.build.bytes, len) == 0);
    }
}

static void list(const struct plan *plan)
{
    char *printed;
    size_t len;
    FILE *to = open_memstream(&printed, &len);

    FUZZ_CHECK(to != NULL);
    listing_print(plan, 3, to);
    fclose(to);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(printed[i] == '\n' || (printed[i] >= ' ' && printed[i] <= '~'));
    free(printed);
}

static bool compile(struct fuzz_template *f, uint64_t random, struct plan *plan, struct diag *diag)
{
    const struct surroundings around = {NULL, fuzz_route};
    const struct plan_options options = {.tags = (random & 1) != 0, .seed = random};
    bool link = (random & 2) != 0, again = (random & 12) == 0;

    return (!link || template_add_link(&f->template, &f->arena, diag)) &&
           derive_fields(&f->template, &around, &f->arena, diag) &&
           (!again || derive_fields(&f->template, &around, &f->arena, diag)) &&
           plan_compile(plan, &f->template, &options, &f->arena, diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_template f;
    struct plan plan;
    struct diag diag = {.set = false};
    uint64_t random = len;

    for (size_t i = 0; i < len; i++)
        random = hash_mix64(random, bytes[i]);
    if (fuzz_template_open(&f, bytes, len, MEMORY_MAX)) {
        struct burst burst;

        if (!compile(&f, random, &plan, &diag)) {
            fuzz_template_check_error(&f, &diag);
        } else {
            FUZZ_CHECK(plan.n == f.template.choice->n);
            list(&plan);
            if (plan.n > 0) {
                burst_open(&burst, &plan);
                build_some(&burst, random);
                if (plan.tags == 0)
                    build_slowly(&burst, &f.template, random);
                burst_release(&burst);
            }
        }
    }
    fuzz_template_release(&f);
    return 0;
}
