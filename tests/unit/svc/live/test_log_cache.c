#include "svc/live/log_cache.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
    char tail[80];
    log_cache_clear(&cache);
    (void)snprintf(tail, sizeof(tail), "%s" LOG_CACHE_TAIL, path);
    (void)unlink(tail);
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

/* Stands for a full disk: no file grows beyond that. */
static void let_files_grow_to(rlim_t bytes)
{
    struct rlimit limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int put_full(int64_t offset, struct span bytes, rlim_t bytes_max, struct span *fresh)
{
    let_files_grow_to(bytes_max);
    int rc = log_cache_put(&cache, offset, bytes, false, fresh, NULL);
    let_files_grow_to(RLIM_INFINITY);
    return rc;
}

static void what_was_kept_survives_a_full_disk_and_nothing_is_left_out(void **state)
{
    (void)state;
    struct span fresh;
    put(0, "one\n", false);
    assert_int_equal(put_full(4, SPAN_LIT("two\n"), 166, &fresh), -1); /* two bytes of them */
    assert_int_equal(fresh.len, 0);
    assert_int_equal(cache.end, 4);
    assert_int_equal(cache.end_lines, 1);
    assert_holds(0, "one\n");
    put(4, "two\nthree\n", false);
    assert_int_equal(cache.end_lines, 3);
    assert_holds(0, "one\ntwo\nthree\n");
    reopen();
    assert_holds(0, "one\ntwo\nthree\n");
}

static void assert_is_part_of(const struct log_cache *some, struct span text)
{
    auto_str struct str got = STR_MAX(1 << 24);
    struct span part = span_head(span_skip(text, (size_t)some->base), (size_t)(some->end - some->base));
    assert_int_equal(log_cache_read(some, some->base, 1 << 24, &got, NULL), 0);
    assert_true(span_eq(str_span(&got), part));
    assert_int_equal(some->end_lines, span_count_char(span_head(text, (size_t)some->end), '\n'));
}

/* Every second write, at each size: in a block, in the tail, in the shorter file. */
static void a_disk_that_is_full_anywhere_leaves_no_gap(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1 << 20);
    uint32_t dice = 1;
    while (text.len < 700 * 1000) {
        dice = dice * 1664525 + 1013904223;
        str_addf(&text, "%08x%s", dice, dice % 5 ? "" : "\n");
    }
    for (rlim_t max = 200; max < 400 * 1000; max = max * 5 / 4) {
        struct span fresh;
        put(0, "", true);
        cache.max_bytes = 200 * 1000;
        for (unsigned turn = 0; (size_t)cache.end < text.len; turn++) {
            int64_t from = cache.end;
            struct span piece = span_head(span_skip(str_span(&text), (size_t)from), 150 * 1000);
            int rc = put_full(from, piece, turn % 2 ? max : RLIM_INFINITY, &fresh);
            assert_true(rc == 0 || turn % 2);
            assert_int_equal(cache.end, from + (int64_t)fresh.len);
            assert_is_part_of(&cache, str_span(&text));
            struct log_cache again;
            log_cache_open(&again, path);
            assert_is_part_of(&again, str_span(&text));
            log_cache_clear(&again);
        }
    }
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

/* The log of these tests: lines of 64 bytes, each with its number and something that does not compress away.
 */
enum { LINE = 64 };

static void add_line(struct str *to, int64_t number)
{
    char line[LINE + 1];
    uint64_t noise = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15);
    (void)snprintf(line, sizeof(line), "%-20lld %016llx %-24s \n", (long long)number,
                   (unsigned long long)noise, "x");
    str_add(to, line);
}

static void put_lines(int64_t from, int64_t count)
{
    auto_str struct str text = STR_MAX((size_t)64 << 20);
    struct span fresh;
    for (int64_t i = from; i < from + count; i++)
        add_line(&text, i);
    assert_int_equal(text.len, count * LINE);
    assert_int_equal(log_cache_put(&cache, from * LINE, str_span(&text), false, &fresh, NULL), 0);
}

