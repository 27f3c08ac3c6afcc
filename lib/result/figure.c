#include "result/figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct figure figure_grouped(uint64_t value)
{
    struct figure text;
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    size_t at = 0;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            text.s[at++] = ',';
        text.s[at++] = digits[i];
    }
    text.s[at] = '\0';
    return text;
}

struct figure figure_scaled(uint64_t value)
{
    static const char units[] = " kMGTPE";
    struct figure text;
    uint64_t scale = 1;
    unsigned unit = 0;
    unsigned decimals;
    unsigned fraction;
    unsigned whole;

    for (; value / scale >= 1000; unit++)
        scale *= 1000;
    whole = (unsigned)(value / scale);
    decimals = unit == 0 || whole >= 100 ? 0 : whole >= 10 ? 1 : 2;
    fraction = (unsigned)((u128)(value % scale) * (decimals == 2 ? 100 : 10) / scale);
    for (; decimals > 0 && fraction % 10 == 0; decimals--)
        fraction /= 10;
    if (decimals == 0)
        snprintf(text.s, sizeof(text.s), "%u", whole);
    else
        snprintf(text.s, sizeof(text.s), "%u.%0*u", whole, (int)decimals, fraction);
    if (unit > 0)
        strncat(text.s, &units[unit], 1);
    return text;
}
