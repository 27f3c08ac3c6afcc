// Codecs (layer.h) of DNS and of NetBIOS over TCP/IP.
#ifndef VOLLEY_PACKET_CODEC_DNS_H
#define VOLLEY_PACKET_CODEC_DNS_H

#include "packet/layer.h"

// "www.example.org", with or without the last dot; "" or "." is the root. Bytes that are a whole encoded name already, or end in
// a pointer, stay as they are. Not compressed when building; pointers are followed when printing (RFC 1035 4.1.4).
extern const struct codec codec_dns_name;
// Strings of up to 255 bytes, each after its length (RFC 1035 3.3.14); longer ones are cut into several.
extern const struct codec codec_dns_strings;
// Types of records, by number or name, as a bit map (RFC 4034 4.1.2).
extern const struct codec codec_dns_types;
// Keys of service parameters (RFC 9460 8).
extern const struct codec codec_svc_keys;
// An address without its last zero bytes (RFC 7871 6).
extern const struct codec codec_subnet;
extern const struct codec codec_subnet6; // even if it has no more than 4 bytes
// The first half of a NetBIOS name (RFC 1001 14.1): 15 characters, padded with spaces, as 30 letters after their length.
extern const struct codec codec_netbios_name;

extern const struct name dns_types[];
extern const struct name dns_svc_keys[];

// Bytes of an encoded name up to its end or its first pointer; UINT32_MAX: it is cut short.
uint32_t codec_dns_name_extent(const uint8_t *p, uint32_t avail);
// The name at p as text, each label with a dot behind it; the root is ".". Pointers count from `message`. Bytes that are no text
// are as they are. Returns how many bytes it has, at most `size`.
uint32_t codec_dns_name_read(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint8_t *out,
                             uint32_t size);
// The characters of a NetBIOS name from its 31 bytes; 15.
void codec_netbios_read(const uint8_t *p, uint8_t *out);

#endif
