// Codecs (layer.h) that several layers share, and the parts of which others are made.
#ifndef VOLLEY_PACKET_CODEC_H
#define VOLLEY_PACKET_CODEC_H

#include "packet/layer.h"

extern const struct codec codec_text_z;    // a string and a NUL
extern const struct codec codec_ipv4_list; // "198.18.0.1", ...
extern const struct codec codec_ipv6_list;
extern const struct codec codec_u8_list; // numbers of 8, 16 and 32 bits
extern const struct codec codec_u16_list;
extern const struct codec codec_u32_list;

// A number of up to four bytes, most significant first; a string is looked up in `names` (NULL: there are none). As a codec's encode.
bool codec_number(const struct codec_part *part, const struct name *names, unsigned bytes, uint8_t *out,
                  uint32_t *len, const char **problem) MUST_USE;
// As Scapy prints bytes that are text: '...'.
void codec_print_text(const uint8_t *bytes, uint32_t len, struct text *text);
// Prints whole numbers as Scapy's lists of them: [1, 2], with their names if `names` is not NULL. A rest is left out.
void codec_print_numbers(const struct name *names, unsigned bytes, const uint8_t *p, uint32_t len,
                         struct text *text);

// Defines a codec (storage: const or static const) for lists of numbers of 8, 16 or 32 bits, with names (NULL: without).
#define CODEC_NUMBERS(storage, symbol, bits, names, name_)                                                   \
    static bool symbol##_encode(const struct codec_part *part, uint8_t *out, uint32_t *len,                  \
                                const char **problem)                                                        \
    {                                                                                                        \
        return codec_number(part, names, (bits) / 8, out, len, problem);                                     \
    }                                                                                                        \
    static uint32_t symbol##_extent(const uint8_t *p, uint32_t avail)                                        \
    {                                                                                                        \
        (void)p;                                                                                             \
        return avail < (bits) / 8 ? UINT32_MAX : (bits) / 8;                                                 \
    }                                                                                                        \
    static void symbol##_print(const uint8_t *message, uint32_t message_len, const uint8_t *p, uint32_t len, \
                               struct text *text)                                                            \
    {                                                                                                        \
        (void)message;                                                                                       \
        (void)message_len;                                                                                   \
        codec_print_numbers(names, (bits) / 8, p, len, text);                                                \
    }                                                                                                        \
    storage struct codec symbol = {                                                                          \
        .name = name_,                                                                                       \
        .takes_list = true,                                                                                  \
        .encode = symbol##_encode,                                                                           \
        .extent = symbol##_extent,                                                                           \
        .print = symbol##_print,                                                                             \
    }

#endif
