// The commands: what each is called, and who carries it out.
#ifndef VOLLEY_APP_COMMAND_H
#define VOLLEY_APP_COMMAND_H

#include "options.h"

// Exit statuses, the same for every command.
enum {
    EXIT_COMPLETE = 0,
    EXIT_ERROR = 1, // internal, or at run time
    EXIT_USAGE = 2,
    EXIT_LOSS = 3, // finished, but we lost something on our side
    EXIT_INTERRUPTED = 4,
    EXIT_OUTPUT = 5,  // results could not be written
    EXIT_REFUSED = 6, // nothing was sent, for safety
};

enum command_id {
#define COMMAND(name, ID, arguments, what) COMMAND_##ID,
#include "commands.list"
#undef COMMAND
    COMMAND_COUNT
};

struct command {
    const char *name;
    const char *arguments;
    const char *what;
    int (*run)(enum command_id id, const struct options *options); // returns the exit status
};

const struct command *command_get(enum command_id id);

#define COMMAND(name, ID, arguments, what) \
    int command_##name(enum command_id id, const struct options *options);
#include "commands.list"
#undef COMMAND

#endif
