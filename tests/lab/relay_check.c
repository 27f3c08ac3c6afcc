// Holds the captures of a run against the relay's log. Uses nothing of Volley's: libpcap reads the files.
//
// usage: relay_check LOG ANSWERED UNANSWERED TIMEOUT_NS MARGIN_NS END_NS
//
// Each stimulus is in one of the files, once. The answer behind a stimulus was delivered for exactly that one, to the byte, is
// not damaged in what tells answers apart, not forged, not late, and nothing that must be taken for an answer was delivered
// before it. No answer to an unanswered stimulus was delivered in time. Within MARGIN_NS of the timeout, and of END_NS (since
// 1970: the run's end; what was delivered later nobody saw), nobody knows.
// Prints what it counted, a name and a number a line: `missing` are answers in time that are in no file, though nothing was
// there before them, which frames lost on the way may explain; `strays` answer nothing; `unclear` may be duplicates, late,
// strays or not seen. Everything that is wrong by itself is an error, and tells in the exit status.
#include "relay_log.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define ERRORS_MAX 10
#define NONE       UINT32_MAX

struct probe {
    uint64_t stimulus; // 0: the place is free
    uint32_t first, last;
    bool in_file;
};

struct check {
    const struct relay_record *records;
    uint32_t *next; // the record after that one of the same probe
    uint32_t n_records;
    struct probe *probes; // hashed, a power of two
    uint64_t n_places;
    uint64_t timeout_ns, margin_ns, end_ns;
    // Packets of the files.
    uint64_t answered, unanswered;
    uint64_t unlogged; // stimuli that the relay did not see
    // Records of the log. Of delivered frames each is in one of these, or is an answer in the file.
    uint64_t stimuli, missing, duplicates, late, strays, unclear, others, after_end;
    unsigned errors;
};

struct packet {
    uint64_t ns, hash;
};

static void complain(struct check *c, const char *what, uint64_t number)
{
    if (c->errors++ < ERRORS_MAX)
        fprintf(stderr, "%s (packet or record %" PRIu64 ")\n", what, number);
}

static struct probe *place_of(const struct check *c, uint64_t stimulus)
{
    for (uint64_t i = stimulus;; i++) {
        struct probe *at = &c->probes[i & (c->n_places - 1)];

        if (at->stimulus == 0 || at->stimulus == stimulus)
            return at;
    }
}

static void add_record(struct check *c, uint32_t i)
{
    const struct relay_record *record = &c->records[i];
    struct probe *at = place_of(c, record->stimulus);

    c->next[i] = NONE;
    c->stimuli += record->kind == RELAY_STIMULUS;
    c->others += record->kind == RELAY_OTHER;
    if (record->kind == RELAY_OTHER)
        return;
    if (at->stimulus == 0)
        *at = (struct probe){.stimulus = record->stimulus, .first = i, .last = i};
    else if (record->kind == RELAY_STIMULUS)
        complain(c, "the same stimulus arrived twice", i);
    else
        c->next[at->last] = i;
    at->last = i;
}

static bool read_log(struct check *c, const char *path)
{
    FILE *file = fopen(path, "rbe");
    struct stat st;

    if (file == NULL || fstat(fileno(file), &st) != 0)
        return false;
    c->n_records = (uint32_t)((uint64_t)st.st_size / sizeof(*c->records));
    void *bytes =
        st.st_size == 0 ? NULL : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    fclose(file);
    for (c->n_places = 1024; c->n_places < 2 * (uint64_t)c->n_records;)
        c->n_places *= 2;
    c->next = malloc((c->n_records + 1ul) * sizeof(*c->next));
    c->probes = calloc(c->n_places, sizeof(*c->probes));
    if (bytes == MAP_FAILED || c->next == NULL || c->probes == NULL)
        return false;
    c->records = bytes;
    for (uint32_t i = 0; i < c->n_records; i++)
        add_record(c, i);
    return true;
}

// ---- captures

static bool next_packet(pcap_t *file, bool padded, struct packet *p)
{
    struct pcap_pkthdr *header;
    const uint8_t *bytes;

    if (pcap_next_ex(file, &header, &bytes) != 1 || header->caplen < 34)
        return false;
    size_t len = header->caplen - 14;
    *p = (struct packet){.ns = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec,
                         .hash = relay_hash(bytes + 14, padded ? len : relay_ip_bytes(bytes + 14, len))};
    return true;
}

// NULL: the relay did not see it, or it is in the files for the second time.
static struct probe *take(struct check *c, const struct packet *stimulus, uint64_t number)
{
    struct probe *at = place_of(c, stimulus->hash);

    if (at->stimulus == 0) {
        c->unlogged++; // lost on the way there
        return NULL;
    }
    if (at->in_file) {
        complain(c, "a stimulus for the second time", number);
        return NULL;
    }
    at->in_file = true;
    return at;
}

// When a frame was delivered, seen from its stimulus and from the run.
enum timing { IN_TIME, LATE, UNCLEAR, AFTER_END };

static enum timing timing_of(const struct check *c, const struct relay_record *record, uint64_t sent_ns)
{
    uint64_t at = record->time_ns, limit = sent_ns + c->timeout_ns;

