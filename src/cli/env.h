/* What a command line gets from outside: main.c alone reads the environment and knows the streams. */
#ifndef SLUICE_CLI_ENV_H
#define SLUICE_CLI_ENV_H

#include "base/clock.h"
#include "text/errs.h"

#include <stdbool.h>
#include <stdio.h>

struct daemon_source;

struct cli_env {             /* all borrowed */
    const char *const *vars; /* NAME=value, ends in NULL */
    FILE *out, *err;
    bool is_terminal; /* out is one */
    int columns;      /* of the terminal; 0 unknown */
    const struct clock *clock;
    void (*pause_ms)(int64_t ms);
    const char *version;
    int (*serve)(const struct daemon_source *source); /* gives the exit status */
    int (*supervise)(int argc, char **argv);
    /* A project's file as a submit checks it: 0, or -1 with all errors. NULL: by its schema alone. */
    int (*check_project)(const char *file, struct span text, struct errs *errs);
};

/* The value of a variable, or NULL where it is unset or empty. Borrowed. */
const char *cli_var(const struct cli_env *env, const char *name);

#endif
