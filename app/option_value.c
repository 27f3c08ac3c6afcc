#include "option_value.h"

#include "result/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool option_scaled(const char *text, double *value)
{
    char *end;

    errno = 0;
    *value = strtod(text, &end);
    if (end == text || errno != 0 || !(*value >= 0))
        return false;
    if (*end != '\0' && end[1] == '\0') {
        const char *suffix = strchr("kMG", *end);

        if (suffix == NULL)
            return false;
        *value *= *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : 1e9;
        end++;
    }
    return *end == '\0' && *value < 1e12;
}

bool option_whole(const char *text, uint64_t max, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value <= max;
}

const char *option_cores(const char *text, unsigned *cores, unsigned *n)
{
    static const char expected[] = "cores: 1, 0,2 or 1-3";
    char *end = NULL;

    for (*n = 0;; text = end + 1) {
        unsigned long first = strtoul(text, &end, 10), last = first;

        if (end == text || text[0] < '0' || text[0] > '9')
            return expected;
        if (*end == '-') {
            const char *from = end + 1;

            last = strtoul(from, &end, 10);
            if (end == from)
                return expected;
        }
        for (; first <= last && last < 4096; first++) {
            if (*n == OPTIONS_CORES_MAX)
                return "64 cores at most";
            cores[(*n)++] = (unsigned)first;
        }
        if (first <= last)
            return expected;
        if (*end != ',')
            break;
    }
    return *end == '\0' && *n > 0 ? NULL : expected;
}

const char *option_time(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"m", 60e9}, {"h", 3600e9}};
    char *end;

    errno = 0;
    double value = strtod(text, &end);
    if (end == text || errno != 0 || !(value >= 0) || value > 1e9)
        return "seconds (2, 0.5), or with a unit: 200ms";
    for (unsigned i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(end, units[i].unit) == 0 && value * units[i].ns < 1e15) {
            *ns = (uint64_t)(value * units[i].ns);
            return NULL;
        }
    }
    return "seconds (2, 0.5), or with a unit: 200ms";
}

const char *option_outcomes(const char *text, uint32_t *outcomes)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } kinds[] = {{"duplicates", 1u << RECORD_DUPLICATE},    {"late", 1u << RECORD_LATE},
                 {"unsolicited", 1u << RECORD_UNSOLICITED}, {"malformed", 1u << RECORD_MALFORMED},
                 {"filtered", 1u << RECORD_FILTERED},       {"all", RECORD_NO_ANSWERS}};

    for (const char *word = text;; word += strcspn(word, ",") + 1) {
        size_t len = strcspn(word, ",");
        unsigned i = 0;

        while (i < ARRAY_SIZE(kinds) &&
               !(strlen(kinds[i].name) == len && strncmp(kinds[i].name, word, len) == 0))
            i++;
        if (i == ARRAY_SIZE(kinds))
            return "some of duplicates, late, unsolicited, malformed and filtered, with commas between, or "
                   "all";
        *outcomes |= kinds[i].bits;
        if (word[len] == '\0')
            return NULL;
    }
}
