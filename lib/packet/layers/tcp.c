// Transmission Control Protocol (RFC 9293).
#include "packet/bytes.h"
#include "packet/transport.h"

enum {
    TCP_SPORT,
    TCP_DPORT,
    TCP_SEQ,
    TCP_ACK,
    TCP_DATAOFS,
    TCP_RESERVED,
    TCP_FLAGS,
    TCP_WINDOW,
    TCP_CHKSUM,
    TCP_URGPTR,
    TCP_OPTIONS
};
enum { TCP_FIXED_BYTES = 20, TCP_QUOTED_BYTES = 8, TCP_ACK_END = 12, TCP_ACK_SLACK = 2 };
enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK_FLAG = 0x10 };

static const char tcp_letters[] = "FSRPAUECN";

// IANA's TCP option kinds, by Scapy's names.
static const struct option_desc tcp_options[] = {
    {.name = "EOL", .number = 0, .bare = true},
    {.name = "NOP", .number = 1, .bare = true},
    {.name = "MSS", .number = 2, .format = "H"},
    {.name = "WScale", .number = 3, .format = "B"},
    {.name = "SAckOK", .number = 4},
    {.name = "SAck", .number = 5, .format = "I*"},
    {.name = "Timestamp", .number = 8, .format = "II"},
    {.name = "AltChkSum", .number = 14, .format = "BH"},
    {.name = "AltChkSumOpt", .number = 15},
    {.name = "MD5", .number = 19},
    {.name = "Mood", .number = 25},
    {.name = "UTO", .number = 28, .format = "H"},
    {.name = "AO", .number = 29},
    {.name = "TFO", .number = 34, .format = "II"},
    {0},
};

static const struct field_desc tcp_fields[] = {
    {"sport", 16, FIELD_PORT, .preset = 20, .meaning = "source port"},
    {"dport", 16, FIELD_PORT, .preset = 80, .meaning = "destination port"},
    {"seq", 32, FIELD_NUMBER, .tag = TAG_WHOLE,
     .meaning = "sequence number of the first byte, or of the SYN"},
    {"ack", 32, FIELD_NUMBER, .meaning = "the next sequence number expected"},
    {"dataofs", 4, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_HEADER, .unit = 4},
     .meaning = "header's length in 32-bit words"},
    {"reserved", 3, FIELD_NUMBER, .meaning = "0"},
    {"flags", 9, FIELD_FLAGS, .preset = TCP_SYN, .letters = tcp_letters,
     .meaning = "FIN SYN RST PSH ACK URG ECE CWR NS"},
    {"window", 16, FIELD_NUMBER, .preset = 8192, .meaning = "bytes the sender will take"},
    {"chksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED,
     .meaning = "over a pseudo-header and the whole segment"},
    {"urgptr", 16, FIELD_NUMBER, .meaning = "end of urgent data"},
    {"options", 0, FIELD_OPTIONS, .zero_padded = true, .options = tcp_options,
     .meaning = "[('MSS',1460),('NOP',None),...]"},
};

static const struct binding tcp_bindings[] = {
    {.lower = LAYER_IP, .field = "proto", .value = 6},
    {.lower = LAYER_IPV6, .field = "nh", .value = 6},
    {0},
};

static uint16_t tcp_flags(const uint8_t *p)
{
    return get16(p + 12) & 0x1ff;
}

static bool tcp_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    if (avail < (quoted ? TCP_QUOTED_BYTES : TCP_FIXED_BYTES))
        return false;
    uint32_t header = avail < TCP_FIXED_BYTES ? avail : 4u * (p[12] >> 4);
    bool broken = header < TCP_FIXED_BYTES || header > avail;

    if (broken)
        header = avail < TCP_FIXED_BYTES || header > avail ? avail : TCP_FIXED_BYTES;
    enum layer_id next = transport_next(LAYER_TCP, TCP_SPORT, p, p + header, avail - header);
    *m = (struct measure){header, avail, (uint8_t)next, false, broken};
    return true;
}

// The header's length; ports announce what follows, which may or may not be that.
static uint64_t tcp_looks(const uint8_t *p, uint32_t header_bytes, uint32_t payload)
{
    (void)p;
    (void)header_bytes;
    return payload > 0 ? LAYER_LOOKS_UNKNOWN : 1u << 12;
}

static void tcp_finish(struct build *build, struct build_layer *layer)
{
    transport_sum(build, layer, TCP_CHKSUM, TRANSPORT_TCP, false);
}

static bool tcp_summary(const struct view *view, unsigned i, const struct services *services,
                        struct text *text)
{
    uint16_t flags = tcp_flags(view_header(view, i));

    text_add(text, "TCP ");
    transport_endpoints(view, i, SERVICE_TCP, services, text);
    text_add(text, " ");
    for (unsigned bit = 0; tcp_letters[bit] != '\0'; bit++) {
        if (flags >> bit & 1)
            text_add(text, "%c", tcp_letters[bit]);
    }
    return true;
}

// |a - b| modulo 2^32, as sequence numbers are compared; Scapy compares them as plain numbers.
static uint32_t tcp_distance(uint32_t a, uint32_t b, const struct answer_rules *rules)
{
    return rules->scapy ? (a < b ? b - a : a - b) : (a - b < b - a ? a - b : b - a);
}

