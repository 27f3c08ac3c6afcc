#include "fuzz_template.h"

#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Names that start with 'x' are known; others are not.
static bool fuzz_lookup(void *context, const char *name, uint8_t family, struct address *address,
                        const char **why)
{
    (void)context;
    *why = "no such name";
    if (name[0] != 'x')
        return false;
    *address = (struct address){family == 6 ? (u128)0x20010002 << 96 : 0xc6120001u, family == 6 ? 6 : 4};
    return true;
}

// Put in place of open(2) by the linker. No file of the machine is opened: a path is its own file's contents.
int __wrap_open64(const char *path, int flags);
int __wrap_open(const char *path, int flags);

int __wrap_open64(const char *path, int flags)
{
    int fd = memfd_create("fuzz", 0);

    FUZZ_CHECK(fd >= 0 && (flags & O_ACCMODE) == O_RDONLY);
    FUZZ_CHECK(write(fd, path, strlen(path)) == (ssize_t)strlen(path) && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

int __wrap_open(const char *path, int flags)
{
    return __wrap_open64(path, flags);
}

static const struct services *fuzz_services(void)
{
    static struct services services;

    if (services.text == NULL && services_init(&services, FUZZ_SERVICES) < 0)
        abort();
    return &services;
}

void fuzz_template_check_error(const struct fuzz_template *f, const struct diag *diag)
{
    char *printed;
    size_t len;

    FUZZ_CHECK(diag->set && diag->message[0] != '\0');
    FUZZ_CHECK((size_t)diag->where.at + diag->where.len <= strlen(f->text));
    FILE *to = open_memstream(&printed, &len);
    FUZZ_CHECK(to != NULL);
    diag_print(diag, "template", f->text, to);
    fclose(to);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(printed[i] == '\n' || printed[i] == '\t' || (printed[i] >= ' ' && printed[i] <= '~'));
    free(printed);
}

bool fuzz_template_open(struct fuzz_template *f, const uint8_t *bytes, size_t len, size_t memory_max)
{
    static const struct resolver resolver = {.lookup = fuzz_lookup};
    const struct template_sources sources = {.services = fuzz_services(), .resolver = &resolver};
    struct diag diag = {.set = false};

    // A command line's argument has no NUL in it.
    f->text = strndup((const char *)bytes, len);
    FUZZ_CHECK(f->text != NULL);
    arena_init(&f->arena, memory_max);
    if (template_parse(&f->template, f->text, strlen(f->text), &sources, &f->arena, &diag))
        return true;
    fuzz_template_check_error(f, &diag);
    return false;
}

void fuzz_template_release(struct fuzz_template *f)
{
    arena_release(&f->arena);
    free(f->text);
}
