// Questions and records of DNS (RFC 1035 4.1, and where noted), but for DNSSEC's (dns_sec.c) and EDNS0's (dns_edns.c).
#include "packet/layers/dns.h"

#include "base/address.h"
#include "packet/bytes.h"

#include <string.h>

enum { TYPE_A = 1, TYPE_TXT = 16, TYPE_AAAA = 28, TYPE_DNAME = 39 };

// ---- which is which

static uint8_t dns_which_question(const uint8_t *p, uint32_t avail)
{
    (void)p;
    (void)avail;
    return LAYER_DNSQR;
}

static const struct {
    uint16_t type;
    uint8_t id;
} dns_types_of_layers[] = {
    {6, LAYER_DNSRRSOA},    {13, LAYER_DNSRRHINFO},  {15, LAYER_DNSRRMX},    {33, LAYER_DNSRRSRV},
    {35, LAYER_DNSRRNAPTR}, {41, LAYER_DNSRROPT},    {43, LAYER_DNSRRDS},    {46, LAYER_DNSRRRSIG},
    {47, LAYER_DNSRRNSEC},  {48, LAYER_DNSRRDNSKEY}, {50, LAYER_DNSRRNSEC3}, {51, LAYER_DNSRRNSEC3PARAM},
    {64, LAYER_DNSRRSVCB},  {65, LAYER_DNSRRHTTPS},  {250, LAYER_DNSRRTSIG}, {32769, LAYER_DNSRRDLV},
};

static uint8_t dns_which_record(const uint8_t *p, uint32_t avail)
{
    uint32_t name = codec_dns_name_extent(p, avail);

    if (name == UINT32_MAX || avail - name < 10)
        return LAYER_NONE;
    for (unsigned i = 0; i < ARRAY_SIZE(dns_types_of_layers); i++) {
        if (dns_types_of_layers[i].type == get16(p + name))
            return dns_types_of_layers[i].id;
    }
    return LAYER_DNSRR;
}

const struct packets_desc dns_questions = {.preset = LAYER_DNSQR, .which = dns_which_question};
const struct packets_desc dns_no_questions = {.which = dns_which_question};
const struct packets_desc dns_records = {.which = dns_which_record};

// ---- questions

static const struct field_desc dns_qr_fields[] = {
    {"qname", 0, FIELD_CODED, .codec = &codec_dns_name, .preset_bytes = "\3www\7example\3com",
     .preset_len = 17, .meaning = "the name that is asked for"},
    {"qtype", 16, FIELD_NUMBER, .preset = TYPE_A, .names = dns_query_types, .meaning = "type of the records"},
    {"unicastresponse", 1, FIELD_NUMBER, .meaning = "the answer is to come to the asker alone (mDNS)"},
    {"qclass", 15, FIELD_NUMBER, .preset = 1, .names = dns_classes, .meaning = "class"},
};

DNS_RECORD_LAYER(dns_qr, "DNSQR", "DNS Question Record", "a question of DNS (RFC 1035 4.1.2)");

// ---- records

static uint64_t dns_type(const struct fields *at)
{
    return fields_get(at, DNSRR_TYPE);
}

static bool dns_is_a(const struct fields *at)
{
    return dns_type(at) == TYPE_A;
}

static bool dns_is_aaaa(const struct fields *at)
{
    return dns_type(at) == TYPE_AAAA;
}

// NS, MD, MF, CNAME, PTR, DNAME
static bool dns_is_name(const struct fields *at)
{
    uint64_t type = dns_type(at);

    return (type >= 2 && type <= 5) || type == 12 || type == TYPE_DNAME;
}

static bool dns_is_text(const struct fields *at)
{
    return dns_type(at) == TYPE_TXT;
}

static bool dns_is_bytes(const struct fields *at)
{
    return !dns_is_a(at) && !dns_is_aaaa(at) && !dns_is_name(at) && !dns_is_text(at);
}

static const struct field_desc dns_rr_fields[] = {
    DNS_NAME("rrname", "whose record it is"),
    {"type", 16, FIELD_NUMBER, .layout = true, .preset = TYPE_A, .names = dns_types,
     .meaning = "what the record holds"},
    DNS_CLASS,
    DNS_TTL,
    {"rdata", 32, FIELD_IPV4, .present = dns_is_a, .meaning = "A: an address"},
    {"rdata", 128, FIELD_IPV6, .present = dns_is_aaaa, .meaning = "AAAA: an address"},
    {"rdata", 0, FIELD_CODED, .codec = &codec_dns_name, .preset_bytes = "", .preset_len = 1,
     .present = dns_is_name, .meaning = "NS, CNAME, PTR, DNAME ...: a name"},
    {"rdata", 0, FIELD_CODED, .codec = &codec_dns_strings, .preset_bytes = "", .preset_len = 1,
     .present = dns_is_text, .meaning = "TXT: a list of strings"},
    {"rdata", 0, FIELD_BYTES, .present = dns_is_bytes, .meaning = "bytes"},
};

