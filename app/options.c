#include "options.h"

#include "base/nearest.h"
#include "command.h"
#include "option_value.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define ON(name) (1u << COMMAND_##name)

enum {
    ON_ALL = (1u << COMMAND_COUNT) - 1,
    ON_PAIR = ON(SR) | ON(SRP),
    ON_MATCH = ON_PAIR | ON(PAIR),
    ON_SEND = ON_PAIR | ON(SEND) | ON(SENDP),
    ON_LAYER3 = ON(SR) | ON(SEND),
    ON_RECORDS = ON_MATCH | ON(TABLE),
    ON_TEXT = ON(SHOW) | ON(DECODE),
};

// One option. parse returns NULL, or what the argument should have been.
struct option_row {
    const char *name;
    char letter;          // 0: none
    const char *argument; // NULL: takes none
    unsigned commands;    // ON(...)
    const char *(*parse)(struct options *options, const char *text);
    const char *help;
};

// ---- values

static const char *parse_port(struct options *o, const char *text)
{
    o->port = text;
    return text[0] != '\0' ? NULL : "a port: eth0, 0000:3b:00.0, vdev:..., sim";
}

static const char *parse_driver(struct options *o, const char *text)
{
    o->driver = text;
    return strcmp(text, "af_xdp") == 0 || strcmp(text, "af_packet") == 0 ? NULL : "af_xdp or af_packet";
}

static const char *parse_write(struct options *o, const char *text)
{
    o->write_name = text;
    return text[0] != '\0' ? NULL : "a name for the result files";
}

static const char *parse_pcap(struct options *o, const char *text)
{
    (void)text;
    o->classic_pcap = true;
    return NULL;
}

static const char *parse_zstd(struct options *o, const char *text)
{
    (void)text;
    o->zstd = true;
    return NULL;
}

static const char *parse_rate(struct options *o, const char *text)
{
    o->has_rate = true;
    o->rate_pps = 0;
    if (strcmp(text, "max") == 0)
        return NULL;
    return option_scaled(text, &o->rate_pps) && o->rate_pps >= 0.001 ? NULL
                                                                     : "packets a second (10k, 1.5M), or max";
}

static const char *parse_timeout(struct options *o, const char *text)
{
    o->has_timeout = true;
    return option_time(text, &o->timeout_ns);
}

static const char *parse_retry(struct options *o, const char *text)
{
    uint64_t value;

    bool below = text[0] == '-';

    if (!option_whole(text + below, 1000, &value))
        return "how often to send again, -1000 to 1000";
    o->retry = below ? -(int32_t)value : (int32_t)value;
    return NULL;
}

static const char *parse_seed(struct options *o, const char *text)
{
    o->has_seed = true;
    return option_whole(text, UINT64_MAX, &o->seed) ? NULL : "a whole number";
}

static const char *parse_order(struct options *o, const char *text)
{
    o->order = strcmp(text, "random") == 0 ? ORDER_OPTION_RANDOM : ORDER_OPTION_SEQUENTIAL;
    return strcmp(text, "random") == 0 || strcmp(text, "sequential") == 0 || strcmp(text, "scapy") == 0
               ? NULL
               : "scapy (or sequential) or random";
}

static const char *parse_match(struct options *o, const char *text)
{
    o->rules.scapy = strcmp(text, "scapy") == 0;
    return o->rules.scapy || strcmp(text, "exact") == 0 ? NULL : "exact or scapy";
}

static const char *parse_match_address(struct options *o, const char *text)
{
    o->rules.any_address = strcmp(text, "off") == 0;
    return o->rules.any_address || strcmp(text, "on") == 0 ? NULL : "on or off";
}

static const char *parse_match_ipid(struct options *o, const char *text)
{
    (void)text;
    o->rules.quoted_id = true;
    return NULL;
}

static const char *parse_match_quote(struct options *o, const char *text)
{
    o->rules.quote = strcmp(text, "strict") == 0 ? ANSWER_QUOTE_STRICT : ANSWER_QUOTE_LENIENT;
    return strcmp(text, "strict") == 0 || strcmp(text, "lenient") == 0 ? NULL : "strict or lenient";
}

