// Trivial File Transfer Protocol (RFC 1350), with options (RFC 2347).
#include "packet/bytes.h"
#include "packet/codec.h"

#include <string.h>

enum { TFTP_OP_BYTES = 2, TFTP_BLOCK_BYTES = 2 };

static const struct name tftp_operations[] = {{1, "RRQ"},   {2, "WRQ"},  {3, "DATA"}, {4, "ACK"},
                                              {5, "ERROR"}, {6, "OACK"}, {0, NULL}};

static const struct name tftp_errors[] = {
    {0, "Not defined"},
    {1, "File not found"},
    {2, "Access violation"},
    {3, "Disk full or allocation exceeded"},
    {4, "Illegal TFTP operation"},
    {5, "Unknown transfer ID"},
    {6, "File already exists"},
    {7, "No such user"},
    {8, "Terminate transfer due to option negotiation"},
    {0, NULL},
};

static const struct field_desc tftp_fields[] = {
    {"op", 16, FIELD_NUMBER, .preset = 1, .names = tftp_operations, .meaning = "which message follows"},
};

static const struct binding tftp_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = 69},
    {0},
};

const struct layer_desc layer_tftp = {
    .name = "TFTP",
    .title = "TFTP opcode",
    .meaning = "Trivial File Transfer Protocol (RFC 1350)",
    .fields = tftp_fields,
    .n_fields = ARRAY_SIZE(tftp_fields),
    .bindings = tftp_bindings,
};

// ---- messages

static enum layer_id tftp_next_options(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)at;
    (void)payload;
    (void)len;
    return LAYER_TFTP_OPTIONS;
}

// 'name', of the text at `from` in the header.
static void tftp_text(const struct view *view, unsigned i, uint32_t from, struct text *text)
{
    uint32_t header = view->layers[i].header_bytes;
    const uint8_t *p = view_header(view, i) + from;
    const uint8_t *end = header <= from ? NULL : memchr(p, 0, header - from);

    if (end != NULL)
        codec_print_text(p, (uint32_t)(end - p), text);
    else
        text_add(text, "''");
}

static bool tftp_rrq_summary(const struct view *view, unsigned i, const struct services *services,
                             struct text *text)
{
    (void)services;
    text_add(text, view->layers[i].id == LAYER_TFTP_RRQ ? "RRQ " : "WRQ ");
    tftp_text(view, i, 0, text);
    return true;
}

static bool tftp_block_summary(const struct view *view, unsigned i, const struct services *services,
                               struct text *text)
{
    (void)services;
    text_add(text, "%s %u", view->layers[i].id == LAYER_TFTP_DATA ? "DATA" : "ACK",
             get16(view_header(view, i)));
    return true;
}

static bool tftp_error_summary(const struct view *view, unsigned i, const struct services *services,
                               struct text *text)
{
    uint16_t code = get16(view_header(view, i));
    const char *name = name_of(tftp_errors, code);

    (void)services;
    text_add(text, "ERROR ");
    name != NULL ? text_add(text, "%s: ", name) : text_add(text, "%u: ", code);
    tftp_text(view, i, 2, text);
    return true;
}

// Requests answer nothing.
static bool tftp_request_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                                 const struct answer_rules *rules)
{
    return answers_quote(r, ri, rules) && si < s->n && s->layers[si].id == r->layers[ri].id;
}

static bool tftp_is(const struct view *s, unsigned si, enum layer_id id)
{
    return si < s->n && s->layers[si].id == id;
}

// Of a message that starts with a block's number; -1: it is cut short.
static int tftp_block(const struct view *view, unsigned i)
{
    return view->layers[i].header_bytes < TFTP_BLOCK_BYTES ? -1 : get16(view_header(view, i));
}

// The first block answers a request to read.
static bool tftp_data_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                              const struct answer_rules *rules)
{
    if (answers_quote(r, ri, rules))
        return tftp_is(s, si, LAYER_TFTP_DATA) && tftp_block(r, ri) == tftp_block(s, si);
    return tftp_block(r, ri) == 1 && tftp_is(s, si, LAYER_TFTP_RRQ);
}

static bool tftp_ack_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                             const struct answer_rules *rules)
{
    if (answers_quote(r, ri, rules))
        return tftp_is(s, si, LAYER_TFTP_ACK) && tftp_block(r, ri) == tftp_block(s, si);
    if (tftp_is(s, si, LAYER_TFTP_DATA))
        return tftp_block(r, ri) == tftp_block(s, si);
    return tftp_block(r, ri) == 0 && (tftp_is(s, si, LAYER_TFTP_RRQ) || tftp_is(s, si, LAYER_TFTP_WRQ) ||
                                      tftp_is(s, si, LAYER_TFTP_OACK));
}

static bool tftp_error_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                               const struct answer_rules *rules)
{
    if (answers_quote(r, ri, rules))
        return tftp_is(s, si, LAYER_TFTP_ERROR);
    return tftp_is(s, si, LAYER_TFTP_DATA) || tftp_is(s, si, LAYER_TFTP_RRQ) ||
           tftp_is(s, si, LAYER_TFTP_WRQ) || tftp_is(s, si, LAYER_TFTP_ACK);
}

