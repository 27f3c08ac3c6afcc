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

    for (unsigned i = 0; i < SPOOL_LISTS; i++) {
        errno = 0;
        if (fwrite(&words[i], sizeof(words[i]), 1, spool->files[i]) != 1)
            return errno != 0 ? -errno : -EIO;
    }
    spool->n++;
    return 0;
}

int spool_map(struct spool *spool)
{
    for (unsigned i = 0; i < SPOOL_LISTS && spool->n > 0; i++) {
        if (fflush(spool->files[i]) != 0)
            return -errno;
        void *p = mmap(NULL, spool->n * sizeof(uint64_t), PROT_READ, MAP_SHARED, fileno(spool->files[i]), 0);
        if (p == MAP_FAILED)
            return -errno;
        spool->lists[i] = p;
    }
    return 0;
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
