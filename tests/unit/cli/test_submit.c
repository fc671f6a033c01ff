/* Covers: cli/verb_submit, cli/job_request, cli/dependency, cli/key_spool, cli/client, cli/ask,
 * cli/project_here, cli/job_watch, cli/preview_view, cli/verb_render. */
#include "cli_help.h"

#define PROJECTS   "{\"items\":[{\"name\":\"p\",\"path\":\"/nowhere\"}],\"next\":null,\"total\":null}"
#define JOB(state) "{\"id\":7,\"name\":\"x\",\"cluster\":\"alder\",\"state\":\"" state "\",\"attempt\":1}"

static char *key_of(struct cli_test *test, size_t index)
{
    auto_str struct str key = STR_MAX(300);
    http_server_header(test->server, index, "Idempotency-Key", &key);
    return str_steal(&key);
}

static void the_words_become_one_request(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "POST /api/v1/jobs ", .status = 202, .body = JOB("submitting") },
        { .expect = "GET /api/v1/jobs/7?wait=submitted", .status = 200, .body = JOB("pending") },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    cli_test_var(&test, "WANDB", "s3cr\"et");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "-c", "alder", "--gpus", "2", "--tag", "a", "--tag",
                         "b c", "--secret", "WANDB", "--env", "X=1=2", "-P", "optim.lr=3e-4", "-P", "id=007",
                         "lr=1", "--", "--epochs", "9"),
                     0);
    assert_has(http_server_request(test.server, 0),
               "{\"cluster\":\"alder\",\"resources\":{\"gpus\":2},\"tags\":[\"a\",\"b c\"],"
               "\"environment\":{\"WANDB\":\"s3cr\\\"et\"},\"env\":{\"vars\":{\"X\":\"1=2\"}},"
               "\"overrides\":{\"optim.lr\":0.0003,\"id\":\"007\"},\"args\":[\"lr=1\",\"--epochs\",\"9\"],"
               "\"project\":\"p\"}");
    assert_string_equal(test.out, "job 7 (x) on alder: pending\n");
    cli_test_end(&test);
}

static void a_lost_answer_is_asked_for_again_with_the_same_key(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .is_lost = true },
        { .is_lost = true },
        { .expect = "POST /api/v1/jobs ", .status = 202, .body = JOB("pending") },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait"), 0);
    auto_free char *first = key_of(&test, 0), *second = key_of(&test, 1), *third = key_of(&test, 2);
    assert_int_equal(strlen(first), 36);
    assert_string_equal(first, second);
    assert_string_equal(first, third);
    assert_string_equal(strstr(http_server_request(test.server, 0), "\r\n\r\n"),
                        strstr(http_server_request(test.server, 2), "\r\n\r\n"));
    assert_has(test.err, "it makes one job however often it arrives");
    cli_test_end(&test);
}

static void a_command_given_again_takes_the_key_up(void **state)
{
    (void)state;
    struct http_script script[8] = { { 0 } };
    for (size_t i = 0; i < 7; i++)
        script[i].is_lost = true;
    script[7] = (struct http_script){ .status = 202, .body = JOB("pending") };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait"), EXIT_IO);
    assert_has(test.err, "does not make a second job");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait"), 0);
    auto_free char *first = key_of(&test, 0), *last = key_of(&test, 7);
    assert_string_equal(first, last);
    cli_test_end(&test);
}

/* It came to nothing while nobody looked: the command given again is meant to make a job. */
static void a_job_that_never_ran_is_not_taken_up(void **state)
{
    (void)state;
    struct http_script script[9] = { { 0 } };
    for (size_t i = 0; i < 7; i++)
        script[i].is_lost = true;
    script[7] = (struct http_script){ .status = 202, .body = JOB("cancelled") };
    script[8] = (struct http_script){ .status = 202, .body = JOB("pending") };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait"), EXIT_IO);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait"), 0);
    assert_has(test.err, "its job 7 ended before it ran (cancelled): this is a new submission");
    assert_string_equal(test.out, "job 7 (x) on alder: pending\n");
    auto_free char *first = key_of(&test, 0), *taken = key_of(&test, 7), *last = key_of(&test, 8);
    assert_string_equal(first, taken);
    assert_string_not_equal(first, last);
    cli_test_end(&test);
}

