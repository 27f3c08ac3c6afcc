// A layer: one protocol as a table. Parser, builder, dissector, `volley ls` and the matcher all read it.
//
// Values are in host order outside packet/. Fields stand in wire order, which is also Scapy's order of declaration: a field's place
// is the sum of the widths of the present fields before it, so no offset is written down twice. docs/adding-a-layer.md walks
// through a new one.
#ifndef VOLLEY_PACKET_LAYER_H
#define VOLLEY_PACKET_LAYER_H

#include "packet/answers.h"
#include "packet/fields.h"
#include "packet/flow_key.h"
#include "packet/names.h"
#include "packet/text.h"
#include "packet/view.h"

enum field_kind {
    FIELD_NUMBER,
    FIELD_PORT,  // a number with a service's name
    FIELD_FLAGS, // a number, written as letters or names
    FIELD_MAC,
    FIELD_IPV4,
    FIELD_IPV6,
    FIELD_ADDRESS, // as another field says: ARP's addresses
    FIELD_BYTES,
    FIELD_CODED, // written as a number, a string or a list of them; a codec makes the bytes: domain names, lists of addresses
    FIELD_OPTIONS, // TCP's, DHCP's: a list of (name, value), or bytes
    FIELD_PACKETS, // other layers, or bytes
};

