#include "packet/codec.h"

#include "base/address.h"
#include "packet/bytes.h"

#include <string.h>

// ---- text that ends in NUL

static bool text_z_encode(const struct codec_part *part, uint8_t *out, uint32_t *len, const char **problem)
{
    if (part->call != NULL || part->bytes == NULL) {
        *problem = "it takes a string";
        return false;
    }
    memcpy(out, part->bytes, part->len);
    out[part->len] = 0;
    *len = part->len + 1;
    return true;
}

static uint32_t text_z_extent(const uint8_t *p, uint32_t avail)
{
    const uint8_t *end = avail == 0 ? NULL : memchr(p, 0, avail);

    return end == NULL ? UINT32_MAX : (uint32_t)(end - p) + 1;
}

void codec_print_text(const uint8_t *bytes, uint32_t len, struct text *text)
{
    size_t at = text->len;

    text_add_bytes(text, bytes, len);
    if (text->len > at) {
        memmove(text->s + at, text->s + at + 1, text->len - at);
        text->len--;
    }
}

static void text_z_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len,
                         struct text *text)
{
    (void)message;
    (void)message_len;
    codec_print_text(p, len > 0 && p[len - 1] == 0 ? len - 1 : len, text);
}

const struct codec codec_text_z = {
    .name = "text",
    .encode = text_z_encode,
    .extent = text_z_extent,
    .print = text_z_print,
};

// ---- addresses

static bool address_encode(uint8_t family, const struct codec_part *part, uint8_t *out, uint32_t *len,
                           const char **problem)
{
    struct address address;

    if (part->call != NULL || part->bytes == NULL ||
        !address_parse((const char *)part->bytes, part->len, &address) || address.family != family) {
        *problem = family == 4 ? "it takes IPv4 addresses" : "it takes IPv6 addresses";
        return false;
    }
    address_to_bytes(&address, out);
    *len = family == 4 ? 4 : 16;
    return true;
}

static void address_print(uint8_t family, const uint8_t *p, uint32_t len, struct text *text)
{
    uint32_t each = family == 4 ? 4 : 16;
    char buffer[ADDRESS_TEXT_MAX];

    text_add(text, family == 4 ? "[" : "[ ");
    for (uint32_t i = 0; i + each <= len; i += each) {
        struct address address = address_from_bytes(family, p + i);

        address_format(&address, buffer);
        text_add(text, "%s%s", i == 0 ? "" : ", ", buffer);
    }
    text_add(text, family == 4 ? "]" : " ]");
}

#define CODEC_ADDRESSES(family, bytes, name_)                                                       \
    static bool ipv##family##_encode(const struct codec_part *part, uint8_t *out, uint32_t *len,    \
                                     const char **problem)                                          \
    {                                                                                               \
        return address_encode(family, part, out, len, problem);                                     \
    }                                                                                               \
    static uint32_t ipv##family##_extent(const uint8_t *p, uint32_t avail)                          \
    {                                                                                               \
        (void)p;                                                                                    \
        return avail < (bytes) ? UINT32_MAX : (bytes);                                              \
    }                                                                                               \
    static void ipv##family##_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, \
                                    uint32_t len, struct text *text)                                \
    {                                                                                               \
        (void)message;                                                                              \
        (void)message_len;                                                                          \
        address_print(family, p, len, text);                                                        \
    }                                                                                               \
    const struct codec codec_ipv##family##_list = {                                                 \
        .name = name_,                                                                              \
        .takes_list = true,                                                                         \
        .encode = ipv##family##_encode,                                                             \
        .extent = ipv##family##_extent,                                                             \
        .print = ipv##family##_print,                                                               \
    }

CODEC_ADDRESSES(4, 4, "IPv4 address");
CODEC_ADDRESSES(6, 16, "IPv6 address");

// ---- numbers

bool codec_number(const struct codec_part *part, const struct name *names, unsigned bytes, uint8_t *out,
                  uint32_t *len, const char **problem)
{
    uint64_t value = (uint64_t)part->number;

    if (part->call != NULL || (part->bytes != NULL && names == NULL)) {
        *problem = "it takes numbers";
        return false;
    }
    if (part->bytes != NULL && !name_find(names, (const char *)part->bytes, part->len, &value)) {
        *problem = "no such name";
        return false;
    }
    if (part->bytes == NULL && part->number >> (8 * bytes) != 0) {
        *problem = bytes == 1   ? "numbers must be 0 to 255"
                   : bytes == 2 ? "numbers must be 0 to 65535"
                                : "a number is too large";
        return false;
    }
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    *len = bytes;
    return true;
}

void codec_print_numbers(const struct name *names, unsigned bytes, const uint8_t *p, uint32_t len,
                         struct text *text)
{
    text_add(text, "[");
    for (uint32_t i = 0; i + bytes <= len; i += bytes) {
        uint64_t value = 0;

        for (unsigned k = 0; k < bytes; k++)
            value = value << 8 | p[i + k];
        const char *name = names == NULL ? NULL : name_of(names, value);
        text_add(text, "%s", i == 0 ? "" : ", ");
        name != NULL ? text_add(text, "%s", name) : text_add(text, "%llu", (unsigned long long)value);
    }
    text_add(text, "]");
}

CODEC_NUMBERS(const, codec_u8_list, 8, NULL, "number of 8 bits");
CODEC_NUMBERS(const, codec_u16_list, 16, NULL, "number of 16 bits");
CODEC_NUMBERS(const, codec_u32_list, 32, NULL, "number of 32 bits");
