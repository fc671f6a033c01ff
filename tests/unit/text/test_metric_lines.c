/* Covers: text/metric_row. */
#include "text/metric_lines.h"

#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void note(void *ctx, const struct metric_row *row)
{
    str_addf(ctx, "%g@%lld", row->step, (long long)row->time_us);
    for (size_t i = 0; i < row->count; i++)
        str_addf(ctx, " %.*s=%.17g", SPAN_FMT(row->points[i].key), row->points[i].value);
    str_add_char(ctx, '\n');
}

static void assert_jsonl(const char *text, const char *expected, size_t bad)
{
    auto_str struct str out = STR_MAX(1 << 20);
    assert_int_equal(metric_jsonl(span_of(text), note, &out), bad);
    assert_string_equal(str_text(&out), expected);
}

static void an_object_a_line(void **state)
{
    (void)state;
    assert_jsonl("{\"step\": 3, \"loss\": 0.25, \"acc\":1}\n{\"_step\":4,\"loss\":-1e-3,\"time\":1.5}\n",
                 "3@0 loss=0.25 acc=1\n4@1500000 loss=-0.001\n", 0);
    assert_jsonl("{\"loss\":1}", "nan@0 loss=1\n", 0);
}

static void what_json_has_no_words_for_survives(void **state)
{
    (void)state;
    assert_jsonl("{\"a\":NaN,\"b\":Infinity,\"c\":-Infinity,\"d\":\"NaN\",\"e\":\"-inf\",\"f\":true}\n",
                 "nan@0 a=nan b=inf c=-inf d=nan e=-inf f=1\n", 0);
}

static void objects_within_give_names_with_a_slash(void **state)
{
    (void)state;
    assert_jsonl("{\"step\":1,\"val\":{\"loss\":2,\"top\":{\"k\":3}},\"x\":4}\n",
                 "1@0 val/loss=2 val/top/k=3 x=4\n", 0);
    assert_jsonl("{\"e\":{},\"x\":1}\n", "nan@0 x=1\n", 0);
}

static void what_is_no_number_is_left_out(void **state)
{
    (void)state;
    assert_jsonl("{\"s\":\"text\",\"n\":null,\"l\":[1,{\"a\":\"]\"}],\"x\":1,\"q\\\"\":2}\n",
                 "nan@0 x=1 q\\\"=2\n", 0);
}

static void broken_lines_are_counted_and_left(void **state)
{
    (void)state;
    assert_jsonl("{\"x\":1\n{\"x\" 1}\n[1]\nx\n{\"x\":1}}\n{\"x\":1} y\n\n{\"x\":\n{\"x\":\"\n{\"y\":2}\n",
                 "nan@0 y=2\n", 8);
}

static void any_rubbish_is_survived(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1 << 20);
    for (int i = 0; i < 200000; i++) {
        char text[40];
        size_t len = (size_t)rand() % sizeof(text); /* NOLINT */
        for (size_t k = 0; k < len; k++)
            text[k] = "{}[]\",:\\ 1.eNaI\n\"{x"[(size_t)rand() % 20]; /* NOLINT */
        char *copy = mem_dup_bytes(text, len); /* its end is the end of memory, for the sanitizer */
        str_cut(&out, 0);
        (void)metric_jsonl((struct span){ copy, len }, note, &out);
        free(copy);
    }
}

static void numbers_are_the_ones_that_strtod_reads(void **state)
{
    (void)state;
    static const char *const samples[] = { "0",
                                           "-0",
                                           "1",
                                           "0.1",
                                           "3.141592653589793",
                                           "123456789012345",
                                           "1e5",
                                           "-1.5e-300",
                                           "0.000001",
                                           "99999999999999999999",
                                           "5e-324",
                                           "1.7976931348623157e308",
                                           "0.3" };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        double value;
        assert_true(metric_number(span_of(samples[i]), &value));
        assert_true(value == strtod(samples[i], NULL));
    }
    static const char *const wrong[] = { "", "-", ".", "1.2.3", "0x10", "1e", "abc", "--1", "nano" };
    double value;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(metric_number(span_of(wrong[i]), &value));
}

