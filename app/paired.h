// The results of pairing captures: what a run writes, made offline.
#ifndef VOLLEY_APP_PAIRED_H
#define VOLLEY_APP_PAIRED_H

#include "capture/cursor.h"
#include "options.h"
#include "probe/pairing.h"
#include "records.h"
#include "result/output.h"
#include "result/summary.h"

#define PAIRED_CAPTURES 3 // answered, unanswered, other

struct paired {
    const struct options *options;   // borrowed
    const struct services *services; // borrowed
    struct pairing *pairing;         // owned
    struct output output;
    struct records records;
    struct capture *captures[PAIRED_CAPTURES];
    char *paths[PAIRED_CAPTURES + 1]; // and the summary's; owned; NULL: not wanted
    uint32_t link;                    // of the captures
    bool is_open, could_not_open;     // they are; one of them could not be
    uint64_t other_links;             // frames that could not be stored beside those
    struct summary summary;
    struct summary_file files[PAIRED_CAPTURES + 2];
    struct histogram rtt;
    uint64_t since_flush; // records
};

// The pairing's seed is drawn here. False: said why on stderr, with the exit status in *status.
bool paired_init(struct paired *paired, const struct options *options, const struct services *services,
                 const struct pairing_options *pairing, int *status) MUST_USE;

// A captured frame as pairing takes it; borrowed as the record is.
struct pairing_frame paired_frame(const struct capture_record *record);

// The link type of the first frame is that of the captures. 0 or -errno.
int paired_link(struct paired *paired, uint32_t link) MUST_USE;

// Writes and counts it. link: of its frames. 0, or the -errno of the first result that could not be written.
int paired_add(struct paired *paired, const struct record *record, uint32_t link) MUST_USE;

// Closes the files, prints the summary and releases. reason: "complete", "interrupted". Returns the exit status.
int paired_finish(struct paired *paired, const char *reason);

#endif
