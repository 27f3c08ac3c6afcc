// Where results go: captures of the answered, the unanswered and what else came, records, a line a pair.
//
// One thread. The captures, the writer and the stream are the owner's, who opens and closes them.
#ifndef VOLLEY_RESULT_OUTPUT_H
#define VOLLEY_RESULT_OUTPUT_H

#include "capture/capture.h"
#include "result/record_writer.h"

#include <stdio.h>

struct output {
    // The owner's choice; borrowed, NULL: not wanted.
    struct capture *answered, *unanswered, *other;
    struct record_writer *records;
    FILE *pairs;
    const struct services *services;
    bool repeats_stimuli; // before each of several answers: for captures without packet ids
    bool tells_attempts;  // there may be several

    int error;              // the first, as -errno: nothing is printed after it
    uint64_t lines_pending; // printed, but not flushed
    uint64_t lines_refused; // because of an error; captures and records count for themselves
};

// Whether somebody wants the frames of answers, of silences.
bool output_takes_answers(const struct output *output);
bool output_takes_silence(const struct output *output);

// By the record's outcome: an answer, a silence, or what else came. Views start at the frames' outermost layers; what
// first names is told to people. Returns the output's error.
int output_add(struct output *output, const struct record *record);

// What is in memory goes to the files. Due within a second, so that a killed run leaves its results.
int output_flush(struct output *output);
// The same for the lines, which people wait for.
int output_flush_lines(struct output *output);

#endif
