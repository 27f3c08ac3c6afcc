#include "port/sim_options.h"

#include <string.h>

struct text {
    const char *at;
    size_t len;
};

struct unit {
    const char *suffix;
    uint64_t multiply, divide;
};

static const struct unit share_units[] = {{"%", SIM_SHARE_ONE, 100}, {NULL, 0, 0}};
static const struct unit time_units[] = {
    {"ns", 1, 1}, {"us", 1000, 1}, {"ms", 1000000, 1}, {"s", 1000000000, 1}, {NULL, 0, 0}};
static const struct unit count_units[] = {
    {"", 1, 1}, {"k", 1000, 1}, {"M", 1000000, 1}, {"G", 1000000000, 1}, {NULL, 0, 0}};

enum kind { KIND_AMOUNT, KIND_PORTS, KIND_CLOCK, KIND_PATH };

// One option a row; what it does is said in docs/sim.md.
struct option {
    const char *key;
    size_t offset; // in struct sim_options
    enum kind kind;
    const struct unit *units;
    uint64_t min, max;
    const char *expects;
};

#define AMOUNT(key, units, min, max, expects)                                          \
    {                                                                                  \
#key, offsetof(struct sim_options, key), KIND_AMOUNT, units, min, max, expects \
    }
#define SHARE(key) AMOUNT(key, share_units, 0, SIM_SHARE_ONE, "a share from 0% to 100%, such as 1%")
#define PORTS(key)                                                                                       \
    {                                                                                                    \
#key, offsetof(struct sim_options, key), KIND_PORTS, NULL, 0, 0, "ports such as 22+80+8000-8010" \
    }

static const struct option option_rows[] = {
    SHARE(alive),
    {"clock", offsetof(struct sim_options, virtual_clock), KIND_CLOCK, NULL, 0, 0, "real or virtual"},
    SHARE(corrupt),
    SHARE(dup),
    SHARE(flip),
    AMOUNT(hops, count_units, 0, 60, "a number of routers from 0 to 60"),
    SHARE(jitter),
    {"log", offsetof(struct sim_options, log), KIND_PATH, NULL, 0, 0, "a file name of up to 240 bytes"},
    SHARE(loss),
    AMOUNT(mtu, count_units, SIM_MTU_MIN, SIM_MTU_MAX, "a number of bytes from 576 to 9600"),
    PORTS(open),
    AMOUNT(rate, count_units, 1, 1000000000, "frames a second from 1 to 1G, such as 500k"),
    AMOUNT(ring, count_units, 1, 1 << 22, "a number of frames from 1 to 4194304"),
    AMOUNT(rtt, time_units, 0, 10000000000, "a time from 0ns to 10s, such as 500us or 1.5ms"),
    AMOUNT(seed, count_units, 0, UINT64_MAX, "a number from 0 to 18446744073709551615"),
    SHARE(stray),
    PORTS(udp),
};

static bool text_is(struct text text, const char *what)
{
    return text.len == strlen(what) && memcmp(text.at, what, text.len) == 0;
}

static bool take_digit(struct text *text, u128 *value)
{
    if (text->len == 0 || *text->at < '0' || *text->at > '9')
        return false;
    *value = *value * 10 + (unsigned)(*text->at - '0');
    text->at++;
    text->len--;
    return true;
}

// amount = digits [ "." digits ] unit | "0". Shares may be rounded; everything else must come out whole.
static bool parse_amount(struct text text, const struct option *row, uint64_t *out)
{
    const struct unit *unit = row->units;
    u128 value = 0, scale = 1;

    if (!take_digit(&text, &value))
        return false;
    while (value <= UINT64_MAX && take_digit(&text, &value))
        ;
    if (text.len > 0 && *text.at == '.') {
        text.at++;
        text.len--;
        while (scale < 1000000000 && value <= UINT64_MAX && take_digit(&text, &value))
            scale *= 10;
        if (scale == 1)
            return false;
    }
    while (unit->suffix != NULL && !text_is(text, unit->suffix) && (value != 0 || text.len != 0))
        unit++;
    if (unit->suffix == NULL || value > UINT64_MAX)
        return false;
    value *= unit->multiply;
    scale *= unit->divide;
    if (row->units != share_units && value % scale != 0)
        return false;
    value /= scale;
    if (value < row->min || value > row->max)
        return false;
    *out = (uint64_t)value;
    return true;
}

static bool take_port(struct text *text, unsigned *port)
{
    u128 value = 0;

    if (!take_digit(text, &value))
        return false;
    while (value <= 65535 && take_digit(text, &value))
        ;
    *port = (unsigned)value;
    return value <= 65535;
}

