#include "capture/reader.h"

#include "capture/cursor_format.h"
#include "capture/unzstd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PCAP_MAGIC_US 0xa1b2c3d4u
#define PCAP_MAGIC_NS 0xa1b23c4du
// The upper half of a pcap's last word tells of checksums behind its frames (draft-ietf-opsawg-pcap, section 4).
#define PCAP_LINK_MASK 0xffffu

#define MAGIC_MAX 8u

// What people take for captures, or keep them in. A name without a program is no compression.
static const struct look_alike {
    char magic[MAGIC_MAX];
    uint8_t len;
    char name[12];
    char program[8];
} look_alikes[] = {
    {"\x1f\x8b", 2, "gzip", "gzip"},       {"\x28\xb5\x2f\xfd", 4, "zstd twice", "zstd"},
    {"\xfd\x37zXZ", 5, "xz", "xz"},        {"BZh", 3, "bzip2", "bzip2"},
    {"\x04\x22\x4d\x18", 4, "lz4", "lz4"}, {"PK\x03\x04", 4, "zip", "unzip"},
    {"snoop\0\0", 8, "snoop", ""},
};

static const struct span nowhere = {0, 0};

// Of a long path the end tells more. Nothing in a name can steer a terminal.
static void set_name(struct capture_reader *reader, const char *path)
{
    size_t len = strlen(path);
    size_t max = sizeof(reader->name) - 1;

    if (len <= max) {
        memcpy(reader->name, path, len + 1);
    } else {
        memcpy(reader->name, "...", 3);
        memcpy(reader->name + 3, path + len - (max - 3), max - 3 + 1);
    }
    for (char *c = reader->name; *c != '\0'; c++)
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
}

static bool refuse(const struct capture_reader *reader, size_t len, struct diag *diag)
{
    for (size_t i = 0; i < ARRAY_SIZE(look_alikes); i++) {
        const struct look_alike *like = &look_alikes[i];

        if (len < like->len || memcmp(reader->head, like->magic, like->len) != 0)
            continue;
        if (like->program[0] == '\0') {
            diag_set(diag, nowhere, "%s: a %s capture, neither pcap nor pcapng", reader->name, like->name);
            return diag_hint(diag, "convert it with editcap");
        }
        diag_set(diag, nowhere, "%s: compressed with %s", reader->name, like->name);
        return diag_hint(diag, "decompress it first, with %s", like->program);
    }
    if (reader->unzstd != NULL && unzstd_is_torn(reader->unzstd))
        return diag_set(diag, nowhere, "%s: its header is cut short", reader->name);
    if (len == 0)
        return diag_set(diag, nowhere, "%s: empty, without even a header", reader->name);
    return diag_set(diag, nowhere, "%s: neither pcap nor pcapng", reader->name);
}

static bool read_pcap_header(struct capture_reader *reader, struct diag *diag)
{
    unsigned major = load16(reader->head + 4, reader->swapped);
    unsigned minor = load16(reader->head + 6, reader->swapped);

    if (major != 2 || minor != 4)
        return diag_set(diag, nowhere, "%s: pcap of version %u.%u; only 2.4 is read", reader->name, major,
                        minor);
    reader->link = load32(reader->head + 20, reader->swapped) & PCAP_LINK_MASK;
    return true;
}

static bool is_magic(struct capture_reader *reader, uint32_t magic)
{
    uint32_t first = load32(reader->head, false);

    reader->swapped = first == __builtin_bswap32(magic);
    return reader->swapped || first == magic;
}

// `len` bytes of the head are there: all, unless the capture ends before.
static bool identify(struct capture_reader *reader, size_t len, struct diag *diag)
{
    bool whole = len == READER_HEAD_BYTES;

    if (len < 4)
        return refuse(reader, len, diag);
    if (load32(reader->head, false) == PCAPNG_SECTION) {
        bool swapped;

        if (len >= 12 && !pcapng_byte_order(reader->head + 8, &swapped))
            return refuse(reader, len, diag);
        reader->format = READER_PCAPNG;
        return whole || diag_set(diag, nowhere, "%s: its header is cut short", reader->name);
    }
    reader->format = READER_PCAP;
    reader->tick_ns = 1000;
    if (!is_magic(reader, PCAP_MAGIC_US)) {
        if (!is_magic(reader, PCAP_MAGIC_NS))
            return refuse(reader, len, diag);
        reader->tick_ns = 1;
    }
    if (!whole)
        return diag_set(diag, nowhere, "%s: its header is cut short", reader->name);
    return read_pcap_header(reader, diag);
}

