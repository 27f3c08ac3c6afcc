#include "engine/layout.h"

#include "packet/text.h"

#include <sched.h>
#include <string.h>

static bool layout_add(struct layout *layout, unsigned core, bool sends, bool receives)
{
    unsigned i = 0;

    while (i < layout->n_workers && layout->workers[i].core != core)
        i++;
    if (i == LAYOUT_WORKERS_MAX)
        return false;
    if (i == layout->n_workers) {
        layout->workers[i].core = core;
        layout->n_workers++;
    }
    layout->n_senders += sends && !layout->workers[i].sends;
    layout->n_receivers += receives && !layout->workers[i].receives;
    layout->workers[i].sends |= sends;
    layout->workers[i].receives |= receives;
    return true;
}

// The cores this process may use, in order; up to `max` of them.
static unsigned layout_allowed(unsigned *cores, unsigned max)
{
    cpu_set_t set;
    unsigned n = 0;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        CPU_SET(0, &set);
    for (unsigned core = 0; core < CPU_SETSIZE && n < max; core++) {
        if (CPU_ISSET(core, &set))
            cores[n++] = core;
    }
    return n;
}

// The first core is left to the kernel's interrupts, the collector and everything else.
static bool layout_by_machine(struct layout *layout, bool receive)
{
    unsigned cores[4];
    unsigned n = layout_allowed(cores, ARRAY_SIZE(cores));

    if (n < 4)
        return layout_add(layout, cores[n > 1 ? 1 : 0], true, receive);
    return layout_add(layout, cores[1], true, false) &&
           (!receive || layout_add(layout, cores[2], false, true));
}

bool layout_make(struct layout *layout, const unsigned *tx, unsigned n_tx, const unsigned *rx, unsigned n_rx,
                 bool receive)
{
    *layout = (struct layout){0};
    if (n_tx == 0 && n_rx == 0)
        return layout_by_machine(layout, receive);
    // One list alone stands for both.
    for (unsigned i = 0; i < n_tx; i++) {
        if (!layout_add(layout, tx[i], true, receive && n_rx == 0))
            return false;
    }
    for (unsigned i = 0; i < n_rx; i++) {
        if (!layout_add(layout, rx[i], n_tx == 0, receive))
            return false;
    }
    return true;
}

void layout_describe(const struct layout *layout, char *text, size_t size)
{
    struct text out = text_in(text, size);
    unsigned both = layout->n_senders + layout->n_receivers - layout->n_workers;

    if (layout->n_workers == 1)
        text_add(&out, "one %s worker on core", both == 1 ? "TX+RX" : "TX");
    else if (both == layout->n_workers)
        text_add(&out, "%u TX+RX workers on cores", both);
    else
        text_add(&out, "%u TX and %u RX workers on cores", layout->n_senders, layout->n_receivers);
    for (unsigned i = 0; i < layout->n_workers; i++)
        text_add(&out, "%s%u", i == 0 ? " " : ",", layout->workers[i].core);
}
