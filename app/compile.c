#include "compile.h"

#include "command.h"
#include "engine/surround.h"
#include "template/derive.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define COMPILE_MEMORY_MAX ((size_t)2 << 30)

// The machine's own names of ports, as Scapy reads them; ours where it has none.
static const char *compile_services_path(void)
{
    static const char *const paths[] = {"/etc/services", VOLLEY_CONFIG_INSTALLED "/services"};

    for (unsigned i = 0; i < ARRAY_SIZE(paths); i++) {
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    }
    return VOLLEY_CONFIG_SOURCE "/services";
}

int compile_services(struct services *services)
{
    return services_init(services, compile_services_path());
}

static bool compile_lookup(void *context, const char *name, uint8_t family, struct address *address,
                           const char **why)
{
    const struct addrinfo hints = {.ai_family = family == 6 ? AF_INET6 : AF_INET, .ai_socktype = SOCK_RAW};
    struct addrinfo *found;
    int status = getaddrinfo(name, NULL, &hints, &found);

    (void)context;
    if (status != 0) {
        *why = gai_strerror(status);
        return false;
    }
    if (family == 6)
        *address = address_from_bytes(
            6, ((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr.s6_addr);
    else
        *address = address_from_bytes(
            4, (const uint8_t *)&((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr);
    freeaddrinfo(found);
    return true;
}

static const struct resolver compile_resolver = {.lookup = compile_lookup};

static bool compile_template(struct compiled *c, const char *text, struct diag *diag)
{
    const char *services = compile_services_path();

    *c = (struct compiled){0};
    arena_init(&c->arena, COMPILE_MEMORY_MAX);
    if (services_init(&c->services, services) < 0)
        return diag_set(diag, (struct span){0}, "%s could not be read", services);
    c->captured.arena = &c->arena;
    const struct frame_opener frames = captured_opener(&c->captured);
    const struct template_sources sources = {
        .services = &c->services, .resolver = &compile_resolver, .frames = &frames};
    return template_parse(&c->template, text, strlen(text), &sources, &c->arena, diag);
}

void compile_release(struct compiled *c)
{
    captured_close(&c->captured);
    services_release(&c->services);
    arena_release(&c->arena);
}

static bool compile_shown_plan(struct compiled *c, uint64_t seed, struct diag *diag)
{
    const struct surround_options none = {0};
    const struct plan_options options = {.seed = seed};
    struct surround surround;

    if (surround_init(&surround, NULL, &none) < 0)
        return diag_set(diag, (struct span){0}, "the kernel's routes could not be read");
    struct surroundings surroundings = surround_surroundings(&surround);
    bool ok = derive_fields(&c->template, &surroundings, &c->arena, diag) &&
              plan_compile(&c->plan, &c->template, &options, &c->arena, diag);
    surround_release(&surround);
    return ok;
}

bool compile_for_show(struct compiled *c, const char *text, uint64_t seed)
{
    struct diag diag = {0};

    if (compile_template(c, text, &diag) && compile_shown_plan(c, seed, &diag))
        return true;
    diag_print(&diag, "template", text, stderr);
    compile_release(c);
    return false;
}

// ---- for a port

static bool compile_check_layer3(const struct template_branch *branch, struct diag *diag)
{
    const struct template_layer *first = &branch->layers[0];

    if (first->id == LAYER_IP || first->id == LAYER_IPV6 || first->id == LAYER_ARP)
        return true;
    diag_set(diag, first->where, "a template of layer 3 starts with IP, IPv6 or ARP, not with %s",
             layer_get(first->id)->name);
    return diag_hint(diag, "Frames from the link layer on are sent by srp and sendp.");
}

static bool compile_check_layer2(const struct template_branch *branch, struct diag *diag)
{
    const struct template_layer *first = &branch->layers[0];

    if (first->id == LAYER_ETHER || first->id == LAYER_DOT3 || first->id == LAYER_RAW)
        return true;
    diag_set(diag, first->where, "a template of layer 2 starts with Ether or Dot3, not with %s",
             layer_get(first->id)->name);
    return diag_hint(diag, "Put Ether()/ before it, or use sr and send, which find the next hop themselves.");
}

static bool compile_check_empty(const struct template *t, struct diag *diag)
{
    struct span where = {0};

    if (t->choice->n > 0)
        return true;
    template_empty_set(t, &where);
    return diag_set(diag, where, "this is an empty set: the template stands for no packet");
}

void compile_say_empty(const struct compiled *c, const char *text)
{
    struct diag diag = {0};

    if (!compile_check_empty(&c->template, &diag))
        diag_print(&diag, "template", text, stderr);
}

static bool compile_check_layers(const struct template *t, bool layer3, struct diag *diag)
{
    for (uint32_t b = 0; b < t->n_branches; b++) {
        const struct frame_source *source = t->branches[b].source;

        if (source != NULL && (layer3 || source->first != LAYER_ETHER)) {
            diag_set(diag, (struct span){0}, "captured frames are sent as they are, with their link layer");
            return diag_hint(diag, layer3 ? "Use srp or sendp."
                                          : "This capture has none: its frames start with IP.");
        }
        if (source == NULL && !(layer3 ? compile_check_layer3 : compile_check_layer2)(&t->branches[b], diag))
            return false;
    }
    return true;
}

bool compile_for_pair(struct compiled *c, const char *text, uint64_t seed)
{
    struct diag diag = {0};
    bool ok = compile_template(c, text, &diag) && compile_check_empty(&c->template, &diag);
    bool layer3 = ok && compile_check_layer3(&c->template.branches[0], &(struct diag){0});

    if (ok && compile_check_layers(&c->template, layer3, &diag) &&
        (!layer3 || template_add_link(&c->template, &c->arena, &diag)) && compile_shown_plan(c, seed, &diag))
        return true;
    diag_print(&diag, "template", text, stderr);
    compile_release(c);
    return false;
}

int compile_parse(struct compiled *c, const char *text, bool layer3)
{
    struct diag diag = {0};

    if (compile_template(c, text, &diag) && compile_check_empty(&c->template, &diag) &&
        compile_check_layers(&c->template, layer3, &diag) &&
        (!layer3 || template_add_link(&c->template, &c->arena, &diag)))
        return 0;
    diag_print(&diag, "template", text, stderr);
    compile_release(c);
    return EXIT_USAGE;
}

// Whether every destination has a way out. False: said why.
static bool compile_check_routes(const struct surround *s, const struct port *port)
{
    char text[ADDRESS_TEXT_MAX];

    if (s->too_many) {
        fprintf(
            stderr,
            "volley: more than %u neighbours would have to be asked for: give --gateway or --gateway-mac. "
            "Nothing was sent.\n",
            SURROUND_NEIGHBOURS_MAX);
        return false;
    }
    if (s->unreachable.family != 0) {
        address_format(&s->unreachable, text);
        fprintf(
            stderr,
            "volley: no route to %s through %s, so no next hop is known: give --gateway or --gateway-mac. "
            "Nothing was sent.\n",
            text, port->name);
        return false;
    }
    if (s->is_local.family != 0 && !s->any_remote) {
        address_format(&s->is_local, text);
        fprintf(stderr,
                "volley: %s is this machine's own address, so nothing for it leaves through %s. "
                "Nothing was sent.\n",
                text, port->name);
        return false;
    }
    return true;
}

static int compile_ask(struct surround *s, struct port *port)
{
    char text[ADDRESS_TEXT_MAX];
    int unknown = surround_ask(s, port);

    if (unknown < 0) {
        fprintf(stderr, "volley: the neighbours on %s could not be asked: %s. Nothing was sent.\n",
                port->name, strerror(-unknown));
        return EXIT_ERROR;
    }
    if (unknown == 0)
        return 0;
    address_format(&surround_unknown(s)->address, text);
    if ((size_t)unknown < s->n_neighbours) {
        fprintf(stderr,
                "volley: %d of %zu neighbours on %s did not tell their MAC (%s first): packets for them go "
                "to the "
                "broadcast address, as with Scapy.\n",
                unknown, s->n_neighbours, port->name, text);
        return 0;
    }
    fprintf(
        stderr,
        "volley: next hop %s did not tell its MAC on %s: is it up? --gateway-mac gives one without asking. "
        "Nothing was sent.\n",
        text, port->name);
    return EXIT_REFUSED;
}

static int compile_check_size(const struct compiled *c, const struct port *port)
{
    unsigned room = port->mtu + 14u + 4u; // with a VLAN tag

    if (c->plan.longest <= room)
        return 0;
    fprintf(stderr,
            "volley: the longest frame has %u bytes, %s takes %u (its MTU is %u). Nothing was sent.\n",
            c->plan.longest, port->name, room, port->mtu);
    return EXIT_REFUSED;
}

int compile_for_port(struct compiled *c, const char *text, struct port *port, struct surround *s,
                     const struct plan_options *options)
{
    struct surroundings surroundings = surround_surroundings(s);
    struct diag diag = {0};

    bool ok = derive_fields(&c->template, &surroundings, &c->arena, &diag);
    if (ok && !compile_check_routes(s, port))
        return EXIT_REFUSED;
    int status = ok ? compile_ask(s, port) : 0;
    if (status != 0)
        return status;
    if (ok && derive_fields(&c->template, &surroundings, &c->arena, &diag) &&
        plan_compile(&c->plan, &c->template, options, &c->arena, &diag))
        return compile_check_size(c, port);
    diag_print(&diag, "template", text, stderr);
    return EXIT_USAGE;
}

// ---- texts

static void compile_tag_text(const struct plan_patch *patch, struct text *text)
{
    char name[64];

    snprintf(name, sizeof(name), "%s.%s", patch->desc->name, patch->desc->fields[patch->field].name);
    if (strstr(text->s, name) == NULL)
        text_add(text, "%s%s", text->len == 0 ? "" : ", ", name);
}

static void compile_shape_tags_text(const struct plan_shape *shape, struct text *text)
{
    for (unsigned p = 0; p < shape->n_patches; p++) {
        if (shape->patches[p].source == PLAN_TAG)
            compile_tag_text(&shape->patches[p], text);
    }
}

static void compile_plan_tags_text(const struct plan *plan, struct text *text)
{
    for (uint32_t b = 0; b < plan->n_branches; b++) {
        const struct plan_branch *branch = &plan->branches[b];

        for (uint32_t s = 0; s < branch->n_shapes && branch->n > 0; s++)
            compile_shape_tags_text(&branch->shapes[s], text);
    }
}

void compile_tags_text(const struct compiled *c, struct text *text)
{
    compile_plan_tags_text(&c->plan, text);
}

void compile_sent_tags_text(struct compiled *c, struct text *text)
{
    const struct plan_options options = {.tags = true};
    struct diag diag = {0};
    struct plan tagged;

    if (plan_compile(&tagged, &c->template, &options, &c->arena, &diag))
        compile_plan_tags_text(&tagged, text);
}
