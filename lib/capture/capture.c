#include "capture/capture.h"

#include "capture/encoder.h"
#include "capture/sink.h"

#include <errno.h>
#include <stdlib.h>

#define SNAPLEN_DEFAULT 262144u
#define SNAPLEN_MAX     (SINK_BLOCK_MAX / 2)
// Padding up to the next page costs half a block a page, so only packets of ordinary probes are worth it.
#define PADDING_MAX 512u

struct capture {
    const struct encoder *encoder;
    uint32_t snaplen;
    struct sink sink;
};

static int capture_write_header(struct capture *capture, const struct capture_options *options)
{
    struct capture_options filled = *options;
    uint8_t *to = sink_reserve(&capture->sink, ENCODER_HEADER_MAX);

    if (to == NULL)
        return capture->sink.error;
    filled.snaplen = capture->snaplen;
    sink_commit(&capture->sink, capture->encoder->header(to, &filled), false);
    return sink_write(&capture->sink);
}

int capture_open(struct capture **out, const char *path, const struct capture_options *options)
{
    struct capture *capture;
    int err;

    if (options->snaplen > SNAPLEN_MAX)
        return -EINVAL;
    capture = malloc(sizeof(*capture));
    if (capture == NULL)
        return -ENOMEM;
    capture->encoder = options->format == CAPTURE_PCAP ? &pcap_encoder : &pcapng_encoder;
    capture->snaplen = options->snaplen != 0 ? options->snaplen : SNAPLEN_DEFAULT;
    err = sink_open(&capture->sink, &(const struct sink_options){.path = path,
                                                                 .measure = capture->encoder->block,
                                                                 .has_header = true,
                                                                 .zstd = options->zstd});
    if (err < 0)
        goto err_free_capture;
    err = capture_write_header(capture, options);
    if (err < 0)
        goto err_close_sink;
    *out = capture;
    return 0;

err_close_sink:
    (void)sink_close(&capture->sink); // the first error is told
err_free_capture:
    free(capture);
    return err;
}

// Fills up the page if the next block would cross its end. True if the block crosses it all the same.
static bool capture_align(struct capture *capture, size_t bytes)
{
    const struct encoder *encoder = capture->encoder;
    size_t left = sink_page_left(&capture->sink);
    uint8_t *to;

    // A block that just fits but leaves no room for padding would make the next one cross.
    if (bytes == left || (bytes < left && left - bytes >= encoder->padding_min))
        return false;
    if (encoder->padding == NULL || left > PADDING_MAX || left < encoder->padding_min || bytes > SINK_PAGE)
        return bytes > left;
    to = sink_reserve(&capture->sink, left);
    if (to == NULL)
        return false;
    encoder->padding(to, (uint32_t)left);
    sink_commit(&capture->sink, left, false);
    return false;
}

int capture_add(struct capture *capture, const struct capture_packet *packet)
{
    struct sink *sink = &capture->sink;
    struct encoder_shape shape = {
        .stored_len = packet->len < capture->snaplen ? packet->len : capture->snaplen,
        .original_len = packet->original_len > packet->len ? packet->original_len : packet->len,
    };
    bool alone;
    uint8_t *to;

    capture->encoder->measure(packet, &shape);
    alone = capture_align(capture, shape.bytes);
    if (unlikely(alone))
        (void)sink_write(sink); // it remembers the error
    to = sink_reserve(sink, shape.bytes);
    if (unlikely(to == NULL)) {
        sink->refused++;
        return sink->error;
    }
    capture->encoder->packet(to, packet, &shape);
    sink_commit(sink, shape.bytes, true);
    return unlikely(alone) ? sink_write(sink) : 0;
}

int capture_flush(struct capture *capture)
{
    return sink_write(&capture->sink);
}

uint64_t capture_stored(const struct capture *capture)
{
    return capture->sink.stored;
}

uint64_t capture_refused(const struct capture *capture)
{
    return capture->sink.refused;
}

static void capture_add_statistics(struct capture *capture, const struct capture_statistics *statistics,
                                   enum capture_side side)
{
    uint8_t *to = sink_reserve(&capture->sink, SINK_PAGE);

    if (to != NULL)
        sink_commit(&capture->sink, capture->encoder->statistics(to, statistics, side), false);
}

int capture_close(struct capture *capture, const struct capture_statistics *statistics)
{
    int err;

    if (statistics != NULL && capture->encoder->statistics != NULL) {
        capture_add_statistics(capture, statistics, CAPTURE_TX);
        capture_add_statistics(capture, statistics, CAPTURE_RX);
    }
    (void)sink_write(&capture->sink); // it remembers the error
    err = sink_close(&capture->sink);
    free(capture);
    return err;
}
