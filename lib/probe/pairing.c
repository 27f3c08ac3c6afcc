#include "probe/pairing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define PAIRING_BUCKETS_MIN 1024u

struct waiting;

// A stimulus in the chain of one of its keys. Chains are in the order of arrival.
struct node {
    uint64_t key;
    TAILQ_ENTRY(node) in_chain;
    struct waiting *owner;
};

struct waiting {
    struct pairing_stimulus stimulus;
    TAILQ_ENTRY(waiting) in_line;
    uint64_t answered_by; // ordinal of the last frame that did
    unsigned n_nodes;
    struct node nodes[]; // then the frame's bytes
};

TAILQ_HEAD(chain, node);
TAILQ_HEAD(line, waiting);

struct pairing {
    struct pairing_options options;
    struct chain *chains; // owned; a power of two
    uint64_t n_chains, n_nodes;
    struct line line;        // owned; all that wait, by arrival
    struct waiting *expired; // owned: told last by pairing_expire
    uint64_t n_waiting, n_stimuli, n_gave_up;
};

// NULL: out of memory.
static struct chain *chains_new(uint64_t n)
{
    struct chain *chains = calloc(n, sizeof(*chains));

    for (uint64_t i = 0; i < n && chains != NULL; i++)
        TAILQ_INIT(&chains[i]);
    return chains;
}

int pairing_new(struct pairing **out, const struct pairing_options *options)
{
    struct pairing *pairing = calloc(1, sizeof(*pairing));

    if (pairing == NULL)
        return -ENOMEM;
    pairing->options = *options;
    TAILQ_INIT(&pairing->line);
    pairing->n_chains = PAIRING_BUCKETS_MIN;
    pairing->chains = chains_new(pairing->n_chains);
    if (pairing->chains == NULL) {
        free(pairing);
        return -ENOMEM;
    }
    *out = pairing;
    return 0;
}

void pairing_free(struct pairing *pairing)
{
    struct waiting *w;

    while ((w = TAILQ_FIRST(&pairing->line)) != NULL) {
        TAILQ_REMOVE(&pairing->line, w, in_line);
        free(w);
    }
    free(pairing->expired);
    free(pairing->chains);
    free(pairing);
}

// ---- chains

static struct chain *pairing_chain(const struct pairing *pairing, uint64_t key)
{
    return &pairing->chains[key >> 32 & (pairing->n_chains - 1)];
}

// Doubles. A new chain takes from one old chain, in order, so that it is in order too.
static bool pairing_grow(struct pairing *pairing)
{
    struct chain *old = pairing->chains;
    uint64_t n = pairing->n_chains;
    struct node *node;

    if (n > UINT32_MAX / 2)
        return true; // chains just become longer
    struct chain *chains = chains_new(2 * n);
    if (chains == NULL)
        return false;
    pairing->chains = chains;
    pairing->n_chains = 2 * n;
    for (uint64_t i = 0; i < n; i++) {
        while ((node = TAILQ_FIRST(&old[i])) != NULL) {
            TAILQ_REMOVE(&old[i], node, in_chain);
            TAILQ_INSERT_TAIL(pairing_chain(pairing, node->key), node, in_chain);
        }
    }
    free(old);
    return true;
}

// ---- what waits

// By Scapy's rules an answer may end before its stimulus does, so that a stimulus is found by the keys of all its beginnings.
static unsigned pairing_keys(const struct pairing *pairing, const struct view *view, unsigned first,
                             uint64_t keys[VIEW_LAYERS_MAX + 1])
{
    const struct flow_hash *how = &pairing->options.how;

    if (how->rules.scapy)
        return flow_key_prefixes(view, first, how, keys);
    keys[0] = flow_key_of(view, first, FLOW_STIMULUS, how);
    return 1;
}

