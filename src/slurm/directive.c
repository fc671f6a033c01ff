#include "slurm/directive.h"

#include "base/limits.h"
#include "base/mem.h"
#include "slurm/grammar.h"
#include "slurm/jobid.h"

#include <string.h>

struct option_row {
    const char *name;
    enum directive_kind kind;
    const char
        *key; /* set by the gateway, from this config key ("" where from none): not under slurm.extra */
};

static const struct option_row options[] = {
    { "account", DIRECTIVE_NAME, "slurm.account" },
    { "array", DIRECTIVE_ARRAY, "array" },
    { "begin", DIRECTIVE_BEGIN, "slurm.begin" },
    { "chdir", DIRECTIVE_PATH, "" },
    { "clusters", DIRECTIVE_NAME, "slurm.cluster" },
    { "comment", DIRECTIVE_TEXT, "" },
    { "constraint", DIRECTIVE_CONSTRAINT, "slurm.constraint" },
    { "cpus-per-gpu", DIRECTIVE_COUNT, "resources.cpus_per_gpu" },
    { "cpus-per-task", DIRECTIVE_COUNT, "resources.cpus" },
    { "dependency", DIRECTIVE_DEPENDENCY, "slurm.dependency" },
    { "error", DIRECTIVE_PATH, "" },
    { "exclude", DIRECTIVE_NODELIST, "slurm.exclude" },
    { "export", DIRECTIVE_WORD, "env.vars" },
    { "gpus", DIRECTIVE_GRES, "resources.gpus" },
    { "gpus-per-node", DIRECTIVE_GRES, "resources.gpus" },
    { "gres", DIRECTIVE_GRES, "resources.gpus" },
    { "job-name", DIRECTIVE_TEXT, "name" },
    { "mem", DIRECTIVE_MEM, "resources.mem" },
    { "mem-per-gpu", DIRECTIVE_MEM, "resources.mem_per_gpu" },
    { "nice", DIRECTIVE_NICE, "slurm.nice" },
    { "nodes", DIRECTIVE_RANGE, "resources.nodes" },
    { "ntasks", DIRECTIVE_COUNT, "resources.tasks_per_node" },
    { "ntasks-per-node", DIRECTIVE_COUNT, "resources.tasks_per_node" },
    { "open-mode", DIRECTIVE_WORD, "" },
    { "output", DIRECTIVE_PATH, "" },
    { "partition", DIRECTIVE_NAME, "slurm.partition" },
    { "qos", DIRECTIVE_NAME, "slurm.qos" },
    { "requeue", DIRECTIVE_FLAG, "requeue" },
    { "no-requeue", DIRECTIVE_FLAG, "requeue" },
    { "reservation", DIRECTIVE_NAME, "slurm.reservation" },
    { "signal", DIRECTIVE_SIGNAL, "requeue.signal" },
    { "time", DIRECTIVE_TIME, "resources.time" },

    { "acctg-freq", DIRECTIVE_WORD, NULL },
    { "bbf", DIRECTIVE_PATH, NULL },
    { "contiguous", DIRECTIVE_FLAG, NULL },
    { "core-spec", DIRECTIVE_COUNT, NULL },
    { "cores-per-socket", DIRECTIVE_COUNT, NULL },
    { "cpu-freq", DIRECTIVE_WORD, NULL },
    { "deadline", DIRECTIVE_BEGIN, NULL },
    { "delay-boot", DIRECTIVE_COUNT, NULL },
    { "distribution", DIRECTIVE_WORD, NULL },
    { "exclusive", DIRECTIVE_FLAG, NULL },
    { "extra-node-info", DIRECTIVE_WORD, NULL },
    { "gpu-bind", DIRECTIVE_WORD, NULL },
    { "gpu-freq", DIRECTIVE_WORD, NULL },
    { "gpus-per-socket", DIRECTIVE_GRES, NULL },
    { "gpus-per-task", DIRECTIVE_GRES, NULL },
    { "gres-flags", DIRECTIVE_WORD, NULL },
    { "hint", DIRECTIVE_WORD, NULL },
    { "hold", DIRECTIVE_FLAG, NULL },
    { "kill-on-invalid-dep", DIRECTIVE_WORD, NULL },
    { "licenses", DIRECTIVE_LICENSES, NULL },
    { "mail-type", DIRECTIVE_WORD, NULL },
    { "mail-user", DIRECTIVE_TEXT, NULL },
    { "mcs-label", DIRECTIVE_WORD, NULL },
    { "mem-bind", DIRECTIVE_WORD, NULL },
    { "mem-per-cpu", DIRECTIVE_MEM, NULL },
    { "mincpus", DIRECTIVE_COUNT, NULL },
    { "network", DIRECTIVE_WORD, NULL },
    { "no-kill", DIRECTIVE_FLAG, NULL },
    { "nodelist", DIRECTIVE_NODELIST, NULL },
    { "ntasks-per-core", DIRECTIVE_COUNT, NULL },
    { "ntasks-per-gpu", DIRECTIVE_COUNT, NULL },
    { "ntasks-per-socket", DIRECTIVE_COUNT, NULL },
    { "overcommit", DIRECTIVE_FLAG, NULL },
    { "oversubscribe", DIRECTIVE_FLAG, NULL },
    { "power", DIRECTIVE_WORD, NULL },
    { "prefer", DIRECTIVE_CONSTRAINT, NULL },
    { "priority", DIRECTIVE_COUNT, NULL },
    { "profile", DIRECTIVE_WORD, NULL },
    { "propagate", DIRECTIVE_WORD, NULL },
    { "reboot", DIRECTIVE_FLAG, NULL },
    { "segment", DIRECTIVE_COUNT, NULL },
    { "sockets-per-node", DIRECTIVE_COUNT, NULL },
    { "spread-job", DIRECTIVE_FLAG, NULL },
    { "switches", DIRECTIVE_WORD, NULL },
    { "thread-spec", DIRECTIVE_COUNT, NULL },
    { "threads-per-core", DIRECTIVE_COUNT, NULL },
    { "time-min", DIRECTIVE_TIME, NULL },
    { "tmp", DIRECTIVE_MEM, NULL },
    { "use-min-nodes", DIRECTIVE_FLAG, NULL },
    { "wait-all-nodes", DIRECTIVE_COUNT, NULL },
    { "wckey", DIRECTIVE_NAME, NULL },
};