// Who fills a field that the template leaves out.
enum field_auto {
    AUTO_NO,             // nobody: it has its default
    AUTO_COMPUTED,       // its length rule, or finish: a length, a count, a checksum
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

// What a length field counts. Reading, the same rule tells where the field ends that is measured.
enum length_of {
    LENGTH_NONE,
    LENGTH_FIELD,   // bytes of `field`
    LENGTH_COUNT,   // elements of `field`
    LENGTH_HEADER,  // bytes of the header: reading, the last field of no fixed width ends there
    LENGTH_REST,    // bytes of the header behind the length field itself: reading, as LENGTH_HEADER
    LENGTH_PAYLOAD, // bytes of what the header carries: reading, padding starts behind them
    LENGTH_ALL,     // of both
};

// The value is (what is counted + plus) / unit, rounded up; unit 0 is 1.
struct length_rule {
    uint8_t of; // enum length_of
    uint8_t field;
    uint8_t unit;
    int16_t plus;
    bool ber; // with LENGTH_REST: the field is as wide as its value needs (ITU-T X.690 8.1.3)
};

// An option of a list such as TCP's: {kind, length, value}.
struct option_desc {
    const char *name; // NULL ends the table
    uint8_t number;
    bool bare; // the number alone, without length and value
    // Of its value: B, H, I numbers of 8, 16, 32 bits, A an IPv4 address, R a route (RFC 3442); "B*": any count. NULL: bytes
    const char *format;
    const struct name *names; // of numbers; NULL: none
};

// What an option's length counts, and how a list of options ends.
enum option_style {
    OPTION_TCP,  // number, length and value; at most 40 bytes in all, padded with zeros to whole 32-bit words
    OPTION_DHCP, // the value alone
};

// How a FIELD_CODED is spelled. A value is written as one part, or as a list of them if takes_list; parts follow one another.
struct codec_part {
    const char *call;     // "ASN1_OID" for ASN1_OID("1.3.6"); NULL: the bare value
    const uint8_t *bytes; // a string; NULL: a number
    uint32_t len;
    u128 number;
};

#define CODEC_FINISH_MAX 16384

struct codec {
    const char *name; // "domain name"
    bool takes_list;
    // Appends the part's bytes at out (room is enough for the part's own length and 64 bytes). False: the problem in *problem.
    bool (*encode)(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem);
    // Makes the value of all its parts, in place: up to CODEC_FINISH_MAX bytes. NULL: they are the value.
    bool (*finish)(uint8_t *bytes, uint32_t *len, const char **problem);
    // Bytes of the value at p; UINT32_MAX: cut short or no value. NULL: all there is.
    uint32_t (*extent)(const uint8_t *p, uint32_t avail);
    // As Scapy's show() prints it. message: where the layer starts, for names that point back into it; message_len from there
    // to the end of what may be read.
    void (*print)(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                  struct text *text);
};

// The packets in a FIELD_PACKETS.
struct packets_desc {
    uint8_t preset; // enum layer_id: the one packet that is there by default; LAYER_NONE: none
    bool single;    // written as one packet, not as a list
    // The layer of the element that starts at p; LAYER_NONE: none of them (the rest is bytes).
    uint8_t (*which)(const uint8_t *p, uint32_t avail);
    // Bytes to put before an element (`layer`, or LAYER_NONE: behind the last one) that would stand `at` bytes into the header:
    // alignment. NULL: none. Writes at most 8.
    uint32_t (*pad)(const struct fields *fields, uint8_t layer, uint32_t at, uint8_t *out);
};

struct field_desc {
    const char *name; // those that start with '_' are not shown, and can't be given
    uint16_t bits;    // 0: as `width` says, or else as long as its value
    uint8_t kind;     // enum field_kind
    uint8_t filled;   // enum field_auto
    uint8_t tag;      // enum layer_tag
    bool layout;      // other fields' presence, place or automatic value depend on it
    bool zero_padded; // to whole 32-bit words: options of IP and TCP
    bool hex;         // a number that Scapy's show() prints in hexadecimal
    bool
        unseen; // it has no bytes: only other fields depend on it. One in a layer, of up to 64 bits: fields.unseen
    bool aligned; // zeros behind it, which its length does not count, fill a 32-bit word: SCTP's parameters
    u128 preset;  // the default
    const char *preset_bytes; // of FIELD_BYTES and FIELD_CODED, as encoded; NULL: none
    uint16_t preset_len;
    const struct name *names;           // of numbers; NULL: none
    const struct option_desc *options;  // FIELD_OPTIONS
    uint8_t option_style;               // enum option_style
    const struct codec *codec;          // FIELD_CODED
    const struct packets_desc *packets; // FIELD_PACKETS
    const char *letters; // FIELD_FLAGS: one letter a bit from the lowest, or names separated by '+'
    void (*print)(uint64_t value,
                  struct text *text); // a number without a name, as Scapy's show() has it; NULL: digits
    // The name of a value, if it depends on fields before it (ICMP's codes); NULL: it has none. NULL: as `names` says.
    const char *(*name_at)(const struct fields *at, uint64_t value);
    struct length_rule length;
    bool (*present)(
        const struct fields *at); // NULL: always. Rows of one name have conditions that exclude each other
    uint16_t (*width)(const struct fields *at); // in bits
    const char *meaning;
};

// On which lower layer a layer stands, and what announces it there. The rows end with one whose lower layer is LAYER_NONE.
enum binding_use { BINDING_BOTH, BINDING_READ, BINDING_BUILD };

#define BINDING_STARTS(byte) (0x100 | (byte))

struct binding {
    uint8_t lower;     // enum layer_id
    const char *field; // of the lower layer
    uint32_t value;    // that it has
    uint8_t use; // enum binding_use; built with the first row for the lower layer that is not BINDING_READ
    uint16_t
        starts; // 0, or reading: the layer's first byte must be this (BINDING_STARTS); building, such a row comes first
    // Further fields of the lower layer that are set when building, unless the template does. NULL: none. Of a FIELD_PACKETS the
    // value is the layer of the one packet in it. `from`: a field of this layer, whose values a template's destination takes; NULL,
    // or not given, or one zero: the value.
    struct {
        const char *field;
        u128 value;
        const char *from;
    } more[4];
};

// What measuring a header found.
struct measure {
    uint32_t header_bytes;
    uint32_t end; // of header and payload, from the header's start; not above what was given
    uint8_t next; // enum layer_id of the payload; LAYER_RAW if unknown
    bool quotes;  // the payload is a quote
    bool broken;  // the header contradicts itself or what there is; it is read all the same, as in Scapy
};

#define LAYER_LOOKS_UNKNOWN UINT64_MAX

struct build;
struct build_layer;

struct layer_desc {
    const char *name;  // Scapy's
    const char *also;  // another name by which templates may call it; NULL: none
    const char *title; // what Scapy's show() calls it; NULL: the name
    const char *meaning;
    const struct field_desc *fields;
    uint8_t n_fields;
    const struct binding *bindings; // where it stands; NULL: nowhere by itself
    const char *quoted_name;        // in a quote; NULL: the name
    uint8_t alias; // enum layer_id: what stands on that layer stands on this one as well (Dot1Q: Ether)
    const char *quoted_title; // what Scapy's show() calls it there

