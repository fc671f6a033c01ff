#include "base/mem.h"
#include "cli/ask.h"
#include "cli/view.h"

#include <inttypes.h>

enum { MAX_PATH_BYTES = 1024 };

static const struct option_row rows[] = { { 0 } };

/* The attempt that is seen now: asked again after a lost answer it means no later one. */
static int attempt_of(struct cli *cli, const char *job, int64_t *attempt)
{
    auto_str struct str path = STR_MAX(MAX_PATH_BYTES);
    auto_answer struct answer answer = { 0 };
    ask_add_job(&path, job);
    const struct client_call call = { .method = "GET", .path = str_text(&path) };
    int status = ask(cli, &call, &answer);
    if (status == EXIT_OK)
        *attempt = view_int(answer.doc, "attempt", 1);
    return status;
}

static int requeue(struct cli *cli, const char *job)
{
    auto_str struct str path = STR_MAX(MAX_PATH_BYTES), body = STR_MAX(64);
    auto_answer struct answer answer = { 0 };
    int64_t attempt = 1;
    int status = attempt_of(cli, job, &attempt);
    if (status != EXIT_OK)
        return status;
    ask_add_job(&path, job);
    str_add(&path, "/requeue");
    str_addf(&body, "{\"attempt\":%" PRId64 "}", attempt);
    const struct client_call call = { .method = "POST", .path = str_text(&path), .body = str_text(&body) };
    status = ask(cli, &call, &answer);
    if (status != EXIT_OK || ask_printed_json(cli, &answer))
        return status;
    screen_putf(cli->env, "job %s: attempt %" PRId64 " goes back into the queue\n",
                view_text(answer.doc, "id"), attempt);
    return EXIT_OK;
}

static int run(struct cli *cli)
{
    int status = EXIT_OK;
    for (size_t i = 0; i < cli->in.arg_count; i++) {
        int one = requeue(cli, cli->in.args[i]);
        status = status == EXIT_OK ? one : status;
    }
    return status;
}

const struct verb verb_requeue = {
    .name = "requeue",
    .args = "JOB...",
    .usage = "Send running Slurm jobs back into the queue.",
    .options = rows,
    .more =
        "The run ends, and the job starts again as its next attempt, with a log of its own. What waits, has\n"
        "ended, is an array or runs without Slurm cannot be requeued. Every job is tried; the exit status "
        "is\n"
        "that of the first that could not.\n",
    .min_args = 1,
    .max_args = MAX_COMMAND_WORDS,
    .run = run,
};
