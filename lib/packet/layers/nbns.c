// NetBIOS name service (RFC 1002 4.2): the header, and the queries and answers that stand on it.
#include "packet/codec_dns.h"

#include "base/address.h"
#include "packet/bytes.h"
#include "packet/layers/nbns.h"

enum { NBNS_OPCODE_AT = 2 };
enum { NBNS_ID, NBNS_RESPONSE, NBNS_OPCODE, NBNS_FLAGS, NBNS_RCODE, NBNS_QDCOUNT, NBNS_ANCOUNT };
enum { NBNS_PORT = 137, NBNS_NAME_BYTES = 31, NBNS_NAME_CHARACTERS = 15 };
enum { OPCODE_QUERY = 0, OPCODE_REGISTRATION = 5, OPCODE_WACK = 7 };

const struct name nbns_suffixes[] = {
    {0x4141, "Workstation Service"},
    {0x4142, "Messenger Service"},
    {0x4144, "Messenger service"},
    {0x4147, "RAS Server Service"},
    {0x415c, "Exchange MTA"},
    {0x4160, "NetDDE Service"},
    {0x4161, "File Server Service"},
    {0x4162, "RAS Client Service"},
    {0x4163, "Exchange Interchange Service"},
    {0x4164, "Exchange Store"},
    {0x4165, "Exchange Directory"},
    {0x4171, "Modern Sharing Server Service"},
    {0x4172, "Modern Sharing Client Service"},
    {0x4184, "SMS Client Remote Control"},
    {0x4185, "SMS Admin Remote Control Tool"},
    {0x4186, "SMS Client Remote Chat"},
    {0x4187, "SMS Client Remote Transfer"},
    {0x418d, "DEC Pathworks TCP/IP Service"},
    {0x4193, "DEC Pathworks TCP/IP Service"},
    {0x41ab, "Exchange IMC"},
    {0x41c8, "Exchange MTA"},
    {0x41ff, "Network Monitor Agent"},
    {0x4200, "Network Monitor Apps"},
    {0x424c, "Domain Master Browser"},
    {0x424d, "Domain Controller"},
    {0x424f, "Browser Election Service"},
    {0x4341, "File Server Service"},
    {0, NULL},
};

static const struct name nbns_types[] = {{0x20, "NB"}, {0x21, "NBSTAT"}, {0, NULL}};
static const struct name nbns_classes[] = {{1, "INTERNET"}, {0, NULL}};
static const struct name nbns_pointers[] = {{0xc00c, "Label String Pointer to QUESTION_NAME"}, {0, NULL}};
static const struct name nbns_groups[] = {{0, "Unique name"}, {1, "Group name"}, {0, NULL}};
static const struct name nbns_owners[] = {
    {0, "B node"}, {1, "P node"}, {2, "M node"}, {3, "H node"}, {0, NULL}};
static const struct name nbns_unused[] = {{0, "Unused"}, {0, NULL}};

static const struct field_desc nbns_header_fields[] = {
    {"NAME_TRN_ID", 16, FIELD_NUMBER, .meaning = "transaction"},
    {"RESPONSE", 1, FIELD_NUMBER, .meaning = "1: a response"},
    {"OPCODE", 4, FIELD_NUMBER, .meaning = "0: query, 5: registration, 7: wait"},
    {"NM_FLAGS", 7, FIELD_FLAGS, .letters = "B+res1+res0+RA+RD+TC+AA",
     .meaning = "B: broadcast, RD: recursion desired"},
    {"RCODE", 4, FIELD_NUMBER, .meaning = "return code"},
    {"QDCOUNT", 16, FIELD_NUMBER, .meaning = "questions"},
    {"ANCOUNT", 16, FIELD_NUMBER, .meaning = "answers"},
    {"NSCOUNT", 16, FIELD_NUMBER, .meaning = "authorities"},
    {"ARCOUNT", 16, FIELD_NUMBER, .meaning = "additional records"},
};

static const struct binding nbns_header_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = NBNS_PORT, .use = BINDING_READ},
    {.lower = LAYER_UDP, .field = "sport", .value = NBNS_PORT, .use = BINDING_READ},
    {.lower = LAYER_UDP,
     .field = "sport",
     .value = NBNS_PORT,
     .use = BINDING_BUILD,
     .more = {{.field = "dport", .value = NBNS_PORT}}},
    {0},
};

