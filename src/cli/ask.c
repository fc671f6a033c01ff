#include "cli/ask.h"

#include "base/mem.h"
#include "cli/view.h"
#include "text/json_in.h"

#include <string.h>

#define DEFAULT_URL "http://127.0.0.1:8470"
enum { MAX_PATH_BYTES = 16 * 1024, MAX_TOLD_BYTES = 64 * 1024 };

void answer_clear(struct answer *answer)
{
    client_reply_clear(&answer->reply);
    doc_free_ptr(&answer->doc);
    answer->doc = NULL;
}

int ask_open(struct cli *cli, struct err *err)
{
    if (cli->client)
        return 0;
    const char *url = options_value(&cli->in, "url");
    if (!url)
        url = cli_var(cli->env, "SLUICE_URL");
    return client_new(url ? url : DEFAULT_URL, cli_var(cli->env, "SLUICE_TOKEN"), &cli->client, err);
}

int ask_raw(struct cli *cli, const struct client_call *call, struct answer *answer, struct err *err)
{
    if (ask_open(cli, err) < 0)
        return -1;
    answer_clear(answer);
    if (client_exchange(cli->client, call, &answer->reply, err) < 0)
        return -1;
    struct span body = span_trim(str_span(&answer->reply.body));
    if (body.len && (body.ptr[0] == '{' || body.ptr[0] == '['))
        (void)json_parse(body, &answer->doc, NULL);
    return 0;
}

int ask(struct cli *cli, const struct client_call *call, struct answer *answer)
{
    struct err err = { 0 };
    if (ask_raw(cli, call, answer, &err) < 0)
        return ask_fail(cli, &err);
    if (answer->reply.status >= 200 && answer->reply.status < 300)
        return EXIT_OK;
    return ask_tell_problem(cli, answer);
}

int ask_get(struct cli *cli, struct answer *answer, const char *fmt, ...)
{
    auto_str struct str path = STR_MAX(MAX_PATH_BYTES);
    va_list args;
    va_start(args, fmt);
    str_addv(&path, fmt, args);
    va_end(args);
    return ask(cli, &(struct client_call){ .method = "GET", .path = str_text(&path) }, answer);
}

/* --- telling --- */

static void tell_errors(struct str *text, const struct doc *errors)
{
    for (size_t i = 0; errors && errors->kind == DOC_SEQ && i < errors->count; i++) {
        const struct doc *item = &errors->items[i];
        const char *origin = view_text(item, "origin"), *pointer = view_text(item, "pointer");
        const char *detail = view_text(item, "detail"), *hint = view_text(item, "hint");
        str_addf(text, "  %s%s", origin ? origin : "", origin ? ": " : "");
        str_addf(text, "%s%s%s", pointer ? pointer : "", pointer && *pointer ? ": " : "",
                 detail ? detail : "");
        if (hint)
            str_addf(text, " (%s)", hint);
        str_add_char(text, '\n');
    }
}

static void tell_upstream(struct str *text, const char *upstream)
{
    struct span rest = span_trim(span_of(upstream)), line;
    while (span_next_line(&rest, &line)) {
        str_add(text, "  | ");
        str_add_span(text, line);
        str_add_char(text, '\n');
    }
}

/* The first of several errors is often the detail itself: it is not said twice. */
static bool says_the_same(const char *detail, const struct doc *errors)
{
    const char *first = errors && errors->count ? view_text(&errors->items[0], "detail") : NULL;
    return first && detail && strstr(detail, first);
}

static void tell_document(struct str *text, const struct doc *problem)
{
    const char *detail = view_text(problem, "detail"), *title = view_text(problem, "title");
    const char *hint = view_text(problem, "hint");
    const struct doc *errors = view_at(problem, "errors");
    if (says_the_same(detail, errors))
        str_addf(text, "sluice: %s:\n", title ? title : "refused");
    else
        str_addf(text, "sluice: %s\n", detail ? detail : title);
    tell_errors(text, errors);
    if (view_text(problem, "upstream"))
        tell_upstream(text, view_text(problem, "upstream"));
    if (hint)
        str_addf(text, "  hint: %s\n", hint);
}

int ask_tell_problem(struct cli *cli, const struct answer *answer)
{
    auto_str struct str text = STR_MAX(MAX_TOLD_BYTES);
    if (cli->is_json && answer->doc)
        screen_json(cli->env, str_span(&answer->reply.body));
    if (!view_text(answer->doc, "code")) {
        screen_errf(cli->env, "sluice: %s answered with status %ld, which is no answer of a Sluice gateway\n",
                    client_base(cli->client), answer->reply.status);
        return EXIT_GATEWAY_FAILED;
    }
    tell_document(&text, answer->doc);
    screen_errf(cli->env, "%s", str_text(&text));
    return exit_code_of_word(view_text(answer->doc, "code"));
}

/* Errors made on this side: offline means that no gateway is there, io that its answer was lost. */
static int status_of(enum err_code code)
{
    if (code == ERR_OFFLINE)
        return EXIT_NO_GATEWAY;
    return code == ERR_IO ? EXIT_IO : exit_code_of_err(code);
}

int ask_fail(struct cli *cli, const struct err *err)
{
    screen_error(cli->env, err);
    return err->code == ERR_INVALID ? EXIT_USAGE_WRONG
                                    : status_of(err->code); /* nobody else has refused it */
}

int ask_misused(struct cli *cli, const char *fmt, ...)
{
    auto_str struct str text = STR_MAX(MAX_TOLD_BYTES);
    va_list args;
    va_start(args, fmt);
    str_addv(&text, fmt, args);
    va_end(args);
    screen_errf(cli->env, "sluice %s: %s\nusage: sluice %s%s%s; sluice help %s says more\n", cli->verb->name,
                str_text(&text), cli->verb->name, *cli->verb->args ? " " : "", cli->verb->args,
                cli->verb->name);
    return EXIT_USAGE_WRONG;
}

bool ask_printed_json(struct cli *cli, const struct answer *answer)
{
    if (cli->is_json)
        screen_json(cli->env, str_span(&answer->reply.body));
    return cli->is_json;
}

void ask_add_job(struct str *path, const char *job)
{
    str_add(path, API "/jobs/");
    client_add_encoded(path, job && *job ? job : "last");
}
