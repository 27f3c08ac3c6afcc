// Names of numbers: a field's own short list, and the services of /etc/services.
#ifndef VOLLEY_PACKET_NAMES_H
#define VOLLEY_PACKET_NAMES_H

#include "base/base.h"

#include <stdbool.h>

// A field's names, ended by a NULL name.
struct name {
    uint32_t value;
    const char *name;
};

const char *name_of(const struct name *names, uint64_t value); // NULL: it has none
// The last of several of that name, as Scapy has it.
bool name_find(const struct name *names, const char *text, size_t len, uint64_t *value);

// The names of ports, read once, constant afterwards; any thread may read them.
enum service_protocol { SERVICE_TCP, SERVICE_UDP };

struct service {
    uint32_t name; // offset in the text
    uint16_t port;
    uint8_t protocol;
};

struct services {
    char *text;           // owned; the file, cut into names
    struct service *list; // owned; the file's lines in order, for look-ups by name
    size_t n, room;
    uint32_t *offset[2]; // owned; 65536 each: where in text the name starts, 0: none
};

// Reads a file of the form of /etc/services; '-' in names becomes '_', as Scapy prints them, and a later
// line wins. A file that is not there gives no names. 0 or -errno.
int services_init(struct services *services, const char *path) MUST_USE;
void services_release(struct services *services);
const char *services_name(const struct services *services, enum service_protocol protocol, uint16_t port);
// Finds the port of a name, spelled as the file does or with '_'; the first of several.
bool services_port(const struct services *services, enum service_protocol protocol, const char *text,
                   size_t len, uint16_t *port);

#endif
