// Classic pcap with nanoseconds, in this machine's byte order, which the magic number tells.
#include "capture/encoder.h"

#include <string.h>

#define PCAP_MAGIC_NS     0xa1b23c4du
#define PCAP_LINK_ETHER   1u
#define PCAP_RECORD_BYTES 16u
#define NS_A_SECOND       1000000000u

static size_t pcap_header(uint8_t *to, const struct capture_options *options)
{
    const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, snaplen, link;
    } header = {
        PCAP_MAGIC_NS, 2, 4, 0, 0, options->snaplen, options->link != 0 ? options->link : PCAP_LINK_ETHER};

    memcpy(to, &header, sizeof(header));
    return sizeof(header);
}

static void pcap_measure(const struct capture_packet *packet, struct encoder_shape *shape)
{
    (void)packet;
    shape->comment_len = 0;
    shape->bytes = PCAP_RECORD_BYTES + shape->stored_len;
}

static void pcap_packet(uint8_t *to, const struct capture_packet *packet, const struct encoder_shape *shape)
{
    const uint32_t record[] = {(uint32_t)(packet->time_ns / NS_A_SECOND),
                               (uint32_t)(packet->time_ns % NS_A_SECOND), shape->stored_len,
                               shape->original_len};

    _Static_assert(sizeof(record) == PCAP_RECORD_BYTES, "a record's header");
    memcpy(to, record, sizeof(record));
    memcpy(to + sizeof(record), packet->data, shape->stored_len);
}

static size_t pcap_block(const uint8_t *block, bool *packet)
{
    uint32_t stored_len;

    memcpy(&stored_len, block + 8, sizeof(stored_len));
    *packet = true;
    return PCAP_RECORD_BYTES + (size_t)stored_len;
}

const struct encoder pcap_encoder = {
    .header = pcap_header,
    .measure = pcap_measure,
    .packet = pcap_packet,
    .block = pcap_block,
};