static bool tftp_oack_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                              const struct answer_rules *rules)
{
    if (answers_quote(r, ri, rules))
        return tftp_is(s, si, LAYER_TFTP_OACK);
    return tftp_is(s, si, LAYER_TFTP_RRQ) || tftp_is(s, si, LAYER_TFTP_WRQ);
}

static const struct field_desc tftp_request_fields[] = {
    {"filename", 0, FIELD_CODED, .codec = &codec_text_z, .preset_bytes = "", .preset_len = 1,
     .meaning = "the file"},
    {"mode", 0, FIELD_CODED, .codec = &codec_text_z, .preset_bytes = "octet", .preset_len = 6,
     .meaning = "octet or netascii"},
};

static const struct field_desc tftp_block_fields[] = {
    {"block", 16, FIELD_NUMBER, .meaning = "number of the block, from 1"},
};

static const struct field_desc tftp_error_fields[] = {
    {"errorcode", 16, FIELD_NUMBER, .names = tftp_errors, .meaning = "what is wrong"},
    {"errormsg", 0, FIELD_CODED, .codec = &codec_text_z, .preset_bytes = "", .preset_len = 1,
     .meaning = "in words"},
};

// clang-format off
#define TFTP_MESSAGE(symbol, op, ...)                              \
    static const struct binding symbol##_bindings[] = {            \
        {.lower = LAYER_TFTP, .field = "op", .value = (op)}, {0},  \
    };                                                             \
    const struct layer_desc layer_##symbol = {                     \
        .bindings = symbol##_bindings,                             \
        .summary_beside = LAYER_UDP,                               \
        __VA_ARGS__                                                \
    }
#define TFTP_FIELDS(fields_) .fields = fields_, .n_fields = ARRAY_SIZE(fields_)
// clang-format on

TFTP_MESSAGE(tftp_rrq, 1, .name = "TFTP_RRQ", .title = "TFTP Read Request", .meaning = "TFTP: read request",
             TFTP_FIELDS(tftp_request_fields), .next = tftp_next_options, .summary = tftp_rrq_summary,
             .answers = tftp_request_answers);
TFTP_MESSAGE(tftp_wrq, 2, .name = "TFTP_WRQ", .title = "TFTP Write Request", .meaning = "TFTP: write request",
             TFTP_FIELDS(tftp_request_fields), .next = tftp_next_options, .summary = tftp_rrq_summary,
             .answers = tftp_request_answers);
TFTP_MESSAGE(tftp_data, 3, .name = "TFTP_DATA", .title = "TFTP Data", .meaning = "TFTP: a block of the file",
             TFTP_FIELDS(tftp_block_fields), .summary = tftp_block_summary, .answers = tftp_data_answers);
TFTP_MESSAGE(tftp_ack, 4, .name = "TFTP_ACK", .title = "TFTP Ack",
             .meaning = "TFTP: a block's acknowledgement", TFTP_FIELDS(tftp_block_fields),
             .summary = tftp_block_summary, .answers = tftp_ack_answers);
TFTP_MESSAGE(tftp_error, 5, .name = "TFTP_ERROR", .title = "TFTP Error", .meaning = "TFTP: error",
             TFTP_FIELDS(tftp_error_fields), .summary = tftp_error_summary, .answers = tftp_error_answers);
TFTP_MESSAGE(tftp_oack, 6, .name = "TFTP_OACK", .title = "TFTP Option Ack",
             .meaning = "TFTP: options' acknowledgement (RFC 2347)", .next = tftp_next_options,
             .answers = tftp_oack_answers);

// ---- options

static const struct field_desc tftp_option_fields[] = {
    {"oname", 0, FIELD_CODED, .codec = &codec_text_z, .preset_bytes = "", .preset_len = 1,
     .meaning = "its name"},
    {"value", 0, FIELD_CODED, .codec = &codec_text_z, .preset_bytes = "", .preset_len = 1,
     .meaning = "its value"},
};

static uint8_t tftp_option_which(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail == 0 ? LAYER_NONE : LAYER_TFTP_OPTION;
}

static const struct packets_desc tftp_option_packets = {.preset = LAYER_NONE, .which = tftp_option_which};

static const struct field_desc tftp_options_fields[] = {
    {"options", 0, FIELD_PACKETS, .packets = &tftp_option_packets, .meaning = "TFTP_Option() packets"},
};

const struct layer_desc layer_tftp_option = {
    .name = "TFTP_Option",
    .meaning = "TFTP: an option (RFC 2347)",
    TFTP_FIELDS(tftp_option_fields),
};

const struct layer_desc layer_tftp_options = {
    .name = "TFTP_Options",
    .meaning = "TFTP: options (RFC 2347)",
    TFTP_FIELDS(tftp_options_fields),
};
