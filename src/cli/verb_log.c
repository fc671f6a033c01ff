#include "base/mem.h"
#include "cli/follow.h"
#include "cli/job_watch.h"
#include "cli/view.h"

enum { DEFAULT_LINES = 100, MAX_LINES = 100000 };

static const struct option_row rows[] = {
    { "follow", 'f', NULL, "on to the job's end", false },
    { "lines", 'n', "N", "the last N lines (on a terminal 100, else everything)", false },
    { "all", 'a', NULL, "everything, on a terminal too", false },
    { "offset", 0, "BYTES", "from this byte on; negative: from the end", false },
    { "attempt", 0, "N", "of a requeued job; the last where not given", false },
    { "task", 0, "N", "of a job array", false },
    { "scheduler", 0, NULL, "what Slurm itself wrote", false },
    { "color-logs", 0, NULL, "let colours of the log through to the terminal", false },
    { 0 },
};

static int read_options(struct cli *cli, struct follow *follow, struct err *err)
{
    const struct options *in = &cli->in;
    bool is_tail = cli->env->is_terminal && !options_has(in, "all") && !options_has(in, "offset");
    follow->lines = is_tail ? DEFAULT_LINES : 0;
    follow->is_scheduler_log = options_has(in, "scheduler");
    follow->view.is_terminal = cli->env->is_terminal;
    follow->view.keeps_colors = options_has(in, "color-logs");
    if (options_has(in, "lines") && (options_has(in, "offset") || options_has(in, "all")))
        return err_set(err, ERR_INVALID, "--lines, --offset and --all exclude each other");
    if (options_int(in, "lines", 1, MAX_LINES, &follow->lines, err) < 0 ||
        options_int(in, "offset", -(INT64_MAX / 2), INT64_MAX / 2, &follow->offset, err) < 0 ||
        options_int(in, "attempt", 1, 1000000, &follow->attempt, err) < 0)
        return -1;
    return options_int(in, "task", 0, INT64_C(10000000), &follow->task, err);
}

static int follow_job(struct cli *cli, struct follow *follow)
{
    auto_answer struct answer job = { 0 };
    auto_free char *id = NULL;
    int status = job_watch(cli, follow->job, "terminal", 0, &job);
    if (status != EXIT_OK)
        return status;
    if (follow_is_futile(cli, follow, job.doc))
        return EXIT_NOT_THERE;
    id = mem_dup_str(view_text(job.doc, "id"));
    follow->job = id;
    status = follow_to_end(cli, follow, &job);
    if (status == EXIT_OK && !cli->is_json)
        (void)job_watch_tell_end(cli, job.doc);
    return status;
}

static int run(struct cli *cli)
{
    struct follow follow = { .job = cli->in.arg_count ? cli->in.args[0] : NULL, .task = -1 };
    struct err err = { 0 };
    if (read_options(cli, &follow, &err) < 0)
        return ask_misused(cli, "%s", err.text);
    return options_has(&cli->in, "follow") ? follow_job(cli, &follow) : follow_once(cli, &follow);
}

const struct verb verb_log = {
    .name = "log",
    .alias = "logs",
    .args = "[JOB]",
    .usage = "Show a job's log, or follow it to its end.",
    .options = rows,
    .more = "To a terminal control characters are made visible; to a file or a pipe bytes go as they are.\n"
            "-f ends with 0 once the job has ended and every byte is shown; it outlives a restart of the\n"
            "gateway. With --json each piece is a line {attempt, offset, text}.\n",
    .max_args = 1,
    .run = run,
};
