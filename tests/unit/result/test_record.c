#include "capture/sink.h"
#include "result/record_text.h"
#include "result/record_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAME_MAX 512
#define ETHER4    "020000000002 020000000001 0800 "
#define ETHER6    "020000000002 020000000001 86dd "

struct frame {
    uint8_t bytes[FRAME_MAX];
    struct view view;
};

// Hex digits, spaces anywhere.
static void frame_read(struct frame *frame, const char *hex, enum layer_id first)
{
    unsigned digits = 0;

    memset(frame->bytes, 0, sizeof(frame->bytes));
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        assert_true(digits < 2 * FRAME_MAX);
        frame->bytes[digits / 2] =
            (uint8_t)(frame->bytes[digits / 2] << 4 | (*hex <= '9' ? *hex - '0' : *hex - 'a' + 10));
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    view_decode(&frame->view, frame->bytes, digits / 2, first);
}

// ---- values

struct value_row {
    const char *name;
    const char *stimulus, *response; // NULL: none
    const char *fields;
    const char *values; // with '|' between
};

static const struct value_row value_rows[] = {
    {"TCP and SYN/ACK",
     ETHER4 "4500002800010000 4006 0000 c6120001 c6120002 d431 0050 00000007 00000000 5002 2000 0000 0000",
     ETHER4 "4500002c00010000 3f06 0000 c6120002 c6120001 0050 d431 00000001 00000008 6012 2000 0000 0000 "
            "020405b4 0000",
     "src,dst,sport,dport,proto,vlan,class,responder,ttl,len,flags,type,code",
     "198.18.0.1|198.18.0.2|54321|80|tcp||synack|198.18.0.2|63|44|SA||"},
    {"all flags", NULL,
     ETHER4 "4500002800010000 4006 0000 c6120002 c6120001 0050 d431 00000001 00000008 51ff 2000 0000 0000",
     "src,proto,class,flags", "||rst|FSRPAUECN"},
    {"UDP and port unreachable", ETHER4 "4500001c00010000 4011 0000 c6120001 c6120002 1234 0035 0008 0000",
     ETHER4 "4500003800010000 4001 0000 c6120009 c6120001 0303 0000 00000000 "
            "4500001c00010000 0111 0000 c6120001 c6120002 1234 0035 0008 0000",
     "sport,dport,proto,class,responder,ttl,len,flags,type,code",
     "4660|53|udp|unreachable-port|198.18.0.9|64|56||3|3"},
    {"silence", ETHER4 "4500001c00010000 4001 0000 c6120001 c6120002 0800 0000 0001 0002", NULL,
     "dst,sport,proto,class,responder,ttl,len,flags,type,code,response", "198.18.0.2||icmp||||||||"},
    {"ping in two VLANs",
     "020000000002 020000000001 88a8 e064 8100 0065 0800 4500001c00010000 4001 0000 c6120001 c6120002 0800 "
     "0000 0001 0002",
     "020000000002 020000000001 8100 0065 0800 4500001c00010000 4001 0000 c6120002 c6120001 0000 0000 0001 "
     "0002",
     "vlan,dst,proto,class,type,code,ttl", "100|198.18.0.2|icmp|echo-reply|0|0|64"},
    {"ping of IPv6 with an extension header",
     ETHER6 "6000000000100040 20010002000000000000000000000001 20010002000000000000000000000002 "
            "3a00 010400000000 8000 0000 0001 0002",
     ETHER6 "600000000008 3a 3e 20010002000000000000000000000002 20010002000000000000000000000001 8100 0000 "
            "0001 0002",
     "src,dst,sport,proto,class,responder,ttl,len,type,code",
     "2001:2::1|2001:2::2||icmp6|echo-reply|2001:2::2|62|48|129|0"},
    {"TCP on IPv6",
     ETHER6 "600000000014 06 40 20010002000000000000000000000001 20010002000000000000000000000002 "
            "0401 01bb 00000007 00000000 5002 2000 0000 0000",
     NULL, "src,sport,dport,proto", "2001:2::1|1025|443|tcp"},
    {"ARP", "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 c6120001 000000000000 c6120002",
     "020000000001 020000000002 0806 0001 0800 06 04 0002 020000000002 c6120002 020000000001 c6120001 "
     "000000000000000000000000000000000000",
     "src,dst,sport,proto,class,responder,ttl,len", "198.18.0.1|198.18.0.2||arp|arp-reply|198.18.0.2||28"},
    {"ARP of another network",
     "ffffffffffff 020000000001 0806 0001 1234 06 04 0001 020000000001 c6120001 000000000000 c6120002", NULL,
     "src,dst,proto", "||arp"},
    {"SCTP", ETHER4 "4500002000010000 4084 0000 c6120001 c6120002 1388 0b59 00000000 00000000", NULL,
     "sport,dport,proto", "5000|2905|sctp"},
    {"a protocol without a name", ETHER4 "4500001400010000 40c8 0000 c6120001 c6120002", NULL,
     "proto,sport,dst", "200||198.18.0.2"},
    {"a tunnel is told of by its outer packet",
     ETHER4 "4500003000010000 402f 0000 c6120001 c6120002 0000 0800 "
            "4500001c00010000 4011 0000 c6130001 c6130002 1234 0035 0008 0000",
     NULL, "src,dst,sport,proto", "198.18.0.1|198.18.0.2||gre"},
    {"MPLS",
     "020000000002 020000000001 8847 00010140 4500001c00010000 4011 0000 c6120001 c6120002 1234 0035 0008 "
     "0000",
     NULL, "src,dport,proto", "198.18.0.1|53|udp"},
    {"neither IP nor ARP", "020000000002 020000000001 88b5 01020304",
     "020000000002 020000000001 88b5 01020304", "src,proto,vlan,class,responder,len", "|||other||"},
    {"cut short", ETHER4 "450000", ETHER4 "4500002800010000 4006 0000 c6120002 c6120001 0050",
     "src,dport,proto,responder,flags,len", "|||198.18.0.2||40"},
    {"a later fragment has no ports",
     ETHER4 "4500001c00010010 4011 0000 c6120001 c6120002 1234 0035 0008 0000", NULL, "sport,proto", "|udp"},
    {"summaries", ETHER4 "4500001c00010000 4001 0000 c6120001 c6120002 0800 0000 0001 0002",
     ETHER4
     "4500001c00010000 4001 0000 c6120002 c6120001 0000 0000 0001 0002 000000000000000000000000000000000000",
     "stimulus,response",
     "Ether / IP / ICMP 198.18.0.1 > 198.18.0.2 echo-request 0|Ether / IP / ICMP 198.18.0.2 > 198.18.0.1 "
     "echo-reply 0"},
};