static void a_job_that_ends_before_it_ran_gives_its_status(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 202, .body = JOB("cancelled") },
        { .status = 202, .body = JOB("lost") },
        { .status = 202, .body = JOB("submit_failed") },
        { .status = 202, .body = "{\"id\":7,\"state\":\"failed\",\"started_at\":\"2026-01-01T00:00:00Z\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "--key", "a"), EXIT_CANCELLED);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "--key", "b", "-q"), EXIT_LOST);
    assert_has(test.err, "job 7 ended before it ran");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "--key", "c", "-q"), EXIT_SUBMIT_FAILED);
    assert_has(test.err, "job 7 was refused");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "--key", "d"), 0); /* it ran */
    cli_test_end(&test);
}

static void options_that_only_slurm_has_are_warned_of(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 202,
          .body = "{\"id\":7,\"cluster\":\"ws\",\"state\":\"pending\",\"scheduler\":\"process\"}" },
        { .status = 202,
          .body = "{\"id\":8,\"cluster\":\"alder\",\"state\":\"pending\",\"scheduler\":\"slurm\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "--partition", "x", "--qos", "y"), 0);
    assert_string_equal(test.err, "warning: --partition has no effect on ws, which has no Slurm\n"
                                  "warning: --qos has no effect on ws, which has no Slurm\n");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "--partition", "x"), 0);
    assert_string_equal(test.err, "");
    cli_test_end(&test);
}

/* "submit --follow > run.log" holds the log alone. */
static void with_follow_the_jobs_line_leaves_stdout_to_the_log(void **state)
{
    (void)state;
    static const struct http_script script[] = { { .status = 202, .body = JOB("submitting") },
                                                 { .status = 404, .body = "{\"code\":\"not_found\"}" } };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--follow"), EXIT_NOT_THERE);
    assert_string_equal(test.out, "");
    assert_has(test.err, "job 7 (x) on alder: submitting\n");
    cli_test_end(&test);
}

enum { LONG_LOST = 60 }; /* answers lost, more than a watch has patience for */

static void script_lost_after(struct http_script *script)
{
    script[0] = (struct http_script){ .expect = "POST ", .status = 202, .body = JOB("submitting") };
    for (size_t i = 1; i <= LONG_LOST; i++)
        script[i] = (struct http_script){ .is_lost = true };
}

static void the_number_is_told_though_the_gateway_is_lost(void **state)
{
    (void)state;
    struct http_script script[LONG_LOST + 1];
    struct cli_test test;
    script_lost_after(script);
    CLI_BEGIN(&test, script);
    int status = RUN(&test, "submit", "-p", "p", "-q");
    assert_true(status == EXIT_IO || status == EXIT_NO_GATEWAY);
    assert_string_equal(test.out, "7\n");
    cli_test_end(&test);
}

/* With --json and --wait the number comes last. */
static void until_its_number_is_told_the_same_command_takes_the_job_up(void **state)
{
    (void)state;
    struct http_script script[LONG_LOST + 1 + 2];
    struct cli_test test;
    script_lost_after(script);
    script[LONG_LOST + 1] = (struct http_script){ .status = 202, .body = JOB("running") };
    script[LONG_LOST + 2] = (struct http_script){ .status = 200, .body = JOB("completed") };
    CLI_BEGIN(&test, script);
    int status = RUN(&test, "submit", "-p", "p", "--json", "--wait");
    assert_true(status == EXIT_IO || status == EXIT_NO_GATEWAY);
    assert_string_equal(test.out, "");
    while (http_server_count(test.server) < LONG_LOST + 1)
        (void)RUN(&test, "ls");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--json", "--wait"), 0);
    auto_free char *first = key_of(&test, 0), *again = key_of(&test, LONG_LOST + 1);
    assert_string_equal(first, again);
    assert_has(test.err, "taking up the same submission");
    cli_test_end(&test);
}

static void two_submissions_that_were_answered_are_two(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 202, .body = JOB("pending") },
        { .status = 202, .body = JOB("pending") },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait"), 0);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "-q"), 0);
    assert_string_equal(test.out, "7\n");
    auto_free char *first = key_of(&test, 0), *second = key_of(&test, 1);
    assert_string_not_equal(first, second);
    cli_test_end(&test);
}

static void a_key_of_the_users_own_is_sent(void **state)
{
    (void)state;
    static const struct http_script script[] = { { .status = 202, .body = JOB("pending") } };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--no-wait", "--key", "ci 12"), 0);
    auto_free char *key = key_of(&test, 0);
    assert_string_equal(key, "ci 12");
    cli_test_end(&test);
}