static int pairing_keep(struct pairing *pairing, const struct pairing_frame *frame, const struct view *view,
                        bool is_answer)
{
    uint64_t keys[VIEW_LAYERS_MAX + 1];
    unsigned n = pairing_keys(pairing, view, frame->compared, keys);
    struct waiting *w = malloc(sizeof(*w) + n * sizeof(w->nodes[0]) + frame->len);

    if (w == NULL || (pairing->n_nodes + n > pairing->n_chains && !pairing_grow(pairing))) {
        free(w);
        return -ENOMEM;
    }
    uint8_t *bytes = (uint8_t *)&w->nodes[n];

    if (frame->len > 0)
        memcpy(bytes, frame->bytes, frame->len);
    w->stimulus =
        (struct pairing_stimulus){.number = pairing->n_stimuli++, .is_answer = is_answer, .frame = *frame};
    w->stimulus.frame.bytes = bytes;
    TAILQ_INSERT_TAIL(&pairing->line, w, in_line);
    w->n_nodes = n;
    for (unsigned i = 0; i < n; i++) {
        w->nodes[i] = (struct node){.key = keys[i], .owner = w};
        TAILQ_INSERT_TAIL(pairing_chain(pairing, keys[i]), &w->nodes[i], in_chain);
    }
    pairing->n_nodes += n;
    pairing->n_waiting++;
    return 0;
}

// It waits no more; the caller owns it.
static void pairing_take(struct pairing *pairing, struct waiting *w)
{
    for (unsigned i = 0; i < w->n_nodes; i++)
        TAILQ_REMOVE(pairing_chain(pairing, w->nodes[i].key), &w->nodes[i], in_chain);
    TAILQ_REMOVE(&pairing->line, w, in_line);
    pairing->n_nodes -= w->n_nodes;
    pairing->n_waiting--;
}

// ---- answers

struct search {
    struct pairing *pairing;
    const struct pairing_frame *frame;
    struct view view;
    unsigned left; // candidates
    bool again;    // also those that have an answer
    bool gave_up;  // there are more
    pairing_visit visit;
    void *context;
};

static bool search_fits(struct search *search, const struct waiting *w)
{
    const struct pairing_frame *sent = &w->stimulus.frame;
    struct view stimulus;

    view_decode(&stimulus, sent->bytes, sent->len, sent->first);
    return answers_frame(&search->view, search->frame->compared, &stimulus, sent->compared,
                         &search->pairing->options.how.rules);
}

// The next stimulus with that key which the frame answers, from `node` on; NULL: none.
static struct waiting *search_next(struct search *search, const struct node *node, uint64_t key)
{
    for (; node != NULL; node = TAILQ_NEXT(node, in_chain)) {
        if (node->key != key || (node->owner->stimulus.n_answers > 0 && !search->again))
            continue;
        if (search->left == 0) {
            search->gave_up = true;
            return NULL;
        }
        search->left--;
        if (search_fits(search, node->owner))
            return node->owner;
    }
    return NULL;
}

static uint64_t search_key(const struct search *search, enum flow_role role)
{
    return flow_key_of_response(&search->view, search->frame->compared, role, &search->pairing->options.how);
}

static struct waiting *search_first(struct search *search, uint64_t key)
{
    return search_next(search, TAILQ_FIRST(pairing_chain(search->pairing, key)), key);
}

static void search_tell(struct search *search, struct waiting *w)
{
    w->stimulus.n_answers++;
    w->answered_by = search->frame->ordinal;
    search->visit(search->context, &w->stimulus, search->frame);
    if (search->pairing->options.keeps)
        return;
    pairing_take(search->pairing, w);
    free(w);
}

// What a frame is to those that wait for an answer from whom they asked, from anybody, or from another port.
static const enum flow_role search_roles[] = {FLOW_RESPONSE, FLOW_RESPONSE_TO_GROUP, FLOW_RESPONSE_MOVED};

static struct waiting *search_earliest(struct search *search)
{
    struct waiting *earliest = NULL;

