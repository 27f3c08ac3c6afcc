#include "port/sim_log.h"

#include "packet/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 18)
#define LINE_MAX     192 // two addresses, six numbers of up to ten digits, three words

int sim_log_open(struct sim_log *log, const char *path)
{
    int err;

    *log = (struct sim_log){.fd = -1};
    if (path[0] == '\0')
        return 0;
    log->buffer = malloc(BUFFER_BYTES);
    if (log->buffer == NULL)
        return -ENOMEM;
    log->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (log->fd >= 0)
        return 0;
    err = -errno;
    free(log->buffer);
    log->buffer = NULL;
    return err;
}

static void flush(struct sim_log *log)
{
    const char *at = log->buffer;

    while (log->len > 0 && log->fd >= 0) {
        ssize_t written = write(log->fd, at, log->len);

        if (written >= 0) {
            at += written;
            log->len -= (size_t)written;
        } else if (errno != EINTR) {
            if (ftruncate(log->fd, 0) != 0)
                errno = 0; // a pipe or a device: it cannot be taken back
            close(log->fd);
            log->fd = -1;
        }
    }
    log->len = 0;
}

void sim_log_close(struct sim_log *log)
{
    if (log->buffer == NULL)
        return;
    flush(log);
    if (log->fd >= 0)
        close(log->fd);
    free(log->buffer);
    *log = (struct sim_log){.fd = -1};
}

static char *put_text(char *to, const char *text)
{
    size_t len = strlen(text);

    memcpy(to, text, len);
    return to + len;
}

static char *put_number(char *to, uint32_t value)
{
    char digits[10];
    int n = 0;

    do
        digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (n > 0)
        *to++ = digits[--n];
    return to;
}

static char *put_address(char *to, const struct sim_frame *f, const uint8_t *bytes)
{
    char text[ADDRESS_TEXT_MAX];
    struct address address;

    if (f->l3 == SIM_L3_NONE)
        return put_text(to, "-");
    if (f->l3 == SIM_L3_IPV6) {
        address = address_from_bytes(6, bytes);
        address_format(&address, text);
        return put_text(to, text);
    }
    for (int i = 0; i < 4; i++) {
        to = put_number(to, bytes[i]);
        *to++ = '.';
    }
    return to - 1;
}

static char *put_proto(char *to, const struct sim_frame *f)
{
    if (f->l3 == SIM_L3_NONE)
        return put_text(to, "-");
    if (f->l3 == SIM_L3_ARP)
        return put_text(to, "arp");
    if (f->proto == SIM_TCP)
        return put_text(to, "tcp");
    if (f->proto == SIM_UDP)
        return put_text(to, "udp");
    if (f->proto == SIM_ICMP)
        return put_text(to, "icmp");
    if (f->proto == SIM_ICMP6)
        return put_text(to, "icmp6");
    return put_number(put_text(to, "ip-"), f->proto);
}

static uint32_t tcp_seq(const struct sim_frame *f)
{
    bool has = f->proto == SIM_TCP && f->l4_bytes >= 8 && f->fragment_offset == 0;

    return has ? get32(f->l4 + 4) : 0;
}

void sim_log_frame(struct sim_log *log, enum sim_fate fate, enum sim_answer answer, const struct sim_frame *f,
                   uint32_t bit)
{
    static const char *const fates[] = {
#define SIM_FATE(id, name) name,
        SIM_FATES(SIM_FATE)
#undef SIM_FATE
    };
    static const char *const answers[] = {
#define SIM_ANSWER(id, name) name,
        SIM_ANSWERS(SIM_ANSWER)
#undef SIM_ANSWER
            "-",
    };
    char *to;

    if (log->buffer == NULL)
        return;
    if (log->len > BUFFER_BYTES - LINE_MAX)
        flush(log);
    to = log->buffer + log->len;
    to = put_text(to, fates[fate]);
    *to++ = ' ';
    to = put_proto(to, f);
    *to++ = ' ';
    to = put_address(to, f, f->src);
    *to++ = ' ';
    to = put_number(to, f->sport);
    *to++ = ' ';
    to = put_address(to, f, f->dst);
    *to++ = ' ';
    to = put_number(to, f->dport);
    *to++ = ' ';
    to = put_number(to, tcp_seq(f));
    *to++ = ' ';
    to = put_text(to, answers[answer]);
    if (fate == SIM_FATE_FLIPPED)
        to = put_number(put_text(to, " "), bit);
    *to++ = '\n';
    log->len = (size_t)(to - log->buffer);
}
