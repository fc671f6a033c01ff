#include "base/mem.h"
#include "cli/ask.h"
#include "cli/table.h"
#include "cli/view.h"

#include <inttypes.h>

static const struct option_row rows[] = {
    { "max-age", 0, "TIME", "ask clusters whose figures are older (60s)", false },
    { "cached", 0, NULL, "ask no cluster: what is known now", false },
    { 0 },
};

static const struct table_column columns[] = {
    { "CLUSTER", false, true },     { "PARTITION", false, true }, { "TYPE", false, true },
    { "FREE", true, false },        { "TOTAL", true, false },     { "FREE BAR", false, false },
    { "MINE", true, false },        { "DOWN", true, false },      { "PENDING", true, false },
    { "WHOLE NODES", true, false }, { "SEEN", false, false },
};

/* "######....": what is free of ten. At least one mark where anything is free, never ten where anything is
 * not. */
static void add_bar(struct table *table, int64_t free_gpus, int64_t total)
{
    enum { MARKS = 10 };
    char bar[MARKS + 1] = { 0 };
    int64_t marks = total > 0 ? free_gpus * MARKS / total : 0;
    if (free_gpus > 0 && marks == 0)
        marks = 1;
    for (int i = 0; i < MARKS; i++)
        bar[i] = i < marks ? '#' : '.';
    table_add(table, bar, free_gpus > 0 ? TINT_GOOD : TINT_FAINT);
}

static void add_row(struct table *table, const struct doc *row, int64_t now_us)
{
    auto_str struct str seen = STR_MAX(64);
    int64_t free_gpus = view_int(row, "free", 0), total = view_int(row, "total", 0);
    const char *type = view_text(row, "type");
    view_add_ago(&seen, view_time_us(row, "observed_at"), now_us);
    if (view_bool(row, "stale"))
        str_add(&seen, ", old");
    table_add(table, view_text(row, "cluster"), TINT_NONE);
    table_add(table, view_text(row, "partition"), TINT_NONE);
    table_add(table, type ? type : "any", TINT_NONE);
    table_addf(table, TINT_NONE, "%" PRId64, free_gpus);
    table_addf(table, TINT_NONE, "%" PRId64, total);
    add_bar(table, free_gpus, total);
    table_add(table, view_text(row, "mine"), TINT_NONE);
    table_add(table, view_text(row, "down"), TINT_NONE);
    table_add(table, view_text(row, "pending"), TINT_NONE);
    table_addf(table, TINT_NONE, "%" PRId64 "/%" PRId64, view_int(row, "whole_nodes_free", 0),
               view_int(row, "nodes_total", 0));
    table_add(table, str_text(&seen), view_bool(row, "stale") ? TINT_BAD : TINT_NONE);
}

static void say_errors(struct cli *cli, const struct doc *clusters)
{
    for (size_t i = 0; clusters && clusters->kind == DOC_SEQ && i < clusters->count; i++) {
        const char *error = view_text(&clusters->items[i], "error");
        if (error)
            screen_errf(cli->env, "%s: %s\n", view_text(&clusters->items[i], "name"), error);
    }
}

static void print(struct cli *cli, const struct answer *answer)
{
    const struct doc *items = view_items(answer->doc);
    auto_table struct table table = TABLE(columns);
    for (size_t i = 0; i < items->count; i++)
        add_row(&table, &items->items[i], clock_wall_us(cli->env->clock));
    if (items->count)
        table_print(&table, cli->env);
    else
        screen_errf(cli->env, "no GPUs are known\n");
    say_errors(cli, view_at(answer->doc, "clusters"));
}

static int run(struct cli *cli)
{
    auto_answer struct answer answer = { 0 };
    auto_str struct str path = STR_MAX(1024);
    const char *max_age = options_value(&cli->in, "max-age");
    str_add(&path, API);
    if (cli->in.arg_count) {
        str_add(&path, "/clusters/");
        client_add_encoded(&path, cli->in.args[0]);
    }
    str_add(&path, "/gpus");
    if (!options_has(&cli->in, "cached")) {
        str_add(&path, "?max_age=");
        client_add_encoded(&path, max_age ? max_age : "60s");
    }
    int status = ask_get(cli, &answer, "%s", str_text(&path));
    if (status == EXIT_OK && !ask_printed_json(cli, &answer))
        print(cli, &answer);
    return status;
}

const struct verb verb_gpus = {
    .name = "gpus",
    .args = "[CLUSTER]",
    .usage = "Show GPUs by type and partition: free, in all, mine, waited for.",
    .options = rows,
    .max_args = 1,
    .run = run,
};
