/* The program runs in a real shell over real files: every drill compares bytes. */
#include "exec/tick_files.h"

#include "base/mem.h"
#include "support/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct setting {
    char dir[64];
    char token[TOKEN_CHARS + 1];
    struct tick_known known[8];
    char paths[8][80];
    struct tick_glob globs[2];
    size_t glob_count, known_count, budget;
    const char **full; /* NULL none */
    struct str out;
    struct frame frame;
    struct tick_files files;
} s;

static void clear_answer(void)
{
    str_clear(&s.out);
    frame_clear(&s.frame);
    tick_files_clear(&s.files);
}

static int setup(void **state)
{
    (void)state;
    s = (struct setting){ .budget = 1 << 20, .dir = "/tmp/sluice-files-XXXXXX" };
    assert_non_null(mkdtemp(s.dir));
    struct token token = token_new(INT64_C(1700000000000000));
    memcpy(s.token, token.text, sizeof(s.token));
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/runs", s.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/runs/%s", s.dir, s.token);
    assert_int_equal(mkdir(path, 0700), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clear_answer();
    const char *const argv[] = { "/bin/rm", "-rf", s.dir, NULL };
    return spawn_collect(argv, (struct span){ 0 }, NULL);
}

static void put(const char *name, const char *mode, struct span bytes)
{
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/runs/%s/%s", s.dir, s.token, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static void know(const char *name, uint64_t inode, int64_t offset)
{
    size_t i = s.known_count++;
    (void)snprintf(s.paths[i], sizeof(s.paths[i]), "%s/%s", s.token, name);
    s.known[i] = (struct tick_known){ s.paths[i], inode, offset };
}

static void tick(void)
{
    struct nonce nonce = nonce_new();
    const char *tokens[] = { s.token };
    struct tick_follow follow = { tokens,        1,        s.globs, s.glob_count,  s.known,
                                  s.known_count, s.budget, s.full,  s.full != NULL };
    auto_str struct str sh = STR_MAX(1 << 20);
    clear_answer();
    s.out = STR_MAX(64 << 20);
    str_addf(&sh, "cd %s\n", s.dir);
    frame_begin(&sh, &nonce);
    assert_int_equal(tick_files_program(&sh, &follow, NULL), 0);
    frame_end(&sh);
    const char *const argv[] = { "/bin/sh", NULL };
    (void)spawn_collect(argv, str_span(&sh), &s.out);
    assert_int_equal(frame_parse(str_span(&s.out), &nonce, &s.frame, NULL), 0);
    assert_true(s.frame.ended);
    tick_files_read(&s.frame, &s.files);
}

/* NULL: nothing was told of it. */
static const struct seen_file *seen(const char *name)
{
    for (size_t i = 0; i < s.files.count; i++)
        if (span_ends(s.files.files[i].path, name))
            return &s.files.files[i];
    return NULL;
}

static void assert_seen(const char *name, int64_t offset, struct span bytes)
{
    const struct seen_file *file = seen(name);
    assert_non_null(file);
    assert_int_equal(file->offset, offset);
    assert_int_equal(file->bytes.len, bytes.len);
    assert_memory_equal(file->bytes.ptr, bytes.ptr, bytes.len);
}

static void files_are_found_by_themselves(void **state)
{
    (void)state;
    put("attempt-1.log", "w", SPAN_LIT("one\n"));
    put("attempt-2.7.log", "w", SPAN_LIT("seven"));
    put("metrics.jsonl", "w", SPAN_LIT("{}\n"));
    put("other.txt", "w", SPAN_LIT("no"));
    tick();
    assert_int_equal(s.files.count, 3);
    assert_seen("attempt-1.log", 0, SPAN_LIT("one\n"));
    assert_seen("attempt-2.7.log", 0, SPAN_LIT("seven"));
    assert_seen("metrics.jsonl", 0, SPAN_LIT("{}\n"));
    assert_false(s.files.cut);
}

static void only_what_is_new_is_told(void **state)
{
    (void)state;
    put("attempt-1.log", "w", SPAN_LIT("old new"));
    tick();
    uint64_t inode = seen("attempt-1.log")->inode;
    know("attempt-1.log", inode, 4);
    tick();
    assert_seen("attempt-1.log", 4, SPAN_LIT("new"));
    s.known[0].offset = 7;
    tick();
    assert_int_equal(s.files.count, 0);
}

static void any_byte_survives(void **state)
{
    (void)state;
    char all[4096];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)(i % 257);
    put("attempt-1.log", "w", (struct span){ all, sizeof(all) });
    tick();
    assert_seen("attempt-1.log", 0, (struct span){ all, sizeof(all) });
}

