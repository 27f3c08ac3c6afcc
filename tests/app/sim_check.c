// Checks the captures of a run against the simulated network's own log. Uses nothing of Volley's: libpcap reads the files.
//
// usage: sim_check LOG ANSWERED UNANSWERED [TIMEOUT_NS]
//
// Each frame of the log (TCP over IPv4, answered by the hosts themselves) must be in one of the two files, once, and in the
// right one; each answer must stand directly behind its stimulus, fit it, not be older, and not come later than the timeout;
// the unanswered must be in the order of sending. An answer that was cut short is none; one with a flipped bit is one if that
// is in nothing by which answers are told. With a timeout, unanswered frames may have been answered later: `late`.
// Prints what it counted, a name and a number a line; the exit status tells whether all is right.
#include "../lab/relay_frame.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_MAX 10

#define FATES(X)                \
    X(ANSWERED, "answered")     \
    X(DUPLICATED, "duplicated") \
    X(LOST, "lost")             \
    X(CORRUPTED, "corrupted")   \
    X(FLIPPED, "flipped")       \
    X(SILENT, "silent")         \
    X(STRAY, "stray")

enum {
    FATE_NONE,
#define FATE(id, name) FATE_##id,
    FATES(FATE)
#undef FATE
        FATE_COUNT
};

struct frame {
    uint32_t dst, seq;
    uint16_t sport, dport;
    uint8_t fate;    // FATE_NONE: the place is free
    uint8_t verdict; // enum relay_verdict: of its answer
    bool seen, syn_ack;
};

struct check {
    struct frame *frames; // hashed by all but the fate, a power of two
    uint64_t n_places, n_frames;
    uint64_t n[FATE_COUNT];
    uint64_t answered, unanswered, harmless, late;
    uint64_t timeout_ns;
    unsigned errors;
};

static void complain(struct check *c, const char *what, uint64_t number)
{
    if (c->errors++ < ERRORS_MAX)
        fprintf(stderr, "%s (packet or line %" PRIu64 ")\n", what, number);
}

static struct frame *place_of(struct check *c, const struct frame *key)
{
    uint64_t hash = ((uint64_t)key->dst << 32 | key->seq) * 0x9e3779b97f4a7c15u;

    hash = (hash ^ ((uint64_t)key->sport << 16 | key->dport)) * 0xbf58476d1ce4e5b9u;
    for (uint64_t i = hash >> 20;; i++) {
        struct frame *at = &c->frames[i & (c->n_places - 1)];

        if (at->fate == FATE_NONE || (at->dst == key->dst && at->seq == key->seq && at->sport == key->sport &&
                                      at->dport == key->dport))
            return at;
    }
}

static bool grow(struct check *c)
{
    struct frame *old = c->frames;
    uint64_t n_old = c->n_places;

    if (c->n_frames * 2 < n_old)
        return true;
    c->n_places = n_old == 0 ? 1024 : n_old * 2;
    c->frames = calloc(c->n_places, sizeof(*c->frames));
    if (c->frames == NULL)
        return false;
    for (uint64_t i = 0; i < n_old; i++) {
        if (old[i].fate != FATE_NONE)
            *place_of(c, &old[i]) = old[i];
    }
    free(old);
    return true;
}

static uint8_t fate_of(const char *word)
{
    static const char *const names[] = {
#define FATE(id, name) name,
        FATES(FATE)
#undef FATE
    };
    uint8_t fate = FATE_COUNT - 1;

    while (fate > FATE_NONE && strcmp(names[fate - 1], word) != 0)
        fate--;
    return fate;
}

static uint8_t verdict_of(uint8_t fate, unsigned bit)
{
    if (fate == FATE_FLIPPED)
        return (uint8_t)relay_flipped(4, 6, bit);
    return fate == FATE_ANSWERED || fate == FATE_DUPLICATED ? RELAY_MUST : RELAY_NEVER;
}

// False: this is no line about TCP over IPv4.
static bool parse_line(const char *line, struct frame *frame)
{
    unsigned a, b, d, e, sport, dport, bit = 0;
    char fate[16], answer[32];
    int n = sscanf(line, "%15s tcp %*s %u %u.%u.%u.%u %u %" SCNu32 " %31s %u", fate, &sport, &a, &b, &d, &e,
                   &dport, &frame->seq, answer, &bit);

    frame->fate = n < 9 ? FATE_NONE : fate_of(fate);
    if (frame->fate == FATE_NONE || (frame->fate == FATE_FLIPPED) != (n == 10))
        return false;
    frame->dst = a << 24 | b << 16 | d << 8 | e;
    frame->sport = (uint16_t)sport;
    frame->dport = (uint16_t)dport;
    frame->verdict = verdict_of(frame->fate, bit);
    frame->seen = false;
    frame->syn_ack = strcmp(answer, "syn-ack") == 0;
    return true;
}

static bool read_log(struct check *c, const char *path)
{
    FILE *log = fopen(path, "r");
    char line[256];
    struct frame frame;

    if (log == NULL)
        return false;
    for (uint64_t n = 1; fgets(line, sizeof(line), log) != NULL; n++) {
        if (!parse_line(line, &frame) || !grow(c)) {
            complain(c, "the log has another line than TCP over IPv4, or memory is short", n);
            break;
        }
        c->n[frame.fate]++;
        c->harmless += frame.fate == FATE_FLIPPED && frame.verdict == RELAY_MUST;
        if (frame.fate == FATE_STRAY)
            continue; // was not sent
        struct frame *at = place_of(c, &frame);
        if (at->fate != FATE_NONE)
            complain(c, "the log has a frame twice", n);
        c->n_frames += at->fate == FATE_NONE;
        *at = frame;
    }
    fclose(log);
    return c->errors == 0;
}

