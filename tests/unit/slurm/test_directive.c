#include "slurm/directive.h"

#include "sample.h"

static void a_value_stands_in_double_quotes(void **state)
{
    (void)state;
    auto_str struct str script = STR_MAX(1000);
    assert_int_equal(directive_add(&script, "job-name", span_of("über train #1 'x'"), NULL), 0);
    assert_int_equal(directive_add(&script, "exclusive", span_of(""), NULL), 0);
    assert_int_equal(directive_add(&script, "time", span_of("2-00:00:00"), NULL), 0);
    assert_string_equal(str_text(&script), "#SBATCH --job-name=\"über train #1 'x'\"\n#SBATCH --exclusive\n"
                                           "#SBATCH --time=\"2-00:00:00\"\n");
}

static void a_refused_value_adds_nothing_and_says_what_is_expected(void **state)
{
    (void)state;
    auto_str struct str script = STR_MAX(1000);
    struct err err;
    assert_int_equal(directive_add(&script, "job-name", span_of("x\n#SBATCH --uid=0"), &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "--job-name: expected printable text"));
    assert_int_equal(directive_add(&script, "array", span_of("0-99999999"), &err), -1);
    assert_string_equal(err.text, "--array: an array has at most 100000 tasks");
    assert_int_equal(directive_add(&script, "array", span_of("0-9%0"), &err), -1);
    assert_string_equal(err.text, "--array: expected array indices such as 0-15%4");
    assert_int_equal(directive_add(&script, "nosuch", span_of("1"), &err), -1);
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_int_equal(script.len, 0);
}

static void users_may_set_only_what_the_gateway_does_not(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(directive_allow_extra("licenses", &err), 0);
    assert_int_equal(directive_allow_extra("mail-type", &err), 0);
    static const char *const no[] = { "output", "error", "wrap", "export",   "parsable", "chdir",
                                      "uid",    "array", "time", "job-name", "test-only" };
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        assert_int_equal(directive_allow_extra(no[i], &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
    }
    assert_int_equal(directive_allow_extra("time", &err), -1);
    assert_non_null(strstr(err.text, "use resources.time"));
    assert_int_equal(directive_allow_extra("brand-new", &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(directive_allow_extra("licenses=x --uid", &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_stands_in_double_quotes),
        cmocka_unit_test(a_refused_value_adds_nothing_and_says_what_is_expected),
        cmocka_unit_test(users_may_set_only_what_the_gateway_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
