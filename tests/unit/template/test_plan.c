// Every stimulus of a plan is the frame that building its concrete values gives (packet/build.h), in Scapy's order.
#include "packet/bytes.h"
#include "packet/checksum.h"
#include "template/derive.h"
#include "template/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME_MAX 2048

struct fixture {
    struct arena arena;
    struct template template;
    struct plan plan;
    struct build *build;
};

// Even and odd halves of the world have different sources and next hops, decided for four addresses at a time.
static void fake_route(void *context, const struct address *destination, struct surroundings_route *route)
{
    uint8_t half = (uint8_t)(destination->value >> 2 & 1);

    (void)context;
    route->last = *destination;
    route->last.value |= 3;
    route->source = (struct address){
        destination->family == 4 ? 0xc6120001u + half : ((u128)0x20010002 << 96) + half, destination->family};
    route->source_mac = (struct mac){{2, 0, 0, 0, 0, half}};
    route->next_hop_mac = (struct mac){{2, 0, 0, 0, 1, half}};
}

static void fixture_open(struct fixture *f, const char *text, bool tags)
{
    const struct surroundings around = {NULL, fake_route};
    const struct template_sources sources = {0};
    const struct plan_options options = {.tags = tags};
    struct diag diag = {0};

    arena_init(&f->arena, 0);
    f->build = calloc(1, sizeof(*f->build) + BUILD_BYTES_MAX);
    assert_non_null(f->build);
    f->build->bytes = (uint8_t *)(f->build + 1);
    if (!template_parse(&f->template, text, strlen(text), &sources, &f->arena, &diag) ||
        !derive_fields(&f->template, &around, &f->arena, &diag) ||
        !plan_compile(&f->plan, &f->template, &options, &f->arena, &diag))
        fail_msg("%s: %s", text, diag.message);
}

static void fixture_close(struct fixture *f)
{
    free(f->build);
    arena_release(&f->arena);
}

static const struct values *field_values(const struct fixture *f, unsigned layer, unsigned field)
{
    const struct template_layer *from = &f->template.branches[0].layers[layer];

    return field < layer_get(from->id)->n_fields ? from->fields[field].values : NULL;
}

// The digits of an index by plain division: the last layer's first field is the fastest.
static void reference_digits(const struct fixture *f, uint64_t index, uint64_t digits[][LAYER_FIELDS_MAX])
{
    const struct template_branch *branch = &f->template.branches[0];

    for (unsigned i = branch->n_layers; i-- > 0;) {
        for (unsigned k = 0; k < LAYER_FIELDS_MAX; k++) {
            const struct values *values = field_values(f, i, k);

            digits[i][k] = 0;
            if (values == NULL || values->n < 2 || branch->layers[i].fields[k].follows_layer >= 0)
                continue;
            digits[i][k] = index % values->n;
            index /= values->n;
        }
    }
}

static struct build_value reference_value(const struct values *values, uint64_t digit)
{
    if (values == NULL)
        return (struct build_value){.kind = BUILD_UNSET};
    if (values->kind == VALUES_STRINGS)
        return (struct build_value){.kind = BUILD_BYTES,
                                    .len = values->strings[digit].len,
                                    .items = 1,
                                    .bytes = values->strings[digit].bytes};
    return (struct build_value){
        .kind = BUILD_NUMBER, .len = values->width, .number = values_number(values, digit)};
}

// The tagged layer: the last of its kind.
static struct build_layer *layer_of(struct build *build, const struct layer_desc *desc)
{
    unsigned i = build->n_layers - 1;

    while (layer_get(build->layers[i].id) != desc)
        i--;
    return &build->layers[i];
}

