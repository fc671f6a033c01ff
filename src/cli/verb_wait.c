#include "cli/job_watch.h"
#include "cli/view.h"
#include "text/units.h"

#include <string.h>

static const struct option_row rows[] = {
    { "timeout", 't', "TIME", "at most so long in all (90s, 2h); then it ends with 90", false },
    { "quiet", 'q', NULL, "say nothing", false },
    { 0 },
};

static int wait_one(struct cli *cli, const char *job, int64_t timeout_s)
{
    auto_answer struct answer answer = { 0 };
    int status = job_watch(cli, job, "terminal", timeout_s, &answer);
    if (status != EXIT_OK)
        return status;
    if (ask_printed_json(cli, &answer) || options_has(&cli->in, "quiet"))
        return exit_code_of_job(answer.doc);
    if (!view_is_ended(answer.doc)) {
        screen_errf(cli->env, "job %s is still %s\n", view_text(answer.doc, "id"),
                    view_text(answer.doc, "state"));
        return EXIT_STILL_GOING;
    }
    return job_watch_tell_end(cli, answer.doc);
}

static int run(struct cli *cli)
{
    int64_t timeout_s = WAIT_FOR_EVER_S;
    const char *text = options_value(&cli->in, "timeout");
    struct err err = { 0 };
    if (text && strspn(text, "0123456789.") == strlen(text))
        return ask_misused(cli, "--timeout: %s of what? say 90s, 5m or 2h", *text ? text : "nothing");
    if (text && units_parse_duration(span_of(text), &timeout_s, &err) < 0)
        return ask_misused(cli, "--timeout: %s", err.text);
    if (cli->in.arg_count == 0)
        return wait_one(cli, NULL, timeout_s);
    int64_t end_us = clock_mono_us(cli->env->clock) + timeout_s * US_PER_S;
    int status = EXIT_OK;
    for (size_t i = 0; i < cli->in.arg_count; i++) {
        int64_t left_s = (end_us - clock_mono_us(cli->env->clock) + US_PER_S - 1) / US_PER_S;
        int one = wait_one(cli, cli->in.args[i], !text ? WAIT_FOR_EVER_S : left_s > 0 ? left_s : 0);
        status = status == EXIT_OK ? one : status;
    }
    return status;
}

const struct verb verb_wait = {
    .name = "wait",
    .args = "[JOB]...",
    .usage = "Wait until jobs have ended; ends with the job's own exit code.",
    .options = rows,
    .more = "The exit status is the job's own code, or 128+n where signal n ended it. Codes from 80 on say\n"
            "how else it ended (docs/cli.md). Of several jobs, the first that did not succeed counts.\n",
    .max_args = MAX_COMMAND_WORDS,
    .run = run,
};
