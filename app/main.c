// volley: sends packets described by a template, and says which were answered, by what, and when.
#include "base/nearest.h"
#include "command.h"
#include "records.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command commands[] = {
#define COMMAND(name, ID, arguments, what) {#name, arguments, what, command_##name},
#include "commands.list"
#undef COMMAND
};

const struct command *command_get(enum command_id id)
{
    return &commands[id];
}

static void main_help(FILE *to)
{
    fprintf(to, "Volley sends packets described by a template in Scapy's syntax, and pairs the answers.\n\n"
                "  volley sr 'IP(dst=\"198.18.0.0/29\")/TCP(dport=[22,80,443],flags=\"S\")' -i sim\n"
                "  volley sr 'IP(dst=\"198.18.0.0/24\")/ICMP()' -i eth0 -w ping\n"
                "  volley srp 'Ether(dst=\"ff:ff:ff:ff:ff:ff\")/ARP(pdst=\"198.18.0.0/24\")' -i eth0\n"
                "  volley show 'IP(dst=\"198.18.0.1\",ttl=(1,4))/UDP()' --summary\n"
                "  volley decode ping.answered.pcapng --summary\n\n");
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  volley %-8s%-9s %s\n", commands[i].name, commands[i].arguments, commands[i].what);
    fprintf(
        to,
        "\n`volley COMMAND --help` tells a command's options. Exit status: 0 complete, 1 error, 2 usage,\n"
        "3 finished but something was lost on our side, 4 interrupted, 5 results not written,\n"
        "6 refused: nothing was sent.\n");
}

static void main_command_help(enum command_id id, FILE *to)
{
    fprintf(to, "volley %s %s [OPTION...]: %s\n\n", commands[id].name, commands[id].arguments,
            commands[id].what);
    options_print(id, to);
}

static int main_unknown(const char *word)
{
    struct nearest nearest;

    nearest_init(&nearest, word, strlen(word));
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        nearest_offer(&nearest, commands[i].name);
    if (nearest.best != NULL)
        fprintf(stderr, "volley: no command '%s'; did you mean '%s'? `volley --help` lists them.\n", word,
                nearest.best);
    else
        fprintf(stderr, "volley: no command '%s'; `volley --help` lists them.\n", word);
    return EXIT_USAGE;
}

// The words, quoted where a shell would need it. The caller frees it; NULL: out of memory.
static char *main_command_line(int argc, char **argv)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);

    if (out == NULL)
        return NULL;
    fputs("volley", out);
    for (int i = 0; i < argc; i++) {
        bool plain = argv[i][0] != '\0' && argv[i][strcspn(argv[i], " \t\n\"'()[]{}*?$&|;<>\\`!#~")] == '\0';

        fputs(plain ? " " : " '", out);
        for (const char *c = argv[i]; *c != '\0'; c++)
            *c == '\'' ? fputs("'\\''", out) : fputc(*c, out);
        fputs(plain ? "" : "'", out);
    }
    fclose(out);
    return line;
}

static int main_run(enum command_id id, int argc, char **argv)
{
    struct options options;
    char *line = main_command_line(argc, argv); // before getopt moves the words

    if (!options_parse(&options, id, argc, argv)) {
        free(line);
        return EXIT_USAGE;
    }
    options.command_line = line;
    int status = EXIT_COMPLETE;
    if (options.help)
        main_command_help(id, stdout);
    else if (options.list_fields)
        records_list_fields(stdout);
    else
        status = commands[id].run(id, &options);
    free(line);
    return status;
}

// Data that stdout refused is not delivered; a reader that has seen enough is no error.
static int main_flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (status == EXIT_COMPLETE)
        fprintf(stderr, "volley: stdout could not be written: %s\n", strerror(errno));
    return status == EXIT_COMPLETE ? EXIT_OUTPUT : status;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (argc < 2) {
        main_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        main_help(stdout);
        return main_flush(EXIT_COMPLETE);
    }
    if (strcmp(word, "--version") == 0) {
        printf("volley %s\n", VOLLEY_VERSION);
        return main_flush(EXIT_COMPLETE);
    }
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, commands[i].name) == 0)
            return main_flush(main_run((enum command_id)i, argc - 1, argv + 1));
    }
    return main_unknown(word);
}
