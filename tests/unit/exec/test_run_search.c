/* The search runs on this machine, over a real file, through the whole executor. */
#include "local_executor.h"

static struct {
    struct token token;
    bool is_done, ok;
    char text[8192];
} s;

static void write_log(const char *text)
{
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/runs", local.dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/runs/%s", local.dir, s.token.text);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/runs/%s/attempt-1.log", local.dir, s.token.text);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    s.token = token_new(INT64_C(1700000000000000));
    return local_executor_begin(state);
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
    if (executor_search(local.ex, &spec, keep, NULL, &err) < 0)
        keep(NULL, (struct span){ 0 }, &err);
    while (!s.is_done)
        loop_step(local.loop);
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

/* What a terminal and the page show of a line is what is searched and told, whatever else its bytes are. */
static void a_match_is_what_is_seen(void **state)
{
    (void)state;
    write_log("\x1b[33mWARN\x1b[0m colored line 0\n"
              "one\x1b]8;;https://x.org/WARN\x1b\\ link\x1b]0;title\x07 and\x1b[?25l end\x1b[K\n"
              "plain WARN colored\r\n");
    assert_string_equal(search((struct search_spec){ .pattern = "WARN colored" }),
                        "2\n1:WARN colored line 0\n3:plain WARN colored\n");
    assert_string_equal(search((struct search_spec){ .pattern = "^plain.*d$", .is_regex = true }),
                        "1\n3:plain WARN colored\n");
    assert_string_equal(
        search((struct search_spec){ .pattern = "warn", .ignores_case = true, .first_line = 2 }),
        "2\n3:plain WARN colored\n");
    assert_string_equal(search((struct search_spec){ .pattern = "one link and end" }),
                        "1\n2:one link and end\n");
    assert_string_equal(search((struct search_spec){ .pattern = "33m" }), "0\n");
}

/* An hour of a progress bar is one line of more than the 4096 bytes that are told of one. */
static void a_progress_bar_is_searched_as_it_ended(void **state)
{
    (void)state;
    auto_str struct str log = STR_MAX(65536);
    for (int i = 0; i < 1000; i++)
        str_addf(&log, "\r%3d/1000 at work", i);
    str_add(&log, "\r1000/1000 done\n next\n");
    write_log(str_text(&log));
    assert_string_equal(search((struct search_spec){ .pattern = "done" }), "1\n1:1000/1000 done\n");
    assert_string_equal(search((struct search_spec){ .pattern = "at work" }), "0\n");
    assert_string_equal(search((struct search_spec){ .pattern = "next" }), "1\n2: next\n");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, local_executor_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(matches_are_counted_and_numbered),
        TEST(a_match_is_what_is_seen),
        TEST(a_progress_bar_is_searched_as_it_ended),
        TEST(a_pattern_is_never_shell_text_or_an_option),
        TEST(bad_patterns_are_told),
        TEST(a_log_that_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