static void a_character_cut_between_reads_is_whole_after(void **state)
{
    (void)state;
    static const char text[] = "\xe2\x82\xac\n";
    put("attempt-1.log", "w", (struct span){ text, 2 });
    tick();
    assert_seen("attempt-1.log", 0, (struct span){ text, 2 });
    know("attempt-1.log", seen("attempt-1.log")->inode, 2);
    put("attempt-1.log", "a", (struct span){ text + 2, 2 });
    tick();
    assert_seen("attempt-1.log", 2, (struct span){ text + 2, 2 });
}

static void a_cut_file_starts_anew(void **state)
{
    (void)state;
    put("attempt-1.log", "w", SPAN_LIT("long text"));
    tick();
    know("attempt-1.log", seen("attempt-1.log")->inode, 9);
    put("attempt-1.log", "w", SPAN_LIT("new"));
    tick();
    assert_seen("attempt-1.log", 0, SPAN_LIT("new"));
    put("attempt-1.log", "w", SPAN_LIT(""));
    tick();
    assert_seen("attempt-1.log", 0, SPAN_LIT(""));
}

static void a_replaced_file_starts_anew(void **state)
{
    (void)state;
    put("attempt-1.log", "w", SPAN_LIT("aaa"));
    know("attempt-1.log", 4711, 3);
    tick();
    assert_seen("attempt-1.log", 0, SPAN_LIT("aaa"));
    s.known[0].inode = 0; /* not known, as after a restart: it is believed to be the same */
    tick();
    assert_int_equal(s.files.count, 0);
}

static void the_budget_is_shared_fairly(void **state)
{
    (void)state;
    static char big[100000];
    memset(big, 'x', sizeof(big));
    put("attempt-1.1.log", "w", (struct span){ big, sizeof(big) });
    put("attempt-1.2.log", "w", (struct span){ big, sizeof(big) });
    put("attempt-1.3.log", "w", SPAN_LIT("small"));
    s.budget = 20005;
    tick();
    assert_true(s.files.cut);
    assert_seen("attempt-1.3.log", 0, SPAN_LIT("small"));
    assert_seen("attempt-1.1.log", 0, (struct span){ big, 10000 });
    assert_seen("attempt-1.2.log", 0, (struct span){ big, 10000 });
}

static void a_log_far_behind_jumps_to_its_end(void **state)
{
    (void)state;
    char path[200];
    put("attempt-1.log", "w", SPAN_LIT("head"));
    (void)snprintf(path, sizeof(path), "%s/runs/%s/attempt-1.log", s.dir, s.token);
    int64_t size = (int64_t)3 << 30; /* sparse */
    assert_int_equal(truncate(path, size), 0);
    tick();
    assert_int_equal(seen("attempt-1.log")->offset, 0); /* its beginning first */
    assert_int_equal(seen("attempt-1.log")->bytes.len, s.budget);
    know("attempt-1.log", seen("attempt-1.log")->inode, (int64_t)s.budget);
    s.budget = 8 << 20;
    tick();
    assert_int_equal(seen("attempt-1.log")->offset, size - TICK_KEEP_BYTES);
    assert_int_equal(seen("attempt-1.log")->bytes.len, TICK_KEEP_BYTES);
    assert_int_equal(seen("attempt-1.log")->size, size);
}

