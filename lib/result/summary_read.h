// The document of a run, read again. It may have been edited or cut: what it says is checked, and keys that are unknown
// are passed over.
#ifndef VOLLEY_RESULT_SUMMARY_READ_H
#define VOLLEY_RESULT_SUMMARY_READ_H

#include "base/arena.h"
#include "result/summary.h"

#define SUMMARY_READ_MAX (4u << 20) // bytes of a document

// Everything that summary_print prints, with texts in which control characters are '?'. All pointers are the arena's.
// False with what is wrong in diag, which has no place.
bool summary_read_json(struct summary *summary, const char *path, struct arena *arena,
                       struct diag *diag) MUST_USE;

#endif
