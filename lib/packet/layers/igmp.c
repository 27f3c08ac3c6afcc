// Internet Group Management Protocol (RFC 1112, RFC 2236, RFC 9776), and multicast router discovery (RFC 4286).
#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/ip.h"

enum { IGMP_TYPE, IGMP_MRCODE, IGMP_CHKSUM, IGMP_GADDR };
enum { IGMP_BYTES = 8, IGMPV3_BYTES = 4, IGMPV3_QUERY_BYTES = 12 };
enum {
    IGMP_QUERY = 0x11,
    IGMP_REPORT = 0x12,
    IGMP_REPORT_2 = 0x16,
    IGMP_LEAVE = 0x17,
    IGMP_REPORT_3 = 0x22,
    IGMP_ROUTER_ADVERTISEMENT = 0x30,
    IGMP_ROUTER_SOLICITATION = 0x31,
    IGMP_ROUTER_TERMINATION = 0x32,
};
#define IGMP_ALL_SYSTEMS        0xe0000001u // 224.0.0.1
#define IGMP_ALL_ROUTERS        0xe0000002u
#define IGMP_ALL_IGMPV3_ROUTERS 0xe0000016u
#define IGMP_ALL_SNOOPERS       0xe000006au

// ---- the maximal response time of version 3 (RFC 9776 4.1.1): from 128 on an exponent and a mantissa. In advertisements the byte
// is their interval in seconds, which is to be written as a byte from 128 on.

enum { IGMP_CODE_LINEAR = 128, IGMP_TIME_MAX = 31 << 10 };

static bool igmp_time_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    uint32_t exponent = 0, time = (uint32_t)part->number;

    if (part->call != NULL || (part->bytes != NULL ? part->len != 1 : part->number > IGMP_TIME_MAX)) {
        *problem = "it takes numbers of 0 to 31744, in tenths of a second, or the byte itself: b\"\\x89\"";
        return false;
    }
    *len = 1;
    out[0] = part->bytes != NULL ? part->bytes[0] : (uint8_t)time;
    if (part->bytes != NULL || time < IGMP_CODE_LINEAR)
        return true;
    for (time >>= 3; time > 31; time >>= 1)
        exponent++;
    out[0] = (uint8_t)(0x80 | exponent << 4 | (time & 15));
    return true;
}

static uint32_t igmp_time_extent(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail < 1 ? UINT32_MAX : 1;
}

static void igmp_time_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                            struct text *text)
{
    (void)message;
    (void)message_len;
    if (len == 1)
        text_add(text, "%u", p[0] < IGMP_CODE_LINEAR ? p[0] : ((p[0] & 15u) | 16) << ((p[0] >> 4 & 7) + 3));
}

static const struct codec igmp_time = {
    .name = "time",
    .encode = igmp_time_encode,
    .extent = igmp_time_extent,
    .print = igmp_time_print,
};

// ---- fields

static const struct name igmp_types[] = {
    {0x11, "Group Membership Query"},
    {0x12, "Version 1 - Membership Report"},
    {0x16, "Version 2 - Membership Report"},
    {0x17, "Leave Group"},
    {0, NULL},
};

static const struct field_desc igmp_fields[] = {
    {"type", 8, FIELD_NUMBER, .layout = true, .preset = IGMP_QUERY, .names = igmp_types,
     .meaning = "query, report, leave"},
    {"mrcode", 8, FIELD_NUMBER, .preset = 20,
     .meaning = "time to answer in, in tenths of a second; 0 but in queries"},
    {"chksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED, .meaning = "over the whole message"},
    {"gaddr", 32, FIELD_IPV4, .meaning = "group; 0.0.0.0 asks for all"},
};

static const struct name igmpv3_types[] = {
    {0x11, "Membership Query"},
    {0x22, "Version 3 Membership Report"},
    {0x30, "Multicast Router Advertisement"},
    {0x31, "Multicast Router Solicitation"},
    {0x32, "Multicast Router Termination"},
    {0, NULL},
};

static const struct field_desc igmpv3_fields[] = {
    {"type", 8, FIELD_NUMBER, .layout = true, .preset = IGMP_QUERY, .names = igmpv3_types,
     .meaning = "query, report, ..."},
    {"mrcode", 8, FIELD_CODED, .codec = &igmp_time, .preset_bytes = "\x14", .preset_len = 1,
     .meaning = "time to answer in, in tenths of a second; 0 but in queries"},
    {"chksum", 16, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED, .meaning = "over the whole message"},
};

enum { IGMP_QUERY_SOURCES = 6, IGMP_RECORD_SOURCES = 4, IGMP_REPORT_RECORDS = 2 };

static const struct field_desc igmpv3mq_fields[] = {
    {"gaddr", 32, FIELD_IPV4, .meaning = "group; 0.0.0.0 asks for all"},
    {"resv", 4, FIELD_NUMBER, .meaning = "0"},
    {"s", 1, FIELD_NUMBER, .meaning = "routers do not act on it"},
    {"qrv", 3, FIELD_NUMBER, .meaning = "querier's robustness variable"},
    {"qqic", 8, FIELD_NUMBER, .meaning = "querier's interval"},
    {"numsrc", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = IGMP_QUERY_SOURCES}, .meaning = "addresses in srcaddrs"},
    {"srcaddrs", 0, FIELD_CODED, .codec = &codec_ipv4_list, .meaning = "sources asked for"},
};

