// ICMPv6 multicast: listeners and routers discovered (RFC 2710, RFC 3810, RFC 4286).
#include "packet/bytes.h"
#include "packet/codec.h"
#include "packet/layers/icmpv6.h"

enum { MLD_QUERY2_BYTES = 28, MLD_HOPS = 1 };
enum { MLD_ALL_NODES = 1, MLD_ALL_ROUTERS = 2, MLD_ALL_MLD2_ROUTERS = 0x16, MLD_ALL_SNOOPERS = 0x6a };
enum { QUERY2_SOURCES = 11 };
enum { REPORT2_RECORDS = 5 };
enum { RECORD_SOURCES = 4, RECORD_AUXDATA };

// clang-format off
#define MLD_FIELDS(type_, mrd_)                                                                                     \
    ICMPV6_START(type_, NULL),                                                                                      \
    {"mrd", 16, FIELD_NUMBER, .preset = (mrd_), .meaning = "the longest time until a report, in ms"},               \
    {"reserved", 16, FIELD_NUMBER, .meaning = "0"},                                                                 \
    {"mladdr", 128, FIELD_IPV6, .meaning = "the group"}
// clang-format on

static const struct field_desc icmpv6_ml_query_fields[] = {MLD_FIELDS(130, 10000)};
static const struct field_desc icmpv6_ml_report_fields[] = {MLD_FIELDS(131, 0)};
static const struct field_desc icmpv6_ml_done_fields[] = {MLD_FIELDS(132, 0)};

static const struct field_desc icmpv6_ml_query2_fields[] = {
    MLD_FIELDS(130, 10000),
    {"Resv", 4, FIELD_NUMBER, .meaning = "0"},
    {"S", 1, FIELD_NUMBER, .meaning = "routers keep their timers"},
    {"QRV", 3, FIELD_NUMBER, .meaning = "the querier's robustness"},
    {"QQIC", 8, FIELD_NUMBER, .meaning = "the querier's interval"},
    {"sources_number", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = QUERY2_SOURCES, .unit = 16}, .meaning = "of sources"},
    {"sources", 0, FIELD_CODED, .codec = &codec_ipv6_list, .meaning = "sources that are asked for"},
};

static uint8_t mld_record_which(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail > 0 ? LAYER_MLD_RECORD : LAYER_NONE;
}

static const struct packets_desc mld_records = {.preset = LAYER_NONE, .which = mld_record_which};

static const struct field_desc icmpv6_ml_report2_fields[] = {
    ICMPV6_TYPE_FIELD(143),
    {"res", 8, FIELD_NUMBER, .meaning = "0"},
    ICMPV6_CKSUM_FIELD,
    {"reserved", 16, FIELD_NUMBER, .meaning = "0"},
    {"records_number", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = REPORT2_RECORDS}, .meaning = "of records"},
    {"records", 0, FIELD_PACKETS, .packets = &mld_records, .meaning = "a record for each group"},
};

static const struct field_desc mld_record_fields[] = {
    {"rtype", 8, FIELD_NUMBER, .preset = 4, .meaning = "what the sender listens to"},
    {"auxdata_len", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = RECORD_AUXDATA},
     .meaning = "of auxdata, in bytes as Scapy has it"},
    {"sources_number", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = RECORD_SOURCES, .unit = 16}, .meaning = "of sources"},
    {"dst", 128, FIELD_IPV6, .meaning = "the group"},
    {"sources", 0, FIELD_CODED, .codec = &codec_ipv6_list, .meaning = "sources"},
    {"auxdata", 0, FIELD_BYTES, .meaning = "more data"},
};

static const struct field_desc icmpv6_mrd_advertisement_fields[] = {
    ICMPV6_TYPE_FIELD(151),
    {"advinter", 8, FIELD_NUMBER, .preset = 20, .meaning = "between advertisements, in s"},
    ICMPV6_CKSUM_FIELD,
    {"queryint", 16, FIELD_NUMBER, .meaning = "between queries, in s"},
    {"robustness", 16, FIELD_NUMBER, .meaning = "of the querier"},
};
static const struct field_desc icmpv6_mrd_solicitation_fields[] = {
    ICMPV6_TYPE_FIELD(152), {"res", 8, FIELD_NUMBER, .meaning = "0"}, ICMPV6_CKSUM_FIELD};
static const struct field_desc icmpv6_mrd_termination_fields[] = {
    ICMPV6_TYPE_FIELD(153), {"res", 8, FIELD_NUMBER, .meaning = "0"}, ICMPV6_CKSUM_FIELD};

// A query of the first version has 24 bytes (RFC 3810 8.1).
static enum layer_id mld_query_dispatch(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail >= MLD_QUERY2_BYTES ? LAYER_ICMPV6_ML_QUERY2 : LAYER_ICMPV6_ML_QUERY;
}

