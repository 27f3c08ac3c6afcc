// Writing captures: pcapng with pairing, and classic nanosecond pcap.
//
// One thread a writer. Blocks are collected in memory and written whole, at the latest when capture_flush is
// called (the collector does so every 500 ms), so that a killed run leaves a readable file. After the first
// error the writer cuts the file back to its last whole block, remembers the error and stores nothing more.
#ifndef VOLLEY_CAPTURE_CAPTURE_H
#define VOLLEY_CAPTURE_CAPTURE_H

#include "base/base.h"

#include <stdbool.h>

enum capture_format { CAPTURE_PCAPNG, CAPTURE_PCAP };
enum capture_side { CAPTURE_TX, CAPTURE_RX }; // interfaces 0 and 1; inbound is what is not sent

struct capture_options {
    enum capture_format format;
    const char *port_name;   // borrowed during open
    const char *application; // "volley 0.1.0"
    const char *comment;     // of the section: template, seed, order; NULL: none
    uint32_t snaplen;        // 0: 262144
    uint16_t link;           // LINKTYPE of the frames; 0: Ethernet
    bool zstd;               // compressed, as capture/sink.h has it; also where the path ends in ".zst"
    // The interfaces' names by enum capture_side, borrowed during open; NULL: "tx:" or "rx:" and the port's name.
    const char *interfaces[2];
};

#define CAPTURE_NO_ID UINT64_MAX

struct capture_packet {
    const uint8_t *data; // borrowed during the call
    uint32_t len;
    uint32_t original_len; // on the wire, if that was more; 0: len
    enum capture_side side;
    uint64_t time_ns;    // since 1970; 0: none is known
    uint64_t packet_id;  // index x 16 + n: n 0 is the stimulus, 1.. its answers; CAPTURE_NO_ID: none
    const char *comment; // NULL: none; a newline is added (Scapy 2.5 wants it)
};

// What the interface statistics blocks at the end say; UINT64_MAX: unknown, so the option is left out.
struct capture_statistics {
    uint64_t start_ns, end_ns;
    uint64_t received[2], dropped[2]; // by enum capture_side
};

struct capture;

// Creates or truncates `path` ("-": standard output, as sink_open) and writes the header. 0 or -errno.
int capture_open(struct capture **capture, const char *path, const struct capture_options *options) MUST_USE;
// 0, or the -errno of the first failed write, for ever.
int capture_add(struct capture *capture, const struct capture_packet *packet);
int capture_flush(struct capture *capture);
// Packets that are safely in the file (after the last flush), and those refused after an error.
uint64_t capture_stored(const struct capture *capture);
uint64_t capture_refused(const struct capture *capture);
// Writes statistics (NULL: none), flushes, closes and frees. 0 or the first -errno.
int capture_close(struct capture *capture, const struct capture_statistics *statistics);

#endif
