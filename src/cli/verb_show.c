#include "base/mem.h"
#include "cli/ask.h"
#include "cli/table.h"
#include "cli/view.h"
#include "text/quote.h"
#include "text/terminal.h"
#include "text/units.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_LINE_BYTES = 256 * 1024, MAX_TASK_LINES = 50, MAX_EVIDENCE_LINES = 5 };

static const struct option_row rows[] = {
    { "script", 0, NULL, "the batch script as it was sent, instead", false },
    { "tasks", 0, NULL, "every task of an array, not only the first 50", false },
    { 0 },
};

static void line(struct cli *cli, const char *label, const char *text)
{
    if (text && *text)
        screen_putf(cli->env, "%-11s %s\n", label, text);
}

/* Rows that are shown as they stand in the document, in this order. */
static const struct {
    const char *label, *path;
} plain[] = {
    { "description", "description" },
    { "project", "project" },
    { "group", "group" },
    { "user", "user" },
    { "cluster", "cluster" },
    { "slurm job", "slurm.job_id" },
    { "array", "slurm.array" },
    { "partition", "resources.partition" },
    { "account", "resources.account" },
    { "qos", "resources.qos" },
    { "nodes", "node_list" },
    { "token", "token" },
};

static void show_head(struct cli *cli, const struct doc *job)
{
    auto_str struct str text = STR_MAX(MAX_LINE_BYTES), safe = STR_MAX(MAX_LINE_BYTES);
    const char *state = view_text(job, "state"), *name = view_text(job, "name");
    const char *why = view_text(job, "why"), *reason = view_text(job, "reason");
    screen_putf(cli->env, "job %s%s%s\n", view_text(job, "id"), name ? "  " : "", name ? name : "");
    terminal_escape(&safe, span_of(state), TERMINAL_CELL);
    screen_add_tinted(cli->env, &text, str_span(&safe), screen_state_tint(state));
    (void)fprintf(cli->env->out, "%-11s %s\n", "state", str_text(&text));
    line(cli, "why", why);
    if (reason && (!why || !strstr(why, reason)))
        line(cli, "reason", reason);
}

static void show_seen(struct cli *cli, const struct doc *job, int64_t now_us)
{
    auto_str struct str text = STR_MAX(256);
    int64_t seen_us = view_time_us(job, "observed_at");
    const char *source = view_text(job, "source");
    if (!seen_us || view_is_ended(job))
        return;
    view_add_ago(&text, seen_us, now_us);
    if (source)
        str_addf(&text, " (%s)", source);
    if (view_bool(job, "stale"))
        str_add(&text, ", its cluster cannot be reached now");
    line(cli, "seen", str_text(&text));
}

static void show_resources(struct cli *cli, const struct doc *job)
{
    auto_str struct str text = STR_MAX(1024);
    int64_t time_s = view_int(job, "resources.time_s", -1), cpus = view_int(job, "resources.cpus", -1);
    const char *mem = view_text(job, "resources.mem");
    if (view_int(job, "resources.gpus", 0) > 0) {
        str_add(&text, "GPUs ");
        view_add_gpus(&text, job);
    }
    if (cpus > 0)
        str_addf(&text, "%sCPUs %" PRId64, text.len ? ", " : "", cpus);
    if (mem)
        str_addf(&text, "%smemory %s", text.len ? ", " : "", mem);
    if (time_s > 0) {
        str_addf(&text, "%stime ", text.len ? ", " : "");
        units_add_duration(&text, time_s);
    }
    line(cli, "resources", str_text(&text));
}

/* One that would be several words, or none, is quoted: the line can be copied into a shell. */
static void add_word(struct str *to, const char *word)
{
    if (to->len)
        str_add_char(to, ' ');
    if (word && *word && !strpbrk(word, " \t\n'\"\\$`&|;<>()*?[]#~!"))
        str_add(to, word);
    else
        quote_text(to, word);
}

