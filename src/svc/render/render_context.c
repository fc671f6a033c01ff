#include "svc/render/render_part.h"

#include "base/mem.h"

#include <string.h>

static void put_str(struct doc *map, const char *key, const char *text)
{
    struct doc *node = doc_push(map, key);
    if (text)
        doc_set_str(node, text);
}

static void put_bool(struct doc *map, const char *key, bool value)
{
    struct doc *node = doc_push(map, key);
    node->kind = DOC_BOOL;
    node->boolean = value;
}

/* A list of scalars, by their words. */
static void put_list(struct doc *map, const char *key, const struct doc *list)
{
    struct doc *seq = doc_push(map, key);
    seq->kind = DOC_SEQ;
    for (size_t i = 0; i < list->count; i++)
        put_str(seq, NULL, doc_scalar_text(&list->items[i]));
}

/* A list of maps with one key each: in a preview the key tells whose line it is. */
static void put_named_list(struct doc *map, const char *key, const char *item_key, const struct doc *list)
{
    struct doc *seq = doc_push(map, key);
    seq->kind = DOC_SEQ;
    for (size_t i = 0; i < list->count; i++) {
        struct doc *item = doc_push(seq, NULL);
        item->kind = DOC_MAP;
        put_str(item, item_key, doc_scalar_text(&list->items[i]));
    }
}

static void add_vars(struct doc *seq, const struct doc *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *value = doc_scalar_text(&map->items[i]);
        struct doc *item = doc_push(seq, NULL);
        item->kind = DOC_MAP;
        put_str(item, "key", map->items[i].key);
        put_str(item, "value", value ? value : "");
    }
}

static bool is_listed(const struct doc *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(doc_scalar_text(&list->items[i]), name) == 0)
            return true;
    return false;
}

/* Of the request's `environment` only what env.pass names: the rest are secrets, which no script may hold. */
static void add_passed(struct doc *seq, const struct render_input *in)
{
    const struct doc *names = resolved_doc(in->resolved, "env.pass");
    const struct doc *secrets = resolved_doc(in->resolved, "env.secrets");
    for (size_t i = 0; i < names->count; i++) {
        const char *name = doc_scalar_text(&names->items[i]);
        const char *value = doc_scalar_text(doc_get(in->pass, name));
        if (!value || is_listed(secrets, name))
            continue;
        struct doc *item = doc_push(seq, NULL);
        item->kind = DOC_MAP;
        put_str(item, "key", name);
        put_str(item, "value", value);
    }
}

static void put_vars(struct doc *map, const struct render_input *in, const struct payload *payload)
{
    struct doc *seq = doc_push(map, "vars");
    seq->kind = DOC_SEQ;
    add_passed(seq, in);
    add_vars(seq, resolved_doc(in->resolved, "env.vars"));
    add_vars(seq, &payload->env);
}

/* What is activated, as the rules settled it (domain/resolve_rules.c): never `auto`. */
static void put_environment(struct doc *map, const struct resolved *r)
{
    const char *activate = resolved_str(r, "env.activate"), *conda = resolved_str(r, "conda_env");
    const char *venv = resolved_str(r, "env.venv");
    bool is_conda = strcmp(activate, "conda") == 0 || strcmp(activate, "mamba") == 0;
    bool is_venv = strcmp(activate, "venv") == 0;
    const struct doc *modules = resolved_doc(r, "env.modules");
    put_str(map, "conda_env", is_conda ? conda : NULL);
    put_str(map, "conda_prefix", resolved_str(r, "env.conda_prefix"));
    put_str(map, "venv", is_venv ? venv : NULL);
    put_bool(map, "purge_modules", resolved_bool(r, "env.purge_modules"));
    put_bool(map, "has_modules", modules->count > 0 || resolved_bool(r, "env.purge_modules"));
    put_named_list(map, "modules", "module", modules);
    put_bool(map, "has_secrets", resolved_doc(r, "env.secrets")->count > 0);
    put_named_list(map, "setup", "setup_line", resolved_doc(r, "env.setup"));
    put_named_list(map, "teardown", "teardown_line", resolved_doc(r, "env.teardown"));
}

static void put_launch(struct doc *map, const struct resolved *r)
{
    const char *launcher = resolved_str(r, "launch.launcher");
    int64_t port = resolved_int(r, "launch.master_port", 0);
    auto_str struct str text = STR_MAX(32);
    put_bool(map, "is_parallel", strcmp(launcher, "srun") == 0);
    struct doc *options = doc_push(map, "srun_options");
    options->kind = DOC_SEQ;
    if (resolved_bool(r, "launch.kill_on_bad_exit"))
        put_str(options, NULL, "--kill-on-bad-exit=1");
    if (port > 0)
        str_addf(&text, "%lld", (long long)port);
    put_str(map, "master_port", str_text(&text));
}

static void put_program(struct doc *map, const struct resolved *r, const struct payload *payload)
{
    bool is_script = !resolved_str(r, "shell") && resolved_doc(r, "command")->count == 0;
    put_str(map, "python", resolved_str(r, "python"));
    put_str(map, "package_name", resolved_str(r, "package_name"));
    put_bool(map, "install_editable", resolved_bool(r, "install_editable"));
    put_str(map, "train_script", is_script ? resolved_str(r, "train_script") : NULL);
    put_list(map, "argv", &payload->argv);
}

/* The same for every run of a job, another for every job (FNV-1a of the token). */
static void put_seed(struct doc *map, const char *token)
{
    uint32_t hash = 2166136261U;
    auto_str struct str text = STR_MAX(32);
    for (const char *at = token; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    str_addf(&text, "%u", (unsigned)(hash & 0x7fffffffU));
    put_str(map, "seed", str_text(&text));
}

void render_context(const struct render_input *in, const struct payload *payload, struct doc *context)
{
    context->kind = DOC_MAP;
    put_str(context, "token", in->token);
    put_str(context, "name", in->name);
    put_str(context, "project", in->project ? in->project : "");
    put_str(context, "cluster", in->cluster->name);
    put_seed(context, in->token);
    put_bool(context, "has_code", in->has_code && !in->in_place);
    put_str(context, "in_place", in->in_place);
    put_vars(context, in, payload);
    put_environment(context, in->resolved);
    put_launch(context, in->resolved);
    put_program(context, in->resolved, payload);
}

const char *render_name_path(struct span name)
{
    static const struct {
        const char *name, *path;
    } rows[] = {
        { "conda_env", "conda_env" },
        { "conda_prefix", "env.conda_prefix" },
        { "venv", "env.venv" },
        { "module", "env.modules" },
        { "purge_modules", "env.purge_modules" },
        { "setup_line", "env.setup" },
        { "teardown_line", "env.teardown" },
        { "vars", "env.vars" },
        { "key", "env.vars" },
        { "has_secrets", "env.secrets" },
        { "python", "python" },
        { "package_name", "package_name" },
        { "install_editable", "install_editable" },
        { "train_script", "train_script" },
        { "argv", "args" },
        { "srun_options", "launch.kill_on_bad_exit" },
        { "master_port", "launch.master_port" },
        { "in_place", "code.mode" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (span_is(name, rows[i].name))
            return rows[i].path;
    return NULL;
}
