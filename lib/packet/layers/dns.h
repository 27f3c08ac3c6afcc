// What the layers of DNS, and those of its form, have in common (RFC 1035).
#ifndef VOLLEY_PACKET_LAYERS_DNS_H
#define VOLLEY_PACKET_LAYERS_DNS_H

#include "packet/codec.h"
#include "packet/codec_dns.h"

extern const struct name dns_query_types[];
extern const struct name dns_classes[];
extern const struct name dns_algorithms[];
extern const struct name dns_digests[];
extern const struct name dns_option_codes[];
extern const struct name dns_errors[];

extern const struct packets_desc dns_questions;    // DNSQR; one by default
extern const struct packets_desc dns_no_questions; // none by default
extern const struct packets_desc dns_records;      // DNSRR and its kin

// clang-format off
#define DNS_NAME(name_, meaning_)                                                                                   \
    {name_, 0, FIELD_CODED, .codec = &codec_dns_name, .preset_bytes = "", .preset_len = 1, .meaning = meaning_}

// Class and, since mDNS, the bit above it (RFC 6762 10.2).
#define DNS_CLASS                                                                                                   \
    {"cacheflush", 1, FIELD_NUMBER, .meaning = "older records of the name are void (mDNS)"},                        \
    {"rclass", 15, FIELD_NUMBER, .preset = 1, .names = dns_classes, .meaning = "class"}

#define DNS_TTL                                                                                                     \
    {"ttl", 32, FIELD_NUMBER, .meaning = "seconds it may be kept"},                                                 \
    {"rdlen", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_REST}, .meaning = "the rest, in bytes"}

#define DNS_RECORD(type_)                                                                                           \
    DNS_NAME("rrname", "whose record it is"),                                                                       \
    {"type", 16, FIELD_NUMBER, .preset = (type_), .names = dns_types, .meaning = "what the record holds"},          \
    DNS_CLASS, DNS_TTL

// A string and before it its length in `bits` bits.
#define DNS_STRING(length_name, bits_, name_, next_, meaning_)                                                      \
    {length_name, bits_, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_FIELD, .field = (next_)},   \
     .meaning = "bytes of " name_},                                                                                 \
    {name_, 0, FIELD_BYTES, .meaning = meaning_}

// From the return code on; `qd` is the field's number.
#define DNS_SECTIONS(qd_, questions)                                                                                \
    {"rcode", 4, FIELD_NUMBER, .names = dns_rcodes, .meaning = "return code"},                                      \
    {"qdcount", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_COUNT, .field = (qd_)},          \
     .meaning = "questions"},                                                                                       \
    {"ancount", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_COUNT, .field = (qd_) + 1},      \
     .meaning = "answers"},                                                                                         \
    {"nscount", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_COUNT, .field = (qd_) + 2},      \
     .meaning = "authorities"},                                                                                     \
    {"arcount", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_COUNT, .field = (qd_) + 3},      \
     .meaning = "additional records"},                                                                              \
    {"qd", 0, FIELD_PACKETS, .packets = (questions), .meaning = "what is asked: DNSQR(...)"},                       \
    {"an", 0, FIELD_PACKETS, .packets = &dns_records, .meaning = "answers: DNSRR(...)"},                            \
    {"ns", 0, FIELD_PACKETS, .packets = &dns_records, .meaning = "servers that know: DNSRR(...)"},                  \
    {"ar", 0, FIELD_PACKETS, .packets = &dns_records, .meaning = "more that helps: DNSRR(...), DNSRROPT(...)"}

#define DNS_RECORD_LAYER(symbol, name_, title_, meaning_)                                                           \
    const struct layer_desc layer_##symbol = {                                                                      \
        .name = name_,                                                                                              \
        .title = title_,                                                                                            \
        .meaning = meaning_,                                                                                        \
        .fields = symbol##_fields,                                                                                  \
        .n_fields = ARRAY_SIZE(symbol##_fields),                                                                    \
    }
// clang-format on

extern const struct name dns_rcodes[];

// The first element of the questions or answers of a message, for summaries.
struct dns_first {
    const uint8_t *message;
    uint32_t message_len;
    struct fields at;
    enum layer_id id;
};

// False: there is none.
bool dns_first(const struct view *view, unsigned i, unsigned field, struct dns_first *first);
// A DNSRR's data as Scapy's summaries have it.
void dns_data_text(const struct dns_first *record, struct text *text);
void dns_name_text(const struct dns_first *of, unsigned field, struct text *text);

enum { DNSQR_QNAME, DNSQR_QTYPE };
enum { DNSRR_RRNAME, DNSRR_TYPE, DNSRR_CACHEFLUSH, DNSRR_RCLASS, DNSRR_TTL, DNSRR_RDLEN, DNSRR_RDATA };

#endif
