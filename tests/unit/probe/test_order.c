#include "probe/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 20

static uint64_t index_at(const struct order *order, uint64_t position)
{
    uint64_t index;

    order_indices(order, position, &index, 1);
    return index;
}

// All indices of the order, in bursts of `burst`.
static uint64_t *all_indices(const struct order *order, unsigned burst)
{
    uint64_t *indices = calloc(order->n + 1, sizeof(*indices));

    assert_non_null(indices);
    for (uint64_t at = 0; at < order->n; at += burst)
        order_indices(order, at, indices + at, (unsigned)(order->n - at < burst ? order->n - at : burst));
    return indices;
}

static void assert_bijection(const uint64_t *indices, uint64_t n)
{
    uint8_t *seen = calloc(n + 1, 1);

    assert_non_null(seen);
    for (uint64_t i = 0; i < n; i++) {
        assert_true(indices[i] < n);
        assert_int_equal(seen[indices[i]]++, 0);
    }
    free(seen);
}

static void sequential_and_list_are_as_given(void **state)
{
    static const uint64_t list[] = {7, 3, UINT64_MAX, 0};
    uint64_t indices[4];
    struct order order;

    (void)state;
    order_init_sequential(&order, UINT64_C(1) << 63);
    order_indices(&order, (UINT64_C(1) << 63) - 4, indices, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(indices[i], (UINT64_C(1) << 63) - 4 + i);
    order_init_list(&order, list, 4);
    order_indices(&order, 0, indices, 4);
    assert_memory_equal(indices, list, sizeof(list));
    order_indices(&order, 2, indices, 2);
    assert_memory_equal(indices, list + 2, 16);
    order_init_list(&order, NULL, 0);
    order_indices(&order, 0, indices, 0);
}

static void random_is_a_bijection_for_every_small_n(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 300; n++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            struct order order;
            uint64_t *indices;

            order_init_random(&order, n, seed);
            indices = all_indices(&order, 64);
            assert_bijection(indices, n);
            free(indices);
        }
    }
}

static void random_is_a_bijection_for_large_n(void **state)
{
    static const uint64_t sizes[] = {4096, 4097, 65535, 65536, 65537, 1000003, 3 << 18};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct order order;
        uint64_t *indices;

        order_init_random(&order, sizes[i], 42);
        indices = all_indices(&order, 64);
        assert_bijection(indices, sizes[i]);
        free(indices);
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

// A sample of positions, next to one another and far apart: all below n, none twice.
static void random_is_injective_for_huge_n(void **state)
{
    enum { SAMPLE = 20000 };
    uint64_t *indices = calloc(2 * SAMPLE, sizeof(*indices));

    (void)state;
    assert_non_null(indices);
    for (unsigned bits = 30; bits <= 63; bits++) {
        for (unsigned more = 0; more < 2; more++) {
            uint64_t n = bits == 63 ? UINT64_C(1) << 63 : (UINT64_C(1) << bits) + more;
            struct order order;

            order_init_random(&order, n, bits);
            order_indices(&order, 0, indices, SAMPLE);
            for (uint64_t i = 0; i < SAMPLE; i++)
                indices[SAMPLE + i] = index_at(&order, SAMPLE + i * ((n - SAMPLE) / SAMPLE));
            qsort(indices, 2 * SAMPLE, sizeof(*indices), compare);
            assert_true(indices[2 * SAMPLE - 1] < n);
            for (unsigned i = 1; i < 2 * SAMPLE; i++)
                assert_true(indices[i - 1] < indices[i]);
        }
    }
    free(indices);
}

static void same_seed_same_order_whatever_the_burst(void **state)
{
    static const unsigned bursts[] = {1, 3, 63, 64, 65, 1000, 10007};
    struct order order, other;
    uint64_t *wanted, *shuffled_differently;
    unsigned same = 0;

    (void)state;
    order_init_random(&order, 10007, 5);
    wanted = all_indices(&order, 64);
    for (unsigned i = 0; i < ARRAY_SIZE(bursts); i++) {
        uint64_t *indices;

        order_init_random(&other, 10007, 5);
        indices = all_indices(&other, bursts[i]);
        assert_memory_equal(indices, wanted, 10007 * sizeof(*wanted));
        free(indices);
    }
    order_init_random(&other, 10007, 6);
    shuffled_differently = all_indices(&other, 64);
    for (unsigned i = 0; i < 10007; i++)
        same += wanted[i] == shuffled_differently[i];
    assert_in_range(same, 0, 20);
    free(shuffled_differently);
    free(wanted);
}

// A run that is resumed on another machine must go on in the same order: these never change.
static void the_order_of_a_seed_is_fixed(void **state)
{
    static const uint64_t wanted[] = {297180, 637755, 853539, 77985, 915236, 617758, 221456, 688120};
    struct order order;
    uint64_t indices[ARRAY_SIZE(wanted)];

    (void)state;
    order_init_random(&order, 1000000, 1);
    order_indices(&order, 0, indices, ARRAY_SIZE(wanted));
    assert_memory_equal(indices, wanted, sizeof(wanted));
    order.wide = false;
    order_indices(&order, 0, indices, ARRAY_SIZE(wanted));
    assert_memory_equal(indices, wanted, sizeof(wanted));
}

static void vectors_and_scalars_agree(void **state)
{
    static const uint64_t sizes[] = {1, 2, 3, 1000, 1 << 20, (UINT64_C(1) << 40) + 1, UINT64_C(1) << 63};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned count = sizes[i] < 500 ? (unsigned)sizes[i] : 500;
        uint64_t fast[500], plain[500];
        struct order order;

        order_init_random(&order, sizes[i], i);
        order_indices(&order, sizes[i] - count, fast, count);
        order.wide = false;
        order_indices(&order, sizes[i] - count, plain, count);
        assert_memory_equal(fast, plain, count * sizeof(*fast));
    }
}

