#include "probe/tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Beaulieu et al. (2013), appendix C, Speck32/64: key 1918 1110 0908 0100, plaintext 6574 694c, ciphertext a868 42f2. The
// round keys are the schedule's of that key, by the paper's formula.
static void the_cipher_gives_the_published_vector(void **state)
{
    struct tag_key key = {.round = {0}};
    uint16_t k = 0x0100, l[TAG_CIPHER_ROUNDS + 3] = {0x0908, 0x1110, 0x1918};

    (void)state;
    for (unsigned i = 0; i < TAG_CIPHER_ROUNDS; i++) {
        key.round[i] = k;
        l[i + 3] = (uint16_t)((uint16_t)(k + (uint16_t)(l[i] >> 7 | l[i] << 9)) ^ i);
        k = (uint16_t)((uint16_t)(k << 2 | k >> 14) ^ l[i + 3]);
    }
    assert_int_equal(tag_of(&key, 0x6574694c), 0xa86842f2);
    assert_int_equal(tag_position(&key, 0xa86842f2), 0x6574694c);
}

static void tags_give_their_position_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct tag_key key;

        tag_key_init(&key, seed);
        for (uint64_t i = 0; i < 20000; i++) {
            uint64_t position = i * UINT64_C(0x9e3779b97f4a7c15);

            assert_int_equal(tag_position(&key, tag_of(&key, position)), position & UINT32_MAX);
            assert_int_equal(tag_position(&key, tag_of(&key, i)), i);
            assert_int_equal(tag_of(&key, i), tag_of(&key, i + (UINT64_C(5) << 32)));
        }
    }
}

static void bursts_are_as_one_by_one(void **state)
{
    uint64_t positions[100];
    uint32_t tags[100], back[100];
    struct tag_key key;

    (void)state;
    tag_key_init(&key, 5);
    for (unsigned n = 0; n <= 100; n++) {
        for (unsigned k = 0; k < n; k++)
            positions[k] = (n * 1000 + k) * UINT64_C(0x9e3779b97f4a7c15);
        for (unsigned plain = 0; plain < 2; plain++) {
            key.wide &= plain == 0;
            tag_of_burst(&key, positions, tags, n);
            tag_position_burst(&key, tags, back, n);
            for (unsigned k = 0; k < n; k++) {
                assert_int_equal(tags[k], tag_of(&key, positions[k]));
                assert_int_equal(back[k], (uint32_t)positions[k]);
            }
        }
    }
}

static void ports_and_ids_are_bijections(void **state)
{
    uint8_t *seen = malloc(1 << 16);

    (void)state;
    assert_non_null(seen);
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct tag_key key;

        tag_key_init(&key, seed);
        memset(seen, 0, 1 << 16);
        for (uint64_t i = 0; i < 1 << 15; i++) {
            uint16_t port = tag_port(&key, (UINT64_C(7) << 40) + i);

            assert_true(port >= 32768);
            assert_int_equal(seen[port]++, 0);
        }
        memset(seen, 0, 1 << 16);
        for (uint64_t i = 0; i < 1 << 16; i++)
            assert_int_equal(seen[tag_id(&key, (UINT64_C(7) << 40) + i)]++, 0);
    }
    free(seen);
}

// What a seed gives never changes: a resumed run must know the responses to what was sent before.
static void the_tags_of_a_seed_are_fixed(void **state)
{
    static const struct {
        uint64_t position;
        uint32_t tag;
        uint16_t port, id;
    } rows[] = {
        {0, 0xc577d71f, 42645, 40371},
        {1, 0xf34d9d70, 41715, 48357},
        {2, 0xf6898e25, 40291, 28815},
    };
    struct tag_key key;

    (void)state;
    tag_key_init(&key, 1);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(tag_of(&key, rows[i].position), rows[i].tag);
        assert_int_equal(tag_port(&key, rows[i].position), rows[i].port);
        assert_int_equal(tag_id(&key, rows[i].position), rows[i].id);
    }
}

// One bit of the position or another seed changes half of the tag's bits; differences of neighbours all differ.
static void tags_tell_nothing_of_their_neighbours(void **state)
{
    struct tag_key key, other;
    uint64_t by_bit = 0, by_seed = 0;
    uint32_t repeated = 0, difference = 0;

    (void)state;
    tag_key_init(&key, 1);
    tag_key_init(&other, 2);
    for (uint32_t i = 0; i < 32000; i++) {
        uint32_t tag = tag_of(&key, i), next = tag_of(&key, i + 1);

        by_bit += (unsigned)__builtin_popcount(tag ^ tag_of(&key, i ^ UINT32_C(1) << i % 32));
        by_seed += (unsigned)__builtin_popcount(tag ^ tag_of(&other, i));
        repeated += next - tag == difference;
        difference = next - tag;
    }
    assert_in_range(by_bit, 32000 * 155 / 10, 32000 * 165 / 10);
    assert_in_range(by_seed, 32000 * 155 / 10, 32000 * 165 / 10);
    assert_in_range(repeated, 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cipher_gives_the_published_vector),
        cmocka_unit_test(tags_give_their_position_back),
        cmocka_unit_test(bursts_are_as_one_by_one),
        cmocka_unit_test(ports_and_ids_are_bijections),
        cmocka_unit_test(the_tags_of_a_seed_are_fixed),
        cmocka_unit_test(tags_tell_nothing_of_their_neighbours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
