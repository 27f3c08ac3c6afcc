// What became of every packet: each ends in exactly one named outcome, so that sums can be checked.
//
// Plain numbers. Each worker counts for itself; counters_add makes the sum.
#ifndef VOLLEY_RESULT_COUNTERS_H
#define VOLLEY_RESULT_COUNTERS_H

#include "base/base.h"
#include "base/diag.h"

#include <stdbool.h>

// Of the groups UNSEEN and PORT: the driver does not count it. It is not 0.
#define COUNTER_UNKNOWN UINT64_MAX

// As counters.list has them.
enum counter_group { TX_WHOLE, TX_PART, RX_WHOLE, RX_PART, UNSEEN, PORT, NOTE };

struct counters {
#define COUNTER(name, group) uint64_t name;
#include "result/counters.list"
#undef COUNTER
};

// Whether the two identities hold.
bool counters_tx_balance(const struct counters *counters); // planned = sent + tx_failed + not_sent
bool counters_rx_balance(const struct counters *counters); // received = answers + ... + filtered

// Both; false: diag has the numbers (and no place).
bool counters_balance(const struct counters *counters, struct diag *diag) MUST_USE;

// Unknown plus anything is unknown.
void counters_add(struct counters *into, const struct counters *from);

// What was lost before it could be received, as far as it is known.
uint64_t counters_unseen(const struct counters *counters);

#endif
