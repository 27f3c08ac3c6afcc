// volley decode: frames given as hex lines, or in a capture, as text.
#include "capture/cursor.h"
#include "command.h"
#include "compile.h"
#include "frames.h"
#include "hex_lines.h"
#include "link.h"
#include "packet/layer.h"

#include <stdio.h>
#include <string.h>

struct decode {
    struct frames frames;
    const struct options *options;
    uint64_t n;     // frames decoded
    bool link_told; // that frames of an unknown link type are bytes
    bool cut_told;  // that the rest of a frame is left out
};

static enum layer_id decode_linked(struct decode *d, const struct capture_record *record)
{
    enum layer_id id = link_layer(record->link, record->bytes, record->len);

    if (id == LAYER_NONE && !d->link_told) {
        fprintf(stderr, "volley: frames of link type %u are shown as bytes: it is not known.\n",
                record->link);
        d->link_told = true;
    }
    return id == LAYER_NONE ? LAYER_RAW : id;
}

static bool decode_frame(struct decode *d, const uint8_t *bytes, uint32_t len, enum layer_id first)
{
    struct view view;

    d->n++;
    if (len > UINT16_MAX && !d->cut_told) {
        fprintf(stderr, "volley: frame %llu has %u bytes: of longer frames the first 65,535 are shown.\n",
                (unsigned long long)d->n, len);
        d->cut_told = true;
    }
    view_decode(&view, bytes, len, first);
    if (frames_print(&d->frames, &view))
        return true;
    fputs("volley: out of memory.\n", stderr);
    return false;
}

static bool decode_goes_on(const struct decode *d)
{
    return !ferror(stdout) && !(d->options->has_limit && d->n >= d->options->limit);
}

// ---- captures

static int decode_records(struct decode *d, struct capture_cursor *cursor, struct diag *diag)
{
    while (decode_goes_on(d)) {
        struct capture_record record;
        enum capture_step step = capture_cursor_next(cursor, &record, diag);

        if (step == CAPTURE_FAILED)
            return EXIT_ERROR;
        if (step == CAPTURE_END)
            break;
        if (!decode_frame(d, record.bytes, record.len, decode_linked(d, &record)))
            return EXIT_ERROR;
    }
    if (cursor->truncated)
        fprintf(stderr, "volley: the capture ends in the middle of a frame, after %llu frames.\n",
                (unsigned long long)d->n);
    return EXIT_COMPLETE;
}

static int decode_capture(struct decode *d, const struct capture_reader *reader)
{
    struct capture_cursor cursor;
    struct diag diag = {0};

    if (!capture_cursor_init(&cursor, reader, &diag)) {
        diag_print(&diag, "volley", NULL, stderr);
        return EXIT_ERROR;
    }
    int status = decode_records(d, &cursor, &diag);
    if (diag.set)
        diag_print(&diag, "volley", NULL, stderr);
    capture_cursor_release(&cursor);
    return status;
}

// ---- hex lines

// IP and IPv6 are told apart as in a capture.
static enum layer_id decode_by_version(enum layer_id id, const uint8_t *bytes, uint32_t len)
{
    return id == LAYER_IP || id == LAYER_IPV6 ? link_layer(LINK_RAW, bytes, len) : id;
}

static int decode_lines(struct decode *d, struct hex_lines *lines)
{
    enum layer_id first =
        d->options->link == NULL ? LAYER_ETHER : layer_find(d->options->link, strlen(d->options->link));

    while (decode_goes_on(d)) {
        const uint8_t *bytes;
        uint32_t len;

        switch (hex_lines_next(lines, &bytes, &len)) {
        case HEX_LINES_FRAME:
            if (!decode_frame(d, bytes, len, decode_by_version(first, bytes, len)))
                return EXIT_ERROR;
            break;
        case HEX_LINES_END:
            return EXIT_COMPLETE;
        case HEX_LINES_WRONG:
            fflush(stdout);
            diag_print_line(&lines->diag, lines->name, lines->number, lines->text, stderr);
            return EXIT_USAGE;
        case HEX_LINES_FAILED:
            fprintf(stderr, "volley: %s could not be read: %s\n", lines->name, strerror(lines->error));
            return EXIT_ERROR;
        }
    }
    return EXIT_COMPLETE;
}

// What the reader took for no capture: text goes on as hex lines.
static int decode_text(struct decode *d, const struct capture_reader *reader, const struct diag *why)
{
    const char *path = d->options->argument;
    struct hex_lines lines;

    if (!hex_lines_is_text(reader->head, reader->head_len)) {
        diag_print(why, "volley", NULL, stderr);
        return EXIT_USAGE;
    }
    int err = hex_lines_open(&lines, path, reader->seekable ? NULL : reader->head, reader->head_len);
    if (err < 0) {
        fprintf(stderr, "volley: %s could not be read: %s\n", path, strerror(-err));
        return EXIT_ERROR;
    }
    int status = decode_lines(d, &lines);
    hex_lines_close(&lines);
    return status;
}

static int decode_input(struct decode *d)
{
    struct capture_reader reader;
    struct diag why = {0};

    if (!capture_reader_open(&reader, d->options->argument, &why))
        return decode_text(d, &reader, &why);
    int status = decode_capture(d, &reader);
    capture_reader_close(&reader);
    return status;
}

int command_decode(enum command_id id, const struct options *options)
{
    struct decode d = {.options = options};
    struct services services;
    enum frames_form form = options->hex           ? FRAMES_HEX
                            : options->hexdump     ? FRAMES_HEXDUMP
                            : options->summary     ? FRAMES_SUMMARY
                            : options->as_template ? FRAMES_TEMPLATE
                                                   : FRAMES_TREE;
    int status = EXIT_ERROR;

    (void)id;
    if (compile_services(&services) < 0) {
        fputs("volley: the names of services could not be read.\n", stderr);
        return EXIT_ERROR;
    }
    if (frames_init(&d.frames, form, &services)) {
        status = decode_input(&d);
        frames_release(&d.frames);
        if (status == EXIT_COMPLETE && d.n == 0 && !(options->has_limit && options->limit == 0))
            fprintf(stderr, "volley: there is no frame in it.\n");
    } else {
        fputs("volley: out of memory.\n", stderr);
    }
    services_release(&services);
    return status;
}
