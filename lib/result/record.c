#include "result/record.h"

#include "packet/bytes.h"
#include "packet/summarise.h"
#include "result/class.h"
#include "result/record_text.h"

#include <string.h>

enum { IP_LEN = 2, IP_TTL = 8, IP_PROTO = 9, IP_SRC = 12, IP_DST = 16, IP_BYTES = 20 };
enum { IPV6_PLEN = 4, IPV6_NH = 6, IPV6_HLIM = 7, IPV6_SRC = 8, IPV6_DST = 24, IPV6_BYTES = 40 };
enum { ARP_PTYPE = 2, ARP_HWLEN = 4, ARP_PLEN = 5, ARP_HWSRC = 8, ARP_IPV4 = 0x0800 };
enum { PORT_BYTES = 4, TCP_FLAGS_AT = 12, TCP_FLAGS = 0x1ff, VLAN_ID = 0xfff };
enum { PROTO_ICMP = 1, PROTO_ICMPV6 = 58 };

const char record_flag_letters[] = "FSRPAUECN"; // of tcp.c, from the lowest bit

// By protocol number; the others are written as their number.
static const char *const record_protocols[256] = {
    [PROTO_ICMP] = "icmp", [2] = "igmp",   [4] = "ipip",   [6] = "tcp", [17] = "udp",
    [41] = "ipv6",         [47] = "gre",   [50] = "esp",   [51] = "ah", [PROTO_ICMPV6] = "icmp6",
    [89] = "ospf",         [132] = "sctp", [137] = "mpls",
};

// ---- the table

static const char *record_known_outcome(unsigned i)
{
    return i < RECORD_OUTCOME_COUNT ? record_outcome_name((enum record_outcome)i) : NULL;
}

static const char *record_known_class(unsigned i)
{
    return i < CLASS_COUNT ? class_name((enum answer_class)i) : NULL;
}

static const struct filter_field record_rows[] = {
#define RECORD_FIELD(ID, name, KIND, preset, meaning)                                  \
    {#name, FILTER_##KIND, FILTER_##KIND == FILTER_FLAGS ? record_flag_letters : NULL, \
     RECORD_##ID == RECORD_OUTCOME ? record_known_outcome                              \
     : RECORD_##ID == RECORD_CLASS ? record_known_class                                \
                                   : NULL},
#include "result/record_fields.list"
#undef RECORD_FIELD
};

const struct filter_fields record_filter_fields = {"records", record_rows, RECORD_FIELD_COUNT};

static const struct {
    bool preset;
    const char *meaning;
} record_notes[] = {
#define RECORD_FIELD(ID, name, KIND, preset, meaning) {preset, meaning},
#include "result/record_fields.list"
#undef RECORD_FIELD
};

const char *record_field_name(enum record_field field)
{
    return record_rows[field].name;
}

const char *record_field_meaning(enum record_field field)
{
    return record_notes[field].meaning;
}

bool record_field_is_preset(enum record_field field)
{
    return record_notes[field].preset;
}

const char *record_kind_name(enum record_field field)
{
    static const char *const names[] = {
        [FILTER_NULL] = "null", [FILTER_NUMBER] = "number",   [FILTER_FLAGS] = "flags",
        [FILTER_TEXT] = "text", [FILTER_ADDRESS] = "address",
    };

    return names[record_rows[field].kind];
}

const char *record_outcome_name(enum record_outcome outcome)
{
    static const char *const names[] = {
        [RECORD_ANSWERED] = "answered",       [RECORD_UNANSWERED] = "unanswered",
        [RECORD_DUPLICATE] = "duplicate",     [RECORD_LATE] = "late",
        [RECORD_UNSOLICITED] = "unsolicited", [RECORD_MALFORMED] = "malformed",
        [RECORD_FILTERED] = "filtered",
    };

    return names[outcome];
}

bool record_fields_parse(const char *text, uint8_t fields[RECORD_FIELD_COUNT], unsigned *n, struct diag *diag)
{
    bool taken[RECORD_FIELD_COUNT] = {false};
    size_t at = 0;

    for (*n = 0;; at++) {
        at += strspn(text + at, " ");
        size_t end = at + strcspn(text + at, ","), len = end - at;
        while (len > 0 && text[at + len - 1] == ' ')
            len--;
        struct span where = {(uint32_t)at, (uint32_t)len};
        unsigned field;

        if (!filter_field_find(&record_filter_fields, text + at, len, where, &field, diag))
            return false;
        if (taken[field])
            return diag_set(diag, where, "'%s' stands here twice", record_field_name(field));
        taken[field] = true;
        fields[(*n)++] = (uint8_t)field;
        at = end;
        if (text[at] == '\0')
            return true;
    }
}

