#include "result/summary.h"

#include "result/summary_read.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct summary_file demo_files[] = {
    {.path = "demo.answered.pcapng", .stored = 48},
    {.path = "demo.unanswered.pcapng"},
    {.path = "demo.json"},
};

// The run of the manual's first page.
static struct summary demo_summary(void)
{
    return (struct summary){
        .version = "0.1.0",
        .command = "volley sr IP() -w demo",
        .template = "IP()",
        .port = {.name = "sim", .driver = "sim", .mac = {{2, 0, 0, 0, 0, 1}}, .mtu = 1500},
        .seed = 0x7f3a,
        .order = "random",
        .tags = "TCP.seq",
        .timeout_ns = 2000000000,
        .retry = 1,
        .start_ns = 1795325138000000001,
        .end_ns = 1795325140000000000,
        .counters = {.planned = 24,
                     .sent = 24,
                     .received = 27,
                     .answers = 24,
                     .answered = 24,
                     .duplicates = 1,
                     .unsolicited = 2},
        .classes = {[CLASS_SYNACK] = 8, [CLASS_RST] = 16},
        .files = demo_files,
        .n_files = 3,
        .exit_reason = "complete",
    };
}

static void assert_printed(const struct summary *summary, const char *wanted)
{
    char *got = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&got, &size);

    assert_non_null(to);
    summary_print(summary, to);
    fclose(to);
    assert_string_equal(got, wanted);
    free(got);
}

static struct histogram *histogram_of(const uint64_t *values, size_t n)
{
    struct histogram *histogram = calloc(1, sizeof(*histogram));

    assert_non_null(histogram);
    for (size_t i = 0; i < n; i++)
        histogram_add(histogram, values[i]);
    return histogram;
}

static void a_good_run(void **state)
{
    const uint64_t times[] = {800000, 1100000, 2100000};
    struct histogram *rtt = histogram_of(times, ARRAY_SIZE(times));
    struct summary summary = demo_summary();

    (void)state;
    summary.rtt = rtt;
    assert_printed(&summary,
                   "Received 27 packets, got 24 answers, remaining 0 packets\n"
                   "  16 rst  8 synack   rtt min/median/p99/max 0.8/1.1/2.1/2.1 ms\n"
                   "  sent 24 = planned 24; received 27 = 24 answers + 1 duplicate + 2 unsolicited; "
                   "not seen: 0\n"
                   "demo.answered.pcapng  demo.unanswered.pcapng  demo.json\n");
    free(rtt);
}

