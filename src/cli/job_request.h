/* From the words of submit and render to the body of POST /api/v1/jobs. */
#ifndef SLUICE_CLI_JOB_REQUEST_H
#define SLUICE_CLI_JOB_REQUEST_H

#include "cli/ask.h"

/* Rows that the tables of submit and render share. */
#define JOB_REQUEST_OPTIONS                                                                               \
    { "project", 'p', "PROJECT", "else the one that holds the current folder", false },                   \
        { "cluster", 'c', "CLUSTER", "where", false },                                                    \
        { "profile", 0, "NAME", "one of the project's profiles", false },                                 \
        { "name", 'N', "NAME", "of the job", false }, { "description", 0, "TEXT", "free text", false },   \
        { "group", 0, "NAME", "experiment group", false },                                                \
        { "tag", 0, "TAG", "a word to find it by", true }, { "gpus", 'g', "N", "GPUs per node", false },  \
        { "gpu-type", 0, "TYPE", "a100, or a100,h100 in order of preference", false },                    \
        { "nodes", 0, "N", "nodes", false }, { "cpus", 0, "N", "CPUs per task", false },                  \
        { "mem", 0, "SIZE", "memory per node: 64G", false },                                              \
        { "time", 't', "TIME", "limit: 90m, 2d, 12:00:00", false },                                       \
        { "partition", 0, "NAME", "partition", false }, { "account", 0, "NAME", "account", false },       \
        { "qos", 0, "NAME", "quality of service", false },                                                \
        { "constraint", 0, "EXPR", "features of nodes", false },                                          \
        { "array", 0, "TASKS", "job array: 0-9, 0-99%4", false },                                         \
        { "dependency", 0, "EXPR", "afterok:JOB and kin, by the numbers of sluice ls", false },           \
        { "begin", 0, "TIME", "not before", false },                                                      \
        { "priority", 0, "N", "in the gateway's own queue; more goes first", false },                     \
        { "param", 'P', "NAME=VALUE", "a parameter, over the project's default", true },                  \
        { "set", 's', "KEY=VALUE", "any key of the configuration", true },                                \
        { "env", 'e', "NAME[=VALUE]", "a variable: NAME sends its value from here, for env.pass", true }, \
    {                                                                                                     \
        "secret", 0, "NAME", "the value, from here, of a name in env.secrets", true                       \
    }

/* Appends the JSON. The project is that of -p, or of the current folder (cli/project_here.h). 0, or an exit
 * status (told). */
int job_request_body(struct cli *cli, struct str *body);

/* The lines of help about arguments. */
#define JOB_REQUEST_HELP                                                                                    \
    "Without -p the project is the registered one that holds the current folder; a folder with an\n"        \
    ".mlops-config.yaml is registered first. Arguments are handed to the program as they are, behind\n"     \
    "those of the project; after -- they may begin with a dash. --param sets a declared parameter.\n"       \
    "--set takes any key of the configuration: --set slurm.reservation=x --set env.vars.SEED=1. Numbers "   \
    "in\n"                                                                                                  \
    "--set slurm.dependency=afterok:ID are Slurm's own, those of --dependency afterok:JOB the gateway's.\n" \
    "--env NAME and --secret NAME send the value that NAME has here, for names in the project's env.pass "  \
    "and\n"                                                                                                 \
    "env.secrets; such values are not stored. --env NAME=VALUE sets env.vars.NAME.\n"

#endif