static void submit_wait_ends_with_the_jobs_code(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 202, .body = JOB("submitting") },
        { .expect = "GET /api/v1/jobs/7?wait=terminal", .status = 200, .body = JOB("running") },
        { .is_lost = true }, /* the gateway is started again meanwhile */
        { .expect = "GET /api/v1/jobs/7?wait=terminal",
          .status = 200,
          .body = "{\"id\":7,\"state\":\"failed\",\"exit_code\":9,\"why\":\"bad \\u001b[31m luck\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--wait"), 9);
    assert_has(test.err, "job 7: failed with exit code 9: bad \\x1b[31m luck");
    assert_null(strchr(test.err, '\x1b'));
    cli_test_end(&test);
}

static void a_refusal_is_told_whole(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 422,
          .body = "{\"type\":\"t\",\"title\":\"Invalid request\",\"status\":422,\"detail\":\"two "
                  "errors\",\"code\":"
                  "\"invalid\",\"errors\":[{\"pointer\":\"/resources/gpus\",\"detail\":\"too "
                  "many\",\"hint\":\"8\"},"
                  "{\"pointer\":\"/"
                  "x\",\"detail\":\"what\",\"origin\":\"a.yaml:3:1\"}],\"upstream\":\"sbatch: no\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p"), EXIT_INVALID);
    assert_string_equal(test.err, "sluice: two errors\n"
                                  "  /resources/gpus: too many (8)\n"
                                  "  a.yaml:3:1: /x: what\n"
                                  "  | sbatch: no\n");
    cli_test_end(&test);
}

static void a_missing_variable_is_said_before_anything_is_sent(void **state)
{
    (void)state;
    static const struct http_script script[] = { { .status = 202, .body = JOB("pending") } };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "--secret", "NOPE"), EXIT_USAGE_WRONG);
    assert_has(test.err, "NOPE is not set here");
    assert_int_equal(http_server_count(test.server), 0);
    cli_test_end(&test);
}

static void no_gateway_is_said_in_words(void **state)
{
    (void)state;
    struct cli_test test;
    cli_test_begin(&test, NULL, 0);
    cli_test_var(&test, "SLUICE_URL", "http://127.0.0.1:1");
    assert_int_equal(RUN(&test, "submit", "-p", "p"), EXIT_NO_GATEWAY);
    assert_string_equal(test.err,
                        "sluice: no gateway answers at http://127.0.0.1:1 (Connection refused); start one "
                        "with: sluice serve\n");
    cli_test_end(&test);
}

static void a_dry_run_says_what_the_scheduler_says(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "POST /api/v1/jobs?dry_run=1",
          .status = 200,
          .body = "{\"script\":\"#!/bin/"
                  "sh\\necho\\n\",\"lines\":[{\"line\":2,\"origin\":\"built-in\"}],\"warnings\":"
                  "[\"slow\"],\"test\":{\"accepted\":false,\"upstream\":\"Invalid account\"}}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "-n"), EXIT_SUBMIT_FAILED);
    assert_string_equal(test.out, "#!/bin/sh\necho\n");
    assert_has(test.err, "warning: slow\nthe scheduler would refuse this job\n  | Invalid account\n");
    cli_test_end(&test);
}

static void render_puts_origins_beside_the_lines(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "POST /api/v1/jobs:render",
          .status = 200,
          .body = "{\"script\":\"#!/bin/sh\\necho\\n\",\"lines\":[{\"line\":2,\"origin\":\"built-in\"}],"
                  "\"warnings\":[]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "render", "-p", "p", "--origins"), 0);
    assert_has(test.out, "#!/bin/sh\necho    ");
    assert_has(test.out, "<- built-in\n");
    cli_test_end(&test);
}

static void a_folder_of_no_project_is_said(void **state)
{
    (void)state;
    static const struct http_script script[] = { { .status = 200, .body = PROJECTS } };
    struct cli_test test;
    char here[4096];
    assert_non_null(getcwd(here, sizeof(here)));
    CLI_BEGIN(&test, script);
    assert_int_equal(chdir(test.folder), 0);
    assert_int_equal(RUN(&test, "submit"), EXIT_USAGE_WRONG);
    assert_int_equal(chdir(here), 0);
    assert_has(test.err, "belongs to no project");
    cli_test_end(&test);
}