/* Every byte that is said to be kept is the log's own. */
static void assert_true_to_the_log(void)
{
    auto_str struct str got = STR_MAX((size_t)64 << 20), want = STR_MAX((size_t)64 << 20);
    assert_int_equal(log_cache_read(&cache, cache.base, SIZE_MAX / 2, &got, NULL), 0);
    assert_int_equal(got.len, cache.end - cache.base);
    for (int64_t i = cache.base / LINE; i * LINE < cache.end; i++)
        add_line(&want, i);
    assert_memory_equal(got.buf ? got.buf : "", want.buf ? want.buf + cache.base % LINE : "", got.len);
    assert_int_equal(cache.end_lines, cache.end / LINE);
    assert_int_equal(cache.base_lines, cache.base / LINE);
}

static int64_t size_on_disk(void)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void what_is_kept_is_compressed(void **state)
{
    (void)state;
    put_lines(0, 30000);
    assert_int_equal(cache.end, 30000 * LINE);
    assert_int_equal(cache.base, 0);
    assert_true(size_on_disk() < cache.end / 3);
    assert_true_to_the_log();
    reopen();
    assert_true_to_the_log();
}

static void it_keeps_the_last_of_it_within_its_limit(void **state)
{
    (void)state;
    cache.max_bytes = 1 << 19;
    for (int64_t at = 0; at < 80000; at += 777)
        put_lines(at, 777);
    assert_true(cache.base > 0);
    assert_true(size_on_disk() <= 1 << 19);
    assert_true(size_on_disk() > 1 << 17);
    assert_true_to_the_log();
    int64_t base = cache.base;
    reopen();
    assert_int_equal(cache.base, base);
    assert_true_to_the_log();
}

static void any_range_is_read_byte_for_byte(void **state)
{
    (void)state;
    put_lines(0, 9000); /* four blocks and a tail */
    auto_str struct str whole = STR_MAX((size_t)1 << 20);
    assert_int_equal(log_cache_read(&cache, 0, SIZE_MAX / 2, &whole, NULL), 0);
    uint32_t seed = 7;
    for (int i = 0; i < 500; i++) {
        auto_str struct str got = STR_MAX((size_t)1 << 20);
        int64_t offset = (seed = seed * 1664525 + 1013904223) % (9000 * LINE);
        size_t max = (seed = seed * 1664525 + 1013904223) % 300000;
        assert_int_equal(log_cache_read(&cache, offset, max, &got, NULL), 0);
        assert_int_equal(got.len, max < whole.len - (size_t)offset ? max : whole.len - (size_t)offset);
        assert_memory_equal(got.len ? got.buf : "", whole.buf + offset, got.len);
    }
}

/* Writes on and on; a byte to `told` after each piece. */
static void write_until_killed(int told)
{
    cache.max_bytes = 1 << 19;
    for (int64_t at = cache.end / LINE;; at += 333) {
        auto_str struct str text = STR_MAX(1 << 16);
        struct span fresh;
        for (int64_t i = at; i < at + 333; i++)
            add_line(&text, i);
        (void)log_cache_put(&cache, at * LINE, str_span(&text), false, &fresh, NULL);
        if (write(told, "", 1) != 1)
            _exit(1);
    }
}

/* Lets a writer put so many pieces, and kills it in the middle of the next. */
static void kill_a_writer(unsigned pieces, unsigned then_us)
{
    int told[2];
    char byte;
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        write_until_killed(told[1]);
    for (unsigned i = 0; i < pieces; i++)
        assert_int_equal(read(told[0], &byte, 1), 1);
    (void)usleep(then_us);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(told[0]);
    close(told[1]);
}

