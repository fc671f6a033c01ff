#include "cli/ask.h"
#include "cli/view.h"
#include "text/json_out.h"

static const struct option_row rows[] = {
    { "client", 'c', NULL, "only this program's version; asks no gateway", false },
    { 0 },
};

static void print_json(struct cli *cli, const struct answer *answer)
{
    auto_str struct str text = STR_MAX(64 * 1024);
    struct json_out out = { .to = &text };
    json_open_object(&out);
    json_member_str(&out, "client", cli->env->version);
    if (answer->doc)
        json_member_raw(&out, "gateway", span_trim(str_span(&answer->reply.body)));
    json_close_object(&out);
    screen_json(cli->env, str_span(&text));
}

/* A missing gateway is no failure here: the version is asked for before one is started, too. */
static int run(struct cli *cli)
{
    auto_answer struct answer answer = { 0 };
    struct err err = { 0 };
    bool is_asked = !options_has(&cli->in, "client");
    const struct client_call call = { .method = "GET", .path = API "/version", .timeout_s = 5 };
    int rc = is_asked ? ask_raw(cli, &call, &answer, &err) : -1;
    if (cli->is_json) {
        print_json(cli, &answer);
        return EXIT_OK;
    }
    screen_putf(cli->env, "sluice %s\n", cli->env->version);
    if (rc == 0 && view_text(answer.doc, "version"))
        screen_putf(cli->env, "gateway %s at %s\n", view_text(answer.doc, "version"),
                    client_base(cli->client));
    else if (is_asked)
        screen_putf(cli->env, "%s\n", rc < 0 ? err.text : "what answers there is no Sluice gateway");
    return EXIT_OK;
}

const struct verb verb_version = {
    .name = "version",
    .args = "",
    .usage = "Say the versions of this program and of the gateway.",
    .options = rows,
    .run = run,
};
