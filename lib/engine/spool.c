#include "engine/spool.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int spool_open(struct spool *spool)
{
    *spool = (struct spool){0};
    for (unsigned i = 0; i < SPOOL_LISTS; i++) {
        spool->files[i] = tmpfile();
        if (spool->files[i] == NULL) {
            int err = -errno;

            spool_close(spool);
            return err;
        }
    }
    return 0;
}

int spool_add(struct spool *spool, uint64_t index, uint64_t position, uint64_t sent_ticks)
{
    const uint64_t words[SPOOL_LISTS] = {index, position, sent_ticks};

    for (unsigned i = 0; i < SPOOL_LISTS && spool->error == 0; i++) {
        errno = 0;
        if (fwrite(&words[i], sizeof(words[i]), 1, spool->files[i]) != 1)
            spool->error = errno != 0 ? -errno : -EIO;
    }
    spool->n += spool->error == 0;
    return spool->error;
}

static int spool_map_list(struct spool *spool, enum spool_list list)
{
    FILE *file = spool->files[list];

    if (fflush(file) != 0)
        return -errno;
    void *p = spool->n == 0 ? NULL
                            : mmap(NULL, spool->n * sizeof(uint64_t), PROT_READ, MAP_SHARED, fileno(file), 0);
    if (p == MAP_FAILED)
        return -errno;
    spool->lists[list] = p;
    spool->files[list] = NULL;
    (void)!fclose(file); // written and mapped: there is nothing left that could fail
    return 0;
}

int spool_map(struct spool *spool)
{
    for (unsigned i = 0; i < SPOOL_LISTS && spool->error == 0; i++) {
        if (spool->files[i] != NULL)
            spool->error = spool_map_list(spool, (enum spool_list)i);
    }
    return spool->error;
}

void spool_close(struct spool *spool)
{
    for (unsigned i = 0; i < SPOOL_LISTS; i++) {
        if (spool->lists[i] != NULL)
            munmap((void *)spool->lists[i], spool->n * sizeof(uint64_t));
        if (spool->files[i] != NULL)
            fclose(spool->files[i]);
    }
    *spool = (struct spool){0};
}
