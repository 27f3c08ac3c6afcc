// PPP over Ethernet (RFC 2516): the session's header, and discovery with its tags.
#include "packet/bytes.h"
#include "packet/layer.h"

enum { PPPOE_VERSION, PPPOE_TYPE, PPPOE_CODE, PPPOE_SESSIONID, PPPOE_LEN };
enum { TAG_TYPE, TAG_LEN, TAG_VALUE, TAG_HEADER_BYTES = 4 };

static const struct name pppoe_session[] = {{0, "Session"}, {0, NULL}};

// As Scapy names them.
// clang-format off
static const struct name pppoe_codes[] = {
    {0x0000, "PPP Session Stage"}, {0x0009, "PPPoE Active Discovery Initiation (PADI)"},
    {0x0007, "PPPoE Active Discovery Offer (PADO)"}, {0x000a, "PPPoE Active Discovery Session-Grant (PADG)"},
    {0x000b, "PPPoE Active Discovery Session-Credit Response (PADC)"},
    {0x000c, "PPPoE Active Discovery Quality (PADQ)"}, {0x0019, "PPPoE Active Discovery Request (PADR)"},
    {0x0065, "PPPoE Active Discovery Session-confirmation (PADS)"},
    {0x00a7, "PPPoE Active Discovery Terminate (PADT)"}, {0, NULL},
};
// clang-format on

// clang-format off
static const struct name pppoe_tags[] = {
    {0x0000, "End-Of-List"}, {0x0101, "Service-Name"}, {0x0102, "AC-Name"}, {0x0103, "Host-Uniq"},
    {0x0104, "AC-Cookie"}, {0x0105, "Vendor-Specific"}, {0x0106, "Credits"}, {0x0107, "Metrics"},
    {0x0108, "Sequence Number"}, {0x0109, "Credit Scale Factor"}, {0x0110, "Relay-Session-Id"},
    {0x0120, "PPP-Max-Payload"}, {0x0201, "Service-Name-Error"}, {0x0202, "AC-System-Error"},
    {0x0203, "Generic-Error"}, {0, NULL},
};
// clang-format on

#define PPPOE_FIELDS(code_preset, code_names)                                               \
    {"version", 4, FIELD_NUMBER, .preset = 1, .meaning = "1"},                              \
        {"type", 4, FIELD_NUMBER, .preset = 1, .meaning = "1"},                             \
        {"code",                                                                            \
         8,                                                                                 \
         FIELD_NUMBER,                                                                      \
         .preset = code_preset,                                                             \
         .names = code_names,                                                               \
         .meaning = "what this is; 0: a session's data"},                                   \
        {"sessionid", 16, FIELD_NUMBER, .hex = true, .meaning = "session"},                 \
    {                                                                                       \
        "len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_PAYLOAD}, \
                                 .meaning = "payload, in bytes"                             \
    }

static const struct field_desc pppoe_fields[] = {PPPOE_FIELDS(0, pppoe_session)};
static const struct field_desc pppoed_fields[] = {PPPOE_FIELDS(0x09, pppoe_codes)};

static const struct field_desc tag_fields[] = {
    {"tag_type", 16, FIELD_NUMBER, .names = pppoe_tags, .meaning = "what the value is"},
    {"tag_len", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED, .length = {.of = LENGTH_FIELD, .field = TAG_VALUE},
     .meaning = "value, in bytes"},
    {"tag_value", 0, FIELD_BYTES, .meaning = "value"},
};

static uint8_t tags_which(const uint8_t *p, uint32_t avail)
{
    (void)p;
    (void)avail;
    return LAYER_PPPOE_TAG;
}

static const struct packets_desc tags_packets = {.which = tags_which};

static const struct field_desc tags_fields[] = {
    {"tag_list", 0, FIELD_PACKETS, .packets = &tags_packets, .meaning = "PPPoETag(...)"},
};

static const struct binding pppoe_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x8864},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x8864},
    {0},
};

static const struct binding pppoed_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x8863},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x8863},
    {0},
};

static const struct binding tags_bindings[] = {
    {.lower = LAYER_PPPOED, .field = "type", .value = 1},
    {0},
};

static bool pppoed_summary(const struct view *view, unsigned i, const struct services *services,
                           struct text *text)
{
    uint8_t code = view_header(view, i)[1];
    const char *name = name_of(pppoe_codes, code);

    (void)services;
    name != NULL ? text_add(text, "%s", name) : text_add(text, "%u", code);
    return true;
}

static bool tags_summary(const struct view *view, unsigned i, const struct services *services,
                         struct text *text)
{
    const uint8_t *p = view_header(view, i);
    uint32_t len = view->layers[i].header_bytes;

    (void)services;
    text_add(text, "PPPoE Tags");
    for (uint32_t at = 0; len - at >= TAG_HEADER_BYTES;) {
        uint32_t value = get16(p + at + 2), room = len - at - TAG_HEADER_BYTES;
        const char *name = name_of(pppoe_tags, get16(p + at));

        text_add(text, "%s", at == 0 ? "" : ", ");
        name != NULL ? text_add(text, "%s", name) : text_add(text, "%u", get16(p + at));
        at += TAG_HEADER_BYTES + (value < room ? value : room);
    }
    return true;
}

const struct layer_desc layer_pppoe = {
    .name = "PPPoE",
    .title = "PPP over Ethernet",
    .meaning = "PPP over Ethernet, session (RFC 2516)",
    .bindings = pppoe_bindings,
    .fields = pppoe_fields,
    .n_fields = ARRAY_SIZE(pppoe_fields),
};

const struct layer_desc layer_pppoed = {
    .name = "PPPoED",
    .title = "PPP over Ethernet Discovery",
    .meaning = "PPP over Ethernet, discovery (RFC 2516)",
    .alias = LAYER_PPPOE,
    .bindings = pppoed_bindings,
    .fields = pppoed_fields,
    .n_fields = ARRAY_SIZE(pppoed_fields),
    .summary = pppoed_summary,
};

const struct layer_desc layer_pppoed_tags = {
    .name = "PPPoED_Tags",
    .title = "PPPoE Tag List",
    .meaning = "tags of PPPoED",
    .bindings = tags_bindings,
    .fields = tags_fields,
    .n_fields = ARRAY_SIZE(tags_fields),
    .summary = tags_summary,
    .summary_beside = LAYER_PPPOED,
};

const struct layer_desc layer_pppoe_tag = {
    .name = "PPPoETag",
    .title = "PPPoE Tag",
    .meaning = "a tag of PPPoED_Tags",
    .fields = tag_fields,
    .n_fields = ARRAY_SIZE(tag_fields),
};
