// Stream Control Transmission Protocol: the common header (RFC 9260 3.1).
#include "packet/layers/sctp.h"

#include "packet/build.h"
#include "packet/bytes.h"
#include "packet/transport.h"

enum { SCTP_SPORT, SCTP_DPORT, SCTP_TAG, SCTP_CHKSUM };
enum { SCTP_BYTES = 12, SCTP_QUOTED_BYTES = 8, SCTP_CHUNK_BYTES = 4 };

static const struct field_desc sctp_fields[] = {
    {"sport", 16, FIELD_PORT, .meaning = "source port"},
    {"dport", 16, FIELD_PORT, .meaning = "destination port"},
    {"tag", 32, FIELD_NUMBER, .hex = true, .meaning = "the receiver's verification tag; 0 with an INIT"},
    {"chksum", 32, FIELD_NUMBER, .hex = true, .filled = AUTO_COMPUTED,
     .meaning = "CRC32c over the whole packet"},
};

static const struct binding sctp_bindings[] = {
    {.lower = LAYER_IP, .field = "proto", .value = 132},
    {.lower = LAYER_IPV6, .field = "nh", .value = 132},
    {0},
};

// Chunks by their type: they follow one another, and no field of what stands before announces them.
enum layer_id sctp_next_chunk(const struct fields *at, const uint8_t *payload, uint32_t len)
{
    static const struct {
        uint8_t type, layer;
    } chunks[] = {
        {0, LAYER_SCTP_DATA},
        {1, LAYER_SCTP_INIT},
        {2, LAYER_SCTP_INIT_ACK},
        {3, LAYER_SCTP_SACK},
        {4, LAYER_SCTP_HEARTBEAT_REQ},
        {5, LAYER_SCTP_HEARTBEAT_ACK},
        {6, LAYER_SCTP_ABORT},
        {7, LAYER_SCTP_SHUTDOWN},
        {8, LAYER_SCTP_SHUTDOWN_ACK},
        {9, LAYER_SCTP_ERROR},
        {10, LAYER_SCTP_COOKIE_ECHO},
        {11, LAYER_SCTP_COOKIE_ACK},
        {14, LAYER_SCTP_SHUTDOWN_COMPLETE},
        {15, LAYER_SCTP_AUTHENTICATION},
        {0x80, LAYER_SCTP_ADDRESS_CONF_ACK},
        {0xc1, LAYER_SCTP_ADDRESS_CONF},
    };

    (void)at;
    if (len < SCTP_CHUNK_BYTES)
        return LAYER_PADDING;
    for (unsigned k = 0; k < ARRAY_SIZE(chunks); k++) {
        if (chunks[k].type == payload[0])
            return (enum layer_id)chunks[k].layer;
    }
    return LAYER_RAW;
}

// A quote may end behind the tag.
static bool sctp_measure(const uint8_t *p, uint32_t avail, bool quoted, struct measure *m)
{
    if (avail < (quoted ? SCTP_QUOTED_BYTES : SCTP_BYTES))
        return false;
    uint32_t header = avail < SCTP_BYTES ? avail : SCTP_BYTES;
    enum layer_id next = sctp_next_chunk(NULL, p + header, avail - header);
    *m = (struct measure){header, avail, (uint8_t)next, false, false};
    return true;
}

static void sctp_finish(struct build *build, struct build_layer *layer)
{
    if (build_is_set(layer, SCTP_CHKSUM))
        return;
    build_add_sum(build, &(struct build_sum){
                             .kind = BUILD_SUM_CRC32C,
                             .store = layer->at.bit[SCTP_CHKSUM] / 8,
                             .n_ranges = 1,
                             .range = {{layer->at.start, build_payload_end(build)}},
                         });
}

// Chunks and tags are not looked at: whatever comes back between the two ports answers.
static bool sctp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                         const struct answer_rules *rules)
{
    return si < s->n && s->layers[si].id == LAYER_SCTP && transport_ports_answer(r, ri, s, si, rules);
}

const struct layer_desc layer_sctp = {
    .name = "SCTP",
    .quoted_name = "SCTPerror",
    .meaning = "Stream Control Transmission Protocol (RFC 9260)",
    .bindings = sctp_bindings,
    .fields = sctp_fields,
    .n_fields = ARRAY_SIZE(sctp_fields),
    .measure = sctp_measure,
    .next = sctp_next_chunk,
    .finish = sctp_finish,
    .flow_key = transport_flow_key,
    .flow_keys = transport_flow_keys,
    .answers = sctp_answers,
};
