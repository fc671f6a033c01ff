/* The verbs for a cluster's login and health, against a gateway that answers by script.
 * Covers: cli/verb_connect, cli/verb_doctor, cli/verb_clusters. */
#include "cli_help.h"

#include <stdio.h>
#include <unistd.h>

/* stdin becomes these lines. */
static void type_in(const char *text)
{
    int pipe_of[2];
    assert_int_equal(pipe(pipe_of), 0);
    assert_int_equal(write(pipe_of[1], text, strlen(text)), (ssize_t)strlen(text));
    close(pipe_of[1]);
    clearerr(stdin);
    dup2(pipe_of[0], STDIN_FILENO);
    close(pipe_of[0]);
}

static void prompts_are_shown_and_the_answers_sent(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "POST /api/v1/clusters/alder/connect",
          .status = 200,
          .body =
              "{\"cluster\":\"alder\",\"state\":\"needs_login\",\"prompts\":[{\"text\":\"Code\\u001b[2J: \","
              "\"echo\":false}]}" },
        { .expect = "POST /api/v1/clusters/alder/connect",
          .status = 200,
          .body = "{\"cluster\":\"alder\",\"state\":\"up\",\"prompts\":[]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    type_in("12\"3\n");
    assert_int_equal(RUN(&test, "connect", "alder"), 0);
    assert_has(test.out, "alder: up");
    cli_test_end(&test);
}

static void nobody_at_the_keyboard_leaves_it_as_it_is(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 200,
          .body =
              "{\"cluster\":\"alder\",\"state\":\"needs_login\",\"instructions\":\"ssh there\",\"prompts\":[{"
              "\"text\":\"Code: \",\"echo\":true}]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    type_in("");
    assert_int_equal(RUN(&test, "connect", "alder"), EXIT_CLUSTER_LOGIN);
    assert_has(test.out, "needs_login");
    assert_has(test.out, "ssh there");
    cli_test_end(&test);
}

static void the_doctors_errors_end_with_1(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "POST /api/v1/clusters/alder/check",
          .status = 200,
          .body =
              "{\"cluster\":\"alder\",\"result\":\"error\",\"lines\":[{\"check\":\"clock\",\"status\":\"ok\","
              "\"text\":\"0 "
              "s\"},{\"check\":\"workspace\",\"status\":\"error\",\"text\":\"full\",\"hint\":\"make "
              "room\"}]}" },
        { .status = 200, .body = "{\"cluster\":\"alder\",\"result\":\"ok\",\"lines\":[]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "doctor", "alder"), 1);
    assert_has(test.out, "workspace");
    assert_has(test.out, "workspace: make room");
    assert_int_equal(RUN(&test, "doctor", "alder"), 0);
    cli_test_end(&test);
}

static void one_clusters_budgets_are_said(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .status = 200,
          .body =
              "{\"name\":\"alder\",\"state\":\"reachable\",\"host\":\"h\",\"connection\":{\"state\":\"up\","
              "\"backend\":\"openssh\",\"backend_reason\":\"proxy_jump is set\",\"logins_last_hour\":2,"
              "\"max_logins_per_hour\":12,\"commands_last_minute\":5,\"max_commands_per_minute\":20,"
              "\"held_back\":3,\"commands\":900,\"channels\":1,\"max_channels\":4,\"queued\":0}}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "clusters", "alder"), 0);
    assert_has(test.out, "connection: up by openssh: proxy_jump is set");
    assert_has(test.out, "logins: 2 in the last hour, 12 allowed");
    assert_has(test.out, "commands: 5 in the last minute, 20 allowed; 3 ticks held back; 900 in all");
    cli_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompts_are_shown_and_the_answers_sent),
        cmocka_unit_test(nobody_at_the_keyboard_leaves_it_as_it_is),
        cmocka_unit_test(the_doctors_errors_end_with_1),
        cmocka_unit_test(one_clusters_budgets_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
