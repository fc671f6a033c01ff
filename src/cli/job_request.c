#include "cli/job_request.h"

#include "base/limits.h"
#include "base/mem.h"
#include "cli/dependency.h"
#include "cli/project_here.h"
#include "cli/set_value.h"
#include "text/json_out.h"

#include <string.h>

/* Options that stand for one key. */
static const struct {
    const char *option, *path;
} keys[] = {
    { "cluster", "cluster" },
    { "profile", "profile" },
    { "name", "name" },
    { "description", "description" },
    { "group", "group" },
    { "gpus", "resources.gpus" },
    { "gpu-type", "resources.gpu_type" },
    { "nodes", "resources.nodes" },
    { "cpus", "resources.cpus" },
    { "mem", "resources.mem" },
    { "time", "resources.time" },
    { "partition", "slurm.partition" },
    { "account", "slurm.account" },
    { "qos", "slurm.qos" },
    { "constraint", "slurm.constraint" },
    { "array", "slurm.array" },
    { "begin", "slurm.begin" },
    { "priority", "priority" },
};

/* What goes through schema rows comes from --set; text that must stay text does not. */
static bool is_text(const char *path)
{
    static const char *const texts[] = { "cluster", "profile", "name", "description", "group" };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(texts[i], path) == 0)
            return true;
    return false;
}

static int set_key(struct doc *body, const char *path, const char *value, struct err *err)
{
    if (!is_text(path))
        return set_value(body, path, value, err);
    if (!span_is_utf8(span_of(value)))
        return err_set(err, ERR_INVALID, "the value of %s is not UTF-8", path);
    doc_set_str(set_place(body, path), value);
    return 0;
}

/* NAME: its value from here goes into `environment`, for env.pass and env.secrets. NAME=VALUE is set
 * outright. */
static int pass_value(struct cli *cli, struct doc *body, const char *word, const char *outright,
                      struct err *err)
{
    struct span name = span_of(word);
    size_t equals = span_find_char(name, '=');
    const char *value = equals < name.len ? word + equals + 1 : cli_var(cli->env, word);
    if (!value)
        return err_set(err, ERR_INVALID, "%s is not set here, so its value cannot be passed on", word);
    if (!span_is_utf8(span_of(word)) || !span_is_utf8(span_of(value)))
        return err_set(err, ERR_INVALID, "the value of %.*s is not UTF-8", SPAN_FMT(span_head(name, equals)));
    struct doc *map = set_place(body, equals < name.len ? outright : "environment");
    doc_set_str(set_entry(map, span_head(name, equals)), value);
    return 0;
}

static int set_param(struct doc *body, const char *word, struct err *err)
{
    struct span name = span_of(word);
    size_t equals = span_find_char(name, '=');
    if (equals == 0 || equals == name.len)
        return err_set(err, ERR_INVALID, "expected NAME=VALUE, got %s", word);
    if (!span_is_utf8(name))
        return err_set(err, ERR_INVALID, "the value is not UTF-8");
    set_scalar(set_entry(set_place(body, "overrides"), span_head(name, equals)), word + equals + 1);
    return 0;
}

static int set_given(struct cli *cli, struct doc *body, const struct option_given *given, struct err *err)
{
    const char *name = given->row->name;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i].option, name) == 0)
            return set_key(body, keys[i].path, given->value, err);
    if (strcmp(name, "set") == 0)
        return set_assignment(body, given->value, err);
    if (strcmp(name, "param") == 0)
        return set_param(body, given->value, err);
    if (strcmp(name, "tag") == 0)
        set_add_text(body, "tags", given->value);
    else if (strcmp(name, "env") == 0)
        return pass_value(cli, body, given->value, "env.vars", err);
    else if (strcmp(name, "secret") == 0)
        return pass_value(cli, body, given->value, "environment", err);
    return 0;
}

static int fill(struct cli *cli, struct doc *body, struct err *err)
{
    for (size_t i = 0; i < cli->in.count; i++)
        if (set_given(cli, body, &cli->in.given[i], err) < 0)
            return err_wrap(err, "--%s", cli->in.given[i].row->name);
    for (size_t i = 0; i < cli->in.arg_count; i++) {
        if (!span_is_utf8(span_of(cli->in.args[i])))
            return err_set(err, ERR_INVALID, "argument %zu is not UTF-8", i + 1);
        set_add_text(body, "args", cli->in.args[i]);
    }
    return 0;
}

static void render(const struct doc *body, struct str *to)
{
    struct json_out out = { .to = to };
    json_doc(&out, body);
}

static int set_dependency(struct cli *cli, struct doc *body, struct err *err)
{
    auto_str struct str translated = STR_MAX(MAX_CONFIG_BYTES);
    const char *given = options_value(&cli->in, "dependency"), *cluster = options_value(&cli->in, "cluster");
    int status = given ? dependency_translate(cli, given, cluster, &translated) : EXIT_OK;
    if (!given || status != EXIT_OK)
        return status;
    return set_key(body, "slurm.dependency", str_text(&translated), err) < 0 ? ask_fail(cli, err) : EXIT_OK;
}

int job_request_body(struct cli *cli, struct str *body)
{
    struct err err = { 0 };
    auto_free char *found = NULL;
    auto_doc struct doc *doc = mem_zalloc(sizeof(*doc));
    const char *project = options_value(&cli->in, "project");
    doc->kind = DOC_MAP;
    if (fill(cli, doc, &err) < 0)
        return ask_misused(cli, "%s", err.text);
    int asked = set_dependency(cli, doc, &err);
    if (asked != EXIT_OK)
        return asked;
    if (!project) {
        int status = project_here(cli, &found);
        if (status != EXIT_OK)
            return status;
        project = found;
    }
    doc_set_str(set_place(doc, "project"), project);
    render(doc, body);
    if (!body->failed)
        return EXIT_OK;
    err_set(&err, ERR_TOO_LARGE, "the request is larger than %zu bytes", body->max);
    return ask_fail(cli, &err);
}
