#include "base/mem.h"
#include "cli/ask.h"
#include "cli/job_watch.h"
#include "cli/view.h"

#include <inttypes.h>

enum { MAX_PATH_BYTES = 1024 };

static const struct option_row rows[] = {
    { "task", 0, "N", "only this task of the array", false },
    { "wait", 'w', NULL, "until it has ended", false },
    { 0 },
};

static int cancel(struct cli *cli, const char *job, int64_t task)
{
    auto_str struct str path = STR_MAX(MAX_PATH_BYTES), body = STR_MAX(64);
    auto_answer struct answer answer = { 0 };
    ask_add_job(&path, job);
    str_add(&path, "/cancel");
    if (task >= 0)
        str_addf(&body, "{\"task\":%" PRId64 "}", task);
    const struct client_call call = { .method = "POST",
                                      .path = str_text(&path),
                                      .body = task >= 0 ? str_text(&body) : "{}" };
    int status = ask(cli, &call, &answer);
    if (status != EXIT_OK)
        return status;
    if (options_has(&cli->in, "wait")) {
        auto_free char *id = mem_dup_str(view_text(answer.doc, "id"));
        status = job_watch(cli, id, "terminal", WAIT_FOR_EVER_S, &answer);
    }
    if (status != EXIT_OK || ask_printed_json(cli, &answer))
        return status;
    const char *state = view_text(answer.doc, "state");
    screen_putf(cli->env, "job %s: %s%s\n", view_text(answer.doc, "id"), state,
                view_is_ended(answer.doc) ? "" : ", cancel asked for");
    return EXIT_OK;
}

static int run(struct cli *cli)
{
    int64_t task = -1;
    struct err err = { 0 };
    if (options_int(&cli->in, "task", 0, INT64_C(10000000), &task, &err) < 0)
        return ask_misused(cli, "%s", err.text);
    if (task >= 0 && cli->in.arg_count > 1)
        return ask_misused(cli, "--task goes with one job");
    if (cli->in.arg_count == 0)
        return cancel(cli, NULL, task);
    int status = EXIT_OK;
    for (size_t i = 0; i < cli->in.arg_count; i++) {
        int one = cancel(cli, cli->in.args[i], task);
        status = status == EXIT_OK ? one : status;
    }
    return status;
}

const struct verb verb_cancel = {
    .name = "cancel",
    .args = "[JOB]...",
    .usage = "Cancel jobs.",
    .options = rows,
    .more = "A job that has ended stays as it is, and that is no error. Every job is tried; the exit status\n"
            "is that of the first that could not be cancelled.\n",
    .max_args = MAX_COMMAND_WORDS,
    .run = run,
};
