#include "cli_help.h"

#include "domain/daemon_config.h"

#include <stdio.h>

static struct daemon_config *served; /* what serve was given last */

static struct cli_test *running;

static int fake_serve(const struct daemon_source *source)
{
    auto_errs struct errs errs = { 0 };
    struct daemon_config *config = NULL;
    if (source->load(source->ctx, &config, &errs) < 0) {
        auto_str struct str text = STR_MAX(1 << 16);
        errs_text(&errs, &text);
        fputs(str_text(&text), running->env.err);
        return 2;
    }
    daemon_config_free(served);
    served = config;
    return 7;
}

static void begin(struct cli_test *test)
{
    cli_test_begin(test, NULL, 0);
    test->env.serve = fake_serve;
    running = test;
}

static void end(struct cli_test *test)
{
    daemon_config_free(served);
    served = NULL;
    cli_test_end(test);
}

static void flags_win_over_variables_and_variables_over_the_file(void **state)
{
    (void)state;
    struct cli_test test;
    auto_str struct str path = STR_MAX(4096);
    begin(&test);
    str_addf(&path, "%s/sluice.yaml", test.folder);
    FILE *file = fopen(str_text(&path), "w");
    assert_non_null(file);
    fputs("listen: 127.0.0.1:1\nlog: {level: error}\nstate_dir: /file\n", file);
    fclose(file);
    cli_test_var(&test, "SLUICE_LISTEN", "127.0.0.1:2");
    cli_test_var(&test, "SLUICE_LOG_LEVEL", "debug");
    cli_test_var(&test, "SLUICE_TOKEN", "not a key of the daemon");
    assert_int_equal(RUN(&test, "serve", "--config", str_text(&path), "--listen=127.0.0.1:3"), 7);
    assert_int_equal(served->listen_port, 3);
    assert_int_equal(served->log_level, 0);
    assert_string_equal(served->state_dir, "/file");
    end(&test);
}

static void folders_of_the_user_are_the_default(void **state)
{
    (void)state;
    struct cli_test test;
    begin(&test);
    cli_test_var(&test, "XDG_STATE_HOME", "/xdg");
    assert_int_equal(RUN(&test, "serve"), 7);
    assert_string_equal(served->state_dir, "/xdg/sluice");
    assert_null(served->clusters_file);
    end(&test);
}

static void every_mistake_is_told_at_once(void **state)
{
    (void)state;
    struct cli_test test;
    begin(&test);
    assert_int_equal(RUN(&test, "serve", "--log-level", "loud", "--listen", "nope"), EXIT_SERVE_INVALID);
    assert_has(test.err, "flag --log-level");
    assert_has(test.err, "flag --listen");
    assert_int_equal(RUN(&test, "serve", "--listne", "x"), EXIT_SERVE_INVALID);
    assert_has(test.err, "did you mean --listen?");
    assert_int_equal(RUN(&test, "serve", "--config", "/no/such"), EXIT_SERVE_INVALID);
    assert_null(served);
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_win_over_variables_and_variables_over_the_file),
        cmocka_unit_test(folders_of_the_user_are_the_default),
        cmocka_unit_test(every_mistake_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
