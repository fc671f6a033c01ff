/* The verbs that look, against a gateway that answers by script.
 * Covers: cli/cli, cli/env, cli/verbs, cli/verb_ls, cli/verb_show, cli/verb_log, cli/verb_cancel,
 * cli/verb_requeue, cli/verb_wait, cli/verb_gpus, cli/verb_clusters, cli/verb_projects,
 * cli/verb_version, cli/follow, cli/table, cli/screen, cli/read_file, cli/verb_config. */
#include "cli_help.h"

#include <stdio.h>

#define HOSTILE "evil\\u001b]0;x\\u0007\\u009b31m\\u202e\\tname"
#define JOBS                                                                                                \
    "{\"items\":[{\"id\":12,\"state\":\"running\",\"name\":\"" HOSTILE                                      \
    "\",\"project\":\"p\",\"cluster\":\"c\","                                                               \
    "\"resources\":{\"gpus\":2,\"nodes\":1,\"gpu_type\":\"a100\"},\"created_at\":\"2025-10-09T08:43:20Z\"," \
    "\"started_at\":\"2025-10-09T08:48:20Z\",\"progress\":{\"fraction\":0.459},\"why\":\"a long reason "    \
    "that no narrow terminal can show\"}],"                                                                 \
    "\"next\":null,\"total\":null}"

static void check_harmless(const char *text)
{
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_null(strstr(text, "\xc2\x9b"));
    assert_null(strstr(text, "\xe2\x80\xae"));
}

static void hostile_names_are_harmless_in_lists_and_documents(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs?", .status = 200, .body = JOBS },
        { .expect = "GET /api/v1/jobs/12 ",
          .status = 200,
          .body = "{\"id\":12,\"state\":\"running\\u001b[2J\",\"name\":\"" HOSTILE "\",\"why\":\"" HOSTILE
                  "\"}" },
        { .status = 404, .body = "{\"code\":\"not_found\",\"detail\":\"no " HOSTILE "\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    test.env.is_terminal = true;
    cli_test_var(&test, "NO_COLOR", "1");
    assert_int_equal(RUN(&test, "ls"), 0);
    check_harmless(test.out);
    assert_int_equal(RUN(&test, "show", "12"), 0);
    check_harmless(test.out);
    assert_int_equal(RUN(&test, "show", "13"), EXIT_NOT_THERE);
    check_harmless(test.err);
    cli_test_end(&test);
}

#define FAILED                                                                \
    "{\"id\":5,\"state\":\"failed\",\"exit_code\":1,\"why\":\"exit code 1\"," \
    "\"verdict\":{\"code\":\"gpu_oom\",\"title\":\"A GPU ran out of memory\"}}"

static void the_verdict_is_why_a_job_failed(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 200, .body = "{\"items\":[" FAILED "],\"next\":null,\"total\":1}" },
        { .status = 200, .body = FAILED },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "ls"), 0);
    assert_has(test.out, "A GPU ran out of memory");
    assert_null(strstr(test.out, "exit code 1"));
    assert_int_equal(RUN(&test, "wait", "5"), 1);
    assert_has(test.err, "failed with exit code 1: A GPU ran out of memory");
    cli_test_end(&test);
}

#define FAILED_AND_TOLD                                                                                  \
    "{\"id\":5,\"state\":\"failed\",\"exit_code\":1,\"verdict\":{\"title\":\"A GPU ran out of memory\"," \
    "\"evidence\":[{\"line\":325,\"text\":\"RuntimeError: \\u001b[31mCUDA\"},{\"text\":\"no "            \
    "line\"},{\"line\":7}],"                                                                             \
    "\"next\":[\"Take a smaller batch\",\"Take another type\"]}}"

static void show_says_by_what_and_what_to_do_next(void **state)
{
    (void)state;
    static const struct http_script script[] = { { .status = 200, .body = FAILED_AND_TOLD },
                                                 { .status = 200, .body = FAILED } };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "show", "5"), 0);
    assert_has(test.out,
               "verdict     A GPU ran out of memory\n            line 325: RuntimeError: \\x1b[31mCUDA\n"
               "            no line\nnext        Take a smaller batch\n            Take another type\n");
    assert_int_equal(RUN(&test, "show", "5"), 0);
    assert_has(test.out, "verdict     A GPU ran out of memory\n");
    assert_null(strstr(test.out, "next "));
    cli_test_end(&test);
}

