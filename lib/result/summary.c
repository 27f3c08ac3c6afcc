#include "result/summary.h"

#include "result/figure.h"

#include <inttypes.h>
#include <string.h>

static const char *grouped_into(struct figure *text, uint64_t value)
{
    *text = figure_grouped(value);
    return text->s;
}

// Valid to the end of the enclosing block.
#define GROUPED(value) grouped_into(&(struct figure){{0}}, value)

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static const char *driver_of(const struct summary *summary)
{
    return summary->port.driver != NULL ? summary->port.driver : "the driver";
}

static uint64_t remaining_of(const struct counters *c)
{
    return c->sent > c->answered ? c->sent - c->answered : 0;
}

static void put_totals(const struct summary *summary, FILE *to)
{
    const struct counters *c = &summary->counters;
    uint64_t remaining = remaining_of(c), received = summary->is_offline ? summary->frames : c->received;

    fprintf(to, "%s %s packet%s, got %s answer%s, remaining %s packet%s\n",
            summary->is_offline ? "Read" : "Received", GROUPED(received), plural(received),
            GROUPED(c->answers), plural(c->answers), GROUPED(remaining), plural(remaining));
}

// Times of one unit, with one decimal unless that would make a small time 0.0.
static void put_time(uint64_t ns, uint64_t unit, FILE *to)
{
    int decimals = ns > 0 && ns < unit / 10 ? 3 : 1;

    fprintf(to, "%.*f", decimals, (double)ns / (double)unit);
}

struct summary_times summary_times_of(const struct summary *summary)
{
    const struct histogram *rtt = summary->rtt;

    if (rtt == NULL)
        return summary->times;
    return (struct summary_times){
        .count = rtt->count,
        .min = rtt->min,
        .median = histogram_quantile(rtt, 0.5),
        .p99 = histogram_quantile(rtt, 0.99),
        .max = rtt->max,
    };
}

static void put_rtt(const struct summary_times *rtt, FILE *to)
{
    const uint64_t times[] = {rtt->min, rtt->median, rtt->p99, rtt->max};
    uint64_t median = rtt->median;
    uint64_t unit = median < 1000000 ? 1000 : median < 1000000000 ? 1000000 : 1000000000;

    fputs("   rtt min/median/p99/max ", to);
    for (unsigned i = 0; i < ARRAY_SIZE(times); i++) {
        if (i > 0)
            fputc('/', to);
        put_time(times[i], unit, to);
    }
    fputs(unit == 1000 ? " us" : unit == 1000000 ? " ms" : " s", to);
}

// The class with the most answers of those that were not put yet, or CLASS_COUNT.
static unsigned biggest_class(const uint64_t classes[CLASS_COUNT], const bool put[CLASS_COUNT])
{
    unsigned best = CLASS_COUNT;

    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (!put[i] && classes[i] > 0 && (best == CLASS_COUNT || classes[i] > classes[best]))
            best = i;
    }
    return best;
}

static void put_classes(const struct summary *summary, FILE *to)
{
    const struct summary_times rtt = summary_times_of(summary);
    bool put[CLASS_COUNT] = {false};
    unsigned class = biggest_class(summary->classes, put);

    if (class == CLASS_COUNT)
        return;
    for (; class < CLASS_COUNT; class = biggest_class(summary->classes, put)) {
        fprintf(to, "  %s %s", GROUPED(summary->classes[class]), class_name(class));
        put[class] = true;
    }
    if (rtt.count > 0)
        put_rtt(&rtt, to);
    fputc('\n', to);
}

static void put_term(uint64_t n, const char *name, const char *ending, FILE *to)
{
    if (n > 0)
        fprintf(to, " + %s %s%s", GROUPED(n), name, n == 1 ? "" : ending);
}

static void put_sent(const struct summary *summary, FILE *to)
{
    const struct counters *c = &summary->counters;

    if (summary->is_offline) {
        fprintf(to, "  %s stimul%s", GROUPED(c->planned), c->planned == 1 ? "us" : "i");
    } else if (c->tx_failed == 0 && c->not_sent == 0) {
        fprintf(to, "  sent %s = planned %s", GROUPED(c->sent), GROUPED(c->planned));
    } else {
        fprintf(to, "  planned %s = %s sent", GROUPED(c->planned), GROUPED(c->sent));
        put_term(c->tx_failed, "failed to send", "", to);
        put_term(c->not_sent, "not sent", "", to);
    }
    if (c->retries > 0)
        fprintf(to, " (and %s again)", GROUPED(c->retries));
}

static void put_received(const struct counters *c, FILE *to)
{
    fprintf(to, "; received %s = %s answer%s", GROUPED(c->received), GROUPED(c->answers), plural(c->answers));
    put_term(c->duplicates, "duplicate", "s", to);
    put_term(c->late, "late", "", to);
    put_term(c->unsolicited, "unsolicited", "", to);
    put_term(c->malformed, "malformed", "", to);
    put_term(c->filtered, "filtered", "", to);
}

struct unseen {
    const char *name;
    uint64_t value;
};

#define UNSEEN_KINDS 3

static void unseen_of(const struct counters *c, struct unseen kinds[UNSEEN_KINDS])
{
    kinds[0] = (struct unseen){"missed by the NIC", c->imissed};
    kinds[1] = (struct unseen){"without a buffer", c->rx_nombuf};
    kinds[2] = (struct unseen){"dropped by the kernel", c->kernel_drops};
}

