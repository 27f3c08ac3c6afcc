// Runs on one thread: exact sets whatever the port does, the same files for the same seed, and every way of ending early.
#include "captured.h"
#include "hostile.h"
#include "port/sim.h"

#include "../probe/planned.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define BAD_WEATHER "clock=virtual,loss=20%,dup=10%,corrupt=5%,flip=5%,stray=5%,jitter=50%"

static struct port *open_sim(const char *args, uint16_t n_queues)
{
    struct port_options options = {.n_queues = n_queues};
    struct port *port = NULL;
    struct diag diag = {0};

    assert_int_equal(sim_open(&port, args, &options, &diag), 0);
    return port;
}

static void close_port(struct port *port)
{
    port->ops->close(port);
}

static struct captured *captured_new(void)
{
    struct captured *c = malloc(sizeof(*c));

    assert_non_null(c);
    captured_init(c);
    return c;
}

static void captured_free(struct captured *c)
{
    captured_release(c);
    free(c);
}

// ---- whole runs

static void sets_are_exact_in_bad_weather(void **state)
{
    struct captured *c = captured_new();
    struct port *port = open_sim(BAD_WEATHER, 1);
    const struct counters *n = &c->summary.counters;

    (void)state;
    captured_run(c, port, 0);
    captured_check_sets(c);
    assert_int_equal(c->error, 0);
    assert_string_equal(c->exit_reason, "complete");
    assert_int_equal(n->sent, CAPTURED_N);
    assert_in_range(c->total_silent, CAPTURED_N / 5, CAPTURED_N / 3);
    assert_in_range(n->duplicates, CAPTURED_N / 20, CAPTURED_N / 10);
    assert_in_range(n->malformed, CAPTURED_N / 50, CAPTURED_N / 20);
    assert_in_range(n->unsolicited, CAPTURED_N / 40, CAPTURED_N / 10); // the strays
    assert_int_equal(n->late, 0);
    assert_int_equal(n->imissed, 0);
    assert_true(c->silent_in_order);
    assert_in_range(c->rtt.min, 500000, 1000000); // rtt 1 ms, jitter 50 %
    assert_in_range(c->rtt.max, 1000000, 1600000);
    close_port(port);
    captured_free(c);
}

static bool same_file(const struct captured *a, const struct captured *b, const char *kind)
{
    char command[256];

    snprintf(command, sizeof(command), "cmp -s %s/r.%s.pcapng %s/r.%s.pcapng", a->folder, kind, b->folder,
             kind);
    return system(command) == 0;
}

static struct captured *run_with_seed(uint64_t seed, uint32_t retry)
{
    struct captured *c = captured_new();
    struct port *port = open_sim(BAD_WEATHER, 1);

    c->options.seed = seed;
    c->options.retry = retry;
    captured_run(c, port, 0);
    captured_check_sets(c);
    close_port(port);
    return c;
}

static void a_seed_repeats_a_run_to_the_byte(void **state)
{
    (void)state;
    for (uint32_t retry = 0; retry < 3; retry += 2) {
        struct captured *a = run_with_seed(5, retry), *b = run_with_seed(5, retry),
                        *other = run_with_seed(6, retry);

        assert_true(same_file(a, b, "answered"));
        assert_true(same_file(a, b, "unanswered"));
        assert_memory_equal(&a->summary.counters, &b->summary.counters, sizeof(struct counters));
        assert_false(same_file(a, other, "answered"));
        captured_free(a);
        captured_free(b);
        captured_free(other);
    }
}

static void a_hostile_port_loses_and_doubles_nothing(void **state)
{
    static const double rates[] = {0, 400000, 10000000};

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        const struct hostile_options options = {
            .seed = seed, .no_tx_after = HOSTILE_NEVER, .no_buffers_after = HOSTILE_NEVER};
        struct captured *c = captured_new();
        struct port *port = hostile_open(open_sim(BAD_WEATHER, 1), &options);

        c->options.seed = seed;
        c->options.rate_pps = rates[seed % 3];
        c->options.retry = seed % 4 == 0 ? 2 : 0;
        c->options.classic_pcap = seed % 2 == 0;
        captured_run(c, port, 0);
        captured_check_sets(c);
        assert_string_equal(c->exit_reason, "complete");
        assert_int_equal(c->summary.counters.sent, CAPTURED_N);
        assert_int_equal(hostile_accepted(port), c->summary.counters.attempts);
        assert_int_equal(hostile_outstanding(port), 0);
        close_port(port);
        captured_free(c);
    }
}