#define JUST_FAILED                                                       \
    "{\"id\":5,\"state\":\"failed\",\"exit_code\":1,\"why\":\"exit code " \
    "1\",\"started_at\":\"2025-10-09T08:48:20Z\"}"

static void wait_waits_for_the_verdict_too_but_not_long(void **state)
{
    (void)state;
    enum { ASKED_FIRST = 3, ASKED_MOST = 16 }; /* 3 s, each 200 ms, behind the wait itself */
    struct http_script script[ASKED_FIRST + ASKED_MOST];
    for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++)
        script[i] =
            (struct http_script){ .expect = i == 0 || i == ASKED_FIRST ? "GET /api/v1/jobs/5?wait=terminal"
                                                                       : "GET /api/v1/jobs/5 ",
                                  .status = 200,
                                  .body = i == ASKED_FIRST - 1 ? FAILED : JUST_FAILED };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "wait", "5"), 1);
    assert_has(test.err, "failed with exit code 1: A GPU ran out of memory");
    assert_int_equal(RUN(&test, "wait", "5"), 1);
    assert_has(test.err, "failed with exit code 1");
    cli_test_end(&test);
}

static void show_tells_progress_and_numbers(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 200,
          .body = "{\"id\":12,\"state\":\"running\",\"argv\":[\"python\",\"a "
                  "b.py\",\"lr=1\",\"\"],\"progress\":{\"fraction\":0.459,\"eta_s\":76,\"step\":459,"
                  "\"total\":1000},\"metrics\":{\"val/"
                  "loss\":{\"last\":0.123456,\"best\":\"NaN\",\"step\":459}}}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "show", "12"), 0);
    assert_has(test.out, "progress    45% (459 of 1000), about 00:01:16 left\n");
    assert_has(test.out, "command     python 'a b.py' lr=1 ''\n");
    assert_has(test.out, "METRIC\tLAST\tBEST\tSTEP\nval/loss\t0.1235\tNaN\t459\n");
    cli_test_end(&test);
}

static void a_list_fits_the_terminal(void **state)
{
    (void)state;
    static const struct http_script script[] = { { .status = 200, .body = JOBS } };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    test.env.is_terminal = true;
    test.env.columns = 60;
    cli_test_var(&test, "NO_COLOR", "1");
    assert_int_equal(RUN(&test, "ls"), 0);
    struct span rest = span_of(test.out), line;
    while (span_next_line(&rest, &line))
        assert_true(line.len <= 60 + 8); /* an ellipsis has three bytes and one column */
    assert_has(test.out, "00:05:00");
    cli_test_end(&test);
}

static void to_a_pipe_nothing_is_cut_and_tabs_part_the_columns(void **state)
{
    (void)state;
    static const struct http_script script[] = { { .status = 200, .body = JOBS } };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    test.env.columns = 20;
    assert_int_equal(RUN(&test, "ls"), 0);
    assert_has(test.out,
               "ID\tSTATE\tNAME\tPROJECT\tCLUSTER\tGPUS\tELAPSED\tDONE\tAGE\tWHY\n12\trunning\tevil");
    assert_has(test.out, "\t2 a100\t00:05:00\t45%\t10m\ta long reason that no narrow terminal can show\n");
    cli_test_end(&test);
}

static void an_argument_may_be_a_whole_filter_line(void **state)
{
    (void)state;
#define EMPTY .status = 200, .body = "{\"items\":[],\"next\":null}"
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs?limit=30&filter=state%3Aended%20cluster%3Aalder ", EMPTY },
        { .expect = "GET /api/v1/jobs?limit=30&filter=project%3Ademo%20lr ", EMPTY },
        { .expect = "GET /api/v1/jobs?limit=30&filter=name%3A%22a%20b%22%20state%3Aended ", EMPTY },
        { .expect = "GET /api/v1/jobs?limit=30&filter=group%3A%22my%20group%22%20state%3Aended ", EMPTY },
        { .expect = "GET /api/v1/jobs?limit=30&filter=group%3Amine%20tag%3Ax ", EMPTY },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "ls", "state:ended cluster:alder"), 0);
    assert_int_equal(RUN(&test, "ls", "project:demo lr"), 0);
    assert_int_equal(RUN(&test, "ls", "name:\"a b\" state:ended"), 0);
    assert_int_equal(RUN(&test, "ls", "group:my group", "state:ended"), 0);
    assert_int_equal(RUN(&test, "ls", "group:mine tag:x"), 0);
    cli_test_end(&test);
}

