#include "result/counters.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t known(uint64_t value)
{
    return value == COUNTER_UNKNOWN ? 0 : value;
}

static uint64_t counters_sum(const struct counters *counters, enum counter_group wanted)
{
    uint64_t sum = 0;

#define COUNTER(name, group) sum += wanted == (group) ? known(counters->name) : 0;
#include "result/counters.list"
#undef COUNTER
    return sum;
}

bool counters_tx_balance(const struct counters *counters)
{
    return counters->planned == counters_sum(counters, TX_PART);
}

bool counters_rx_balance(const struct counters *counters)
{
    return counters->received == counters_sum(counters, RX_PART);
}

uint64_t counters_unseen(const struct counters *counters)
{
    return counters_sum(counters, UNSEEN);
}

// "planned 10 != sent 4 + tx_failed 5 + not_sent 0"
static void describe(const struct counters *counters, enum counter_group whole, enum counter_group part,
                     char *text, size_t size)
{
    const char *before = " != ";
    size_t len = 0;

#define COUNTER(name, group)            \
    if ((group) == whole && len < size) \
        len += (size_t)snprintf(text + len, size - len, #name " %" PRIu64, counters->name);
#include "result/counters.list"
#undef COUNTER
#define COUNTER(name, group)                                                                             \
    if ((group) == part && len < size) {                                                                 \
        len += (size_t)snprintf(text + len, size - len, "%s" #name " %" PRIu64, before, counters->name); \
        before = " + ";                                                                                  \
    }
#include "result/counters.list"
#undef COUNTER
}

bool counters_balance(const struct counters *counters, struct diag *diag)
{
    char text[sizeof(diag->message)];
    bool tx = counters_tx_balance(counters);

    if (tx && counters_rx_balance(counters))
        return true;
    if (tx)
        describe(counters, RX_WHOLE, RX_PART, text, sizeof(text));
    else
        describe(counters, TX_WHOLE, TX_PART, text, sizeof(text));
    return diag_set(diag, (struct span){0, 0}, "%s", text);
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return a == COUNTER_UNKNOWN || b == COUNTER_UNKNOWN ? COUNTER_UNKNOWN : a + b;
}

void counters_add(struct counters *into, const struct counters *from)
{
#define COUNTER(name, group) into->name = sum_of(into->name, from->name);
#include "result/counters.list"
#undef COUNTER
}
