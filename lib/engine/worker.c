#include "engine/worker.h"

#include "engine/collector.h"

#include <errno.h>
#include <sched.h>

// A core that is not ours to use is no reason not to run: the thread then floats.
static void worker_pin(const struct worker *w)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(w->core, &set);
    (void)!sched_setaffinity(0, sizeof(set), &set);
}

// With the collector on this thread, the run's end is seen at once: a clock that moves with each look stands still then.
static bool worker_is_done(const struct worker *w)
{
    return atomic_load_explicit(&w->control->quit, memory_order_relaxed) ||
           (w->collector != NULL && atomic_load_explicit(&w->collector->done, memory_order_relaxed));
}

static void worker_loop(struct worker *w)
{
    while (!worker_is_done(w)) {
        unsigned received = w->receiver != NULL ? receiver_step(w->receiver) : 0;

        if (w->sender != NULL)
            sender_step(w->sender, w->port->ops->now(w->port));
        if (w->collector != NULL)
            collector_step(w->collector);
        else if (received == 0)
            cpu_relax();
    }
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;

    worker_pin(w);
    int err = w->port->ops->attach(w->port);
    if (err < 0) {
        atomic_store(&w->control->failed, err);
        return NULL;
    }
    if (w->sender != NULL)
        pacer_init(&w->sender->pacer, w->rate_pps, w->port->ticks_hz, w->port->ops->now(w->port));
    worker_loop(w);
    if (w->sender != NULL)
        sender_close(w->sender);
    w->port->ops->detach(w->port);
    return NULL;
}

int worker_start(struct worker *worker)
{
    return -pthread_create(&worker->thread, NULL, worker_main, worker);
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}
