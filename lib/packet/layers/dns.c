// Domain Name System (RFC 1035) and multicast DNS (RFC 6762): the message. Its records are in dns_record.c.
#include "packet/layers/dns.h"

#include <strings.h>

#include "packet/bytes.h"

enum {
    DNS_LENGTH,
    DNS_ID,
    DNS_QR,
    DNS_OPCODE,
    DNS_AA,
    DNS_TC,
    DNS_RD,
    DNS_RA,
    DNS_Z,
    DNS_AD,
    DNS_CD,
    DNS_RCODE,
    DNS_QDCOUNT,
    DNS_ANCOUNT,
    DNS_NSCOUNT,
    DNS_ARCOUNT,
    DNS_QD,
    DNS_AN
};
enum { DNS_NAME_MAX = 1024 };
enum { DNS_PORT = 53, DNS_MULTICAST_PORT = 5353, DNS_HEADER_BYTES = 12, DNS_LENGTH_BYTES = 2 };

static const struct name dns_opcodes[] = {{0, "QUERY"}, {1, "IQUERY"}, {2, "STATUS"}, {0, NULL}};

const struct name dns_rcodes[] = {{0, "ok"},         {1, "format-error"},    {2, "server-failure"},
                                  {3, "name-error"}, {4, "not-implemented"}, {5, "refused"},
                                  {0, NULL}};

// On TCP, messages follow one another (RFC 1035 4.2.2).
static bool dns_on_tcp(const struct fields *at)
{
    return at->below == LAYER_TCP;
}

static const struct field_desc dns_fields[] = {
    {"length", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .present = dns_on_tcp,
     .length = {.of = LENGTH_REST}, .meaning = "of the message, in bytes; on TCP"},
    {"id", 16, FIELD_NUMBER, .meaning = "echoed"},
    {"qr", 1, FIELD_NUMBER, .meaning = "1: a response"},
    {"opcode", 4, FIELD_NUMBER, .names = dns_opcodes, .meaning = "kind of query"},
    {"aa", 1, FIELD_NUMBER, .meaning = "the answer is authoritative"},
    {"tc", 1, FIELD_NUMBER, .meaning = "the message is truncated"},
    {"rd", 1, FIELD_NUMBER, .preset = 1, .meaning = "recursion is desired"},
    {"ra", 1, FIELD_NUMBER, .meaning = "recursion is available"},
    {"z", 1, FIELD_NUMBER, .meaning = "0"},
    {"ad", 1, FIELD_NUMBER, .meaning = "the data are authentic (DNSSEC)"},
    {"cd", 1, FIELD_NUMBER, .meaning = "checking is disabled (DNSSEC)"},
    DNS_SECTIONS(DNS_QD, &dns_questions),
};

// clang-format off
#define DNS_ON(layer, port)                                            \
    {.lower = (layer), .field = "dport", .value = (port), .use = BINDING_READ}, \
    {.lower = (layer), .field = "sport", .value = (port), .use = BINDING_READ}
// clang-format on

static const struct binding dns_bindings[] = {
    DNS_ON(LAYER_UDP, DNS_PORT),
    DNS_ON(LAYER_UDP, DNS_MULTICAST_PORT),
    DNS_ON(LAYER_TCP, DNS_PORT),
    // UDP's source port is 53 without being asked for, and so stays open for a tag.
    {.lower = LAYER_UDP, .field = "dport", .value = DNS_PORT, .use = BINDING_BUILD},
    {.lower = LAYER_TCP, .field = "sport", .value = DNS_PORT, .use = BINDING_BUILD},
    {0},
};

static uint32_t dns_message(const struct fields *at)
{
    return dns_on_tcp(at) ? DNS_LENGTH_BYTES : 0;
}

bool dns_first(const struct view *view, unsigned i, unsigned field, struct dns_first *first)
{
    const struct view_layer *layer = &view->layers[i];
    const struct layer_desc *desc = layer_get((enum layer_id)layer->id);
    struct fields at = {
        .bytes = view->bytes,
        .start = layer->start,
        .end = layer->end,
        .below = i == 0 ? LAYER_NONE : view->layers[i - 1].id,
    };
    uint8_t id;

    if (!fields_place(&at, desc, 0))
        return false;
    uint32_t from = at.bit[field] / 8,
             len = fields_element(&at, desc, field, from, from + at.bits[field] / 8, 0, &id);
    if (len == 0)
        return false;
    uint32_t message = at.start + (desc->message == NULL ? 0 : desc->message(&at));
    *first = (struct dns_first){
        .message = view->bytes + message,
        .message_len = at.end - message,
        .at = {.bytes = view->bytes, .start = from, .end = from + len},
        .id = (enum layer_id)id,
    };
    return fields_place(&first->at, layer_get(first->id), 1);
}

