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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_words_are_found),
        cmocka_unit_test(far_words_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
