#include "base/mem.h"
#include "cli/ask.h"
#include "cli/view.h"
#include "text/json_out.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CONNECT_TIMEOUT_S = 120, MAX_ANSWER_BYTES = 4096, MAX_ROUNDS = 40 };

static void set_echo(bool is_on)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &mode) < 0)
        return; /* no terminal: a pipe shows nothing */
    mode.c_lflag = is_on ? mode.c_lflag | ECHO : mode.c_lflag & ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &mode);
}

/* Prompts go to stderr: with --json stdout is the answer alone. */
static int ask_person(const struct cli_env *env, const struct doc *prompt, struct str *answer)
{
    char line[MAX_ANSWER_BYTES];
    bool has_echo = view_bool(prompt, "echo");
    screen_errf(env, "%s", view_text(prompt, "text"));
    fflush(env->err);
    if (!has_echo)
        set_echo(false);
    const char *got = fgets(line, sizeof(line), stdin);
    if (!has_echo) {
        set_echo(true);
        screen_errf(env, "\n");
    }
    if (!got)
        return -1;
    line[strcspn(line, "\r\n")] = '\0';
    str_add(answer, line);
    explicit_bzero(line, sizeof(line));
    return 0;
}

static int make_body(const struct cli_env *env, const struct doc *prompts, struct str *body)
{
    struct json_out out = { .to = body };
    json_open_object(&out);
    json_key(&out, "answers");
    json_open_array(&out);
    for (size_t i = 0; prompts && i < prompts->count; i++) {
        auto_str struct str answer = STR_MAX(MAX_ANSWER_BYTES);
        if (ask_person(env, &prompts->items[i], &answer) < 0)
            return -1;
        json_str_span(&out, str_span(&answer));
        if (answer.buf)
            explicit_bzero(answer.buf, answer.len);
    }
    json_close_array(&out);
    json_close_object(&out);
    return 0;
}

static int tell(struct cli *cli, const struct answer *answer)
{
    const char *state = view_text(answer->doc, "state"), *error = view_text(answer->doc, "error");
    const char *how = view_text(answer->doc, "instructions");
    bool is_up = state && strcmp(state, "up") == 0;
    if (ask_printed_json(cli, answer))
        return is_up ? EXIT_OK : EXIT_CLUSTER_LOGIN;
    screen_putf(cli->env, "%s: %s%s%s\n", cli->in.args[0], state ? state : "?", error ? ": " : "",
                error ? error : "");
    if (!is_up && how)
        screen_putf(cli->env, "%s\n", how);
    return is_up ? EXIT_OK : EXIT_CLUSTER_LOGIN;
}

static bool goes_on(const struct answer *answer, const struct doc *prompts)
{
    const char *state = view_text(answer->doc, "state");
    return (prompts && prompts->count) || (state && strcmp(state, "connecting") == 0);
}

static int run(struct cli *cli)
{
    auto_str struct str path = STR_MAX(1024), body = STR_MAX((size_t)16 * MAX_ANSWER_BYTES);
    str_add(&path, API "/clusters/");
    client_add_encoded(&path, cli->in.args[0]);
    str_add(&path, "/connect");
    str_add(&body, "{}");
    for (int round = 0; round < MAX_ROUNDS; round++) {
        auto_answer struct answer answer = { 0 };
        const struct client_call call = {
            .method = "POST", .path = str_text(&path), .body = str_text(&body), .timeout_s = CONNECT_TIMEOUT_S
        };
        int status = ask(cli, &call, &answer);
        if (body.len)
            explicit_bzero(body.buf, body.len);
        str_cut(&body, 0);
        if (status != EXIT_OK)
            return status;
        const struct doc *prompts = view_at(answer.doc, "prompts");
        if (!goes_on(&answer, prompts))
            return tell(cli, &answer);
        if (!prompts || !prompts->count)
            str_add(&body, "{}");
        else if (make_body(cli->env, prompts, &body) < 0)
            return tell(cli, &answer); /* nobody answers */
    }
    return EXIT_CLUSTER_LOGIN;
}

const struct verb verb_connect = {
    .name = "connect",
    .args = "CLUSTER",
    .usage = "Log in to a cluster, and answer what its login asks.",
    .options = NULL,
    .more = "Codes, passwords and pass phrases are read from the terminal and go to ssh alone.\n",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
