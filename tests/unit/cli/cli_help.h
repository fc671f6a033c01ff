/* A command line in a test: words in, exit status, stdout and stderr out; a gateway that answers by script.
 */
#ifndef TESTS_UNIT_CLI_CLI_HELP_H
#define TESTS_UNIT_CLI_CLI_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/exit_code.h"
#include "support/http_server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HELP_VARS = 16, HELP_WORDS = 64 };

struct cli_test {
    struct http_server *server;
    struct clock_fake clock;
    struct cli_env env;
    char *vars[HELP_VARS];
    size_t var_count;
    char *folder; /* HOME, a fresh one */
    char *out, *err;
    size_t out_len, err_len;
    int status;
};

static struct cli_test *cli_test_current; /* for pause_ms, which has no context */

static inline void cli_test_pause(int64_t ms)
{
    clock_fake_advance(&cli_test_current->clock, ms * US_PER_MS);
}

static inline void cli_test_var(struct cli_test *test, const char *name, const char *value)
{
    auto_str struct str text = STR_MAX(8192);
    str_addf(&text, "%s=%s", name, value);
    assert_true(test->var_count + 1 < HELP_VARS);
    test->vars[test->var_count++] = str_steal(&text);
}

static inline void cli_test_begin(struct cli_test *test, const struct http_script *script, size_t count)
{
    char folder[] = "/tmp/sluice-cli-XXXXXX";
    *test = (struct cli_test){ 0 };
    cli_test_current = test;
    assert_non_null(mkdtemp(folder));
    test->folder = mem_dup_str(folder);
    clock_fake_init(&test->clock, INT64_C(1760000000) * US_PER_S); /* 2025-10-09T08:53:20Z */
    test->env = (struct cli_env){ .clock = &test->clock.clock, .pause_ms = cli_test_pause, .version = "9.8" };
    cli_test_var(test, "HOME", test->folder);
    if (!script)
        return;
    auto_str struct str url = STR_MAX(64);
    test->server = http_server_new(script, count);
    str_addf(&url, "http://127.0.0.1:%d", http_server_port(test->server));
    cli_test_var(test, "SLUICE_URL", str_text(&url));
}
#define CLI_BEGIN(test, script) cli_test_begin((test), (script), ARRAY_LEN(script))

/* Runs `sluice WORDS...` (ends in NULL). */
static inline int cli_test_run(struct cli_test *test, ...)
{
    char *words[HELP_WORDS] = { (char *)"sluice" };
    int count = 1;
    va_list args;
    va_start(args, test);
    while ((words[count] = va_arg(args, char *)))
        count++;
    va_end(args);
    free(test->out);
    free(test->err);
    test->env.vars = (const char *const *)test->vars;
    test->env.out = open_memstream(&test->out, &test->out_len);
    test->env.err = open_memstream(&test->err, &test->err_len);
    test->status = cli_main(count, words, &test->env);
    fclose(test->env.out);
    fclose(test->env.err);
    return test->status;
}
#define RUN(test, ...) cli_test_run((test), __VA_ARGS__, (char *)NULL)

static inline void cli_test_end(struct cli_test *test)
{
    if (test->server)
        http_server_free(test->server);
    for (size_t i = 0; i < test->var_count; i++)
        free(test->vars[i]);
    if (fork() == 0) {
        execlp("rm", "rm", "-rf", test->folder, (char *)NULL);
        _exit(127);
    }
    free(test->folder);
    free(test->out);
    free(test->err);
}

#define assert_has(text, part)                             \
    do {                                                   \
        if (!strstr((text), (part)))                       \
            fail_msg("%s is not in:\n%s", (part), (text)); \
    } while (0)
#define assert_has_not(text, part)                     \
    do {                                               \
        if (strstr((text), (part)))                    \
            fail_msg("%s is in:\n%s", (part), (text)); \
    } while (0)

#endif
