#include "port/port.h"

#include "port/ethdev.h"
#include "port/sim.h"

#include <errno.h>
#include <string.h>

int port_open(struct port **port, const char *spec, const struct port_options *options, struct diag *diag)
{
    if (spec[0] == '\0') {
        diag_set(diag, (struct span){0, 0}, "no port was named");
        diag_hint(diag, "-i takes an interface, a PCI address, vdev:... or sim");
        return -EINVAL;
    }
    if (strcmp(spec, "sim") == 0)
        return sim_open(port, "", options, diag);
    if (strncmp(spec, "sim:", strlen("sim:")) == 0)
        return sim_open(port, spec + strlen("sim:"), options, diag);
    return ethdev_open(port, spec, options, diag);
}

void port_close(struct port *port)
{
    if (port != NULL)
        port->ops->close(port);
}

void port_fit(struct port *port, uint16_t longest)
{
    if (port->ops->fit != NULL)
        port->ops->fit(port, longest);
}
