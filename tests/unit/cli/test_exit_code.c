/* Covers: cli/view. */
#include "cli_help.h"

#include "cli/exit_code.h"
#include "cli/view.h"
#include "text/json_in.h"

static int code_of(const char *json)
{
    auto_doc struct doc *job = NULL;
    assert_int_equal(json_parse(span_of(json), &job, NULL), 0);
    return exit_code_of_job(job);
}

static void a_jobs_own_code_is_kept(void **state)
{
    (void)state;
    assert_int_equal(code_of("{\"state\":\"completed\",\"exit_code\":0}"), 0);
    assert_int_equal(code_of("{\"state\":\"failed\",\"exit_code\":9}"), 9);
    assert_int_equal(code_of("{\"state\":\"failed\",\"exit_code\":255}"), 255);
    assert_int_equal(code_of("{\"state\":\"failed\",\"exit_code\":0,\"signal\":9}"), 137);
    assert_int_equal(code_of("{\"state\":\"failed\"}"), EXIT_JOB_FAILED);
}

static void other_ends_have_codes_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(code_of("{\"state\":\"cancelled\",\"exit_code\":3}"), EXIT_CANCELLED);
    assert_int_equal(code_of("{\"state\":\"timeout\",\"signal\":15}"), EXIT_TIMEOUT);
    assert_int_equal(code_of("{\"state\":\"lost\"}"), EXIT_LOST);
    assert_int_equal(code_of("{\"state\":\"running\"}"), EXIT_STILL_GOING);
    assert_int_equal(code_of("{}"), EXIT_STILL_GOING);
}

static void every_end_but_completed_is_no_success(void **state)
{
    (void)state;
    for (int s = 1; s < JOB_STATE_COUNT; s++) {
        auto_str struct str json = STR_MAX(200);
        if (!job_state_is_terminal((enum job_state)s) || s == JOB_STATE_COMPLETED)
            continue;
        str_addf(&json, "{\"state\":\"%s\"}", job_state_word((enum job_state)s));
        assert_int_not_equal(code_of(str_text(&json)), 0);
    }
}

static void words_of_problems_have_codes(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of_word("not_found"), EXIT_NOT_THERE);
    assert_int_equal(exit_code_of_word("invalid"), EXIT_INVALID);
    assert_int_equal(exit_code_of_word("no such word"), EXIT_GATEWAY_FAILED);
    assert_int_equal(exit_code_of_word(NULL), EXIT_GATEWAY_FAILED);
}

static void ages_are_short(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = { { -5, "0s" },     { 119, "119s" }, { 120, "2m" },
                  { 7199, "119m" }, { 7200, "2h" },  { 259200, "3d" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_str struct str text = STR_MAX(64);
        view_add_age(&text, cases[i].seconds);
        assert_string_equal(str_text(&text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jobs_own_code_is_kept),
        cmocka_unit_test(other_ends_have_codes_of_their_own),
        cmocka_unit_test(every_end_but_completed_is_no_success),
        cmocka_unit_test(words_of_problems_have_codes),
        cmocka_unit_test(ages_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