static void a_link_is_as_long_as_what_it_leads_to(void **state)
{
    (void)state;
    char path[200];
    put("history.txt", "w", SPAN_LIT("step,loss\n1,0.5\n"));
    (void)snprintf(path, sizeof(path), "%s/runs/%s/metrics.csv", s.dir, s.token);
    assert_int_equal(symlink("history.txt", path), 0);
    (void)snprintf(path, sizeof(path), "%s/runs/%s/metrics-endless.csv", s.dir, s.token);
    assert_int_equal(symlink("/dev/zero", path), 0);
    (void)snprintf(path, sizeof(path), "%s/runs/%s/metrics-pipe.csv", s.dir, s.token);
    assert_int_equal(mkfifo(path, 0600), 0);
    tick();
    assert_int_equal(s.files.count, 1);
    assert_seen("metrics.csv", 0, SPAN_LIT("step,loss\n1,0.5\n"));
    know("metrics.csv", seen("metrics.csv")->inode, 16);
    tick();
    assert_int_equal(s.files.count, 0);
}

static void a_full_run_brings_only_what_is_known(void **state)
{
    (void)state;
    static const char *full[1];
    full[0] = s.token;
    put("attempt-1.1.log", "w", SPAN_LIT("known"));
    put("attempt-1.2.log", "w", SPAN_LIT("new"));
    tick();
    know("attempt-1.1.log", seen("attempt-1.1.log")->inode, 2);
    s.full = full;
    tick();
    assert_int_equal(s.files.count, 1);
    assert_seen("attempt-1.1.log", 2, SPAN_LIT("own"));
}

static void names_that_are_none_of_a_run_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "../x", "a b", ".x", "-x", "x'y", "" };
    auto_str struct str sh = STR_MAX(1 << 20);
    const char *tokens[] = { s.token };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        s.known_count = 0;
        know(names[i], 1, 1);
        struct tick_follow follow = { tokens, 1, NULL, 0, s.known, 1, 100, NULL, 0 };
        assert_int_equal(tick_files_program(&sh, &follow, NULL), -1);
    }
    const char *wrong[] = { "$(reboot)" };
    assert_int_equal(
        tick_files_program(&sh, &(struct tick_follow){ wrong, 1, NULL, 0, NULL, 0, 1, NULL, 0 }, NULL), -1);
}

static void own_patterns_reach_deeper(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/runs/%s/code", s.dir, s.token);
    assert_int_equal(mkdir(path, 0700), 0);
    put("code/x.csv", "w", SPAN_LIT("a\n1\n"));
    put("code/it's odd $(x).csv", "w",
        SPAN_LIT("a\n2\n")); /* no name of ours; the others are read all the same */
    put("metrics.csv", "w", SPAN_LIT("b\n3\n"));
    s.globs[0] = (struct tick_glob){ s.token, "code/*.csv" };
    s.globs[1] = (struct tick_glob){ s.token, "metrics*.csv" }; /* is there anyway */
    s.glob_count = 2;
    tick();
    assert_int_equal(s.files.count, 2);
    assert_true(span_is(seen("code/x.csv")->bytes, "a\n1\n"));
    assert_true(span_is(seen("metrics.csv")->bytes, "b\n3\n"));
    static const char *const wrong[] = { "../*", "/etc/*", "$(x)", "a b", "-x", "a/../b", "" };
    auto_str struct str sh = STR_MAX(1 << 20);
    const char *tokens[] = { s.token };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct tick_glob glob = { s.token, wrong[i] };
        struct tick_follow follow = { tokens, 1, &glob, 1, NULL, 0, 100, NULL, 0 };
        assert_int_equal(tick_files_program(&sh, &follow, NULL), -1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_found_by_themselves),
        TEST(only_what_is_new_is_told),
        TEST(any_byte_survives),
        TEST(a_character_cut_between_reads_is_whole_after),
        TEST(a_cut_file_starts_anew),
        TEST(a_replaced_file_starts_anew),
        TEST(the_budget_is_shared_fairly),
        TEST(a_log_far_behind_jumps_to_its_end),
        TEST(names_that_are_none_of_a_run_are_refused),
        TEST(own_patterns_reach_deeper),
        TEST(a_link_is_as_long_as_what_it_leads_to),
        TEST(a_full_run_brings_only_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