static const char *parse_multi(struct options *o, const char *text)
{
    (void)text;
    o->multi = true;
    return NULL;
}

static const char *parse_keep(struct options *o, const char *text)
{
    return option_outcomes(text, &o->keep);
}

static const char *parse_tag(struct options *o, const char *text)
{
    o->tag = strcmp(text, "auto") == 0 ? TAG_OPTION_AUTO : TAG_OPTION_OFF;
    return strcmp(text, "auto") == 0 || strcmp(text, "off") == 0 ? NULL : "auto or off";
}

static const char *parse_tag_any(struct options *o, const char *text)
{
    o->tag = strcmp(text, "any") == 0 ? TAG_OPTION_ANY : TAG_OPTION_OFF;
    return strcmp(text, "any") == 0 || strcmp(text, "off") == 0 ? NULL : "any or off";
}

static const char *parse_pair_template(struct options *o, const char *text)
{
    o->pair_template = text;
    return text[0] != '\0' ? NULL : "a template";
}

static const char *parse_source(struct options *o, const char *text)
{
    return address_parse(text, strlen(text), &o->source) ? NULL : "an IP address";
}

static const char *parse_gateway(struct options *o, const char *text)
{
    return address_parse(text, strlen(text), &o->gateway) ? NULL : "an IP address";
}

static const char *parse_gateway_mac(struct options *o, const char *text)
{
    o->has_gateway_mac = true;
    return mac_parse(text, strlen(text), &o->gateway_mac) ? NULL : "a MAC address";
}

static const char *parse_tx_cores(struct options *o, const char *text)
{
    return option_cores(text, o->tx_cores, &o->n_tx_cores);
}

static const char *parse_rx_cores(struct options *o, const char *text)
{
    return option_cores(text, o->rx_cores, &o->n_rx_cores);
}

static const char *parse_output(struct options *o, const char *text)
{
    o->output = text;
    return text[0] != '\0' ? NULL : "a file's name, or -";
}

static const char *parse_records(struct options *o, const char *text)
{
    o->all_records = strcmp(text, "all") == 0;
    return o->all_records || strcmp(text, "answered") == 0 ? NULL : "answered or all";
}

static const char *parse_fields(struct options *o, const char *text)
{
    o->fields = text;
    return NULL;
}

static const char *parse_where(struct options *o, const char *text)
{
    o->where = text;
    return NULL;
}

static const char *parse_format(struct options *o, const char *text)
{
    o->record_format = strcmp(text, "csv") == 0 ? RECORD_CSV : RECORD_NDJSON;
    return strcmp(text, "csv") == 0 || strcmp(text, "ndjson") == 0 ? NULL : "ndjson or csv";
}

static const char *parse_list_fields(struct options *o, const char *text)
{
    (void)text;
    o->list_fields = true;
    return NULL;
}

static const char *parse_table_rows(struct options *o, const char *text)
{
    o->table_rows = text;
    return NULL;
}

static const char *parse_table_cols(struct options *o, const char *text)
{
    o->table_cols = text;
    return NULL;
}

static const char *parse_table_cell(struct options *o, const char *text)
{
    o->table_cell = text;
    return NULL;
}

static const char *parse_quiet(struct options *o, const char *text)
{
    (void)text;
    o->quiet = true;
    return NULL;
}

static const char *parse_hex(struct options *o, const char *text)
{
    (void)text;
    o->hex = true;
    return NULL;
}

static const char *parse_hexdump(struct options *o, const char *text)
{
    (void)text;
    o->hexdump = true;
    return NULL;
}

static const char *parse_plan(struct options *o, const char *text)
{
    (void)text;
    o->show_plan = true;
    return NULL;
}

static const char *parse_pcap_path(struct options *o, const char *text)
{
    o->pcap_path = text;
    return text[0] != '\0' ? NULL : "a file's name";
}

static const char *parse_template(struct options *o, const char *text)
{
    (void)text;
    o->as_template = true;
    return NULL;
}

