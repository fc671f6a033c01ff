#include "cli/ask.h"
#include "cli/read_file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/config.h"
#include "domain/schema.h"
#include "text/json_out.h"

#include <string.h>

enum { MAX_TEXT_BYTES = 1024 * 1024 };

static const struct option_row rows[] = {
    { "kind", 'k', "KIND", "of check: project, clusters or sluice; else by the file's name or keys", false },
    { 0 },
};

static void add_json(struct json_out *out, const char *file, const struct errs *errs)
{
    json_open_object(out);
    json_member_str(out, "file", file);
    json_member_bool(out, "ok", errs->count == 0);
    json_key(out, "errors");
    json_open_array(out);
    for (size_t i = 0; i < errs->count; i++) {
        json_open_object(out);
        json_member_u64(out, "line", errs->items[i].line);
        json_member_u64(out, "column", errs->items[i].col);
        json_member_str(out, "path", errs->items[i].path);
        json_member_str(out, "text", errs->items[i].text);
        json_member_str(out, "hint", errs->items[i].hint);
        json_close_object(out);
    }
    json_close_array(out);
    json_close_object(out);
}

/* The line begins with the file's name already. */
static const char *without(const char *file, const char *text)
{
    size_t len = strlen(file);
    return strncmp(text, file, len) == 0 && strncmp(text + len, ": ", 2) == 0 ? text + len + 2 : text;
}

static int check_file(const struct cli_env *env, const char *kind, const char *file, struct errs *errs)
{
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    struct err err = { 0 };
    if (read_file(file, &text, &err) < 0)
        return errs_add(
            errs, &(struct errs_item){ .code = err.code, .file = file, .text = without(file, err.text) });
    if (!kind)
        kind = config_kind(file, str_span(&text));
    if (!kind)
        return errs_add(errs, &(struct errs_item){ .file = file,
                                                   .text = "neither its name nor its keys tell what it is",
                                                   .hint = "say --kind project, clusters or sluice" });
    if (env->check_project && strcmp(kind, "project") == 0)
        return env->check_project(file, str_span(&text), errs);
    return config_check(kind, file, str_span(&text), errs);
}

static int check(struct cli *cli, const char *kind)
{
    auto_str struct str json = STR_MAX(MAX_TEXT_BYTES);
    struct json_out out = { .to = &json };
    int status = EXIT_OK;
    json_open_array(&out);
    for (size_t i = 1; i < cli->in.arg_count; i++) {
        const char *file = cli->in.args[i];
        auto_errs struct errs errs = { 0 };
        auto_str struct str text = STR_MAX(MAX_TEXT_BYTES);
        if (check_file(cli->env, kind, file, &errs) < 0)
            status = EXIT_SERVE_INVALID;
        add_json(&out, file, &errs);
        errs_text(&errs, &text);
        if (!cli->is_json && errs.count)
            screen_errf(cli->env, "%s", str_text(&text));
        else if (!cli->is_json)
            screen_putf(cli->env, "%s: fine\n", file);
    }
    json_close_array(&out);
    if (cli->is_json)
        screen_json(cli->env, str_span(&json));
    return status;
}

static int explain(struct cli *cli)
{
    auto_str struct str json = STR_MAX(MAX_TEXT_BYTES);
    struct json_out out = { .to = &json };
    json_open_array(&out);
    for (size_t i = 1; i < cli->in.arg_count; i++) {
        auto_str struct str text = STR_MAX(MAX_TEXT_BYTES);
        struct err err = { 0 };
        if (schema_explain(cli->in.args[i], &text, &err) < 0)
            return ask_fail(cli, &err);
        json_open_object(&out);
        json_member_str(&out, "key", cli->in.args[i]);
        json_member_str(&out, "text", str_text(&text));
        json_close_object(&out);
        if (!cli->is_json)
            screen_put(cli->env, str_span(&text));
    }
    json_close_array(&out);
    if (cli->is_json)
        screen_json(cli->env, str_span(&json));
    return EXIT_OK;
}

static int run(struct cli *cli)
{
    static const char *const kinds[] = { "project", "clusters", "sluice" };
    const char *kind = options_value(&cli->in, "kind");
    bool is_kind = !kind;
    for (size_t i = 0; kind && i < ARRAY_LEN(kinds); i++)
        is_kind = is_kind || strcmp(kind, kinds[i]) == 0;
    if (!is_kind)
        return ask_misused(cli, "--kind is project, clusters or sluice, not %s", kind);
    bool is_check = strcmp(cli->in.args[0], "check") == 0;
    if (!is_check && strcmp(cli->in.args[0], "explain") != 0)
        return ask_misused(cli, "there is check and explain, no %s", cli->in.args[0]);
    if (cli->in.arg_count < 2)
        return ask_misused(cli, "%s what? Name a %s", cli->in.args[0], is_check ? "file" : "key");
    return is_check ? check(cli, kind) : explain(cli);
}

const struct verb verb_config = {
    .name = "config",
    .args = "check FILE... | explain KEY...",
    .usage = "Check configuration files, or explain a key. Needs no gateway.",
    .options = rows,
    .more = "check names every error of every file and ends with 2 where there is one. A project's file is\n"
            "checked as a submit checks it, with each profile, as far as no cluster is needed for that.\n"
            "Examples:\n"
            "  sluice config check .mlops-config.yaml ~/.config/sluice/clusters.yaml\n"
            "  sluice config explain resources.gpus\n",
    .min_args = 1,
    .max_args = MAX_COMMAND_WORDS,
    .run = run,
};
