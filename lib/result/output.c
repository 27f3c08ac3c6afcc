#include "result/output.h"

#include "capture/comment.h"
#include "packet/summarise.h"

#include <errno.h>

#define OUTPUT_LINE_MAX 2048
// A packet's id is the probe's index x 16 + the answer's number, which a host of answers to one broadcast exceeds.
#define OUTPUT_NUMBER_MAX 15u

static int output_check(struct output *o, int err)
{
    if (err < 0 && o->error == 0)
        o->error = err;
    return o->error;
}

bool output_takes_answers(const struct output *o)
{
    return o->answered != NULL || o->records != NULL || o->pairs != NULL;
}

bool output_takes_silence(const struct output *o)
{
    return o->unanswered != NULL || (o->records != NULL && record_writer_wants_silence(o->records));
}

// ---- captures

static void output_stimulus(struct output *o, struct capture *capture, const struct record *record)
{
    char comment[CAPTURE_COMMENT_MAX];
    const struct capture_packet packet = {
        .data = record->stimulus->bytes,
        .len = record->stimulus->len,
        .original_len = record->stimulus_bytes,
        .side = CAPTURE_TX,
        .time_ns = record->sent_ns,
        .packet_id = record->probe * (OUTPUT_NUMBER_MAX + 1),
        .comment = comment,
    };

    capture_comment_stimulus(comment, sizeof(comment), record->probe, record->outcome == RECORD_ANSWERED);
    output_check(o, capture_add(capture, &packet));
}

static bool output_belongs(const struct record *record)
{
    return record->outcome != RECORD_UNSOLICITED && record->outcome != RECORD_MALFORMED &&
           record->outcome != RECORD_FILTERED;
}

static uint64_t output_rtt(const struct record *record)
{
    if (record->sent_ns == 0)
        return CAPTURE_RTT_UNKNOWN;
    return record->received_ns > record->sent_ns ? record->received_ns - record->sent_ns : 0;
}

static void output_return(struct output *o, struct capture *capture, const struct record *record)
{
    char comment[CAPTURE_COMMENT_MAX];
    const struct capture_return came = {
        .why = record->outcome == RECORD_ANSWERED ? NULL : record_outcome_name(record->outcome),
        .has_probe = output_belongs(record),
        .index = record->probe,
        .number = record->answer,
        .attempt = o->tells_attempts ? record->attempt : 0,
        .rtt_ns = output_rtt(record),
    };
    uint64_t number = record->answer < OUTPUT_NUMBER_MAX ? record->answer : OUTPUT_NUMBER_MAX;
    const struct capture_packet packet = {
        .data = record->response->bytes,
        .len = record->response->len,
        .original_len = record->response_bytes,
        .side = CAPTURE_RX,
        .time_ns = record->received_ns,
        .packet_id = came.has_probe ? record->probe * (OUTPUT_NUMBER_MAX + 1) + number : CAPTURE_NO_ID,
        .comment = comment,
    };

    capture_comment_return(comment, sizeof(comment), &came);
    output_check(o, capture_add(capture, &packet));
}

// ---- lines

// What is buffered is lost too.
static void output_lose_lines(struct output *o, int err)
{
    output_check(o, err);
    o->lines_refused += o->lines_pending;
    o->lines_pending = 0;
}

static void output_line(struct output *o, const struct record *record)
{
    char line[OUTPUT_LINE_MAX];
    struct text text = text_in(line, sizeof(line));

    if (o->error != 0) {
        o->lines_refused++;
        return;
    }
    summarise(record->stimulus, record->stimulus_first, o->services, &text);
    text_add(&text, " ==> ");
    struct view packet = *record->response;
    // What fills a short frame up to Ethernet's least length is no part of the answer.
    if (packet.n > 1 && packet.layers[packet.n - 1].id == LAYER_PADDING)
        packet.n--;
    summarise(&packet, record->response_first, o->services, &text);
    line[text.len < sizeof(line) - 1 ? text.len++ : text.len - 1] = '\n';
    o->lines_pending++;
    errno = 0;
    if (fwrite(line, 1, text.len, o->pairs) != text.len)
        output_lose_lines(o, errno != 0 ? -errno : -EIO);
}

// ---- by outcome

static void output_answer(struct output *o, const struct record *record)
{
    if (o->answered != NULL) {
        if (record->answer <= 1 || o->repeats_stimuli)
            output_stimulus(o, o->answered, record);
        output_return(o, o->answered, record);
    }
    if (o->records != NULL)
        output_check(o, record_writer_add(o->records, record));
    if (o->pairs != NULL)
        output_line(o, record);
}

static void output_silence(struct output *o, const struct record *record)
{
    if (o->unanswered != NULL)
        output_stimulus(o, o->unanswered, record);
    if (o->records != NULL && record_writer_wants_silence(o->records))
        output_check(o, record_writer_add(o->records, record));
}

// What is no answer.
static void output_rest(struct output *o, const struct record *record)
{
    if (o->other != NULL)
        output_return(o, o->other, record);
    if (o->records != NULL)
        output_check(o, record_writer_add(o->records, record));
}

int output_add(struct output *o, const struct record *record)
{
    switch (record->outcome) {
    case RECORD_ANSWERED:
        output_answer(o, record);
        break;
    case RECORD_UNANSWERED:
        output_silence(o, record);
        break;
    default:
        output_rest(o, record);
    }
    return o->error;
}

int output_flush(struct output *o)
{
    struct capture *const captures[] = {o->answered, o->unanswered, o->other};

    for (unsigned i = 0; i < ARRAY_SIZE(captures); i++) {
        if (captures[i] != NULL)
            output_check(o, capture_flush(captures[i]));
    }
    if (o->records != NULL)
        output_check(o, record_writer_flush(o->records));
    return o->error;
}

int output_flush_lines(struct output *o)
{
    if (o->pairs != NULL && fflush(o->pairs) != 0)
        output_lose_lines(o, -errno);
    o->lines_pending = 0;
    return o->error;
}
