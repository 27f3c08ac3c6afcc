// pcapng (draft-ietf-opsawg-pcapng) with pairing, in this machine's byte order, which the section header tells.
#include "capture/encoder.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define BLOCK_SECTION    0x0a0d0d0au
#define BLOCK_INTERFACE  1u
#define BLOCK_NAMES      4u
#define BLOCK_STATISTICS 5u
#define BLOCK_PACKET     6u
#define BLOCK_ENDS       12u // type and length at its start, length at its end

#define PACKET_FIXED_BYTES 28u // type to original length
// epb_flags and the end of options.
#define PACKET_OPTIONS_BYTES (8u + 4u)
#define PACKET_ID_BYTES      12u
#define PACKET_BYTES         (PACKET_FIXED_BYTES + PACKET_OPTIONS_BYTES + 4u)

#define LINK_ETHER 1u

#define OPTION_END      0u
#define OPTION_COMMENT  1u
#define OPTION_TEXT_MAX 65000u // its length has 16 bits

enum { SECTION_HARDWARE = 2, SECTION_OS = 3, SECTION_APPLICATION = 4 };
enum { INTERFACE_NAME = 2, INTERFACE_TSRESOL = 9 };
enum { STATISTICS_START = 2, STATISTICS_END = 3, STATISTICS_RECEIVED = 4, STATISTICS_DROPPED = 5 };
enum { PACKET_FLAGS = 2, PACKET_ID = 5 };

static uint32_t padded(uint32_t len)
{
    return (len + 3) & ~3u;
}

static uint8_t *put_u16(uint8_t *p, uint16_t value)
{
    memcpy(p, &value, sizeof(value));
    return p + sizeof(value);
}

static uint8_t *put_u32(uint8_t *p, uint32_t value)
{
    memcpy(p, &value, sizeof(value));
    return p + sizeof(value);
}

static uint8_t *put_u64(uint8_t *p, uint64_t value)
{
    memcpy(p, &value, sizeof(value));
    return p + sizeof(value);
}

// Times have their high half first, in either byte order.
static uint8_t *put_time(uint8_t *p, uint64_t ns)
{
    p = put_u32(p, (uint32_t)(ns >> 32));
    return put_u32(p, (uint32_t)ns);
}

static uint8_t *put_option_head(uint8_t *p, unsigned code, uint32_t len)
{
    p = put_u16(p, (uint16_t)code);
    return put_u16(p, (uint16_t)len);
}

static uint8_t *put_padding(uint8_t *p, uint32_t len)
{
    uint32_t n = padded(len) - len;

    memset(p, 0, n);
    return p + n;
}

static uint8_t *put_option(uint8_t *p, unsigned code, const void *value, uint32_t len)
{
    p = put_option_head(p, code, len);
    memcpy(p, value, len);
    return put_padding(p + len, len);
}

static uint32_t text_len(const char *text)
{
    size_t len = strlen(text);

    return len < OPTION_TEXT_MAX ? (uint32_t)len : OPTION_TEXT_MAX;
}

// NULL: the option is left out.
static uint8_t *put_text(uint8_t *p, unsigned code, const char *text)
{
    return text == NULL ? p : put_option(p, code, text, text_len(text));
}

static uint8_t *put_counter(uint8_t *p, unsigned code, uint64_t value)
{
    return value == UINT64_MAX ? p : put_option(p, code, &value, sizeof(value));
}

static uint8_t *start_block(uint8_t *block, uint32_t type)
{
    return put_u32(block, type) + sizeof(uint32_t); // the length follows in end_block
}

static uint8_t *end_block(uint8_t *block, uint8_t *p)
{
    uint32_t len = (uint32_t)(p - block) + 4;

    put_u32(block + 4, len);
    return put_u32(p, len);
}

static uint8_t *put_section(uint8_t *block, const struct capture_options *options)
{
    struct utsname system;
    char os[sizeof(system.sysname) + sizeof(system.release) + 1];
    uint8_t *p = start_block(block, BLOCK_SECTION);

    p = put_u32(p, 0x1a2b3c4d); // read as it stands, it tells the byte order
    p = put_u16(p, 1);          // version 1.0
    p = put_u16(p, 0);
    p = put_u64(p, UINT64_MAX); // the section's length: as far as it goes
    p = put_text(p, OPTION_COMMENT, options->comment);
    if (uname(&system) == 0) {
        snprintf(os, sizeof(os), "%s %s", system.sysname, system.release);
        p = put_text(p, SECTION_HARDWARE, system.machine);
        p = put_text(p, SECTION_OS, os);
    }
    p = put_text(p, SECTION_APPLICATION, options->application);
    p = put_option_head(p, OPTION_END, 0);
    return end_block(block, p);
}

