#include "text/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const char *const names[] = {
    "partitions", "partition", "qos", "account", "cpus", "gpus", "time", "x"
};

static void suggests(const char *word, const char *want)
{
    const char *got = suggest_nearest(word, names, sizeof(names) / sizeof(*names));
    if (want)
        assert_string_equal(got, want);
    else
        assert_null(got);
}

static void near_words_are_found(void **state)
{
    (void)state;
    suggests("partitons", "partitions");
    suggests("partiton", "partition");
    suggests("Partition", "partition");
    suggests("acocunt", "account");
    suggests("gpu", "gpus");
    suggests("tiem", "time");
    suggests("qso", "qos");
}

static void far_words_are_not(void **state)
{
    (void)state;
    suggests("", NULL);
    suggests("banana", NULL);
    suggests("zz", NULL);
    suggests("y", NULL);
    suggests("partitionspartitionspartitionspartitionspartitionspartitionspartitions", NULL);
}

static void names_beyond_reach_are_passed_over(void **state)
{
    (void)state;
    char name[100];
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    const char *const some[] = { "", name, "a", "account", "acconut" };
    assert_string_equal(suggest_nearest("acount", some, 5), "account");
    assert_null(suggest_nearest("b", some, 3)); /* as far as all of it */
    assert_null(suggest_nearest(name, some, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_words_are_found),
        cmocka_unit_test(far_words_are_not),
        cmocka_unit_test(names_beyond_reach_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
