#include "link.h"

// IP and IPv6 are told apart by their version.
static const struct link_row {
    uint32_t link;
    uint8_t layer; // enum layer_id
} link_rows[] = {
    {0, LAYER_LOOPBACK},
    {LINK_ETHERNET, LAYER_ETHER},
    {9, LAYER_PPP},
    {12, LAYER_IP},
    {14, LAYER_IP},
    {50, LAYER_PPP},
    {51, LAYER_PPPOED},
    {LINK_RAW, LAYER_IP},
    {108, LAYER_LOOPBACK},
    {113, LAYER_COOKED_LINUX},
    {LINK_IPV4, LAYER_IP},
    {LINK_IPV6, LAYER_IPV6},
    {276, LAYER_COOKED_LINUX_V2},
};

enum layer_id link_layer(uint32_t link, const uint8_t *bytes, uint32_t len)
{
    enum layer_id id = LAYER_NONE;

    for (unsigned i = 0; i < ARRAY_SIZE(link_rows); i++) {
        if (link_rows[i].link == link)
            id = (enum layer_id)link_rows[i].layer;
    }
    if (id == LAYER_IP || id == LAYER_IPV6)
        return len > 0 && bytes[0] >> 4 == 6 ? LAYER_IPV6 : LAYER_IP;
    return id;
}