static bool take_char(struct text *text, char c)
{
    if (text->len == 0 || *text->at != c)
        return false;
    text->at++;
    text->len--;
    return true;
}

// ports = "none" | range { "+" range }; range = port [ "-" port ].
static bool parse_ports(struct text text, struct sim_ports *out)
{
    struct sim_ports ports = {0};
    bool more = !text_is(text, "none");

    while (more) {
        unsigned first, last;

        if (!take_port(&text, &first))
            return false;
        last = first;
        if (take_char(&text, '-') && (!take_port(&text, &last) || last < first))
            return false;
        for (unsigned port = first; port <= last; port++)
            ports.bits[port >> 3] |= (uint8_t)(1u << (port & 7));
        more = take_char(&text, '+');
        if (!more && text.len > 0)
            return false;
    }
    *out = ports;
    return true;
}

static bool parse_clock(struct text text, uint64_t *is_virtual)
{
    *is_virtual = text_is(text, "virtual");
    return *is_virtual || text_is(text, "real");
}

static bool parse_path(struct text text, struct sim_options *options, struct span where)
{
    if (text.len == 0 || text.len > 240)
        return false;
    memcpy(options->log, text.at, text.len);
    options->log[text.len] = '\0';
    options->log_span = where;
    return true;
}

static bool parse_value(struct sim_options *options, const struct option *row, struct text value,
                        struct span where)
{
    uint8_t *to = (uint8_t *)options + row->offset;

    switch (row->kind) {
    case KIND_AMOUNT:
        return parse_amount(value, row, (uint64_t *)(void *)to);
    case KIND_PORTS:
        return parse_ports(value, (struct sim_ports *)(void *)to);
    case KIND_CLOCK:
        return parse_clock(value, (uint64_t *)(void *)to);
    case KIND_PATH:
        return parse_path(value, options, where);
    }
    return false;
}

static bool unknown_key(struct text key, struct span where, struct diag *diag)
{
    char keys[128] = "";

    for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
        strcat(keys, " ");
        strcat(keys, option_rows[i].key);
    }
    return diag_set(diag, where, "the simulated network has no option \"%.*s\"; it has:%s",
                    (int)(key.len < 32 ? key.len : 32), key.at, keys);
}

// item = key "=" value.
static bool parse_item(struct sim_options *options, const char *args, struct text item, uint32_t *seen,
                       struct diag *diag)
{
    const char *equals = memchr(item.at, '=', item.len);
    struct text key = {item.at, equals == NULL ? item.len : (size_t)(equals - item.at)};
    struct span key_span = {(uint32_t)(key.at - args), (uint32_t)key.len};
    size_t i = 0;

    while (i < ARRAY_SIZE(option_rows) && !text_is(key, option_rows[i].key))
        i++;
    if (i == ARRAY_SIZE(option_rows))
        return unknown_key(key, key_span, diag);
    if (equals == NULL)
        return diag_set(diag, key_span, "%s needs a value: %s", option_rows[i].key, option_rows[i].expects);
    if (*seen >> i & 1)
        return diag_set(diag, key_span, "%s is given twice", option_rows[i].key);
    *seen |= 1u << i;

    struct text value = {equals + 1, item.len - key.len - 1};
    struct span where = {(uint32_t)(value.at - args), (uint32_t)value.len};

    if (!parse_value(options, &option_rows[i], value, where))
        return diag_set(diag, where, "%s: \"%.*s\" is not %s", option_rows[i].key,
                        (int)(value.len < 48 ? value.len : 48), value.at, option_rows[i].expects);
    return true;
}

static void set_defaults(struct sim_options *options)
{
    *options =
        (struct sim_options){.alive = SIM_SHARE_ONE, .rtt = 1000000, .ring = 1 << 16, .mtu = 1500, .seed = 1};
    (void)parse_ports((struct text){"22+80+443", 9}, &options->open);
    (void)parse_ports((struct text){"7+53", 4}, &options->udp);
}

bool sim_options_parse(struct sim_options *options, const char *args, struct diag *diag)
{
    const char *at = args;
    uint32_t seen = 0;

    _Static_assert(ARRAY_SIZE(option_rows) <= 32, "seen has a bit for each");
    set_defaults(options);
    while (*args != '\0') {
        struct text item = {at, strcspn(at, ",")};

        if (!parse_item(options, args, item, &seen, diag))
            return false;
        at += item.len;
        if (*at == '\0')
            return true;
        at++;
    }
    return true;
}