static double chi_squared(const uint32_t *cells, unsigned n_cells, double expected)
{
    double sum = 0;

    for (unsigned i = 0; i < n_cells; i++)
        sum += ((double)cells[i] - expected) * ((double)cells[i] - expected) / expected;
    return sum;
}

// With 255 degrees of freedom chi squared is 255 +- 22.6; taking without replacement only lowers it. 8 sigmas above that
// is what no good order has, in any of the many tests that follow.
#define CELLS   256
#define CHI_MAX 436

// 2^14 consecutive positions among n = 2^bits: how often each value of 8 bits of the index comes, of 8 bits of the
// difference to the next index, and of the index xored with the next.
static void assert_no_structure(const struct order *order, unsigned bits, uint64_t first)
{
    enum { SAMPLE = 1 << 14 };
    static const unsigned n_views = 3;
    uint64_t *indices = calloc(SAMPLE + 1, sizeof(*indices));

    assert_non_null(indices);
    order_indices(order, first, indices, SAMPLE + 1);
    for (unsigned shift = 0; shift + 8 <= bits;
         shift += shift + 16 > bits && shift + 8 < bits ? bits - 8 - shift : 8) {
        for (unsigned view = 0; view < n_views; view++) {
            uint32_t cells[CELLS] = {0};

            for (unsigned i = 0; i < SAMPLE; i++) {
                uint64_t x = indices[i], y = indices[i + 1];
                uint64_t seen = view == 0 ? x : view == 1 ? y - x : y ^ x;

                cells[seen >> shift & (CELLS - 1)]++;
            }
            assert_true(chi_squared(cells, CELLS, (double)SAMPLE / CELLS) < CHI_MAX);
        }
    }
    free(indices);
}

static void neighbours_in_time_show_no_structure(void **state)
{
    static const unsigned widths[] = {20, 24, 32, 33, 48, 63};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(widths); i++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            uint64_t n = UINT64_C(1) << widths[i];
            struct order order;

            order_init_random(&order, n, seed);
            assert_no_structure(&order, widths[i], 0);
            assert_no_structure(&order, widths[i], n / 3);
        }
    }
}

// A /8 probed at once: of 65,536 consecutive probes, no /24 gets many, and no network gets two in a row often.
static void networks_are_not_hit_in_bursts(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint8_t *hits = calloc(1 << 16, 1);
        unsigned in_a_row = 0, most = 0;
        uint64_t indices[64], last = UINT64_MAX;
        struct order order;

        assert_non_null(hits);
        order_init_random(&order, 1 << 24, seed);
        for (uint64_t at = 0; at < 1 << 16; at += 64) {
            order_indices(&order, (1 << 22) + at, indices, 64);
            for (unsigned k = 0; k < 64; k++) {
                unsigned n = ++hits[indices[k] >> 8];

                most = n > most ? n : most;
                in_a_row += indices[k] >> 8 == last;
                last = indices[k] >> 8;
            }
        }
        assert_in_range(most, 4, 14);     // Poisson(1): about 8 of 65,536
        assert_in_range(in_a_row, 0, 12); // 1 expected
        free(hits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequential_and_list_are_as_given),
        cmocka_unit_test(random_is_a_bijection_for_every_small_n),
        cmocka_unit_test(random_is_a_bijection_for_large_n),
        cmocka_unit_test(random_is_injective_for_huge_n),
        cmocka_unit_test(same_seed_same_order_whatever_the_burst),
        cmocka_unit_test(the_order_of_a_seed_is_fixed),
        cmocka_unit_test(vectors_and_scalars_agree),
        cmocka_unit_test(neighbours_in_time_show_no_structure),
        cmocka_unit_test(networks_are_not_hit_in_bursts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