// Of a stimulus. Scapy counts padding, and what stands behind the header is that whatever IP says.
static uint32_t tcp_payload(const struct view *s, unsigned si, const struct answer_rules *rules)
{
    const struct view_layer *layer = &s->layers[si];
    uint32_t end = rules->scapy ? s->len : layer->end;

    return end - layer->start - layer->header_bytes;
}

// Exactly, if the sequence number carries a tag: neighbouring tags belong to other probes. A SYN or FIN counts as one; the
// payload may have been taken or not.
static bool tcp_acknowledges(const uint8_t *rp, const uint8_t *sp, uint32_t payload,
                             const struct answer_rules *rules)
{
    uint32_t ack = get32(rp + 8), seq = get32(sp + 4);
    uint32_t counted = tcp_flags(sp) & (TCP_SYN | TCP_FIN) ? 1 : 0;

    if (rules->tagged_seq && !rules->scapy)
        return ack == seq + counted || ack == seq + counted + payload;
    return tcp_distance(seq, ack, rules) <= TCP_ACK_SLACK + payload;
}

// RFC 9293 3.10.7: what a stack sends back to a segment.
static bool tcp_segment_answers(const uint8_t *rp, const uint8_t *sp, uint32_t payload,
                                const struct answer_rules *rules)
{
    uint16_t r = tcp_flags(rp), s = tcp_flags(sp);

    if (s & TCP_RST)
        return false; // resets get no answers
    if ((r & TCP_SYN) && !((r & TCP_ACK_FLAG) && (s & TCP_SYN)))
        return false;
    if ((rules->open & ANSWER_OPEN_SEQUENCE) != 0)
        return true;
    bool opens = (s & TCP_SYN) && !(s & TCP_ACK_FLAG);
    if (!opens && tcp_distance(get32(sp + 8), get32(rp + 4), rules) > TCP_ACK_SLACK)
        return false;
    // A reset of a SYN has ACK (3.10.7.1): without it, it would carry no tag back, and anyone could have sent it.
    if ((r & TCP_RST) && !(r & TCP_ACK_FLAG))
        return !(opens && rules->tagged_seq && !rules->scapy);
    return tcp_acknowledges(rp, sp, payload, rules);
}

// The acknowledgement number may be behind what was quoted.
static bool tcp_quote_answers(const struct view *r, unsigned ri, const uint8_t *sp,
                              const struct answer_rules *rules)
{
    const uint8_t *rp = view_header(r, ri);
    bool strict = rules->quote == ANSWER_QUOTE_STRICT;

    if ((rules->open & ANSWER_OPEN_SEQUENCE) != 0)
        return true;
    if ((strict || (rules->tagged_seq && !rules->scapy)) && get32(rp + 4) != get32(sp + 4))
        return false;
    if (!strict || (r->layers[ri].header_bytes < TCP_FIXED_BYTES && !rules->scapy))
        return true;
    // Scapy takes zero for what is not there.
    return (r->layers[ri].header_bytes < TCP_ACK_END ? 0 : get32(rp + 8)) == get32(sp + 8);
}

static bool tcp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                        const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_TCP || !transport_ports_answer(r, ri, s, si, rules))
        return false;
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);

    if (answers_quote(r, ri, rules))
        return tcp_quote_answers(r, ri, sp, rules);
    if (!rules->scapy && r->layers[ri].broken)
        return false;
    // Of a segment that is quoted where Scapy knows no TCPerror, or that is a quote itself, there may be no more than the ports.
    if (r->layers[ri].header_bytes < TCP_FIXED_BYTES || s->layers[si].header_bytes < TCP_FIXED_BYTES)
        return false;
    return tcp_segment_answers(rp, sp, tcp_payload(s, si, rules), rules);
}

// An acknowledgement is the sequence number after what was taken: a SYN or FIN counts as one, a payload may or may not
// have been.
static bool tcp_echoed(const struct view *view, unsigned i, uint32_t payload, unsigned guess, uint32_t *tag)
{
    const uint8_t *p = view_header(view, i);

    if (view->layers[i].quoted) {
        *tag = get32(p + 4);
        return guess == 0;
    }
    if (!(tcp_flags(p) & TCP_ACK_FLAG) || guess > (payload > 0 ? 3u : 1u))
        return false;
    *tag = get32(p + 8) - (guess % 2 == 0 ? 1 : 0) - (guess / 2 == 0 ? 0 : payload);
    return true;
}

// All other segments may be answered by resets that acknowledge nothing.
static bool tcp_returns_tag(const uint8_t *p, uint32_t payload)
{
    return payload == 0 && (tcp_flags(p) & (TCP_SYN | TCP_ACK_FLAG | TCP_RST | TCP_FIN)) == TCP_SYN;
}

const struct layer_desc layer_tcp = {
    .name = "TCP",
    .quoted_name = "TCPerror",
    .quoted_title = "TCP in ICMP",
    .meaning = "Transmission Control Protocol (RFC 9293)",
    .bindings = tcp_bindings,
    .fields = tcp_fields,
    .n_fields = ARRAY_SIZE(tcp_fields),
    .measure = tcp_measure,
    .looks = tcp_looks,
    .finish = tcp_finish,
    .summary = tcp_summary,
    .flow_key = transport_flow_key,
    .flow_keys = transport_flow_keys,
    .echoed = tcp_echoed,
    .returns_tag = tcp_returns_tag,
    .answers = tcp_answers,
};
