// Writes a record of each line "stimulus response link" on stdin: bytes in hex, "-" for silence; link: ether, ip or ip6.
//
// usage: records_tool PATH [FIELDS [WHERE]]
#include "result/record_writer.h"

#include <stdio.h>
#include <string.h>

enum { FRAME_MAX = 4096 };

struct frame {
    uint8_t bytes[FRAME_MAX];
    struct view view;
};

static void frame_read(struct frame *frame, const char *hex, enum layer_id first)
{
    uint32_t len = 0;
    unsigned byte;

    for (; len < FRAME_MAX && sscanf(hex + 2 * len, "%2x", &byte) == 1; len++)
        frame->bytes[len] = (uint8_t)byte;
    view_decode(&frame->view, frame->bytes, len, first);
}

static bool read_options(int argc, char **argv, struct arena *arena, struct record_writer_options *options)
{
    struct diag diag = {0};

    options->all = true;
    if (argc > 2 && argv[2][0] != '\0' &&
        !record_fields_parse(argv[2], options->fields, &options->n_fields, &diag)) {
        diag_print(&diag, "fields", argv[2], stderr);
        return false;
    }
    if (argc > 3 &&
        !filter_compile(argv[3], strlen(argv[3]), &record_filter_fields, arena, &options->filter, &diag)) {
        diag_print(&diag, "where", argv[3], stderr);
        return false;
    }
    return true;
}

static void add_all(struct record_writer *writer)
{
    static char stimulus_hex[2 * FRAME_MAX + 1], response_hex[2 * FRAME_MAX + 1], link[8];
    static struct frame stimulus, response;

    for (uint64_t n = 0; scanf("%8192s %8192s %7s", stimulus_hex, response_hex, link) == 3; n++) {
        bool silent = strcmp(response_hex, "-") == 0;
        enum layer_id first = strcmp(link, "ether") == 0 ? LAYER_ETHER
                              : strcmp(link, "ip") == 0  ? LAYER_IP
                                                         : LAYER_IPV6;

        frame_read(&stimulus, stimulus_hex, first);
        frame_read(&response, response_hex, first);
        const struct record record = {
            .probe = n,
            .attempt = 1,
            .answer = !silent,
            .outcome = silent ? RECORD_UNANSWERED : RECORD_ANSWERED,
            .sent_ns = 1764212345000000000 + n,
            .received_ns = silent ? 0 : 1764212345000001000 + 3 * n,
            .stimulus_frame = 2 * n + 1,
            .answer_frame = silent ? 0 : 2 * n + 2,
            .stimulus = &stimulus.view,
            .response = silent ? NULL : &response.view,
        };
        (void)record_writer_add(writer, &record); // close tells
    }
}

int main(int argc, char **argv)
{
    static struct record_writer writer;
    struct record_writer_options options = {0};
    struct arena arena;
    int status = 2;

    arena_init(&arena, 0);
    if (argc > 1 && read_options(argc, argv, &arena, &options)) {
        status = 1;
        if (record_writer_open(&writer, argv[1], &options) == 0) {
            add_all(&writer);
            status = record_writer_close(&writer) < 0;
        }
    }
    arena_release(&arena);
    return status;
}
