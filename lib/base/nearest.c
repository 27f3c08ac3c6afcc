#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

#define NEAREST_NAME_MAX 48

void nearest_init(struct nearest *nearest, const char *text, size_t len)
{
    // Half of the letters may be wrong, in steps of half a letter.
    *nearest = (struct nearest){.text = text, .len = len, .distance = (unsigned)len + 1};
}

static unsigned nearest_cost(char a, char b)
{
    if (a == b)
        return 0;
    return tolower((unsigned char)a) == tolower((unsigned char)b) ? 1 : 2;
}

static unsigned nearest_min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

// Levenshtein's distance with swaps of neighbours, doubled.
static unsigned nearest_distance(const char *a, size_t la, const char *b, size_t lb)
{
    unsigned row[3][NEAREST_NAME_MAX + 1];

    for (size_t j = 0; j <= lb; j++)
        row[0][j] = (unsigned)(2 * j);
    for (size_t i = 1; i <= la; i++) {
        unsigned *now = row[i % 3], *above = row[(i + 2) % 3], *above2 = row[(i + 1) % 3];

        now[0] = (unsigned)(2 * i);
        for (size_t j = 1; j <= lb; j++) {
            now[j] = nearest_min(above[j - 1] + nearest_cost(a[i - 1], b[j - 1]),
                                 nearest_min(above[j], now[j - 1]) + 2);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = nearest_min(now[j], above2[j - 2] + 2);
        }
    }
    return row[la % 3][lb];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t len = strlen(name);

    if (nearest->len > NEAREST_NAME_MAX || len > NEAREST_NAME_MAX)
        return;
    unsigned distance = nearest_distance(nearest->text, nearest->len, name, len);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = name;
    }
}
