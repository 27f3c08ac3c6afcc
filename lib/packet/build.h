// Building one frame from concrete values, and learning where its fields and checksums lie.
//
// Used when a template is compiled, once a shape; stimuli are made from the result by patches (template/plan.h).
#ifndef VOLLEY_PACKET_BUILD_H
#define VOLLEY_PACKET_BUILD_H

#include "base/diag.h"
#include "packet/layer.h"

#define BUILD_LAYERS_MAX VIEW_LAYERS_MAX
#define BUILD_SUMS_MAX   16
#define BUILD_BYTES_MAX  (65535 + 64)
#define BUILD_ABSENT     UINT32_MAX

enum build_kind { BUILD_UNSET, BUILD_NUMBER, BUILD_BYTES };

struct build_value {
    enum build_kind kind;
    uint32_t len; // BUILD_BYTES; also the width of an address of a field that has none of its own
    u128 number;
    const uint8_t *bytes; // borrowed
};

struct build_layer {
    enum layer_id id;
    struct build_value values[LAYER_FIELDS_MAX]; // UNSET: default, or filled
    // Set by building.
    uint32_t start, header_bytes;
    uint32_t bit[LAYER_FIELDS_MAX]; // where the field starts, from the frame's start; BUILD_ABSENT: not there
    uint32_t bits[LAYER_FIELDS_MAX]; // its width
};

// An Internet checksum over some ranges of the frame and a constant.
struct build_sum {
    uint32_t store;    // byte offset of the 16-bit field
    bool zero_is_ones; // UDP: 0 is sent as ffff
    uint8_t n_ranges;
    struct {
        uint32_t from, to;
    } range[2];
    uint32_t constant; // pseudo-header: protocol and length
};

struct build {
    unsigned n_layers;
    struct build_layer layers[BUILD_LAYERS_MAX];
    // Set by building.
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

// For finish.
bool build_is_set(const struct build *build, unsigned i, unsigned field);
uint64_t build_get(const struct build *build, unsigned i, unsigned field);
void build_put(struct build *build, unsigned i, unsigned field, uint64_t value);
uint32_t build_payload_end(const struct build *build); // where padding starts
void build_add_sum(struct build *build, const struct build_sum *sum);

#endif
