// A worker: a thread on one core that sends, receives, or alternates between both.
#ifndef VOLLEY_ENGINE_WORKER_H
#define VOLLEY_ENGINE_WORKER_H

#include "engine/receiver.h"
#include "engine/sender.h"

#include <pthread.h>

struct collector;

struct worker {
    // Constant after init.
    struct port *port;           // borrowed
    struct control *control;     // borrowed
    struct sender *sender;       // borrowed; NULL: this worker only receives
    struct receiver *receiver;   // borrowed; NULL: it only sends
    struct collector *collector; // borrowed; NULL, or stepped by this worker: on a port that owns its clock
    unsigned core;
    double rate_pps; // of this worker; 0: as fast as possible
    pthread_t thread;
};

// 0 or -errno.
int worker_start(struct worker *worker) MUST_USE;
void worker_join(struct worker *worker);

#endif
