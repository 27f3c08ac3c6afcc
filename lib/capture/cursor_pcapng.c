// pcapng (draft-ietf-opsawg-pcapng): blocks of many types, of which those that lead to packets matter.
//
// A block tells its length at both ends; both are compared, except of a block that is read, is longer than the
// buffer, and comes from a stream.
#include "capture/cursor_format.h"

#include <stdlib.h>

#define BLOCK_INTERFACE     1u
#define BLOCK_PACKET_OLD    2u
#define BLOCK_PACKET_SIMPLE 3u
#define BLOCK_PACKET        6u

#define BLOCK_HEAD_BYTES 12u // type and length, and the next word or the length again
#define SECTION_BYTES    28u
#define INTERFACE_BYTES  20u
#define PACKET_BYTES     32u
#define SIMPLE_BYTES     16u
#define INTERFACE_FIXED  16u // before the options
#define PACKET_DATA      28u // before the frame
#define SIMPLE_DATA      12u

#define OPTION_END         0u
#define OPTION_COMMENT     1u
#define OPTION_NAME        2u // of an interface, as the two below
#define OPTION_TSRESOL     9u
#define OPTION_TSOFFSET    14u
#define OPTION_FLAGS       2u // of a packet
#define OPTION_PACKET_ID   5u // of a packet, but not of an old one
#define RESOLUTION_DEFAULT 6u // microseconds
#define NS_A_SECOND        1000000000u

struct block {
    uint32_t type;
    uint32_t len;
    bool swapped;
    const uint8_t *bytes; // borrowed from the cursor
    uint32_t have;        // of them: all, or as many as the buffer holds
};

static bool is_packet(uint32_t type)
{
    return type == BLOCK_PACKET || type == BLOCK_PACKET_SIMPLE || type == BLOCK_PACKET_OLD;
}

static uint32_t shortest(uint32_t type)
{
    switch (type) {
    case PCAPNG_SECTION:
        return SECTION_BYTES;
    case BLOCK_INTERFACE:
        return INTERFACE_BYTES;
    case BLOCK_PACKET:
    case BLOCK_PACKET_OLD:
        return PACKET_BYTES;
    case BLOCK_PACKET_SIMPLE:
        return SIMPLE_BYTES;
    default:
        return BLOCK_HEAD_BYTES;
    }
}

// Sets type, length and byte order. A new section has its own byte order.
static enum capture_step block_measure(struct capture_cursor *cursor, struct block *block, struct diag *diag)
{
    const uint8_t *head = cursor_bytes(cursor, cursor->at, BLOCK_HEAD_BYTES);

    if (head == NULL)
        return cursor_short(cursor, diag);
    block->swapped = cursor->section.swapped;
    if (load32(head, false) == PCAPNG_SECTION && !pcapng_byte_order(head + 8, &block->swapped))
        return cursor_fail(cursor, diag, "a section without a byte order");
    block->type = load32(head, block->swapped);
    block->len = load32(head + 4, block->swapped);
    if (block->len < shortest(block->type) || block->len % 4 != 0)
        return cursor_fail(cursor, diag, "a block of type %u cannot have %u bytes", block->type, block->len);
    if (block->len > CAPTURE_BLOCK_MAX)
        return cursor_fail(cursor, diag, "a block of %u bytes; %u are the most", block->len,
                           CAPTURE_BLOCK_MAX);
    return CAPTURE_RECORD;
}

static enum capture_step block_check_end(struct capture_cursor *cursor, const struct block *block,
                                         struct diag *diag)
{
    const uint8_t *end = cursor_bytes(cursor, cursor->at + block->len - 4, 4);

    if (end == NULL) {
        cursor->torn = true;
        return cursor_short(cursor, diag);
    }
    if (load32(end, block->swapped) != block->len)
        return cursor_fail(cursor, diag, "a block of %u bytes has another length at its end", block->len);
    return CAPTURE_RECORD;
}

static enum capture_step block_read(struct capture_cursor *cursor, struct block *block, struct diag *diag)
{
    bool fits = block->len <= CURSOR_BUFFER_BYTES;
    enum capture_step step = CAPTURE_RECORD;

    // The whole block must be there, so that what is delivered does not depend on where a file is cut.
    if (!fits && cursor->reader->seekable)
        step = block_check_end(cursor, block, diag);
    if (step != CAPTURE_RECORD)
        return step;
    block->have = fits ? block->len : CURSOR_BUFFER_BYTES;
    block->bytes = cursor_bytes(cursor, cursor->at, block->have);
    if (block->bytes == NULL)
        return cursor_short(cursor, diag);
    return fits ? block_check_end(cursor, block, diag) : CAPTURE_RECORD;
}

static enum capture_step section_start(struct capture_cursor *cursor, const struct block *block,
                                       struct diag *diag)
{
    unsigned major = load16(block->bytes + 12, block->swapped);
    unsigned minor = load16(block->bytes + 14, block->swapped);

