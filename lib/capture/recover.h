// Recovering: how much of a file whose writer was killed is whole, and cutting off the rest.
//
// Of captures (pcapng, pcap) whole is what ends between blocks, of records (NDJSON, CSV) between lines; of either, if
// zstd compressed it, what ends between frames that do.
#ifndef VOLLEY_CAPTURE_RECOVER_H
#define VOLLEY_CAPTURE_RECOVER_H

#include "base/base.h"
#include "base/diag.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

enum recover_kind { RECOVER_PCAPNG, RECOVER_PCAP, RECOVER_NDJSON, RECOVER_CSV };

enum recover_verdict {
    RECOVER_EXAMINED,
    RECOVER_REFUSED, // it is neither a capture nor records, or damaged in a way that cutting does not mend
    RECOVER_FAILED,  // it could not be read
};

struct recovery {
    enum recover_kind kind;
    bool compressed;
    uint64_t whole; // packets, or records
    uint64_t size;  // bytes of the file
    uint64_t keep;  // of which so many are whole; of all but NDJSON there is a header at least
    dev_t device;   // which file this is about, as it was
    ino_t inode;
    struct timespec changed;
};

// Only reads. Not EXAMINED: diag tells why.
enum recover_verdict recover_examine(struct recovery *recovery, const char *path, struct diag *diag) MUST_USE;

// Cuts the file. Nothing if it is whole; -EBUSY if it is no longer the file that was examined. 0 or -errno.
int recover_cut(const struct recovery *recovery, const char *path) MUST_USE;

// "packet" or "record", and what the torn rest is of: "block", "frame", "line".
const char *recover_unit(const struct recovery *recovery);
const char *recover_torn(const struct recovery *recovery);

#endif