static void show_command(struct cli *cli, const struct doc *job)
{
    auto_str struct str tags = STR_MAX(MAX_LINE_BYTES), argv = STR_MAX(MAX_LINE_BYTES);
    const struct doc *words = view_at(job, "argv");
    view_add_list(&tags, view_at(job, "tags"));
    line(cli, "tags", str_text(&tags));
    for (size_t i = 0; words && i < words->count; i++)
        add_word(&argv, doc_scalar_text(&words->items[i]));
    line(cli, "command", str_text(&argv));
    const char *sha = view_text(job, "commit.sha"), *branch = view_text(job, "commit.branch");
    if (sha)
        screen_putf(cli->env, "%-11s %.12s%s%s%s\n", "commit", sha, branch ? " on " : "",
                    branch ? branch : "", view_bool(job, "commit.dirty") ? ", with uncommitted changes" : "");
}

static void show_times(struct cli *cli, const struct doc *job, int64_t now_us)
{
    static const struct {
        const char *label, *path;
    } times[] = { { "created", "created_at" },
                  { "submitted", "submitted_at" },
                  { "started", "started_at" },
                  { "ended", "ended_at" } };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        auto_str struct str text = STR_MAX(128);
        int64_t at_us = view_time_us(job, times[i].path);
        if (!at_us)
            continue;
        str_addf(&text, "%s  (", view_text(job, times[i].path));
        view_add_ago(&text, at_us, now_us);
        str_add_char(&text, ')');
        line(cli, times[i].label, str_text(&text));
    }
    auto_str struct str elapsed = STR_MAX(64);
    int64_t seconds = view_elapsed_s(job, now_us);
    if (seconds >= 0)
        units_add_duration(&elapsed, seconds);
    line(cli, "elapsed", str_text(&elapsed));
}

/* "          line 325: RuntimeError: CUDA out of memory", and what to do next, below the verdict. */
static void show_verdict(struct cli *cli, const struct doc *verdict)
{
    const struct doc *lines = doc_get(verdict, "evidence"), *next = doc_get(verdict, "next");
    line(cli, "verdict", view_text(verdict, "title"));
    for (size_t i = 0; lines && lines->kind == DOC_SEQ && i < lines->count && i < MAX_EVIDENCE_LINES; i++) {
        const char *number = view_text(&lines->items[i], "line"), *text = view_text(&lines->items[i], "text");
        if (text)
            screen_putf(cli->env, "%-11s %s%s%s%s\n", "", number ? "line " : "", number ? number : "",
                        number ? ": " : "", text);
    }
    for (size_t i = 0; next && next->kind == DOC_SEQ && i < next->count; i++)
        line(cli, i ? "" : "next", doc_scalar_text(&next->items[i]));
}

static void show_end(struct cli *cli, const struct doc *job)
{
    line(cli, "exit code", view_text(job, "exit_code"));
    line(cli, "signal", view_text(job, "signal"));
    show_verdict(cli, view_at(job, "verdict"));
    if (view_time_us(job, "cancel_requested_at") && !view_is_ended(job))
        line(cli, "cancel", "asked for, not yet done");
}

static const struct table_column try_columns[] = {
    { "#", true, false },     { "STATE", false, false },   { "REASON", false, true },
    { "NODES", false, true }, { "STARTED", false, false }, { "ENDED", false, false },
    { "EXIT", true, false },  { "SIGNAL", true, false },
};

static void show_rows(struct cli *cli, const char *title, const char *number, const struct doc *list,
                      size_t most)
{
    auto_table struct table table = TABLE(try_columns);
    if (!list || list->kind != DOC_SEQ || !list->count)
        return;
    for (size_t i = 0; i < list->count && i < most; i++) {
        const struct doc *row = &list->items[i];
        const char *state = view_text(row, "state");
        table_add(&table, view_text(row, number), TINT_NONE);
        table_add(&table, state, screen_state_tint(state));
        table_add(&table, view_text(row, "reason"), TINT_NONE);
        table_add(&table, view_text(row, "node_list"), TINT_NONE);
        table_add(&table, view_text(row, "started_at"), TINT_NONE);
        table_add(&table, view_text(row, "ended_at"), TINT_NONE);
        table_add(&table, view_text(row, "exit_code"), TINT_NONE);
        table_add(&table, view_text(row, "signal"), TINT_NONE);
    }
    screen_putf(cli->env, "\n%s\n", title);
    table_print(&table, cli->env);
    if (list->count > most)
        screen_putf(cli->env, "... and %zu more (--tasks shows all)\n", list->count - most);
}