static void all_pages_of_a_list_are_read(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs?limit=200&filter=state%3Afailed%20age%3A%3C2d ",
          .status = 200,
          .body = "{\"items\":[{\"id\":2,\"state\":\"failed\"}],\"next\":\"c 1\"}" },
        { .expect = "GET /api/v1/jobs?limit=200&filter=state%3Afailed%20age%3A%3C2d&cursor=c%201 ",
          .status = 200,
          .body = "{\"items\":[{\"id\":1,\"state\":\"failed\"}],\"next\":null}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "ls", "--all", "state:failed", "age:<2d"), 0);
    assert_has(test.out, "\n2\tfailed");
    assert_has(test.out, "\n1\tfailed");
    cli_test_end(&test);
}

#define LOG(from, size) "X-Sluice-Offset: " from "\r\nX-Sluice-Size: " size "\r\n"

#define NOT_BEGUN LOG("0", "0") "X-Sluice-Begun: 0\r\n"

static void a_log_that_has_not_begun_is_told_with_why(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/5/log?", .status = 200, .headers = NOT_BEGUN, .body = "" },
        { .expect = "GET /api/v1/jobs/5?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"pending\",\"why\":\"It waits for GPUs.\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "log", "5"), EXIT_NOT_THERE);
    assert_string_equal(test.out, "");
    assert_has(test.err, "job 5 has no log yet: it is pending (It waits for GPUs.)");
    cli_test_end(&test);
}

static void a_job_without_slurm_has_no_scheduler_log(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/5/log?", .status = 200, .headers = NOT_BEGUN, .body = "" },
        { .expect = "GET /api/v1/jobs/5?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"completed\",\"scheduler\":\"process\",\"cluster\":\"local\"}" },
        { .expect = "GET /api/v1/jobs/5?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"running\",\"scheduler\":\"process\",\"cluster\":\"local\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "log", "5", "--scheduler"), EXIT_NOT_THERE);
    assert_has(test.err, "job 5 has no scheduler log: cluster local has no Slurm");
    assert_int_equal(RUN(&test, "log", "-f", "5", "--scheduler"), EXIT_NOT_THERE);
    assert_has(test.err, "job 5 has no scheduler log");
    cli_test_end(&test);
}

static void a_followed_log_has_each_byte_once(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/last?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"running\",\"attempt\":1}" },
        { .expect = "GET /api/v1/jobs/5?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"running\",\"attempt\":1}" },
        { .expect = "GET /api/v1/jobs/5/log?offset=0&", .status = 200, .headers = NOT_BEGUN, .body = "" },
        { .expect = "GET /api/v1/jobs/5?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"running\",\"attempt\":1}" },
        { .expect = "GET /api/v1/jobs/5/log?offset=0&",
          .status = 200,
          .headers = LOG("0", "6"),
          .body = "abc" },
        { .expect = "GET /api/v1/jobs/5/log?offset=3&",
          .status = 200,
          .headers = LOG("3", "6"),
          .body = "def" },
        /* ended and requeued: the old attempt is read to its end first */
        { .expect = "GET /api/v1/jobs/5?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"pending\",\"attempt\":2}" },
        { .is_lost = true },
        { .expect = "GET /api/v1/jobs/5/log?offset=6&",
          .status = 200,
          .headers = LOG("6", "7"),
          .body = "g" },
        { .expect = "GET /api/v1/jobs/5/log?offset=0&limit=1048576&attempt=2 ",
          .status = 200,
          .headers = LOG("0", "1"),
          .body = "h" },
        { .expect = "GET /api/v1/jobs/5?wait",
          .status = 200,
          .body = "{\"id\":5,\"state\":\"completed\",\"attempt\":2}" },
        { .expect = "GET /api/v1/jobs/5/log?offset=1&",
          .status = 200,
          .headers = LOG("1", "2"),
          .body = "\x1b" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "log", "-f"), 0);
    assert_string_equal(test.out, "abcdefgh\x1b");
    assert_has(test.err, "--- attempt 2 ---");
    cli_test_end(&test);
}

