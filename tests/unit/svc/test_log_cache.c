#include "svc/log_cache.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static struct log_cache cache;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/sluice-cache-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    log_cache_open(&cache, path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_cache_clear(&cache);
    return unlink(path);
}

static void reopen(void)
{
    log_cache_clear(&cache);
    log_cache_open(&cache, path);
}

static struct span put(int64_t offset, const char *text, bool is_new)
{
    struct span fresh;
    assert_int_equal(log_cache_put(&cache, offset, span_of(text), is_new, &fresh, NULL), 0);
    return fresh;
}

static void assert_holds(int64_t offset, const char *text)
{
    auto_str struct str got = STR_MAX(1 << 24);
    assert_int_equal(log_cache_read(&cache, offset, 1 << 24, &got, NULL), 0);
    assert_string_equal(str_text(&got), text);
}

static void bytes_stay_across_a_restart(void **state)
{
    (void)state;
    put(0, "one\ntwo", false);
    reopen();
    assert_int_equal(cache.end, 7);
    assert_int_equal(cache.end_lines, 1);
    put(7, "\nthree\n", false);
    reopen();
    assert_int_equal(cache.end_lines, 3);
    assert_holds(0, "one\ntwo\nthree\n");
    assert_holds(4, "two\nthree\n");
}

static void what_is_known_already_is_not_fresh(void **state)
{
    (void)state;
    put(0, "abcdef", false);
    assert_true(span_is(put(4, "efgh", false), "gh"));
    assert_int_equal(put(0, "abc", false).len, 0);
    assert_holds(0, "abcdefgh");
}

static void a_new_file_forgets_the_old(void **state)
{
    (void)state;
    put(0, "old old old\n", false);
    put(0, "new", true);
    assert_holds(0, "new");
    assert_int_equal(cache.end_lines, 0);
    reopen();
    assert_holds(0, "new");
}

static void after_a_jump_line_numbers_are_not_known(void **state)
{
    (void)state;
    put(0, "a\nb\n", false);
    put(1000, "z\n", false);
    assert_int_equal(cache.base, 1000);
    assert_int_equal(cache.end_lines, LOG_LINES_UNKNOWN);
    struct err err;
    auto_str struct str got = STR_MAX(10);
    assert_int_equal(log_cache_read(&cache, 0, 10, &got, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    reopen();
    assert_int_equal(cache.end_lines, LOG_LINES_UNKNOWN);
    assert_holds(1000, "z\n");
}

static void it_keeps_the_last_megabytes_byte_for_byte(void **state)
{
    (void)state;
    enum { LINE = 64, LINES = 300000 };
    char line[LINE + 1];
    int64_t at = 0;
    for (int i = 0; i < LINES; i++) {
        (void)snprintf(line, sizeof(line), "%-63d\n", i);
        put(at, line, false);
        at += LINE;
    }
    assert_true(cache.end - cache.base >= LOG_CACHE_KEEP_BYTES &&
                cache.end - cache.base <= LOG_CACHE_MAX_BYTES);
    assert_int_equal(cache.end, (int64_t)LINE * LINES);
    assert_int_equal(cache.end_lines, LINES);
    assert_int_equal(cache.base_lines * LINE, cache.base);
    reopen();
    assert_int_equal(cache.end_lines, LINES);
    auto_str struct str got = STR_MAX(1 << 24);
    assert_int_equal(log_cache_read(&cache, cache.base, 1 << 24, &got, NULL), 0);
    assert_int_equal(got.len, cache.end - cache.base);
    for (size_t i = 0; i < got.len; i += LINE)
        assert_int_equal(strtoll(got.buf + i, NULL, 10) * LINE, cache.base + (int64_t)i);
}

static void a_damaged_file_is_an_empty_cache(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 100; i++)
        fputs("rubbish", file);
    fclose(file);
    reopen();
    assert_int_equal(cache.end, 0);
    put(0, "x", true);
    assert_holds(0, "x");
}

static void a_closed_log_stays_closed(void **state)
{
    (void)state;
    put(0, "x", false);
    assert_int_equal(log_cache_close(&cache, NULL), 0);
    reopen();
    assert_true(cache.is_closed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_stay_across_a_restart),
        TEST(what_is_known_already_is_not_fresh),
        TEST(a_new_file_forgets_the_old),
        TEST(after_a_jump_line_numbers_are_not_known),
        TEST(it_keeps_the_last_megabytes_byte_for_byte),
        TEST(a_damaged_file_is_an_empty_cache),
        TEST(a_closed_log_stays_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
