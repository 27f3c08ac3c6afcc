// From the template's text to a plan, with errors said on stderr.
#ifndef VOLLEY_APP_COMPILE_H
#define VOLLEY_APP_COMPILE_H

#include "base/arena.h"
#include "captured.h"
#include "packet/names.h"
#include "packet/text.h"
#include "port/port.h"
#include "template/plan.h"

struct compiled {
    struct arena arena;
    struct services services;
    struct captured captured;
    struct template template;
    struct plan plan;
};

// The names of ports: 0 or -errno.
int compile_services(struct services *services) MUST_USE;

// Layer 2 or 3 as it stands, no tags, addresses by the kernel's routes; seed of random fields. False: said why.
bool compile_for_show(struct compiled *compiled, const char *text, uint64_t seed) MUST_USE;

// Layer 2 or 3, for captures with a link layer, no tags, addresses by the kernel's routes where it gives any. False: said why.
bool compile_for_pair(struct compiled *compiled, const char *text, uint64_t seed) MUST_USE;

// Says on stderr where a template that stands for no packet is empty.
void compile_say_empty(const struct compiled *compiled, const char *text);

// For a port. Returns 0, or the exit status, having said why: EXIT_USAGE, EXIT_REFUSED, EXIT_ERROR. The calling thread must
// be attached to the port: neighbours are asked for.
struct surround;
int compile_parse(struct compiled *compiled, const char *text, bool layer3) MUST_USE;
int compile_for_port(struct compiled *compiled, const char *text, struct port *port,
                     struct surround *surround, const struct plan_options *options) MUST_USE;

// The fields that carry tags: "TCP.seq", "ICMP.id, ICMP.seq"; nothing if there are none.
void compile_tags_text(const struct compiled *compiled, struct text *text);

// The same of those that would if the template were sent by sr or srp; it was compiled for show.
void compile_sent_tags_text(struct compiled *compiled, struct text *text);

void compile_release(struct compiled *compiled);

#endif
