// Reads the input as frames, as they come from a wire: decodes them, prints them, builds them again from their fields, and asks
// if they answer one another.
//
// input = outermost layer (one byte), length of the first frame (two bytes), first frame, second frame
#include "fuzz.h"
#include "packet/answers.h"
#include "packet/dissect.h"
#include "packet/flow_key.h"
#include "packet/forms.h"
#include "packet/layer.h"
#include "packet/print.h"
#include "packet/summarise.h"
#include "port/neighbour_frame.h"
#include "result/class.h"

#include <string.h>

struct frame {
    uint8_t *bytes; // heap, of just that size: any read outside is seen
    uint32_t len;
    struct view view;
};

static void frame_open(struct frame *frame, const uint8_t *bytes, size_t len, enum layer_id first)
{
    frame->bytes = malloc(len + (len == 0));
    FUZZ_CHECK(frame->bytes != NULL);
    memcpy(frame->bytes, bytes, len);
    frame->len = (uint32_t)len;
    view_decode(&frame->view, frame->bytes, frame->len, first);
}

// The second frame by the form of the first one.
static void check_form(const struct frame frames[2], enum layer_id first)
{
    struct forms forms = {0};
    struct view view;

    for (unsigned i = 0; i < 2; i++) {
        const struct view *wanted = &frames[i].view;

        forms_decode(&forms, &view, frames[i].bytes, frames[i].len, first);
        FUZZ_CHECK(view.len == wanted->len && view.n == wanted->n && view.malformed == wanted->malformed);
        FUZZ_CHECK(memcmp(view.layers, wanted->layers, view.n * sizeof(*view.layers)) == 0);
    }
}

static void frame_release(struct frame *frame)
{
    free(frame->bytes);
}

// Layers follow one another without gaps, each inside the one below; padding fills the rest.
static void check_view(const struct view *view)
{
    uint32_t at = 0, end = view->len;

    FUZZ_CHECK(view->n <= VIEW_LAYERS_MAX && (view->len == 0) == (view->n == 0));
    for (unsigned i = 0; i < view->n; i++) {
        const struct view_layer *layer = &view->layers[i];
        bool padding = layer->id == LAYER_PADDING && i == view->n - 1u;

        FUZZ_CHECK(layer->id > LAYER_NONE && layer->id < LAYER_COUNT);
        FUZZ_CHECK(layer->start == at || (padding && layer->start >= at));
        FUZZ_CHECK(layer->start + layer->header_bytes <= layer->end);
        FUZZ_CHECK(layer->end <= (padding ? view->len : end));
        at = (uint32_t)layer->start + layer->header_bytes;
        end = layer->end;
    }
    for (unsigned i = 0; i < view->n; i++) {
        int found = view_find(view, (enum layer_id)view->layers[i].id);

        FUZZ_CHECK(found < 0 ? view->layers[i].quoted : view->layers[found].id == view->layers[i].id);
    }
}

static void summarise_all(const struct view *view)
{
    char shortest[1], text[24], line[512];
    struct text at[] = {text_in(shortest, sizeof(shortest)), text_in(text, sizeof(text)),
                        text_in(line, sizeof(line))};

    for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
        summarise(view, 0, NULL, &at[i]);
        FUZZ_CHECK(strlen(at[i].s) == at[i].len && at[i].len < at[i].size);
    }
    for (const char *c = line; *c != '\0'; c++)
        FUZZ_CHECK(*c >= ' ' && *c <= '~');
    FUZZ_CHECK(class_name(class_of(view)) != NULL);
}

static void check_tree(const struct dissect *tree)
{
    FUZZ_CHECK(tree->n_layers == tree->view->n && tree->n_layers <= tree->n && tree->n <= DISSECT_NODES_MAX);
    for (uint32_t i = 0; i < tree->n; i++) {
        const struct dissect_node *node = &tree->nodes[i];

        FUZZ_CHECK(node->id > LAYER_NONE && node->id < LAYER_COUNT && node->first < tree->n &&
                   node->next < tree->n);
        FUZZ_CHECK(node->first == 0 || node->first >= tree->n_layers);
        FUZZ_CHECK((uint64_t)node->at.start + node->at.header_bytes <= tree->view->len);
        for (unsigned f = 0; f < layer_get((enum layer_id)node->id)->n_fields; f++) {
            if (node->at.bit[f] != FIELD_ABSENT)
                FUZZ_CHECK((uint64_t)node->at.bit[f] + node->at.bits[f] <= (uint64_t)tree->view->len * 8);
        }
    }
}

static void check_printed(const struct dissect *tree)
{
    char *printed;
    size_t len;
    FILE *to = open_memstream(&printed, &len);

    FUZZ_CHECK(to != NULL && print_tree(tree, 0, NULL, to));
    print_hexdump(tree->view->bytes, tree->view->len, to);
    fclose(to);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(printed[i] == '\n' || (printed[i] >= ' ' && printed[i] <= '~'));
    free(printed);
}

