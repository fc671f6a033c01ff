#include "base/limits.h"
#include "base/mem.h"
#include "cli/exit_code.h"
#include "cli/read_file.h"
#include "cli/screen.h"
#include "cli/verb.h"
#include "domain/daemon_config.h"
#include "domain/schema.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SETTINGS = 256, MAX_ROWS = 128 };

/* What sluice.yaml, the environment and the flags say, lowest first, each with where it came from. */
struct input {
    const struct cli_env *env;
    const char *file; /* sluice.yaml, or NULL */
    struct daemon_setting settings[MAX_SETTINGS];
    char *texts[MAX_SETTINGS + MAX_ROWS]; /* owned strings of settings */
    size_t count, text_count;
};

static const char *keep(struct input *in, char *text_taken)
{
    return in->texts[in->text_count++] = text_taken;
}

static void input_clear(struct input *in)
{
    for (size_t i = 0; i < in->text_count; i++)
        free(in->texts[i]);
}

static void put(struct input *in, const char *path, const char *value, const char *origin, const char *name)
{
    auto_str struct str text = STR_MAX(4096);
    if (in->count == MAX_SETTINGS)
        return;
    str_addf(&text, "%s%s", origin, name);
    in->settings[in->count++] = (struct daemon_setting){ path, value, keep(in, str_steal(&text)) };
}

/* --- defaults of this user's folders: lowest of all, so that anything said goes before them --- */

static char *user_path(const struct cli_env *env, const char *xdg, const char *below_home, const char *tail)
{
    const char *base = cli_var(env, xdg), *home = cli_var(env, "HOME");
    auto_str struct str path = STR_MAX(PATH_MAX);
    if (base && base[0] == '/')
        str_addf(&path, "%s/%s", base, tail);
    else if (home && home[0] == '/')
        str_addf(&path, "%s/%s/%s", home, below_home, tail);
    return path.len && !path.failed ? str_steal(&path) : NULL;
}