static const struct field_desc dns_rrhinfo_fields[] = {
    DNS_RECORD(13),
    DNS_STRING("cpulen", 8, "cpu", 7, "kind of processor"),
    DNS_STRING("oslen", 8, "os", 9, "operating system"),
};

static const struct field_desc dns_rrmx_fields[] = {
    DNS_RECORD(15),
    {"preference", 16, FIELD_NUMBER, .meaning = "the lowest is tried first"},
    DNS_NAME("exchange", "host that takes mail"),
};

static const struct field_desc dns_rrsoa_fields[] = {
    DNS_NAME("rrname", "whose record it is"),
    {"type", 16, FIELD_NUMBER, .preset = 6, .names = dns_types, .meaning = "what the record holds"},
    {"rclass", 16, FIELD_NUMBER, .preset = 1, .names = dns_classes, .meaning = "class"},
    DNS_TTL,
    DNS_NAME("mname", "the zone's primary server"),
    DNS_NAME("rname", "mailbox of who runs it"),
    {"serial", 32, FIELD_NUMBER, .meaning = "the zone's version"},
    {"refresh", 32, FIELD_NUMBER, .meaning = "seconds between refreshes"},
    {"retry", 32, FIELD_NUMBER, .meaning = "seconds until a failed one is repeated"},
    {"expire", 32, FIELD_NUMBER, .meaning = "seconds until the zone is given up"},
    {"minimum", 32, FIELD_NUMBER, .meaning = "seconds that its negative answers may be kept"},
};

static const struct field_desc dns_rrsrv_fields[] = {
    DNS_RECORD(33),
    {"priority", 16, FIELD_NUMBER, .meaning = "the lowest is tried first"},
    {"weight", 16, FIELD_NUMBER, .meaning = "share among those of one priority"},
    {"port", 16, FIELD_NUMBER, .meaning = "of the service"},
    DNS_NAME("target", "host of the service"),
};

static const struct field_desc dns_rrnaptr_fields[] = {
    DNS_RECORD(35),
    {"order", 16, FIELD_NUMBER, .meaning = "the lowest is tried first"},
    {"preference", 16, FIELD_NUMBER, .meaning = "among those of one order"},
    DNS_STRING("flags_len", 8, "flags", 9, "how to go on"),
    DNS_STRING("services_len", 8, "services", 11, "services and protocols"),
    DNS_STRING("regexp_len", 8, "regexp", 13, "substitution"),
    DNS_NAME("replacement", "the next name"),
};

DNS_RECORD_LAYER(dns_rr, "DNSRR", "DNS Resource Record", "a record of DNS (RFC 1035 4.1.3)");
DNS_RECORD_LAYER(dns_rrhinfo, "DNSRRHINFO", "DNS HINFO Resource Record", "a host's kind (RFC 1035 3.3.2)");
DNS_RECORD_LAYER(dns_rrmx, "DNSRRMX", "DNS MX Resource Record", "a host for mail (RFC 1035 3.3.9)");
DNS_RECORD_LAYER(dns_rrsoa, "DNSRRSOA", "DNS SOA Resource Record", "start of a zone (RFC 1035 3.3.13)");
DNS_RECORD_LAYER(dns_rrsrv, "DNSRRSRV", "DNS SRV Resource Record", "where a service is (RFC 2782)");
DNS_RECORD_LAYER(dns_rrnaptr, "DNSRRNAPTR", "DNS NAPTR Resource Record",
                 "a rule that rewrites names (RFC 3403)");

// ---- text

void dns_name_text(const struct dns_first *of, unsigned field, struct text *text)
{
    codec_dns_name.print(of->message, of->message_len, of->at.bytes + of->at.bit[field] / 8,
                         of->at.bits[field] / 8, text);
}

void dns_data_text(const struct dns_first *record, struct text *text)
{
    const struct field_desc *fields = layer_get(LAYER_DNSRR)->fields;
    char buffer[ADDRESS_TEXT_MAX];
    unsigned f = DNSRR_RDATA;

    while (f < layer_get(LAYER_DNSRR)->n_fields && record->at.bit[f] == FIELD_ABSENT)
        f++;
    if (f == layer_get(LAYER_DNSRR)->n_fields)
        return;
    const uint8_t *p = record->at.bytes + record->at.bit[f] / 8;
    uint32_t len = record->at.bits[f] / 8;
    if (fields[f].codec != NULL) {
        fields[f].codec->print(record->message, record->message_len, p, len, text);
    } else if (fields[f].kind == FIELD_BYTES) {
        text_add_bytes(text, p, len);
    } else {
        struct address address = address_from_bytes(fields[f].kind == FIELD_IPV4 ? 4 : 6, p);

        address_format(&address, buffer);
        text_add(text, "%s", buffer);
    }
}
