// Network Time Protocol (RFC 5905), with the control messages of RFC 9327 and ntpd's private ones.
//
// Times and spans are fixed-point numbers: the part behind the point is a field of its own, named ..._fraction. Extension fields
// and authenticators stay Raw.
#include "packet/bytes.h"
#include "packet/layer.h"

#include <time.h>

#define NTP_UNIX_EPOCH 2208988800 // 1970, in seconds since 1900

enum { NTP_MODE = 2, NTP_STRATUM, NTP_CONTROL_DATA = 12, NTP_PRIVATE_RESPONSE = 0 };
enum { NTP_BYTES_MIN = 8, NTP_MODE_CONTROL = 6, NTP_MODE_PRIVATE = 7 };

static const struct name ntp_leaps[] = {
    {0, "no warning"},
    {1, "last minute of the day has 61 seconds"},
    {2, "last minute of the day has 59 seconds"},
    {3, "unknown (clock unsynchronized)"},
    {0, NULL},
};

static const struct name ntp_modes[] = {
    {0, "reserved"}, {1, "symmetric active"}, {2, "symmetric passive"},   {3, "client"},
    {4, "server"},   {5, "broadcast"},        {6, "NTP control message"}, {7, "reserved for private use"},
    {0, NULL},
};

static const struct name ntp_op_codes[] = {
    {0, "CTL_OP_UNSPEC"},     {1, "CTL_OP_READSTAT"},   {2, "CTL_OP_READVAR"},
    {3, "CTL_OP_WRITEVAR"},   {4, "CTL_OP_READCLOCK"},  {5, "CTL_OP_WRITECLOCK"},
    {6, "CTL_OP_SETTRAP"},    {7, "CTL_OP_ASYNCMSG"},   {8, "CTL_OP_CONFIGURE"},
    {9, "CTL_OP_SAVECONFIG"}, {10, "CTL_OP_READ_MRU"},  {11, "CTL_OP_READ_ORDLIST_A"},
    {12, "CTL_OP_REQ_NONCE"}, {31, "CTL_OP_UNSETTRAP"}, {0, NULL},
};

static const struct name ntp_implementations[] = {
    {0, "IMPL_UNIV"}, {2, "IMPL_XNTPD_OLD"}, {3, "XNTPD"}, {0, NULL}};

// clang-format off
static const struct name ntp_request_codes[] = {
    {0, "REQ_PEER_LIST"}, {1, "REQ_PEER_LIST_SUM"}, {2, "REQ_PEER_INFO"}, {3, "REQ_PEER_STATS"}, {4, "REQ_SYS_INFO"},
    {5, "REQ_SYS_STATS"}, {6, "REQ_IO_STATS"}, {7, "REQ_MEM_STATS"}, {8, "REQ_LOOP_INFO"}, {9, "REQ_TIMER_STATS"},
    {10, "REQ_CONFIG"}, {11, "REQ_UNCONFIG"}, {12, "REQ_SET_SYS_FLAG"}, {13, "REQ_CLR_SYS_FLAG"}, {14, "REQ_MONITOR"},
    {15, "REQ_NOMONITOR"}, {16, "REQ_GET_RESTRICT"}, {17, "REQ_RESADDFLAGS"}, {18, "REQ_RESSUBFLAGS"},
    {19, "REQ_UNRESTRICT"}, {20, "REQ_MON_GETLIST"}, {21, "REQ_RESET_STATS"}, {22, "REQ_RESET_PEER"},
    {23, "REQ_REREAD_KEYS"}, {24, "REQ_DO_DIRTY_HACK"}, {25, "REQ_DONT_DIRTY_HACK"}, {26, "REQ_TRUSTKEY"},
    {27, "REQ_UNTRUSTKEY"}, {28, "REQ_AUTHINFO"}, {29, "REQ_TRAPS"}, {30, "REQ_ADD_TRAP"}, {31, "REQ_CLR_TRAP"},
    {32, "REQ_REQUEST_KEY"}, {33, "REQ_CONTROL_KEY"}, {34, "REQ_GET_CTLSTATS"}, {35, "REQ_GET_LEAPINFO"},
    {36, "REQ_GET_CLOCKINFO"}, {37, "REQ_SET_CLKFUDGE"}, {38, "REQ_GET_KERNEL"}, {39, "REQ_GET_CLKBUGINFO"},
    {41, "REQ_SET_PRECISION"}, {42, "REQ_MON_GETLIST_1"}, {43, "REQ_HOSTNAME_ASSOCID"}, {44, "REQ_IF_STATS"},
    {45, "REQ_IF_RELOAD"}, {0, NULL},
};
// clang-format on

