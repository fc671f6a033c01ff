#include "cli_help.h"

#include "cli/options.h"

static const struct option_row rows[] = {
    { "gpus", 'g', "N", "GPUs", false },
    { "tag", 't', "TAG", "a tag", true },
    { "follow", 'f', NULL, "follow", false },
    { "quiet", 'q', NULL, "quiet", false },
    { 0 },
};
static const struct option_row common[] = { { "json", 0, NULL, "raw", false }, { 0 } };

static int parse(struct options *out, struct err *err, char **words)
{
    const struct option_row *const tables[] = { rows, common };
    *err = (struct err){ 0 };
    return options_parse(tables, ARRAY_LEN(tables), words, out, err);
}
#define PARSE(out, err, ...) parse((out), (err), (char **)(const char *[]){ __VA_ARGS__, NULL })

static void every_form_of_an_option_is_read(void **state)
{
    (void)state;
    auto_options struct options in = { 0 };
    struct err err;
    assert_int_equal(PARSE(&in, &err, "a", "--gpus=2", "-ta", "-t", "b", "--tag", "", "-fq", "--json", "b"),
                     0);
    assert_string_equal(options_value(&in, "gpus"), "2");
    assert_string_equal(options_value(&in, "tag"), "");
    assert_true(options_has(&in, "follow") && options_has(&in, "quiet") && options_has(&in, "json"));
    assert_int_equal(in.arg_count, 2);
    assert_string_equal(in.args[1], "b");
}

static void after_two_dashes_everything_is_an_argument(void **state)
{
    (void)state;
    auto_options struct options in = { 0 };
    struct err err;
    assert_int_equal(PARSE(&in, &err, "-f", "--", "--gpus", "-x", "--", "-"), 0);
    assert_int_equal(in.arg_count, 4);
    assert_string_equal(in.args[0], "--gpus");
    assert_string_equal(in.args[2], "--");
    assert_false(options_has(&in, "gpus"));
}

static void a_mistyped_option_names_the_nearest(void **state)
{
    (void)state;
    struct options in = { 0 };
    struct err err;
    assert_int_equal(PARSE(&in, &err, "--gpsu=2"), -1);
    assert_string_equal(err.text, "unknown option --gpsu: did you mean --gpus?");
    assert_int_equal(PARSE(&in, &err, "--zzzzzzzz"), -1);
    assert_int_equal(PARSE(&in, &err, "-x"), -1);
    assert_null(in.given);
}

static void values_are_asked_for_and_refused_where_they_do_not_belong(void **state)
{
    (void)state;
    struct options in = { 0 };
    struct err err;
    assert_int_equal(PARSE(&in, &err, "--gpus"), -1);
    assert_string_equal(err.text, "option --gpus needs a value: --gpus N");
    assert_int_equal(PARSE(&in, &err, "--follow=yes"), -1);
    assert_int_equal(PARSE(&in, &err, "--gpus", "1", "-g2"), -1);
    assert_string_equal(err.text, "option --gpus is given twice");
}

static void numbers_have_a_range(void **state)
{
    (void)state;
    auto_options struct options in = { 0 };
    struct err err;
    int64_t value = 7;
    assert_int_equal(PARSE(&in, &err, "--gpus", "99999999999999999999"), 0);
    assert_int_equal(options_int(&in, "gpus", 0, 8, &value, &err), -1);
    assert_int_equal(value, 7);
    assert_int_equal(options_int(&in, "tag", 0, 8, &value, &err), 0);
    assert_int_equal(value, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_an_option_is_read),
        cmocka_unit_test(after_two_dashes_everything_is_an_argument),
        cmocka_unit_test(a_mistyped_option_names_the_nearest),
        cmocka_unit_test(values_are_asked_for_and_refused_where_they_do_not_belong),
        cmocka_unit_test(numbers_have_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