    // Which layer the bytes behind a header are, if no single field's value says it (MPLS); its fields are placed. NULL: layer_next.
    enum layer_id (*next)(const struct fields *at, const uint8_t *payload, uint32_t len);
    // Which layer the bytes really are (Ether or Dot3). NULL: this one.
    enum layer_id (*dispatch)(const uint8_t *p, uint32_t avail);
    // p has `avail` bytes; false: too short or contradicting itself. A quoted header may carry less than it says. NULL: as the
    // fields say (fields_place, length rules, layer_next).
    bool (*measure)(const uint8_t *p, uint32_t avail, bool quoted, struct measure *measure);
    // At which bytes of the header, and of what follows it, measure looked: bit i is byte i from the header's start. Only if the
    // header was measured, in no quote; `payload` bytes follow it. No trailer may follow then. LAYER_LOOKS_UNKNOWN, and NULL: it
    // can't be said.
    uint64_t (*looks)(const uint8_t *p, uint32_t header_bytes, uint32_t payload);
    // Where another stack starts behind what the layer carries, from the header's start, and its first layer: ICMP's extensions.
    // 0: nowhere. The header was measured, in no quote; what it carries ends there. NULL: nowhere.
    uint32_t (*trailer)(const uint8_t *p, uint32_t avail, enum layer_id *id);
    // Computes what length rules do not say and registers checksums, all layers above being final. NULL: nothing to do.
    void (*finish)(struct build *build, struct build_layer *layer);
    // Adds the summary line's text; false: it has none of its own. NULL: none.
    bool (*summary)(const struct view *view, unsigned i, const struct services *services, struct text *text);
    // NULL: nothing.
    void (*flow_key)(const struct view *view, unsigned i, enum flow_role role,
                     const struct answer_rules *rules, struct flow_key *key);
    // The same for many frames, so that what they have in common is asked once. NULL: flow_key for each.
    void (*flow_keys)(const struct flow_burst *burst, unsigned i, enum flow_role role,
                      const struct answer_rules *rules);
    // The tag (TAG_WHOLE) that a response carries back, if its stimulus had `payload` bytes on this layer. Stacks differ in what
    // they echo: guess is 0, 1, ...; false: there is no such guess. NULL: nothing is carried back.
    bool (*echoed)(const struct view *view, unsigned i, uint32_t payload, unsigned guess, uint32_t *tag);
    // Whether all that answers a stimulus with this header, or quotes 8 bytes of it, carries its tag back, by exact rules. NULL: it
    // does, if `echoed` is not.
    bool (*returns_tag)(const uint8_t *p, uint32_t payload);
    // The lower layer whose line summaries show beside this one's (enum layer_id); LAYER_NONE: none.
    uint8_t summary_beside;
    // Where the message starts into which names point back (codec's print), in bytes from the header's start. NULL: there.
    uint32_t (*message)(const struct fields *at);
    // NULL: same layer, and the payloads answer.
    bool (*answers)(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                    const struct answer_rules *rules);
};

extern const struct layer_desc *const layer_table[LAYER_COUNT];

static inline const struct layer_desc *layer_get(enum layer_id id)
{
    return layer_table[id];
}

// By a name; LAYER_NONE if there is none.
enum layer_id layer_find(const char *name, size_t len);
// The first row of that name; -1 if there is none.
int layer_field(const struct layer_desc *desc, const char *name, size_t len);

// The upper layer announced by a value of a lower layer's field, the first in the order of the list; `payload` may be empty.
// LAYER_RAW if there is none.
enum layer_id layer_announced(enum layer_id lower, unsigned field, uint64_t value, const uint8_t *payload,
                              uint32_t len);
// The same for two values, of `field` and of the one behind it, as of a pair of ports.
enum layer_id layer_announced_by_two(enum layer_id lower, unsigned field, const uint64_t values[2],
                                     const uint8_t *payload, uint32_t len);
// The upper layer announced by the values of any of the fields that announce something.
enum layer_id layer_next(enum layer_id lower, const struct fields *at, const uint8_t *payload, uint32_t len);
// For layer_desc.looks: at no byte.
uint64_t layer_looks_nowhere(const uint8_t *p, uint32_t header_bytes, uint32_t payload);
// Of what layer_announced looked at for that value, the payload's first byte: bit `at`, or 0 if it did not matter.
uint64_t layer_looks_behind(enum layer_id lower, unsigned field, uint64_t value, uint32_t at);
// What building `upper` on `lower` sets; first: of the upper layer's first field the value. NULL: nothing.
const struct binding *layer_binding(enum layer_id lower, enum layer_id upper, u128 first);
// The default of a layer's first field; 0: it has none.
u128 layer_first_preset(enum layer_id id);

#define LAYER(id, symbol) extern const struct layer_desc layer_##symbol;
#include "packet/layers.list"
#undef LAYER

#endif
