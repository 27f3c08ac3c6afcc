#include "packet/checksum.h"

#include "packet/bytes.h"

uint64_t checksum_add(const uint8_t *bytes, size_t len)
{
    uint64_t sum = 0;

    for (; len >= 2; bytes += 2, len -= 2)
        sum += get16(bytes);
    if (len == 1)
        sum += (uint64_t)bytes[0] << 8;
    return sum;
}

// The reversed polynomial, by half bytes.
static const uint32_t crc32c_table[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t checksum_crc32c_by_table(uint32_t crc, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ crc32c_table[crc & 15];
        crc = crc >> 4 ^ crc32c_table[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t checksum_crc32c_by_sse(uint32_t crc, const uint8_t *bytes,
                                                                         size_t len)
{
    uint64_t word, wide = crc;

    for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; len > 0; bytes++, len--)
        crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
}
#endif

uint32_t checksum_crc32c(const uint8_t *bytes, size_t len)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~checksum_crc32c_by_sse(UINT32_MAX, bytes, len);
#endif
    return ~checksum_crc32c_by_table(UINT32_MAX, bytes, len);
}
