/* The command line: `sluice VERB ...`. Talks HTTP to the gateway and never opens its store.
 *
 * main.c hands over everything that comes from outside (cli/env.h). Exit statuses: cli/exit_code.h. Text of
 * others (names, logs, errors) reaches a terminal only escaped. */
#ifndef SLUICE_CLI_CLI_H
#define SLUICE_CLI_CLI_H

#include "cli/env.h"

/* argv as main got it. Gives the exit status. */
int cli_main(int argc, char **argv, const struct cli_env *env);

#endif