// As newer Scapy: the first question of a query, the data of the first answer.
static bool dns_summary(const struct view *view, unsigned i, const struct services *services,
                        struct text *text)
{
    const uint8_t *udp = i > 0 && view->layers[i - 1].id == LAYER_UDP ? view_header(view, i - 1) : NULL;
    uint32_t before = i > 0 && view->layers[i - 1].id == LAYER_TCP ? DNS_LENGTH_BYTES : 0;
    uint16_t flags = get16(view_header(view, i) + before + 2);
    bool response = flags >> 15;
    struct dns_first first;

    (void)services;
    text_add(text, "%sDNS %s", udp != NULL && get16(udp + 2) == DNS_MULTICAST_PORT ? "m" : "",
             response ? "Ans" : "Qry");
    bool has = dns_first(view, i, response ? DNS_AN : DNS_QD, &first);
    if (has && first.id == (response ? LAYER_DNSRR : LAYER_DNSQR)) {
        text_add(text, " ");
        response ? dns_data_text(&first, text) : dns_name_text(&first, DNSQR_QNAME, text);
    } else if (response && (flags & 15) != 0) {
        const char *name = name_of(dns_rcodes, flags & 15);

        name != NULL ? text_add(text, " %s", name) : text_add(text, " %u", flags & 15);
    }
    return true;
}

// The first question of a message: the bytes of its name, or UINT32_MAX if there is none.
static uint32_t dns_question(const struct view *view, unsigned i, uint8_t name[DNS_NAME_MAX], uint64_t *type)
{
    struct dns_first first;

    if (!dns_first(view, i, DNS_QD, &first) || first.id != LAYER_DNSQR)
        return UINT32_MAX;
    *type = fields_get(&first.at, DNSQR_QTYPE);
    return codec_dns_name_read(first.message, first.message_len,
                               first.at.bytes + first.at.bit[DNSQR_QNAME] / 8, name, DNS_NAME_MAX);
}

// Resolvers repeat the question (RFC 1035 4.1.2), its name in any case (2.3.3); where one says none, there is nothing to compare.
static bool dns_same_question(const struct view *r, unsigned ri, const struct view *s, unsigned si)
{
    uint8_t asked[DNS_NAME_MAX], repeated[DNS_NAME_MAX];
    uint64_t asked_type = 0, repeated_type = 0;
    uint32_t n = dns_question(s, si, asked, &asked_type), m = dns_question(r, ri, repeated, &repeated_type);

    if (n == UINT32_MAX || m == UINT32_MAX)
        return true;
    return n == m && asked_type == repeated_type &&
           strncasecmp((const char *)asked, (const char *)repeated, n) == 0;
}

static bool dns_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                        const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_DNS)
        return false;
    uint32_t r_at = ri > 0 && r->layers[ri - 1].id == LAYER_TCP ? DNS_LENGTH_BYTES : 0;
    uint32_t s_at = si > 0 && s->layers[si - 1].id == LAYER_TCP ? DNS_LENGTH_BYTES : 0;

    if (r->layers[ri].header_bytes < r_at + DNS_HEADER_BYTES ||
        s->layers[si].header_bytes < s_at + DNS_HEADER_BYTES)
        return false;
    const uint8_t *rp = view_header(r, ri) + r_at, *sp = view_header(s, si) + s_at;
    return get16(rp) == get16(sp) && (rp[2] & 0x80) != 0 && (sp[2] & 0x80) == 0 &&
           (rules->scapy || dns_same_question(r, ri, s, si));
}

const struct layer_desc layer_dns = {
    .name = "DNS",
    .meaning = "Domain Name System (RFC 1035)",
    .bindings = dns_bindings,
    .fields = dns_fields,
    .n_fields = ARRAY_SIZE(dns_fields),
    .summary = dns_summary,
    .message = dns_message,
    .answers = dns_answers,
};