static void a_log_that_was_cut_is_shown_from_its_first_byte(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 200, .body = "{\"id\":5,\"state\":\"running\",\"attempt\":1}" },
        { .status = 200, .body = "{\"id\":5,\"state\":\"running\",\"attempt\":1}" },
        { .expect = "GET /api/v1/jobs/5/log?offset=0&",
          .status = 200,
          .headers = LOG("0", "4"),
          .body = "long" },
        { .status = 200, .body = "{\"id\":5,\"state\":\"completed\",\"attempt\":1}" },
        { .expect = "GET /api/v1/jobs/5/log?offset=4&", .status = 200, .headers = LOG("4", "2"), .body = "" },
        { .expect = "GET /api/v1/jobs/5/log?offset=0&",
          .status = 200,
          .headers = LOG("0", "2"),
          .body = "ab" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "log", "-f", "5"), 0);
    assert_string_equal(test.out, "longab");
    assert_has(test.err, "begins anew");
    cli_test_end(&test);
}

static void wait_gives_up_in_time_with_a_code_of_its_own(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/3?wait=terminal&timeout=0s",
          .status = 200,
          .body = "{\"id\":3,\"state\":\"running\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "wait", "3", "--timeout", "0s"), EXIT_STILL_GOING);
    assert_has(test.err, "job 3 is still running");
    assert_int_equal(RUN(&test, "wait", "3", "--timeout", "5"), EXIT_USAGE_WRONG);
    assert_has(test.err, "--timeout: 5 of what? say 90s, 5m or 2h");
    cli_test_end(&test);
}

static void a_time_limit_is_for_all_jobs_together(void **state)
{
    (void)state;
#define LATER                                                                   \
    {                                                                           \
        .expect = "GET /api/v1/jobs/3?wait=terminal&timeout=7s", .status = 503, \
        .body = "{\"code\":\"busy\",\"detail\":\"later\"}"                      \
    }
    static const struct http_script script[] = {
        LATER,
        LATER,
        LATER,
        LATER, /* 0.2 + 0.4 + 0.8 + 1.6 s */
        { .expect = "GET /api/v1/jobs/3?wait=terminal&timeout=7s",
          .status = 200,
          .body = "{\"id\":3,\"state\":\"completed\"}" },
        { .expect = "GET /api/v1/jobs/4?wait=terminal&timeout=4s",
          .status = 200,
          .body = "{\"id\":4,\"state\":\"completed\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "wait", "3", "4", "--timeout", "7s"), 0);
    cli_test_end(&test);
}

static void several_jobs_are_cancelled_though_one_is_not_there(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "POST /api/v1/jobs/1/cancel ",
          .status = 404,
          .body = "{\"code\":\"not_found\",\"detail\":\"no job 1\"}" },
        { .expect = "POST /api/v1/jobs/2/cancel ",
          .status = 202,
          .body = "{\"id\":2,\"state\":\"running\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "cancel", "1", "2"), EXIT_NOT_THERE);
    assert_string_equal(test.out, "job 2: running, cancel asked for\n");
    cli_test_end(&test);
}

static void a_requeue_means_the_attempt_that_is_seen(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/last ", .status = 200, .body = "{\"id\":7,\"attempt\":3}" },
        { .expect = "POST /api/v1/jobs/last/requeue ",
          .status = 202,
          .body = "{\"id\":7,\"state\":\"running\"}" },
        { .expect = "GET /api/v1/jobs/8 ", .status = 200, .body = "{\"id\":8,\"attempt\":1}" },
        { .expect = "POST /api/v1/jobs/8/requeue ",
          .status = 409,
          .body = "{\"code\":\"conflict\",\"detail\":\"job 8 has ended\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_not_equal(RUN(&test, "requeue", "last", "8"), EXIT_OK);
    assert_string_equal(test.out, "job 7: attempt 3 goes back into the queue\n");
    assert_non_null(strstr(test.err, "job 8 has ended"));
    cli_test_end(&test);
}

static void tables_of_clusters_gpus_and_projects_are_shown(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/clusters ",
          .status = 200,
          .body = "{\"items\":[{\"name\":\"alder\",\"state\":\"unreachable\",\"stale\":true,\"host\":\"h\","
                  "\"error\":\"no route\"}]}" },
        { .expect = "GET /api/v1/gpus?max_age=60s ",
          .status = 200,
          .body = "{\"items\":[{\"cluster\":\"alder\",\"partition\":\"gpu\",\"type\":\"a100\",\"free\":1,"
                  "\"total\":40,\"observed_at\":\"2025-10-09T08:53:10Z\"}]}" },
        { .expect = "GET /api/v1/projects ",
          .status = 200,
          .body = "{\"items\":[{\"name\":\"p\",\"path\":\"/p\",\"dirty\":true,\"errors\":[{}]}]}" },
        { .expect = "DELETE /api/v1/projects/a%2Fb ", .status = 204 },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "clusters"), 0);
    assert_has(test.out, "alder\tunreachable\t-\th\tnever\t-\tno route\n");
    assert_int_equal(RUN(&test, "gpus"), 0);
    assert_has(test.out, "alder\tgpu\ta100\t1\t40\t#.........\t-\t-\t-\t0/0\t10s ago\n");
    assert_int_equal(RUN(&test, "projects"), 0);
    assert_has(test.out, "p\t-\t-\tyes\t1\tnever\t/p\n");
    assert_int_equal(RUN(&test, "projects", "rm", "a/b"), 0);
    cli_test_end(&test);
}

