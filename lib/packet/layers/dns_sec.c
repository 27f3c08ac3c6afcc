// Records of DNSSEC (RFC 4034, RFC 5155) and of transaction signatures (RFC 8945).
#include "packet/layers/dns.h"

// clang-format off
#define DNS_ALGORITHM {"algorithm", 8, FIELD_NUMBER, .preset = 5, .names = dns_algorithms, .meaning = "of the key"}
#define DNS_TYPE_MAPS                                                                                               \
    {"typebitmaps", 0, FIELD_CODED, .codec = &codec_dns_types, .meaning = "types that the name has: [1,\"MX\"]"}

#define DNS_SIGNER(type_)                                                                                           \
    {                                                                                                               \
        DNS_RECORD(type_),                                                                                          \
        {"keytag", 16, FIELD_NUMBER, .meaning = "which key"},                                                       \
        DNS_ALGORITHM,                                                                                              \
        {"digesttype", 8, FIELD_NUMBER, .preset = 5, .names = dns_digests, .meaning = "kind of digest"},            \
        {"digest", 0, FIELD_BYTES, .meaning = "of the key"},                                                        \
    }
// clang-format on

static const struct name dns_opt_out[] = {{1, "Opt-Out"}, {0, NULL}};

static const struct field_desc dns_rrrsig_fields[] = {
    DNS_RECORD(46),
    {"typecovered", 16, FIELD_NUMBER, .preset = 1, .names = dns_types,
     .meaning = "type of the records signed"},
    DNS_ALGORITHM,
    {"labels", 8, FIELD_NUMBER, .meaning = "of the name"},
    {"originalttl", 32, FIELD_NUMBER, .meaning = "ttl in the zone"},
    {"expiration", 32, FIELD_NUMBER, .meaning = "seconds since 1970"},
    {"inception", 32, FIELD_NUMBER, .meaning = "seconds since 1970"},
    {"keytag", 16, FIELD_NUMBER, .meaning = "which key"},
    DNS_NAME("signersname", "whose key"),
    {"signature", 0, FIELD_BYTES, .meaning = "the signature"},
};

static const struct field_desc dns_rrnsec_fields[] = {
    DNS_RECORD(47),
    DNS_NAME("nextname", "the zone's next name"),
    DNS_TYPE_MAPS,
};

static const struct field_desc dns_rrdnskey_fields[] = {
    DNS_RECORD(48),
    {"flags", 16, FIELD_FLAGS, .preset = 256, .letters = "S???????Z???????",
     .meaning = "S: entry point, Z: zone key"},
    {"protocol", 8, FIELD_NUMBER, .preset = 3, .meaning = "3"},
    DNS_ALGORITHM,
    {"publickey", 0, FIELD_BYTES, .meaning = "the key"},
};

static const struct field_desc dns_rrds_fields[] = DNS_SIGNER(43);
static const struct field_desc dns_rrdlv_fields[] = DNS_SIGNER(32769);

static const struct field_desc dns_rrnsec3_fields[] = {
    DNS_RECORD(50),
    {"hashalg", 8, FIELD_NUMBER, .meaning = "1: SHA-1"},
    {"flags", 8, FIELD_NUMBER, .names = dns_opt_out, .meaning = "1: unsigned delegations may be left out"},
    {"iterations", 16, FIELD_NUMBER, .meaning = "of the hash, beyond the first"},
    DNS_STRING("saltlength", 8, "salt", 10, "salt of the hash"),
    DNS_STRING("hashlength", 8, "nexthashedownername", 12, "hash of the next name"),
    DNS_TYPE_MAPS,
};

static const struct field_desc dns_rrnsec3param_fields[] = {
    DNS_RECORD(51),
    {"hashalg", 8, FIELD_NUMBER, .meaning = "1: SHA-1"},
    {"flags", 8, FIELD_NUMBER, .meaning = "0"},
    {"iterations", 16, FIELD_NUMBER, .meaning = "of the hash, beyond the first"},
    DNS_STRING("saltlength", 8, "salt", 10, "salt of the hash"),
};

static const struct field_desc dns_rrtsig_fields[] = {
    DNS_NAME("rrname", "name of the key"),
    {"type", 16, FIELD_NUMBER, .preset = 250, .names = dns_types, .meaning = "what the record holds"},
    {"rclass", 16, FIELD_NUMBER, .preset = 1, .names = dns_classes, .meaning = "class"},
    DNS_TTL,
    {"algo_name", 0, FIELD_CODED, .codec = &codec_dns_name, .preset_bytes = "\x9hmac-sha1", .preset_len = 11,
     .meaning = "algorithm"},
    {"time_signed", 48, FIELD_NUMBER, .meaning = "seconds since 1970"},
    {"fudge", 16, FIELD_NUMBER, .meaning = "seconds that clocks may differ"},
    DNS_STRING("mac_len", 16, "mac_data", 9, "the signature"),
    {"original_id", 16, FIELD_NUMBER, .meaning = "the message's id when it was signed"},
    {"error", 16, FIELD_NUMBER, .meaning = "return code"},
    DNS_STRING("other_len", 16, "other_data", 13, "more about the error"),
};

DNS_RECORD_LAYER(dns_rrrsig, "DNSRRRSIG", "DNS RRSIG Resource Record", "a signature (RFC 4034 3)");
DNS_RECORD_LAYER(dns_rrnsec, "DNSRRNSEC", "DNS NSEC Resource Record", "the next name (RFC 4034 4)");
DNS_RECORD_LAYER(dns_rrdnskey, "DNSRRDNSKEY", "DNS DNSKEY Resource Record", "a key (RFC 4034 2)");
DNS_RECORD_LAYER(dns_rrds, "DNSRRDS", "DNS DS Resource Record", "digest of a child's key (RFC 4034 5)");
DNS_RECORD_LAYER(dns_rrdlv, "DNSRRDLV", "DNS DLV Resource Record", "digest of a key, elsewhere (RFC 4431)");
DNS_RECORD_LAYER(dns_rrnsec3, "DNSRRNSEC3", "DNS NSEC3 Resource Record",
                 "the next name, hashed (RFC 5155 3)");
DNS_RECORD_LAYER(dns_rrnsec3param, "DNSRRNSEC3PARAM", "DNS NSEC3PARAM Resource Record",
                 "how it is hashed (RFC 5155 4)");
DNS_RECORD_LAYER(dns_rrtsig, "DNSRRTSIG", "DNS TSIG Resource Record", "a transaction's signature (RFC 8945)");
