/* Covers: cli/verb_events. */
#include "cli_help.h"

#define EVENT(id) "{\"id\":" #id ",\"time\":\"t\",\"kind\":\"state\",\"job\":4,\"data\":{\"to\":\"x\"}}"
#define LINE(id)  #id "  t  job 4  state  {\"to\":\"x\"}\n"

static void events_of_a_job_are_lines(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs/4/events?after=0",
          .status = 200,
          .body = "{\"items\":[{\"id\":1,\"time\":\"t\",\"kind\":\"state\",\"job\":4,\"data\":{\"to\":\"x\"}}"
                  "]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "events", "4"), 0);
    assert_string_equal(test.out, "1  t  job 4  state  {\"to\":\"x\"}\n");
    cli_test_end(&test);
}

/* They were all told, whatever -n said. */
static void no_more_lines_are_told_than_were_asked_for(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/events?after=6&limit=2 ",
          .status = 200,
          .body = "{\"items\":[" EVENT(7) "," EVENT(8) "]}" },
        { .expect = "GET /api/v1/jobs/4/events?after=0&limit=1 ",
          .status = 200,
          .body = "{\"items\":[" EVENT(1) "]}" },
        { .expect = "GET /api/v1/events?after=6&limit=200 ", .status = 200, .body = "{\"items\":[]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "events", "--after", "6", "-n", "2", "-f"), 0);
    assert_string_equal(test.out, LINE(7) LINE(8));
    assert_int_equal(RUN(&test, "events", "4", "-n", "1"), 0);
    assert_string_equal(test.out, LINE(1));
    assert_int_equal(RUN(&test, "events", "--after", "6"), 0);
    cli_test_end(&test);
}

/* Without a place to begin at it is the last N, and -f goes on behind them. */
static void the_last_lines_begin_before_the_last_event(void **state)
{
    (void)state;
    static const struct http_script script[] = {
        { .expect = "GET /api/v1/jobs?limit=1 ", .status = 200, .body = "{\"items\":[],\"event\":9}" },
        { .expect = "GET /api/v1/events?after=8&limit=200 ",
          .status = 200,
          .body = "{\"items\":[" EVENT(9) "]}" },
    };
    struct cli_test test;
    CLI_BEGIN(&test, script);
    assert_int_equal(RUN(&test, "events", "-n", "1"), 0);
    assert_string_equal(test.out, LINE(9));
    cli_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_a_job_are_lines),
        cmocka_unit_test(no_more_lines_are_told_than_were_asked_for),
        cmocka_unit_test(the_last_lines_begin_before_the_last_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