static void a_project_is_shown_with_its_commit_and_its_faults(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/projects/demo ",
          .status = 200,
          .body =
              "{\"name\":\"demo\",\"path\":\"/p\",\"branch\":\"main\",\"sha\":\"0123456789abcdef\","
              "\"dirty\":true,\"synced_at\":\"2025-10-09T08:53:10Z\",\"errors\":[{\"file\":\"/p/c.yaml\","
              "\"line\":3,\"column\":5,\"path\":\"gpuz\",\"text\":\"unknown key\",\"hint\":\"gpus?\"}]}" },
        { .expect = "POST /api/v1/projects/demo/sync ",
          .status = 200,
          .body = "{\"name\":\"demo\",\"path\":\"/p\",\"errors\":[{\"text\":\"the folder /p is gone\"}]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "projects", "show", "demo"), 0);
    assert_string_equal(test.out, "project demo: /p\n  branch   main\n"
                                  "  commit   0123456789ab, with uncommitted changes\n  synced   10s ago\n");
    assert_string_equal(test.err, "  /p/c.yaml:3:5: gpuz: unknown key (gpus?)\n");
    assert_int_equal(RUN(&test, "projects", "sync", "demo"), 0);
    assert_string_equal(test.err, "  the folder /p is gone\n");
    assert_has(test.out, "  synced   never\n");
    cli_test_end(&test);
}

static void json_is_the_answer_as_it_came(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 200, .body = "{\"items\" : [ ]}" },
        { .status = 404, .body = "{\"code\":\"not_found\",\"detail\":\"no\"}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    cli_test_var(&test, "SLUICE_TOKEN", "slc_x");
    assert_int_equal(RUN(&test, "clusters", "--json"), 0);
    assert_string_equal(test.out, "{\"items\" : [ ]}\n");
    auto_str struct str token = STR_MAX(100);
    http_server_header(test.server, 0, "Authorization", &token);
    assert_string_equal(str_text(&token), "Bearer slc_x");
    assert_int_equal(RUN(&test, "show", "--json"), EXIT_NOT_THERE);
    assert_string_equal(test.out, "{\"code\":\"not_found\",\"detail\":\"no\"}\n");
    cli_test_end(&test);
}

static int no_project_is_right(const char *file, struct span text, struct errs *errs)
{
    (void)text;
    return errs_add(errs, &(struct errs_item){ .file = file, .line = 7, .text = "a submit refuses it" });
}

