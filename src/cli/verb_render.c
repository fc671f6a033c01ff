#include "base/limits.h"
#include "cli/job_request.h"
#include "cli/preview_view.h"
#include "cli/view.h"

static const struct option_row rows[] = {
    JOB_REQUEST_OPTIONS,
    { "origins", 'o', NULL, "beside each line where its value comes from (on a terminal always)", false },
    { "plain", 0, NULL, "the script alone, on a terminal too", false },
    { "values", 0, NULL, "every resolved value with its origin, instead of the script", false },
    { 0 },
};

static void add_origin(struct str *to, const struct doc *origin)
{
    const char *text = doc_scalar_text(origin);
    const char *layer = view_text(origin, "layer"), *file = view_text(origin, "file");
    const char *detail = view_text(origin, "detail"), *pointer = view_text(origin, "pointer");
    str_add(to, text ? text : layer ? layer : "");
    if (detail)
        str_addf(to, " %s", detail);
    if (pointer)
        str_addf(to, " %s", pointer);
    if (file)
        str_addf(to, ", %s", file);
    if (file && view_text(origin, "line"))
        str_addf(to, ":%s", view_text(origin, "line"));
}

static void add_value(struct str *to, const struct doc *value)
{
    const char *text = doc_scalar_text(value);
    if (text)
        str_add(to, text);
    else if (value && (value->kind == DOC_SEQ || value->kind == DOC_MAP))
        str_addf(to, "(%zu %s)", value->count, value->count == 1 ? "entry" : "entries");
    else
        str_add(to, "null");
}

static void print_values(struct cli *cli, const struct doc *resolved)
{
    for (size_t i = 0; resolved && resolved->kind == DOC_MAP && i < resolved->count; i++) {
        const struct doc *leaf = &resolved->items[i];
        auto_str struct str value = STR_MAX(MAX_BODY_BYTES), origin = STR_MAX(MAX_BODY_BYTES);
        add_value(&value, doc_get(leaf, "value"));
        add_origin(&origin, doc_get(leaf, "origin"));
        screen_putf(cli->env, "%-28s %-24s %s\n", leaf->key, str_text(&value), str_text(&origin));
    }
}

static int run(struct cli *cli)
{
    auto_str struct str body = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    auto_answer struct answer answer = { 0 };
    int status = job_request_body(cli, &body);
    if (status != EXIT_OK)
        return status;
    const struct client_call call = { .method = "POST", .path = API "/jobs:render", .body = str_text(&body) };
    status = ask(cli, &call, &answer);
    if (status != EXIT_OK || ask_printed_json(cli, &answer))
        return status;
    bool is_plain = options_has(&cli->in, "plain");
    if (options_has(&cli->in, "values"))
        print_values(cli, view_at(answer.doc, "resolved"));
    else
        preview_view_script(cli, answer.doc,
                            !is_plain && (cli->env->is_terminal || options_has(&cli->in, "origins")));
    (void)preview_view_verdict(cli, answer.doc);
    return EXIT_OK;
}

const struct verb verb_render = {
    .name = "render",
    .args = "[OPTION]... [ARG]...",
    .usage = "Show the batch script that a submit would send, with the origin of its values.",
    .options = rows,
    .more = JOB_REQUEST_HELP,
    .max_args = MAX_COMMAND_WORDS,
    .run = run,
};