static void retries_send_what_is_unanswered_again(void **state)
{
    struct captured *c = captured_new();
    struct port *port = open_sim("clock=virtual,loss=30%", 1);
    const struct counters *n = &c->summary.counters;

    (void)state;
    c->options.retry = 3;
    captured_run(c, port, 0);
    captured_check_sets(c);
    assert_int_equal(n->sent, CAPTURED_N);
    assert_in_range(n->retries, 1900, 2400);    // 5,120 x (0.3 + 0.09 + 0.027) is 2,135
    assert_in_range(c->total_silent, 20, 70);   // 5,120 x 0.0081 is 41
    for (unsigned i = 0; i < CAPTURED_N; i++) { // of the last attempt: three timeouts later than the first
        if (c->n_silent[i] > 0)
            assert_true(c->sent_ns[i] > c->summary.start_ns + 3 * c->options.timeout_ns);
    }
    close_port(port);
    captured_free(c);
}

static void what_is_only_sent_waits_for_nothing(void **state)
{
    struct captured *c = captured_new();
    struct port *port = open_sim("clock=virtual", 1);

    (void)state;
    c->options.match = false;
    c->options.pairs = stderr; // so that there are no files; nothing is printed
    captured_run(c, port, 0);
    assert_string_equal(c->exit_reason, "complete");
    assert_int_equal(c->summary.counters.sent, CAPTURED_N);
    assert_int_equal(c->summary.counters.received, 0);
    close_port(port);
    captured_free(c);
}

// ---- ends before the end

static void a_stopped_run_still_hears_its_answers(void **state)
{
    struct captured *c = captured_new();
    struct port *port = open_sim("rtt=20ms", 1);
    const struct counters *n = &c->summary.counters;

    (void)state;
    c->options.rate_pps = 10000;
    captured_run(c, port, 100);
    captured_check_sets(c);
    assert_string_equal(c->exit_reason, "interrupted");
    assert_in_range(n->sent, 10, CAPTURED_N - 10);
    assert_int_equal(n->not_sent, CAPTURED_N - n->sent);
    assert_int_equal(n->tx_failed, 0);
    assert_int_equal(c->total_silent, 0); // none was cut off
    close_port(port);
    captured_free(c);
}

// In the second attempt: what it did not reach stays unanswered, as the first attempt sent it.
static void a_run_stopped_while_trying_again_forgets_nothing(void **state)
{
    struct captured *c = captured_new();
    struct port *port = open_sim("loss=100%", 1);
    const struct counters *n = &c->summary.counters;

    (void)state;
    c->options.rate_pps = 50000; // an attempt takes 0.1 s
    c->options.retry = 1;
    captured_run(c, port, 260);
    captured_check_sets(c);
    assert_int_equal(n->sent, CAPTURED_N);
    assert_int_equal(c->total_silent, CAPTURED_N);
    close_port(port);
    captured_free(c);
}

static void check_stalled(const struct hostile_options *options)
{
    struct captured *c = captured_new();
    struct port *port = hostile_open(open_sim("clock=virtual,loss=10%", 1), options);
    const struct counters *n = &c->summary.counters;

    captured_run(c, port, 0);
    captured_check_sets(c);
    assert_string_equal(c->exit_reason, "port stalled");
    assert_int_equal(n->sent, hostile_accepted(port));
    assert_in_range(n->tx_failed, 0, 32);
    assert_true(n->not_sent > 0);
    assert_int_equal(hostile_outstanding(port), 0);
    close_port(port);
    captured_free(c);
}

