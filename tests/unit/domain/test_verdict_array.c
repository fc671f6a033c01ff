#include "domain/verdict_array.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static char oom[] = "{\"code\":\"gpu_oom\",\"title\":\"A GPU ran out of memory\",\"evidence\":["
                    "{\"line\":7,\"text\":\"first\",\"attempt\":1,\"task\":1},"
                    "{\"line\":8,\"text\":\"second\",\"attempt\":1,\"task\":1},"
                    "{\"line\":9,\"text\":\"third\",\"attempt\":1,\"task\":1}],\"next\":[\"Take less\"]}";
static char full[] = "{\"code\":\"disk_full\",\"title\":\"A disk is full\",\"evidence\":["
                     "{\"text\":\"no space\",\"attempt\":2,\"task\":5}],\"next\":[\"Free space\"]}";

static char *made(const struct verdict_task *tasks, size_t count, size_t total)
{
    auto_str struct str out = STR_MAX(1 << 20);
    assert_int_equal(verdict_array_json(tasks, count, total, &out, NULL), 0);
    return str_steal(&out);
}

static void the_commonest_cause_comes_first(void **state)
{
    (void)state;
    const struct verdict_task tasks[] = { { 5, full }, { 6, oom }, { 9, oom } };
    auto_free char *got = made(tasks, 3, 10);
    assert_string_equal(
        got, "{\"code\":\"gpu_oom\",\"title\":\"2 of 10 tasks: A GPU ran out of memory\",\"evidence\":["
             "{\"line\":7,\"attempt\":1,\"task\":1,\"text\":\"first\"},"
             "{\"line\":8,\"attempt\":1,\"task\":1,\"text\":\"second\"},"
             "{\"attempt\":2,\"task\":5,\"text\":\"no space\"}],\"next\":[\"Take less\"],\"tasks\":["
             "{\"code\":\"gpu_oom\",\"title\":\"A GPU ran out of memory\",\"count\":2,\"tasks\":[6,9]},"
             "{\"code\":\"disk_full\",\"title\":\"A disk is full\",\"count\":1,\"tasks\":[5]}]}");
}

static void where_all_failed_alike_it_says_so(void **state)
{
    (void)state;
    const struct verdict_task tasks[] = { { 0, full }, { 1, full } };
    auto_free char *got = made(tasks, 2, 2);
    assert_non_null(strstr(got, "\"title\":\"All 2 tasks: A disk is full\""));
}

static void exit_codes_are_told_apart(void **state)
{
    (void)state;
    static char one[] = "{\"code\":\"failed\",\"title\":\"It ended with an error (exit code 1)\"}";
    static char two[] = "{\"code\":\"failed\",\"title\":\"It ended with an error (exit code 2)\"}";
    static char file[] = "{\"code\":\"file_not_found\",\"title\":\"A file is missing: a\"}";
    static char other[] = "{\"code\":\"file_not_found\",\"title\":\"A file is missing: b\"}";
    const struct verdict_task tasks[] = { { 0, one },  { 1, two },   { 2, two },
                                          { 3, file }, { 4, other }, { 5, file } };
    auto_free char *got = made(tasks, 6, 9);
    assert_non_null(strstr(got, "\"title\":\"3 of 9 tasks: A file is missing: a\""));
    assert_non_null(strstr(got, "(exit code 2)\",\"count\":2,\"tasks\":[1,2]}"));
    assert_non_null(strstr(got, "(exit code 1)\",\"count\":1,\"tasks\":[0]}"));
}

static void a_large_array_stays_short(void **state)
{
    (void)state;
    static struct verdict_task tasks[5000];
    for (size_t i = 0; i < 5000; i++)
        tasks[i] = (struct verdict_task){ (int64_t)i, oom };
    auto_free char *got = made(tasks, 5000, 100000);
    assert_true(strlen(got) < 2000);
    assert_non_null(strstr(got, "\"count\":5000,\"tasks\":[0,1,2,"));
    assert_non_null(strstr(got, ",19]}"));
}

static void no_failed_task_is_no_verdict(void **state)
{
    (void)state;
    auto_free char *got = made(NULL, 0, 4);
    assert_string_equal(got, "");
}

static void rubbish_is_refused(void **state)
{
    (void)state;
    static char bad[] = "{\"code\":", nameless[] = "{}";
    auto_str struct str out = STR_MAX(1000);
    struct err err;
    assert_int_equal(verdict_array_json(&(struct verdict_task){ 1, bad }, 1, 1, &out, &err), -1);
    assert_int_equal(verdict_array_json(&(struct verdict_task){ 1, nameless }, 1, 1, &out, &err), -1);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commonest_cause_comes_first),
        cmocka_unit_test(where_all_failed_alike_it_says_so),
        cmocka_unit_test(a_large_array_stays_short),
        cmocka_unit_test(exit_codes_are_told_apart),
        cmocka_unit_test(no_failed_task_is_no_verdict),
        cmocka_unit_test(rubbish_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
