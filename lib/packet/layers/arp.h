// ARP's fields, for who fills them, and the kinds of hardware (IANA), which BOOTP shares.
#ifndef VOLLEY_PACKET_LAYERS_ARP_H
#define VOLLEY_PACKET_LAYERS_ARP_H

#include "packet/names.h"

enum { ARP_HWTYPE, ARP_PTYPE, ARP_HWLEN, ARP_PLEN, ARP_OP, ARP_HWSRC, ARP_PSRC, ARP_HWDST, ARP_PDST };

extern const struct name arp_hwtypes[];

#endif
