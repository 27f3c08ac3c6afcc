#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// The authors' vectors (github.com/veorq/SipHash, vectors.h): key 00 01 .. 0f, input 00 01 .. length - 1. SipHash-1-3 of
// the same is as OpenSSL computes it: openssl mac -macopt size:8 -macopt c-rounds:1 -macopt d-rounds:3 ... SIPHASH
static const struct {
    size_t len;
    uint64_t sip24, sip13;
} vectors[] = {
    {0, 0x726fdb47dd0e0e31, 0xabac0158050fc4dc},  {1, 0x74f839c593dc67fd, 0xc9f49bf37d57ca93},
    {2, 0x0d6c8009d9a94f5a, 0x82cb9b024dc7d44d},  {3, 0x85676696d7fb7e2d, 0x8bf80ab8e7ddf7fb},
    {4, 0xcf2794e0277187b7, 0xcf75576088d38328},  {5, 0x18765564cd99a68d, 0xdef9d52f49533b67},
    {6, 0xcbc9466e58fee3ce, 0xc50d2b50c59f22a7},  {7, 0xab0200f58b01d137, 0xd3927d989bb11140},
    {8, 0x93f5f5799a932462, 0x369095118d299a8e},  {9, 0x9e0082df0ba9e4b0, 0x25a48eb36c063de4},
    {15, 0xa129ca6149be45e5, 0xd320d86d2a519956}, {16, 0x3f2acc7f57c29bdb, 0xcc4fdd1a7d908b66},
    {17, 0x699ae9f52cbe4794, 0x9cf2689063dbd80c}, {31, 0x32d892fad841c342, 0x2370dd1f8c21d1bc},
    {32, 0x7127512f72f27cce, 0x81157b6c16a7b60d}, {63, 0x958a324ceb064572, 0x9d199062b7bbb3a8},
};

static const struct hash_key reference_key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};

static void siphash_gives_the_reference_vectors(void **state)
{
    uint8_t bytes[64];

    (void)state;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++) {
        assert_int_equal(hash_sip24(&reference_key, bytes, vectors[i].len), vectors[i].sip24);
        assert_int_equal(hash_sip13(&reference_key, bytes, vectors[i].len), vectors[i].sip13);
    }
    assert_int_equal(hash_sip24(&reference_key, NULL, 0), vectors[0].sip24);
}

static void a_word_hashes_as_its_eight_bytes(void **state)
{
    static const uint8_t bytes[8] = {0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01};

    (void)state;
    assert_int_equal(hash_word(&reference_key, 0x0123456789abcdef), hash_sip13(&reference_key, bytes, 8));
}

static void unaligned_bytes_hash_alike(void **state)
{
    uint8_t buffer[40];

    (void)state;
    for (unsigned shift = 0; shift < 8; shift++) {
        for (unsigned i = 0; i < 16; i++)
            buffer[shift + i] = (uint8_t)i;
        assert_int_equal(hash_sip24(&reference_key, buffer + shift, 16), 0x3f2acc7f57c29bdb);
    }
}

// Every bit of either word changes about half of the result's bits, on average over many words.
static void mixing_spreads_every_bit(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        unsigned by_a = 0, by_b = 0;

        for (uint64_t i = 0; i < 1000; i++) {
            uint64_t a = hash_word(&reference_key, i), b = hash_word(&reference_key, ~i);
            uint64_t mixed = hash_mix64(a, b);

            by_a += (unsigned)__builtin_popcountll(mixed ^ hash_mix64(a ^ UINT64_C(1) << bit, b));
            by_b += (unsigned)__builtin_popcountll(mixed ^ hash_mix64(a, b ^ UINT64_C(1) << bit));
        }
        assert_in_range(by_a, 30000, 34000);
        assert_in_range(by_b, 30000, 34000);
    }
    assert_int_not_equal(hash_mix64(0, 1), hash_mix64(0, 2));
    assert_int_not_equal(hash_mix64(1, 0), hash_mix64(2, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_reference_vectors),
        cmocka_unit_test(a_word_hashes_as_its_eight_bytes),
        cmocka_unit_test(unaligned_bytes_hash_alike),
        cmocka_unit_test(mixing_spreads_every_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