static bool ntp_has_address(const struct fields *at)
{
    return fields_get(at, NTP_STRATUM) > 1;
}

static bool ntp_has_code(const struct fields *at)
{
    return !ntp_has_address(at);
}

// From 1970 on as a date.
static void ntp_print_time(uint64_t value, struct text *text)
{
    time_t seconds = (time_t)value - NTP_UNIX_EPOCH;
    struct tm date;
    char buffer[64];

    if (value < NTP_UNIX_EPOCH || gmtime_r(&seconds, &date) == NULL ||
        strftime(buffer, sizeof(buffer), "%a, %d %b %Y %H:%M:%S +0000", &date) == 0)
        text_add(text, "%llu", (unsigned long long)value);
    else
        text_add(text, "%s", buffer);
}

#define NTP_SPAN(name_, meaning_)                                  \
    {name_, 16, FIELD_NUMBER, .meaning = meaning_ ", in seconds"}, \
    {                                                              \
        name_ "_fraction", 16, FIELD_NUMBER, .meaning = "2^-16 s"  \
    }
#define NTP_TIME(name_, meaning_)                                                                      \
    {name_, 32, FIELD_NUMBER, .print = ntp_print_time, .meaning = meaning_ ", in seconds since 1900"}, \
    {                                                                                                  \
        name_ "_fraction", 32, FIELD_NUMBER, .meaning = "2^-32 s"                                      \
    }

static const struct field_desc ntp_fields[] = {
    {"leap", 2, FIELD_NUMBER, .names = ntp_leaps, .meaning = "leap second to come"},
    {"version", 3, FIELD_NUMBER, .preset = 4, .meaning = "of the protocol"},
    {"mode", 3, FIELD_NUMBER, .preset = 3, .names = ntp_modes, .meaning = "client, server, ..."},
    {"stratum", 8, FIELD_NUMBER, .layout = true, .preset = 2, .meaning = "steps from a reference clock"},
    {"poll", 8, FIELD_NUMBER, .preset = 10, .meaning = "2^n s between messages"},
    {"precision", 8, FIELD_NUMBER, .meaning = "of the clock: 2^n s, n signed"},
    NTP_SPAN("delay", "round trip to the reference clock"),
    NTP_SPAN("dispersion", "error to the reference clock"),
    {"id", 32, FIELD_IPV4, .preset = 0x7f000001, .present = ntp_has_address,
     .meaning = "the server's own server"},
    {"ref_id", 32, FIELD_BYTES, .present = ntp_has_code, .meaning = "the reference clock, or the kiss code"},
    NTP_TIME("ref", "when the clock was set"),
    NTP_TIME("orig", "when the request was sent: its `sent`"),
    NTP_TIME("recv", "when the request came"),
    NTP_TIME("sent", "when this was sent"),
};

static const struct binding ntp_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = 123, .more = {{.field = "sport", .value = 123}}},
    {.lower = LAYER_UDP, .field = "sport", .value = 123, .use = BINDING_READ},
    {0},
};

static enum layer_id ntp_dispatch(const uint8_t *p, uint32_t avail)
{
    unsigned mode = avail < NTP_BYTES_MIN ? 0 : p[0] & 7;

    return avail < NTP_BYTES_MIN      ? LAYER_RAW
           : mode == NTP_MODE_CONTROL ? LAYER_NTP_CONTROL
           : mode == NTP_MODE_PRIVATE ? LAYER_NTP_PRIVATE
                                      : LAYER_NTP;
}

// The names of modes are those of NTP proper.
static bool ntp_summary(const struct view *view, unsigned i, const struct services *services,
                        struct text *text)
{
    uint8_t first = view_header(view, i)[0];
    const char *mode = name_of(ntp_modes, first & 7);

    (void)services;
    text_add(text, "NTP v%u, %s", first >> 3 & 7, mode);
    return true;
}

const struct layer_desc layer_ntp = {
    .name = "NTPHeader",
    .also = "NTP",
    .meaning = "Network Time Protocol (RFC 5905)",
    .fields = ntp_fields,
    .n_fields = ARRAY_SIZE(ntp_fields),
    .bindings = ntp_bindings,
    .dispatch = ntp_dispatch,
    .summary = ntp_summary,
};

// ---- mode 6

