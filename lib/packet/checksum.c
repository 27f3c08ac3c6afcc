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