    // 1.2 is 1.0 by another name.
    if (major != 1 || (minor != 0 && minor != 2))
        return cursor_fail(cursor, diag, "pcapng of version %u.%u; only 1.0 is read", major, minor);
    cursor->section.ordinal++;
    cursor->section.swapped = block->swapped;
    cursor->section.n_interfaces = 0;
    return CAPTURE_RECORD;
}

struct option {
    unsigned code;
    uint32_t len;
    const uint8_t *value; // borrowed from the block
};

// The option at *at, which then is the next one's place. False at the last one, and where nothing sensible is left of
// what is there of the block.
static bool option_next(const struct block *block, uint32_t *at, struct option *option)
{
    uint32_t end = block->have == block->len ? block->len - 4 : block->have;
    uint32_t padded;

    if (*at > end || end - *at < 4)
        return false;
    *option = (struct option){
        .code = load16(block->bytes + *at, block->swapped),
        .len = load16(block->bytes + *at + 2, block->swapped),
        .value = block->bytes + *at + 4,
    };
    if (option->code == OPTION_END || option->len > end - *at - 4)
        return false;
    padded = (option->len + 3) & ~3u;
    *at = padded <= end - *at - 4 ? *at + 4 + padded : end;
    return true;
}

static enum capture_direction direction_of_name(const struct option *name)
{
    if (name->len >= 3 && memcmp(name->value, "rx:", 3) == 0)
        return CAPTURE_INBOUND;
    return name->len >= 3 && memcmp(name->value, "tx:", 3) == 0 ? CAPTURE_OUTBOUND : CAPTURE_UNDIRECTED;
}

static void interface_options(struct capture_interface *interface, const struct block *block)
{
    struct option option;

    for (uint32_t at = INTERFACE_FIXED; option_next(block, &at, &option);) {
        if (option.code == OPTION_NAME)
            interface->direction = (uint8_t)direction_of_name(&option);
        if (option.code == OPTION_TSRESOL && option.len == 1)
            interface->resolution = option.value[0];
        if (option.code == OPTION_TSOFFSET && option.len == 8)
            interface->offset_s = (int64_t)load64(option.value, block->swapped);
    }
}

// Of a packet's block, behind its frame. Of options that come twice the first one counts.
static void packet_options(struct capture_record *record, const struct block *block, uint32_t at)
{
    struct option option;
    bool has_flags = false;

    while (option_next(block, &at, &option)) {
        if (option.code == OPTION_COMMENT && record->comment == NULL) {
            record->comment = (const char *)option.value;
            record->comment_len = option.len;
        }
        if (option.code == OPTION_FLAGS && option.len == 4 && !has_flags) {
            uint32_t direction = load32(option.value, block->swapped) & 3;

            has_flags = true;
            if (direction == 1 || direction == 2)
                record->direction = direction == 1 ? CAPTURE_INBOUND : CAPTURE_OUTBOUND;
        }
        if (option.code == OPTION_PACKET_ID && option.len == 8 && block->type == BLOCK_PACKET &&
            !record->has_packet_id) {
            record->has_packet_id = true;
            record->packet_id = load64(option.value, block->swapped);
        }
    }
}

static bool section_grow(struct capture_section *section)
{
    uint32_t max = section->interfaces_max == 0 ? 4 : section->interfaces_max * 2;
    struct capture_interface *grown = realloc(section->interfaces, max * sizeof(*grown));

    if (grown == NULL)
        return false;
    section->interfaces = grown;
    section->interfaces_max = max;
    return true;
}

static enum capture_step interface_add(struct capture_cursor *cursor, const struct block *block,
                                       struct diag *diag)
{
    struct capture_section *section = &cursor->section;
    struct capture_interface *interface;

    if (section->n_interfaces == CAPTURE_INTERFACES_MAX)
        return cursor_fail(cursor, diag, "a section of more than %u interfaces", CAPTURE_INTERFACES_MAX);
    if (section->n_interfaces == section->interfaces_max) {
        if (cursor->indexed)
            return cursor_fail(cursor, diag, "the file changed while it was read: more interfaces now");
        if (!section_grow(section))
            return cursor_fail(cursor, diag, "no memory for its interfaces");
    }
    interface = &section->interfaces[section->n_interfaces++];
    *interface = (struct capture_interface){
        .snaplen = load32(block->bytes + 12, block->swapped),
        .link = load16(block->bytes + 8, block->swapped),
        .resolution = RESOLUTION_DEFAULT,
    };
    interface_options(interface, block);
    return CAPTURE_RECORD;
}

