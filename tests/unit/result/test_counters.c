#include "result/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct counters balanced = {
    .planned = 10,
    .sent = 7,
    .tx_failed = 1,
    .not_sent = 2,
    .received = 21,
    .answers = 6,
    .duplicates = 5,
    .late = 4,
    .unsolicited = 3,
    .malformed = 2,
    .filtered = 1,
};

static void balanced_counters_balance(void **state)
{
    struct diag diag = {.set = false};

    (void)state;
    assert_true(counters_balance(&balanced, &diag));
    assert_false(diag.set);
}

// Every term counts: one more of any of them breaks exactly its own identity.
static void each_outcome_is_in_its_identity(void **state)
{
    const size_t tx[] = {offsetof(struct counters, planned), offsetof(struct counters, sent),
                         offsetof(struct counters, tx_failed), offsetof(struct counters, not_sent)};
    const size_t rx[] = {offsetof(struct counters, received),    offsetof(struct counters, answers),
                         offsetof(struct counters, duplicates),  offsetof(struct counters, late),
                         offsetof(struct counters, unsolicited), offsetof(struct counters, malformed),
                         offsetof(struct counters, filtered)};

    (void)state;
    for (size_t at = 0; at < sizeof(struct counters); at += sizeof(uint64_t)) {
        struct counters counters = balanced;
        bool in_tx = false;
        bool in_rx = false;

        for (size_t i = 0; i < ARRAY_SIZE(tx); i++)
            in_tx = in_tx || tx[i] == at;
        for (size_t i = 0; i < ARRAY_SIZE(rx); i++)
            in_rx = in_rx || rx[i] == at;
        (*(uint64_t *)((char *)&counters + at))++;
        assert_int_equal(counters_tx_balance(&counters), !in_tx);
        assert_int_equal(counters_rx_balance(&counters), !in_rx);
    }
}

static void imbalance_is_described(void **state)
{
    struct counters counters = balanced;
    struct diag diag = {.set = false};

    (void)state;
    counters.late = 0;
    assert_false(counters_balance(&counters, &diag));
    assert_string_equal(diag.message, "received 21 != answers 6 + duplicates 5 + late 0 + unsolicited 3 + "
                                      "malformed 2 + filtered 1");
    diag.set = false;
    counters.planned = 0;
    assert_false(counters_balance(&counters, &diag));
    assert_string_equal(diag.message, "planned 0 != sent 7 + tx_failed 1 + not_sent 2");
}

static void adding_keeps_what_is_unknown(void **state)
{
    struct counters sum = balanced;
    struct counters more = balanced;

    (void)state;
    more.imissed = COUNTER_UNKNOWN;
    sum.kernel_drops = COUNTER_UNKNOWN;
    sum.rx_nombuf = 3;
    more.rx_nombuf = 4;
    more.table_full = 1;
    more.kernel_drops = 9;
    counters_add(&sum, &more);
    assert_int_equal(sum.planned, 20);
    assert_int_equal(sum.filtered, 2);
    assert_int_equal(sum.table_full, 1);
    assert_int_equal(sum.rx_nombuf, 7);
    assert_true(sum.imissed == COUNTER_UNKNOWN);
    assert_true(sum.kernel_drops == COUNTER_UNKNOWN);
    assert_int_equal(counters_unseen(&sum), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balanced_counters_balance),
        cmocka_unit_test(each_outcome_is_in_its_identity),
        cmocka_unit_test(imbalance_is_described),
        cmocka_unit_test(adding_keeps_what_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