static void config_check_tells_every_error(void **state)
{
    (void)state;
    struct cli_test test;
    auto_str struct str path = STR_MAX(4096);
    cli_test_begin(&test, NULL, 0);
    str_addf(&path, "%s/.mlops-config.yaml", test.folder);
    FILE *file = fopen(str_text(&path), "w");
    assert_non_null(file);
    fputs("resources: {gpus: x, gpuz: 1}\n", file);
    fclose(file);
    assert_int_equal(RUN(&test, "config", "check", str_text(&path)), EXIT_SERVE_INVALID);
    assert_has(test.err, "did you mean");
    assert_has(test.err, "whole number");
    test.env.check_project = no_project_is_right;
    assert_int_equal(RUN(&test, "config", "check", str_text(&path)), EXIT_SERVE_INVALID);
    assert_has(test.err, "a submit refuses it");
    assert_int_equal(RUN(&test, "config", "check", "-k", "sluice", str_text(&path)), EXIT_SERVE_INVALID);
    assert_has(test.err, "unknown key");
    assert_int_equal(RUN(&test, "config", "check", "/no/such.yaml"), EXIT_SERVE_INVALID);
    assert_string_equal(test.err, "/no/such.yaml: No such file or directory\n");
    assert_int_equal(RUN(&test, "config", "explain", "--json", "resources.gpus"), 0);
    assert_has(test.out, "[{\"key\":\"resources.gpus\",\"text\":\"resources.gpus (");
    assert_int_equal(RUN(&test, "config", "foo"), EXIT_USAGE_WRONG);
    assert_has(test.err, "there is check and explain, no foo");
    assert_int_equal(RUN(&test, "config", "check"), EXIT_USAGE_WRONG);
    assert_has(test.err, "Name a file");
    assert_int_equal(RUN(&test, "config", "explain", "resources.gpus"), 0);
    assert_has(test.out, "GPUs per node");
    cli_test_end(&test);
}

static void verbs_have_help_and_the_nearest_is_named(void **state)
{
    (void)state;
    struct cli_test test;
    cli_test_begin(&test, NULL, 0);
    assert_int_equal(RUN(&test, "help", "submit"), 0);
    assert_has(test.out, "--gpu-type");
    assert_int_equal(RUN(&test, "log", "--help"), 0);
    assert_has(test.out, "usage: sluice log [JOB]");
    assert_int_equal(RUN(&test, "submti"), EXIT_USAGE_WRONG);
    assert_has(test.err, "did you mean submit?");
    assert_int_equal(RUN(&test, "show", "1", "2"), EXIT_USAGE_WRONG);
    assert_int_equal(RUN(&test, "version", "--client"), 0);
    assert_string_equal(test.out, "sluice 9.8\n");
    cli_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_names_are_harmless_in_lists_and_documents),
        cmocka_unit_test(a_list_fits_the_terminal),
        cmocka_unit_test(show_tells_progress_and_numbers),
        cmocka_unit_test(the_verdict_is_why_a_job_failed),
        cmocka_unit_test(show_says_by_what_and_what_to_do_next),
        cmocka_unit_test(wait_waits_for_the_verdict_too_but_not_long),
        cmocka_unit_test(to_a_pipe_nothing_is_cut_and_tabs_part_the_columns),
        cmocka_unit_test(an_argument_may_be_a_whole_filter_line),
        cmocka_unit_test(all_pages_of_a_list_are_read),
        cmocka_unit_test(a_log_that_has_not_begun_is_told_with_why),
        cmocka_unit_test(a_job_without_slurm_has_no_scheduler_log),
        cmocka_unit_test(a_followed_log_has_each_byte_once),
        cmocka_unit_test(a_log_that_was_cut_is_shown_from_its_first_byte),
        cmocka_unit_test(wait_gives_up_in_time_with_a_code_of_its_own),
        cmocka_unit_test(a_time_limit_is_for_all_jobs_together),
        cmocka_unit_test(a_requeue_means_the_attempt_that_is_seen),
        cmocka_unit_test(several_jobs_are_cancelled_though_one_is_not_there),
        cmocka_unit_test(tables_of_clusters_gpus_and_projects_are_shown),
        cmocka_unit_test(a_project_is_shown_with_its_commit_and_its_faults),
        cmocka_unit_test(json_is_the_answer_as_it_came),
        cmocka_unit_test(config_check_tells_every_error),
        cmocka_unit_test(verbs_have_help_and_the_nearest_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
