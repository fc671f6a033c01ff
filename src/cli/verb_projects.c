#include "base/mem.h"
#include "cli/ask.h"
#include "cli/project_here.h"
#include "cli/table.h"
#include "cli/view.h"
#include "text/errs.h"

#include <string.h>

static const struct option_row rows[] = {
    { "name", 0, "NAME", "of add: else the folder's name", false },
    { 0 },
};

static const struct table_column columns[] = {
    { "NAME", false, true },   { "BRANCH", false, true }, { "COMMIT", false, false },
    { "DIRTY", false, false }, { "ERRORS", true, false }, { "SYNCED", false, false },
    { "PATH", false, true },
};

static void add_project(struct table *table, const struct doc *project, int64_t now_us)
{
    auto_str struct str synced = STR_MAX(64);
    const struct doc *errors = view_at(project, "errors");
    const char *sha = view_text(project, "sha");
    view_add_ago(&synced, view_time_us(project, "synced_at"), now_us);
    table_add(table, view_text(project, "name"), TINT_NONE);
    table_add(table, view_text(project, "branch"), TINT_NONE);
    table_addf(table, TINT_NONE, "%.10s", sha ? sha : "-");
    table_add(table, view_bool(project, "dirty") ? "yes" : "no", TINT_NONE);
    table_addf(table, errors && errors->count ? TINT_BAD : TINT_NONE, "%zu", errors ? errors->count : 0);
    table_add(table, str_text(&synced), TINT_NONE);
    table_add(table, view_text(project, "path"), TINT_NONE);
}

static int list(struct cli *cli)
{
    auto_answer struct answer answer = { 0 };
    auto_table struct table table = TABLE(columns);
    int status = ask_get(cli, &answer, API "/projects");
    if (status != EXIT_OK || ask_printed_json(cli, &answer))
        return status;
    const struct doc *items = view_items(answer.doc);
    for (size_t i = 0; i < items->count; i++)
        add_project(&table, &items->items[i], clock_wall_us(cli->env->clock));
    if (items->count)
        table_print(&table, cli->env);
    else
        screen_errf(cli->env, "no projects yet; sluice projects add PATH registers one\n");
    return EXIT_OK;
}

/* "file:line:column: path: text (hint)", what is not known left out. */
static void tell_fault(struct cli *cli, const struct doc *error)
{
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(64 * 1024);
    const char *said = view_text(error, "text");
    const struct errs_item item = { .file = view_text(error, "file"),
                                    .line = (unsigned)view_int(error, "line", 0),
                                    .col = (unsigned)view_int(error, "column", 0),
                                    .path = view_text(error, "path"),
                                    .text = said ? said : "?",
                                    .hint = view_text(error, "hint") };
    (void)errs_add(&errs, &item);
    errs_text(&errs, &text);
    screen_errf(cli->env, "  %s", str_text(&text));
}

static void tell(struct cli *cli, const struct doc *project)
{
    const struct doc *errors = view_at(project, "errors");
    screen_putf(cli->env, "project %s: %s\n", view_text(project, "name"), view_text(project, "path"));
    for (size_t i = 0; errors && errors->kind == DOC_SEQ && i < errors->count; i++)
        tell_fault(cli, &errors->items[i]);
}

static void tell_state(struct cli *cli, const struct doc *project)
{
    static const char *const lines[][2] = { { "branch", "branch" },
                                            { "origin", "url" },
                                            { "group", "group" } };
    const char *sha = view_text(project, "sha");
    int64_t synced_us = view_time_us(project, "synced_at");
    auto_str struct str synced = STR_MAX(64);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (view_text(project, lines[i][1]))
            screen_putf(cli->env, "  %-8s %s\n", lines[i][0], view_text(project, lines[i][1]));
    if (sha)
        screen_putf(cli->env, "  %-8s %.12s%s\n", "commit", sha,
                    view_bool(project, "dirty") ? ", with uncommitted changes" : ", nothing uncommitted");
    view_add_ago(&synced, synced_us, clock_wall_us(cli->env->clock));
    screen_putf(cli->env, "  %-8s %s\n", "synced", str_text(&synced));
}

static int add(struct cli *cli, const char *path)
{
    auto_answer struct answer answer = { 0 };
    int status = project_register(cli, path ? path : ".", options_value(&cli->in, "name"), &answer);
    if (status == EXIT_OK && !ask_printed_json(cli, &answer))
        tell(cli, answer.doc);
    return status;
}

static int act(struct cli *cli, const char *method, const char *name, const char *tail)
{
    auto_answer struct answer answer = { 0 };
    auto_str struct str path = STR_MAX(2048);
    str_add(&path, API "/projects/");
    client_add_encoded(&path, name);
    str_add(&path, tail);
    const struct client_call call = { .method = method,
                                      .path = str_text(&path),
                                      .body = strcmp(method, "POST") == 0 ? "{}" : NULL };
    int status = ask(cli, &call, &answer);
    if (status != EXIT_OK || !answer.doc)
        return status;
    if (ask_printed_json(cli, &answer))
        return EXIT_OK;
    tell(cli, answer.doc);
    tell_state(cli, answer.doc);
    return EXIT_OK;
}

static int forget(struct cli *cli, const char *name)
{
    int status = name ? act(cli, "DELETE", name, "") : ask_misused(cli, "rm needs a project's name");
    if (status == EXIT_OK && !cli->is_json)
        screen_putf(cli->env, "project %s is forgotten; its folder and its jobs stay\n", name);
    return status;
}

static int sync_project(struct cli *cli, const char *name)
{
    return name ? act(cli, "POST", name, "/sync") : ask_misused(cli, "sync needs a project's name");
}

static int show(struct cli *cli, const char *name)
{
    return name ? act(cli, "GET", name, "") : ask_misused(cli, "show needs a project's name");
}

static int list_verb(struct cli *cli, const char *name)
{
    return name ? ask_misused(cli, "ls takes no name") : list(cli);
}

static const struct {
    const char *word;
    int (*run)(struct cli *cli, const char *argument);
} actions[] = {
    { "ls", list_verb }, { "add", add }, { "rm", forget }, { "sync", sync_project }, { "show", show }
};

static int run(struct cli *cli)
{
    if (!cli->in.arg_count)
        return list(cli);
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].word, cli->in.args[0]) == 0)
            return actions[i].run(cli, cli->in.arg_count > 1 ? cli->in.args[1] : NULL);
    return ask_misused(cli, "there are ls, add, show, sync and rm, no %s", cli->in.args[0]);
}

const struct verb verb_projects = {
    .name = "projects",
    .args = "[ls | add [PATH] | show NAME | sync NAME | rm NAME]",
    .usage = "List, register, read again or forget projects.",
    .options = rows,
    .more = "add registers a folder (the current one where none is named); doing it again is fine.\n"
            "show and sync look at the folder anew, and tell branch, commit and what is wrong.\n",
    .max_args = 2,
    .run = run,
};
