#include "base/mem.h"
#include "cli/ask.h"
#include "cli/table.h"
#include "cli/view.h"

#include <string.h>

enum { DOCTOR_TIMEOUT_S = 300 };

static const struct table_column columns[] = {
    { "", false, false },
    { "CHECK", false, false },
    { "WHAT WAS FOUND", false, true },
};

static enum tint tint_of(const char *status)
{
    if (status && strcmp(status, "error") == 0)
        return TINT_BAD;
    return status && strcmp(status, "ok") == 0 ? TINT_FAINT : TINT_NONE;
}

static void print(struct cli *cli, const struct doc *lines)
{
    auto_table struct table table = TABLE(columns);
    for (size_t i = 0; lines && i < lines->count; i++) {
        const struct doc *line = &lines->items[i];
        const char *status = view_text(line, "status");
        table_add(&table, status, tint_of(status));
        table_add(&table, view_text(line, "check"), TINT_NONE);
        table_add(&table, view_text(line, "text"), TINT_NONE);
    }
    table_print(&table, cli->env);
    for (size_t i = 0; lines && i < lines->count; i++) {
        const char *hint = view_text(&lines->items[i], "hint");
        if (hint)
            screen_putf(cli->env, "\n%s: %s\n", view_text(&lines->items[i], "check"), hint);
    }
}

static int run(struct cli *cli)
{
    auto_answer struct answer answer = { 0 };
    auto_str struct str path = STR_MAX(1024);
    str_add(&path, API "/clusters/");
    client_add_encoded(&path, cli->in.args[0]);
    str_add(&path, "/check");
    const struct client_call call = {
        .method = "POST", .path = str_text(&path), .body = "{}", .timeout_s = DOCTOR_TIMEOUT_S
    };
    int status = ask(cli, &call, &answer);
    if (status != EXIT_OK)
        return status;
    if (!ask_printed_json(cli, &answer))
        print(cli, view_at(answer.doc, "lines"));
    const char *result = view_text(answer.doc, "result");
    return result && strcmp(result, "error") == 0 ? EXIT_JOB_FAILED : EXIT_OK;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .args = "CLUSTER",
    .usage = "Examine a cluster: login, shell, Slurm, clock, disk, and what to do about it.",
    .options = NULL,
    .more = "The exit status is 1 where a line says error.\n",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
