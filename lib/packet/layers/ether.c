// Ethernet II (IEEE 802.3 3.2.6).
#include "packet/layers/ether.h"
#include "base/address.h"
#include "packet/bytes.h"
#include "packet/layer.h"

enum { ETHER_DST, ETHER_SRC, ETHER_TYPE };
enum { ETHER_BYTES = 14, ETHER_TYPE_AT = 12 };

// As Scapy names them.
// clang-format off
const struct name ether_types[] = {
    {0x0800, "IPv4"}, {0x0805, "X25"}, {0x0806, "ARP"}, {0x0808, "FR_ARP"}, {0x08ff, "BPQ"}, {0x22f3, "TRILL"},
    {0x22f4, "L2_IS_IS"}, {0x6558, "TEB"}, {0x6559, "RAW_FR"}, {0x8035, "RARP"}, {0x809b, "ATALK"},
    {0x80f3, "AARP"}, {0x8100, "n_802_1Q"}, {0x8137, "IPX"}, {0x8191, "NetBEUI"}, {0x86dd, "IPv6"}, {0x880b, "PPP"},
    {0x8847, "MPLS"}, {0x8848, "MPLS_MULTI"}, {0x884c, "ATMMPOA"}, {0x8863, "PPP_DISC"}, {0x8864, "PPP_SES"},
    {0x8884, "ATMFATE"}, {0x888e, "EAPOL"}, {0x88a8, "802_AD"}, {0x88c7, "EAP_PREAUTH"}, {0x88cc, "LLDP"},
    {0x88e5, "802_1AE"}, {0x88e7, "PBB"}, {0x88f5, "MVRP"}, {0x88f7, "PTP"}, {0x8906, "FCOE"}, {0x8914, "FIP"},
    {0x8915, "ROCE"}, {0xa0ed, "6LoWPAN"}, {0, NULL},
};
// clang-format on

static const struct field_desc ether_fields[] = {
    {"dst", 48, FIELD_MAC, .filled = AUTO_NEXT_HOP_MAC, .meaning = "destination; the next hop's unless set"},
    {"src", 48, FIELD_MAC, .filled = AUTO_SOURCE_MAC, .meaning = "source; the interface's unless set"},
    {"type", 16, FIELD_NUMBER, .hex = true, .preset = 0x9000, .names = ether_types,
     .meaning = "protocol of the payload"},
};

static const struct binding ether_bindings[] = {
    {.lower = LAYER_ETHER, .field = "type", .value = 0x0001},
    {.lower = LAYER_COOKED_LINUX, .field = "proto", .value = 0x0001},
    {.lower = LAYER_SNAP, .field = "code", .value = 0x0001},
    {.lower = LAYER_GRE, .field = "proto", .value = 0x6558},
    {.lower = LAYER_VXLAN,
     .field = "flags",
     .value = 0x0c,
     .more = {{.field = "NextProtocol", .value = 3}},
     .use = BINDING_BUILD},
    {0},
};

static enum layer_id ether_dispatch(const uint8_t *p, uint32_t avail)
{
    return avail >= ETHER_BYTES && get16(p + ETHER_TYPE_AT) <= ETHER_LENGTH_MAX ? LAYER_DOT3 : LAYER_ETHER;
}

static bool ether_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    (void)quoted;
    if (avail < 14)
        return false;
    *m = (struct measure){
        14, avail, (uint8_t)layer_announced(LAYER_ETHER, ETHER_TYPE, get16(p + 12), p + 14, avail - 14),
        false, false};
    return true;
}

static uint64_t ether_looks(const uint8_t *p, uint32_t header_bytes, uint32_t payload)
{
    (void)payload;
    return 3u << ETHER_TYPE_AT |
           layer_looks_behind(LAYER_ETHER, ETHER_TYPE, get16(p + ETHER_TYPE_AT), header_bytes);
}

void ether_ends_text(const uint8_t *p, struct text *text)
{
    struct mac dst, src;
    char from[MAC_TEXT_MAX], to[MAC_TEXT_MAX];

    memcpy(dst.bytes, p, 6);
    memcpy(src.bytes, p + 6, 6);
    mac_format(&src, from);
    mac_format(&dst, to);
    text_add(text, "%s > %s", from, to);
}

static bool ether_summary(const struct view *view, unsigned i, const struct services *services,
                          struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    ether_ends_text(p, text);
    text_add(text, " (");
    ether_type_text(get16(p + 12), text);
    text_add(text, ")");
    return true;
}

void ether_type_text(uint16_t type, struct text *text)
{
    const char *name = name_of(ether_types, type);

    if (name != NULL)
        text_add(text, "%s", name);
    else
        text_add(text, "0x%x", type);
}

// Scapy hashes the type; exactly, what follows tells it.
static void ether_flow_key(const struct view *view, unsigned i, enum flow_role role,
                           const struct answer_rules *rules, struct flow_key *key)
{
    (void)role;
    if (rules->scapy)
        flow_key_add(key, get16(view_header(view, i) + 12));
}

// MACs are never compared: an answer may come from another one.
static bool ether_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                          const struct answer_rules *rules)
{
    return si < s->n && s->layers[si].id == LAYER_ETHER &&
           get16(view_header(r, ri) + 12) == get16(view_header(s, si) + 12) &&
           answers(r, ri + 1, s, si + 1, rules);
}

const struct layer_desc layer_ether = {
    .name = "Ether",
    .title = "Ethernet",
    .meaning = "Ethernet II",
    .bindings = ether_bindings,
    .fields = ether_fields,
    .n_fields = ARRAY_SIZE(ether_fields),
    .dispatch = ether_dispatch,
    .measure = ether_measure,
    .looks = ether_looks,
    .summary = ether_summary,
    .flow_key = ether_flow_key,
    .answers = ether_answers,
};