static void reference_build(const struct fixture *f, uint64_t index, const struct plan_tags *tags)
{
    uint64_t digits[TEMPLATE_LAYERS_MAX + 1][LAYER_FIELDS_MAX];
    struct build *build = f->build;
    struct diag diag = {0};

    const struct template_branch *branch = &f->template.branches[0];

    reference_digits(f, index, digits);
    build->n_layers = branch->n_layers;
    for (unsigned i = 0; i < build->n_layers; i++) {
        build->layers[i].id = branch->layers[i].id;
        for (unsigned k = 0; k < layer_get(branch->layers[i].id)->n_fields; k++) {
            const struct template_field *given = &branch->layers[i].fields[k];
            const struct values *values = given->values;
            bool follows = given->follows_layer >= 0 && values != NULL && values->n > 1;

            build->layers[i].values[k] = reference_value(
                values, follows ? digits[given->follows_layer][given->follows] : digits[i][k]);
        }
    }
    const struct plan_shape *shape = &f->plan.branches[0].shapes[0];
    for (unsigned p = 0; f->plan.n_shapes == 1 && p < shape->n_patches; p++) {
        const struct plan_patch *patch = &shape->patches[p];
        uint64_t value = patch->tag == TAG_WHOLE  ? tags->value
                         : patch->tag == TAG_HIGH ? tags->value >> 16
                         : patch->tag == TAG_LOW  ? tags->value & 0xffff
                         : patch->tag == TAG_PORT ? tags->port
                                                  : tags->id;
        if (patch->source == PLAN_TAG)
            layer_of(build, patch->desc)->values[patch->field] =
                (struct build_value){.kind = BUILD_NUMBER, .number = value};
    }
    assert_true(build_frame(build, &diag));
    build_checksums(build);
}

static void check_frame(const struct fixture *f, uint64_t index, const uint8_t *frame, uint16_t len)
{
    if (len != f->build->len || memcmp(frame, f->build->bytes, len) != 0) {
        for (unsigned i = 0; i < len; i++)
            print_error("%02x%c%02x%s", frame[i], frame[i] == f->build->bytes[i] ? ' ' : '!',
                        f->build->bytes[i], i % 8 == 7 ? "\n" : "  ");
        fail_msg("index %llu: %u bytes, wanted %u", (unsigned long long)index, len, f->build->len);
    }
}