static void check_rebuilt(const struct dissect *tree)
{
    static struct build build;
    static uint8_t bytes[BUILD_BYTES_MAX];
    struct arena arena;
    struct diag diag = {.set = false};

    arena_init(&arena, 0);
    build.bytes = bytes;
    FUZZ_CHECK(dissect_rebuild(tree, &build, &arena));
    FUZZ_CHECK(build_frame(&build, &diag));
    build_checksums(&build);
    FUZZ_CHECK(build.len == tree->view->len && memcmp(build.bytes, tree->view->bytes, build.len) == 0);
    arena_release(&arena);
}

static void dissect(const struct frame *frame)
{
    static struct dissect tree;

    if (tree.nodes == NULL)
        FUZZ_CHECK(dissect_init(&tree));
    dissect_frame(&tree, &frame->view);
    check_tree(&tree);
    check_printed(&tree);
    check_rebuilt(&tree);
}

static void ask_tags(const struct view *view)
{
    for (unsigned i = 0; i < view->n; i++) {
        const struct layer_desc *desc = layer_get((enum layer_id)view->layers[i].id);
        uint32_t tag;

        for (unsigned guess = 0; desc->echoed != NULL && guess < 16; guess++) {
            if (!desc->echoed(view, i, 7, guess, &tag))
                break;
        }
    }
}

// The first are the default.
enum { RULES = 24 };
static struct answer_rules rules_of(unsigned k)
{
    return (struct answer_rules){
        .scapy = k % 3 != 0,
        .hashed = k % 3 == 2,
        .any_address = k / 3 % 2 == 1,
        .quoted_id = k / 6 % 2 == 1,
        .tagged_seq = k % 5 == 1,
        .quote = (uint8_t)(k / 3 % 3),
        .open = (uint8_t)(k / 3 * 2),
    };
}

static void ask_each_other(const struct view *response, const struct view *stimulus)
{
    uint64_t keys[VIEW_LAYERS_MAX + 1];

    for (unsigned k = 0; k < RULES; k++) {
        const struct flow_hash how = {.seed = 1, .rules = rules_of(k)};
        bool yes = answers_frame(response, 0, stimulus, 0, &how.rules);
        uint64_t key = flow_key_of_response(response, 0, flow_key_role(stimulus, 0), &how);

        // An answer is found by its key; other rules have exceptions (flow_key.h).
        if (k == 0 && response->n < VIEW_LAYERS_MAX - 1 && stimulus->n < VIEW_LAYERS_MAX - 1)
            FUZZ_CHECK(!yes || key == flow_key_of(stimulus, 0, FLOW_STIMULUS, &how));
        unsigned n = flow_key_prefixes(stimulus, 0, &how, keys);
        FUZZ_CHECK(n >= 1 && n <= ARRAY_SIZE(keys));
        FUZZ_CHECK(how.rules.hashed || keys[n - 1] == flow_key_of(stimulus, 0, FLOW_STIMULUS, &how));
        for (unsigned role = FLOW_STIMULUS; role <= FLOW_RESPONSE_MOVED; role++) {
            (void)flow_key_of(response, 0, (enum flow_role)role, &how);
            (void)flow_key_of_response(response, 0, (enum flow_role)role, &how);
        }
    }
}

// What keys of several stimuli at once say is what each one's own says.
static void check_keys(const struct frame *frame)
{
    uint8_t *const bytes[] = {frame->bytes, frame->bytes};
    const struct flow_hash how = {.seed = 5};
    uint64_t hashes[ARRAY_SIZE(bytes)];

    flow_key_of_stimuli(&frame->view, bytes, ARRAY_SIZE(bytes), 0, &how, hashes);
    for (unsigned i = 0; i < ARRAY_SIZE(bytes); i++)
        FUZZ_CHECK(hashes[i] == flow_key_of(&frame->view, 0, FLOW_STIMULUS, &how));
}

static void ask_neighbours(const struct frame *frame)
{
    struct neighbour_question question;
    struct neighbour_claim claim;

    (void)neighbour_frame_parse_question(frame->bytes, (uint16_t)frame->len, &question);
    (void)neighbour_frame_parse_answer(frame->bytes, (uint16_t)frame->len, &claim);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct frame frames[2];

    if (len < 3 || len > UINT16_MAX)
        return 0;
    enum layer_id first = (enum layer_id)(1 + bytes[0] % (LAYER_COUNT - 1));
    size_t cut = (size_t)bytes[1] << 8 | bytes[2];
    bytes += 3;
    len -= 3;
    if (cut > len)
        cut = len;
    frame_open(&frames[0], bytes, cut, first);
    frame_open(&frames[1], bytes + cut, len - cut, first);
    check_form(frames, first);
    for (unsigned i = 0; i < 2; i++) {
        check_view(&frames[i].view);
        summarise_all(&frames[i].view);
        dissect(&frames[i]);
        ask_tags(&frames[i].view);
        check_keys(&frames[i]);
        ask_neighbours(&frames[i]);
        ask_each_other(&frames[i].view, &frames[0].view);
        ask_each_other(&frames[i].view, &frames[1].view);
    }
    frame_release(&frames[1]);
    frame_release(&frames[0]);
    return 0;
}
