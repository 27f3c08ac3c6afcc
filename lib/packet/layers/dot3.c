// IEEE 802.3 with its LLC (IEEE 802.2) and SNAP headers: frames that carry a length where Ethernet II has a type.
#include "packet/bytes.h"
#include "packet/layer.h"
#include "packet/layers/ether.h"

enum { DOT3_LEN_AT = 12 };
enum { LLC_DSAP, LLC_SSAP, LLC_CTRL };

static const struct field_desc dot3_fields[] = {
    {"dst", 48, FIELD_MAC, .filled = AUTO_NEXT_HOP_MAC, .meaning = "destination; the next hop's unless set"},
    {"src", 48, FIELD_MAC, .filled = AUTO_SOURCE_MAC, .meaning = "source; the interface's unless set"},
    {"len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_PAYLOAD},
     .meaning = "payload, in bytes"},
};

static const struct field_desc llc_fields[] = {
    {"dsap", 8, FIELD_NUMBER, .hex = true, .meaning = "destination service access point"},
    {"ssap", 8, FIELD_NUMBER, .hex = true, .meaning = "source service access point"},
    {"ctrl", 8, FIELD_NUMBER, .meaning = "control: 3 is unnumbered information"},
};

static void snap_oui_text(uint64_t value, struct text *text)
{
    text_add(text, "%02x:%02x:%02x", (unsigned)(value >> 16 & 0xff), (unsigned)(value >> 8 & 0xff),
             (unsigned)(value & 0xff));
}

static const struct field_desc snap_fields[] = {
    {"OUI", 24, FIELD_NUMBER, .print = snap_oui_text,
     .meaning = "who numbers the protocols; 0: as Ethernet does"},
    {"code", 16, FIELD_NUMBER, .hex = true, .names = ether_types, .meaning = "protocol of the payload"},
};

static const struct binding llc_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x8870},
    {.lower = LAYER_ETHER, .field = "type", .value = 0x007a, .use = BINDING_READ},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x007a},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x007a},
    {0},
};

static const struct binding snap_bindings[] = {
    {.lower = LAYER_LLC,
     .field = "dsap",
     .value = 0xaa,
     .more = {{.field = "ssap", .value = 0xaa}, {.field = "ctrl", .value = 3}},
     .use = BINDING_BUILD},
    {0},
};

static enum layer_id dot3_dispatch(const uint8_t *p, uint32_t avail)
{
    return avail >= 14 && get16(p + DOT3_LEN_AT) > ETHER_LENGTH_MAX ? LAYER_ETHER : LAYER_DOT3;
}

static enum layer_id dot3_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)at;
    (void)payload;
    (void)len;
    return LAYER_LLC;
}

static enum layer_id llc_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)payload;
    (void)len;
    bool snap =
        fields_get(at, LLC_DSAP) == 0xaa && fields_get(at, LLC_SSAP) == 0xaa && fields_get(at, LLC_CTRL) == 3;
    return snap ? LAYER_SNAP : LAYER_RAW;
}

static bool dot3_summary(const struct view *view, unsigned i, const struct services *services,
                         struct text *text)
{
    (void)services;
    text_add(text, "802.3 ");
    ether_ends_text(view_header(view, i), text);
    return true;
}

const struct layer_desc layer_dot3 = {
    .name = "Dot3",
    .title = "802.3",
    .meaning = "Ethernet with a length (IEEE 802.3)",
    .fields = dot3_fields,
    .n_fields = ARRAY_SIZE(dot3_fields),
    .dispatch = dot3_dispatch,
    .next = dot3_next,
    .summary = dot3_summary,
};

const struct layer_desc layer_llc = {
    .name = "LLC",
    .meaning = "Logical Link Control (IEEE 802.2)",
    .bindings = llc_bindings,
    .fields = llc_fields,
    .n_fields = ARRAY_SIZE(llc_fields),
    .next = llc_next,
};

const struct layer_desc layer_snap = {
    .name = "SNAP",
    .meaning = "Subnetwork Access Protocol (IEEE 802)",
    .bindings = snap_bindings,
    .fields = snap_fields,
    .n_fields = ARRAY_SIZE(snap_fields),
};