// What stands on which header, as Scapy tells them apart.
static const struct {
    uint8_t opcode, flags, response, counted; // counted: the field that is 1
    uint8_t id;
} nbns_rows[] = {
    {OPCODE_QUERY, 0x11, 0, NBNS_QDCOUNT, LAYER_NBNS_QUERY_REQUEST},
    {OPCODE_QUERY, 0x50, 1, NBNS_ANCOUNT, LAYER_NBNS_QUERY_RESPONSE},
    {OPCODE_QUERY, 0x58, 1, NBNS_ANCOUNT, LAYER_NBNS_QUERY_RESPONSE},
    {OPCODE_QUERY, 0x70, 1, NBNS_ANCOUNT, LAYER_NBNS_QUERY_RESPONSE},
    {OPCODE_QUERY, 0x78, 1, NBNS_ANCOUNT, LAYER_NBNS_QUERY_RESPONSE},
    {OPCODE_QUERY, 0x00, 0, NBNS_QDCOUNT, LAYER_NBNS_NODE_STATUS_REQUEST},
    {OPCODE_QUERY, 0x01, 0, NBNS_QDCOUNT, LAYER_NBNS_NODE_STATUS_REQUEST},
    {OPCODE_QUERY, 0x40, 1, NBNS_ANCOUNT, LAYER_NBNS_NODE_STATUS_RESPONSE},
    {OPCODE_WACK, 0x40, 1, NBNS_ANCOUNT, LAYER_NBNS_WACK_RESPONSE},
};

static enum layer_id nbns_next(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    uint64_t opcode = fields_get(at, NBNS_OPCODE);

    (void)payload;
    (void)len;
    for (unsigned i = 0; i < ARRAY_SIZE(nbns_rows); i++) {
        if (opcode == nbns_rows[i].opcode && fields_get(at, NBNS_FLAGS) == nbns_rows[i].flags &&
            (nbns_rows[i].response == 0 || fields_get(at, NBNS_RESPONSE) == 1) &&
            fields_get(at, nbns_rows[i].counted) == 1)
            return (enum layer_id)nbns_rows[i].id;
    }
    return opcode == OPCODE_REGISTRATION ? LAYER_NBNS_REGISTRATION_REQUEST : LAYER_RAW;
}

// As newer Scapy hashes it.
static void nbns_header_flow_key(const struct view *view, unsigned i, enum flow_role role,
                                 const struct answer_rules *rules, struct flow_key *key)
{
    (void)role;
    if (rules->hashed && view->layers[i].header_bytes > NBNS_OPCODE_AT)
        flow_key_add(key, view_header(view, i)[NBNS_OPCODE_AT] >> 3 & 15);
}

const struct layer_desc layer_nbns_header = {
    .name = "NBNSHeader",
    .title = "NBNS Header",
    .meaning = "NetBIOS name service (RFC 1002 4.2.1)",
    .bindings = nbns_header_bindings,
    .fields = nbns_header_fields,
    .n_fields = ARRAY_SIZE(nbns_header_fields),
    .next = nbns_next,
    .flow_key = nbns_header_flow_key,
};

// ---- what stands on it

// clang-format off
#define NBNS_NAMED(name_, preset_, type_name, class_name, type_)                                                    \
    {name_, 0, FIELD_CODED, .codec = &codec_netbios_name, .preset_bytes = (preset_), .preset_len = NBNS_NAME_BYTES, \
     .meaning = "a name of up to 15 characters"},                                                                   \
    {"SUFFIX", 16, FIELD_NUMBER, .preset = 0x4141, .names = nbns_suffixes, .meaning = "the name's 16th character"}, \
    {"NULL", 8, FIELD_NUMBER, .meaning = "the name's end"},                                                         \
    {type_name, 16, FIELD_NUMBER, .preset = (type_), .names = nbns_types, .meaning = "NB or NBSTAT"},               \
    {class_name, 16, FIELD_NUMBER, .preset = 1, .names = nbns_classes, .meaning = "class"}

#define NBNS_ENTRY                                                                                                  \
    {"G", 1, FIELD_NUMBER, .names = nbns_groups, .meaning = "whether it is a group"},                               \
    {"OWNER_NODE_TYPE", 2, FIELD_NUMBER, .names = nbns_owners, .meaning = "kind of node"},                          \
    {"UNUSED", 13, FIELD_NUMBER, .names = nbns_unused, .meaning = "0"},                                             \
    {"NB_ADDRESS", 32, FIELD_IPV4, .preset = 0x7f000001, .meaning = "address of the name"}