static const char *parse_link(struct options *o, const char *text)
{
    static const char *const links[][2] = {{"ether", "Ether"}, {"ip", "IP"}, {"ip6", "IPv6"}};

    for (unsigned i = 0; i < ARRAY_SIZE(links); i++) {
        if (strcmp(text, links[i][0]) == 0) {
            o->link = links[i][1];
            return NULL;
        }
    }
    return "ether, ip or ip6";
}

static const char *parse_verbose(struct options *o, const char *text)
{
    (void)text;
    o->verbose = true;
    return NULL;
}

static const char *parse_summary(struct options *o, const char *text)
{
    (void)text;
    o->summary = true;
    return NULL;
}

static const char *parse_dry_run(struct options *o, const char *text)
{
    (void)text;
    o->dry_run = true;
    return NULL;
}

static const char *parse_limit(struct options *o, const char *text)
{
    o->has_limit = true;
    return option_whole(text, UINT64_MAX, &o->limit) ? NULL : "a whole number";
}

static const char *parse_help(struct options *o, const char *text)
{
    (void)text;
    o->help = true;
    return NULL;
}

static const struct option_row option_rows[] = {
    {"interface", 'i', "PORT", ON_SEND, parse_port,
     "eth0, 0000:3b:00.0, vdev:net_..., or sim[:key=value,...]"},
    {"driver", 0, "NAME", ON_SEND, parse_driver,
     "af_xdp or af_packet on a kernel interface (default: what works)"},
    {"write", 'w', "NAME", ON_MATCH, parse_write,
     "write NAME.answered.pcapng, NAME.unanswered.pcapng, NAME.json"},
    {"pcap", 0, NULL, ON_MATCH, parse_pcap, "write classic pcap files (ns) instead of pcapng"},
    {"zst", 0, NULL, ON_MATCH, parse_zstd, "compress the captures: NAME.answered.pcapng.zst ..."},
    {"output", 'o', "PATH", ON_MATCH, parse_output,
     "write a record an answer: ndjson, or CSV if PATH ends in .csv; - is stdout"},
    {"records", 0, "WHICH", ON_RECORDS, parse_records,
     "answered (default), or all: also one for each silent probe, and for what --keep keeps"},
    {"fields", 0, "LIST", ON_MATCH, parse_fields, "what a record tells: probe,dst,rtt_ns"},
    {"where", 0, "CONDITION", ON_RECORDS, parse_where,
     "only such records: 'class==\"synack\" and rtt_ns<1000000'"},
    {"format", 0, "FORMAT", ON_MATCH, parse_format, "of records: ndjson or csv, whatever PATH ends in"},
    {"list-fields", 0, NULL, ON_RECORDS, parse_list_fields, "list the fields of records"},
    {"rows", 0, "FIELD", ON(TABLE), parse_table_rows, "the field that makes rows (default: dst)"},
    {"cols", 0, "FIELD", ON(TABLE), parse_table_cols, "the field that makes columns (default: dport)"},
    {"cell", 0, "FIELD", ON(TABLE), parse_table_cell, "the field shown (default: class)"},
    {"rate", 'r', "PPS", ON_SEND, parse_rate, "10k, 1.5M or max (default: 10k; max on sim)"},
    {"timeout", 't', "SECONDS", ON_PAIR, parse_timeout,
     "a probe without an answer by then is unanswered (default: 2)"},
    {"timeout", 't', "SECONDS", ON(PAIR), parse_timeout,
     "a stimulus without an answer by then is unanswered (default: it waits to the end)"},
    {"template", 0, "EXPR", ON(PAIR), parse_pair_template,
     "the stimuli are those of a template, all sent; the files hold what was received"},
    {"tag", 0, "MODE", ON(PAIR), parse_tag_any,
     "any: what the template leaves open of ports, TCP.seq, ids may have had any value (other tools' scans)"},
    {"seed", 0, "NUMBER", ON(PAIR), parse_seed, "of the template's random values (default: 0)"},
    {"retry", 0, "N", ON_PAIR, parse_retry,
     "send what is unanswered again, up to N times; -N: until N times in a row bring nothing new"},
    {"multi", 0, NULL, ON_MATCH, parse_multi, "keep all answers to a probe, not only the first"},
    {"match", 0, "RULES", ON_MATCH, parse_match,
     "what answers what: exact (default), or scapy: its verdict, quirks included"},
    {"match-address", 0, "MODE", ON_MATCH, parse_match_address,
     "off: answers may come from elsewhere (broadcast, anycast, NAT)"},
    {"match-ipid", 0, NULL, ON_MATCH, parse_match_ipid, "an ICMP error's quote must have the probe's IP.id"},
    {"match-quote", 0, "MODE", ON_MATCH, parse_match_quote,
     "strict: a quote's TCP.seq counts; lenient: address and port of the asker do not (NAT)"},
    {"keep", 0, "LIST", ON_MATCH, parse_keep,
     "write what is no answer to NAME.other.pcapng: duplicates,late,unsolicited,malformed,filtered or all"},
    {"seed", 0, "NUMBER", ON_SEND, parse_seed,
     "of order, tags and random values; the same seed repeats a run (default: random)"},
    {"order", 0, "ORDER", ON_SEND, parse_order,
     "scapy (or sequential), or random (default: random for sr, srp with tags)"},
    {"tag", 0, "MODE", ON_SEND, parse_tag,
     "auto: fields left open carry the position (default for sr, srp); off"},
    {"src", 0, "ADDRESS", ON_SEND, parse_source, "source address of packets that have none"},
    {"gateway", 0, "ADDRESS", ON_LAYER3, parse_gateway, "next hop of every packet"},
    {"gateway-mac", 0, "MAC", ON_LAYER3, parse_gateway_mac, "its MAC; nothing is asked then"},
    {"tx-cores", 0, "LIST", ON_SEND, parse_tx_cores, "cores that send: 1, 0,2 or 1-3"},
    {"rx-cores", 0, "LIST", ON_PAIR, parse_rx_cores, "cores that receive; may be the same ones"},
    {"quiet", 'q', NULL, ON_SEND | ON(PAIR), parse_quiet, "errors only on stderr"},
    {"seed", 0, "NUMBER", ON(SHOW), parse_seed, "of random values (default: 0)"},
    {"hex", 0, NULL, ON_TEXT, parse_hex, "one frame a line, in hex"},
    {"hexdump", 0, NULL, ON_TEXT, parse_hexdump, "bytes in hex beside their characters"},
    {"summary", 0, NULL, ON_TEXT, parse_summary, "one line of text a packet"},
    {"pcap", 0, "FILE", ON(SHOW), parse_pcap_path, "write the packets to a pcap file"},
    {"plan", 0, NULL, ON(SHOW), parse_plan,
     "the compiled plan: branches, digits, shapes, patches, checksums"},
    {"limit", 0, "N", ON(SHOW), parse_limit,
     "the first N packets only (default: 3 trees, all else); of a plan, N shapes a branch"},
    {"limit", 0, "N", ON(DECODE), parse_limit, "the first N frames only"},
    {"template", 0, NULL, ON(DECODE), parse_template,
     "one template a line, from which `volley show --hex` makes the frame again"},
    {"link", 0, "LAYER", ON(DECODE), parse_link,
     "what hex lines start with: ether, ip or ip6 (default: ether)"},
    {"dry-run", 0, NULL, ON(RECOVER), parse_dry_run, "say what would be cut off; change nothing"},
    {"verbose", 'v', NULL, ON(LS), parse_verbose, "all names that a field's values have"},
    {"help", 'h', NULL, ON_ALL, parse_help, "this"},
};

