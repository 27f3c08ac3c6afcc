// The end of a run: as text for people, and as a JSON document beside its captures.
//
// Plain data that the engine fills; every pointer is borrowed. Zero or NULL means: there is none, or it is unknown.
#ifndef VOLLEY_RESULT_SUMMARY_H
#define VOLLEY_RESULT_SUMMARY_H

#include "base/address.h"
#include "result/class.h"
#include "result/counters.h"
#include "result/histogram.h"

#include <stdbool.h>
#include <stdio.h>

// A file that the run wrote.
struct summary_file {
    const char *path;
    uint64_t stored, refused; // packets, or records
    bool is_records;
    int error; // the first, as -errno; 0: none
};

// Round-trip times, in ns.
struct summary_times {
    uint64_t count, min, median, p99, max;
};

struct summary {
    const char *version; // "0.1.0"
    const char *command; // the command line
    const char *template;
    struct {
        const char *name, *driver; // "veth0", "AF_XDP"
        struct mac mac;
        uint16_t mtu;
    } port;
    uint64_t seed;
    const char *order; // "random", "as written", "shard 1/4 of random"
    const char *tags;  // "TCP.seq"
    uint64_t rate_pps; // asked for; 0: full speed
    uint64_t timeout_ns;
    int32_t retry;
    uint64_t start_ns, end_ns; // since 1970
    bool is_offline;           // captures were paired: there was no port
    uint64_t frames;           // then: that were read

    struct counters counters;
    uint64_t classes[CLASS_COUNT]; // answers by class
    const struct histogram *rtt;   // NULL: times has it
    struct summary_times times;

    const struct summary_file *files;
    unsigned n_files;
    uint64_t lines_refused;  // of pairs, that standard output did not take
    const char *exit_reason; // "complete", "interrupted", "output failed"; SUMMARY_RUNNING until the end

    // What people are told when frames were lost on our side.
    const char *loss_cause;      // "AF_XDP ring full"; NULL: the counters tell
    uint64_t suggested_rate_pps; // a rate that would have worked; 0: no idea
};

// Of a document that stands for a run that goes on, or was killed.
#define SUMMARY_RUNNING "running"

struct summary_times summary_times_of(const struct summary *summary);

// Writes the text of the run's end. What went wrong is on lines that start with "  ! ".
void summary_print(const struct summary *summary, FILE *to);

// The same of a run of which only the captures tell: answers, classes, times, files, and answered of the counters.
// `silent` probes are in the file of the unanswered.
void summary_print_captured(const struct summary *summary, uint64_t silent, FILE *to);

// Of the run's text only what could not be written, and how much of it.
void summary_print_refused(const struct summary *summary, FILE *to);

// Writes the document. A regular file is replaced as a whole or not at all; anything else (a pipe, a device) is
// written to. On a full disk the room that summary_reserve_json took is written over. 0 or -errno.
int summary_write_json(const struct summary *summary, const char *path) MUST_USE;

// Writes the document with room behind it for what the end of the run adds, so that a disk which fills up meanwhile has
// a place for it. Nothing if that is a pipe or a device. 0 or -errno.
int summary_reserve_json(const struct summary *summary, const char *path) MUST_USE;

#endif