static void a_folder_with_a_config_is_registered_first(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/projects", .status = 200, .body = PROJECTS },
        { .expect = "POST /api/v1/projects ", .status = 201, .body = "{\"name\":\"mine\",\"path\":\"/x\"}" },
        { .expect = "POST /api/v1/jobs ", .status = 202, .body = JOB("pending") },
    };
    struct cli_test test;
    char here[4096];
    assert_non_null(getcwd(here, sizeof(here)));
    CLI_BEGIN(&test, script);
    assert_int_equal(chdir(test.folder), 0);
    fclose(fopen(".mlops-config.yaml", "w"));
    assert_int_equal(RUN(&test, "submit", "--no-wait"), 0);
    assert_int_equal(chdir(here), 0);
    assert_has(test.err, "registered project mine");
    assert_has(http_server_request(test.server, 2), "\"project\":\"mine\"");
    cli_test_end(&test);
}

/* As `A=$(sluice submit -q ...)` gave it. */
static void a_dependency_names_jobs_by_the_gateways_numbers(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/28 ",
          .status = 200,
          .body = "{\"cluster\":\"alder\",\"slurm\":{\"job_id\":\"901\"}}" },
        { .expect = "GET /api/v1/jobs/29 ",
          .status = 200,
          .body = "{\"cluster\":\"alder\",\"slurm\":{\"job_id\":\"902\"}}" },
        { .expect = "POST /api/v1/jobs ", .status = 202, .body = JOB("pending") },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "-c", "alder", "--no-wait", "--dependency",
                         "afterok:28:29+5,singleton"),
                     0);
    assert_has(http_server_request(test.server, 2), "\"dependency\":\"afterok:901:902+5,singleton\"");
    cli_test_end(&test);
}

static void a_job_that_cannot_be_waited_for_is_said(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/28 ",
          .status = 200,
          .body = "{\"cluster\":\"beech\",\"slurm\":{\"job_id\":\"901\"}}" },
        { .expect = "GET /api/v1/jobs/28 ", .status = 200, .body = "{\"cluster\":\"alder\",\"slurm\":null}" },
        { .expect = "GET /api/v1/jobs/99 ",
          .status = 404,
          .body = "{\"status\":404,\"code\":\"not_found\",\"detail\":\"there is no job 99\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "submit", "-p", "p", "-c", "alder", "--dependency", "afterok:28"),
                     EXIT_USAGE_WRONG);
    assert_has(test.err, "job 28 is on beech; a job on alder cannot wait for it");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "-c", "alder", "--dependency", "afterok:28"),
                     EXIT_USAGE_WRONG);
    assert_has(test.err, "job 28 has no number of its scheduler");
    assert_int_not_equal(RUN(&test, "submit", "-p", "p", "-c", "alder", "--dependency", "afterok:99"), 0);
    assert_has(test.err, "there is no job 99");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "-c", "alder", "--dependency", "afterok:1,foo:1"),
                     EXIT_USAGE_WRONG);
    assert_has(test.err, "\"foo\" is no kind of dependency");
    assert_int_equal(RUN(&test, "submit", "-p", "p", "-c", "alder", "--dependency", "28?singleton"),
                     EXIT_USAGE_WRONG);
    assert_has(test.err, "\"28\" is no kind of dependency");
    assert_int_equal(http_server_count(test.server), 3);
    cli_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dependency_names_jobs_by_the_gateways_numbers),
        cmocka_unit_test(a_job_that_cannot_be_waited_for_is_said),
        cmocka_unit_test(the_words_become_one_request),
        cmocka_unit_test(a_lost_answer_is_asked_for_again_with_the_same_key),
        cmocka_unit_test(a_command_given_again_takes_the_key_up),
        cmocka_unit_test(a_job_that_never_ran_is_not_taken_up),
        cmocka_unit_test(a_job_that_ends_before_it_ran_gives_its_status),
        cmocka_unit_test(with_follow_the_jobs_line_leaves_stdout_to_the_log),
        cmocka_unit_test(options_that_only_slurm_has_are_warned_of),
        cmocka_unit_test(the_number_is_told_though_the_gateway_is_lost),
        cmocka_unit_test(until_its_number_is_told_the_same_command_takes_the_job_up),
        cmocka_unit_test(two_submissions_that_were_answered_are_two),
        cmocka_unit_test(a_key_of_the_users_own_is_sent),
        cmocka_unit_test(submit_wait_ends_with_the_jobs_code),
        cmocka_unit_test(a_refusal_is_told_whole),
        cmocka_unit_test(a_missing_variable_is_said_before_anything_is_sent),
        cmocka_unit_test(no_gateway_is_said_in_words),
        cmocka_unit_test(a_dry_run_says_what_the_scheduler_says),
        cmocka_unit_test(render_puts_origins_beside_the_lines),
        cmocka_unit_test(a_folder_of_no_project_is_said),
        cmocka_unit_test(a_folder_with_a_config_is_registered_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
