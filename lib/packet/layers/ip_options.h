// The options of IP: packets in its field `options`.
#ifndef VOLLEY_PACKET_LAYERS_IP_OPTIONS_H
#define VOLLEY_PACKET_LAYERS_IP_OPTIONS_H

#include "packet/layer.h"

enum { IP_OPTION_COPY, IP_OPTION_CLASS, IP_OPTION_NUMBER, IP_OPTION_LENGTH };
enum { IP_OPTION_ROUTE_ROUTERS = IP_OPTION_LENGTH + 2 }; // of record route and the source routes

extern const struct packets_desc ip_options_packets;

#endif