static void put_unseen(const struct summary *summary, FILE *to)
{
    struct unseen kinds[UNSEEN_KINDS];
    const char *separator = "";
    unsigned unknown = 0;

    unseen_of(&summary->counters, kinds);
    for (unsigned i = 0; i < UNSEEN_KINDS; i++)
        unknown += kinds[i].value == COUNTER_UNKNOWN;
    if (unknown == UNSEEN_KINDS) {
        fprintf(to, "; not seen: unknown (%s does not count it)\n", driver_of(summary));
        return;
    }
    fprintf(to, "; not seen: %s", GROUPED(counters_unseen(&summary->counters)));
    if (unknown > 0) {
        fprintf(to, " and unknown (%s does not count frames ", driver_of(summary));
        for (unsigned i = 0; i < UNSEEN_KINDS; i++) {
            if (kinds[i].value == COUNTER_UNKNOWN) {
                fprintf(to, "%s%s", separator, kinds[i].name);
                separator = " or ";
            }
        }
        fputc(')', to);
    }
    fputc('\n', to);
}

static void put_loss_cause(const struct summary *summary, FILE *to)
{
    struct unseen kinds[UNSEEN_KINDS];
    const char *separator = "";

    if (summary->loss_cause != NULL) {
        fputs(summary->loss_cause, to);
        return;
    }
    unseen_of(&summary->counters, kinds);
    for (unsigned i = 0; i < UNSEEN_KINDS; i++) {
        if (kinds[i].value != 0 && kinds[i].value != COUNTER_UNKNOWN) {
            fprintf(to, "%s%s %s", separator, GROUPED(kinds[i].value), kinds[i].name);
            separator = ", ";
        }
    }
}

static void warn_unseen(const struct summary *summary, FILE *to)
{
    uint64_t lost = counters_unseen(&summary->counters);
    uint64_t remaining = remaining_of(&summary->counters);

    if (lost == 0)
        return;
    fprintf(to, "  ! %s frame%s %s dropped before Volley saw %s (", GROUPED(lost), plural(lost),
            lost == 1 ? "was" : "were", lost == 1 ? "it" : "them");
    put_loss_cause(summary, to);
    fprintf(to, "): unanswered is at most %s too high. Try ", GROUPED(lost < remaining ? lost : remaining));
    if (summary->suggested_rate_pps > 0)
        fprintf(to, "--rate %s", figure_scaled(summary->suggested_rate_pps).s);
    else
        fputs("a lower --rate", to);
    fputs(", or more RX cores.\n", to);
}

static void warn_sending(const struct counters *c, FILE *to)
{
    if (c->tx_errors != COUNTER_UNKNOWN && c->tx_errors > 0)
        fprintf(
            to,
            "  ! %s frame%s given to the port but never sent: unanswered is at most that much too high.\n",
            GROUPED(c->tx_errors), c->tx_errors == 1 ? " was" : "s were");
    if (c->table_full > 0)
        fprintf(to,
                "  ! %s probe%s found no place in the flow table: answers to them count as unsolicited.\n",
                GROUPED(c->table_full), plural(c->table_full));
}

static void warn_balance(const struct counters *c, FILE *to)
{
    struct diag diag = {.set = false};

    if (!counters_balance(c, &diag))
        fprintf(to, "  ! The counters do not add up, which is a bug in Volley: %s\n", diag.message);
}

static void warn_files(const struct summary *summary, FILE *to)
{
    for (unsigned i = 0; i < summary->n_files; i++) {
        const struct summary_file *file = &summary->files[i];
        const char *reason = strerrordesc_np(-file->error);

        if (file->error == 0)
            continue;
        fprintf(to, "  ! %s: %s. It holds %s %s%s; %s more could not be written.\n",
                strcmp(file->path, "-") == 0 ? "Standard output" : file->path,
                reason != NULL ? reason : "unknown error", GROUPED(file->stored),
                file->is_records ? "record" : "packet", plural(file->stored), GROUPED(file->refused));
    }
}

static void warn_lines(const struct summary *summary, FILE *to)
{
    if (summary->lines_refused > 0)
        fprintf(to, "  ! %s line%s could not be written to standard output.\n",
                GROUPED(summary->lines_refused), plural(summary->lines_refused));
}

void summary_print_refused(const struct summary *summary, FILE *to)
{
    warn_files(summary, to);
    warn_lines(summary, to);
}

static void put_files(const struct summary *summary, FILE *to)
{
    const char *separator = "";

    for (unsigned i = 0; i < summary->n_files; i++) {
        if (strcmp(summary->files[i].path, "-") == 0) // standard output
            continue;
        fprintf(to, "%s%s", separator, summary->files[i].path);
        separator = "  ";
    }
    if (separator[0] != '\0')
        fputc('\n', to);
}

void summary_print(const struct summary *summary, FILE *to)
{
    put_totals(summary, to);
    put_classes(summary, to);
    put_sent(summary, to);
    put_received(&summary->counters, to);
    if (summary->is_offline)
        fputc('\n', to);
    else
        put_unseen(summary, to);
    warn_unseen(summary, to);
    warn_sending(&summary->counters, to);
    warn_balance(&summary->counters, to);
    summary_print_refused(summary, to);
    put_files(summary, to);
}

void summary_print_captured(const struct summary *summary, uint64_t silent, FILE *to)
{
    const struct counters *c = &summary->counters;

    fprintf(to, "Answered %s probe%s with %s answer%s, unanswered %s probe%s\n", GROUPED(c->answered),
            plural(c->answered), GROUPED(c->answers), plural(c->answers), GROUPED(silent), plural(silent));
    put_classes(summary, to);
    fputs("  unknown: planned, sent, received, and what was a duplicate, late, unsolicited, malformed, "
          "filtered or not "
          "seen\n",
          to);
    put_files(summary, to);
}
