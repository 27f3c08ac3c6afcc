// Building one frame from concrete values, and learning where its fields and checksums lie.
//
// Used when a template is compiled, once a shape; stimuli are made from the result by patches (template/plan.h).
#ifndef VOLLEY_PACKET_BUILD_H
#define VOLLEY_PACKET_BUILD_H

#include "base/diag.h"
#include "packet/layer.h"

#define BUILD_LAYERS_MAX VIEW_LAYERS_MAX
#define BUILD_SUMS_MAX   16
#define BUILD_SPARE_MAX  4
#define BUILD_BYTES_MAX  (65535 + 64)

enum build_kind { BUILD_UNSET, BUILD_NUMBER, BUILD_BYTES, BUILD_PACKETS };

struct build_value {
    enum build_kind kind;
    uint32_t len;   // BUILD_BYTES; also the width of an address of a field that has none of its own
    uint32_t items; // BUILD_BYTES: elements in it; BUILD_PACKETS: how many
    u128 number;
    union {
        const uint8_t *bytes;        // borrowed
        struct build_layer *packets; // borrowed
    };
};

struct build_layer {
    enum layer_id id;
    int below; // the layer under it, an index of layers[]; -1: none, or this is a packet in a field
    struct build_value values[LAYER_FIELDS_MAX]; // UNSET: default, or filled
    struct fields at;                            // set by building
    uint8_t ber_bytes[LAYER_FIELDS_MAX]; // while building: of length fields as wide as their value needs
};

enum build_sum_kind { BUILD_SUM_INTERNET, BUILD_SUM_CRC32C };

// A checksum over some ranges of the frame and a constant.
struct build_sum {
    uint8_t kind;      // enum build_sum_kind; CRC32C: one range, 32 bits, stored least significant byte first
    uint32_t store;    // byte offset of the field
    bool zero_is_ones; // UDP: 0 is sent as ffff
    uint8_t n_ranges;
    struct {
        uint32_t from, to;
    } range[4];
    uint32_t constant; // pseudo-header: protocol and length
};

struct build {
    unsigned n_layers;
    struct build_layer layers[BUILD_LAYERS_MAX];
    struct build_layer spare[BUILD_SPARE_MAX]; // packets that are in fields by default
    // Set by building.
    unsigned n_spare;
    unsigned n_sums; // in the order in which they must be computed
    struct build_sum sums[BUILD_SUMS_MAX];
    uint32_t len;
    uint8_t *bytes; // of BUILD_BYTES_MAX; borrowed
};

// Builds all layers but leaves the registered checksums zero. False and a message (without a place) in diag if
// the frame would be longer than 65,535 bytes, or if a layer can't stand where it stands.
bool build_frame(struct build *build, struct diag *diag) MUST_USE;
// Fills the registered checksums.
void build_checksums(struct build *build);

// Places the fields of a layer that stands alone, from its values: for conditions between fields. Not more.
bool build_alone(struct build *build, struct build_layer *layer) MUST_USE;

// For finish.
bool build_is_set(const struct build_layer *layer, unsigned field);
uint64_t build_get(const struct build_layer *layer, unsigned field);
void build_put(struct build *build, const struct build_layer *layer, unsigned field, uint64_t value);
// The layer under this one; NULL: none.
const struct build_layer *build_below(const struct build *build, const struct build_layer *layer);
uint32_t build_payload_end(const struct build *build); // where padding starts
void build_add_sum(struct build *build, const struct build_sum *sum);

#endif
