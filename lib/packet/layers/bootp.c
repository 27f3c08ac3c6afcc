// Bootstrap Protocol (RFC 951, RFC 1542), on which DHCP stands.
#include "packet/layers/bootp.h"

#include "base/address.h"
#include "packet/bytes.h"
#include "packet/layers/arp.h"
#include "packet/layers/ip.h"

enum { BOOTP_SERVER = 67, BOOTP_CLIENT = 68, BOOTP_XID_AT = 4, BOOTP_CHADDR_BYTES = 16, BOOTP_MAC_BYTES = 6 };

static const struct name bootp_ops[] = {{1, "BOOTREQUEST"}, {2, "BOOTREPLY"}, {0, NULL}};

// ---- the client's hardware address: a MAC or bytes

static bool chaddr_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    struct mac mac;

    if (part->bytes == NULL || part->call != NULL) {
        *problem = "it takes a MAC in quotes, or bytes";
        return false;
    }
    if (mac_parse((const char *)part->bytes, part->len, &mac)) {
        memcpy(out, mac.bytes, sizeof(mac.bytes));
        *len = sizeof(mac.bytes);
        return true;
    }
    memcpy(out, part->bytes, part->len);
    *len = part->len;
    return true;
}

static void chaddr_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                         struct text *text)
{
    bool zeros = true;

    (void)message;
    (void)message_len;
    if (len < BOOTP_MAC_BYTES)
        return;
    for (uint32_t i = 0; i < len; i++) {
        if (i < BOOTP_MAC_BYTES)
            text_add(text, "%s%02x", i == 0 ? "" : ":", p[i]);
        else
            zeros &= p[i] == 0;
    }
    text_add(text, zeros ? " (+ 10 nul pad)" : " (pad: ");
    if (zeros)
        return;
    text_add_bytes(text, p + BOOTP_MAC_BYTES, len - BOOTP_MAC_BYTES);
    text_add(text, ")");
}

static const struct codec bootp_chaddr = {.name = "MAC", .encode = chaddr_encode, .print = chaddr_print};

// ---- the vendor's area: a magic number that announces DHCP, or bytes

static bool options_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    static const char magic[] = "DHCP magic";

    if (part->bytes == NULL || part->call != NULL) {
        *problem = "it takes a string";
        return false;
    }
    if (part->len == strlen(magic) && memcmp(part->bytes, magic, part->len) == 0) {
        put32(out, BOOTP_MAGIC);
        *len = 4;
        return true;
    }
    memcpy(out, part->bytes, part->len);
    *len = part->len;
    return true;
}

static uint32_t options_extent(const uint8_t *p, uint32_t avail)
{
    return avail >= 4 && get32(p) == BOOTP_MAGIC ? 4 : avail;
}

static void options_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                          struct text *text)
{
    (void)message;
    (void)message_len;
    if (len == 4 && get32(p) == BOOTP_MAGIC)
        text_add(text, "DHCP magic");
    else
        text_add_bytes(text, p, len);
}

static const struct codec bootp_options = {
    .name = "string",
    .encode = options_encode,
    .extent = options_extent,
    .print = options_print,
};

// ---- the header

static const struct field_desc bootp_fields[] = {
    {"op", 8, FIELD_NUMBER, .preset = 1, .names = bootp_ops, .meaning = "request or reply"},
    {"htype", 8, FIELD_NUMBER, .preset = 1, .names = arp_hwtypes, .meaning = "kind of hardware"},
    {"hlen", 8, FIELD_NUMBER, .preset = 6, .meaning = "bytes of a hardware address"},
    {"hops", 8, FIELD_NUMBER, .meaning = "relays so far"},
    {"xid", 32, FIELD_NUMBER, .hex = true, .meaning = "transaction; echoed"},
    {"secs", 16, FIELD_NUMBER, .meaning = "seconds since the client began"},
    {"flags", 16, FIELD_FLAGS, .letters = "???????????????B", .meaning = "B: broadcast the reply"},
    {"ciaddr", 32, FIELD_IPV4, .meaning = "client's address, if it has one"},
    {"yiaddr", 32, FIELD_IPV4, .meaning = "the address that it is given"},
    {"siaddr", 32, FIELD_IPV4, .meaning = "the next server's"},
    {"giaddr", 32, FIELD_IPV4, .meaning = "the relay's"},
    {"chaddr", 8 * BOOTP_CHADDR_BYTES, FIELD_CODED, .codec = &bootp_chaddr, .meaning = "client's MAC"},
    {"sname", 8 * 64, FIELD_BYTES, .meaning = "server's name"},
    {"file", 8 * 128, FIELD_BYTES, .meaning = "file to boot"},
    {"options", 0, FIELD_CODED, .codec = &bootp_options,
     .meaning = "\"DHCP magic\", if DHCP follows, or bytes"},
};

static const struct binding bootp_bindings[] = {
    {.lower = LAYER_UDP,
     .field = "dport",
     .value = BOOTP_CLIENT,
     .use = BINDING_BUILD,
     .more = {{.field = "sport", .value = BOOTP_SERVER}}},
    {.lower = LAYER_UDP, .field = "dport", .value = BOOTP_SERVER, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "dport", .value = BOOTP_CLIENT, .use = BINDING_READ},
    {0},
};

// All requests come from one port, mostly to everybody, who quotes none of them in an error. Of others an error may quote too
// little.
static void bootp_flow_key(const struct view *view, unsigned i, enum flow_role role,
                           const struct answer_rules *rules, struct flow_key *key)
{
    bool everybody =
        role == FLOW_STIMULUS ? i >= 2 && ip_goes_to_group(view, i - 2) : role == FLOW_RESPONSE_TO_GROUP;

    if ((rules->scapy || everybody) && view->layers[i].header_bytes >= BOOTP_XID_AT + 4)
        flow_key_add(key, get32(view_header(view, i) + BOOTP_XID_AT));
}

static bool bootp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                          const struct answer_rules *rules)
{
    (void)rules;
    return si < s->n && s->layers[si].id == LAYER_BOOTP && r->layers[ri].header_bytes >= BOOTP_XID_AT + 4 &&
           s->layers[si].header_bytes >= BOOTP_XID_AT + 4 &&
           get32(view_header(r, ri) + BOOTP_XID_AT) == get32(view_header(s, si) + BOOTP_XID_AT);
}

const struct layer_desc layer_bootp = {
    .name = "BOOTP",
    .meaning = "Bootstrap Protocol (RFC 951)",
    .bindings = bootp_bindings,
    .fields = bootp_fields,
    .n_fields = ARRAY_SIZE(bootp_fields),
    .flow_key = bootp_flow_key,
    .answers = bootp_answers,
};
