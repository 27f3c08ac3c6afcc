// A run into a folder of its own, and its captures read back by libpcap: which probe is in which file, and when.
#ifndef VOLLEY_TESTS_CAPTURED_H
#define VOLLEY_TESTS_CAPTURED_H

#include "engine/run.h"

#define CAPTURED_PORTS 20
#define CAPTURED_N     (256 * CAPTURED_PORTS)
// Probe i goes to 198.19.0.(i / CAPTURED_PORTS), port i % CAPTURED_PORTS + 1.
#define CAPTURED_TEXT "IP(dst=\"198.19.0.0/24\")/TCP(sport=4000,dport=(1,20),flags=\"S\")"

struct captured {
    char folder[32];
    struct run_options options; // write_name is filled in
    struct summary summary;
    struct histogram rtt; // the summary's
    char exit_reason[32];
    int error; // of run_finish
    uint64_t stored[2], refused[2];
    unsigned n_answered[CAPTURED_N], n_silent[CAPTURED_N]; // times that the probe is in the file
    uint64_t sent_ns[CAPTURED_N];                          // as that file says
    uint64_t total_answered, total_silent;
    bool silent_in_order; // send times of the unanswered never go back
};

// Fills in defaults: match, 100 ms timeout, random order, seed 1.
void captured_init(struct captured *captured);
void captured_release(struct captured *captured); // and the folder

// The run's whole life on the port; stop_after_ms 0: it is not stopped. Closes nothing. Asserts what holds in every run.
void captured_run(struct captured *captured, struct port *port, unsigned stop_after_ms);

// Each probe that was sent is in one of the files, once.
void captured_check_sets(const struct captured *captured);

#endif
