// A responder behind a faulty network: answers what arrives at an interface, and loses, doubles, damages, delays and reorders
// the answers, or forges others. All that is left to chance follows from --seed; all that happens is logged (relay_log.h).
//
// usage: relay --interface NAME --log FILE [options]; prints "ready" when it listens, and on SIGTERM or SIGINT delivers what
// it still has, writes its log and counts as JSON, and ends. Shares are of 0..1.
//
//   --seed N           of all chance
//   --loss SHARE       of stimuli whose answer is lost
//   --duplicate SHARE  of answers that come twice
//   --reorder WINDOW   answers wait in a pool of that size, and each one that comes pushes a random one out
//   --flip SHARE       of delivered answers, in which one bit from the IP header on is flipped; checksums stay as they were
//   --flip-fixed SHARE the same, with checksums made right again
//   --delay US         of each answer
//   --straggle SHARE   of answers that are delayed by --straggle-delay US besides
//   --silent           one port in 16 never answers
//   --forge N          forged answers for each stimulus, delivered at once
//   --flood N          answers repeated at full speed, in all, from the first stimulus on
//   --prober FILE      with the pid of the prober: it is stopped meanwhile, but for a moment after each FLOOD_WAVE frames
#include "relay_frame.h"
#include "relay_link.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum {
    QUEUE_PLACES = 1 << 17,
    REORDER_MAX = 1 << 16,
    SEEN_PLACES = 4096,
    LOG_BUFFER = 1 << 22,
    NO_CORE = 1024
};
enum { FLOOD_WAVE = 1 << 17, FLOOD_PAUSE_MS = 20 };
enum { QUIET_STEPS = 20 }; // of a millisecond each: then no more is coming

struct item {
    uint64_t due_ns;
    struct relay_record record;
    struct relay_frame frame;
};

// What waits for its time. All in one queue wait equally long, so they leave in the order of coming.
struct queue {
    struct item *items;
    uint64_t head, tail;
    uint64_t delay_ns;
};

