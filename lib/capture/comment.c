#include "capture/comment.h"

#include <string.h>

// Texts are made in a place that always suffices, then cut.
struct comment {
    char text[CAPTURE_COMMENT_MAX];
    size_t len;
};

static void comment_add(struct comment *comment, const char *text)
{
    size_t len = strlen(text);

    memcpy(comment->text + comment->len, text, len);
    comment->len += len;
}

static void comment_add_number(struct comment *comment, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    memcpy(comment->text + comment->len, digits + at, sizeof(digits) - at);
    comment->len += sizeof(digits) - at;
}

// value / 10^decimals.
static void comment_add_decimals(struct comment *comment, uint64_t value, unsigned decimals)
{
    uint64_t scale = decimals == 3 ? 1000 : 10;

    comment_add_number(comment, value / scale);
    comment->text[comment->len++] = '.';
    for (uint64_t rest = value % scale; scale > 1; rest %= scale) {
        scale /= 10;
        comment->text[comment->len++] = (char)('0' + rest / scale);
    }
}

static void comment_add_time(struct comment *comment, uint64_t ns)
{
    if (ns < 999950) { // what rounds to less than 1000.0 us
        comment_add_decimals(comment, (ns + 50) / 100, 1);
        comment_add(comment, " us");
    } else if (ns < 999999500) {
        comment_add_decimals(comment, (ns + 500) / 1000, 3);
        comment_add(comment, " ms");
    } else {
        comment_add_decimals(comment, ns / 1000000 + (ns % 1000000 >= 500000), 3);
        comment_add(comment, " s");
    }
}

static size_t comment_copy(const struct comment *comment, char *text, size_t size)
{
    size_t len = comment->len < size ? comment->len : size - 1;

    memcpy(text, comment->text, len);
    text[len] = '\0';
    return len;
}

size_t capture_comment_stimulus(char *text, size_t size, uint64_t index, bool answered)
{
    struct comment comment = {.len = 0};

    comment_add(&comment, "probe ");
    comment_add_number(&comment, index);
    comment_add(&comment, answered ? ", answered" : ", no answer");
    return comment_copy(&comment, text, size);
}

static void comment_add_probe(struct comment *comment, const struct capture_return *came)
{
    comment_add(comment, "probe ");
    comment_add_number(comment, came->index);
    if (came->attempt > 0) {
        comment_add(comment, ", attempt ");
        comment_add_number(comment, came->attempt);
    }
    if (came->number > 0) {
        comment_add(comment, ", answer ");
        comment_add_number(comment, came->number);
    }
    if (came->rtt_ns != CAPTURE_RTT_UNKNOWN) {
        comment_add(comment, ", rtt ");
        comment_add_time(comment, came->rtt_ns);
    }
}

size_t capture_comment_return(char *text, size_t size, const struct capture_return *came)
{
    struct comment comment = {.len = 0};

    if (came->why != NULL) {
        comment_add(&comment, came->why);
        comment_add(&comment, came->has_probe ? ": " : "");
    }
    if (came->has_probe)
        comment_add_probe(&comment, came);
    return comment_copy(&comment, text, size);
}
