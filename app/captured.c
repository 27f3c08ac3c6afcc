#include "captured.h"

#include "capture/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

struct captured_file {
    struct captured_file *next;
    struct capture_reader reader;
    struct capture_index index;
    tss_t cursor; // each thread's own
    struct frame_source source;
};

// ---- what the frames are

struct captured_links {
    bool any;
    uint32_t link;
};

// LINKTYPEs, as on https://www.tcpdump.org/linktypes.html
static enum layer_id captured_layer(uint32_t link)
{
    switch (link) {
    case 1:
        return LAYER_ETHER;
    case 228:
        return LAYER_IP;
    case 229:
        return LAYER_IPV6;
    default:
        return LAYER_NONE;
    }
}

static bool captured_visit(void *context, const struct capture_record *record, struct diag *diag)
{
    struct captured_links *links = context;

    if (!links->any)
        links->link = record->link;
    links->any = true;
    if (links->link != record->link)
        return diag_set(diag, (struct span){0}, "frame %llu has another link type than the first",
                        (unsigned long long)record->ordinal);
    if (record->len == 0 || record->len > UINT16_MAX)
        return diag_set(diag, (struct span){0}, "frame %llu has %u bytes",
                        (unsigned long long)record->ordinal, record->len);
    return true;
}

// ---- reading

static void captured_free_cursor(void *cursor)
{
    capture_cursor_release(cursor);
    free(cursor);
}

static struct capture_cursor *captured_cursor(struct captured_file *file)
{
    struct capture_cursor *cursor = tss_get(file->cursor);
    struct diag diag = {0};

    if (cursor != NULL)
        return cursor;
    cursor = malloc(sizeof(*cursor));
    if (cursor == NULL)
        return NULL;
    if (!capture_index_cursor(&file->index, cursor, &diag)) {
        free(cursor);
        return NULL;
    }
    if (tss_set(file->cursor, cursor) == thrd_success)
        return cursor;
    captured_free_cursor(cursor);
    return NULL;
}

static uint16_t captured_get(void *context, uint64_t i, uint8_t *frame)
{
    struct captured_file *file = context;
    struct capture_cursor *cursor = captured_cursor(file);
    struct capture_record record;
    struct diag diag = {0};

    // Read on where the last one ended, if that is the place.
    if (cursor == NULL || (cursor->ordinal != i && !capture_index_seek(&file->index, cursor, i, &diag)) ||
        capture_cursor_next(cursor, &record, &diag) != CAPTURE_RECORD)
        return 0;
    memcpy(frame, record.bytes, record.len);
    return (uint16_t)record.len;
}

// ---- opening

static bool captured_index(struct captured_file *file, struct diag *diag)
{
    struct captured_links links = {0};

    if (!capture_index_build(&file->index, &file->reader, captured_visit, &links, diag))
        return false;
    file->source = (struct frame_source){
        .context = file,
        .n = file->index.frames,
        .longest = (uint16_t)file->index.longest,
        .first = links.any ? captured_layer(links.link) : LAYER_ETHER,
        .get = captured_get,
    };
    if (file->source.first != LAYER_NONE)
        return true;
    diag_set(diag, (struct span){0},
             "frames of link type %u are no stimuli: Ethernet (1) and IP (228, 229) are", links.link);
    capture_index_release(&file->index);
    return false;
}

static bool captured_open_file(struct captured_file *file, const char *path, struct diag *diag)
{
    if (!capture_reader_open(&file->reader, path, diag))
        return false;
    if (captured_index(file, diag)) {
        if (tss_create(&file->cursor, captured_free_cursor) == thrd_success)
            return true;
        diag_set(diag, (struct span){0}, "out of memory");
        capture_index_release(&file->index);
    }
    capture_reader_close(&file->reader);
    return false;
}

static bool captured_open(void *context, const char *path, struct span where,
                          const struct frame_source **source, struct diag *diag)
{
    struct captured *captured = context;
    struct captured_file *file = arena_alloc(captured->arena, sizeof(*file));
    struct diag why = {0};

    if (file == NULL)
        return diag_set(diag, where, "out of memory");
    if (!captured_open_file(file, path, &why))
        return diag_set(diag, where, "%s", why.message);
    if (file->index.truncated)
        fprintf(stderr, "volley: %s is cut short at byte %llu: the %llu frames before are used.\n", path,
                (unsigned long long)file->index.truncated_at, (unsigned long long)file->index.frames);
    file->next = captured->files;
    captured->files = file;
    *source = &file->source;
    return true;
}

struct frame_opener captured_opener(struct captured *captured)
{
    return (struct frame_opener){captured, captured_open};
}

void captured_close(struct captured *captured)
{
    for (struct captured_file *file = captured->files; file != NULL; file = file->next) {
        // The other threads have ended, and their cursors with them.
        struct capture_cursor *cursor = tss_get(file->cursor);

        if (cursor != NULL)
            captured_free_cursor(cursor);
        tss_delete(file->cursor);
        capture_index_release(&file->index);
        capture_reader_close(&file->reader);
    }
    captured->files = NULL;
}
