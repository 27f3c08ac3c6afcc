// A run: a plan, a port, workers and a collector, from the first probe to the last result.
//
//   run_new -> run_start -> (run_progress, run_stop)* -> run_wait -> run_finish -> run_free
//
// All calls from one thread, that of `main`. lib/ installs no signal handlers: run_stop is what a handler's flag leads to.
#ifndef VOLLEY_ENGINE_RUN_H
#define VOLLEY_ENGINE_RUN_H

#include "base/address.h"
#include "base/diag.h"
#include "packet/names.h"
#include "port/port.h"
#include "result/record_writer.h"
#include "result/summary.h"
#include "template/plan.h"

#include <stdio.h>

#define RUN_CORES_MAX 64

struct run_options {
    bool match;      // answers are expected: sr; else only sent
    double rate_pps; // 0: as fast as possible
    uint64_t timeout_ns;
    int32_t retry; // further attempts; below 0: until so many in a row bring nothing new
    bool multi;    // a probe may have several answers, and waits for all of its time
    struct answer_rules rules;
    uint64_t seed;
    bool random;                     // order
    uint64_t outstanding;            // 0: by rate and timeout
    unsigned n_tx_cores, n_rx_cores; // 0: by the machine
    unsigned tx_cores[RUN_CORES_MAX], rx_cores[RUN_CORES_MAX];
    struct address own[2]; // ours: answered for when the kernel can't; family 0: none

    // Results; NULL: not wanted. Borrowed.
    const char *write_name; // files NAME.answered.pcapng ...
    bool classic_pcap;
    bool zstd;           // of the captures: NAME.answered.pcapng.zst
    uint32_t keep;       // bit r: what has enum record_outcome r goes to NAME.other.pcapng; needs write_name
    const char *comment; // of the captures' section
    FILE *pairs;         // a line a pair
    struct record_writer *records;
    const char *records_path; // for people
    const struct services *services;
};

struct run;

// 0 or -errno, with what failed in diag. The plan, the port and the options' pointers are borrowed until run_free.
int run_new(struct run **run, const struct plan *plan, struct port *port, const struct run_options *options,
            struct diag *diag) MUST_USE;
void run_free(struct run *run);

// How the workers are laid out, for people: "one TX+RX worker on core 0".
void run_describe(const struct run *run, char *text, size_t size);

int run_start(struct run *run, struct diag *diag) MUST_USE;

// What a live line needs; any time after run_start.
struct run_progress {
    uint64_t planned, sent, answered, silent, waiting;
    uint64_t lost; // frames that we know were lost on our side
    uint64_t elapsed_ns;
    uint32_t attempt;  // 1, 2 ... with retries
    bool all_sent;     // of this attempt
    const char *limit; // why sending pauses now; NULL: it does not
    bool done;
};
void run_progress(struct run *run, struct run_progress *progress);

// The first time: no more is sent, what was sent may still be answered. The second time: now.
void run_stop(struct run *run);

// Waits until all is sent and answered or given up; at most wait_ms. True when the run is over.
bool run_wait(struct run *run, unsigned wait_ms);

// Joins the threads, closes the files and fills what the engine knows of the summary. 0, or the -errno of the first result
// that could not be written.
int run_finish(struct run *run, struct summary *summary);

#endif