/* Options of sbatch that would break what the gateway promises, so that they are named and not merely new. */
static const char *const denied[] = { "wrap",         "parsable",   "export-file", "get-user-env", "gid",
                                      "uid",          "ignore-pbs", "input",       "test-only",    "wait",
                                      "quiet",        "verbose",    "help",        "usage",        "version",
                                      "container",    "batch",      "bb",          "nodefile",     "x11",
                                      "tres-per-task" };

static const struct option_row *find_option(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static bool is_array_too_large(struct span value)
{
    struct err err = { 0 };
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    return slurm_tasks_expand(value, &tasks, &err) < 0 && err.code == ERR_TOO_LARGE;
}

int directive_check(enum directive_kind kind, struct span value, struct err *err)
{
    const char *expected = grammar_refuses(kind, value);
    if (!expected)
        return 0;
    if (kind == DIRECTIVE_ARRAY && is_array_too_large(value)) /* it is right but for its size */
        return err_set(err, ERR_INVALID, "an array has at most %d tasks", (int)MAX_ARRAY_TASKS);
    return err_set(err, ERR_INVALID, "expected %s", expected);
}

int directive_add(struct str *script, const char *option, struct span value, struct err *err)
{
    const struct option_row *row = find_option(option);
    if (!row)
        return err_set(err, ERR_UNSUPPORTED, "sbatch option --%s is not known here", option);
    if (directive_check(row->kind, value, err) < 0)
        return err_wrap(err, "--%s", option);
    str_addf(script, "#SBATCH --%s", option);
    if (value.len) {
        str_add(script, "=\"");
        str_add_span(script, value);
        str_add_char(script, '"');
    }
    str_add_char(script, '\n');
    return 0;
}

int directive_allow_extra(const char *option, struct err *err)
{
    const struct option_row *row = find_option(option);
    if (row && !row->key)
        return 0;
    if (row && row->key[0])
        return err_set(err, ERR_INVALID, "--%s is set by the gateway: use %s", option, row->key);
    if (row)
        return err_set(err, ERR_INVALID, "--%s is set by the gateway", option);
    for (size_t i = 0; i < ARRAY_LEN(denied); i++)
        if (strcmp(denied[i], option) == 0)
            return err_set(err, ERR_INVALID, "--%s cannot be used through the gateway", option);
    return err_set(err, ERR_INVALID, "sbatch option --%s is not known here", option);
}