    if (at > c->end_ns + c->margin_ns)
        return AFTER_END;
    if (at + c->margin_ns > c->end_ns || (at + c->margin_ns > limit && at < limit + c->margin_ns))
        return UNCLEAR;
    return at < limit ? IN_TIME : LATE;
}

// A delivered frame that is not the answer in the file; `after`: that came before this one. Late copies of an answer are
// duplicates as long as the answer is remembered.
static uint64_t *count_of(struct check *c, const struct relay_record *record, enum timing timing, bool after)
{
    if (record->verdict == RELAY_NEVER)
        return &c->strays;
    if (timing == UNCLEAR || (timing == LATE && after) || record->verdict == RELAY_FRAGMENT)
        return &c->unclear;
    if (record->verdict == RELAY_MAY) // one that came first was not taken
        return after || timing == LATE ? &c->unclear : &c->strays;
    if (after)
        return &c->duplicates;
    return timing == LATE ? &c->late : &c->missing;
}

// All that was delivered for the probe; `paired` is the record of the answer in the file, or NONE.
static void count_deliveries(struct check *c, const struct probe *probe, uint64_t sent_ns, uint32_t paired)
{
    bool after = false;

    for (uint32_t i = probe->first; i != NONE; i = c->next[i]) {
        const struct relay_record *record = &c->records[i];
        enum timing timing = timing_of(c, record, sent_ns);

        if (record->kind == RELAY_STIMULUS)
            continue;
        c->after_end += timing == AFTER_END;
        if (i == paired)
            after = true;
        else if (timing != AFTER_END)
            ++*count_of(c, record, timing, after);
    }
}

// The first delivery of these bytes to that probe.
static uint32_t delivery_of(const struct check *c, const struct probe *probe, uint64_t frame)
{
    uint32_t i = probe->first;

    while (i != NONE && (c->records[i].kind == RELAY_STIMULUS || c->records[i].frame != frame))
        i = c->next[i];
    return i;
}

static void check_pair(struct check *c, const struct packet *s, const struct packet *r, uint64_t number)
{
    const struct probe *probe = take(c, s, number);

    if (probe == NULL) {
        complain(c, "answered, though the relay did not see the stimulus", number);
        return;
    }
    uint32_t paired = delivery_of(c, probe, r->hash);
    if (paired == NONE)
        complain(c, "false match: this was not delivered for that stimulus", number);
    else if (c->records[paired].verdict == RELAY_NEVER)
        complain(c, "false match: forged, or damaged where it must be whole", number);
    else if (timing_of(c, &c->records[paired], s->ns) == LATE)
        complain(c, "an answer that came too late", number);
    if (r->ns < s->ns)
        complain(c, "the answer is older than the stimulus", number);
    count_deliveries(c, probe, s->ns, paired);
}

static void check_answered(struct check *c, pcap_t *file)
{
    struct packet stimulus, answer;

    for (; next_packet(file, false, &stimulus); c->answered++) {
        if (!next_packet(file, true, &answer)) {
            complain(c, "the last stimulus has no answer", c->answered);
            return;
        }
        check_pair(c, &stimulus, &answer, 2 * c->answered + 1);
    }
}

static void check_unanswered(struct check *c, pcap_t *file)
{
    struct packet stimulus;

    for (; next_packet(file, false, &stimulus); c->unanswered++) {
        const struct probe *probe = take(c, &stimulus, c->unanswered + 1);

        if (probe != NULL)
            count_deliveries(c, probe, stimulus.ns, NONE);
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
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {
        {"stimuli", c->stimuli},   {"answered", c->answered},   {"unanswered", c->unanswered},
        {"unlogged", c->unlogged}, {"missing", c->missing},     {"duplicates", c->duplicates},
        {"late", c->late},         {"strays", c->strays},       {"unclear", c->unclear},
        {"others", c->others},     {"after_end", c->after_end},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        printf("%s %" PRIu64 "\n", rows[i].name, rows[i].count);
}

int main(int argc, char **argv)
{
    struct check c = {.errors = 0};

    if (argc != 7) {
        fprintf(stderr, "usage: relay_check LOG ANSWERED UNANSWERED TIMEOUT_NS MARGIN_NS END_NS\n");
        return 2;
    }
    c.timeout_ns = strtoull(argv[4], NULL, 10);
    c.margin_ns = strtoull(argv[5], NULL, 10);
    c.end_ns = strtoull(argv[6], NULL, 10);
    if (!read_log(&c, argv[1]) || !check_file(&c, argv[2], check_answered) ||
        !check_file(&c, argv[3], check_unanswered)) {
        fprintf(stderr, "relay_check: %s could not be read\n", argv[1]);
        return 1;
    }
    for (uint64_t i = 0; i < c.n_places; i++) {
        if (c.probes[i].stimulus != 0 && !c.probes[i].in_file)
            complain(&c, "a stimulus that was sent is in neither file", c.probes[i].first);
    }
    print_counts(&c);
    free(c.next);
    free(c.probes);
    return c.errors > 0;
}
