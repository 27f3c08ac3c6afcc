// The command line: one table of options, from which parsing and --help come.
#ifndef VOLLEY_APP_OPTIONS_H
#define VOLLEY_APP_OPTIONS_H

#include "base/address.h"
#include "base/base.h"
#include "packet/answers.h"
#include "result/record_writer.h"

#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_CORES_MAX 64

enum { ORDER_OPTION_DEFAULT, ORDER_OPTION_SEQUENTIAL, ORDER_OPTION_RANDOM };
enum { TAG_OPTION_DEFAULT, TAG_OPTION_AUTO, TAG_OPTION_OFF, TAG_OPTION_ANY };

// Zero is the default of everything, unless said.
struct options {
    const char *argument; // the template, the layer, the first file; NULL: none
    char *const *arguments;
    unsigned n_arguments; // more than one only where the command takes FILE...
    char *command_line;   // as typed, joined by spaces; main's
    const char *port;
    const char *driver;
    const char *write_name;
    bool classic_pcap;
    bool zstd; // captures are compressed
    bool has_rate;
    double rate_pps; // 0: as fast as possible
    bool has_timeout;
    uint64_t timeout_ns; // default 2 s
    int32_t retry;       // below 0: until so many times in a row bring nothing new
    bool multi;
    struct answer_rules rules;
    uint32_t keep; // bit r: enum record_outcome r
    bool has_seed;
    uint64_t seed;
    int order, tag;
    struct address source, gateway;
    bool has_gateway_mac;
    struct mac gateway_mac;
    unsigned n_tx_cores, n_rx_cores;
    unsigned tx_cores[OPTIONS_CORES_MAX], rx_cores[OPTIONS_CORES_MAX];
    const char *output; // records: where they go; NULL: nowhere
    bool all_records;   // also those without an answer
    const char *fields; // of records; NULL: all that are preset
    const char *where;  // condition over records; NULL: none
    enum record_format record_format;
    bool list_fields;
    const char *table_rows, *table_cols, *table_cell; // table: fields of records
    bool quiet;
    bool hex, hexdump, summary;
    const char *pair_template; // pair; NULL: none
    bool show_plan;            // show: the compiled plan
    const char *pcap_path;     // show: write them there; NULL: don't
    bool as_template;          // decode: as templates
    const char *link;          // decode: the layer that hex lines start with; NULL: Ether
    bool verbose;
    bool dry_run; // recover: only tell
    bool has_limit;
    uint64_t limit;
    bool help;
};

// Parses what follows the command's name. On failure says on stderr what is wrong and returns false.
bool options_parse(struct options *options, unsigned command, int argc, char **argv) MUST_USE;

// The options of one command, as --help shows them.
void options_print(unsigned command, FILE *to);

#endif
