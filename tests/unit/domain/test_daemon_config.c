#include "domain/daemon_config.h"

#include "base/log.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct daemon_config *parse(const char *text, const struct daemon_setting *settings, size_t count)
{
    struct daemon_config *config = NULL;
    auto_errs struct errs errs = { 0 };
    auto_str struct str said = STR_MAX(65536);
    const struct daemon_input in = { span_of(text), "sluice.yaml", settings, count };
    (void)daemon_config_parse(&in, &config, &errs);
    errs_text(&errs, &said);
    assert_string_equal(str_text(&said), "");
    return config;
}

static void expect_errors(const char *text, const struct daemon_setting *settings, size_t count,
                          const char *expected)
{
    struct daemon_config *config = NULL;
    auto_errs struct errs errs = { 0 };
    auto_str struct str said = STR_MAX(65536);
    const struct daemon_input in = { span_of(text), "sluice.yaml", settings, count };
    assert_int_equal(daemon_config_parse(&in, &config, &errs), -1);
    errs_text(&errs, &said);
    assert_string_equal(str_text(&said), expected);
}

static void an_empty_file_is_all_defaults(void **state)
{
    (void)state;
    auto_daemon_config struct daemon_config *config = parse("", NULL, 0);
    assert_string_equal(config->listen_host, "127.0.0.1");
    assert_int_equal(config->listen_port, 8470);
    assert_string_equal(config->base_path, "");
    assert_null(config->state_dir);
    assert_int_equal(config->auth_mode, AUTH_OWNER);
    assert_int_equal(config->limits.submit_body_bytes, 1 << 20);
    assert_int_equal(config->t_settle_s, BIND_NONE);
    assert_int_equal(config->log_level, LOG_INFO);
    assert_int_equal(config->retention_events_s, 30 * 86400);
    assert_int_equal(config->retention_logs_s, 90 * 86400);
    assert_int_equal(config->job_log_bytes, 16 << 20);
    assert_false(config->log_json);
}

static void settings_go_over_the_file(void **state)
{
    static const struct daemon_setting settings[] = {
        { "log.level", "debug", "environment SLUICE_LOG_LEVEL" },
        { "listen", "[::1]:0", "flag --listen" },
        { "project_roots", "/a, /b", "environment SLUICE_PROJECT_ROOTS" },
        { "t_settle", "12s", "flag --t-settle" },
    };
    (void)state;
    auto_daemon_config struct daemon_config *config =
        parse("listen: 127.0.0.1:9\nlog:\nt_settle: 1h\n", settings, ARRAY_LEN(settings));
    assert_string_equal(config->listen_host, "::1");
    assert_int_equal(config->listen_port, 0);
    assert_int_equal(config->log_level, LOG_DEBUG);
    assert_int_equal(config->project_roots.count, 2);
    assert_string_equal(config->project_roots.items[1], "/b");
    assert_int_equal(config->t_settle_s, 12);
}

static void a_wrong_setting_names_where_it_came_from(void **state)
{
    static const struct daemon_setting settings[] = { { "log.level", "loud",
                                                        "environment SLUICE_LOG_LEVEL" } };
    (void)state;
    expect_errors(
        "base_pth: /x\n", settings, 1,
        "environment SLUICE_LOG_LEVEL: log.level: expected one of debug, info, warn, error, got \"loud\"\n"
        "sluice.yaml:1:1: base_pth: unknown key (did you mean base_path?)\n");
}

static void keys_are_flags_and_environment_names(void **state)
{
    (void)state;
    assert_string_equal(daemon_config_flag_path("--log-level"), "log.level");
    assert_string_equal(daemon_config_flag_path("--state-dir"), "state_dir");
    assert_string_equal(daemon_config_flag_path("--clusters"), "clusters_file");
    assert_string_equal(daemon_config_env_path("SLUICE_LIMITS_SUBMIT_BODY"), "limits.submit_body");
    assert_null(daemon_config_env_path("SLUICE_URL"));
    assert_null(daemon_config_env_path("SLUICE_LOG"));
    assert_null(daemon_config_flag_path("--log"));
}

static void what_would_open_the_gateway_to_all_is_refused(void **state)
{
    (void)state;
    expect_errors(
        "listen: 0.0.0.0:8470\n", NULL, 0,
        "sluice.yaml:1:9: listen: must be a loopback address: without tokens anybody could submit jobs "
        "(127.0.0.1:8470, and an SSH tunnel to it)\n");
    expect_errors("auth: {mode: tokens}\n", NULL, 0,
                  "sluice.yaml:1:14: auth.mode: tokens is not supported yet; so far: owner, loopback\n");
    expect_errors("base_path: sluice/\n", NULL, 0,
                  "sluice.yaml:1:12: base_path: expected a path like /sluice, without a slash at its end\n");
}

static void all_faults_are_told_at_once(void **state)
{
    (void)state;
    expect_errors(
        "base_path: sluice/\nlisten: 0.0.0.0:1\npublic_url: ftp://x\nbase_pth: 1\n", NULL, 0,
        "sluice.yaml:1:12: base_path: expected a path like /sluice, without a slash at its end\n"
        "sluice.yaml:2:9: listen: must be a loopback address: without tokens anybody could submit jobs "
        "(127.0.0.1:8470, and an SSH tunnel to it)\n"
        "sluice.yaml:3:13: public_url: expected an address like https://sluice.example.org\n"
        "sluice.yaml:4:1: base_pth: unknown key (did you mean base_path?)\n");
    expect_errors("base_path: [/]\n", NULL, 0,
                  "sluice.yaml:1:12: base_path: expected a string on one line, got a list\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_all_defaults),
        cmocka_unit_test(settings_go_over_the_file),
        cmocka_unit_test(a_wrong_setting_names_where_it_came_from),
        cmocka_unit_test(keys_are_flags_and_environment_names),
        cmocka_unit_test(what_would_open_the_gateway_to_all_is_refused),
        cmocka_unit_test(all_faults_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