// ---- captures

struct packet {
    uint64_t ns;
    uint32_t src, dst, seq, ack;
    uint16_t sport, dport;
    uint8_t flags;
};

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool next_packet(pcap_t *file, struct packet *p)
{
    struct pcap_pkthdr *header;
    const uint8_t *bytes;

    if (pcap_next_ex(file, &header, &bytes) != 1 || header->caplen < 54 || bytes[12] != 8 ||
        bytes[14] != 0x45)
        return false;
    const uint8_t *ip = bytes + 14, *tcp = ip + 20;
    *p = (struct packet){
        .ns = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec,
        .src = get32(ip + 12),
        .dst = get32(ip + 16),
        .sport = (uint16_t)(get32(tcp) >> 16),
        .dport = (uint16_t)get32(tcp),
        .seq = get32(tcp + 4),
        .ack = get32(tcp + 8),
        .flags = tcp[13],
    };
    return true;
}

// Takes the stimulus off the log; NULL: it is not there, or was before.
static struct frame *take(struct check *c, const struct packet *p, uint64_t number)
{
    const struct frame key = {.dst = p->dst, .seq = p->seq, .sport = p->sport, .dport = p->dport};
    struct frame *at = place_of(c, &key);

    if (at->fate == FATE_NONE)
        complain(c, "a stimulus that was never sent", number);
    else if (at->seen)
        complain(c, "a stimulus for the second time", number);
    if (at->fate == FATE_NONE || at->seen)
        return NULL;
    at->seen = true;
    return at;
}

static void check_pair(struct check *c, const struct packet *s, const struct packet *r, uint64_t number)
{
    const struct frame *frame = take(c, s, number);

    if (frame != NULL && frame->verdict == RELAY_NEVER)
        complain(c, "answered, though its answer was lost or spoilt", number);
    if (frame != NULL && frame->verdict == RELAY_MUST && r->flags != (frame->syn_ack ? 0x12 : 0x14))
        complain(c, "not the answer that the host gave", number);
    if (r->src != s->dst || r->dst != s->src || r->sport != s->dport || r->dport != s->sport ||
        r->ack != s->seq + 1)
        complain(c, "the packet behind it is not its answer", number);
    if (r->ns < s->ns)
        complain(c, "the answer is older than the stimulus", number);
    if (c->timeout_ns > 0 && r->ns > s->ns + c->timeout_ns)
        complain(c, "the answer came too late", number);
}

static void check_answered(struct check *c, pcap_t *file)
{
    struct packet stimulus, answer;

    for (; next_packet(file, &stimulus); c->answered++) {
        if (!next_packet(file, &answer)) {
            complain(c, "the last stimulus has no answer", c->answered);
            return;
        }
        check_pair(c, &stimulus, &answer, 2 * c->answered + 1);
    }
}

static void check_unanswered(struct check *c, pcap_t *file)
{
    struct packet stimulus;
    uint64_t last = 0;

    for (; next_packet(file, &stimulus); c->unanswered++) {
        const struct frame *frame = take(c, &stimulus, c->unanswered + 1);

        if (frame != NULL && frame->verdict == RELAY_MUST && c->timeout_ns == 0)
            complain(c, "unanswered, though its answer arrived", c->unanswered + 1);
        c->late += frame != NULL && frame->verdict == RELAY_MUST;
        if (stimulus.ns < last)
            complain(c, "sent before the one in front of it", c->unanswered + 1);
        last = stimulus.ns;
    }
}

static bool check_file(struct check *c, const char *path, void (*check)(struct check *, pcap_t *))
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);

    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, error);
        return false;
    }
    check(c, file);
    pcap_close(file);
    return true;
}

static void print_counts(const struct check *c)
{
    static const char *const names[] = {
#define FATE(id, name) "fate-" name,
        FATES(FATE)
#undef FATE
    };

    for (unsigned fate = 1; fate < FATE_COUNT; fate++)
        printf("%s %" PRIu64 "\n", names[fate - 1], c->n[fate]);
    printf("logged %" PRIu64 "\nharmless %" PRIu64 "\nlate %" PRIu64 "\nanswered %" PRIu64
           "\nunanswered %" PRIu64 "\n",
           c->n_frames, c->harmless, c->late, c->answered, c->unanswered);
}

int main(int argc, char **argv)
{
    struct check c = {.errors = 0};

    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: sim_check LOG ANSWERED UNANSWERED [TIMEOUT_NS]\n");
        return 2;
    }
    c.timeout_ns = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
    if (!read_log(&c, argv[1]) || !check_file(&c, argv[2], check_answered) ||
        !check_file(&c, argv[3], check_unanswered)) {
        fprintf(stderr, "sim_check: %s could not be read\n", argv[1]);
        return 1;
    }
    for (uint64_t i = 0; i < c.n_places; i++) {
        if (c.frames[i].fate != FATE_NONE && !c.frames[i].seen)
            complain(&c, "a frame that was sent is in neither file", i);
    }
    print_counts(&c);
    free(c.frames);
    return c.errors > 0;
}
