#include "port/sim_wheel.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

// At 2 Mpps and an RTT of some milliseconds that is one or two frames a bucket, and 200 KB.
#define BUCKETS     8192
#define SHIFT_LEAST 6
#define WORDS       (BUCKETS / 64)

int sim_wheel_init(struct sim_wheel *wheel, uint64_t span, uint64_t at)
{
    *wheel = (struct sim_wheel){.span = span, .at = at, .shift = SHIFT_LEAST};
    while (span >> wheel->shift >= BUCKETS - 1)
        wheel->shift++;
    wheel->buckets = calloc(BUCKETS, sizeof(*wheel->buckets));
    wheel->used = calloc(WORDS, sizeof(*wheel->used));
    if (wheel->buckets != NULL && wheel->used != NULL)
        return 0;
    sim_wheel_release(wheel);
    return -ENOMEM;
}

void sim_wheel_release(struct sim_wheel *wheel)
{
    free(wheel->buckets);
    free(wheel->used);
    wheel->buckets = NULL;
    wheel->used = NULL;
}

void sim_wheel_add(struct sim_wheel *wheel, struct sim_packet *packet)
{
    uint64_t due = packet->due > wheel->at ? packet->due : wheel->at;
    size_t place = due >> wheel->shift & (BUCKETS - 1);
    struct sim_bucket *bucket = &wheel->buckets[place];

    assert(due - wheel->at <= wheel->span);
    packet->next = NULL;
    if (bucket->head == NULL) {
        wheel->used[place / 64] |= (uint64_t)1 << place % 64;
        bucket->head = packet;
        bucket->sorted = true;
    } else {
        bucket->sorted = bucket->sorted && bucket->tail->due <= packet->due;
        bucket->tail->next = packet;
    }
    bucket->tail = packet;
    wheel->count++;
}

// Stable: of equals, those of `a` come first.
static struct sim_packet *merge(struct sim_packet *a, struct sim_packet *b)
{
    struct sim_packet *head, **end = &head;

    while (a != NULL && b != NULL) {
        struct sim_packet **from = a->due <= b->due ? &a : &b;

        *end = *from;
        end = &(*from)->next;
        *from = (*from)->next;
    }
    *end = a != NULL ? a : b;
    return head;
}

// Merge sort from the bottom up: run i holds 2^i frames, older ones than the runs below it.
static void sort(struct sim_bucket *bucket)
{
    struct sim_packet *runs[32] = {0}, *all = NULL, *next;
    unsigned i, top = 0;

    for (struct sim_packet *packet = bucket->head; packet != NULL; packet = next) {
        next = packet->next;
        packet->next = NULL;
        for (i = 0; i < 31 && runs[i] != NULL; i++) {
            packet = merge(runs[i], packet);
            runs[i] = NULL;
        }
        runs[i] = packet;
        top = i > top ? i : top;
    }
    for (i = 0; i <= top; i++)
        all = merge(runs[i], all);
    bucket->head = all;
    for (bucket->tail = all; bucket->tail->next != NULL;)
        bucket->tail = bucket->tail->next;
    bucket->sorted = true;
}

// The first bucket with frames, from the wheel's time on; there must be one.
static size_t first_used(const struct sim_wheel *wheel)
{
    size_t start = wheel->at >> wheel->shift & (BUCKETS - 1), word = start / 64;
    uint64_t bits = wheel->used[word] & UINT64_MAX << start % 64;

    while (bits == 0) {
        word = (word + 1) % WORDS;
        bits = wheel->used[word];
    }
    return word * 64 + (size_t)__builtin_ctzll(bits);
}

struct sim_packet *sim_wheel_take(struct sim_wheel *wheel, uint64_t until)
{
    if (sim_wheel_next(wheel) > until) {
        wheel->at = until > wheel->at ? until : wheel->at;
        return NULL;
    }

    size_t place = first_used(wheel);
    struct sim_bucket *bucket = &wheel->buckets[place];
    struct sim_packet *packet = bucket->head;

    bucket->head = packet->next;
    if (bucket->head == NULL)
        wheel->used[place / 64] &= ~((uint64_t)1 << place % 64);
    wheel->at = packet->due > wheel->at ? packet->due : wheel->at;
    wheel->count--;
    return packet;
}

uint64_t sim_wheel_next(struct sim_wheel *wheel)
{
    struct sim_bucket *bucket;

    if (wheel->count == 0)
        return UINT64_MAX;
    bucket = &wheel->buckets[first_used(wheel)];
    if (!bucket->sorted)
        sort(bucket);
    return bucket->head->due;
}
