// volley recover: cuts what a killed run left to its last whole packet or record.
#include "capture/recover.h"

#include "command.h"
#include "result/figure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// "scan.answered.pcapng: 1,234 packets, 56 bytes of a torn block cut off"
static void recover_tell(const struct recovery *r, const char *path, bool dry_run)
{
    const char *unit = recover_unit(r);
    uint64_t torn = r->keep < r->size ? r->size - r->keep : 0;

    if (r->whole == 0)
        printf("%s: nothing but a header, no whole %s", path, unit);
    else
        printf("%s: %s %s%s", path, figure_grouped(r->whole).s, unit, r->whole == 1 ? "" : "s");
    if (torn > 0)
        printf(", %s byte%s of a torn %s %scut off\n", figure_grouped(torn).s, torn == 1 ? "" : "s",
               recover_torn(r), dry_run ? "would be " : "");
    else
        printf("; it is whole\n");
}

static int recover_one(const char *path, bool dry_run)
{
    struct diag diag = {.set = false};
    struct recovery recovery;
    enum recover_verdict verdict = recover_examine(&recovery, path, &diag);

    if (verdict != RECOVER_EXAMINED) {
        diag_print(&diag, "volley", NULL, stderr);
        return verdict == RECOVER_REFUSED ? EXIT_USAGE : EXIT_ERROR;
    }
    int err = dry_run ? 0 : recover_cut(&recovery, path);
    if (err < 0) {
        fprintf(stderr, "volley: %s could not be cut: %s\n", path,
                err == -EBUSY ? "it changes; is its run still going on?" : strerror(-err));
        return EXIT_ERROR;
    }
    recover_tell(&recovery, path, dry_run);
    return EXIT_COMPLETE;
}

// An error counts for more than a refusal.
int command_recover(enum command_id id, const struct options *options)
{
    int status = EXIT_COMPLETE;

    (void)id;
    for (unsigned i = 0; i < options->n_arguments; i++) {
        int one = recover_one(options->arguments[i], options->dry_run);

        if (status == EXIT_COMPLETE || one == EXIT_ERROR)
            status = one;
    }
    return status;
}