struct relay {
    struct relay_link link;
    const char *interface, *log_path, *prober;
    uint64_t random;
    // Shares of 2^32.
    uint64_t loss, duplicate, flip, flip_fixed, straggle;
    uint64_t forge, flood, window;
    bool silent;
    struct queue prompt, stragglers;
    struct item *pool; // of reordering
    uint64_t n_pool;
    struct relay_frame *seen; // stimuli of late
    uint64_t n_seen, n_flooded;
    // On the way out.
    struct item burst[RELAY_BURST];
    unsigned n_burst;
    FILE *log;
    int error;
    uint64_t stimuli, silenced, lost, delivered, duplicated, flipped, forged, others, no_room;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void write_record(struct relay *r, const struct relay_record *record)
{
    if (fwrite(record, sizeof(*record), 1, r->log) != 1)
        r->error = -EIO;
}

// ---- out

static void flush(struct relay *r)
{
    struct relay_piece pieces[RELAY_BURST];

    if (r->n_burst == 0)
        return;
    uint64_t now = now_ns(CLOCK_REALTIME);

    for (unsigned i = 0; i < r->n_burst; i++)
        pieces[i] = (struct relay_piece){r->burst[i].frame.bytes, r->burst[i].frame.len};
    int err = relay_link_send(&r->link, pieces, r->n_burst);
    if (err < 0)
        r->error = err;
    for (unsigned i = 0; i < r->n_burst; i++) {
        r->burst[i].record.time_ns = now;
        write_record(r, &r->burst[i].record);
    }
    r->n_burst = 0;
}

static void deliver(struct relay *r, const struct item *item)
{
    if (r->n_burst == RELAY_BURST)
        flush(r);
    r->burst[r->n_burst++] = *item;
    r->delivered += item->record.kind == RELAY_ANSWER;
    r->forged += item->record.kind == RELAY_FORGED;
    r->others += item->record.kind == RELAY_OTHER;
}

static void deliver_frame(struct relay *r, enum relay_kind kind, enum relay_verdict verdict,
                          uint64_t stimulus, const struct relay_frame *frame)
{
    const struct item item = {
        .frame = *frame,
        .record = {.stimulus = stimulus,
                   .frame = relay_hash(frame->bytes + RELAY_ETHER_BYTES, frame->len - RELAY_ETHER_BYTES),
                   .bit = RELAY_NO_BIT,
                   .kind = (uint8_t)kind,
                   .verdict = (uint8_t)verdict}};

    deliver(r, &item);
}

// ---- delay and order

static void reorder(struct relay *r, const struct item *item)
{
    if (r->window == 0) {
        deliver(r, item);
        return;
    }
    if (r->n_pool < r->window) {
        r->pool[r->n_pool++] = *item;
        return;
    }
    struct item *place = &r->pool[relay_random(&r->random) % r->n_pool];
    deliver(r, place);
    *place = *item;
}

static void push(struct relay *r, struct queue *queue, const struct item *item)
{
    if (queue->tail - queue->head == QUEUE_PLACES) {
        r->no_room++;
        return;
    }
    struct item *place = &queue->items[queue->tail++ % QUEUE_PLACES];
    *place = *item;
    place->due_ns = now_ns(CLOCK_MONOTONIC) + queue->delay_ns;
}

static void release_due(struct relay *r, struct queue *queue, uint64_t now)
{
    while (queue->head < queue->tail && queue->items[queue->head % QUEUE_PLACES].due_ns <= now)
        reorder(r, &queue->items[queue->head++ % QUEUE_PLACES]);
}

// Nothing comes that would push them out.
static void drain_pool(struct relay *r)
{
    while (r->n_pool > 0) {
        struct item *place = &r->pool[relay_random(&r->random) % r->n_pool];

        deliver(r, place);
        *place = r->pool[--r->n_pool];
    }
}

// ---- in

static void send_answer(struct relay *r, uint64_t stimulus, const struct relay_frame *answer)
{
    struct item item = {.frame = *answer,
                        .record = {.stimulus = stimulus, .bit = RELAY_NO_BIT, .kind = RELAY_ANSWER}};
    enum relay_verdict verdict = RELAY_MUST;
    bool fixed = relay_draw(&r->random, r->flip_fixed);

    if (fixed || relay_draw(&r->random, r->flip)) {
        item.record.bit = relay_flip(&item.frame, &r->random, fixed, &verdict);
        r->flipped++;
    }
    item.record.verdict = (uint8_t)verdict;
    item.record.frame = relay_hash(item.frame.bytes + RELAY_ETHER_BYTES, item.frame.len - RELAY_ETHER_BYTES);
    push(r, relay_draw(&r->random, r->straggle) ? &r->stragglers : &r->prompt, &item);
}

static void forge(struct relay *r, const struct relay_frame *stimulus)
{
    for (uint64_t i = 0; i < r->forge; i++) {
        uint64_t n = r->n_seen < SEEN_PLACES ? r->n_seen : SEEN_PLACES;
        const struct relay_frame *other = &r->seen[relay_random(&r->random) % n];
        struct relay_frame forged;
        struct relay_parts parts;

        if (relay_forge(stimulus, other, &r->random, &forged) &&
            relay_parse(stimulus->bytes, stimulus->len, &parts))
            deliver_frame(r, RELAY_FORGED, RELAY_NEVER, relay_hash(parts.ip, parts.ip_bytes), &forged);
    }
}

static void remember(struct relay *r, const uint8_t *bytes, uint32_t len)
{
    struct relay_frame *place = &r->seen[r->n_seen++ % SEEN_PLACES];

    memcpy(place->bytes, bytes, len);
    place->len = (uint16_t)len;
    if (r->forge > 0)
        forge(r, place);
}

static void handle(struct relay *r, const uint8_t *bytes, uint32_t len)
{
    struct relay_frame answer;
    struct relay_parts parts;

    if (relay_neighbour(bytes, len, r->link.mac, &answer)) {
        deliver_frame(r, RELAY_OTHER, RELAY_NEVER, 0, &answer);
        return;
    }
    if (!relay_parse(bytes, len, &parts) || !relay_answer(bytes, len, false, &answer))
        return; // the kernel's own
    struct relay_record record = {.stimulus = relay_hash(parts.ip, parts.ip_bytes),
                                  .time_ns = now_ns(CLOCK_REALTIME),
                                  .bit = RELAY_NO_BIT,
                                  .kind = RELAY_STIMULUS};
    r->stimuli++;
    write_record(r, &record);
    remember(r, bytes, len);
    if (!relay_answer(bytes, len, r->silent, &answer)) {
        r->silenced++;
    } else if (relay_draw(&r->random, r->loss)) {
        r->lost++;
    } else {
        send_answer(r, record.stimulus, &answer);
        if (relay_draw(&r->random, r->duplicate)) {
            r->duplicated++;
            send_answer(r, record.stimulus, &answer);
        }
    }
}

// A burst of answers once more, to stimuli of late.
static void flood_burst(struct relay *r)
{
    uint64_t n = r->n_seen < SEEN_PLACES ? r->n_seen : SEEN_PLACES;

    for (unsigned i = 0; i < RELAY_BURST && r->n_flooded < r->flood && n > 0; i++, r->n_flooded++) {
        const struct relay_frame *stimulus = &r->seen[relay_random(&r->random) % n];
        struct relay_frame answer;
        struct relay_parts parts;

        if (relay_parse(stimulus->bytes, stimulus->len, &parts) &&
            relay_answer(stimulus->bytes, stimulus->len, r->silent, &answer))
            deliver_frame(r, RELAY_ANSWER, RELAY_MUST, relay_hash(parts.ip, parts.ip_bytes), &answer);
    }
}

static void signal_prober(const struct relay *r, int number)
{
    FILE *file = r->prober == NULL ? NULL : fopen(r->prober, "re");
    int pid = 0;

    if (file == NULL)
        return;
    if (fscanf(file, "%d", &pid) == 1 && pid > 1)
        (void)kill(pid, number);
    fclose(file);
}

// The prober looks at its ring only between waves, so that each is more than the ring holds, by as much as a wave is longer.
static void flood(struct relay *r)
{
    if (r->n_flooded == r->flood || r->n_seen == 0)
        return;
    if (r->n_flooded % FLOOD_WAVE == 0) {
        flush(r);
        signal_prober(r, SIGCONT);
        (void)poll(NULL, 0, FLOOD_PAUSE_MS);
        signal_prober(r, SIGSTOP);
    }
    flood_burst(r);
    if (r->n_flooded == r->flood)
        signal_prober(r, SIGCONT);
}

static bool is_empty(const struct queue *queue)
{
    return queue->head == queue->tail;
}

static bool step(struct relay *r)
{
    const uint8_t *bytes = NULL;
    uint64_t before = r->stimuli + r->delivered + r->forged + r->others;
    uint32_t len;

    for (unsigned i = 0; i < RELAY_BURST && (bytes = relay_link_next(&r->link, &len)) != NULL; i++)
        handle(r, bytes, len);
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    release_due(r, &r->prompt, now);
    release_due(r, &r->stragglers, now);
    flood(r);
    flush(r);
    return bytes != NULL || before != r->stimuli + r->delivered + r->forged + r->others;
}

static void run(struct relay *r)
{
    unsigned quiet = 0;

    while (r->error == 0 &&
           !(stopped && quiet > QUIET_STEPS && is_empty(&r->prompt) && is_empty(&r->stragglers))) {
        quiet = step(r) ? 0 : quiet + 1;
        if (quiet > 0)
            relay_link_wait(&r->link);
        if (quiet >= QUIET_STEPS)
            drain_pool(r);
        flush(r);
    }
}

// ---- start and end

enum option_kind { OPTION_SHARE, OPTION_NUMBER, OPTION_MICROSECONDS, OPTION_TEXT, OPTION_FLAG };

static const struct {
    const char *name;
    size_t offset; // in struct relay
    enum option_kind kind;
} option_rows[] = {
    {"interface", offsetof(struct relay, interface), OPTION_TEXT},
    {"log", offsetof(struct relay, log_path), OPTION_TEXT},
    {"seed", offsetof(struct relay, random), OPTION_NUMBER},
    {"loss", offsetof(struct relay, loss), OPTION_SHARE},
    {"duplicate", offsetof(struct relay, duplicate), OPTION_SHARE},
    {"reorder", offsetof(struct relay, window), OPTION_NUMBER},
    {"flip", offsetof(struct relay, flip), OPTION_SHARE},
    {"flip-fixed", offsetof(struct relay, flip_fixed), OPTION_SHARE},
    {"delay", offsetof(struct relay, prompt.delay_ns), OPTION_MICROSECONDS},
    {"straggle", offsetof(struct relay, straggle), OPTION_SHARE},
    {"straggle-delay", offsetof(struct relay, stragglers.delay_ns), OPTION_MICROSECONDS},
    {"silent", offsetof(struct relay, silent), OPTION_FLAG},
    {"forge", offsetof(struct relay, forge), OPTION_NUMBER},
    {"flood", offsetof(struct relay, flood), OPTION_NUMBER},
    {"prober", offsetof(struct relay, prober), OPTION_TEXT},
};

enum { N_OPTIONS = sizeof(option_rows) / sizeof(option_rows[0]) };

static bool set_option(struct relay *r, int row, const char *text)
{
    void *to = (uint8_t *)r + option_rows[row].offset;
    char *end = NULL;

    switch (option_rows[row].kind) {
    case OPTION_TEXT:
        *(const char **)to = text;
        return true;
    case OPTION_FLAG:
        *(bool *)to = true;
        return true;
    case OPTION_SHARE:
        *(uint64_t *)to = (uint64_t)(strtod(text, &end) * 4294967296.0);
        return *end == '\0' && *(uint64_t *)to <= (uint64_t)1 << 32;
    default:
        *(uint64_t *)to =
            strtoull(text, &end, 10) * (option_rows[row].kind == OPTION_MICROSECONDS ? 1000u : 1u);
        return *end == '\0';
    }
}

static bool parse_options(struct relay *r, int argc, char **argv)
{
    struct option options[N_OPTIONS + 1] = {0};
    int at = 0, c;

    for (int i = 0; i < N_OPTIONS; i++)
        options[i] =
            (struct option){option_rows[i].name,
                            option_rows[i].kind == OPTION_FLAG ? no_argument : required_argument, NULL, 1};
    while ((c = getopt_long(argc, argv, "", options, &at)) == 1) {
        if (!set_option(r, at, optarg))
            return false;
    }
    r->random = r->random * 0x9e3779b97f4a7c15u + 1;
    r->stragglers.delay_ns += r->prompt.delay_ns;
    return c == -1 && optind == argc && r->interface != NULL && r->log_path != NULL &&
           r->window <= REORDER_MAX;
}

static bool prepare(struct relay *r)
{
    r->prompt.items = malloc(QUEUE_PLACES * sizeof(struct item));
    r->stragglers.items = malloc(QUEUE_PLACES * sizeof(struct item));
    r->pool = malloc((r->window + 1) * sizeof(struct item));
    r->seen = malloc(SEEN_PLACES * sizeof(*r->seen));
    r->log = fopen(r->log_path, "wbe");
    if (r->prompt.items == NULL || r->stragglers.items == NULL || r->pool == NULL || r->seen == NULL ||
        r->log == NULL || setvbuf(r->log, NULL, _IOFBF, LOG_BUFFER) != 0)
        return false;
    r->error = relay_link_open(&r->link, r->interface);
    return r->error == 0;
}

static void print_counts(struct relay *r)
{
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {
        {"stimuli", r->stimuli},
        {"silenced", r->silenced},
        {"lost", r->lost},
        {"delivered", r->delivered},
        {"flooded", r->n_flooded},
        {"flipped", r->flipped},
        {"duplicated", r->duplicated},
        {"forged", r->forged},
        {"others", r->others},
        {"no_room", r->no_room},
        {"unseen", relay_link_dropped(&r->link)},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        printf("%s\"%s\": %llu", i == 0 ? "{" : ", ", rows[i].name, (unsigned long long)rows[i].count);
    printf("}\n");
}

int main(int argc, char **argv)
{
    static struct relay relay;
    struct sigaction action = {.sa_handler = stop};

    if (!parse_options(&relay, argc, argv)) {
        fprintf(stderr, "usage: relay --interface NAME --log FILE [options]: see relay.c\n");
        return 2;
    }
    // Whoever started it may be killed.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
        sigaction(SIGINT, &action, NULL) != 0 || !prepare(&relay)) {
        fprintf(stderr, "relay: cannot start: %s\n", strerror(relay.error != 0 ? -relay.error : errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    run(&relay);
    if (fclose(relay.log) != 0 || relay.error != 0) {
        fprintf(stderr, "relay: %s\n", strerror(relay.error != 0 ? -relay.error : errno));
        return 1;
    }
    print_counts(&relay);
    return 0;
}
