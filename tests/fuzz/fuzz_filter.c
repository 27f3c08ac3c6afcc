// Reads the input as a condition over records, a NUL, a stimulus and a response of equal length: tests the condition, and
// writes every value.
#include "fuzz.h"
#include "result/record_text.h"
#include "result/record_writer.h"

#include <string.h>

#define MEMORY_MAX ((size_t)64 << 20)

static void check_filter(const char *text, size_t len, struct record_read *read)
{
    const struct filter *filter;
    struct diag diag = {0};
    struct arena arena;

    arena_init(&arena, MEMORY_MAX);
    if (filter_compile(text, len, &record_filter_fields, &arena, &filter, &diag))
        FUZZ_CHECK(filter_test(filter, record_value, read) == filter_test(filter, record_value, read));
    else
        FUZZ_CHECK(diag.set && (size_t)diag.where.at + diag.where.len <= len);
    arena_release(&arena);
}

// A value's text stays within its bounds, which the sanitizer watches.
static void check_value(struct record_read *read, unsigned field)
{
    struct filter_value value = {.kind = FILTER_NULL};

    record_value(read, field, &value);
    FUZZ_CHECK(value.kind == FILTER_NULL || value.kind == record_filter_fields.rows[field].kind);
    size_t len = value.kind == FILTER_TEXT ? value.len : 0;
    char *json = malloc(6 * len + 2), *csv = malloc(2 * len + 2), *plain = malloc(RECORD_TEXT_MAX);
    FUZZ_CHECK(json != NULL && csv != NULL && plain != NULL);
    if (value.kind == FILTER_TEXT) {
        FUZZ_CHECK(len < RECORD_SUMMARY_MAX);
        FUZZ_CHECK(record_text_json(json, value.text, value.len) <= json + 6 * len + 2);
        FUZZ_CHECK(record_text_csv(csv, value.text, value.len) <= csv + 2 * len + 2);
    } else {
        FUZZ_CHECK(record_text_plain(plain, &value) <= plain + RECORD_TEXT_MAX);
    }
    free(json);
    free(csv);
    free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct record_read read;
    const uint8_t *nul = len > 0 ? memchr(bytes, 0, len) : NULL;
    size_t text_len = nul != NULL ? (size_t)(nul - bytes) : len;
    size_t half = nul != NULL ? (len - text_len - 1) / 2 : 0;
    const uint8_t *frames = nul != NULL ? nul + 1 : bytes;
    char *text = malloc(text_len + 1);
    struct view stimulus, response;

    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes, text_len);
    view_decode(&stimulus, frames, (uint32_t)half, LAYER_ETHER);
    view_decode(&response, frames + half, (uint32_t)half, LAYER_ETHER);
    const struct record record = {
        .probe = half,
        .answer = 1,
        .sent_ns = 1,
        .received_ns = text_len,
        .stimulus = half > 0 ? &stimulus : NULL,
        .response = half > 0 ? &response : NULL,
    };
    record_read(&read, &record, NULL);
    check_filter(text, text_len, &read);
    for (unsigned f = 0; half > 0 && f < RECORD_FIELD_COUNT; f++)
        check_value(&read, f);
    free(text);
    return 0;
}