static void values_are_those_of_the_layers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(value_rows); i++) {
        const struct value_row *row = &value_rows[i];
        static struct frame stimulus, response;
        static struct record_read read;
        uint8_t fields[RECORD_FIELD_COUNT];
        struct diag diag = {0};
        char line[1024];
        struct text text = text_in(line, sizeof(line));
        unsigned n;

        if (row->stimulus != NULL)
            frame_read(&stimulus, row->stimulus, LAYER_ETHER);
        if (row->response != NULL)
            frame_read(&response, row->response, LAYER_ETHER);
        const struct record record = {.stimulus = row->stimulus != NULL ? &stimulus.view : NULL,
                                      .response = row->response != NULL ? &response.view : NULL};
        assert_true(record_fields_parse(row->fields, fields, &n, &diag));
        record_read(&read, &record, NULL);
        for (unsigned f = 0; f < n; f++) {
            text_add(&text, "%s", f > 0 ? "|" : "");
            record_value_text(&read, (enum record_field)fields[f], &text);
        }
        if (strcmp(line, row->values) != 0)
            fail_msg("%s: %s", row->name, line);
    }
}

static void fields_are_chosen_by_name(void **state)
{
    static const struct {
        const char *text, *message; // NULL: it is read
        uint32_t at;
    } rows[] = {
        {"probe", NULL, 0},
        {"rtt_ns,probe,dst", NULL, 0},
        {" rtt_ns , probe,dst ", NULL, 0},
        {"rtt_ns, dest", "records have no field 'dest'; did you mean 'dst'?", 8},
        {"  ", "records have no field ''", 2},
        {"probe,rtt", "records have no field 'rtt'; did you mean 'rtt_ns'?", 6},
        {"probe,dst,probe", "'probe' stands here twice", 10},
        {"probe,", "records have no field ''", 6},
        {"", "records have no field ''", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t fields[RECORD_FIELD_COUNT];
        struct diag diag = {0};
        unsigned n;
        bool ok = record_fields_parse(rows[i].text, fields, &n, &diag);

        if (ok != (rows[i].message == NULL) ||
            (!ok && (strcmp(diag.message, rows[i].message) != 0 || diag.where.at != rows[i].at)))
            fail_msg("%s: %s", rows[i].text, diag.message);
    }
}

// ---- text

static void texts_are_quoted(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t len;
        const char *json, *csv;
    } rows[] = {
        {"", 0, "\"\"", ""},
        {"synack", 6, "\"synack\"", "synack"},
        {"a,b", 3, "\"a,b\"", "\"a,b\""},
        {"a\"b\\", 4, "\"a\\\"b\\\\\"", "\"a\"\"b\\\""},
        {"a\nb\r\t", 5, "\"a\\u000ab\\u000d\\u0009\"", "\"a\nb\r\t\""},
        {"\x7f\x1f", 2, "\"\\u007f\\u001f\"", "\x7f\x1f"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        // not UTF-8: a lone byte, one cut short, overlong, a surrogate, too large
        {"\xff", 1, "\"\xc3\xbf\"", "\xc3\xbf"},
        {"\xe9x", 2, "\"\xc3\xa9x\"", "\xc3\xa9x"},
        {"\xe2\x82", 2, "\"\xc3\xa2\xc2\x82\"", "\xc3\xa2\xc2\x82"},
        {"\xc0\x80", 2, "\"\xc3\x80\xc2\x80\"", "\xc3\x80\xc2\x80"},
        {"\xed\xa0\x80", 3, "\"\xc3\xad\xc2\xa0\xc2\x80\"", "\xc3\xad\xc2\xa0\xc2\x80"},
        {"\xf5\x80\x80\x80", 4, "\"\xc3\xb5\xc2\x80\xc2\x80\xc2\x80\"", "\xc3\xb5\xc2\x80\xc2\x80\xc2\x80"},
    };
    char out[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        *record_text_json(out, rows[i].bytes, rows[i].len) = '\0';
        assert_string_equal(out, rows[i].json);
        *record_text_csv(out, rows[i].bytes, rows[i].len) = '\0';
        assert_string_equal(out, rows[i].csv);
    }
}

static void numbers_are_whole(void **state)
{
    static const struct {
        uint64_t number;
        const char *text;
    } rows[] = {{0, "0"},
                {9, "9"},
                {10, "10"},
                {99, "99"},
                {100, "100"},
                {12345, "12345"},
                {UINT64_MAX, "18446744073709551615"}};
    char out[RECORD_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct filter_value value = {.kind = FILTER_NUMBER, .number = rows[i].number};

        *record_text_plain(out, &value) = '\0';
        assert_string_equal(out, rows[i].text);
    }
}

// ---- the writer

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/volley-records-%d", (int)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static size_t read_back(char *out, size_t size)
{
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    size_t len = fread(out, 1, size - 1, file);
    fclose(file);
    out[len] = '\0';
    return len;
}

static struct record_writer_options options_of(const char *fields, enum record_format format)
{
    struct record_writer_options options = {.format = format};
    struct diag diag = {0};

    assert_true(record_fields_parse(fields, options.fields, &options.n_fields, &diag));
    return options;
}

static struct record answered(struct frame *stimulus, struct frame *response)
{
    frame_read(stimulus, value_rows[0].stimulus, LAYER_ETHER);
    frame_read(response, value_rows[0].response, LAYER_ETHER);
    return (struct record){.probe = 7,
                           .attempt = 1,
                           .answer = 1,
                           .outcome = RECORD_ANSWERED,
                           .sent_ns = 1000,
                           .received_ns = 3500,
                           .stimulus = &stimulus->view,
                           .response = &response->view,
                           .stimulus_first = 1,
                           .response_first = 1};
}

static void lines_are_written(void **state)
{
    static const char fields[] =
        "probe,attempt,answer,outcome,sent_ns,received_ns,rtt_ns,dst,class,flags,stimulus_frame,stimulus";
    static struct record_writer writer;
    static struct frame stimulus, response;
    char out[2048];
    const struct {
        enum record_format format;
        const char *lines;
    } rows[] = {
        {RECORD_NDJSON, "{\"probe\":7,\"attempt\":1,\"answer\":1,\"outcome\":\"answered\",\"sent_ns\":1000,"
                        "\"received_ns\":3500,\"rtt_ns\":2500,"
                        "\"dst\":\"198.18.0.2\",\"class\":\"synack\",\"flags\":\"SA\",\"stimulus_frame\":0,"
                        "\"stimulus\":\"IP / TCP 198.18.0.1:54321 > 198.18.0.2:80 S\"}\n"
                        "{\"probe\":8,\"attempt\":2,\"answer\":null,\"outcome\":\"unanswered\",\"sent_ns\":"
                        "null,\"received_ns\":null,"
                        "\"rtt_ns\":null,\"dst\":null,\"class\":null,\"flags\":null,\"stimulus_frame\":3,"
                        "\"stimulus\":null}\n"},
        {RECORD_CSV,
         "probe,attempt,answer,outcome,sent_ns,received_ns,rtt_ns,dst,class,flags,stimulus_frame,stimulus\n"
         "7,1,1,answered,1000,3500,2500,198.18.0.2,synack,SA,0,IP / TCP 198.18.0.1:54321 > 198.18.0.2:80 S\n"
         "8,2,,unanswered,,,,,,,3,\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct record_writer_options options = options_of(fields, rows[i].format);
        struct record record = answered(&stimulus, &response);

        options.all = true;
        assert_int_equal(record_writer_open(&writer, path, &options), 0);
        assert_int_equal(record_writer_add(&writer, &record), 0);
        record = (struct record){.probe = 8, .attempt = 2, .outcome = RECORD_UNANSWERED, .stimulus_frame = 3};
        assert_int_equal(record_writer_add(&writer, &record), 0);
        assert_int_equal(record_writer_close(&writer), 0);
        assert_int_equal(record_writer_stored(&writer), 2);
        assert_int_equal(record_writer_refused(&writer), 0);
        read_back(out, sizeof(out));
        assert_string_equal(out, rows[i].lines);
    }
}

static void only_what_is_wanted_is_written(void **state)
{
    static const char where[] = "rtt_ns < 3000 and class == 'synack'";
    static struct record_writer writer;
    static struct frame stimulus, response;
    struct record_writer_options options = options_of("probe", RECORD_NDJSON);
    struct record record = answered(&stimulus, &response);
    struct diag diag = {0};
    struct arena arena;
    char out[256];

    (void)state;
    arena_init(&arena, 0);
    assert_true(filter_compile(where, strlen(where), &record_filter_fields, &arena, &options.filter, &diag));
    assert_int_equal(record_writer_open(&writer, path, &options), 0);
    for (unsigned i = 0; i < 4; i++) {
        record.probe = i;
        record.received_ns = record.sent_ns + 1500 * i;
        assert_int_equal(record_writer_add(&writer, &record), 0);
    }
    record.response = NULL;
    assert_int_equal(record_writer_add(&writer, &record), 0);
    assert_int_equal(record_writer_close(&writer), 0);
    assert_int_equal(record_writer_stored(&writer), 2);
    read_back(out, sizeof(out));
    assert_string_equal(out, "{\"probe\":0}\n{\"probe\":1}\n");
    arena_release(&arena);
}

static void lines_cross_no_page(void **state)
{
    static struct record_writer writer;
    static struct frame stimulus, response;
    static char out[1 << 20];
    struct record_writer_options options = {.format = RECORD_NDJSON};
    struct record record = answered(&stimulus, &response);
    size_t at = 0, n = 0;

    (void)state;
    assert_int_equal(record_writer_open(&writer, path, &options), 0);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(record_writer_add(&writer, &record), 0);
    assert_int_equal(record_writer_close(&writer), 0);
    size_t len = read_back(out, sizeof(out));
    while (at < len) {
        at += strspn(out + at, " ");
        size_t line = strcspn(out + at, "\n") + 1;

        assert_int_equal(out[at], '{');
        assert_int_equal(at / SINK_PAGE, (at + line - 1) / SINK_PAGE);
        at += line;
        n++;
    }
    assert_int_equal(n, 1000);
}

// The file is limited to `limit` bytes; what is stored is whole lines, and the counts say how many.
static void what_can_t_be_stored_is_counted(void **state)
{
    static const enum record_format formats[] = {RECORD_NDJSON, RECORD_CSV};
    static struct record_writer writer;
    static struct frame stimulus, response;
    static char out[1 << 17];
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        struct record_writer_options options = {.format = formats[i]};
        struct record record = answered(&stimulus, &response);
        const struct rlimit limit = {30000, RLIM_INFINITY};
        uint64_t lines = 0;

        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(record_writer_open(&writer, path, &options), 0);
        for (unsigned k = 0; k < 500; k++)
            assert_int_equal(record_writer_add(&writer, &record), 0);
        assert_int_equal(record_writer_flush(&writer), -EFBIG);
        assert_int_equal(record_writer_add(&writer, &record), -EFBIG);
        assert_int_equal(record_writer_close(&writer), -EFBIG);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
        size_t len = read_back(out, sizeof(out));
        assert_true(len <= 30000 && len > 25000 && out[len - 1] == '\n');
        for (const char *c = out; (c = strchr(c, '\n')) != NULL; c++)
            lines++;
        lines -= formats[i] == RECORD_CSV;
        assert_int_equal(record_writer_stored(&writer), lines);
        assert_int_equal(record_writer_refused(&writer), 501 - lines);
    }
}

static void opening_may_fail(void **state)
{
    static const struct {
        const char *path;
        int error;
    } rows[] = {{"/tmp/no/such/folder.csv", -ENOENT}, {"/tmp", -EISDIR}, {"/dev/full", -ENOSPC}};
    static struct record_writer writer;
    const struct record_writer_options options = {.format = RECORD_CSV};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(record_writer_open(&writer, rows[i].path, &options), rows[i].error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_layers),
        cmocka_unit_test(fields_are_chosen_by_name),
        cmocka_unit_test(texts_are_quoted),
        cmocka_unit_test(numbers_are_whole),
        cmocka_unit_test(lines_are_written),
        cmocka_unit_test(only_what_is_wanted_is_written),
        cmocka_unit_test(lines_cross_no_page),
        cmocka_unit_test(what_can_t_be_stored_is_counted),
        cmocka_unit_test(opening_may_fail),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