// ---- parsing

static bool options_unknown(unsigned command, const char *word)
{
    struct nearest nearest;
    const char *name = word + strspn(word, "-");

    nearest_init(&nearest, name, strcspn(name, "="));
    for (const struct option_row *row = option_rows; row < option_rows + ARRAY_SIZE(option_rows); row++) {
        if (row->commands & 1u << command)
            nearest_offer(&nearest, row->name);
    }
    const char *of = command_get(command)->name;
    if (nearest.best != NULL && name - word == 2)
        fprintf(stderr,
                "volley: %s has no option '%s'; did you mean '--%s'? `volley %s --help` lists them.\n", of,
                word, nearest.best, of);
    else
        fprintf(stderr, "volley: %s has no option '%s'; `volley %s --help` lists them.\n", of, word, of);
    return false;
}

// The table in getopt's form, for one command.
static void options_to_getopt(unsigned command, struct option *longs, char *letters)
{
    *letters++ = ':';
    for (unsigned i = 0; i < ARRAY_SIZE(option_rows); i++) {
        const struct option_row *row = &option_rows[i];

        if (!(row->commands & 1u << command))
            continue;
        *longs++ = (struct option){row->name, row->argument != NULL, NULL, 256 + (int)i};
        if (row->letter != 0) {
            *letters++ = row->letter;
            if (row->argument != NULL)
                *letters++ = ':';
        }
    }
    *longs = (struct option){0};
    *letters = '\0';
}

