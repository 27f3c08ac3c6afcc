// The live line of a run on a terminal.
#ifndef VOLLEY_APP_STATUS_H
#define VOLLEY_APP_STATUS_H

#include "engine/run.h"

struct status {
    bool on;         // stderr is a terminal that can redraw a line
    bool shown;      // a line stands there now
    double rate_pps; // asked for; 0: full speed
    uint64_t last_sent, last_ns;
    double pps; // achieved, smoothed
};

void status_init(struct status *status, double rate_pps, bool quiet);
void status_draw(struct status *status, const struct run_progress *progress);
// Takes the line away, so that other text can be written.
void status_clear(struct status *status);

#endif
