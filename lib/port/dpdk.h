// DPDK's run time (EAL): started once a process, by the first port that needs it; in memory and silent.
//
// Call it from one thread. There is no stop: EAL cannot be started twice, and what it holds (memory, one sleeping
// thread) goes with the process.
#ifndef VOLLEY_PORT_DPDK_H
#define VOLLEY_PORT_DPDK_H

#include "base/base.h"
#include "base/diag.h"

// pci: the device's address if that is what the first port is, else NULL: then PCI stays untouched for the life of
// the process. 0, also when DPDK runs already; or -errno and diag says why (-EBUSY: it runs without PCI).
// Keeps the calling thread's affinity. Takes 20 ms, or 130 where EAL has to measure the TSC first.
int dpdk_start(const char *pci, struct diag *diag) MUST_USE;

// Ticks of rte_rdtsc() a second: measured during the start if that took long enough, since EAL rounds to 10 MHz.
uint64_t dpdk_ticks_hz(void);

// Forgets what DPDK logged as an error so far.
void dpdk_error_clear(void);
// The first line that DPDK logged as an error since, without its function's name. False: nothing; text is empty then.
bool dpdk_error_get(char *text, size_t size);

#endif
