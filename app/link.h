// Link types of captures, and the layers that they announce.
#ifndef VOLLEY_APP_LINK_H
#define VOLLEY_APP_LINK_H

#include "packet/view.h"

#define LINK_ETHERNET 1 // LINKTYPEs, as on https://www.tcpdump.org/linktypes.html
#define LINK_RAW      101
#define LINK_IPV4     228
#define LINK_IPV6     229

// The outermost layer of a frame. LAYER_NONE: the link type is not known.
enum layer_id link_layer(uint32_t link, const uint8_t *bytes, uint32_t len);

#endif