static const char *const templates[] = {
    "IP()",
    "IP(dst=\"198.18.0.0/28\")/TCP(dport=(1,9),flags=\"S\")",
    "IP(dst=[\"198.18.0.0/29\",\"198.18.1.7\",\"224.0.0.1\"],ttl=(1,4))/UDP(dport=[53,(1,3)])/\"abc\"",
    "Ether()/IP(dst=\"198.18.0.0/28\")/ICMP(seq=(1,3))",
    "Ether()/Dot1Q(vlan=[1,4095],prio=(0,7),dei=(0,1))/IP(dst=\"198.18.0.1\")",
    "Ether()/ARP(pdst=\"198.18.0.0/28\")",
    // sub-byte neighbours, both varied
    "IP(version=[4,15],ihl=[5,6],flags=[0,1,7],frag=[0,1,8191],dst=\"198.18.0.1\")/"
    "TCP(dataofs=(0,15),reserved=(0,7))",
    "IPv6(version=(5,7),tc=[0,255,1],fl=[0,1048575,4660],dst=\"2001:2::/125\")/TCP()",
    "IPv6(src=\"2001:2::/126\",dst=[\"2001:2::9\",\"ff02::1\"])/"
    "ICMPv6EchoRequest(data=[\"\",\"a\",\"bc\",\"def\"])",
    "IPv6()/ICMPv6ND_NS(tgt=\"2001:2::/125\")",
    "IPv6(dst=\"2001:2::1\")/"
    "ICMPv6ND_NA(R=(0,1),S=(0,1),O=(0,1),res=[0,1,536870911],tgt=[\"2001:2::1\",\"2001:2::2\"])",
    // odd offsets: ports, addresses, a MAC and strings behind one byte
    "IP(dst=\"198.18.0.1\")/UDP()/\"x\"/IP(src=\"198.18.0.2\",dst=\"198.18.0.0/29\",id=(65533,65535))/"
    "TCP(sport=(1,5),seq=[0,4294967295])",
    "IP(dst=\"198.18.0.1\")/UDP()/\"x\"/IPv6(src=\"2001:2::1\",dst=\"2001:2::/126\")/UDP(dport=(0,9))",
    "IP(dst=\"198.18.0.1\")/UDP()/\"x\"/"
    "Ether(src=\"02:00:00:00:00:01\",dst=[\"02:00:00:00:00:02\",\"ff:ff:ff:ff:ff:fe\"])/IP(dst=\"198.18.0.0/"
    "30\")",
    "\"x\"/TCP(flags=(0,511,37),window=(1,3))/Raw(load=[\"odd\",\"even\",\"\"])",
    // tunnels: checksums inside checksums
    "IP(dst=\"198.18.0.0/30\")/UDP(sport=(1,3))/IP(dst=\"198.18.0.4/30\")/UDP(dport=(7,9))/\"pay\"",
    "IP(dst=\"198.18.0.1\")/ICMP(type=[3,11,12,8,13])/IP(dst=\"198.18.0.0/30\")/ICMP(id=(0,2))",
    "IPv6(dst=\"2001:2::1\")/IP(dst=\"198.18.0.0/31\")/IPv6(dst=\"2001:2::2\")/ICMPv6EchoRequest(id=(1,4))",
    // explicit lengths and checksums
    "IP(len=(0,60,7),dst=\"198.18.0.1\")/UDP(len=[0,65535],chksum=[0,4660])",
    "IP(chksum=(1,3),dst=\"198.18.0.1\")/TCP(chksum=[1,65535])",
    "IP(dst=\"198.18.0.1\",options=[\"\",\"a\",\"abcde\"])/TCP(options=[(\"MSS\",1460)],dport=(1,4))/"
    "Padding(load=[\"x\",\"yz\"])",
    "Raw(load=[\"\",\"a\",\"b\",\"cc\",\"dd\"])/Raw(load=[\"x\",\"yy\"])",
    // fields of more than 128 bits that are not given
    "IP(dst=\"198.18.0.1\")/UDP()/BOOTP(xid=(1,3))",
};

static void stimuli_are_what_their_values_build(void **state)
{
    static const struct plan_tags none = {0};

    (void)state;
    for (size_t t = 0; t < ARRAY_SIZE(templates); t++) {
        struct fixture f;
        uint8_t frame[FRAME_MAX];

        fixture_open(&f, templates[t], false);
        assert_true(f.plan.n < 20000 && f.plan.longest + PLAN_SLACK <= FRAME_MAX);
        for (uint64_t i = 0; i < f.plan.n; i++) {
            memset(frame, 0xa5, sizeof(frame));
            uint16_t len = plan_build(&f.plan, i, &none, frame);

            assert_true(len <= f.plan.longest);
            assert_int_equal(frame[len + PLAN_SLACK], 0xa5); // behind the slack, nothing is written
            reference_build(&f, i, &none);
            check_frame(&f, i, frame, len);
        }
        fixture_close(&f);
    }
}

static void check_burst(const struct fixture *f, const uint64_t *indices, unsigned n)
{
    static uint8_t space[PLAN_BURST][FRAME_MAX];
    uint8_t *frames[PLAN_BURST], single[FRAME_MAX];
    struct plan_tags tags[PLAN_BURST];
    static struct plan_built built;

    for (unsigned k = 0; k < n; k++) {
        frames[k] = space[k];
        memset(space[k], 0x5a, FRAME_MAX);
        tags[k] = (struct plan_tags){(uint32_t)(indices[k] * 2654435761u), (uint16_t)(32768 + k),
                                     (uint16_t)(k * 257)};
    }
    memcpy(built.indices, indices, n * sizeof(*indices));
    plan_build_burst(&f->plan, tags, frames, &built, n);
    for (unsigned k = 0; k < n; k++) {
        uint16_t len = plan_build(&f->plan, indices[k], &tags[k], single);

        assert_int_equal(built.lengths[k], len);
        assert_int_equal(built.views[k]->len, len);
        assert_memory_equal(frames[k], single, len);
    }
}

