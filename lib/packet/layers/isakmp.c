// Internet Security Association and Key Management Protocol: the header (RFC 2408 3.1, RFC 7296 3.1). Payloads stay Raw.
#include "packet/build.h"

#include <string.h>

enum { ISAKMP_LENGTH = 7, ISAKMP_COOKIE_BYTES = 8 };

static const struct name isakmp_payloads[] = {
    {0, "None"},    {1, "SA"},        {2, "Proposal"}, {3, "Transform"}, {4, "KE"},     {5, "ID"},
    {6, "CERT"},    {7, "CR"},        {8, "Hash"},     {9, "SIG"},       {10, "Nonce"}, {11, "Notification"},
    {12, "Delete"}, {13, "VendorID"}, {0, NULL},
};

static const struct name isakmp_exchanges[] = {{0, "None"},      {1, "base"},       {2, "identity prot."},
                                               {3, "auth only"}, {4, "aggressive"}, {5, "info"},
                                               {0, NULL}};

static const struct field_desc isakmp_fields[] = {
    {"init_cookie", 64, FIELD_BYTES, .meaning = "the initiator's cookie (SPI); echoed"},
    {"resp_cookie", 64, FIELD_BYTES, .meaning = "the responder's"},
    {"next_payload", 8, FIELD_NUMBER, .names = isakmp_payloads, .meaning = "the first payload"},
    {"version", 8, FIELD_NUMBER, .hex = true, .preset = 0x10, .meaning = "0x10: IKEv1; 0x20: IKEv2"},
    {"exch_type", 8, FIELD_NUMBER, .names = isakmp_exchanges, .meaning = "exchange"},
    {"flags", 8, FIELD_FLAGS, .letters = "encryption+commit+auth_only+res3+res4+res5+res6+res7",
     .meaning = "flags"},
    {"id", 32, FIELD_NUMBER, .meaning = "message"},
    {"length", 32, FIELD_NUMBER, .filled = AUTO_COMPUTED,
     .meaning = "of the header and all payloads, in bytes"},
};

static const struct binding isakmp_bindings[] = {
    {.lower = LAYER_UDP, .field = "dport", .value = 500, .more = {{.field = "sport", .value = 500}}},
    {.lower = LAYER_UDP, .field = "sport", .value = 500, .use = BINDING_READ},
    {0},
};

static void isakmp_finish(struct build *build, struct build_layer *layer)
{
    if (!build_is_set(layer, ISAKMP_LENGTH))
        build_put(build, layer, ISAKMP_LENGTH, build_payload_end(build) - layer->at.start);
}

static bool isakmp_answers(const struct view *r, unsigned ri, const struct view *s, unsigned si,
                           const struct answer_rules *rules)
{
    (void)rules;
    return si < s->n && s->layers[si].id == LAYER_ISAKMP &&
           r->layers[ri].header_bytes >= ISAKMP_COOKIE_BYTES &&
           s->layers[si].header_bytes >= ISAKMP_COOKIE_BYTES &&
           memcmp(view_header(r, ri), view_header(s, si), ISAKMP_COOKIE_BYTES) == 0;
}

const struct layer_desc layer_isakmp = {
    .name = "ISAKMP",
    .meaning = "Internet Key Exchange: the header (RFC 2408, RFC 7296)",
    .fields = isakmp_fields,
    .n_fields = ARRAY_SIZE(isakmp_fields),
    .bindings = isakmp_bindings,
    .finish = isakmp_finish,
    .answers = isakmp_answers,
};