// 0 for a time that nanoseconds since 1970 cannot tell.
static uint64_t time_ns(uint64_t ticks, const struct capture_interface *interface)
{
    unsigned digits = interface->resolution & 0x7f;
    u128 ns = ticks;
    i128 since;

    if ((interface->resolution & 0x80) != 0) { // ticks of 2^-digits seconds
        ns = ns * NS_A_SECOND >> digits;
    } else {
        for (; digits < 9; digits++)
            ns *= 10;
        for (; digits > 9 && ns > 0; digits--)
            ns /= 10;
    }
    since = (i128)ns + (i128)interface->offset_s * NS_A_SECOND;
    return since < 0 || since > UINT64_MAX ? 0 : (uint64_t)since;
}

struct packet {
    uint32_t interface, len, original_len, data; // data: where it begins in the block
    uint64_t ticks;                              // 0: none
};

static struct packet packet_fields(const struct capture_section *section, const struct block *block)
{
    const uint8_t *p = block->bytes;
    bool swapped = block->swapped;
    struct packet packet = {.data = PACKET_DATA};

    if (block->type == BLOCK_PACKET_SIMPLE) {
        uint32_t snaplen = section->n_interfaces > 0 ? section->interfaces[0].snaplen : 0;

        packet = (struct packet){.data = SIMPLE_DATA, .original_len = load32(p + 8, swapped)};
        packet.len = packet.original_len;
        if (snaplen != 0 && packet.len > snaplen)
            packet.len = snaplen;
        return packet;
    }
    packet.interface = block->type == BLOCK_PACKET ? load32(p + 8, swapped) : load16(p + 8, swapped);
    packet.ticks = (uint64_t)load32(p + 12, swapped) << 32 | load32(p + 16, swapped);
    packet.len = load32(p + 20, swapped);
    packet.original_len = load32(p + 24, swapped);
    return packet;
}

static enum capture_step packet_read(struct capture_cursor *cursor, const struct block *block,
                                     struct capture_record *record, struct diag *diag)
{
    const struct capture_section *section = &cursor->section;
    const struct packet packet = packet_fields(section, block);
    const struct capture_interface *interface;

    if (packet.len > CAPTURE_FRAME_MAX)
        return cursor_fail(cursor, diag, "a frame of %u bytes; %u are the most", packet.len,
                           CAPTURE_FRAME_MAX);
    if (packet.len > block->len - packet.data - 4)
        return cursor_fail(cursor, diag, "a frame of %u bytes in a block of %u", packet.len, block->len);
    if (packet.interface >= section->n_interfaces)
        return cursor_fail(cursor, diag, "a frame of interface %u, of which nothing was said",
                           packet.interface);
    interface = &section->interfaces[packet.interface];
    *record = (struct capture_record){
        .bytes = block->bytes + packet.data,
        .len = packet.len,
        .original_len = packet.original_len,
        .time_ns = packet.ticks != 0 ? time_ns(packet.ticks, interface) : 0,
        .link = interface->link,
        .ordinal = cursor->ordinal + 1,
        .offset = cursor->at,
        .direction = (enum capture_direction)interface->direction,
    };
    if (block->type != BLOCK_PACKET_SIMPLE)
        packet_options(record, block, packet.data + ((packet.len + 3) & ~3u));
    return CAPTURE_RECORD;
}

// Anything but a packet.
static enum capture_step block_take(struct capture_cursor *cursor, struct block *block, struct diag *diag)
{
    enum capture_step step = CAPTURE_RECORD;
    bool read = block->type == PCAPNG_SECTION || block->type == BLOCK_INTERFACE;

    if (read)
        step = block_read(cursor, block, diag);
    if (step == CAPTURE_END && cursor->section.ordinal == 0)
        return cursor_fail(cursor, diag, "the header is cut short");
    if (step == CAPTURE_RECORD && block->type == PCAPNG_SECTION)
        step = section_start(cursor, block, diag);
    if (step == CAPTURE_RECORD && block->type == BLOCK_INTERFACE)
        step = interface_add(cursor, block, diag);
    if (step == CAPTURE_RECORD && !read)
        step = block_check_end(cursor, block, diag);
    return step;
}

enum capture_step cursor_pcapng_next(struct capture_cursor *cursor, struct capture_record *record,
                                     struct diag *diag)
{
    for (;;) {
        struct block block = {.len = 0};
        enum capture_step step = block_measure(cursor, &block, diag);
        bool packet = step == CAPTURE_RECORD && is_packet(block.type);

        if (packet && (record != NULL || !cursor->indexed))
            step = block_read(cursor, &block, diag);
        if (packet && step == CAPTURE_RECORD && record != NULL)
            step = packet_read(cursor, &block, record, diag);
        if (!packet && step == CAPTURE_RECORD)
            step = block_take(cursor, &block, diag);
        if (step != CAPTURE_RECORD)
            return step;
        cursor->at += block.len;
        if (packet) {
            cursor->ordinal++;
            return CAPTURE_RECORD;
        }
    }
}
