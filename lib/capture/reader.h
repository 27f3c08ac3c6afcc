// A reader: a file, a stream or memory that holds a capture, recognised as classic pcap or pcapng. What zstd compressed
// is recognised too, and is a stream then.
//
// Constant once it is open, so that cursors (capture/cursor.h) of several threads share one; each reads for itself with
// pread(2). A file that shrinks meanwhile merely ends early. What cannot be read at any place, a pipe, is a stream: one
// cursor reads it, once. A signal does not end the wait for a stream's next bytes.
#ifndef VOLLEY_CAPTURE_READER_H
#define VOLLEY_CAPTURE_READER_H

#include "base/base.h"
#include "base/diag.h"

#include <stdbool.h>

// Every capture that holds a packet is longer. As many bytes of a stream are read to recognise it.
#define READER_HEAD_BYTES 24u

enum reader_format { READER_PCAP, READER_PCAPNG };

struct capture_reader {
    enum reader_format format;
    bool seekable;         // not a stream
    int fd;                // owned; -1: memory
    const uint8_t *memory; // borrowed
    size_t memory_len;
    struct unzstd *unzstd; // owned; NULL: not compressed
    char name[104];        // for messages; of a long path the end

    // How a pcap's header reads; a pcapng's sections and interfaces have this each for themselves.
    bool swapped;     // not this machine's byte order
    uint32_t tick_ns; // what its times count
    uint32_t link;    // LINKTYPE, as on https://www.tcpdump.org/linktypes.html
    uint8_t head[READER_HEAD_BYTES];
    size_t head_len; // how much of it there is, also when it is no capture; then before it is uncompressed
};

// "-" is standard input, which may be a stream. Waits for a stream's first bytes.
bool capture_reader_open(struct capture_reader *reader, const char *path, struct diag *diag) MUST_USE;

// `bytes` are borrowed until the reader is closed, and do not change.
bool capture_reader_from_memory(struct capture_reader *reader, const uint8_t *bytes, size_t len,
                                struct diag *diag) MUST_USE;

void capture_reader_close(struct capture_reader *reader);

#endif