static void bursts_are_their_stimuli(void **state)
{
    uint64_t random = 5;

    (void)state;
    for (size_t t = 0; t < ARRAY_SIZE(templates); t++) {
        struct fixture f;

        fixture_open(&f, templates[t], t % 2 == 0);
        for (unsigned n = 1; n <= PLAN_BURST; n++) {
            uint64_t indices[PLAN_BURST];

            for (unsigned k = 0; k < n; k++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                indices[k] = (random >> 20) % f.plan.n;
            }
            check_burst(&f, indices, n);
        }
        fixture_close(&f);
    }
}

struct tag_row {
    const char *text;
    uint32_t tags; // bits of enum layer_tag
};

static const struct tag_row tag_rows[] = {
    {"IP(dst=\"198.18.0.0/29\")/TCP(dport=(1,3))", 1u << TAG_WHOLE},
    {"IP(dst=\"198.18.0.1\")/UDP()/\"x\"/IP()/TCP()", 1u << TAG_WHOLE},
    {"IP(dst=\"198.18.0.1\")/ICMP()", 1u << TAG_HIGH | 1u << TAG_LOW},
    {"IP(dst=\"198.18.0.1\")/ICMP(seq=(1,3))", 1u << TAG_ID},
    {"IP(dst=\"198.18.0.1\")/UDP(dport=(1,3))", 1u << TAG_PORT},
    {"IP(dst=\"198.18.0.1\")/UDP(sport=9)", 1u << TAG_ID},
    {"IP(dst=\"198.18.0.1\",id=5)/TCP(seq=7)", 0},
    {"IPv6(dst=\"2001:2::1\")/ICMPv6EchoRequest(data=\"odd\")", 1u << TAG_HIGH | 1u << TAG_LOW},
    {"IPv6(dst=\"2001:2::1\")/UDP()/\"x\"", 1u << TAG_PORT},
    {"Ether()/ARP(pdst=\"198.18.0.0/30\")", 0},
};

static void tags_stand_in_fields_left_open(void **state)
{
    (void)state;
    for (size_t t = 0; t < ARRAY_SIZE(tag_rows); t++) {
        struct fixture f;
        uint8_t frame[FRAME_MAX];

        fixture_open(&f, tag_rows[t].text, true);
        assert_int_equal(f.plan.tags, tag_rows[t].tags);
        for (uint64_t i = 0; i < 4096; i++) {
            uint32_t word = (uint32_t)(i * 2654435761u);
            const struct plan_tags tags = {word, (uint16_t)(word | 0x8000), (uint16_t)(word >> 7)};
            uint16_t len = plan_build(&f.plan, i % f.plan.n, &tags, frame);

            reference_build(&f, i % f.plan.n, &tags);
            check_frame(&f, i, frame, len);
        }
        fixture_close(&f);
    }
}

// RFC 768: a UDP checksum that comes out as 0 is sent as ffff; no other checksum is.
static void a_udp_sum_of_zero_is_ones(void **state)
{
    struct fixture f;
    uint8_t frame[FRAME_MAX];
    static const struct plan_tags none = {0};
    bool met = false;

    (void)state;
    fixture_open(&f, "IP(src=\"198.18.0.1\",dst=\"198.18.0.2\")/UDP(sport=(0,65535),dport=7)", false);
    for (uint64_t i = 0; i < f.plan.n; i++) {
        plan_build(&f.plan, i, &none, frame);
        assert_int_not_equal(get16(frame + 26), 0);
        met |= get16(frame + 26) == 0xffff;
    }
    assert_true(met);
    fixture_close(&f);

    met = false;
    fixture_open(&f, "IP(src=\"198.18.0.1\",dst=\"198.18.0.2\")/TCP(sport=(0,65535))", false);
    for (uint64_t i = 0; i < f.plan.n; i++) {
        plan_build(&f.plan, i, &none, frame);
        met |= get16(frame + 36) == 0;
    }
    assert_true(met);
    fixture_close(&f);
}

