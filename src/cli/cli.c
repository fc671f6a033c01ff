#include "cli/cli.h"

#include "base/mem.h"
#include "cli/ask.h"
#include "text/suggest.h"

#include <string.h>

enum { MAX_HELP_BYTES = 64 * 1024, MAX_VERBS = 64 };

static int unknown_verb(const struct cli_env *env, const char *word)
{
    const char *names[MAX_VERBS];
    size_t count = 0;
    for (size_t i = 0; i < verb_count && count < MAX_VERBS; i++)
        if (!verb_at(i)->is_hidden)
            names[count++] = verb_at(i)->name;
    const char *near = suggest_nearest(word, names, count);
    if (near)
        screen_errf(env, "sluice: there is no verb %s: did you mean %s?\n", word, near);
    else
        screen_errf(env, "sluice: there is no verb %s; sluice help lists them\n", word);
    return EXIT_USAGE_WRONG;
}

static int show_help(const struct cli_env *env, const struct verb *verb)
{
    auto_str struct str text = STR_MAX(MAX_HELP_BYTES);
    if (verb)
        verb_help(verb, &text);
    else
        verbs_help(&text);
    screen_put(env, str_span(&text));
    return EXIT_OK;
}

static int check_count(struct cli *cli)
{
    size_t count = cli->in.arg_count;
    if (count < cli->verb->min_args)
        return ask_misused(cli, "something is missing");
    if (count > cli->verb->max_args)
        return ask_misused(cli, "%s is one argument too many", cli->in.args[cli->verb->max_args]);
    return EXIT_OK;
}

static int finish(struct cli *cli, int status)
{
    struct err err = { 0 };
    if (screen_end(cli->env, &err) == 0 || status != EXIT_OK)
        return status;
    screen_error(cli->env, &err);
    return EXIT_IO;
}

static int run(const struct cli_env *env, const struct verb *verb, char **words)
{
    struct cli cli = { .env = env, .verb = verb };
    struct err err = { 0 };
    const struct option_row *const tables[] = { verb->options, options_common };
    if (options_parse(tables, ARRAY_LEN(tables), words, &cli.in, &err) < 0)
        return ask_misused(&cli, "%s", err.text);
    cli.is_json = options_has(&cli.in, "json");
    int status = EXIT_OK;
    if (options_has(&cli.in, "help"))
        status = show_help(env, verb);
    else if ((status = check_count(&cli)) == EXIT_OK)
        status = verb->run(&cli);
    status = finish(&cli, status);
    client_free(cli.client);
    options_clear(&cli.in);
    return status;
}

static int run_help(const struct cli_env *env, const char *word)
{
    const struct verb *verb = word ? verb_find(word) : NULL;
    if (word && !verb)
        return unknown_verb(env, word);
    return show_help(env, verb);
}

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool wants_help(char **words)
{
    for (; *words && strcmp(*words, "--") != 0; words++)
        if (strcmp(*words, "--help") == 0 || strcmp(*words, "-h") == 0)
            return true;
    return false;
}

int cli_main(int argc, char **argv, const struct cli_env *env)
{
    if (argc < 2) {
        (void)show_help(env, NULL);
        return EXIT_USAGE_WRONG;
    }
    const char *word = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    if (is_help(word))
        return run_help(env, argv[2]);
    const struct verb *verb = verb_find(word);
    if (!verb)
        return unknown_verb(env, word);
    if (verb->run_raw)
        return wants_help(argv + 2) ? show_help(env, verb) : verb->run_raw(env, argc - 1, argv + 1);
    return run(env, verb, argv + 2);
}