    for (unsigned i = 0; i < ARRAY_SIZE(search_roles); i++) {
        struct waiting *w = search_first(search, search_key(search, search_roles[i]));

        if (earliest == NULL || (w != NULL && w->stimulus.number < earliest->stimulus.number))
            earliest = w;
    }
    return earliest;
}

// Who has no answer yet comes first.
static bool search_one(struct search *search)
{
    struct waiting *w = search_earliest(search);

    if (w == NULL && search->pairing->options.keeps) {
        search->again = true;
        w = search_earliest(search);
    }
    if (w != NULL)
        search_tell(search, w);
    return w != NULL;
}

static const struct node *search_node(const struct waiting *w, uint64_t key)
{
    unsigned i = 0;

    while (w->nodes[i].key != key)
        i++;
    return &w->nodes[i];
}

static bool search_all_by(struct search *search, uint64_t key)
{
    struct waiting *w = search_first(search, key);
    bool any = w != NULL;

    while (w != NULL) {
        if (w->answered_by != search->frame->ordinal)
            search_tell(search, w);
        w = search_next(search, TAILQ_NEXT(search_node(w, key), in_chain), key);
    }
    return any;
}

static bool search_all(struct search *search)
{
    bool any = false;

    search->again = true;
    for (unsigned i = 0; i < ARRAY_SIZE(search_roles); i++)
        any |= search_all_by(search, search_key(search, search_roles[i]));
    return any;
}

static struct search search_of(struct pairing *pairing, const struct pairing_frame *frame,
                               pairing_visit visit, void *context)
{
    return (struct search){.pairing = pairing,
                           .frame = frame,
                           .left = PAIRING_CANDIDATES_MAX,
                           .visit = visit,
                           .context = context};
}

static bool pairing_search(struct search *search)
{
    view_decode(&search->view, search->frame->bytes, search->frame->len, search->frame->first);
    bool answered = search->pairing->options.every ? search_all(search) : search_one(search);
    search->pairing->n_gave_up += search->gave_up;
    return answered;
}

int pairing_wait(struct pairing *pairing, const struct pairing_frame *frame)
{
    struct view view;

    view_decode(&view, frame->bytes, frame->len, frame->first);
    return pairing_keep(pairing, frame, &view, false);
}

bool pairing_answer(struct pairing *pairing, const struct pairing_frame *frame, pairing_visit visit,
                    void *context)
{
    struct search search = search_of(pairing, frame, visit, context);

    return pairing_search(&search);
}

int pairing_add(struct pairing *pairing, const struct pairing_frame *frame, pairing_visit visit,
                void *context)
{
    struct search search = search_of(pairing, frame, visit, context);
    bool answered = pairing_search(&search);

    if (answered && !pairing->options.every)
        return 1;
    int err = pairing_keep(pairing, frame, &search.view, answered);
    return err < 0 ? err : answered;
}

const struct pairing_stimulus *pairing_expire(struct pairing *pairing, uint64_t now_ns)
{
    struct waiting *w = TAILQ_FIRST(&pairing->line);
    uint64_t timeout = pairing->options.timeout_ns;

    free(pairing->expired);
    pairing->expired = NULL;
    if (w == NULL)
        return NULL;
    bool over =
        timeout > 0 && now_ns > w->stimulus.frame.time_ns && now_ns - w->stimulus.frame.time_ns > timeout;
    if (now_ns != UINT64_MAX && !over)
        return NULL;
    pairing_take(pairing, w);
    pairing->expired = w;
    return &w->stimulus;
}

uint64_t pairing_waiting(const struct pairing *pairing)
{
    return pairing->n_waiting;
}

uint64_t pairing_stimuli(const struct pairing *pairing)
{
    return pairing->n_stimuli;
}

uint64_t pairing_gave_up(const struct pairing *pairing)
{
    return pairing->n_gave_up;
}