struct size_row {
    const char *text;
    uint64_t n;
    uint32_t n_shapes;
    uint16_t longest;
    bool has_group;
};

static const struct size_row size_rows[] = {
    {"IP(dst=\"198.18.0.0/15\")/TCP(dport=(1,1024))", UINT64_C(131072) * 1024, 1, 40, false},
    {"IP(dst=\"0.0.0.0/0\",src=\"198.18.0.1\")", UINT64_C(1) << 32, 1, 20, true},
    {"IP(dst=\"255.255.255.255\")", 1, 1, 20, true},
    {"IPv6(dst=[\"2001:2::1\",\"ff02::1\"])", 2, 1, 40, true},
    {"IPv6(dst=\"2001:2::/66\",src=\"2001:2::1\")", UINT64_C(1) << 62, 1, 40, false},
    {"Raw(load=[\"a\",\"b\",\"cc\",\"a\"])", 4, 2, 2, false},
    {"ICMP(type=(0,255))", 256, 256, 20, false},
    {"IP(ttl=[])/TCP(dport=(1,9))", 0, 0, 0, false},
    {"IP(ttl=(5,1))", 0, 0, 0, false},
};

static void plans_know_their_size(void **state)
{
    (void)state;
    for (size_t t = 0; t < ARRAY_SIZE(size_rows); t++) {
        struct fixture f;

        fixture_open(&f, size_rows[t].text, false);
        assert_true(f.plan.n == size_rows[t].n);
        assert_int_equal(f.plan.n_shapes, size_rows[t].n_shapes);
        assert_int_equal(f.plan.longest, size_rows[t].longest);
        assert_int_equal(f.plan.has_group, size_rows[t].has_group);
        fixture_close(&f);
    }
}

// The view of a shape is what dissecting any of its frames gives.
static void views_are_what_dissection_finds(void **state)
{
    static const char *const rows[] = {
        "Ether()/Dot1Q()/IP(dst=\"198.18.0.1\")/TCP(options=[(\"MSS\",1460)])/\"abc\"",
        "IP(dst=\"198.18.0.1\")/UDP(dport=(1,3))/\"abc\"",
        "IPv6(dst=\"2001:2::1\")/ICMPv6EchoRequest(data=\"abc\")",
        "IP(dst=\"198.18.0.1\")/IPv6(dst=\"2001:2::1\")/IP(dst=\"198.18.0.1\")/ICMP()",
        "Ether()/ARP(pdst=\"198.18.0.1\")",
    };
    static const struct plan_tags none = {0};

    (void)state;
    for (size_t t = 0; t < ARRAY_SIZE(rows); t++) {
        struct fixture f;
        uint8_t frame[FRAME_MAX];
        struct view view;

        fixture_open(&f, rows[t], false);
        uint16_t len = plan_build(&f.plan, 0, &none, frame);
        view_decode(&view, frame, len, f.template.branches[0].layers[0].id);
        const struct view *shape = &f.plan.branches[0].shapes[0].view;
        assert_int_equal(view.n, shape->n);
        assert_int_equal(view.len, shape->len);
        for (unsigned i = 0; i < view.n; i++)
            assert_memory_equal(&view.layers[i], &shape->layers[i], sizeof(view.layers[i]));
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stimuli_are_what_their_values_build),
        cmocka_unit_test(bursts_are_their_stimuli),
        cmocka_unit_test(tags_stand_in_fields_left_open),
        cmocka_unit_test(a_udp_sum_of_zero_is_ones),
        cmocka_unit_test(plans_know_their_size),
        cmocka_unit_test(views_are_what_dissection_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
