/* A verb of the command line: one row of the table in verbs.c, one file verb_NAME.c. */
#ifndef SLUICE_CLI_VERB_H
#define SLUICE_CLI_VERB_H

#include "cli/env.h"
#include "cli/options.h"

struct cli {
    const struct cli_env *env;
    const struct verb *verb;
    struct options in;
    bool is_json;          /* --json: the API's answer as it came */
    struct client *client; /* made on first use (cli/ask.h) */
};

struct verb {
    const char *name, *alias; /* alias NULL: none */
    const char *args;         /* "[JOB]" */
    const char *usage;        /* one sentence */
    const struct option_row *options;
    const char *more; /* further help, whole lines, or NULL */
    size_t min_args, max_args;
    int (*run)(struct cli *cli);                                      /* gives the exit status */
    int (*run_raw)(const struct cli_env *env, int argc, char **argv); /* parses its words itself, or NULL */
    bool is_hidden;
};

extern const size_t verb_count;
const struct verb *verb_at(size_t index);
const struct verb *verb_find(const char *name); /* or NULL */
void verb_help(const struct verb *verb, struct str *to);
void verbs_help(struct str *to); /* all of them */

/* Options that every verb has. */
extern const struct option_row options_common[];

extern const struct verb verb_serve, verb_submit, verb_render, verb_ls, verb_show, verb_log, verb_cancel,
    verb_wait, verb_gpus, verb_clusters, verb_projects, verb_config, verb_events, verb_version,
    verb_supervise, verb_doctor, verb_connect, verb_requeue;

#endif