#define NBNS_WINDOWS  " HHGJGOGEGPHHHDCACACACACACACACA"
#define NBNS_WINDOWS_ " FHGJGOGEGPHHHDCACACACACACACACA"
#define NBNS_ANY      " CKAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

#define NBNS_ON_HEADER(symbol, opcode, flags, ...)                                                                  \
    static const struct binding symbol##_bindings[] = {                                                             \
        {.lower = LAYER_NBNS_HEADER, .field = "OPCODE", .value = (opcode), .use = BINDING_BUILD,                    \
         .more = {{.field = "NM_FLAGS", .value = flags}, __VA_ARGS__}},                                                               \
        {0},                                                                                                        \
    }

#define NBNS_LAYER(symbol, name_, title_, meaning_)                                                                 \
    .name = name_,                                                                                                  \
    .title = title_,                                                                                                \
    .meaning = meaning_,                                                                                            \
    .bindings = symbol##_bindings,                                                                                  \
    .fields = symbol##_fields,                                                                                      \
    .n_fields = ARRAY_SIZE(symbol##_fields)
// clang-format on

// A name without marks; what is no ASCII is escaped.
static void nbns_name_text(const uint8_t *p, struct text *text)
{
    uint8_t name[NBNS_NAME_CHARACTERS];
    unsigned n = NBNS_NAME_CHARACTERS;

    codec_netbios_read(p, name);
    while (n > 0 && name[n - 1] == ' ')
        n--;
    for (unsigned i = 0; i < n; i++)
        text_add(text, name[i] >= ' ' && name[i] < 0x7f ? "%c" : "\\x%02x", name[i]);
}

static const struct field_desc nbns_query_request_fields[] = {
    NBNS_NAMED("QUESTION_NAME", NBNS_WINDOWS, "QUESTION_TYPE", "QUESTION_CLASS", 0x20),
};

static const struct field_desc nbns_node_status_request_fields[] = {
    NBNS_NAMED("QUESTION_NAME", NBNS_ANY, "QUESTION_TYPE", "QUESTION_CLASS", 0x21),
};

static bool nbns_request_summary(const struct view *view, unsigned i, const struct services *services,
                                 struct text *text)
{
    (void)services;
    text_add(text, "%s who has '\\\\", layer_get((enum layer_id)view->layers[i].id)->name);
    nbns_name_text(view_header(view, i), text);
    text_add(text, "'");
    return true;
}

// The response repeats the name.
static bool nbns_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    bool status = r->layers[ri].id == LAYER_NBNS_NODE_STATUS_RESPONSE;

    (void)rules;
    return si < s->n &&
           (s->layers[si].id == LAYER_NBNS_NODE_STATUS_REQUEST ||
            (!status && s->layers[si].id == LAYER_NBNS_QUERY_REQUEST)) &&
           memcmp(view_header(r, ri), view_header(s, si), NBNS_NAME_BYTES) == 0;
}

NBNS_ON_HEADER(nbns_query_request, OPCODE_QUERY, 0x11, {.field = "QDCOUNT", .value = 1});
NBNS_ON_HEADER(nbns_node_status_request, OPCODE_QUERY, 0x01, {.field = "QDCOUNT", .value = 1});

const struct layer_desc layer_nbns_query_request = {
    NBNS_LAYER(nbns_query_request, "NBNSQueryRequest", "NBNS query request",
               "query of a name (RFC 1002 4.2.12)"),
    .summary = nbns_request_summary,
};

const struct layer_desc layer_nbns_node_status_request = {
    NBNS_LAYER(nbns_node_status_request, "NBNSNodeStatusRequest", "NBNS status request",
               "query of a node's names (RFC 1002 4.2.17)"),
    .summary = nbns_request_summary,
};

// ---- responses

static uint8_t nbns_which_entry(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail < 6 ? LAYER_NONE : LAYER_NBNS_ADD_ENTRY;
}

static uint8_t nbns_which_name(const uint8_t *p, uint32_t avail)
{
    (void)p;
    return avail < 18 ? LAYER_NONE : LAYER_NBNS_NODE_STATUS_RESPONSE_SERVICE;
}

