/* The command line: `sluice VERB ...`. Talks HTTP to the gateway and never opens its store.
 *
 * main.c hands over everything that comes from outside: the environment, the streams, what starts the daemon.
 * Exit statuses: cli/exit_code.h. Text of others (names, logs, errors) reaches a terminal only escaped. */
#ifndef SLUICE_CLI_CLI_H
#define SLUICE_CLI_CLI_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>

struct daemon_config;

struct cli_env {             /* all borrowed */
    const char *const *vars; /* NAME=value, ends in NULL */
    FILE *out, *err;
    bool is_terminal; /* out is one */
    int columns;      /* of the terminal; 0 unknown */
    const struct clock *clock;
    void (*pause_ms)(int64_t ms);
    const char *version;
    int (*serve)(struct daemon_config *config_taken); /* gives the exit status */
    int (*supervise)(int argc, char **argv);
};

/* argv as main got it. Gives the exit status. */
int cli_main(int argc, char **argv, const struct cli_env *env);

/* The value of a variable, or NULL where it is unset or empty. Borrowed. */
const char *cli_var(const struct cli_env *env, const char *name);

#endif
