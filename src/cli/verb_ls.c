#include "base/mem.h"
#include "cli/ask.h"
#include "cli/table.h"
#include "cli/view.h"
#include "text/units.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_QUERY_BYTES = 8 * 1024, PAGE_ROWS = 200, DEFAULT_ROWS = 30, MAX_ROWS = 1000000 };

static const struct option_row rows[] = {
    { "limit", 'n', "N", "so many jobs (30)", false },
    { "all", 'a', NULL, "every job that fits, page after page", false },
    { "archived", 0, NULL, "archived ones too", false },
    { "oldest", 0, NULL, "oldest first", false },
    { 0 },
};

static const struct table_column columns[] = {
    { "ID", true, false },      { "STATE", false, false },  { "NAME", false, true },
    { "PROJECT", false, true }, { "CLUSTER", false, true }, { "GPUS", false, false },
    { "ELAPSED", true, false }, { "DONE", true, false },    { "AGE", true, false },
    { "WHY", false, true },
};

struct listing {
    struct cli *cli;
    struct str filter;
    char *cursor;
    int64_t left; /* rows still wanted */
    struct table table;
};

static void add_state(struct table *table, const struct doc *job)
{
    const char *state = view_text(job, "state");
    bool is_stale = view_bool(job, "stale");
    table_addf(table, screen_state_tint(state), "%s%s", state ? state : "unknown", is_stale ? "?" : "");
}

static void add_times(struct table *table, const struct doc *job, int64_t now_us)
{
    auto_str struct str elapsed = STR_MAX(64), done = STR_MAX(64), age = STR_MAX(64);
    int64_t seconds = view_elapsed_s(job, now_us);
    int64_t created = view_time_us(job, "created_at");
    if (seconds >= 0)
        units_add_duration(&elapsed, seconds);
    if (created)
        view_add_age(&age, (now_us - created) / US_PER_S);
    view_add_percent(&done, job);
    table_add(table, str_text(&elapsed), TINT_NONE);
    table_add(table, str_text(&done), TINT_NONE);
    table_add(table, str_text(&age), TINT_NONE);
}

static void add_why(struct table *table, const struct doc *job)
{
    const char *verdict = view_text(job, "verdict.title");
    const char *why = verdict ? verdict : view_text(job, "why"), *reason = view_text(job, "reason");
    const char *state = view_text(job, "state");
    int64_t code = view_int(job, "exit_code", 0), signal = view_int(job, "signal", 0);
    if (why || reason)
        table_add(table, why ? why : reason, TINT_NONE);
    else if (signal > 0)
        table_addf(table, TINT_NONE, "signal %" PRId64, signal);
    else if (code > 0 && state && strcmp(state, "failed") == 0)
        table_addf(table, TINT_NONE, "exit code %" PRId64, code);
    else
        table_add(table, NULL, TINT_NONE);
}

static void add_job(struct table *table, const struct doc *job, int64_t now_us)
{
    auto_str struct str gpus = STR_MAX(256);
    view_add_gpus(&gpus, job);
    table_add(table, view_text(job, "id"), TINT_NONE);
    add_state(table, job);
    table_add(table, view_text(job, "name"), TINT_NONE);
    table_add(table, view_text(job, "project"), TINT_NONE);
    table_add(table, view_text(job, "cluster"), TINT_NONE);
    table_add(table, str_text(&gpus), TINT_NONE);
    add_times(table, job, now_us);
    add_why(table, job);
}

static void add_path(const struct listing *list, struct str *path)
{
    const struct options *in = &list->cli->in;
    str_addf(path, API "/jobs?limit=%" PRId64, list->left < PAGE_ROWS ? list->left : PAGE_ROWS);
    if (list->filter.len) {
        str_add(path, "&filter=");
        client_add_encoded(path, str_text(&list->filter));
    }
    if (list->cursor) {
        str_add(path, "&cursor=");
        client_add_encoded(path, list->cursor);
    }
    str_add(path, options_has(in, "archived") ? "&archived=true" : "");
    str_add(path, options_has(in, "oldest") ? "&sort=oldest" : "");
}