static const struct field_desc ntp_control_fields[] = {
    {"zeros", 2, FIELD_NUMBER, .meaning = "0"},
    {"version", 3, FIELD_NUMBER, .preset = 2, .meaning = "of the protocol"},
    {"mode", 3, FIELD_NUMBER, .preset = NTP_MODE_CONTROL, .names = ntp_modes, .meaning = "6"},
    {"response", 1, FIELD_NUMBER, .meaning = "it is one"},
    {"err", 1, FIELD_NUMBER, .meaning = "it is an error"},
    {"more", 1, FIELD_NUMBER, .meaning = "more fragments follow"},
    {"op_code", 5, FIELD_NUMBER, .names = ntp_op_codes, .meaning = "what is asked"},
    {"sequence", 16, FIELD_NUMBER, .meaning = "echoed"},
    {"status", 16, FIELD_NUMBER, .meaning = "of the system, a peer or the clock"},
    {"association_id", 16, FIELD_NUMBER, .meaning = "which peer; 0: the system"},
    {"offset", 16, FIELD_NUMBER, .meaning = "of the fragment"},
    {"count", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = NTP_CONTROL_DATA}, .meaning = "bytes of data"},
    {"data", 0, FIELD_BYTES, .aligned = true, .meaning = "variables: name=value,..."},
    {"authenticator", 0, FIELD_BYTES, .meaning = "key and digest"},
};

static const struct binding ntp_control_bindings[] = {
    {.lower = LAYER_UDP,
     .field = "dport",
     .value = 123,
     .use = BINDING_BUILD,
     .more = {{.field = "sport", .value = 123}}},
    {0},
};

const struct layer_desc layer_ntp_control = {
    .name = "NTPControl",
    .title = "Control message",
    .meaning = "NTP: control message (RFC 9327)",
    .fields = ntp_control_fields,
    .n_fields = ARRAY_SIZE(ntp_control_fields),
    .bindings = ntp_control_bindings,
    .dispatch = ntp_dispatch,
    .summary = ntp_summary,
};

// ---- mode 7

static bool ntp_private_asks(const struct fields *at)
{
    return fields_get(at, NTP_PRIVATE_RESPONSE) == 0;
}

static bool ntp_private_tells(const struct fields *at)
{
    return !ntp_private_asks(at);
}

static const struct name ntp_private_errors[] = {
    {0, "no error"},
    {1, "incompatible implementation number"},
    {2, "unimplemented request code"},
    {3, "format error (wrong data items, data size, packet size etc.)"},
    {4, "no data available (e.g. request for details on unknown peer)"},
    {5, "I don\"t know"},
    {6, "I don\"t know"},
    {7, "authentication failure (i.e. permission denied)"},
    {0, NULL},
};

static const struct field_desc ntp_private_fields[] = {
    {"response", 1, FIELD_NUMBER, .layout = true, .meaning = "it is one"},
    {"more", 1, FIELD_NUMBER, .meaning = "more packets follow"},
    {"version", 3, FIELD_NUMBER, .preset = 2, .meaning = "of the protocol"},
    {"mode", 3, FIELD_NUMBER, .preset = NTP_MODE_PRIVATE, .names = ntp_modes, .meaning = "7"},
    {"auth", 1, FIELD_NUMBER, .meaning = "key and digest end it"},
    {"seq", 7, FIELD_NUMBER, .meaning = "of several packets of a response"},
    {"implementation", 8, FIELD_NUMBER, .names = ntp_implementations, .meaning = "XNTPD: 3"},
    {"request_code", 8, FIELD_NUMBER, .names = ntp_request_codes, .meaning = "what is asked"},
    {"err", 4, FIELD_NUMBER, .names = ntp_private_errors, .meaning = "what went wrong"},
    {"nb_items", 12, FIELD_NUMBER, .meaning = "items of data"},
    {"mbz", 4, FIELD_NUMBER, .meaning = "0"},
    {"data_item_size", 12, FIELD_NUMBER, .meaning = "bytes of each"},
    {"req_data", 0, FIELD_BYTES, .present = ntp_private_asks, .meaning = "items, key and digest"},
    {"data", 0, FIELD_BYTES, .present = ntp_private_tells, .meaning = "items"},
};

const struct layer_desc layer_ntp_private = {
    .name = "NTPPrivate",
    .title = "Private (mode 7)",
    .meaning = "NTP: ntpd's private message, mode 7",
    .fields = ntp_private_fields,
    .n_fields = ARRAY_SIZE(ntp_private_fields),
    .bindings = ntp_control_bindings,
    .dispatch = ntp_dispatch,
    .summary = ntp_summary,
};