// ---- layers

static int record_network(const struct view *view, unsigned first)
{
    for (unsigned i = first; i < view->n && !view->layers[i].quoted; i++) {
        uint8_t id = view->layers[i].id;

        if (id == LAYER_IP || id == LAYER_IPV6 || id == LAYER_ARP)
            return (int)i;
    }
    return -1;
}

static bool record_is_extension(uint8_t id)
{
    return id == LAYER_IPV6_EXT_HOP_BY_HOP || id == LAYER_IPV6_EXT_DEST_OPT || id == LAYER_IPV6_EXT_ROUTING ||
           id == LAYER_IPV6_EXT_SEGMENTS || id == LAYER_IPV6_EXT_FRAGMENT;
}

// What stands on IP, or on IPv6 and its extension headers.
static int record_transport(const struct view *view, int network)
{
    unsigned i = (unsigned)network + 1;

    if (network < 0 || view->layers[network].id == LAYER_ARP)
        return -1;
    while (i < view->n && record_is_extension(view->layers[i].id))
        i++;
    return i < view->n ? (int)i : -1;
}

void record_read(struct record_read *read, const struct record *record, const struct services *services)
{
    read->record = record;
    read->services = services;
    read->network = read->transport = read->response_network = read->response_transport = -1;
    if (record->stimulus != NULL) {
        read->network = record_network(record->stimulus, record->stimulus_first);
        read->transport = record_transport(record->stimulus, read->network);
    }
    if (record->response != NULL) {
        read->response_network = record_network(record->response, record->response_first);
        read->response_transport = record_transport(record->response, read->response_network);
    }
}

// ---- values

static void record_number(struct filter_value *value, uint64_t number)
{
    value->kind = FILTER_NUMBER;
    value->number = number;
}

static void record_known(struct filter_value *value, uint64_t number)
{
    if (number != 0)
        record_number(value, number);
}

static void record_text(struct filter_value *value, const char *text)
{
    value->kind = FILTER_TEXT;
    value->text = text;
    value->len = (uint32_t)strlen(text);
}

static void record_address4(struct filter_value *value, const uint8_t *bytes)
{
    value->kind = FILTER_ADDRESS;
    value->address = (struct address){.value = get32(bytes), .family = 4};
}

static void record_address6(struct filter_value *value, const uint8_t *bytes)
{
    value->kind = FILTER_ADDRESS;
    value->address = (struct address){.value = get128(bytes), .family = 6};
}

// Whether the layer is there with that many bytes of header.
static bool record_has(const struct view *view, int layer, unsigned bytes)
{
    return layer >= 0 && view->layers[layer].header_bytes >= bytes;
}

// RFC 826: psrc stands behind hwsrc, pdst behind hwdst.
static void record_arp(struct filter_value *value, const struct view *view, int layer, bool destination)
{
    const uint8_t *arp = view_header(view, (unsigned)layer);

    if (!record_has(view, layer, ARP_HWSRC) || get16(arp + ARP_PTYPE) != ARP_IPV4 || arp[ARP_PLEN] != 4)
        return;
    unsigned at = ARP_HWSRC + arp[ARP_HWLEN] + (destination ? arp[ARP_HWLEN] + 4u : 0);
    if (record_has(view, layer, at + 4))
        record_address4(value, arp + at);
}

static void record_address(struct filter_value *value, const struct view *view, int layer, bool destination)
{
    if (layer < 0)
        return;
    const uint8_t *header = view_header(view, (unsigned)layer);
    switch (view->layers[layer].id) {
    case LAYER_IP:
        if (record_has(view, layer, IP_BYTES))
            record_address4(value, header + (destination ? IP_DST : IP_SRC));
        break;
    case LAYER_IPV6:
        if (record_has(view, layer, IPV6_BYTES))
            record_address6(value, header + (destination ? IPV6_DST : IPV6_SRC));
        break;
    default:
        record_arp(value, view, layer, destination);
    }
}

