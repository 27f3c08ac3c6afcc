#include "packet/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES_TEXT_MAX (1u << 20)

const char *name_of(const struct name *names, uint64_t value)
{
    for (; names != NULL && names->name != NULL; names++) {
        if (names->value == value)
            return names->name;
    }
    return NULL;
}

bool name_find(const struct name *names, const char *text, size_t len, uint64_t *value)
{
    bool found = false;

    for (; names != NULL && names->name != NULL; names++) {
        if (strlen(names->name) == len && memcmp(names->name, text, len) == 0) {
            *value = names->value;
            found = true;
        }
    }
    return found;
}

static int services_append(struct services *services, const struct service *service)
{
    if (services->n == services->room) {
        size_t room = services->room == 0 ? 512 : 2 * services->room;
        struct service *list = reallocarray(services->list, room, sizeof(*list));

        if (list == NULL)
            return -ENOMEM;
        services->list = list;
        services->room = room;
    }
    services->list[services->n++] = *service;
    return 0;
}

static int services_add(struct services *services, const char *name, const char *port)
{
    char *end;
    unsigned long first = strtoul(port, &end, 10);
    unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
    int protocol = strcmp(end, "/tcp") == 0 ? SERVICE_TCP : strcmp(end, "/udp") == 0 ? SERVICE_UDP : -1;

    if (protocol < 0 || first > last || last > UINT16_MAX)
        return 0;
    struct service service = {(uint32_t)(name - services->text), (uint16_t)first, (uint8_t)protocol};
    for (unsigned long p = first; p <= last; p++)
        services->offset[protocol][p] = service.name;
    return services_append(services, &service);
}

// A line is `name port/protocol alias ... # comment`.
static int services_parse_line(struct services *services, char *line)
{
    char *rest = NULL;

    line[strcspn(line, "#")] = '\0';
    char *name = strtok_r(line, " \t\r", &rest);
    char *port = name == NULL ? NULL : strtok_r(NULL, " \t\r", &rest);

    if (port == NULL)
        return 0;
    for (char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c))
            *c = '_';
    }
    return services_add(services, name, port);
}

static int services_read(struct services *services, FILE *file)
{
    // Byte 0 stays unused, so that offset 0 means none.
    size_t n = fread(services->text + 1, 1, SERVICES_TEXT_MAX - 2, file);

    if (ferror(file))
        return -EIO;
    services->text[n + 1] = '\0';
    char *rest = NULL;
    int err = 0;
    for (char *line = strtok_r(services->text + 1, "\n", &rest); line != NULL && err == 0;
         line = strtok_r(NULL, "\n", &rest))
        err = services_parse_line(services, line);
    return err;
}

int services_init(struct services *services, const char *path)
{
    *services = (struct services){0};
    services->text = calloc(1, SERVICES_TEXT_MAX);
    for (int i = 0; i < 2; i++)
        services->offset[i] = calloc(UINT16_MAX + 1, sizeof(uint32_t));
    if (services->text == NULL || services->offset[0] == NULL || services->offset[1] == NULL) {
        services_release(services);
        return -ENOMEM;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    int err = services_read(services, file);
    fclose(file);
    if (err < 0)
        services_release(services);
    return err;
}

void services_release(struct services *services)
{
    free(services->text);
    free(services->list);
    free(services->offset[0]);
    free(services->offset[1]);
    *services = (struct services){0};
}

const char *services_name(const struct services *services, enum service_protocol protocol, uint16_t port)
{
    uint32_t at = services == NULL || services->text == NULL ? 0 : services->offset[protocol][port];

    return at == 0 ? NULL : services->text + at;
}

static bool services_same(const char *name, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = isalnum((unsigned char)text[i]) ? text[i] : '_';

        if (name[i] != c)
            return false;
    }
    return name[len] == '\0';
}

bool services_port(const struct services *services, enum service_protocol protocol, const char *text,
                   size_t len, uint16_t *port)
{
    for (size_t i = 0; services != NULL && i < services->n; i++) {
        const struct service *service = &services->list[i];

        if (service->protocol == protocol && services_same(services->text + service->name, text, len)) {
            *port = service->port;
            return true;
        }
    }
    return false;
}
