#include "status.h"

#include "packet/text.h"
#include "result/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void status_init(struct status *status, double rate_pps, bool quiet)
{
    const char *term = getenv("TERM");

    *status = (struct status){.rate_pps = rate_pps};
    status->on = !quiet && isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

static void status_number(struct text *text, const char *before, uint64_t n, const char *after)
{
    text_add(text, "%s%s%s", before, figure_scaled(n).s, after);
}

// The rate of late, not that since the start.
static void status_measure(struct status *s, const struct run_progress *p)
{
    double seconds = (double)(p->elapsed_ns - s->last_ns) / 1e9;

    if (seconds <= 0)
        return;
    double now = p->sent >= s->last_sent ? (double)(p->sent - s->last_sent) / seconds : 0;
    s->pps = s->last_ns == 0 ? now : 0.7 * s->pps + 0.3 * now;
    s->last_sent = p->sent;
    s->last_ns = p->elapsed_ns;
}

static void status_left(const struct status *s, const struct run_progress *p, struct text *text)
{
    if (p->all_sent || s->pps < 1e-3 || p->sent >= p->planned)
        return;
    uint64_t seconds = (uint64_t)((double)(p->planned - p->sent) / s->pps);

    text_add(text, "  %llu:%02llu left", (unsigned long long)(seconds / 60),
             (unsigned long long)(seconds % 60));
}

static unsigned status_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void status_draw(struct status *s, const struct run_progress *p)
{
    char line[256];
    struct text text = text_in(line, sizeof(line));

    status_measure(s, p);
    if (!s->on)
        return;
    text_add(&text, "%.1f %%", p->planned == 0 ? 100.0 : 100.0 * (double)p->sent / (double)p->planned);
    status_number(&text, "  sent ", p->sent, "");
    status_number(&text, "/", p->planned, "");
    status_number(&text, "  ", (uint64_t)s->pps, "pps");
    if (s->rate_pps == 0 && p->limit != NULL && !p->all_sent)
        text_add(&text, " (%s)", p->limit);
    status_number(&text, "  answered ", p->answered, "");
    status_number(&text, "  silent ", p->silent, "");
    status_number(&text, "  waiting ", p->waiting, "");
    status_number(&text, "  lost ", p->lost, "");
    if (p->attempt > 1)
        text_add(&text, "  attempt %u", p->attempt);
    status_left(s, p, &text);
    fprintf(stderr, "\r%.*s\033[K", (int)status_columns() - 1, line);
    fflush(stderr);
    s->shown = true;
}

void status_clear(struct status *s)
{
    if (s->shown)
        fputs("\r\033[K", stderr);
    s->shown = false;
}
