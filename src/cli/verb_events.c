#include "base/mem.h"
#include "cli/ask.h"
#include "cli/job_watch.h"
#include "cli/view.h"
#include "text/json_out.h"
#include "text/terminal.h"

#include <inttypes.h>

enum { DEFAULT_EVENTS = 50, PAGE_EVENTS = 200, POLL_MS = 1000, MAX_DATA_BYTES = 64 * 1024, TIMEOUT_S = 60 };

static const struct option_row rows[] = {
    { "follow", 'f', NULL, "go on with what happens", false },
    { "after", 0, "ID", "only events after this one", false },
    { "lines", 'n', "N", "the last N (50); with --after, and of a job, the first N (all)", false },
    { 0 },
};

struct reading {
    struct cli *cli;
    const char *job;     /* NULL: of everything */
    int64_t after, left; /* left: lines still to be shown */
};

static void print_event(struct cli *cli, const struct doc *event)
{
    auto_str struct str data = STR_MAX(MAX_DATA_BYTES), safe = STR_MAX(4 * MAX_DATA_BYTES);
    const struct doc *about = view_at(event, "data");
    const char *job = view_text(event, "job"), *topic = view_text(event, "topic");
    struct json_out out = { .to = &data };
    if (about)
        json_doc(&out, about);
    terminal_escape(&safe, str_span(&data), TERMINAL_CELL);
    screen_putf(cli->env, "%s  %s  %s%s  %s  %s\n", view_text(event, "id"), view_text(event, "time"),
                job ? "job " : "",
                job     ? job
                : topic ? topic
                        : "-",
                view_text(event, "kind"), str_text(&safe));
}

static int64_t limit_of(const struct reading *reading)
{
    return reading->left < PAGE_EVENTS ? reading->left : PAGE_EVENTS;
}

/* One page; *count: events in it. */
static int read_page(struct reading *reading, size_t *count)
{
    struct cli *cli = reading->cli;
    auto_answer struct answer answer = { 0 };
    auto_str struct str path = STR_MAX(1024);
    struct err err = { 0 };
    if (reading->job)
        ask_add_job(&path, reading->job);
    else
        str_add(&path, API);
    str_addf(&path, "/events?after=%" PRId64 "&limit=%" PRId64, reading->after, limit_of(reading));
    if (job_watch_raw(cli, str_text(&path), TIMEOUT_S, &answer, &err) < 0)
        return ask_fail(cli, &err);
    if (answer.reply.status / 100 != 2)
        return ask_tell_problem(cli, &answer);
    const struct doc *items = view_items(answer.doc);
    for (size_t i = 0; i < items->count; i++) {
        reading->after = view_int(&items->items[i], "id", reading->after);
        if (!cli->is_json)
            print_event(cli, &items->items[i]);
    }
    *count = items->count;
    reading->left -= (int64_t)items->count;
    if (items->count)
        (void)ask_printed_json(cli, &answer);
    (void)fflush(cli->env->out);
    return EXIT_OK;
}

/* The last event's id minus so many: ids grow by one. */
static int start_at(struct reading *reading, int64_t lines)
{
    auto_answer struct answer answer = { 0 };
    int status = ask_get(reading->cli, &answer, API "/jobs?limit=1");
    int64_t last = view_int(answer.doc, "event", 0);
    reading->after = last > lines ? last - lines : 0;
    return status;
}

static int run(struct cli *cli)
{
    struct reading reading = { .cli = cli, .job = cli->in.arg_count ? cli->in.args[0] : NULL };
    int64_t lines = DEFAULT_EVENTS;
    struct err err = { 0 };
    size_t count = 0;
    int status = EXIT_OK;
    if (options_int(&cli->in, "after", 0, INT64_MAX, &reading.after, &err) < 0 ||
        options_int(&cli->in, "lines", 1, INT64_MAX / 2, &lines, &err) < 0)
        return ask_misused(cli, "%s", err.text);
    bool is_last = !reading.job && !options_has(&cli->in, "after"); /* N says where to begin, not to end */
    reading.left = !is_last && options_has(&cli->in, "lines") ? lines : INT64_MAX;
    if (is_last)
        status = start_at(&reading, lines);
    while (status == EXIT_OK && reading.left > 0) {
        status = read_page(&reading, &count);
        if (status != EXIT_OK || count == PAGE_EVENTS)
            continue;
        if (!options_has(&cli->in, "follow"))
            break;
        cli->env->pause_ms(POLL_MS);
    }
    return status;
}

const struct verb verb_events = {
    .name = "events",
    .args = "[JOB]",
    .usage = "Show what happened, to a job or at all.",
    .options = rows,
    .more = "With --json each page of events is a line.\n",
    .max_args = 1,
    .run = run,
};
