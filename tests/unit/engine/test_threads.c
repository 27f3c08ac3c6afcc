// Runs on several threads: the same sets as one thread makes. Meant for ThreadSanitizer too.
#include "captured.h"
#include "port/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    const char *name;
    unsigned n_tx, tx[2], n_rx, rx[2];
    uint16_t n_queues;
} layouts[] = {
    {"one TX+RX", 1, {0}, 0, {0}, 1},         {"TX and RX apart", 1, {0}, 1, {1}, 1},
    {"two TX+RX", 2, {0, 1}, 0, {0}, 2},      {"two TX, the second RX too", 2, {0, 1}, 1, {1}, 2},
    {"one TX, two RX", 1, {0}, 2, {0, 1}, 2},
};

static void run_layout(unsigned i, const char *args, const struct run_options *options, struct captured *c)
{
    const struct port_options port_options = {.n_queues = layouts[i].n_queues};
    struct port *port = NULL;
    struct diag diag = {0};

    captured_init(c);
    assert_int_equal(sim_open(&port, args, &port_options, &diag), 0);
    c->options.n_tx_cores = layouts[i].n_tx;
    c->options.n_rx_cores = layouts[i].n_rx;
    for (unsigned k = 0; k < 2; k++) {
        c->options.tx_cores[k] = layouts[i].tx[k];
        c->options.rx_cores[k] = layouts[i].rx[k];
    }
    c->options.retry = options->retry;
    c->options.timeout_ns = options->timeout_ns;
    captured_run(c, port, 0);
    captured_check_sets(c);
    assert_string_equal(c->exit_reason, "complete");
    assert_int_equal(c->summary.counters.sent, CAPTURED_N);
    port->ops->close(port);
}

// Who exists is drawn by address, so every layout must find the same.
static void every_layout_makes_the_same_sets(void **state)
{
    const struct run_options patient = {.timeout_ns = 3000000000}; // threads may sleep on a busy machine
    struct captured *one = malloc(sizeof(*one)), *many = malloc(sizeof(*many));

    (void)state;
    assert_non_null(one);
    assert_non_null(many);
    run_layout(0, "alive=70%,dup=10%,stray=5%", &patient, one);
    captured_release(one);
    for (unsigned i = 1; i < ARRAY_SIZE(layouts); i++) {
        run_layout(i, "alive=70%,dup=10%,stray=5%", &patient, many);
        captured_release(many);
        assert_int_equal(many->summary.counters.imissed, 0);
        for (unsigned k = 0; k < CAPTURED_N; k++) {
            if (many->n_answered[k] != one->n_answered[k])
                fail_msg("%s: probe %u is answered %u times, should be %u", layouts[i].name, k,
                         many->n_answered[k], one->n_answered[k]);
        }
    }
    free(one);
    free(many);
}

static void every_layout_tries_again(void **state)
{
    const struct run_options options = {.timeout_ns = 200000000, .retry = 2};
    struct captured *c = malloc(sizeof(*c));

    (void)state;
    assert_non_null(c);
    for (unsigned i = 0; i < ARRAY_SIZE(layouts); i++) {
        run_layout(i, "loss=50%,dup=20%", &options, c);
        captured_release(c);
        assert_in_range(c->total_silent, CAPTURED_N / 10, CAPTURED_N); // an eighth, and what came too late
    }
    free(c);
}

// Three frames come for each that was sent, on rings for half of them: sending must wait for receiving.
static void sending_waits_for_receiving(void **state)
{
    const struct run_options patient = {.timeout_ns = 10000000000};
    struct captured *c = malloc(sizeof(*c));

    (void)state;
    assert_non_null(c);
    for (unsigned i = 0; i < ARRAY_SIZE(layouts); i++) {
        run_layout(i, "dup=100%,stray=100%,rtt=10us,ring=8192", &patient, c);
        captured_release(c);
        assert_int_equal(c->summary.counters.imissed, 0);
    }
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layout_makes_the_same_sets),
        cmocka_unit_test(every_layout_tries_again),
        cmocka_unit_test(sending_waits_for_receiving),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
