// Dissected frames are rebuilt to themselves: good ones by their fields, and whatever else there is: cut, changed, noise.
// AddressSanitizer watches the bounds, for each frame lies in a heap block of its own length.
#include "packet/dissect.h"
#include "packet/layer.h"
#include "packet/print.h"
#include "packet/spell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct frame_row {
    const char *hex;
    enum layer_id first;
    unsigned raw; // layers that their fields do not say
};

static const struct frame_row frame_rows[] = {
    {"020000000002020000000001080045000028000100004006b4bcc6120001c612000200140050000000000000000050022000c96"
     "b0000",
     LAYER_ETHER, 0},
    {"4500003c000100004006b4a8c6120001c612000200140050000000000000000a0a022000c96b0000020405b40402080a0000000"
     "100000000"
     "01030307",
     LAYER_IP, 1}, // TCP that says it has no header
    {"0200000000020200000000018100200106f0ff", LAYER_ETHER, 0},
    {"ffffffffffff02000000000108060001080006040001020000000001c6120001000000000000c612000200000000",
     LAYER_ETHER, 0},
    {"4500001f000100004011eea7c6120001c6120002003500350b0b0000616263", LAYER_IP, 0},
    {"450000230001000040116c18c6120001c612000200350035000f0000616263646566670d0a", LAYER_IP, 0},
    {"4600002400010000401100000102030405060708010101000014005000100000"
     "6162636461626364",
     LAYER_IP, 0},
    {"45000038000100004001eebac6120002c612000103030000000000004500001c000100004011eec6c6120001c61200020035003"
     "5000800"
     "00",
     LAYER_IP, 0},
    {"45000038000100004001e595c6120909c61200010b00f4ff0000000045000028000100004006eeb8c6120001c61200020800f7f"
     "40005000"
     "6",
     LAYER_IP, 1}, // eight bytes of TCP
    {"45000028000100004001e595c6120909c61200010d00f4ff00010002000000010000000200000003", LAYER_IP, 0},
    {"6000000000203a40200100020000000000000000000000012001000200000000000000000000000287000000000000002001000"
     "20000000"
     "00000000000000002"
     "0101020000000001",
     LAYER_IPV6, 0},
    {"6000000000383a40200100020000000000000000000000022001000200000000000000000000000101000000000000006000000"
     "00008114"
     "0200100020000000000000000000000012001000200000000000000000000000200350035000800"
     "00",
     LAYER_IPV6, 0},
    {"60000000000c3a40200100020000000000000000000000012001000200000000000000000000000280000000000100026162636"
     "4",
     LAYER_IPV6, 0},
};

static uint8_t *bytes_of(const char *hex, uint32_t *len)
{
    uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
    unsigned byte;

    assert_non_null(bytes);
    for (*len = 0; sscanf(hex + 2 * *len, "%2x", &byte) == 1; (*len)++)
        bytes[*len] = (uint8_t)byte;
    return bytes;
}

struct bench {
    struct dissect dissect;
    struct build *build;
    FILE *nowhere;
    uint64_t n_frames;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    assert_true(dissect_init(&bench->dissect));
    bench->build = calloc(1, sizeof(*bench->build));
    assert_non_null(bench->build);
    bench->build->bytes = malloc(BUILD_BYTES_MAX);
    assert_non_null(bench->build->bytes);
    bench->nowhere = fopen("/dev/null", "w");
    assert_non_null(bench->nowhere);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    dissect_release(&bench->dissect);
    free(bench->build->bytes);
    free(bench->build);
    fclose(bench->nowhere);
    free(bench);
    return 0;
}

// Nodes lie within the frame and their parents, and in order.
static void check_tree(const struct dissect *dissect, uint32_t n, uint32_t from, uint32_t to)
{
    const struct dissect_node *node = &dissect->nodes[n];

    assert_true(node->at.start >= from && node->at.start + node->at.header_bytes <= to);
    for (unsigned f = 0; f < layer_get((enum layer_id)node->id)->n_fields; f++) {
        if (node->at.bit[f] != FIELD_ABSENT)
            assert_true(node->at.bit[f] + node->at.bits[f] <= (node->at.start + node->at.header_bytes) * 8);
    }
    from = node->at.start;
    for (uint32_t k = node->first; k != 0; k = dissect->nodes[k].next) {
        check_tree(dissect, k, from, node->at.start + node->at.header_bytes);
        from = dissect->nodes[k].at.start + dissect->nodes[k].at.header_bytes;
    }
}

