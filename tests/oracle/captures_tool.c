// Prints each frame of the captures it is given: captured and original length, time, link type, and a sum of the bytes.
// With "-r" first, the frames of each are read from the last to the first.
#include "capture/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_record(const struct capture_record *record)
{
    uint32_t sum = 1, carry = 0; // Adler-32, as zlib has it

    for (uint32_t i = 0; i < record->len; i++) {
        sum = (sum + record->bytes[i]) % 65521;
        carry = (carry + sum) % 65521;
    }
    printf("%" PRIu64 " %u %u %" PRIu64 " %u %u\n", record->ordinal, record->len, record->original_len,
           record->time_ns, record->link, carry << 16 | sum);
}

static bool print_forwards(const struct capture_reader *reader, struct diag *diag)
{
    struct capture_cursor cursor;
    struct capture_record record;
    enum capture_step step;

    if (!capture_cursor_init(&cursor, reader, diag))
        return false;
    while ((step = capture_cursor_next(&cursor, &record, diag)) == CAPTURE_RECORD)
        print_record(&record);
    if (cursor.truncated)
        printf("truncated at %" PRIu64 "\n", cursor.truncated_at);
    capture_cursor_release(&cursor);
    return step == CAPTURE_END;
}

static bool print_backwards(const struct capture_reader *reader, struct diag *diag)
{
    struct capture_index index;
    struct capture_cursor cursor;
    struct capture_record record;
    uint64_t left = 0;

    if (!capture_index_build(&index, reader, NULL, NULL, diag))
        return false;
    if (capture_index_cursor(&index, &cursor, diag)) {
        for (left = index.frames; left > 0; left--) {
            if (!capture_index_seek(&index, &cursor, left - 1, diag) ||
                capture_cursor_next(&cursor, &record, diag) != CAPTURE_RECORD)
                break;
            print_record(&record);
        }
        capture_cursor_release(&cursor);
    }
    capture_index_release(&index);
    return !diag->set;
}

int main(int argc, char **argv)
{
    bool backwards = argc > 1 && strcmp(argv[1], "-r") == 0;

    for (int i = 1 + backwards; i < argc; i++) {
        struct capture_reader reader;
        struct diag diag = {.set = false};
        bool ok = capture_reader_open(&reader, argv[i], &diag);

        if (ok) {
            ok = backwards ? print_backwards(&reader, &diag) : print_forwards(&reader, &diag);
            capture_reader_close(&reader);
        }
        if (!ok) {
            printf("%s\n", diag.message);
            return 1;
        }
    }
    return 0;
}
