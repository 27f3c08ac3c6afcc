// Address resolution (RFC 826).
#include "packet/layers/arp.h"
#include "base/address.h"
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/layers/ether.h"

enum { ARP_FIXED_BYTES = 8 };

const struct name arp_hwtypes[] = {
    {1, "Ethernet (10Mb)"},
    {2, "Ethernet (3Mb)"},
    {3, "AX.25"},
    {4, "Proteon ProNET Token Ring"},
    {5, "Chaos"},
    {6, "IEEE 802 Networks"},
    {7, "ARCNET"},
    {8, "Hyperchannel"},
    {9, "Lanstar"},
    {10, "Autonet Short Address"},
    {11, "LocalTalk"},
    {12, "LocalNet"},
    {13, "Ultra link"},
    {14, "SMDS"},
    {15, "Frame relay"},
    {16, "ATM"},
    {17, "HDLC"},
    {18, "Fibre Channel"},
    {19, "ATM"},
    {20, "Serial Line"},
    {21, "ATM"},
    {0, NULL},
};
static const struct name arp_ops[] = {
    {1, "who-has"},     {2, "is-at"},        {3, "RARP-req"},  {4, "RARP-rep"},  {5, "Dyn-RARP-req"},
    {6, "Dyn-RAR-rep"}, {7, "Dyn-RARP-err"}, {8, "InARP-req"}, {9, "InARP-rep"}, {0, NULL},
};

static uint16_t arp_hw_bits(const struct fields *at)
{
    return (uint16_t)(8 * fields_get(at, ARP_HWLEN));
}

static uint16_t arp_proto_bits(const struct fields *at)
{
    return (uint16_t)(8 * fields_get(at, ARP_PLEN));
}

static const struct field_desc arp_fields[] = {
    {"hwtype", 16, FIELD_NUMBER, .hex = true, .layout = true, .preset = 1, .names = arp_hwtypes,
     .meaning = "kind of hardware"},
    {"ptype", 16, FIELD_NUMBER, .hex = true, .layout = true, .preset = 0x0800, .names = ether_types,
     .meaning = "kind of address"},
    {"hwlen", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true,
     .length = {.of = LENGTH_FIELD, .field = ARP_HWSRC}, .meaning = "bytes of a hardware address"},
    {"plen", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED, .layout = true,
     .length = {.of = LENGTH_FIELD, .field = ARP_PSRC}, .meaning = "bytes of a protocol address"},
    {"op", 16, FIELD_NUMBER, .preset = 1, .names = arp_ops, .meaning = "who-has, is-at, ..."},
    {"hwsrc", 0, FIELD_ADDRESS, .width = arp_hw_bits, .filled = AUTO_SOURCE_MAC,
     .meaning = "sender's MAC; the interface's unless set"},
    {"psrc", 0, FIELD_ADDRESS, .width = arp_proto_bits, .filled = AUTO_SOURCE_ADDRESS,
     .meaning = "sender's address; by route to pdst unless set"},
    {"hwdst", 0, FIELD_ADDRESS, .width = arp_hw_bits, .meaning = "target's MAC"},
    {"pdst", 0, FIELD_ADDRESS, .width = arp_proto_bits, .meaning = "target's address"},
};

static const struct binding arp_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x0806},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x0806},
    {.lower = LAYER_SNAP, .field = "code", .value = 0x0806},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x0806},
    {0},
};

static bool arp_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)quoted;
    if (avail < ARP_FIXED_BYTES)
        return false;
    uint32_t bytes = ARP_FIXED_BYTES + 2u * p[4] + 2u * p[5];
    if (avail < bytes)
        return false;
    *m = (struct measure){bytes, bytes, LAYER_PADDING, false, false};
    return true;
}

// Where the addresses lie. A stimulus's length fields may lie (the user set them), so the layer's end bounds them all.
struct arp_addresses {
    uint8_t hw, proto; // bytes of each
    const uint8_t *hwsrc, *psrc, *pdst;
};