static const struct name igmp_record_types[] = {
    {1, "Mode Is Include"},
    {2, "Mode Is Exclude"},
    {3, "Change To Include Mode"},
    {4, "Change To Exclude Mode"},
    {5, "Allow New Sources"},
    {6, "Block Old Sources"},
    {0, NULL},
};

static const struct field_desc igmpv3gr_fields[] = {
    {"rtype", 8, FIELD_NUMBER, .preset = 1, .names = igmp_record_types,
     .meaning = "what is told of the sources"},
    {"auxdlen", 8, FIELD_NUMBER, .meaning = "0"},
    {"numsrc", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = IGMP_RECORD_SOURCES}, .meaning = "addresses in srcaddrs"},
    {"maddr", 32, FIELD_IPV4, .meaning = "group"},
    {"srcaddrs", 0, FIELD_CODED, .codec = &codec_ipv4_list, .meaning = "its sources"},
};

static uint8_t igmp_record_which(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail >= IGMP_BYTES ? LAYER_IGMPV3GR : LAYER_NONE;
}

static const struct packets_desc igmp_records = {.preset = LAYER_NONE, .which = igmp_record_which};

static const struct field_desc igmpv3mr_fields[] = {
    {"res2", 16, FIELD_NUMBER, .hex = true, .meaning = "0"},
    {"numgrp", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = IGMP_REPORT_RECORDS}, .meaning = "packets in records"},
    {"records", 0, FIELD_PACKETS, .packets = &igmp_records, .meaning = "[IGMPv3gr(...),...]"},
};

static const struct field_desc igmpv3mra_fields[] = {
    {"qryIntvl", 16, FIELD_NUMBER, .meaning = "query interval in seconds"},
    {"robust", 16, FIELD_NUMBER, .meaning = "robustness variable"},
};

// ---- where they stand

// RFC 2236 2, RFC 9776 4: one hop, and each router looks at it. Version 3 has a type of service as well.
#define IGMP_ON_IP(first, group, ...)                                          \
    {                                                                          \
        .lower = LAYER_IP, .field = "proto", .value = 2, .use = BINDING_BUILD, \
        .starts = BINDING_STARTS(first), .more = {                             \
            {.field = "ttl", .value = 1},                                      \
            {.field = "tos", .value = 0xc0},                                   \
            {.field = "options", .value = LAYER_IPOPTION_ROUTER_ALERT},        \
            {"dst", group, __VA_ARGS__}                                        \
        }                                                                      \
    }

static const struct binding igmp_bindings[] = {
    IGMP_ON_IP(IGMP_QUERY, IGMP_ALL_SYSTEMS, .from = "gaddr"),
    IGMP_ON_IP(IGMP_REPORT, 0, .from = "gaddr"),
    IGMP_ON_IP(IGMP_REPORT_2, 0, .from = "gaddr"),
    IGMP_ON_IP(IGMP_LEAVE, IGMP_ALL_ROUTERS, .from = NULL),
    {.lower = LAYER_IP, .field = "proto", .value = 2, .use = BINDING_READ},
    {0},
};

static const struct binding igmpv3_bindings[] = {
    IGMP_ON_IP(IGMP_QUERY, IGMP_ALL_SYSTEMS, .from = NULL),
    IGMP_ON_IP(IGMP_REPORT_3, IGMP_ALL_IGMPV3_ROUTERS, .from = NULL),
    IGMP_ON_IP(IGMP_ROUTER_ADVERTISEMENT, IGMP_ALL_SNOOPERS, .from = NULL),
    IGMP_ON_IP(IGMP_ROUTER_SOLICITATION, IGMP_ALL_ROUTERS, .from = NULL),
    IGMP_ON_IP(IGMP_ROUTER_TERMINATION, IGMP_ALL_SNOOPERS, .from = NULL),
    {0},
};

#define IGMPV3_PART(symbol, type)                                  \
    static const struct binding symbol##_bindings[] = {            \
        {.lower = LAYER_IGMPV3, .field = "type", .value = (type)}, \
        {0},                                                       \
    }
IGMPV3_PART(igmpv3mq, IGMP_QUERY);
IGMPV3_PART(igmpv3mr, IGMP_REPORT_3);
IGMPV3_PART(igmpv3mra, IGMP_ROUTER_ADVERTISEMENT);