static char *existing_config(const struct cli_env *env, const char *tail)
{
    char *path = user_path(env, "XDG_CONFIG_HOME", ".config", tail);
    if (path && access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* The file's own words win over these: they are put in only where nothing else says anything. */
static int fill_folders(const struct cli_env *env, struct daemon_config *config, struct err *err)
{
    if (!config->state_dir)
        config->state_dir = user_path(env, "XDG_STATE_HOME", ".local/state", "sluice");
    if (!config->state_dir)
        return err_set(err, ERR_INVALID,
                       "where to keep the state is not known (HOME is not set): --state-dir");
    if (!config->clusters_file)
        config->clusters_file = existing_config(env, "sluice/clusters.yaml");
    return 0;
}

/* --- environment and flags --- */

static void read_environment(struct input *in)
{
    for (const char *const *var = in->env->vars; var && *var; var++) {
        struct span name = span_head(span_of(*var), span_find_char(span_of(*var), '='));
        if (!span_starts(name, "SLUICE_") || !(*var)[name.len])
            continue;
        auto_free char *key = span_dup(name);
        const char *path = daemon_config_env_path(key);
        if (path)
            put(in, path, *var + name.len + 1, "environment ", key);
    }
}

static bool is_leaf(const struct schema_row *row)
{
    return row->type != SCHEMA_OBJECT && strcmp(row->path, "version") != 0;
}

/* Every key of sluice.yaml as a flag; names are owned by `in`. */
static void make_rows(struct input *in, struct option_row *rows)
{
    size_t count = 0;
    rows[count++] = (struct option_row){ "config", 0, "FILE", "sluice.yaml", false };
    rows[count++] = (struct option_row){ "clusters", 0, "FILE", "clusters.yaml", false };
    for (size_t i = 0; i < schema_daemon.count && count < MAX_ROWS - 1; i++) {
        const struct schema_row *row = &schema_daemon.rows[i];
        if (!is_leaf(row) || row->flags & SCHEMA_LATER)
            continue;
        char *name = mem_dup_str(row->path);
        for (char *at = name; *at; at++)
            *at = *at == '.' || *at == '_' ? '-' : *at;
        rows[count++] = (struct option_row){ keep(in, name), 0, "VALUE", row->help, false };
    }
    rows[count] = (struct option_row){ 0 };
}

static void read_flags(struct input *in, const struct options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *name = options->given[i].row->name;
        const char *path = daemon_config_flag_path(name);
        if (path)
            put(in, path, options->given[i].value, "flag --", name);
    }
}

/* --- all of it --- */

/* A daemon_source's load: ctx is the input. */
static int load(void *ctx, struct daemon_config **out, struct errs *errs)
{
    struct input *in = ctx;
    struct err err = { 0 };
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    auto_daemon_config struct daemon_config *config = NULL;
    if (in->file && read_file(in->file, &text, &err) < 0)
        return errs_add(errs, &(struct errs_item){ .code = err.code, .text = err.text });
    const struct daemon_input input = { str_span(&text), in->file, in->settings, in->count };
    if (daemon_config_parse(&input, &config, errs) < 0)
        return -1;
    config->ssh_agent_socket = mem_dup_str(cli_var(in->env, "SSH_AUTH_SOCK"));
    if (fill_folders(in->env, config, &err) < 0)
        return errs_add(errs, &(struct errs_item){ .code = err.code, .text = err.text });
    *out = move_ptr(config);
    return 0;
}

static int serve(struct input *in, const struct options *options, struct err *err)
{
    auto_free char *found = NULL;
    if (options->arg_count)
        return err_set(err, ERR_INVALID, "serve takes no argument: %s", options->args[0]);
    read_environment(in);
    read_flags(in, options);
    in->file = options_value(options, "config");
    if (!in->file)
        in->file = cli_var(in->env, "SLUICE_CONFIG");
    if (!in->file)
        in->file = found = existing_config(in->env, "sluice/sluice.yaml");
    const struct daemon_source source = { load, in };
    return in->env->serve(&source);
}

static int run_serve(const struct cli_env *env, int argc, char **argv)
{
    (void)argc;
    static const struct option_row none[] = { { 0 } };
    struct input in = { .env = env };
    struct option_row rows[MAX_ROWS];
    const struct option_row *const tables[] = { rows, none };
    auto_options struct options options = { 0 };
    struct err err = { 0 };
    make_rows(&in, rows);
    int status = options_parse(tables, ARRAY_LEN(tables), argv + 1, &options, &err);
    if (status == 0)
        status = serve(&in, &options, &err);
    input_clear(&in);
    if (status >= 0)
        return status;
    screen_error(env, &err);
    return EXIT_SERVE_INVALID;
}

const struct verb verb_serve = {
    .name = "serve",
    .args = "[--state-dir DIR] [--listen HOST:PORT] [--clusters FILE] [--config FILE] [--KEY VALUE]...",
    .usage = "Run the gateway until it is interrupted.",
    .more = "Every key of sluice.yaml is a flag too (--log-level debug), and a variable (SLUICE_LOG_LEVEL).\n"
            "Without flags the state is in $XDG_STATE_HOME/sluice (~/.local/state/sluice), and sluice.yaml\n"
            "and clusters.yaml of $XDG_CONFIG_HOME/sluice (~/.config/sluice) are read where they exist.\n"
            "Without clusters.yaml there is one cluster, local: this machine.\n"
            "It ends with 2 where a file, a flag or a variable is wrong, with 1 where it cannot run.\n",
    .run_raw = run_serve,
};

static int run_supervise(const struct cli_env *env, int argc, char **argv)
{
    return env->supervise(argc, argv);
}

const struct verb verb_supervise = {
    .name = "supervise",
    .args = "RUNDIR [--gpus LIST]",
    .usage = "Watch a job on this machine (the gateway starts this itself).",
    .run_raw = run_supervise,
    .is_hidden = true,
};
