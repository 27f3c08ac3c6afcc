// A cursor: a place in a capture that is being read. One thread a cursor.
//
// Sequentially, a cursor reads on from the first record, of a stream too. capture/index.h puts cursors at any frame.
// What a capture holds is hostile: whatever it says is held against what is there, and memory stays within the buffer
// of a cursor and 16 bytes an interface of the section.
#ifndef VOLLEY_CAPTURE_CURSOR_H
#define VOLLEY_CAPTURE_CURSOR_H

#include "capture/reader.h"

#define CAPTURE_FRAME_MAX      262144u     // bytes of a frame, as tcpdump has it
#define CAPTURE_BLOCK_MAX      (16u << 20) // bytes of a pcapng block, as libpcap has it
#define CAPTURE_INTERFACES_MAX 65536u      // of a section

enum capture_direction { CAPTURE_UNDIRECTED, CAPTURE_INBOUND, CAPTURE_OUTBOUND };

struct capture_record {
    const uint8_t *bytes;  // borrowed: valid until the cursor's next call
    uint32_t len;          // of bytes; may be 0, and may be more than original_len says
    uint32_t original_len; // as the capture says, when the frame was on the wire
    uint64_t time_ns;      // since 1970; 0: none
    uint32_t link;         // LINKTYPE
    uint64_t ordinal;      // counts frames from 1
    uint64_t offset;       // of the record in the capture

    // What a pcapng may say besides.
    enum capture_direction direction; // of the packet; else of an interface named "rx:..." or "tx:..."
    bool has_packet_id;
    uint64_t packet_id;
    const char *comment; // the first; borrowed as bytes are, any bytes, without a NUL; NULL: none
    uint32_t comment_len;
};

// A pcapng interface.
struct capture_interface {
    int64_t offset_s; // what its times lack
    uint32_t snaplen; // 0: no limit
    uint16_t link;
    uint8_t resolution; // as in if_tsresol
    uint8_t direction;  // enum capture_direction, as its name says
};

// A pcapng section up to where the cursor is.
struct capture_section {
    uint64_t ordinal; // counts from 1; 0: none yet
    bool swapped;     // not this machine's byte order
    uint32_t n_interfaces, interfaces_max;
    struct capture_interface *interfaces; // owned
};

enum capture_step {
    CAPTURE_RECORD,
    CAPTURE_END,    // of the capture
    CAPTURE_FAILED, // a diag tells why; a stream then is at its end
};

struct capture_cursor {
    const struct capture_reader *reader; // borrowed
    uint64_t at;                         // offset of the next record
    uint64_t ordinal;                    // of the last frame
    // The capture ends in the middle of the record at truncated_at.
    bool truncated;
    uint64_t truncated_at;
    struct capture_section section; // pcapng only

    // An indexed cursor does not go beyond what its index saw.
    bool indexed;
    uint64_t frames;    // UINT64_MAX: no limit
    uint32_t frame_max; // the longest

    uint8_t *buffer; // owned; NULL: the reader's memory will do
    uint64_t base;   // the offset of its first byte
    size_t filled;
    size_t chunk; // how much to read at once; grows while reading on
    int error;    // of the last read, as -errno
    bool torn;    // the last bytes asked for are there in part
    bool ended;   // a stream, for good
};

// Puts the cursor before the first record. A stream can have one cursor.
bool capture_cursor_init(struct capture_cursor *cursor, const struct capture_reader *reader,
                         struct diag *diag) MUST_USE;

// A record that is cut short ends the capture, and is not an error. Does not allocate, unless a sequential cursor
// meets an interface of a pcapng.
enum capture_step capture_cursor_next(struct capture_cursor *cursor, struct capture_record *record,
                                      struct diag *diag) MUST_USE;

// Steps over up to n frames. CAPTURE_RECORD if there were as many.
enum capture_step capture_cursor_skip(struct capture_cursor *cursor, uint64_t n, struct diag *diag) MUST_USE;

void capture_cursor_release(struct capture_cursor *cursor);

#endif