static void show_task_counts(struct cli *cli, const struct doc *job)
{
    const struct doc *counts = view_at(job, "slurm.tasks");
    auto_str struct str text = STR_MAX(1024);
    for (size_t i = 0; counts && counts->kind == DOC_MAP && i < counts->count; i++)
        str_addf(&text, "%s%s %s", i ? ", " : "", doc_scalar_text(&counts->items[i]), counts->items[i].key);
    line(cli, "tasks", str_text(&text));
}

static const struct table_column metric_columns[] = {
    { "METRIC", false, true },
    { "LAST", true, false },
    { "BEST", true, false },
    { "STEP", true, false },
};

/* The primary one stands first in the document. */
static void show_metrics(struct cli *cli, const struct doc *metrics)
{
    auto_table struct table table = TABLE(metric_columns);
    if (!metrics || metrics->kind != DOC_MAP || !metrics->count)
        return;
    for (size_t i = 0; i < metrics->count; i++) {
        const struct doc *row = &metrics->items[i];
        static const char *const parts[] = { "last", "best", "step" };
        table_add(&table, row->key, TINT_NONE);
        for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
            auto_str struct str text = STR_MAX(64);
            view_add_number(&text, doc_get(row, parts[k]));
            table_add(&table, str_text(&text), TINT_NONE);
        }
    }
    (void)fputc('\n', cli->env->out);
    table_print(&table, cli->env);
}

static void show_progress(struct cli *cli, const struct doc *job)
{
    auto_str struct str text = STR_MAX(256);
    view_add_progress(&text, job);
    line(cli, "progress", str_text(&text));
}

static void show_links(struct cli *cli, const struct doc *links)
{
    for (size_t i = 0; links && links->kind == DOC_SEQ && i < links->count; i++) {
        const char *url = view_text(&links->items[i], "url");
        line(cli, "link", url ? url : doc_scalar_text(&links->items[i]));
    }
}

static void show(struct cli *cli, const struct doc *job)
{
    int64_t now_us = clock_wall_us(cli->env->clock);
    const struct doc *tries = view_at(job, "attempts");
    show_head(cli, job);
    show_seen(cli, job, now_us);
    show_end(cli, job);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        line(cli, plain[i].label, view_text(job, plain[i].path));
    show_task_counts(cli, job);
    show_resources(cli, job);
    show_command(cli, job);
    show_times(cli, job, now_us);
    show_progress(cli, job);
    show_links(cli, view_at(job, "links"));
    show_metrics(cli, view_at(job, "metrics"));
    if (tries && tries->count > 1)
        show_rows(cli, "attempts", "n", tries, SIZE_MAX);
    show_rows(cli, "tasks", "task", view_at(job, "task_list"),
              options_has(&cli->in, "tasks") ? SIZE_MAX : MAX_TASK_LINES);
}

static int run(struct cli *cli)
{
    auto_str struct str path = STR_MAX(1024);
    auto_answer struct answer answer = { 0 };
    bool is_script = options_has(&cli->in, "script");
    ask_add_job(&path, cli->in.arg_count ? cli->in.args[0] : NULL);
    int status = ask_get(cli, &answer, "%s%s", str_text(&path), is_script ? "/script" : "");
    if (status != EXIT_OK)
        return status;
    if (is_script)
        screen_bytes(cli->env, str_span(&answer.reply.body));
    else if (!ask_printed_json(cli, &answer))
        show(cli, answer.doc);
    return EXIT_OK;
}

const struct verb verb_show = {
    .name = "show",
    .args = "[JOB]",
    .usage = "Show a job: state and why, where it runs, attempts, tasks.",
    .options = rows,
    .max_args = 1,
    .run = run,
};
