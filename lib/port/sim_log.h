// What became of each frame sent into the simulated network, a line each. The format is in docs/sim.md.
#ifndef VOLLEY_PORT_SIM_LOG_H
#define VOLLEY_PORT_SIM_LOG_H

#include "port/sim_host.h"

// What became of a frame, and how the log calls it.
#define SIM_FATES(X)            \
    X(ANSWERED, "answered")     \
    X(DUPLICATED, "duplicated") \
    X(CORRUPTED, "corrupted")   \
    X(FLIPPED, "flipped")       \
    X(LOST, "lost")             \
    X(SILENT, "silent")         \
    X(INVALID, "invalid")       \
    X(STRAY, "stray")

enum sim_fate {
#define SIM_FATE(id, name) SIM_FATE_##id,
    SIM_FATES(SIM_FATE)
#undef SIM_FATE
};

// One thread. Without a path nothing is written.
struct sim_log {
    char *buffer; // owned; NULL: no log
    size_t len;
    int fd; // owned; -1: none
};

// `path` may be empty. 0 or -errno.
int sim_log_open(struct sim_log *log, const char *path) MUST_USE;

// Writes what is buffered. A log that could not be written to its end is left empty, so that no one takes a part for
// the whole.
void sim_log_close(struct sim_log *log);

// Costs a write() once in some thousand lines. bit: of a flipped answer, which one.
void sim_log_frame(struct sim_log *log, enum sim_fate fate, enum sim_answer answer, const struct sim_frame *f,
                   uint32_t bit);

#endif