// What IP, or the last of IPv6's extension headers, says that it carries. -1: there is no such layer.
static int record_protocol(const struct view *view, int network)
{
    if (record_has(view, network, IP_BYTES) && view->layers[network].id == LAYER_IP)
        return view_header(view, (unsigned)network)[IP_PROTO];
    if (!record_has(view, network, IPV6_BYTES) || view->layers[network].id != LAYER_IPV6)
        return -1;
    uint8_t next = view_header(view, (unsigned)network)[IPV6_NH];
    for (unsigned i = (unsigned)network + 1; i < view->n && record_is_extension(view->layers[i].id); i++)
        next = view_header(view, i)[0]; // of each, RFC 8200 4
    return next;
}

static void record_proto(struct record_read *read, struct filter_value *value)
{
    int protocol = -1;

    if (read->network >= 0 && read->record->stimulus->layers[read->network].id == LAYER_ARP) {
        record_text(value, "arp");
        return;
    }
    if (read->network >= 0)
        protocol = record_protocol(read->record->stimulus, read->network);
    if (protocol < 0)
        return;
    if (record_protocols[protocol] != NULL) {
        record_text(value, record_protocols[protocol]);
        return;
    }
    struct text number = text_in(read->number, sizeof(read->number));
    text_add(&number, "%d", protocol);
    record_text(value, read->number);
}

static void record_port(const struct record_read *read, struct filter_value *value, unsigned at)
{
    const struct view *view = read->record->stimulus;

    if (read->transport < 0 || !record_has(view, read->transport, PORT_BYTES))
        return;
    uint8_t id = view->layers[read->transport].id;
    if (id == LAYER_TCP || id == LAYER_UDP || id == LAYER_SCTP)
        record_number(value, get16(view_header(view, (unsigned)read->transport) + at));
}

static void record_vlan(const struct record_read *read, struct filter_value *value)
{
    const struct view *view = read->record->stimulus;

    for (unsigned i = view != NULL ? read->record->stimulus_first : 0; view != NULL && i < view->n; i++) {
        uint8_t id = view->layers[i].id;

        if (id == LAYER_IP || id == LAYER_IPV6 || id == LAYER_ARP)
            return;
        if ((id == LAYER_DOT1Q || id == LAYER_DOT1AD) && record_has(view, (int)i, 2)) {
            record_number(value, get16(view_header(view, i)) & VLAN_ID);
            return;
        }
    }
}

static void record_ttl(const struct view *view, int network, struct filter_value *value)
{
    if (record_has(view, network, IP_BYTES) && view->layers[network].id == LAYER_IP)
        record_number(value, view_header(view, (unsigned)network)[IP_TTL]);
    else if (record_has(view, network, IPV6_BYTES) && view->layers[network].id == LAYER_IPV6)
        record_number(value, view_header(view, (unsigned)network)[IPV6_HLIM]);
}

// What is there, or more if the header says so: a capture may hold less of a frame than there was.
static void record_len(const struct view *view, int network, struct filter_value *value)
{
    if (network < 0)
        return;
    const struct view_layer *layer = &view->layers[network];
    const uint8_t *header = view_header(view, (unsigned)network);
    unsigned len = (unsigned)layer->end - layer->start, said = 0;
    if (layer->id == LAYER_IP && record_has(view, network, IP_BYTES))
        said = get16(header + IP_LEN);
    else if (layer->id == LAYER_IPV6 && record_has(view, network, IPV6_BYTES))
        said = IPV6_BYTES + (unsigned)get16(header + IPV6_PLEN);
    record_number(value, said > len ? said : len);
}

static void record_flags(const struct view *view, int transport, struct filter_value *value)
{
    if (!record_has(view, transport, TCP_FLAGS_AT + 2) || view->layers[transport].id != LAYER_TCP)
        return;
    value->kind = FILTER_FLAGS;
    value->number = get16(view_header(view, (unsigned)transport) + TCP_FLAGS_AT) & TCP_FLAGS;
}

// Type and code are the first bytes of every message of either protocol (RFC 792, RFC 4443 2.1).
static void record_icmp(const struct record_read *read, struct filter_value *value, unsigned at)
{
    const struct view *view = read->record->response;
    int layer = read->response_transport;

    if (!record_has(view, layer, 2) || view->layers[layer].id == LAYER_RAW ||
        view->layers[layer].id == LAYER_PADDING)
        return;
    int protocol = record_protocol(view, read->response_network);
    uint8_t network = view->layers[read->response_network].id;
    if (protocol == (network == LAYER_IP ? PROTO_ICMP : PROTO_ICMPV6))
        record_number(value, view_header(view, (unsigned)layer)[at]);
}

