#include "port/dpdk.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

// Without hugepages EAL's memory cannot grow, so the first port reserves for all that may follow (20 MB an AF_XDP
// queue). It is address space only, a page costs when it is first used; but EAL's table of pages costs 11 ms a GB.
#define DPDK_RESERVE_MB 1024
// Fewer free hugepages than this are left to others.
#define DPDK_HUGE_MIN_MB 256
// Shorter measurements of the TSC are worse than EAL's own figure.
#define DPDK_TSC_MIN_NS 10000000

// How long EAL may sleep for its own figure.
#define DPDK_ALARM_NS 5000000

#define DPDK_ARGS_MAX 16

struct dpdk_args {
    char text[2048];
    size_t len;
    char *argv[DPDK_ARGS_MAX];
    int argc;
};

// EAL is one a process, and so is this.
static struct {
    bool started, has_pci;
    uint64_t ticks_hz;
    FILE *log;       // DPDK's errors go here; its lock guards `error`
    char error[160]; // the first line since the last clear
} dpdk;

static ssize_t log_write(void *cookie, const char *text, size_t len)
{
    const char *newline = memchr(text, '\n', len);
    size_t n = newline != NULL ? (size_t)(newline - text) : len;
    const char *function = memmem(text, n, "(): ", 4); // PMDs begin with theirs

    (void)cookie;
    if (n > 5 && memcmp(text, "EAL: ", 5) == 0) {
        text += 5;
        n -= 5;
    }
    if (function != NULL) {
        n -= (size_t)(function + 4 - text);
        text = function + 4;
    }
    if (dpdk.error[0] == '\0')
        snprintf(dpdk.error, sizeof(dpdk.error), "%.*s", (int)n, text);
    return (ssize_t)len;
}

void dpdk_error_clear(void)
{
    if (dpdk.log == NULL)
        return;
    flockfile(dpdk.log);
    dpdk.error[0] = '\0';
    funlockfile(dpdk.log);
}

bool dpdk_error_get(char *text, size_t size)
{
    text[0] = '\0';
    if (dpdk.log == NULL)
        return false;
    flockfile(dpdk.log);
    snprintf(text, size, "%s", dpdk.error);
    funlockfile(dpdk.log);
    return text[0] != '\0';
}

static int log_open(void)
{
    cookie_io_functions_t io = {.write = log_write};

    if (dpdk.log != NULL)
        return 0;
    dpdk.log = fopencookie(NULL, "w", io);
    if (dpdk.log == NULL)
        return -ENOMEM;
    if (rte_openlog_stream(dpdk.log) != 0) {
        fclose(dpdk.log);
        dpdk.log = NULL;
        return -EIO;
    }
    rte_log_set_global_level(RTE_LOG_ERR);
    return 0;
}

// Free hugepages of the default size.
static uint64_t free_huge_mb(void)
{
    FILE *file = fopen("/proc/meminfo", "re");
    unsigned long long pages = 0, page_kb = 0;
    char line[128];

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        (void)sscanf(line, "HugePages_Free: %llu", &pages);
        (void)sscanf(line, "Hugepagesize: %llu", &page_kb);
    }
    fclose(file);
    return pages * page_kb / 1024;
}

PRINTF(2, 3) static void args_add(struct dpdk_args *args, const char *format, ...)
{
    char *arg = args->text + args->len;
    size_t room = sizeof(args->text) - args->len;
    va_list list;
    int n;

    va_start(list, format);
    n = vsnprintf(arg, room, format, list);
    va_end(list);
    assert(n >= 0 && (size_t)n < room && args->argc < DPDK_ARGS_MAX);
    args->argv[args->argc++] = arg;
    args->len += (size_t)n + 1;
}

// "0@(0,1,5)": the one lcore may run wherever the calling thread may, so that EAL pins nothing.
static void args_add_lcore(struct dpdk_args *args, const cpu_set_t *affinity)
{
    char cpus[4 * RTE_MAX_LCORE + 1];
    size_t at = 0;

    for (int cpu = 0; cpu < RTE_MAX_LCORE; cpu++)
        if (CPU_ISSET(cpu, affinity))
            at += (size_t)snprintf(cpus + at, sizeof(cpus) - at, "%s%d", at > 0 ? "," : "", cpu);
    if (at > 0) // else only CPUs that this EAL does not know
        args_add(args, "--lcores=0@(%s)", cpus);
}

