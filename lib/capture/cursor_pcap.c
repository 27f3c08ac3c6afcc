// Classic pcap (draft-ietf-opsawg-pcap): a header, then records one behind the other.
#include "capture/cursor_format.h"

#define RECORD_BYTES 16u
#define NS_A_SECOND  1000000000u

enum capture_step cursor_pcap_next(struct capture_cursor *cursor, struct capture_record *record,
                                   struct diag *diag)
{
    const struct capture_reader *reader = cursor->reader;
    const uint8_t *head = cursor_bytes(cursor, cursor->at, RECORD_BYTES);
    uint32_t len;

    if (head == NULL)
        return cursor_short(cursor, diag);
    len = load32(head + 8, reader->swapped);
    if (len > CAPTURE_FRAME_MAX)
        return cursor_fail(cursor, diag, "a frame of %u bytes; %u are the most", len, CAPTURE_FRAME_MAX);
    if (record != NULL || !cursor->indexed) {
        head = cursor_bytes(cursor, cursor->at, RECORD_BYTES + len);
        if (head == NULL)
            return cursor_short(cursor, diag);
    }
    if (record != NULL)
        *record = (struct capture_record){
            .bytes = head + RECORD_BYTES,
            .len = len,
            .original_len = load32(head + 12, reader->swapped),
            .time_ns = (uint64_t)load32(head, reader->swapped) * NS_A_SECOND +
                       (uint64_t)load32(head + 4, reader->swapped) * reader->tick_ns,
            .link = reader->link,
            .ordinal = cursor->ordinal + 1,
            .offset = cursor->at,
        };
    cursor->at += RECORD_BYTES + len;
    cursor->ordinal++;
    return CAPTURE_RECORD;
}
