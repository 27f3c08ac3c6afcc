// A layer: one protocol as a table. Parser, builder, dissector, `volley ls` and the matcher all read it.
//
// Values are in host order outside packet/. Fields stand in wire order, which is also Scapy's order of declaration: a field's place
// is the sum of the widths of the present fields before it, so no offset is written down twice.
#ifndef VOLLEY_PACKET_LAYER_H
#define VOLLEY_PACKET_LAYER_H

#include "packet/answers.h"
#include "packet/flow_key.h"
#include "packet/names.h"
#include "packet/text.h"
#include "packet/view.h"

#define LAYER_FIELDS_MAX 24

enum field_kind {
    FIELD_NUMBER,
    FIELD_PORT,  // a number with a service's name
    FIELD_FLAGS, // a number, written as letters or names
    FIELD_MAC,
    FIELD_IPV4,
    FIELD_IPV6,
    FIELD_ADDRESS, // as another field says: ARP's addresses
    FIELD_BYTES,
    FIELD_OPTIONS, // TCP's: a list of (name, value), or bytes
};

// Who fills a field that the template leaves out.
enum field_auto {
    AUTO_NO,             // nobody: it has its default
    AUTO_COMPUTED,       // finish: a length, a checksum
    AUTO_SOURCE_ADDRESS, // the route to the destination
    AUTO_SOURCE_MAC,     // the interface of that route
    AUTO_NEXT_HOP_MAC,   // the neighbour on that route
};

// What a field that the template leaves open may carry of the position, because answers echo it.
enum layer_tag {
    TAG_NONE,
    TAG_WHOLE, // 32 bits
    TAG_HIGH,  // the upper 16 of the same 32
    TAG_LOW,
    TAG_PORT, // a source port, 32768 to 65535
    TAG_ID,   // 16 bits, echoed by ICMP errors only: used when there is nothing better
};

// An option of a list such as TCP's: {kind, length, value}.
struct option_desc {
    const char *name; // NULL ends the table
    uint8_t number;
    bool bare;          // the number alone, without length and value
    const char *format; // of its value: B, H, I a number of 8, 16, 32 bits; I* any count; NULL: bytes
};

struct field_desc {
    const char *name;
    uint16_t bits;                     // 0: as `width` says, or else as long as its value
    uint8_t kind;                      // enum field_kind
    uint8_t filled;                    // enum field_auto
    uint8_t tag;                       // enum layer_tag
    bool layout;                       // other fields' presence, place or automatic value depend on it
    uint32_t preset;                   // the default
    const struct name *names;          // of numbers; NULL: none
    const struct option_desc *options; // FIELD_OPTIONS
    const char *letters; // FIELD_FLAGS: one letter a bit from the lowest, or names separated by '+'
    bool (*present)(const uint8_t *header);   // NULL: always; may read only bits of earlier fields
    uint16_t (*width)(const uint8_t *header); // in bits; likewise
    const char *meaning;
};

// The upper layer that a field's value announces, and what building it sets below.
struct binding {
    uint8_t upper; // enum layer_id
    uint8_t field; // of the lower layer
    uint32_t value;
    int16_t first_byte; // -1, or the upper layer's first byte must be this (ICMPv6's types)
    uint8_t n_more;     // further fields of the lower layer that the upper one sets, unless the template does
    struct {
        uint8_t field;
        u128 value;
    } more[2];
};

// What measuring a header found.
struct measure {
    uint32_t header_bytes;
    uint32_t end; // of header and payload, from the header's start; not above what was given
    uint8_t next; // enum layer_id of the payload; LAYER_RAW if unknown
    bool quotes;  // the payload is a quote
};

struct build;

struct layer_desc {
    const char *name; // Scapy's
    const char *meaning;
    const struct field_desc *fields;
    uint8_t n_fields;
    uint8_t n_bindings;
    const struct binding *bindings;
    const char *quoted_name; // in a quote; NULL: the name

    // p has `avail` bytes; false: too short or contradicting itself. A quoted header may carry less than it says.
    bool (*measure)(const uint8_t *p, uint32_t avail, bool quoted, struct measure *measure);
    // Computes lengths and registers checksums of layer i, all layers above being final. NULL: nothing to do.
    void (*finish)(struct build *build, unsigned i);
    // Adds the summary line's text; false: it has none of its own. NULL: none.
    bool (*summary)(const struct view *view, unsigned i, const struct services *services, struct text *text);
    // NULL: nothing.
    void (*flow_key)(const struct view *view, unsigned i, enum flow_role role, struct flow_key *key);
    // The tag (TAG_WHOLE) that a response carries back, if its stimulus had `payload` bytes on this layer. Stacks differ in what
    // they echo: guess is 0, 1, ...; false: there is no such guess. NULL: nothing is carried back.
    bool (*echoed)(const struct view *view, unsigned i, uint32_t payload, unsigned guess, uint32_t *tag);
    // NULL: same layer, and the payloads answer.
    bool (*answers)(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                    const struct answer_rules *rules);
};

const struct layer_desc *layer_get(enum layer_id id);
// By Scapy's name; LAYER_NONE if there is none.
enum layer_id layer_find(const char *name, size_t len);
// -1 if there is none.
int layer_field(const struct layer_desc *desc, const char *name, size_t len);

// The upper layer announced by a value; `payload` may be empty.
enum layer_id layer_announced(const struct layer_desc *desc, uint64_t value, const uint8_t *payload,
                              uint32_t len);
const struct binding *layer_binding(const struct layer_desc *lower, enum layer_id upper);

#define LAYER(id, symbol) extern const struct layer_desc layer_##symbol;
#include "packet/layers.list"
#undef LAYER

#endif