static uint8_t *put_interface(uint8_t *block, const struct capture_options *options, enum capture_side side)
{
    const uint8_t nanoseconds = 9;
    char name[128];
    uint8_t *p = start_block(block, BLOCK_INTERFACE);

    if (options->interfaces[side] != NULL)
        snprintf(name, sizeof(name), "%s", options->interfaces[side]);
    else
        snprintf(name, sizeof(name), "%s:%s", side == CAPTURE_TX ? "tx" : "rx", options->port_name);
    p = put_u16(p, options->link != 0 ? options->link : LINK_ETHER);
    p = put_u16(p, 0); // reserved
    p = put_u32(p, options->snaplen);
    p = put_text(p, INTERFACE_NAME, name);
    p = put_option(p, INTERFACE_TSRESOL, &nanoseconds, sizeof(nanoseconds));
    p = put_option_head(p, OPTION_END, 0);
    return end_block(block, p);
}

static size_t pcapng_header(uint8_t *to, const struct capture_options *options)
{
    uint8_t *p = put_section(to, options);

    p = put_interface(p, options, CAPTURE_TX);
    p = put_interface(p, options, CAPTURE_RX);
    return (size_t)(p - to);
}

static void pcapng_measure(const struct capture_packet *packet, struct encoder_shape *shape)
{
    shape->comment_len = 0;
    shape->bytes = PACKET_BYTES + padded(shape->stored_len);
    if (packet->packet_id != CAPTURE_NO_ID)
        shape->bytes += PACKET_ID_BYTES;
    if (packet->comment != NULL) {
        shape->comment_len = text_len(packet->comment) + 1;
        shape->bytes += 4 + padded(shape->comment_len);
    }
}

static void pcapng_packet(uint8_t *to, const struct capture_packet *packet, const struct encoder_shape *shape)
{
    const uint32_t direction = packet->side == CAPTURE_RX ? 1 : 2; // inbound, outbound
    uint8_t *p = start_block(to, BLOCK_PACKET);

    p = put_u32(p, packet->side);
    p = put_time(p, packet->time_ns);
    p = put_u32(p, shape->stored_len);
    p = put_u32(p, shape->original_len);
    memcpy(p, packet->data, shape->stored_len);
    p = put_padding(p + shape->stored_len, shape->stored_len);
    p = put_option(p, PACKET_FLAGS, &direction, sizeof(direction));
    if (packet->packet_id != CAPTURE_NO_ID)
        p = put_option(p, PACKET_ID, &packet->packet_id, sizeof(packet->packet_id));
    if (shape->comment_len > 0) {
        p = put_option_head(p, OPTION_COMMENT, shape->comment_len);
        memcpy(p, packet->comment, shape->comment_len - 1);
        p += shape->comment_len;
        p[-1] = '\n';
        p = put_padding(p, shape->comment_len);
    }
    p = put_option_head(p, OPTION_END, 0);
    end_block(to, p);
}

static size_t pcapng_statistics(uint8_t *to, const struct capture_statistics *statistics,
                                enum capture_side side)
{
    uint8_t *p = start_block(to, BLOCK_STATISTICS);

    p = put_u32(p, side);
    p = put_time(p, statistics->end_ns);
    p = put_option_head(p, STATISTICS_START, 8);
    p = put_time(p, statistics->start_ns);
    p = put_option_head(p, STATISTICS_END, 8);
    p = put_time(p, statistics->end_ns);
    p = put_counter(p, STATISTICS_RECEIVED, statistics->received[side]);
    p = put_counter(p, STATISTICS_DROPPED, statistics->dropped[side]);
    p = put_option_head(p, OPTION_END, 0);
    return (size_t)(end_block(to, p) - to);
}

// A name resolution block without names. Zeros behind the record that ends the names are ends of options.
static void pcapng_padding(uint8_t *to, uint32_t len)
{
    uint8_t *p = start_block(to, BLOCK_NAMES);
    uint32_t zeros = len - BLOCK_ENDS;

    memset(p, 0, zeros);
    end_block(to, p + zeros);
}

static size_t pcapng_block(const uint8_t *block, bool *packet)
{
    uint32_t head[2];

    memcpy(head, block, sizeof(head));
    *packet = head[0] == BLOCK_PACKET;
    return head[1];
}

const struct encoder pcapng_encoder = {
    .header = pcapng_header,
    .measure = pcapng_measure,
    .packet = pcapng_packet,
    .statistics = pcapng_statistics,
    .padding = pcapng_padding,
    .padding_min = BLOCK_ENDS + 4,
    .block = pcapng_block,
};