static struct arp_addresses arp_addresses(const struct view *view, unsigned i)
{
    const uint8_t *p = view_header(view, i);
    uint32_t room = (uint32_t)(view->layers[i].header_bytes - ARP_FIXED_BYTES) / 2;
    uint8_t hw = p[4] < room ? p[4] : (uint8_t)room;
    uint8_t proto = p[5] < room - hw ? p[5] : (uint8_t)(room - hw);

    p += ARP_FIXED_BYTES;
    return (struct arp_addresses){hw, proto, p, p + hw, p + 2 * hw + proto};
}

static void arp_address(const uint8_t *p, uint8_t len, struct text *text)
{
    char buffer[ADDRESS_TEXT_MAX];

    if (len == 4 || len == 16) {
        struct address address = address_from_bytes(len == 4 ? 4 : 6, p);

        address_format(&address, buffer);
        text_add(text, "%s", buffer);
    }
    for (unsigned k = 0; k < len && len != 4 && len != 16; k++)
        text_add(text, "%s%02x", k == 0 ? "" : ":", p[k]);
}

static bool arp_summary(const struct view *view, unsigned i, const struct services *services,
                        struct text *text)
{
    struct arp_addresses at = arp_addresses(view, i);
    uint16_t op = get16(view_header(view, i) + 6);
    const char *name = name_of(arp_ops, op);

    (void)services;
    if (op == 1) {
        text_add(text, "ARP who has ");
        arp_address(at.pdst, at.proto, text);
        text_add(text, " says ");
    } else if (op == 2) {
        text_add(text, "ARP is at ");
        arp_address(at.hwsrc, at.hw, text);
        text_add(text, " says ");
    } else {
        text_add(text, "ARP ");
        name != NULL ? text_add(text, "%s ", name) : text_add(text, "%u ", op);
    }
    arp_address(at.psrc, at.proto, text);
    if (op != 1 && op != 2) {
        text_add(text, " > ");
        arp_address(at.pdst, at.proto, text);
    }
    return true;
}

// Who is asked for; the answer names itself as its sender. Scapy compares the number of the operation, which it does not hash.
static void arp_flow_key(const struct view *view, unsigned i, enum flow_role role,
                         const struct answer_rules *rules, struct flow_key *key)
{
    const uint8_t *p = view_header(view, i);
    struct arp_addresses at = arp_addresses(view, i);
    const uint8_t *asked = role == FLOW_STIMULUS ? at.pdst : at.psrc;
    uint16_t op = get16(p + 6);

    if (rules->hashed)
        flow_key_add(key, (uint64_t)get32(p) << 16 | (op + 1u) / 2);
    else
        flow_key_add(key, (uint16_t)(role == FLOW_STIMULUS ? op + 1u : op));
    if (role == FLOW_HASHRET)
        return;
    for (unsigned k = 0; k < at.proto; k++)
        flow_key_add(key, asked[k]);
}

static bool arp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                        const struct answer_rules *rules)
{
    if (si >= s->n || s->layers[si].id != LAYER_ARP)
        return false;
    const uint8_t *rp = view_header(r, ri), *sp = view_header(s, si);
    struct arp_addresses ra = arp_addresses(r, ri), sa = arp_addresses(s, si);
    uint8_t common = ra.proto < sa.proto ? ra.proto : sa.proto;
    bool alike = rules->scapy || (get32(rp) == get32(sp) && ra.proto == sa.proto);

    return get16(rp + 6) == get16(sp + 6) + 1 && alike && memcmp(ra.psrc, sa.pdst, common) == 0;
}

const struct layer_desc layer_arp = {
    .name = "ARP",
    .meaning = "address resolution (RFC 826)",
    .bindings = arp_bindings,
    .fields = arp_fields,
    .n_fields = ARRAY_SIZE(arp_fields),
    .measure = arp_measure,
    .summary = arp_summary,
    .flow_key = arp_flow_key,
    .answers = arp_answers,
};
