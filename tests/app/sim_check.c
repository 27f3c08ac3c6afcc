// Checks the captures of a run against the simulated network's own log. Uses nothing of Volley's: libpcap reads the files.
//
// usage: sim_check LOG ANSWERED UNANSWERED
//
// Each frame of the log (TCP over IPv4, answered by the hosts themselves) must be in one of the two files, once, and in the
// right one; each answer must stand directly behind its stimulus, fit it, and not be older; the unanswered must be in the
// order of sending. Prints what it counted, a name and a number a line; the exit status tells whether all is right.
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_MAX 10

enum { FATE_ANSWERED = 1, FATE_DUPLICATED, FATE_LOST };

struct frame {
    uint32_t dst, seq;
    uint16_t sport, dport;
    uint8_t fate; // 0: the place is free
    bool seen, syn_ack;
};

struct check {
    struct frame *frames; // hashed by all but the fate, a power of two
    uint64_t n_places, n_frames;
    uint64_t n[FATE_LOST + 1];
    uint64_t answered, unanswered;
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

        if (at->fate == 0 || (at->dst == key->dst && at->seq == key->seq && at->sport == key->sport &&
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
        if (old[i].fate != 0)
            *place_of(c, &old[i]) = old[i];
    }
    free(old);
    return true;
}

static uint8_t fate_of(const char *word)
{
    return strcmp(word, "answered") == 0     ? FATE_ANSWERED
           : strcmp(word, "duplicated") == 0 ? FATE_DUPLICATED
                                             : FATE_LOST;
}

static bool read_log(struct check *c, const char *path)
{
    FILE *log = fopen(path, "r");
    unsigned a, b, d, e, sport, dport;
    char fate[16], line[256], answer[32];
    struct frame key;

    if (log == NULL)
        return false;
    for (uint64_t n = 1; fgets(line, sizeof(line), log) != NULL; n++) {
        if (sscanf(line, "%15s tcp %*s %u %u.%u.%u.%u %u %" SCNu32 " %31s", fate, &sport, &a, &b, &d, &e,
                   &dport, &key.seq, answer) != 9 ||
            !grow(c)) {
            complain(c, "the log has another line than TCP over IPv4, or memory is short", n);
            break;
        }
        key.dst = a << 24 | b << 16 | d << 8 | e;
        key.sport = (uint16_t)sport;
        key.dport = (uint16_t)dport;
        struct frame *at = place_of(c, &key);
        if (at->fate != 0)
            complain(c, "the log has a frame twice", n);
        key.fate = fate_of(fate);
        key.seen = false;
        key.syn_ack = strcmp(answer, "syn-ack") == 0;
        c->n[key.fate]++;
        c->n_frames += at->fate == 0;
        *at = key;
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

    if (at->fate == 0)
        complain(c, "a stimulus that was never sent", number);
    else if (at->seen)
        complain(c, "a stimulus for the second time", number);
    if (at->fate == 0 || at->seen)
        return NULL;
    at->seen = true;
    return at;
}

static void check_pair(struct check *c, const struct packet *s, const struct packet *r, uint64_t number)
{
    const struct frame *frame = take(c, s, number);

    if (frame != NULL && frame->fate == FATE_LOST)
        complain(c, "answered, though it was lost", number);
    if (frame != NULL && r->flags != (frame->syn_ack ? 0x12 : 0x14))
        complain(c, "not the answer that the host gave", number);
    if (r->src != s->dst || r->dst != s->src || r->sport != s->dport || r->dport != s->sport ||
        r->ack != s->seq + 1)
        complain(c, "the packet behind it is not its answer", number);
    if (r->ns < s->ns)
        complain(c, "the answer is older than the stimulus", number);
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

        if (frame != NULL && frame->fate != FATE_LOST)
            complain(c, "unanswered, though its answer arrived", c->unanswered + 1);
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

int main(int argc, char **argv)
{
    struct check c = {.errors = 0};

    if (argc != 4) {
        fprintf(stderr, "usage: sim_check LOG ANSWERED UNANSWERED\n");
        return 2;
    }
    if (!read_log(&c, argv[1]) || !check_file(&c, argv[2], check_answered) ||
        !check_file(&c, argv[3], check_unanswered)) {
        fprintf(stderr, "sim_check: %s could not be read\n", argv[1]);
        return 1;
    }
    for (uint64_t i = 0; i < c.n_places; i++) {
        if (c.frames[i].fate != 0 && !c.frames[i].seen)
            complain(&c, "a frame that was sent is in neither file", i);
    }
    printf("logged %" PRIu64 "\nlost %" PRIu64 "\nduplicated %" PRIu64 "\nanswered %" PRIu64
           "\nunanswered %" PRIu64 "\n",
           c.n_frames, c.n[FATE_LOST], c.n[FATE_DUPLICATED], c.answered, c.unanswered);
    free(c.frames);
    return c.errors > 0;
}
