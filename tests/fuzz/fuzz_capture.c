// Reads the input as a capture: from the first frame to the last, then frames in another order, which must be the same.
// What is compressed is read once.
#include "capture/index.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define WORDS 4096u // frames whose sums are compared

static uint32_t sum_of(const struct capture_record *record)
{
    uint32_t sum = record->link + record->original_len + (uint32_t)record->time_ns + record->direction;

    for (uint32_t i = 0; i < record->len; i++)
        sum = sum * 31 + record->bytes[i];
    for (uint32_t i = 0; i < record->comment_len; i++)
        sum = sum * 31 + (uint8_t)record->comment[i];
    sum = sum * 31 + (uint32_t)record->packet_id + record->has_packet_id;
    return sum;
}

static bool note_sum(void *context, const struct capture_record *record, struct diag *diag)
{
    uint32_t *sums = context;

    (void)diag;
    if (record->ordinal <= WORDS)
        sums[record->ordinal - 1] = sum_of(record);
    return true;
}

static void seek_about(const struct capture_index *index, const uint32_t *sums)
{
    uint64_t n = index->frames < WORDS ? index->frames : WORDS;
    struct diag diag = {.set = false};
    struct capture_cursor cursor;
    struct capture_record record;

    if (!capture_index_cursor(index, &cursor, &diag))
        return;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t frame = i * 4099 % n; // 4099 is prime and larger than WORDS, so each frame comes once

        if (!capture_index_seek(index, &cursor, frame, &diag) ||
            capture_cursor_next(&cursor, &record, &diag) != CAPTURE_RECORD || record.ordinal != frame + 1 ||
            record.len > index->longest || sum_of(&record) != sums[frame])
            abort();
    }
    capture_cursor_release(&cursor);
}

static void read_once(const struct capture_reader *reader)
{
    struct diag diag = {.set = false};
    struct capture_cursor cursor;
    struct capture_record record;
    enum capture_step step;

    if (!capture_cursor_init(&cursor, reader, &diag))
        return;
    while ((step = capture_cursor_next(&cursor, &record, &diag)) == CAPTURE_RECORD)
        (void)sum_of(&record);
    if (step == CAPTURE_FAILED && !diag.set)
        abort();
    capture_cursor_release(&cursor);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint32_t sums[WORDS];
    struct capture_reader reader;
    struct capture_index index;
    struct diag diag = {.set = false};

    if (!capture_reader_from_memory(&reader, bytes, len, &diag))
        return 0;
    if (!reader.seekable) {
        read_once(&reader);
    } else if (capture_index_build(&index, &reader, note_sum, sums, &diag)) {
        seek_about(&index, sums);
        capture_index_release(&index);
    } else if (!diag.set) {
        abort();
    }
    capture_reader_close(&reader);
    return 0;
}
