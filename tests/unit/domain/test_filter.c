#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "domain/filter.h"
#include "domain/job_state.h"

#include <string.h>

#define BIT(state) (UINT64_C(1) << JOB_STATE_##state)

static void every_key_fills_its_place(void **state)
{
    auto_job_filter struct job_filter f = { 0 };
    (void)state;
    const char *text =
        "  state:running,=failed cluster:alder gpu:h100 project:x user:me group:g tag:\"a b\" age:<2d "
        "age:>90m name:lr archived:yes free \"quo\"\"ted: text\"\t";
    assert_int_equal(job_filter_parse(span_of(text), &f, NULL), 0);
    assert_int_equal(f.states, BIT(RUNNING) | BIT(FAILED));
    assert_string_equal(f.cluster, "alder");
    assert_string_equal(f.gpu_type, "h100");
    assert_string_equal(f.project, "x");
    assert_string_equal(f.user, "me");
    assert_string_equal(f.group, "g");
    assert_string_equal(f.tag, "a b");
    assert_string_equal(f.name, "lr");
    assert_string_equal(f.text, "free quo\"ted: text");
    assert_int_equal(f.younger_than_s, 2 * 86400);
    assert_int_equal(f.older_than_s, 90 * 60);
    assert_true(f.archived_too);
}

static void groups_of_states_are_sets(void **state)
{
    static const struct {
        const char *text;
        uint64_t has, has_not;
    } cases[] = {
        { "state:active", BIT(RUNNING) | BIT(PENDING) | BIT(HELD) | BIT(SETTLING),
          BIT(COMPLETED) | BIT(LOST) },
        { "state:queued", BIT(PENDING) | BIT(HELD), BIT(RUNNING) | BIT(FAILED) },
        { "state:ended", BIT(COMPLETED) | BIT(FAILED) | BIT(LOST) | BIT(SUBMIT_FAILED), BIT(RUNNING) },
        { "state:failed", BIT(FAILED) | BIT(TIMEOUT) | BIT(OUT_OF_MEMORY) | BIT(LOST) | BIT(SUBMIT_FAILED),
          BIT(COMPLETED) | BIT(CANCELLED) | BIT(RUNNING) },
        { "state:failed,active", BIT(FAILED) | BIT(RUNNING), BIT(COMPLETED) },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_job_filter struct job_filter f = { 0 };
        assert_int_equal(job_filter_parse(span_of(cases[i].text), &f, NULL), 0);
        assert_int_equal(f.states & cases[i].has, cases[i].has);
        assert_int_equal(f.states & cases[i].has_not, 0);
        assert_int_equal(f.states & BIT(UNKNOWN), 0);
    }
}

static void what_is_wrong_is_told_with_its_column(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "x state:nope", "filter, column 3: no state or group of states is called \"nope\"" },
        { "x -state:failed", "filter, column 3: there is no \"not\"" },
        { "!tag:a", "column 1: there is no \"not\"" },
        { "-STATE:x", "there is no \"not\"" },
        { "COLOUR:red", "column 1: known are state" },
        { "colour:red", "filter, column 1: known are state" },
        { "user:", "column 1: no value for \"user\"" },
        { "user:a user:b", "column 8: given twice: \"user\"" },
        { "state:failed state:running", "column 14: given twice" },
        { "age:2d", "age wants" },
        { "age:<0d", "age wants" },
        { "age:<d", "age wants" },
        { "age:<99999999999999999999d", "age wants" },
        { "age:<2y", "age wants" },
        { "age:<1d age:<2d", "column 9: given twice" },
        { "name:\"open", "column 6: this quote is not closed" },
        { "archived:maybe", "archived wants yes or no" },
        { "state:,", "no state" },
        { "\xff", "not UTF-8" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct job_filter f = { 0 };
        struct err err = { 0 };
        assert_int_equal(job_filter_parse(span_of(cases[i].text), &f, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_null(f.user);
    }
}

static void capitals_of_keys_and_states_are_no_difference(void **state)
{
    auto_job_filter struct job_filter f = { 0 };
    (void)state;
    assert_int_equal(job_filter_parse(SPAN_LIT("STATE:FAILED,=Running Project:X -y - -1:30 !"), &f, NULL), 0);
    assert_int_equal(f.states, job_states_failed() | BIT(RUNNING));
    assert_string_equal(f.project, "X"); /* a value is as it is */
    assert_string_equal(f.text, "-y - -1:30 !");
}

static void an_empty_filter_has_no_condition(void **state)
{
    struct job_filter f = { 0 };
    (void)state;
    assert_int_equal(job_filter_parse(SPAN_LIT(""), &f, NULL), 0);
    assert_int_equal(job_filter_parse((struct span){ 0 }, &f, NULL), 0);
    assert_int_equal(job_filter_parse(SPAN_LIT(" \t "), &f, NULL), 0);
    static const struct job_filter none = { 0 };
    assert_memory_equal(&f, &none, sizeof(f));
}

static void a_long_filter_and_a_nul_are_refused(void **state)
{
    static char long_one[MAX_FILTER_BYTES + 1];
    struct job_filter f = { 0 };
    struct err err = { 0 };
    (void)state;
    memset(long_one, 'a', sizeof(long_one));
    assert_int_equal(job_filter_parse((struct span){ long_one, sizeof(long_one) }, &f, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_int_equal(job_filter_parse((struct span){ "a\0b", 3 }, &f, &err), -1);
    assert_int_equal(job_filter_parse((struct span){ long_one, MAX_FILTER_BYTES }, &f, &err), 0);
    job_filter_clear(&f);
    job_filter_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_fills_its_place),
        cmocka_unit_test(groups_of_states_are_sets),
        cmocka_unit_test(what_is_wrong_is_told_with_its_column),
        cmocka_unit_test(capitals_of_keys_and_states_are_no_difference),
        cmocka_unit_test(an_empty_filter_has_no_condition),
        cmocka_unit_test(a_long_filter_and_a_nul_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
