// Routing Information Protocol (RFC 1058, RFC 2453): a header and entries, the first of which may be an authentication.
#include "packet/bytes.h"
#include "packet/layer.h"

enum { RIP_AUTH_TYPE = 1 };
enum { RIP_AUTH_ALL = 1, RIP_AUTH_PASSWORD, RIP_AUTH_MD5 };

static const struct name rip_commands[] = {
    {1, "req"},      {2, "resp"},    {3, "traceOn"},   {4, "traceOff"},    {5, "sun"},        {6, "trigReq"},
    {7, "trigResp"}, {8, "trigAck"}, {9, "updateReq"}, {10, "updateResp"}, {11, "updateAck"}, {0, NULL},
};
static const struct name rip_families[] = {{2, "IP"}, {0, NULL}};
static const struct name rip_metrics[] = {{16, "Unreach"}, {0, NULL}};
static const struct name rip_auth_families[] = {{0xffff, "Auth"}, {0, NULL}};
static const struct name rip_auth_types[] = {{1, "md5authdata"}, {2, "simple"}, {3, "md5"}, {0, NULL}};

static enum layer_id rip_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)at;
    return len >= 2 && get16(payload) == 0xffff ? LAYER_RIP_AUTH : LAYER_RIP_ENTRY;
}

static enum layer_id rip_next_entry(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    (void)at;
    (void)payload;
    (void)len;
    return LAYER_RIP_ENTRY;
}

static const struct field_desc rip_fields[] = {
    {"cmd", 8, FIELD_NUMBER, .preset = 1, .names = rip_commands, .meaning = "req, resp, ..."},
    {"version", 8, FIELD_NUMBER, .preset = 1, .meaning = "1 or 2"},
    {"null", 16, FIELD_NUMBER, .meaning = "0"},
};

static const struct binding rip_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = 520, .more = {{.field = "sport", .value = 520}}},
    {.lower = LAYER_UDP, .field = "sport", .value = 520, .use = BINDING_READ},
    {0},
};

const struct layer_desc layer_rip = {
    .name = "RIP",
    .title = "RIP header",
    .meaning = "Routing Information Protocol (RFC 2453)",
    .fields = rip_fields,
    .n_fields = ARRAY_SIZE(rip_fields),
    .bindings = rip_bindings,
    .next = rip_next,
};

static const struct field_desc rip_entry_fields[] = {
    {"AF", 16, FIELD_NUMBER, .preset = 2, .names = rip_families, .meaning = "address family"},
    {"RouteTag", 16, FIELD_NUMBER, .meaning = "of the route"},
    {"addr", 32, FIELD_IPV4, .meaning = "network"},
    {"mask", 32, FIELD_IPV4, .meaning = "its mask"},
    {"nextHop", 32, FIELD_IPV4, .meaning = "gateway; 0.0.0.0: the sender"},
    {"metric", 32, FIELD_NUMBER, .preset = 1, .names = rip_metrics, .meaning = "1 to 15; 16: unreachable"},
};

// Without a header, as Scapy has it.
static const struct binding rip_entry_bindings[] = {
    {.lower = LAYER_UDP,
     .field = "dport",
     .value = 520,
     .use = BINDING_BUILD,
     .more = {{.field = "sport", .value = 520}}},
    {0},
};

const struct layer_desc layer_rip_entry = {
    .name = "RIPEntry",
    .title = "RIP entry",
    .meaning = "RIP: a route",
    .fields = rip_entry_fields,
    .n_fields = ARRAY_SIZE(rip_entry_fields),
    .bindings = rip_entry_bindings,
    .next = rip_next,
};

static bool rip_auth_has_all(const struct fields *at)
{
    return fields_get(at, RIP_AUTH_TYPE) == RIP_AUTH_ALL;
}

static bool rip_auth_has_password(const struct fields *at)
{
    return fields_get(at, RIP_AUTH_TYPE) == RIP_AUTH_PASSWORD;
}

static bool rip_auth_has_md5(const struct fields *at)
{
    return fields_get(at, RIP_AUTH_TYPE) == RIP_AUTH_MD5;
}

static const struct field_desc rip_auth_fields[] = {
    {"AF", 16, FIELD_NUMBER, .preset = 0xffff, .names = rip_auth_families, .meaning = "0xffff"},
    {"authtype", 16, FIELD_NUMBER, .layout = true, .preset = 2, .names = rip_auth_types,
     .meaning = "simple or md5"},
    {"password", 128, FIELD_BYTES, .present = rip_auth_has_password, .meaning = "in clear"},
    {"digestoffset", 16, FIELD_NUMBER, .present = rip_auth_has_md5, .meaning = "where the digest stands"},
    {"keyid", 8, FIELD_NUMBER, .present = rip_auth_has_md5, .meaning = "which key"},
    {"authdatalen", 8, FIELD_NUMBER, .present = rip_auth_has_md5, .meaning = "of the digest"},
    {"seqnum", 32, FIELD_NUMBER, .present = rip_auth_has_md5, .meaning = "does not go back"},
    {"zeropad", 64, FIELD_BYTES, .present = rip_auth_has_md5, .meaning = "0"},
    {"authdata", 0, FIELD_BYTES, .present = rip_auth_has_all, .meaning = "the digest, behind the last route"},
};

const struct layer_desc layer_rip_auth = {
    .name = "RIPAuth",
    .title = "RIP authentication",
    .meaning = "RIP: authentication (RFC 2453 4.1, RFC 4822)",
    .fields = rip_auth_fields,
    .n_fields = ARRAY_SIZE(rip_auth_fields),
    .next = rip_next_entry,
};
