// A record: a probe and one answer to it, or its silence, as flat fields.
//
// record_read finds the layers that the fields come from; record_value then gives any of them. Nothing here allocates. What
// does not exist is null.
#ifndef VOLLEY_RESULT_RECORD_H
#define VOLLEY_RESULT_RECORD_H

#include "expr/filter.h"
#include "packet/names.h"
#include "packet/text.h"
#include "packet/view.h"

#define RECORD_SUMMARY_MAX 2048

enum record_field {
#define RECORD_FIELD(ID, name, KIND, preset, meaning) RECORD_##ID,
#include "result/record_fields.list"
#undef RECORD_FIELD
    RECORD_FIELD_COUNT
};

enum record_outcome {
    RECORD_ANSWERED,
    RECORD_UNANSWERED,
    RECORD_DUPLICATE,
    RECORD_LATE,
    RECORD_UNSOLICITED,
    RECORD_MALFORMED,
    RECORD_FILTERED,
    RECORD_OUTCOME_COUNT
};

// All that are neither an answer nor a silence, a bit each.
#define RECORD_NO_ANSWERS                                                                             \
    (1u << RECORD_DUPLICATE | 1u << RECORD_LATE | 1u << RECORD_UNSOLICITED | 1u << RECORD_MALFORMED | \
     1u << RECORD_FILTERED)

struct record {
    uint64_t probe;   // index; of a capture the ordinal of the stimulus
    uint32_t attempt; // 1, 2, ...; 0: unknown
    uint32_t answer;  // 1, 2, ...; 0: none
    enum record_outcome outcome;
    uint64_t sent_ns, received_ns;         // since 1970; 0: unknown
    uint64_t stimulus_frame, answer_frame; // counted from 1; 0: there is none
    // Borrowed. The first layer that belongs to it: 1 if the link layer is not told of.
    const struct view *stimulus; // NULL: unknown
    const struct view *response; // NULL: silence
    unsigned stimulus_first, response_first;
    uint32_t stimulus_bytes, response_bytes; // on the wire, if the frames are cut short; 0: they are whole
};

// Where fields of a record lie.
struct record_read {
    const struct record *record;     // borrowed
    const struct services *services; // borrowed; for summary lines; may be NULL
    // Layers of the views; -1: there is none.
    int network, transport;                   // of the stimulus
    int response_network, response_transport; // of the response
    // Where texts lie that are no constants: those of proto, stimulus and response.
    char number[12];
    char summaries[2][RECORD_SUMMARY_MAX];
};

// For filters over records.
extern const struct filter_fields record_filter_fields;
extern const char record_flag_letters[];

const char *record_field_name(enum record_field field);
const char *record_field_meaning(enum record_field field);
bool record_field_is_preset(enum record_field field);
const char *record_kind_name(enum record_field field);
const char *record_outcome_name(enum record_outcome outcome);

// Fields by name, with commas between: "probe,dst,rtt_ns". A name may stand once.
bool record_fields_parse(const char *text, uint8_t fields[RECORD_FIELD_COUNT], unsigned *n,
                         struct diag *diag) MUST_USE;

// The record and its views stay the caller's, and must live as long as `read` is used.
void record_read(struct record_read *read, const struct record *record, const struct services *services);

// A text may lie in `read`, and is valid until the same field is asked for again. `read` is a struct record_read: this is a filter_resolve.
void record_value(void *read, unsigned field, struct filter_value *value);

// As people read it; nothing for null.
void record_value_text(struct record_read *read, enum record_field field, struct text *text);

#endif
