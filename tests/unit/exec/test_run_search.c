/* The search runs on this machine, over a real file, through the whole executor. */
#include "exec/executor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "text/errs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct setting {
    struct loop *loop;
    struct executor *ex;
    struct clusters_config *clusters;
    struct token token;
    char dir[64];
    bool is_done, ok;
    char text[8192];
} s;

static void write_log(const char *text)
{
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/runs", s.dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/runs/%s", s.dir, s.token.text);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/runs/%s/attempt-1.log", s.dir, s.token.text);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    (void)state;
    s = (struct setting){ .dir = "/tmp/sluice-search-XXXXXX" };
    assert_non_null(mkdtemp(s.dir));
    char yaml[256];
    auto_errs struct errs errs = { 0 };
    (void)snprintf(yaml, sizeof(yaml), "clusters:\n  - {name: here, type: local, workspace: %s}\n", s.dir);
    assert_int_equal(clusters_config_parse(span_of(yaml), "c.yaml", &s.clusters, &errs), 0);
    s.loop = loop_new();
    s.token = token_new(INT64_C(1700000000000000));
    struct executor_deps deps = {
        .loop = s.loop, .clock = &clock_real, .self_path = "/proc/self/exe", .state_dir = s.dir
    };
    assert_int_equal(executor_new(&s.clusters->items[0], &deps, &s.ex, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    executor_free(s.ex);
    loop_free(s.loop);
    clusters_config_free(s.clusters);
    return 0;
}

static void keep(void *ctx, struct span text, const struct err *err)
{
    (void)ctx;
    s.is_done = true;
    s.ok = !err;
    if (err)
        (void)snprintf(s.text, sizeof(s.text), "%s", err->text);
    else
        (void)snprintf(s.text, sizeof(s.text), "%.*s", SPAN_FMT(text));
}

static const char *search(struct search_spec spec)
{
    struct err err;
    spec.token = s.token.text;
    spec.file = "attempt-1.log";
    spec.first_line = spec.first_line ? spec.first_line : 1;
    spec.limit = spec.limit ? spec.limit : 10;
    s.is_done = false;
    if (executor_search(s.ex, &spec, keep, NULL, &err) < 0)
        keep(NULL, (struct span){ 0 }, &err);
    while (!s.is_done)
        loop_step(s.loop);
    return s.text;
}

static void matches_are_counted_and_numbered(void **state)
{
    (void)state;
    write_log("a.b\naxb\nnone\na.b again\n");
    assert_string_equal(search((struct search_spec){ .pattern = "a.b" }), "2\n1:a.b\n4:a.b again\n");
    assert_string_equal(search((struct search_spec){ .pattern = "a.b", .is_regex = true, .limit = 2 }),
                        "3\n1:a.b\n2:axb\n");
    assert_string_equal(search((struct search_spec){ .pattern = "a.b", .is_regex = true, .first_line = 2 }),
                        "3\n2:axb\n4:a.b again\n");
    assert_string_equal(search((struct search_spec){ .pattern = "NONE", .ignores_case = true }),
                        "1\n3:none\n");
    assert_string_equal(search((struct search_spec){ .pattern = "absent" }), "0\n");
}

static void a_pattern_is_never_shell_text_or_an_option(void **state)
{
    (void)state;
    write_log("it's $(reboot) `x` -v\n");
    assert_string_equal(search((struct search_spec){ .pattern = "it's $(reboot) `x`" }),
                        "1\n1:it's $(reboot) `x` -v\n");
    assert_string_equal(search((struct search_spec){ .pattern = "-v" }), "1\n1:it's $(reboot) `x` -v\n");
}

static void bad_patterns_are_told(void **state)
{
    (void)state;
    write_log("x\n");
    static const struct search_spec wrong[] = { { .pattern = "" },
                                                { .pattern = "a\nb" },
                                                { .pattern = "(a)\\1", .is_regex = true },
                                                { .pattern = "(", .is_regex = true } };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        search(wrong[i]);
        assert_false(s.ok);
    }
    search((struct search_spec){ .pattern = "\\\\1", .is_regex = true });
    assert_true(s.ok);
}

static void a_log_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    assert_string_equal(search((struct search_spec){ .pattern = "x" }), "no such file yet");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(matches_are_counted_and_numbered),
        TEST(a_pattern_is_never_shell_text_or_an_option),
        TEST(bad_patterns_are_told),
        TEST(a_log_that_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