// Returns how many layers had to be spelled as bytes.
static unsigned check_frame(struct bench *bench, const uint8_t *bytes, uint32_t len, enum layer_id first)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len); // exactly as long as the frame
    struct arena arena;
    struct diag diag = {0};
    struct view view;
    unsigned raw = 0;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    arena_init(&arena, 0);
    view_decode(&view, copy, len, first);
    dissect_frame(&bench->dissect, &view);
    for (uint32_t i = 0; i < bench->dissect.n_layers; i++)
        check_tree(&bench->dissect, i, 0, len);
    assert_true(print_tree(&bench->dissect, 0, NULL, bench->nowhere));
    print_hexdump(copy, len, bench->nowhere);
    assert_true(dissect_rebuild(&bench->dissect, bench->build, &arena));
    for (uint32_t i = 0; i < bench->dissect.n_layers; i++)
        raw += bench->build->layers[i].id != bench->dissect.nodes[i].id;
    assert_true(build_frame(bench->build, &diag));
    assert_int_equal(bench->build->len, len);
    assert_memory_equal(bench->build->bytes, copy, len);
    if (bench->n_frames++ % 16 == 0)
        assert_true(spell(&bench->dissect, bench->nowhere));
    arena_release(&arena);
    free(copy);
    return raw;
}

static void frames_are_rebuilt_by_their_fields(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(frame_rows); i++) {
        uint32_t len;
        uint8_t *bytes = bytes_of(frame_rows[i].hex, &len);

        if (check_frame(*state, bytes, len, frame_rows[i].first) != frame_rows[i].raw)
            fail_msg("frame %zu: layers became bytes", i);
        free(bytes);
    }
}

static void every_prefix_and_every_changed_byte_is_rebuilt(void **state)
{
    static const uint8_t changes[] = {0x00, 0xff, 0x01, 0x80, 0x45, 0x60, 0x29, 0x3a, 0x11, 0x06};

    for (size_t i = 0; i < ARRAY_SIZE(frame_rows); i++) {
        uint32_t len;
        uint8_t *bytes = bytes_of(frame_rows[i].hex, &len);

        for (uint32_t cut = 0; cut <= len; cut++)
            check_frame(*state, bytes, cut, frame_rows[i].first);
        for (uint32_t at = 0; at < len; at++) {
            uint8_t was = bytes[at];

            for (size_t c = 0; c < sizeof(changes); c++) {
                bytes[at] = changes[c];
                check_frame(*state, bytes, len, frame_rows[i].first);
            }
            bytes[at] = was;
        }
        free(bytes);
    }
}

// As every layer there is, and as frames that have some bytes changed.
static void noise_is_rebuilt(void **state)
{
    uint64_t random = 7;
    uint8_t bytes[200];

    for (unsigned round = 0; round < 6000; round++) {
        const struct frame_row *row = &frame_rows[round % ARRAY_SIZE(frame_rows)];
        bool alone = round % 2 == 0;
        enum layer_id first = alone ? (enum layer_id)(1 + round / 2 % (LAYER_COUNT - 1)) : row->first;
        uint32_t len;
        uint8_t *base = bytes_of(row->hex, &len);

        len = len < sizeof(bytes) ? len : sizeof(bytes);
        memcpy(bytes, base, len);
        for (unsigned k = 0; k < (alone ? len : 6); k++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            bytes[alone ? k : (random >> 33) % len] =
                (uint8_t)(random >> 25 & (random >> 60 < 6 ? 0x03 : 0xff));
        }
        check_frame(*state, bytes, len, first);
        free(base);
    }
}

// Deeper than there is room for, and longer than there is.
static void the_largest_frames_are_rebuilt(void **state)
{
    uint8_t *bytes = calloc(1, UINT16_MAX);

    assert_non_null(bytes);
    for (unsigned i = 0; i < 64; i++) {
        uint8_t *p = bytes + i * 20;
        uint32_t total = UINT16_MAX - i * 20;

        p[0] = 0x45;
        p[2] = (uint8_t)(total >> 8);
        p[3] = (uint8_t)total;
        p[9] = 4;
    }
    check_frame(*state, bytes, UINT16_MAX, LAYER_IP);
    for (unsigned id = 1; id < LAYER_COUNT; id++) {
        memset(bytes, (int)id, UINT16_MAX);
        check_frame(*state, bytes, UINT16_MAX, (enum layer_id)id);
        memset(bytes, 0, UINT16_MAX);
        check_frame(*state, bytes, UINT16_MAX, (enum layer_id)id);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_rebuilt_by_their_fields),
        cmocka_unit_test(every_prefix_and_every_changed_byte_is_rebuilt),
        cmocka_unit_test(noise_is_rebuilt),
        cmocka_unit_test(the_largest_frames_are_rebuilt),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