static void args_fill(struct dpdk_args *args, const char *pci, const cpu_set_t *affinity)
{
    args_add(args, "volley");
    args_add(args, "--no-telemetry");
    args_add(args, "--no-shconf");
    args_add(args, "--file-prefix=volley%d", (int)getpid());
    args_add_lcore(args, affinity);
    if (geteuid() == 0 && free_huge_mb() >= DPDK_HUGE_MIN_MB) {
        args_add(args, "--in-memory"); // maps hugepages as they are needed
    } else {
        args_add(args, "--no-huge"); // excludes --in-memory
        args_add(args, "-m");
        args_add(args, "%d", DPDK_RESERVE_MB);
    }
    if (pci != NULL) {
        args_add(args, "-a");
        args_add(args, "%s", pci);
    } else {
        args_add(args, "--no-pci");
        args_add(args, "--iova-mode=va"); // a pool is then one piece, as AF_XDP needs it
    }
}

// EAL makes an empty directory for the files that --no-shconf then never writes.
static void runtime_dir_remove(void)
{
    const char *path = rte_eal_get_runtime_dir();
    char parent[PATH_MAX];
    char *slash;

    if (path == NULL || rmdir(path) != 0)
        return;
    snprintf(parent, sizeof(parent), "%s", path);
    slash = strrchr(parent, '/');
    if (slash == NULL)
        return;
    *slash = '\0';
    (void)rmdir(parent); // stays if another DPDK program uses it
}

static uint64_t raw_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Where the CPU does not tell the TSC's frequency, EAL sleeps 100 ms to measure it. A signal ends that sleep early, and
// EAL measures over what has passed; we measure over the whole start anyway. Nothing else in EAL's start is cut short:
// other calls are restarted.
struct alarm {
    timer_t timer;
    struct sigaction before;
    bool set;
};

static void alarm_ring(int signal)
{
    (void)signal;
}

static void alarm_start(struct alarm *alarm)
{
    struct sigaction action = {.sa_handler = alarm_ring, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    const struct timespec every = {.tv_nsec = DPDK_ALARM_NS};
    const struct itimerspec interval = {every, every};

    event._sigev_un._tid = gettid();
    alarm->set = sigaction(SIGRTMIN, &action, &alarm->before) == 0;
    if (!alarm->set)
        return;
    if (timer_create(CLOCK_MONOTONIC, &event, &alarm->timer) != 0) {
        sigaction(SIGRTMIN, &alarm->before, NULL);
        alarm->set = false;
        return;
    }
    timer_settime(alarm->timer, 0, &interval, NULL);
}

static void alarm_stop(struct alarm *alarm)
{
    if (!alarm->set)
        return;
    timer_delete(alarm->timer); // what is pending is gone with it
    sigaction(SIGRTMIN, &alarm->before, NULL);
}

static int eal_init(struct dpdk_args *args)
{
    uint64_t ns = raw_ns(), ticks = rte_rdtsc();
    struct alarm alarm;

    alarm_start(&alarm);
    int lcores = rte_eal_init(args->argc, args->argv);
    alarm_stop(&alarm);
    if (lcores < 0)
        return rte_errno > 0 ? -rte_errno : -EIO;
    ticks = rte_rdtsc() - ticks;
    ns = raw_ns() - ns;
    dpdk.ticks_hz = ns >= DPDK_TSC_MIN_NS ? (uint64_t)((u128)ticks * 1000000000u / ns) : rte_get_tsc_hz();
    return 0;
}

int dpdk_start(const char *pci, struct diag *diag)
{
    struct dpdk_args args = {.argc = 0};
    cpu_set_t affinity;
    char reason[160];
    int err;

    if (dpdk.started && pci != NULL && !dpdk.has_pci) {
        diag_set(diag, (struct span){0, 0}, "%s must be opened before any other port", pci);
        return -EBUSY;
    }
    if (dpdk.started)
        return 0;
    err = log_open();
    if (err < 0)
        return err;
    err = -pthread_getaffinity_np(pthread_self(), sizeof(affinity), &affinity);
    if (err < 0)
        return err;
    args_fill(&args, pci, &affinity);
    err = eal_init(&args);
    (void)pthread_setaffinity_np(pthread_self(), sizeof(affinity), &affinity);
    if (err < 0) {
        if (!dpdk_error_get(reason, sizeof(reason)))
            snprintf(reason, sizeof(reason), "%s", strerror(-err));
        diag_set(diag, (struct span){0, 0}, "DPDK does not start: %s", reason);
        return err;
    }
    runtime_dir_remove();
    dpdk.started = true;
    dpdk.has_pci = pci != NULL;
    return 0;
}

uint64_t dpdk_ticks_hz(void)
{
    return dpdk.ticks_hz;
}