// Returns how much of the head there is, or -errno.
static ssize_t read_head(struct capture_reader *reader)
{
    size_t len = 0;

    while (len < READER_HEAD_BYTES) {
        ssize_t n = reader_read(reader, reader->head + len, READER_HEAD_BYTES - len, len);

        if (n < 0)
            return n;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static bool fail(const struct capture_reader *reader, int err, struct diag *diag)
{
    char text[96];

    return diag_set(diag, nowhere, "%s: %s", reader->name, unzstd_error(err, text, sizeof(text)));
}

// From here on the reader is what was compressed: a stream.
static bool uncompress(struct capture_reader *reader, struct diag *diag)
{
    ssize_t len;

    if (!unzstd_is(reader->head, reader->head_len))
        return true;
    reader->unzstd = unzstd_new(reader);
    if (reader->unzstd == NULL)
        return fail(reader, -ENOMEM, diag);
    reader->memory = NULL;
    reader->seekable = false;
    reader->head_len = 0;
    len = read_head(reader);
    if (len < 0)
        return fail(reader, (int)len, diag);
    reader->head_len = (size_t)len;
    return true;
}

static bool recognise(struct capture_reader *reader, struct diag *diag)
{
    uint8_t head[READER_HEAD_BYTES];
    size_t head_len = reader->head_len;

    memcpy(head, reader->head, sizeof(head));
    if (uncompress(reader, diag) && identify(reader, reader->head_len, diag))
        return true;
    memcpy(reader->head, head, sizeof(head));
    reader->head_len = head_len;
    capture_reader_close(reader);
    return false;
}

// Regular files can be read anywhere, except standard input of which someone has read before us.
static bool look_at_file(struct capture_reader *reader, bool ours, struct diag *diag)
{
    struct stat stat;

    if (fstat(reader->fd, &stat) < 0)
        return fail(reader, -errno, diag);
    if (S_ISDIR(stat.st_mode))
        return diag_set(diag, nowhere, "%s: a directory, not a capture", reader->name);
    reader->seekable = S_ISREG(stat.st_mode) && (ours || lseek(reader->fd, 0, SEEK_CUR) == 0);
    return true;
}

bool capture_reader_open(struct capture_reader *reader, const char *path, struct diag *diag)
{
    bool is_stdin = strcmp(path, "-") == 0;
    ssize_t len;

    *reader = (struct capture_reader){.fd = -1};
    set_name(reader, is_stdin ? "standard input" : path);
    if (is_stdin)
        reader->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    else
        reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (reader->fd < 0)
        return fail(reader, -errno, diag);
    if (!look_at_file(reader, !is_stdin, diag))
        goto err_close_file;
    len = read_head(reader);
    if (len < 0) {
        (void)fail(reader, (int)len, diag);
        goto err_close_file;
    }
    reader->head_len = (size_t)len;
    return recognise(reader, diag);

err_close_file:
    capture_reader_close(reader);
    return false;
}

bool capture_reader_from_memory(struct capture_reader *reader, const uint8_t *bytes, size_t len,
                                struct diag *diag)
{
    size_t head_len = len < READER_HEAD_BYTES ? len : READER_HEAD_BYTES;

    *reader = (struct capture_reader){.fd = -1, .seekable = true, .memory = bytes, .memory_len = len};
    set_name(reader, "memory");
    reader->head_len = head_len;
    if (head_len > 0)
        memcpy(reader->head, bytes, head_len);
    return recognise(reader, diag);
}

void capture_reader_close(struct capture_reader *reader)
{
    unzstd_free(reader->unzstd);
    if (reader->fd >= 0)
        close(reader->fd);
    reader->unzstd = NULL;
    reader->fd = -1;
}

ssize_t reader_read(const struct capture_reader *reader, uint8_t *to, size_t len, uint64_t offset)
{
    if (reader->unzstd != NULL)
        return unzstd_read(reader->unzstd, to, len);
    for (;;) {
        ssize_t n = reader->seekable ? pread(reader->fd, to, len, (off_t)offset) : read(reader->fd, to, len);

        if (n >= 0 || errno != EINTR)
            return n >= 0 ? n : -errno;
    }
}