/* Nothing false is ever read, and it goes on from where it was. */
static void a_kill_at_any_moment_leaves_a_true_log(void **state)
{
    (void)state;
    uint32_t seed = 99;
    int64_t far = 0;
    for (int round = 0; round < 30; round++) {
        seed = seed * 1664525 + 1013904223;
        kill_a_writer(1 + seed % 8, (seed >> 8) % 1500);
        reopen();
        int64_t cut = cache.end % LINE; /* a write that was torn: a line is there in part */
        if (cut) {
            auto_str struct str line = STR_MAX(LINE);
            struct span fresh;
            add_line(&line, cache.end / LINE);
            assert_int_equal(log_cache_put(&cache, cache.end - cut, str_span(&line), false, &fresh, NULL), 0);
        }
        assert_true_to_the_log();
        far = cache.end > far ? cache.end : far;
    }
    assert_true(far > 1 << 20); /* it was killed at work, not before */
}

static void a_file_that_was_damaged_is_never_taken_for_the_log(void **state)
{
    (void)state;
    struct err err;
    auto_str struct str got = STR_MAX((size_t)1 << 20);
    put_lines(0, 9000);
    FILE *file = fopen(path, "r+");
    assert_int_equal(fseek(file, 5000, SEEK_SET), 0);
    fputs("rubbish", file);
    fclose(file);
    reopen();
    assert_int_equal(log_cache_read(&cache, 0, 100, &got, &err), -1);
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_int_equal(log_cache_read(&cache, cache.end - LINE, 100, &got, &err), 0);
}

static void where_nothing_can_be_written_the_log_still_goes_on(void **state)
{
    (void)state;
    struct span fresh;
    struct err err;
    log_cache_clear(&cache);
    log_cache_open(&cache, "/dev/null/log");
    assert_int_equal(log_cache_put(&cache, 0, SPAN_LIT("a\nb\n"), false, &fresh, &err), -1);
    assert_int_equal(fresh.len, 4);
    assert_int_equal(cache.end, 4);
    assert_int_equal(cache.base, 4);
    assert_int_equal(cache.end_lines, 2);
    assert_int_equal(log_cache_put(&cache, 2, SPAN_LIT("b\nc\n"), false, &fresh, &err), -1);
    assert_true(span_is(fresh, "c\n"));
}

static void the_end_is_read_with_its_line_number(void **state)
{
    (void)state;
    int64_t line;
    auto_str struct str got = STR_MAX(1000);
    put(0, "a\nb\nccc\n", false);
    assert_int_equal(log_cache_read_end(&cache, 4, &got, &line), 0);
    assert_string_equal(str_text(&got), "ccc\n");
    assert_int_equal(line, 3);
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
    assert_holds(0, "x");
    char tail[80];
    (void)snprintf(tail, sizeof(tail), "%s" LOG_CACHE_TAIL, path);
    assert_int_equal(access(tail, F_OK), -1);
    put(1, "y", false); /* it was not complete after all */
    assert_false(cache.is_closed);
    reopen();
    assert_holds(0, "xy");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_stay_across_a_restart),
        TEST(what_was_kept_survives_a_full_disk_and_nothing_is_left_out),
        TEST(a_disk_that_is_full_anywhere_leaves_no_gap),
        TEST(what_is_known_already_is_not_fresh),
        TEST(a_new_file_forgets_the_old),
        TEST(after_a_jump_line_numbers_are_not_known),
        TEST(what_is_kept_is_compressed),
        TEST(it_keeps_the_last_of_it_within_its_limit),
        TEST(any_range_is_read_byte_for_byte),
        TEST(a_kill_at_any_moment_leaves_a_true_log),
        TEST(a_file_that_was_damaged_is_never_taken_for_the_log),
        TEST(where_nothing_can_be_written_the_log_still_goes_on),
        TEST(the_end_is_read_with_its_line_number),
        TEST(a_damaged_file_is_an_empty_cache),
        TEST(a_closed_log_stays_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
