#include "captured.h"

#include "../probe/planned.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SEED_OF_RUN 1

void captured_init(struct captured *c)
{
    *c = (struct captured){
        .folder = "/tmp/volley-test-XXXXXX",
        .options = {.match = true, .timeout_ns = 100000000, .seed = SEED_OF_RUN, .random = true},
    };
    assert_non_null(mkdtemp(c->folder));
}

void captured_release(struct captured *c)
{
    DIR *folder = opendir(c->folder);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        (void)!unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder != NULL)
        closedir(folder);
    rmdir(c->folder);
}

struct packet {
    uint64_t ns;
    uint64_t probe;
    bool from_us;
};

static bool next_packet(pcap_t *file, struct packet *packet)
{
    struct pcap_pkthdr *header;
    const uint8_t *p;

    if (pcap_next_ex(file, &header, &p) != 1)
        return false;
    assert_true(header->caplen >= 54);
    packet->ns = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec;
    packet->from_us = p[26] == 198 && p[27] == 18;
    const uint8_t *host = p + (packet->from_us ? 30 : 26), *port = p + (packet->from_us ? 36 : 34);
    packet->probe = (uint64_t)host[3] * CAPTURED_PORTS + (unsigned)(port[0] << 8 | port[1]) - 1;
    assert_true(packet->probe < CAPTURED_N);
    return true;
}

static pcap_t *open_capture(const struct captured *c, const char *kind)
{
    char path[128], error[PCAP_ERRBUF_SIZE];

    snprintf(path, sizeof(path), "%s/r.%s.%s", c->folder, kind, c->options.classic_pcap ? "pcap" : "pcapng");
    pcap_t *file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    if (file == NULL)
        fail_msg("%s: %s", path, error);
    return file;
}

// Each answer stands behind its stimulus, and is not older.
static void read_answered(struct captured *c)
{
    pcap_t *file = open_capture(c, "answered");
    struct packet stimulus, answer;

    while (next_packet(file, &stimulus)) {
        assert_true(stimulus.from_us);
        if (!next_packet(file, &answer)) // cut: the disk was full
            break;
        assert_false(answer.from_us);
        assert_int_equal(answer.probe, stimulus.probe);
        assert_true(answer.ns >= stimulus.ns);
        c->n_answered[stimulus.probe]++;
        c->sent_ns[stimulus.probe] = stimulus.ns;
        c->total_answered++;
    }
    pcap_close(file);
}

static void read_silent(struct captured *c)
{
    pcap_t *file = open_capture(c, "unanswered");
    struct packet stimulus;
    uint64_t last = 0;

    c->silent_in_order = true;
    while (next_packet(file, &stimulus)) {
        assert_true(stimulus.from_us);
        c->silent_in_order &= stimulus.ns >= last;
        last = stimulus.ns;
        c->n_silent[stimulus.probe]++;
        c->sent_ns[stimulus.probe] = stimulus.ns;
        c->total_silent++;
    }
    pcap_close(file);
}

static void finish(struct captured *c, struct run *run)
{
    struct diag diag = {0};

    c->error = run_finish(run, &c->summary);
    c->rtt = *c->summary.rtt;
    c->summary.rtt = &c->rtt;
    for (unsigned i = 0; i < 2 && c->summary.n_files > 0; i++) {
        c->stored[i] = c->summary.files[i].stored;
        c->refused[i] = c->summary.files[i].refused;
    }
    snprintf(c->exit_reason, sizeof(c->exit_reason), "%s", c->summary.exit_reason);
    if (!counters_balance(&c->summary.counters, &diag))
        fail_msg("%s", diag.message);
}

void captured_run(struct captured *c, struct port *port, unsigned stop_after_ms)
{
    struct planned planned;
    struct run_progress progress;
    struct diag diag = {0};
    struct run *run;
    char name[64];
    unsigned waited = 0;

    snprintf(name, sizeof(name), "%s/r", c->folder);
    if (c->options.pairs == NULL)
        c->options.write_name = name;
    assert_true(planned_make(&planned, CAPTURED_TEXT, true));
    if (run_new(&run, &planned.plan, port, &c->options, &diag) < 0)
        fail_msg("%s", diag.message);
    assert_int_equal(run_start(run, &diag), 0);
    while (!run_wait(run, 10)) {
        run_progress(run, &progress);
        assert_int_equal(progress.planned, CAPTURED_N);
        waited += 10;
        if (stop_after_ms > 0 && waited >= stop_after_ms) {
            run_stop(run);
            stop_after_ms = 0;
        }
    }
    finish(c, run);
    run_free(run);
    planned_release(&planned);
    if (c->options.write_name == NULL)
        return;
    read_answered(c);
    read_silent(c);
}

void captured_check_sets(const struct captured *c)
{
    const struct counters *n = &c->summary.counters;

    for (unsigned i = 0; i < CAPTURED_N; i++) {
        if (c->n_answered[i] + c->n_silent[i] > 1)
            fail_msg("probe %u is %u times answered, %u times unanswered", i, c->n_answered[i],
                     c->n_silent[i]);
    }
    assert_int_equal(c->total_answered, n->answered);
    assert_int_equal(c->total_answered + c->total_silent, n->sent);
    assert_int_equal(c->total_answered + c->total_silent + n->not_sent + n->tx_failed, CAPTURED_N);
    assert_int_equal(n->attempts, n->sent + n->retries);
    assert_int_equal(c->rtt.count, n->answered);
}
