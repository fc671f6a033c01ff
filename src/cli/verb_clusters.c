#include "cli/ask.h"
#include "base/mem.h"
#include "cli/table.h"
#include "cli/view.h"

#include <inttypes.h>
#include <string.h>

static const struct table_column columns[] = {
    { "CLUSTER", false, true },    { "STATE", false, false }, { "SCHEDULER", false, false },
    { "HOST", false, true },       { "SEEN", false, false },  { "LATENCY", true, false },
    { "LAST ERROR", false, true },
};

static enum tint tint_of(const char *state, bool is_stale)
{
    if (is_stale)
        return TINT_BAD;
    return state && strcmp(state, "disabled") == 0 ? TINT_FAINT : TINT_NONE;
}

static void add_cluster(struct table *table, const struct doc *cluster, int64_t now_us)
{
    auto_str struct str seen = STR_MAX(64);
    const char *state = view_text(cluster, "state"), *error = view_text(cluster, "error");
    const char *host = view_text(cluster, "host");
    const struct doc *latency = view_at(cluster, "connection.latency_s");
    view_add_ago(&seen, view_time_us(cluster, "observed_at"), now_us);
    table_add(table, view_text(cluster, "name"), TINT_NONE);
    table_add(table, state, tint_of(state, view_bool(cluster, "stale")));
    table_add(table, view_text(cluster, "scheduler"), TINT_NONE);
    table_add(table, host ? host : "this machine", TINT_NONE);
    table_add(table, str_text(&seen), TINT_NONE);
    if (latency && latency->kind == DOC_FLOAT)
        table_addf(table, TINT_NONE, "%.0f ms", latency->number * 1000);
    else
        table_add(table, NULL, TINT_NONE);
    table_add(table, error ? error : view_text(cluster, "last_error"), error ? TINT_BAD : TINT_FAINT);
}

static void say_instructions(struct cli *cli, const struct doc *cluster)
{
    const char *instructions = view_text(cluster, "instructions");
    if (instructions && view_text(cluster, "error"))
        screen_putf(cli->env, "\n%s: %s\n", view_text(cluster, "name"), instructions);
}

static void say_login_end(struct cli *cli, const struct doc *cluster, const struct doc *link)
{
    auto_str struct str left = STR_MAX(64);
    int64_t end_us = view_time_us(link, "login_ends_at"), now_us = clock_wall_us(cli->env->clock);
    if (!end_us)
        return;
    view_add_age(&left, (end_us - now_us) / US_PER_S);
    if (end_us > now_us)
        screen_putf(cli->env, "login: ends in %s; sluice connect %s renews it then\n", str_text(&left),
                    view_text(cluster, "name"));
    else
        screen_putf(cli->env, "login: past what this site allows; sluice connect %s when it ends\n",
                    view_text(cluster, "name"));
}

/* What is allowed and what was used: of one cluster that was named. */
static void say_budgets(struct cli *cli, const struct doc *cluster)
{
    const struct doc *link = view_at(cluster, "connection");
    if (!link)
        return;
    const char *backend = view_text(link, "backend"), *why = view_text(link, "backend_reason");
    const char *prompt = view_text(link, "prompt");
    screen_putf(cli->env, "\nconnection: %s by %s%s%s\n", view_text(link, "state"), backend ? backend : "?",
                why ? ": " : "", why ? why : "");
    if (prompt)
        screen_putf(cli->env, "asks: %s (sluice connect %s)\n", prompt, view_text(cluster, "name"));
    if (!view_text(cluster, "host"))
        return;
    screen_putf(cli->env, "logins: %" PRId64 " in the last hour, %" PRId64 " allowed; %" PRId64 " failed\n",
                view_int(link, "logins_last_hour", 0), view_int(link, "max_logins_per_hour", 0),
                view_int(link, "login_failures", 0));
    say_login_end(cli, cluster, link);
    screen_putf(cli->env,
                "commands: %" PRId64 " in the last minute, %" PRId64 " allowed; %" PRId64
                " ticks held back; %" PRId64 " in all\n",
                view_int(link, "commands_last_minute", 0), view_int(link, "max_commands_per_minute", 0),
                view_int(link, "held_back", 0), view_int(link, "commands", 0));
    screen_putf(cli->env, "channels: %" PRId64 " of %" PRId64 " in use; %" PRId64 " commands wait\n",
                view_int(link, "channels", 0), view_int(link, "max_channels", 0),
                view_int(link, "queued", 0));
}

static void print(struct cli *cli, const struct doc *list)
{
    auto_table struct table table = TABLE(columns);
    for (size_t i = 0; i < list->count; i++)
        add_cluster(&table, &list->items[i], clock_wall_us(cli->env->clock));
    table_print(&table, cli->env);
    for (size_t i = 0; i < list->count && cli->env->is_terminal; i++)
        say_instructions(cli, &list->items[i]);
}

static int run(struct cli *cli)
{
    auto_answer struct answer answer = { 0 };
    auto_str struct str path = STR_MAX(1024);
    str_add(&path, API "/clusters");
    if (cli->in.arg_count) {
        str_add_char(&path, '/');
        client_add_encoded(&path, cli->in.args[0]);
    }
    int status = ask_get(cli, &answer, "%s", str_text(&path));
    if (status != EXIT_OK || ask_printed_json(cli, &answer))
        return status;
    if (!cli->in.arg_count) {
        print(cli, view_items(answer.doc));
        return EXIT_OK;
    }
    struct doc one = { .kind = DOC_SEQ, .items = answer.doc, .count = 1 };
    print(cli, &one);
    say_budgets(cli, answer.doc);
    return EXIT_OK;
}

const struct verb verb_clusters = {
    .name = "clusters",
    .args = "[CLUSTER]",
    .usage = "List the clusters: health, when they were seen, the last error.",
    .options = NULL,
    .max_args = 1,
    .run = run,
};