// A report answers a query of its own version.
static bool mld_report_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                               const struct answer_rules *rules)
{
    uint8_t query =
        r->layers[ri].id == LAYER_ICMPV6_ML_REPORT ? LAYER_ICMPV6_ML_QUERY : LAYER_ICMPV6_ML_QUERY2;

    if (answers_quote(r, ri, rules))
        return icmpv6_answers(r, ri, s, si, rules);
    // Scapy looks for the first kind behind extension headers too.
    while (rules->scapy && query == LAYER_ICMPV6_ML_QUERY && si < s->n && s->layers[si].id != query)
        si++;
    return si < s->n && s->layers[si].id == query;
}

#define MLD_LAYER(symbol, name_, title_, meaning_, binding_, ...)                      \
    static const struct binding symbol##_bindings[] = {binding_, {0}};                 \
    const struct layer_desc layer_##symbol = {.name = "ICMPv6" name_,                  \
                                              .title = title_,                         \
                                              .meaning = meaning_,                     \
                                              .bindings = symbol##_bindings,           \
                                              .fields = symbol##_fields,               \
                                              .n_fields = ARRAY_SIZE(symbol##_fields), \
                                              .finish = icmpv6_finish,                 \
                                              __VA_ARGS__}
#define MLD_TO(type, group) ICMPV6_TO_GROUP(type, MLD_HOPS, group)

#define MLD_REPORT_BINDING                                                                        \
    {                                                                                             \
        .lower = LAYER_IPV6, .field = "nh", .value = 58, .starts = BINDING_STARTS(131), .more = { \
            {.field = "hlim", .value = MLD_HOPS}                                                  \
        }                                                                                         \
    }
#define MLD_QUERY2_BINDING                                                               \
    {                                                                                    \
        .lower = LAYER_IPV6, .field = "nh", .value = 58, .use = BINDING_BUILD, .more = { \
            {.field = "hlim", .value = MLD_HOPS},                                        \
            {.field = "dst", .value = ICMPV6_GROUP(MLD_ALL_NODES)}                       \
        }                                                                                \
    }

MLD_LAYER(icmpv6_ml_query, "MLQuery", "MLD - Multicast Listener Query", "MLD query (RFC 2710 3)",
          MLD_TO(130, MLD_ALL_NODES), .dispatch = mld_query_dispatch, .answers = icmpv6_answers);
MLD_LAYER(icmpv6_ml_report, "MLReport", "MLD - Multicast Listener Report", "MLD report (RFC 2710 3)",
          MLD_REPORT_BINDING, .answers = mld_report_answers);
MLD_LAYER(icmpv6_ml_done, "MLDone", "MLD - Multicast Listener Done", "MLD done (RFC 2710 3)",
          MLD_TO(132, MLD_ALL_ROUTERS), .answers = icmpv6_answers);
MLD_LAYER(icmpv6_ml_query2, "MLQuery2", "MLDv2 - Multicast Listener Query",
          "MLD query, version 2 (RFC 3810 5.1)", MLD_QUERY2_BINDING, .answers = icmpv6_answers);
MLD_LAYER(icmpv6_ml_report2, "MLReport2", "MLDv2 - Multicast Listener Report",
          "MLD report, version 2 (RFC 3810 5.2)", MLD_TO(143, MLD_ALL_MLD2_ROUTERS),
          .answers = mld_report_answers);
MLD_LAYER(icmpv6_mrd_advertisement, "MRD_Advertisement", "ICMPv6 Multicast Router Discovery Advertisement",
          "multicast router advertisement (RFC 4286 4)", MLD_TO(151, MLD_ALL_ROUTERS),
          .answers = icmpv6_answers);
MLD_LAYER(icmpv6_mrd_solicitation, "MRD_Solicitation", "ICMPv6 Multicast Router Discovery Solicitation",
          "multicast router solicitation (RFC 4286 5)", MLD_TO(152, MLD_ALL_ROUTERS),
          .answers = icmpv6_answers);
MLD_LAYER(icmpv6_mrd_termination, "MRD_Termination", "ICMPv6 Multicast Router Discovery Termination",
          "multicast router termination (RFC 4286 6)", MLD_TO(153, MLD_ALL_SNOOPERS),
          .answers = icmpv6_answers);

const struct layer_desc layer_mld_record = {
    .name = "ICMPv6MLDMultAddrRec",
    .title = "ICMPv6 MLDv2 - Multicast Address Record",
    .meaning = "in an MLD report: one group (RFC 3810 5.2)",
    .fields = mld_record_fields,
    .n_fields = ARRAY_SIZE(mld_record_fields),
};
