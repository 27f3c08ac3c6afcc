// The Internet checksum (RFC 1071), in parts; and the CRC of SCTP.
#ifndef VOLLEY_PACKET_CHECKSUM_H
#define VOLLEY_PACKET_CHECKSUM_H

#include "base/base.h"

// One's complement sum of `len` bytes as big-endian 16-bit words, an odd last byte counting as the high one; not folded
// to 16 bits, not inverted. Sums of several ranges of even length may be added up.
uint64_t checksum_add(const uint8_t *bytes, size_t len);

// CRC32c (RFC 9260 appendix A), as a number whose least significant byte is sent first.
uint32_t checksum_crc32c(const uint8_t *bytes, size_t len);

// 64 bits to 16, with end-around carry.
static inline uint16_t checksum_fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

#endif