static void units_follow_the_median(void **state)
{
    const struct {
        uint64_t times[3];
        const char *text;
    } rows[] = {
        {{54321, 60000, 999000}, "54.3/60.0/999.0/999.0 us"},
        {{5000, 1000000, 90000000}, "0.005/1.0/90.0/90.0 ms"},
        {{1000000, 1200000000, 61000000000}, "0.001/1.2/61.0/61.0 s"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct histogram *rtt = histogram_of(rows[i].times, 3);
        struct summary summary = {
            .counters = {.sent = 3, .planned = 3, .received = 3, .answers = 3, .answered = 3},
            .classes = {[CLASS_UDP] = 3},
            .rtt = rtt};
        char wanted[512];

        snprintf(wanted, sizeof(wanted),
                 "Received 3 packets, got 3 answers, remaining 0 packets\n"
                 "  3 udp   rtt min/median/p99/max %s\n"
                 "  sent 3 = planned 3; received 3 = 3 answers; not seen: 0\n",
                 rows[i].text);
        assert_printed(&summary, wanted);
        free(rtt);
    }
}

static void an_interrupted_run_without_answers(void **state)
{
    const struct summary summary = {
        .port = {.driver = "AF_PACKET"},
        .counters = {.planned = 1000000,
                     .sent = 1,
                     .tx_failed = 4,
                     .not_sent = 999995,
                     .received = 1,
                     .filtered = 1,
                     .retries = 2000,
                     .imissed = COUNTER_UNKNOWN,
                     .rx_nombuf = COUNTER_UNKNOWN,
                     .kernel_drops = COUNTER_UNKNOWN,
                     .tx_errors = COUNTER_UNKNOWN},
    };

    (void)state;
    assert_printed(&summary,
                   "Received 1 packet, got 0 answers, remaining 1 packet\n"
                   "  planned 1,000,000 = 1 sent + 4 failed to send + 999,995 not sent (and 2,000 again); "
                   "received 1 = 0 answers + 1 filtered; "
                   "not seen: unknown (AF_PACKET does not count it)\n");
}

static void loss_is_never_a_secret(void **state)
{
    struct summary summary = {
        .port = {.driver = "AF_XDP"},
        .counters = {.planned = 1000000,
                     .sent = 1000000,
                     .received = 991204,
                     .answers = 991204,
                     .answered = 991204,
                     .imissed = 3100},
        .loss_cause = "AF_XDP ring full",
        .suggested_rate_pps = 300000,
    };
    const char *start = "Received 991,204 packets, got 991,204 answers, remaining 8,796 packets\n"
                        "  sent 1,000,000 = planned 1,000,000; received 991,204 = 991,204 answers; ";
    char wanted[1024];

    (void)state;
    snprintf(wanted, sizeof(wanted),
             "%snot seen: 3,100\n"
             "  ! 3,100 frames were dropped before Volley saw them (AF_XDP ring full): unanswered is at most "
             "3,100 too "
             "high. Try --rate 300k, or more RX cores.\n",
             start);
    assert_printed(&summary, wanted);

    summary.loss_cause = NULL;
    summary.suggested_rate_pps = 0;
    summary.counters.kernel_drops = 10000;
    summary.counters.rx_nombuf = COUNTER_UNKNOWN;
    snprintf(wanted, sizeof(wanted),
             "%snot seen: 13,100 and unknown (AF_XDP does not count frames without a buffer)\n"
             "  ! 13,100 frames were dropped before Volley saw them (3,100 missed by the NIC, 10,000 dropped "
             "by the "
             "kernel): unanswered is at most 8,796 too high. Try a lower --rate, or more RX cores.\n",
             start);
    assert_printed(&summary, wanted);
}

static void other_troubles_are_told(void **state)
{
    const struct summary_file files[] = {
        {.path = "a.pcapng", .stored = 1, .refused = 1200, .error = -ENOSPC}};
    const struct summary summary = {
        .counters = {.planned = 3, .sent = 2, .tx_errors = 1, .table_full = 2},
        .files = files,
        .n_files = 1,
    };

    (void)state;
    assert_printed(
        &summary,
        "Received 0 packets, got 0 answers, remaining 2 packets\n"
        "  sent 2 = planned 3; received 0 = 0 answers; not seen: 0\n"
        "  ! 1 frame was given to the port but never sent: unanswered is at most that much too high.\n"
        "  ! 2 probes found no place in the flow table: answers to them count as unsolicited.\n"
        "  ! The counters do not add up, which is a bug in Volley: planned 3 != sent 2 + tx_failed 0 + "
        "not_sent 0\n"
        "  ! a.pcapng: No space left on device. It holds 1 packet; 1,200 more could not be written.\n"
        "a.pcapng\n");
}

struct place {
    char folder[32];
    char path[48];
};

static int place_setup(void **state)
{
    struct place *place = malloc(sizeof(*place));

    assert_non_null(place);
    strcpy(place->folder, "/tmp/test_summary.XXXXXX");
    if (mkdtemp(place->folder) == NULL)
        return -1;
    snprintf(place->path, sizeof(place->path), "%s/demo.json", place->folder);
    *state = place;
    return 0;
}

// rmdir fails if a temporary file was left behind.
static int place_teardown(void **state)
{
    struct place *place = *state;
    int err;

    unlink(place->path);
    err = rmdir(place->folder);
    free(place);
    return err;
}

static json_t *document_of(const struct place *place, const struct summary *summary)
{
    json_t *document;

    assert_int_equal(summary_write_json(summary, place->path), 0);
    document = json_load_file(place->path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(document);
    return document;
}

// "a.b" is member b of member a.
static json_t *member(json_t *document, const char *name)
{
    char copy[64];
    char *rest = copy;
    char *key;

    snprintf(copy, sizeof(copy), "%s", name);
    while ((key = strsep(&rest, ".")) != NULL) {
        document = json_object_get(document, key);
        assert_non_null(document);
    }
    return document;
}

static void assert_member(json_t *document, const char *name, const char *wanted)
{
    char *text = json_dumps(member(document, name), JSON_ENCODE_ANY | JSON_COMPACT);

    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

struct member_row {
    const char *name, *wanted;
};

static const struct member_row demo_members[] = {
    {"version", "\"0.1.0\""},
    {"command", "\"volley sr IP() -w demo\""},
    {"template", "\"IP()\""},
    {"port", "{\"name\":\"sim\",\"driver\":\"sim\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500}"},
    {"seed_hex", "\"0000000000007f3a\""},
    {"seed", "32570"},
    {"order", "\"random\""},
    {"tags", "\"TCP.seq\""},
    {"rate_pps", "null"},
    {"timeout_ns", "2000000000"},
    {"retry", "1"},
    {"start", "\"2026-11-22T05:25:38.000000001Z\""},
    {"start_ns", "1795325138000000001"},
    {"end", "\"2026-11-22T05:25:40.000000000Z\""},
    {"end_ns", "1795325140000000000"},
    {"exit_reason", "\"complete\""},
    {"counters.planned", "24"},
    {"counters.unsolicited", "2"},
    {"counters.imissed", "null"},
    {"counters.kernel_drops", "0"},
    {"identities", "{\"tx\":true,\"rx\":false}"},
    {"classes.rst", "16"},
    {"classes.unreachable_port", "0"},
    {"rtt", "{\"count\":3,\"min_ns\":100,\"median_ns\":120,\"p99_ns\":127,\"max_ns\":127}"},
};

static void the_document_has_everything(void **state)
{
    const uint64_t times[] = {100, 120, 127};
    struct histogram *rtt = histogram_of(times, ARRAY_SIZE(times));
    struct summary summary = demo_summary();
    const struct summary_file file = {.path = "x", .stored = 1, .refused = 2, .error = -ENOSPC};
    json_t *document;

    summary.rtt = rtt;
    summary.counters.imissed = COUNTER_UNKNOWN;
    summary.counters.late = 1;
    summary.files = &file;
    summary.n_files = 1;
    document = document_of(*state, &summary);
    for (size_t i = 0; i < ARRAY_SIZE(demo_members); i++)
        assert_member(document, demo_members[i].name, demo_members[i].wanted);
    assert_member(document, "files",
                  "[{\"path\":\"x\",\"holds\":\"packets\",\"stored\":1,\"refused\":2,\"error\":\"No space "
                  "left on device\"}]");
    json_decref(document);
    free(rtt);
}

static void the_document_of_nothing(void **state)
{
    const struct summary summary = {.seed = UINT64_MAX, .counters = {.planned = UINT64_MAX - 1}};
    json_t *document = document_of(*state, &summary);

    assert_member(document, "template", "null");
    assert_member(document, "seed", "null");
    assert_member(document, "seed_hex", "\"ffffffffffffffff\"");
    assert_member(document, "counters.planned", "\"18446744073709551614\"");
    assert_member(document, "rtt", "null");
    assert_member(document, "start", "null");
    assert_member(document, "files", "[]");
    json_decref(document);
}

static void any_bytes_become_text(void **state)
{
    struct summary summary = demo_summary();
    json_t *document;

    summary.template = "a\xff\"\033";
    summary.command = "\xc3\xa9";
    document = document_of(*state, &summary);
    assert_string_equal(json_string_value(json_object_get(document, "template")), "a\xc3\xbf\"\033");
    assert_string_equal(json_string_value(json_object_get(document, "command")), "\xc3\xa9");
    json_decref(document);
}

static void documents_are_replaced_whole(void **state)
{
    const struct place *place = *state;
    struct summary summary = demo_summary();
    struct stat before;
    struct stat after;

    assert_int_equal(summary_write_json(&summary, place->path), 0);
    assert_int_equal(stat(place->path, &before), 0);
    assert_int_equal(summary_write_json(&summary, place->path), 0);
    assert_int_equal(stat(place->path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_size, after.st_size);
}

static void writing_fails(void **state)
{
    struct summary summary = demo_summary();
    struct stat device;

    (void)state;
    assert_int_equal(summary_write_json(&summary, "/dev/full"), -ENOSPC);
    assert_int_equal(stat("/dev/full", &device), 0);
    assert_true(S_ISCHR(device.st_mode));
    assert_int_equal(summary_write_json(&summary, "/nowhere/x.json"), -ENOENT);
    assert_int_equal(summary_write_json(&summary, "/tmp"), -EISDIR);
}

static char *printed(const struct summary *summary)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    assert_non_null(to);
    summary_print(summary, to);
    fclose(to);
    return text;
}

// Fails unless the document says what the summary does.
static void read_again(const struct place *place, const struct summary *summary)
{
    char *wanted = printed(summary);
    struct diag diag = {.set = false};
    struct summary again;
    struct arena arena;

    arena_init(&arena, 0);
    assert_int_equal(summary_write_json(summary, place->path), 0);
    if (!summary_read_json(&again, place->path, &arena, &diag))
        fail_msg("%s", diag.message);
    assert_printed(&again, wanted);
    assert_string_equal(again.exit_reason, summary->exit_reason);
    arena_release(&arena);
    free(wanted);
}

static void documents_are_read_again(void **state)
{
    const struct summary_file files[] = {
        {.path = "x", .stored = 1, .refused = 2, .error = -ENOSPC},
        {.path = "y", .stored = 1000, .refused = UINT64_MAX, .is_records = true, .error = -4000},
        {.path = "z"},
    };
    const uint64_t times[] = {100, 120, 127000000};
    struct histogram *rtt = histogram_of(times, ARRAY_SIZE(times));
    struct summary summary = demo_summary();

    read_again(*state, &summary);
    summary.rtt = rtt;
    summary.files = files;
    summary.n_files = ARRAY_SIZE(files);
    summary.counters.imissed = COUNTER_UNKNOWN;
    summary.counters.rx_nombuf = 5;
    summary.counters.tx_errors = 1;
    summary.counters.table_full = UINT64_MAX - 1;
    read_again(*state, &summary);
    summary.loss_cause = "AF_XDP ring full";
    summary.suggested_rate_pps = 300000;
    summary.counters.kernel_drops = summary.counters.rx_nombuf = COUNTER_UNKNOWN;
    read_again(*state, &summary);
    free(rtt);
}

static void room_is_taken_before(void **state)
{
    const struct place *place = *state;
    struct summary summary = demo_summary();
    struct stat before, after;
    struct diag diag = {.set = false};
    struct summary again;
    struct arena arena;

    summary.exit_reason = SUMMARY_RUNNING;
    assert_int_equal(summary_reserve_json(&summary, place->path), 0);
    assert_int_equal(stat(place->path, &before), 0);
    arena_init(&arena, 0);
    assert_true(summary_read_json(&again, place->path, &arena, &diag));
    assert_string_equal(again.exit_reason, SUMMARY_RUNNING);
    arena_release(&arena);
    summary.exit_reason = "complete";
    assert_int_equal(summary_write_json(&summary, place->path), 0);
    assert_int_equal(stat(place->path, &after), 0);
    assert_true(after.st_size + 4096 < before.st_size);
    assert_int_equal(summary_reserve_json(&summary, "/dev/full"), 0);
    assert_int_equal(summary_reserve_json(&summary, "/tmp"), -EISDIR);
    assert_int_equal(summary_reserve_json(&summary, "/nowhere/x.json"), -ENOENT);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_run),
        cmocka_unit_test(units_follow_the_median),
        cmocka_unit_test(an_interrupted_run_without_answers),
        cmocka_unit_test(loss_is_never_a_secret),
        cmocka_unit_test(other_troubles_are_told),
        PLACED(the_document_has_everything),
        PLACED(the_document_of_nothing),
        PLACED(any_bytes_become_text),
        PLACED(documents_are_replaced_whole),
        PLACED(documents_are_read_again),
        PLACED(room_is_taken_before),
        cmocka_unit_test(writing_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