static const struct option_row *options_row(int code)
{
    if (code >= 256)
        return &option_rows[code - 256];
    for (const struct option_row *row = option_rows; row < option_rows + ARRAY_SIZE(option_rows); row++) {
        if (row->letter == code)
            return row;
    }
    return NULL;
}

static bool options_take(struct options *options, const struct option_row *row, const char *text)
{
    const char *expected = row->parse(options, text);

    if (expected == NULL)
        return true;
    fprintf(stderr, "volley: --%s takes %s, not '%s'.\n", row->name, expected, text);
    return false;
}

static bool options_argument(struct options *options, unsigned command, char **words, int n)
{
    const char *wanted = command_get(command)->arguments;

    if (n > 1 && strstr(wanted, "...") == NULL) {
        fprintf(stderr, "volley: '%s' is one argument too many; a template is one word: put it in quotes.\n",
                words[1]);
        return false;
    }
    options->argument = n > 0 ? words[0] : NULL;
    options->arguments = words;
    options->n_arguments = (unsigned)n;
    if (n == 0 && !options->help && !options->list_fields && wanted[0] != '[') {
        const char *name = command_get(command)->name;

        if (strncmp(wanted, "FILE", 4) == 0) {
            fprintf(stderr, "volley: %s needs a file%s.\n", name,
                    strstr(wanted, "|-") != NULL ? ", or - for standard input" : "");
            return false;
        }
        if (strncmp(wanted, "NAME", 4) == 0) {
            fprintf(stderr, "volley: %s needs the NAME that a run's files have.\n", name);
            return false;
        }
        fprintf(stderr, "volley: %s needs a template, as in: volley %s 'IP(dst=\"198.18.0.1\")/ICMP()'\n",
                name, name);
        return false;
    }
    return true;
}

bool options_parse(struct options *options, unsigned command, int argc, char **argv)
{
    struct option longs[ARRAY_SIZE(option_rows) + 1];
    char letters[2 * ARRAY_SIZE(option_rows) + 2];
    int code;

    *options = (struct options){.timeout_ns = 2000000000};
    options_to_getopt(command, longs, letters);
    opterr = 0;
    while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (code == ':') {
            fprintf(stderr, "volley: '%s' needs a value.\n", argv[optind - 1]);
            return false;
        }
        if (code == '?') {
            // A wrong letter may stand inside the word that getopt still looks at.
            const char *word = argv[optind - 1];
            char letter[3] = {'-', (char)optopt, '\0'};

            return options_unknown(command, optopt != 0 && optopt < 256 ? letter : word);
        }
        if (!options_take(options, options_row(code), optarg))
            return false;
    }
    return options_argument(options, command, argv + optind, argc - optind);
}

void options_print(unsigned command, FILE *to)
{
    for (const struct option_row *row = option_rows; row < option_rows + ARRAY_SIZE(option_rows); row++) {
        char left[40];

        if (!(row->commands & 1u << command))
            continue;
        snprintf(left, sizeof(left), "%c%c%s--%s%s%s", row->letter != 0 ? '-' : ' ',
                 row->letter != 0 ? row->letter : ' ', row->letter != 0 ? ", " : "  ", row->name,
                 row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");
        fprintf(to, "  %-26s %s\n", left, row->help);
    }
}