static void record_summary(struct record_read *read, bool response, struct filter_value *value)
{
    struct text line = text_in(read->summaries[response], RECORD_SUMMARY_MAX);
    struct view packet = response ? *read->record->response : *read->record->stimulus;
    unsigned first = response ? read->record->response_first : read->record->stimulus_first;

    // What fills a short frame up to Ethernet's least length is no part of the packet.
    if (packet.n > first + 1 && packet.layers[packet.n - 1].id == LAYER_PADDING)
        packet.n--;
    summarise(&packet, first, read->services, &line);
    value->kind = FILTER_TEXT;
    value->text = line.s;
    value->len = (uint32_t)line.len;
}

static void record_of_probe(const struct record *record, enum record_field field, struct filter_value *value)
{
    switch (field) {
    case RECORD_PROBE:
        record_number(value, record->probe);
        break;
    case RECORD_ATTEMPT:
        record_known(value, record->attempt);
        break;
    case RECORD_ANSWER:
        record_known(value, record->answer);
        break;
    case RECORD_OUTCOME:
        record_text(value, record_outcome_name(record->outcome));
        break;
    case RECORD_SENT_NS:
        record_known(value, record->sent_ns);
        break;
    case RECORD_RECEIVED_NS:
        record_known(value, record->received_ns);
        break;
    case RECORD_RTT_NS: // clocks of captures may disagree: nothing comes before it was asked for
        if (record->sent_ns != 0 && record->received_ns != 0)
            record_number(value,
                          record->received_ns > record->sent_ns ? record->received_ns - record->sent_ns : 0);
        break;
    case RECORD_STIMULUS_FRAME:
        record_number(value, record->stimulus_frame);
        break;
    default:
        record_number(value, record->answer_frame);
    }
}

static void record_of_stimulus(struct record_read *read, enum record_field field, struct filter_value *value)
{
    const struct view *stimulus = read->record->stimulus;

    if (stimulus == NULL)
        return;
    switch (field) {
    case RECORD_SRC:
    case RECORD_DST:
        record_address(value, stimulus, read->network, field == RECORD_DST);
        break;
    case RECORD_SPORT:
        record_port(read, value, 0);
        break;
    case RECORD_DPORT:
        record_port(read, value, 2);
        break;
    case RECORD_PROTO:
        record_proto(read, value);
        break;
    case RECORD_VLAN:
        record_vlan(read, value);
        break;
    default:
        record_summary(read, false, value);
    }
}

static void record_of_response(struct record_read *read, enum record_field field, struct filter_value *value)
{
    const struct view *response = read->record->response;
    int network = read->response_network;

    if (response == NULL)
        return;
    switch (field) {
    case RECORD_CLASS:
        record_text(value, class_name(class_of(response)));
        break;
    case RECORD_RESPONDER:
        record_address(value, response, network, false);
        break;
    case RECORD_TTL:
        record_ttl(response, network, value);
        break;
    case RECORD_LEN:
        record_len(response, network, value);
        break;
    case RECORD_FLAGS:
        record_flags(response, read->response_transport, value);
        break;
    case RECORD_TYPE:
    case RECORD_CODE:
        record_icmp(read, value, field == RECORD_CODE);
        break;
    default:
        record_summary(read, true, value);
    }
}

void record_value(void *context, unsigned field, struct filter_value *value)
{
    struct record_read *read = context;

    switch ((enum record_field)field) {
    case RECORD_SRC:
    case RECORD_DST:
    case RECORD_SPORT:
    case RECORD_DPORT:
    case RECORD_PROTO:
    case RECORD_VLAN:
    case RECORD_STIMULUS:
        record_of_stimulus(read, (enum record_field)field, value);
        break;
    case RECORD_CLASS:
    case RECORD_RESPONDER:
    case RECORD_TTL:
    case RECORD_LEN:
    case RECORD_FLAGS:
    case RECORD_TYPE:
    case RECORD_CODE:
    case RECORD_RESPONSE:
        record_of_response(read, (enum record_field)field, value);
        break;
    default:
        record_of_probe(read->record, (enum record_field)field, value);
    }
}

void record_value_text(struct record_read *read, enum record_field field, struct text *text)
{
    struct filter_value value = {.kind = FILTER_NULL};
    char plain[RECORD_TEXT_MAX];

    record_value(read, field, &value);
    if (value.kind == FILTER_TEXT)
        text_add(text, "%.*s", (int)value.len, value.text);
    else
        text_add(text, "%.*s", (int)(record_text_plain(plain, &value) - plain), plain);
}