// RFC 9776 7.1: the length tells the queries of version 3 from the others.
static enum layer_id igmp_dispatch(const uint8_t *p, uint32_t avail)
{
    bool third =
        avail >= IGMPV3_BYTES &&
        (p[0] == IGMP_REPORT_3 || (p[0] >= IGMP_ROUTER_ADVERTISEMENT && p[0] <= IGMP_ROUTER_TERMINATION) ||
         (p[0] == IGMP_QUERY && avail >= IGMPV3_QUERY_BYTES));

    return third ? LAYER_IGMPV3 : LAYER_IGMP;
}

static void igmp_finish(struct build *build, struct build_layer *layer)
{
    if (!build_is_set(layer, IGMP_MRCODE) && build_get(layer, IGMP_TYPE) != IGMP_QUERY)
        build_put(build, layer, IGMP_MRCODE, 0);
    if (build_is_set(layer, IGMP_CHKSUM))
        return;
    build_add_sum(build, &(struct build_sum){
                             .store = layer->at.bit[IGMP_CHKSUM] / 8,
                             .n_ranges = 1,
                             .range = {{layer->at.start, build_payload_end(build)}},
                         });
}

static void igmp_start_text(const struct view *view, unsigned i, const char *name, const struct name *types,
                            struct text *text)
{
    const uint8_t *p = view_header(view, i);
    char source[ADDRESS_TEXT_MAX], destination[ADDRESS_TEXT_MAX];
    const char *type = name_of(types, p[0]);

    text_add(text, "%s", name);
    if (i > 0 && view->layers[i - 1].id == LAYER_IP && ip_addresses_text(view, i, source, destination))
        text_add(text, ": %s > %s", source, destination);
    type != NULL ? text_add(text, " %s", type) : text_add(text, " %u", p[0]);
}

static bool igmp_summary(const struct view *view, unsigned i, const struct services *services,
                         struct text *text)
{
    struct address group = address_from_bytes(4, view_header(view, i) + 4);
    char buffer[ADDRESS_TEXT_MAX];

    (void)services;
    igmp_start_text(view, i, "IGMP", igmp_types, text);
    address_format(&group, buffer);
    text_add(text, " %s", buffer);
    return true;
}

static bool igmpv3_summary(const struct view *view, unsigned i, const struct services *services,
                           struct text *text)
{
    (void)services;
    igmp_start_text(view, i, "IGMPv3", igmpv3_types, text);
    return true;
}

// A report of any version answers a query of any, an advertisement a solicitation.
static bool igmp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    if (si >= s->n || (s->layers[si].id != LAYER_IGMP && s->layers[si].id != LAYER_IGMPV3))
        return false;
    uint8_t response = view_header(r, ri)[0], asked = view_header(s, si)[0];

    if (answers_quote(r, ri, rules))
        return response == asked;
    if (asked == IGMP_QUERY)
        return response == IGMP_REPORT || response == IGMP_REPORT_2 || response == IGMP_REPORT_3;
    return asked == IGMP_ROUTER_SOLICITATION && response == IGMP_ROUTER_ADVERTISEMENT;
}

const struct layer_desc layer_igmp = {
    .name = "IGMP",
    .meaning = "Internet Group Management Protocol, versions 1 and 2 (RFC 2236)",
    .bindings = igmp_bindings,
    .fields = igmp_fields,
    .n_fields = ARRAY_SIZE(igmp_fields),
    .dispatch = igmp_dispatch,
    .finish = igmp_finish,
    .summary = igmp_summary,
    .answers = igmp_answers,
};

const struct layer_desc layer_igmpv3 = {
    .name = "IGMPv3",
    .meaning = "Internet Group Management Protocol, version 3 (RFC 9776)",
    .bindings = igmpv3_bindings,
    .fields = igmpv3_fields,
    .n_fields = ARRAY_SIZE(igmpv3_fields),
    .dispatch = igmp_dispatch,
    .finish = igmp_finish,
    .summary = igmpv3_summary,
    .answers = igmp_answers,
};

#define IGMPV3_LAYER(symbol, name_, meaning_)    \
    const struct layer_desc layer_##symbol = {   \
        .name = name_,                           \
        .meaning = meaning_,                     \
        .bindings = symbol##_bindings,           \
        .fields = symbol##_fields,               \
        .n_fields = ARRAY_SIZE(symbol##_fields), \
    }

IGMPV3_LAYER(igmpv3mq, "IGMPv3mq", "IGMPv3 membership query (RFC 9776 4.1)");
IGMPV3_LAYER(igmpv3mr, "IGMPv3mr", "IGMPv3 membership report (RFC 9776 4.2)");
IGMPV3_LAYER(igmpv3mra, "IGMPv3mra", "multicast router advertisement (RFC 4286 3)");

const struct layer_desc layer_igmpv3gr = {
    .name = "IGMPv3gr",
    .meaning = "in an IGMPv3 report: a group and its sources (RFC 9776 4.2.4)",
    .fields = igmpv3gr_fields,
    .n_fields = ARRAY_SIZE(igmpv3gr_fields),
};