static const struct packets_desc nbns_entries = {.preset = LAYER_NBNS_ADD_ENTRY, .which = nbns_which_entry};
static const struct packets_desc nbns_names = {.preset = LAYER_NBNS_NODE_STATUS_RESPONSE_SERVICE,
                                               .which = nbns_which_name};

static const struct field_desc nbns_add_entry_fields[] = {NBNS_ENTRY};

enum { NBNS_RESPONSE_ENTRIES = 7, NBNS_RESPONSE_NAMES = 8 };

static const struct field_desc nbns_query_response_fields[] = {
    NBNS_NAMED("RR_NAME", NBNS_WINDOWS, "QUESTION_TYPE", "QUESTION_CLASS", 0x20),
    {"TTL", 32, FIELD_NUMBER, .preset = 0x493e0, .meaning = "seconds it may be kept"},
    {"RDLENGTH", 16, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_FIELD, .field = NBNS_RESPONSE_ENTRIES}, .meaning = "bytes of ADDR_ENTRY"},
    {"ADDR_ENTRY", 0, FIELD_PACKETS, .packets = &nbns_entries,
     .meaning = "addresses: [NBNS_ADD_ENTRY(...),...]"},
};

static const struct name nbns_services[] = {
    {0, "workstation"},
    {0x03, "messenger service"},
    {0x20, "file server service"},
    {0x1b, "domain master browser"},
    {0x1c, "domain controller"},
    {0x1e, "browser election service"},
    {0, NULL},
};
static const struct name nbns_service_unused[] = {{0, "unused"}, {0, NULL}};

static const struct field_desc nbns_node_status_response_service_fields[] = {
    {"NETBIOS_NAME", 8 * NBNS_NAME_CHARACTERS, FIELD_BYTES, .preset_bytes = "WINDOWS         ",
     .preset_len = NBNS_NAME_CHARACTERS, .meaning = "a name of the node"},
    {"SUFFIX", 8, FIELD_NUMBER, .names = nbns_services, .meaning = "its 16th character"},
    {"NAME_FLAGS", 8, FIELD_NUMBER, .preset = 4, .meaning = "4: it is active"},
    {"UNUSED", 8, FIELD_NUMBER, .names = nbns_service_unused, .meaning = "0"},
};

static const struct field_desc nbns_node_status_response_fields[] = {
    NBNS_NAMED("RR_NAME", NBNS_WINDOWS, "RR_TYPE", "RR_CLASS", 0x21),
    {"TTL", 32, FIELD_NUMBER, .meaning = "0"},
    {"RDLENGTH", 16, FIELD_NUMBER, .preset = 83, .meaning = "the rest, in bytes"},
    {"NUM_NAMES", 8, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .length = {.of = LENGTH_COUNT, .field = NBNS_RESPONSE_NAMES}, .meaning = "names"},
    {"NODE_NAME", 0, FIELD_PACKETS, .packets = &nbns_names,
     .meaning = "names: [NBNSNodeStatusResponseService(...),...]"},
    {"MAC_ADDRESS", 48, FIELD_MAC, .meaning = "of the node"},
    {"STATISTICS", 8 * 46, FIELD_BYTES, .meaning = "counters of the node"},
};

static const struct field_desc nbns_registration_request_fields[] = {
    NBNS_NAMED("QUESTION_NAME", NBNS_WINDOWS_, "QUESTION_TYPE", "QUESTION_CLASS", 0x20),
    {"RR_NAME", 16, FIELD_NUMBER, .preset = 0xc00c, .names = nbns_pointers,
     .meaning = "points to QUESTION_NAME"},
    {"RR_TYPE", 16, FIELD_NUMBER, .preset = 0x20, .names = nbns_types, .meaning = "NB or NBSTAT"},
    {"RR_CLASS", 16, FIELD_NUMBER, .preset = 1, .names = nbns_classes, .meaning = "class"},
    {"TTL", 32, FIELD_NUMBER, .meaning = "seconds"},
    {"RDLENGTH", 16, FIELD_NUMBER, .preset = 6, .meaning = "the rest, in bytes"},
    NBNS_ENTRY,
};

