// An index: where the frames of a capture are, so that cursors can be put at any of them.
//
// Built in one pass and constant from then on, so that threads share one; each has its own cursor. It remembers one
// place for INDEX_STRIDE frames with the interfaces known there, and steps from it: three quarters of a byte a frame,
// and never much more than the capture's own size, whatever that says.
#ifndef VOLLEY_CAPTURE_INDEX_H
#define VOLLEY_CAPTURE_INDEX_H

#include "capture/cursor.h"

#define INDEX_STRIDE 64u
#define INDEX_STEP   8u

struct capture_index_anchor {
    uint64_t offset;  // of frame i x INDEX_STRIDE
    uint32_t section; // in the index
    uint32_t n_interfaces;
    // From there to every INDEX_STEP-th frame. 0: unknown; too far, or there are other interfaces by then.
    uint32_t steps[INDEX_STRIDE / INDEX_STEP - 1];
};

// A pcapng section that has an anchor.
struct capture_index_section {
    uint64_t ordinal;
    size_t first; // of the index's interfaces
    uint32_t n;
    bool swapped;
};

struct capture_index {
    const struct capture_reader *reader; // borrowed
    uint64_t frames;
    uint64_t bytes;   // of the capture, up to its end or what is torn
    uint32_t longest; // bytes captured of a frame
    // The capture ends in the middle of the record at truncated_at, which is no frame.
    bool truncated;
    uint64_t truncated_at;
    uint32_t interfaces_max; // how many interfaces a cursor needs room for

    struct capture_index_anchor *anchors;   // owned
    struct capture_index_section *sections; // owned
    struct capture_interface *interfaces;   // owned
    size_t n_anchors, n_sections, n_interfaces;
    size_t anchors_max, sections_max, interfaces_room;
};

// Sees each frame while an index is built. False, with the diag set, ends that.
typedef bool (*capture_index_visit)(void *context, const struct capture_record *record, struct diag *diag);

// Reads the whole capture, which must be seekable. visit NULL: none. False leaves nothing to release.
bool capture_index_build(struct capture_index *index, const struct capture_reader *reader,
                         capture_index_visit visit, void *context, struct diag *diag) MUST_USE;

// A cursor for capture_index_seek, at the first frame; release it with capture_cursor_release. From now on it does not
// allocate. It ends behind the last frame of the index, fails if the file is shorter by then, and delivers no frame
// longer than the longest.
bool capture_index_cursor(const struct capture_index *index, struct capture_cursor *cursor,
                          struct diag *diag) MUST_USE;

// The cursor's next frame will be `frame`, counted from 0 (so its ordinal is one more). Reads less than INDEX_STEP
// headers of frames (INDEX_STRIDE, where interfaces come), and those of what blocks are between.
bool capture_index_seek(const struct capture_index *index, struct capture_cursor *cursor, uint64_t frame,
                        struct diag *diag) MUST_USE;

void capture_index_release(struct capture_index *index);

#endif