static void blanks_of_any_kind_may_stand_between(void **state)
{
    (void)state;
    assert_jsonl("\t{ \"a\" :\t1 ,\r\"b\":\t{ \"c\" : 2\t} }\r\n \t\n", "nan@0 a=1 b/c=2\n", 0);
    assert_jsonl("{\"a\":{\n{\"a\":{ ", "", 2);
}

static void places_that_are_no_numbers_are_none(void **state)
{
    (void)state;
    assert_jsonl(
        "{\"step\":\"inf\",\"x\":1}\n{\"step\":1,\"time\":\"nan\",\"x\":1}\n{\"time\":1e12,\"x\":1}\n",
        "nan@0 x=1\n1@0 x=1\nnan@0 x=1\n", 0);
    assert_jsonl("{\"x\":0.0000000000000000000000000000000000000000001,\"y\":1}\n", "nan@0 y=1\n", 0);
}

static void objects_within_objects_have_an_end(void **state)
{
    (void)state;
    assert_jsonl("{\"a\":{\"b\":{\"c\":{\"d\":1}}}}\n{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}}}\n",
                 "nan@0 a/b/c/d=1\n", 1);
}

/* What has no name, or a longer one than fits, is left out: it never gets another's. */
static void names_that_do_not_fit_are_left_out_with_what_is_in_them(void **state)
{
    (void)state;
    auto_str struct str line = STR_MAX(1 << 20), want = STR_MAX(1 << 20);
    str_add(&line, "{\"\":{\"a\":1},\"\":2,\"loss\":3,\"outer\":{");
    str_add(&want, "nan@0 loss=3");
    for (int i = 0; i < 60; i++) { /* each takes its name's length of the row's space; the last do not fit */
        char name[151];
        memset(name, 'k', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        str_addf(&line, "\"%02d%s\":1,", i, name);
        if ((i + 1) * (int)(sizeof("outer/00") - 1 + sizeof(name) - 1) <= METRIC_SPACE_BYTES)
            str_addf(&want, " outer/%02d%s=1", i, name);
    }
    str_addf(&line, "\"%0190d\":{\"loss\":4},\"val\":{\"loss\":5}},\"%0300d\":6}\n", 0, 0);
    str_add(&want, " outer/val/loss=5\n");
    assert_jsonl(str_text(&line), str_text(&want), 0);
}

static void a_line_has_so_many_points_at_most(void **state)
{
    (void)state;
    auto_str struct str line = STR_MAX(1 << 20), want = STR_MAX(1 << 20);
    str_add(&want, "nan@0");
    for (int i = 0; i < MAX_METRIC_KEYS + 5; i++) {
        str_addf(&line, "%c\"k%d\":1", i ? ',' : '{', i);
        if (i < MAX_METRIC_KEYS)
            str_addf(&want, " k%d=1", i);
    }
    str_add(&line, "}\n");
    str_add(&want, "\n");
    assert_jsonl(str_text(&line), str_text(&want), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_a_line),
        cmocka_unit_test(what_json_has_no_words_for_survives),
        cmocka_unit_test(objects_within_give_names_with_a_slash),
        cmocka_unit_test(what_is_no_number_is_left_out),
        cmocka_unit_test(broken_lines_are_counted_and_left),
        cmocka_unit_test(any_rubbish_is_survived),
        cmocka_unit_test(numbers_are_the_ones_that_strtod_reads),
        cmocka_unit_test(blanks_of_any_kind_may_stand_between),
        cmocka_unit_test(places_that_are_no_numbers_are_none),
        cmocka_unit_test(objects_within_objects_have_an_end),
        cmocka_unit_test(names_that_do_not_fit_are_left_out_with_what_is_in_them),
        cmocka_unit_test(a_line_has_so_many_points_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