static const struct field_desc nbns_wack_response_fields[] = {
    NBNS_NAMED("RR_NAME", NBNS_WINDOWS, "RR_TYPE", "RR_CLASS", 0x20),
    {"TTL", 32, FIELD_NUMBER, .preset = 2, .meaning = "seconds to wait"},
    {"RDLENGTH", 16, FIELD_NUMBER, .preset = 2, .meaning = "the rest, in bytes"},
    {"RDATA", 16, FIELD_NUMBER, .preset = 10512, .meaning = "opcode and flags of the request"},
};

NBNS_ON_HEADER(nbns_query_response, OPCODE_QUERY, 0x50, {.field = "RESPONSE", .value = 1},
               {.field = "ANCOUNT", .value = 1});
NBNS_ON_HEADER(nbns_node_status_response, OPCODE_QUERY, 0x40, {.field = "RESPONSE", .value = 1},
               {.field = "ANCOUNT", .value = 1});
NBNS_ON_HEADER(nbns_registration_request, OPCODE_REGISTRATION, 0x11, {.field = "QDCOUNT", .value = 1},
               {.field = "ARCOUNT", .value = 1});
NBNS_ON_HEADER(nbns_wack_response, OPCODE_WACK, 0x40, {.field = "RESPONSE", .value = 1},
               {.field = "ANCOUNT", .value = 1});

static void nbns_address_text(const uint8_t *p, struct text *text)
{
    struct address address = address_from_bytes(4, p);
    char buffer[ADDRESS_TEXT_MAX];

    address_format(&address, buffer);
    text_add(text, "%s", buffer);
}

static bool nbns_response_summary(const struct view *view, unsigned i, const struct services *services,
                                  struct text *text)
{
    const uint8_t *p = view_header(view, i);

    (void)services;
    text_add(text, "NBNSQueryResponse");
    if (view->layers[i].header_bytes < NBNS_NAME_BYTES + 13 + 6)
        return true;
    text_add(text, " '\\\\");
    nbns_name_text(p, text);
    text_add(text, "' is at ");
    nbns_address_text(p + NBNS_NAME_BYTES + 13 + 2, text);
    return true;
}

static bool nbns_registration_summary(const struct view *view, unsigned i, const struct services *services,
                                      struct text *text)
{
    const uint8_t *p = view_header(view, i);
    uint32_t at = NBNS_NAME_BYTES + 19;

    (void)services;
    text_add(text, "Register %s ", name_of(nbns_groups, p[at] >> 7));
    codec_netbios_name.print(p, NBNS_NAME_BYTES, p, NBNS_NAME_BYTES, text);
    text_add(text, " at ");
    nbns_address_text(p + at + 2, text);
    return true;
}

const struct layer_desc layer_nbns_add_entry = {
    .name = "NBNS_ADD_ENTRY",
    .meaning = "address in a NBNSQueryResponse",
    .fields = nbns_add_entry_fields,
    .n_fields = ARRAY_SIZE(nbns_add_entry_fields),
};

const struct layer_desc layer_nbns_query_response = {
    NBNS_LAYER(nbns_query_response, "NBNSQueryResponse", "NBNS query response",
               "a name's addresses (RFC 1002 4.2.13)"),
    .summary = nbns_response_summary,
    .answers = nbns_answers,
};

const struct layer_desc layer_nbns_node_status_response_service = {
    .name = "NBNSNodeStatusResponseService",
    .title = "NBNS Node Status Response Service",
    .meaning = "name in a NBNSNodeStatusResponse",
    .fields = nbns_node_status_response_service_fields,
    .n_fields = ARRAY_SIZE(nbns_node_status_response_service_fields),
};

const struct layer_desc layer_nbns_node_status_response = {
    NBNS_LAYER(nbns_node_status_response, "NBNSNodeStatusResponse", "NBNS Node Status Response",
               "a node's names (RFC 1002 4.2.18)"),
    .answers = nbns_answers,
};

const struct layer_desc layer_nbns_registration_request = {
    NBNS_LAYER(nbns_registration_request, "NBNSRegistrationRequest", "NBNS registration request",
               "registration of a name (RFC 1002 4.2.2)"),
    .summary = nbns_registration_summary,
};

const struct layer_desc layer_nbns_wack_response = {
    NBNS_LAYER(nbns_wack_response, "NBNSWackResponse", "NBNS Wait for Acknowledgement Response",
               "the answer will take time (RFC 1002 4.2.16)"),
};