static void a_port_that_takes_nothing_more_ends_the_run(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 3000; after += 777) {
        const struct hostile_options deaf = {
            .seed = after, .no_tx_after = after, .no_buffers_after = HOSTILE_NEVER};
        const struct hostile_options dry = {
            .seed = after, .no_tx_after = HOSTILE_NEVER, .no_buffers_after = after / 20};

        check_stalled(&deaf);
        check_stalled(&dry);
    }
}

static void a_worker_that_cannot_start_ends_the_run(void **state)
{
    const struct hostile_options options = {
        .no_tx_after = HOSTILE_NEVER, .no_buffers_after = HOSTILE_NEVER, .attach_error = -EPERM};
    struct captured *c = captured_new();
    struct port *port = hostile_open(open_sim("clock=virtual", 1), &options);

    (void)state;
    captured_run(c, port, 0);
    captured_check_sets(c);
    assert_string_equal(c->exit_reason, "worker failed");
    assert_int_equal(c->summary.counters.not_sent, CAPTURED_N);
    close_port(port);
    captured_free(c);
}

static void a_clock_of_its_own_has_one_worker(void **state)
{
    const struct run_options options = {.match = true, .n_tx_cores = 2, .tx_cores = {0, 1}};
    struct port *port = open_sim("clock=virtual", 2);
    struct planned planned;
    struct diag diag = {0};
    struct run *run;

    (void)state;
    assert_true(planned_make(&planned, CAPTURED_TEXT, true));
    assert_int_equal(run_new(&run, &planned.plan, port, &options, &diag), -EINVAL);
    assert_true(diag.set);
    planned_release(&planned);
    close_port(port);
}

// ---- results that cannot be written

static uint64_t seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec;
}

static void a_full_disk_ends_the_run_with_the_right_counts(void **state)
{
    struct captured *c = captured_new();
    struct port *port = open_sim("clock=virtual,loss=10%", 1);
    struct rlimit before, small;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    c->options.outstanding = 256;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    captured_run(c, port, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(c->error, -EFBIG);
    assert_string_equal(c->exit_reason, "output failed");
    assert_true(c->stored[0] > 0 && c->refused[0] > 0);
    assert_in_range(c->stored[0], c->total_answered * 2,
                    c->total_answered * 2 + 1); // what the file really has
    assert_int_equal(c->stored[0] + c->refused[0], c->summary.counters.answered * 2);
    assert_int_equal(c->stored[1] + c->refused[1], c->summary.counters.sent - c->summary.counters.answered);
    close_port(port);
    captured_free(c);
}

// The timeout is a minute; nobody waits for that.
static void a_reader_who_went_away_ends_the_run_at_once(void **state)
{
    struct captured *c = captured_new();
    struct port *port = open_sim("loss=50%", 1);
    uint64_t start = seconds_now();
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    c->options.pairs = fdopen(ends[1], "w");
    c->options.timeout_ns = 60000000000;
    captured_run(c, port, 0);
    assert_int_equal(c->error, -EPIPE);
    assert_string_equal(c->exit_reason, "output failed");
    assert_in_range(seconds_now() - start, 0, 20);
    fclose(c->options.pairs);
    close_port(port);
    captured_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_exact_in_bad_weather),
        cmocka_unit_test(a_seed_repeats_a_run_to_the_byte),
        cmocka_unit_test(a_hostile_port_loses_and_doubles_nothing),
        cmocka_unit_test(retries_send_what_is_unanswered_again),
        cmocka_unit_test(what_is_only_sent_waits_for_nothing),
        cmocka_unit_test(a_stopped_run_still_hears_its_answers),
        cmocka_unit_test(a_run_stopped_while_trying_again_forgets_nothing),
        cmocka_unit_test(a_port_that_takes_nothing_more_ends_the_run),
        cmocka_unit_test(a_worker_that_cannot_start_ends_the_run),
        cmocka_unit_test(a_clock_of_its_own_has_one_worker),
        cmocka_unit_test(a_full_disk_ends_the_run_with_the_right_counts),
        cmocka_unit_test(a_reader_who_went_away_ends_the_run_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
