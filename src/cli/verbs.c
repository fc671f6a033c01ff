#include "cli/verb.h"

#include "base/mem.h"

#include <string.h>

const struct option_row options_common[] = {
    { "json", 0, NULL, "the gateway's answer as it came", false },
    { "url", 0, "URL", "the gateway; else SLUICE_URL, else http://127.0.0.1:8470", false },
    { "help", 'h', NULL, "this text", false },
    { NULL, 0, NULL, NULL, false },
};

/* In the order of help: what is used most stands first. */
static const struct verb *const table[] = {
    &verb_submit,   &verb_ls,     &verb_show,   &verb_log,      &verb_cancel, &verb_requeue,
    &verb_wait,     &verb_render, &verb_gpus,   &verb_clusters, &verb_doctor, &verb_connect,
    &verb_projects, &verb_events, &verb_config, &verb_version,  &verb_serve,  &verb_supervise,
};
const size_t verb_count = ARRAY_LEN(table);

const struct verb *verb_at(size_t index)
{
    return table[index];
}

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < verb_count; i++)
        if (strcmp(table[i]->name, name) == 0 || (table[i]->alias && strcmp(table[i]->alias, name) == 0))
            return table[i];
    return NULL;
}

void verb_help(const struct verb *verb, struct str *to)
{
    str_addf(to, "usage: sluice %s%s%s\n\n%s\n", verb->name, *verb->args ? " " : "", verb->args, verb->usage);
    if (verb->alias)
        str_addf(to, "Also called: sluice %s\n", verb->alias);
    if (verb->options && verb->options->name) {
        str_add(to, "\nOptions:\n");
        options_help(verb->options, to);
    }
    if (verb->run) {
        str_add(to, "\nCommon options:\n");
        options_help(options_common, to);
    }
    if (verb->more)
        str_addf(to, "\n%s", verb->more);
}

void verbs_help(struct str *to)
{
    str_add(to, "Sluice: submit, follow and manage jobs on Slurm clusters and on this machine.\n\n"
                "usage: sluice VERB [OPTION]... [ARGUMENT]...\n\n");
    for (size_t i = 0; i < verb_count; i++)
        if (!table[i]->is_hidden)
            str_addf(to, "  %-10s %s\n", table[i]->name, table[i]->usage);
    str_add(to, "\nA job is its number, its token, or `last`; left out, it is the last one.\n"
                "SLUICE_URL names the gateway (http://127.0.0.1:8470), SLUICE_TOKEN is its token.\n"
                "`sluice help VERB` says more; the exit statuses stand in docs/cli.md.\n");
}