/* One page; with --json each page is a line of its own. */
static int add_page(struct listing *list)
{
    auto_str struct str path = STR_MAX(MAX_QUERY_BYTES);
    auto_answer struct answer answer = { 0 };
    add_path(list, &path);
    int status = ask_get(list->cli, &answer, "%s", str_text(&path));
    if (status != EXIT_OK)
        return status;
    const struct doc *items = view_items(answer.doc);
    mem_replace_str(&list->cursor, view_text(answer.doc, "next"));
    list->left -= (int64_t)items->count;
    if (ask_printed_json(list->cli, &answer))
        return EXIT_OK;
    int64_t now_us = clock_wall_us(list->cli->env->clock);
    for (size_t i = 0; i < items->count; i++)
        add_job(&list->table, &items->items[i], now_us);
    return EXIT_OK;
}

/* group:my group: one value whose quotes the shell took. Other keys' values have no blanks, and another key
 * behind the blank makes it a line of several words. */
static bool is_one_value(const char *word)
{
    static const char *const keys[] = { "group:", "tag:", "name:" };
    bool is_key = false;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        is_key = is_key || strncmp(word, keys[i], strlen(keys[i])) == 0;
    const char *blank = strpbrk(word, " \t");
    return is_key && blank && !strchr(blank, ':') && !strchr(word, '"');
}

/* An argument is one word of a filter, or a whole line of them as it stands in the page. */
static void add_word(struct str *filter, const char *word)
{
    const char *colon = strchr(word, ':');
    if (filter->len)
        str_add_char(filter, ' ');
    if (is_one_value(word))
        str_addf(filter, "%.*s:\"%s\"", (int)(colon - word), word, colon + 1);
    else
        str_add(filter, word);
}

static void print_table(struct listing *list)
{
    const struct cli_env *env = list->cli->env;
    if (list->table.count) {
        table_print(&list->table, env);
        if (list->cursor && env->is_terminal)
            screen_errf(env, "there are more: --limit N or --all shows them\n");
        return;
    }
    screen_errf(env, list->filter.len ? "no job fits %s\n" : "no jobs yet; sluice submit makes one\n%s",
                list->filter.len ? str_text(&list->filter) : "");
}

static int run(struct cli *cli)
{
    struct listing list = { .cli = cli, .filter = STR_MAX(MAX_QUERY_BYTES / 4), .left = DEFAULT_ROWS };
    struct err err = { 0 };
    list.table = TABLE(columns);
    int status = EXIT_OK;
    if (options_int(&cli->in, "limit", 1, MAX_ROWS, &list.left, &err) < 0)
        return ask_misused(cli, "%s", err.text);
    if (options_has(&cli->in, "all"))
        list.left = MAX_ROWS;
    for (size_t i = 0; i < cli->in.arg_count; i++)
        add_word(&list.filter, cli->in.args[i]);
    do
        status = add_page(&list);
    while (status == EXIT_OK && list.cursor && list.left > 0);
    if (status == EXIT_OK && !cli->is_json)
        print_table(&list);
    table_clear(&list.table);
    str_clear(&list.filter);
    mem_clear_str(&list.cursor);
    return status;
}

const struct verb verb_ls = {
    .name = "ls",
    .alias = "list",
    .args = "[FILTER]...",
    .usage = "List jobs, newest first.",
    .options = rows,
    .more = "Filter words are those of the page: state:failed cluster:alder gpu:h100 project:x user:me\n"
            "group:g tag:y age:<2d archived:yes, and words of the name. state: also takes active, queued,\n"
            "running, failed, ended.\n"
            "To anything but a terminal nothing is cut and columns are separated by tabs.\n"
            "Examples:\n"
            "  sluice ls state:failed age:'<2d'\n"
            "  sluice ls 'state:ended cluster:alder'\n"
            "  sluice ls --json --limit 1\n",
    .max_args = MAX_COMMAND_WORDS,
    .run = run,
};
