// Codecs (layer.h) of values of ASN.1 by the basic encoding rules (ITU-T X.690), with their tag and length.
//
// A value may be written as Scapy's objects of ASN.1 are: ASN1_OID("1.3.6"), ASN1_INTEGER(5); bare strings and numbers are of
// the field's type.
#ifndef VOLLEY_PACKET_CODEC_ASN1_H
#define VOLLEY_PACKET_CODEC_ASN1_H

#include "packet/layer.h"

enum asn1_tag {
    ASN1_BOOLEAN = 0x01,
    ASN1_INTEGER = 0x02,
    ASN1_STRING = 0x04,
    ASN1_NULL = 0x05,
    ASN1_OID = 0x06,
    ASN1_ENUMERATED = 0x0a,
    ASN1_SEQUENCE = 0x30,
    ASN1_IPADDRESS = 0x40, // from here on SNMP's (RFC 2578)
    ASN1_COUNTER32 = 0x41,
    ASN1_GAUGE32 = 0x42,
    ASN1_TIME_TICKS = 0x43,
    ASN1_COUNTER64 = 0x46,
};

extern const struct codec codec_asn1_any; // strings and numbers by what they are
extern const struct codec codec_asn1_integer;
extern const struct codec codec_asn1_string;
extern const struct codec codec_asn1_oid;
extern const struct codec codec_asn1_ipv4;
extern const struct codec codec_asn1_time;

// An integer that may be given by name, as a codec's encode.
bool codec_asn1_named(const struct codec_part *part, const struct name *names, uint8_t *out, uint32_t *len,
                      const char **problem) MUST_USE;
void codec_asn1_print_named(const struct name *names, const uint8_t *p, uint32_t len, struct text *text);
// The value's bytes if it has that tag; UINT32_MAX: cut short, or of another type.
uint32_t codec_asn1_extent(uint8_t tag, const uint8_t *p, uint32_t avail);
// A value with its tag, of which there are `len` bytes: where its contents are. False: it is cut short.
bool codec_asn1_contents(const uint8_t *p, uint32_t len, const uint8_t **contents, uint32_t *n) MUST_USE;
// An integer's contents, sign extended; of more than eight bytes the last.
int64_t codec_asn1_number(const uint8_t *contents, uint32_t n);

#endif
