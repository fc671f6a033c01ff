#include "svc/project/tree.h"

#include "base/mem.h"
#include "io/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

static char folder[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(file_make_dirs(path, 0700, NULL), 0);
    *slash = '/';
    assert_int_equal(file_write(path, span_of(text), 0600, NULL), 0);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/sluice-tree-XXXXXX");
    assert_non_null(mkdtemp(folder));
    put("train.py", "print()");
    put("data/big.bin", "0123456789012345678901234567890123456789");
    put("src/a b.py", "x");
    put("notes.log", "y");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    const char *argv[] = { "rm", "-rf", folder, NULL };
    if (fork() == 0) {
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return 0;
}

static bool has(const struct tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++)
        if (strcmp(tree->paths[i], path) == 0)
            return true;
    return false;
}

static const struct tree_rules open_rules = { .max_bytes = 1 << 20 };

static void folder_without_git_is_taken_whole(void **state)
{
    (void)state;
    struct tree tree = { 0 };
    put(".git/config", "not code");
    assert_int_equal(tree_choose(folder, false, (struct span){ 0 }, &open_rules, &tree, NULL), 0);
    assert_int_equal(tree.count, 4);
    assert_true(has(&tree, "src/a b.py"));
    tree_clear(&tree);
}

static void gits_list_decides_and_vanished_files_are_left_out(void **state)
{
    (void)state;
    static const char list[] = "train.py\0gone.py\0train.py\0";
    struct tree tree = { 0 };
    assert_int_equal(
        tree_choose(folder, true, (struct span){ list, sizeof(list) - 1 }, &open_rules, &tree, NULL), 0);
    assert_int_equal(tree.count, 1);
    assert_string_equal(tree.paths[0], "train.py");
    tree_clear(&tree);
}

static void include_adds_what_git_ignores_and_exclude_takes_away(void **state)
{
    (void)state;
    static const char list[] = "train.py\0notes.log\0";
    char *include[] = { (char *)"data/**" }, *exclude[] = { (char *)"*.log" };
    struct tree_rules rules = {
        .include = include, .include_count = 1, .exclude = exclude, .exclude_count = 1, .max_bytes = 1 << 20
    };
    struct tree tree = { 0 };
    assert_int_equal(tree_choose(folder, true, (struct span){ list, sizeof(list) - 1 }, &rules, &tree, NULL),
                     0);
    assert_int_equal(tree.count, 2);
    assert_true(has(&tree, "data/big.bin") && has(&tree, "train.py"));
    tree_clear(&tree);
}

static void mlopsignore_is_obeyed(void **state)
{
    (void)state;
    struct tree tree = { 0 };
    put(".mlopsignore", "# big things\ndata/\n*.log\n");
    assert_int_equal(tree_choose(folder, false, (struct span){ 0 }, &open_rules, &tree, NULL), 0);
    assert_false(has(&tree, "data/big.bin"));
    assert_false(has(&tree, "notes.log"));
    assert_true(has(&tree, "train.py"));
    tree_clear(&tree);
}

static void tree_over_the_limit_names_its_largest_files(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct tree tree = { 0 };
    struct tree_rules rules = { .max_bytes = 20 };
    assert_int_equal(tree_choose(folder, false, (struct span){ 0 }, &rules, &tree, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_non_null(strstr(err.text, "data/big.bin (40B)"));
    assert_non_null(strstr(err.text, "code.max_size"));
}

static void hash_is_what_b2sum_prints(void **state)
{
    (void)state;
    char path[256], hex[TREE_HEX];
    uint64_t bytes;
    snprintf(path, sizeof(path), "%s/train.py", folder);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(tree_hash_file(fd, hex, &bytes, NULL), 0);
    assert_int_equal(bytes, 7);
    char command[512], out[128] = "";
    snprintf(command, sizeof(command), "%s/sum", folder);
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipes[1], 1);
        execlp("b2sum", "b2sum", "-l", "256", path, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    assert_true(read(pipes[0], out, sizeof(out) - 1) > 64);
    close(pipes[0]);
    out[64] = '\0';
    assert_string_equal(hex, out);
}

/* chooses as somebody who may not look into `locked` (root may look anywhere) */
static int choose_as_stranger(bool is_repo, struct span list, const struct tree_rules *rules, struct err *err)
{
    char path[256];
    struct tree tree = { 0 };
    bool is_root = geteuid() == 0;
    static const char *const open_ones[] = { "", "src", "data" };
    for (size_t i = 0; i < ARRAY_LEN(open_ones); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, open_ones[i]);
        assert_int_equal(chmod(path, 0755), 0);
    }
    snprintf(path, sizeof(path), "%s/locked", folder);
    assert_int_equal(chmod(path, is_root ? 0700 : 0), 0);
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    int rc = tree_choose(folder, is_repo, list, rules, &tree, err);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    assert_int_equal(chmod(path, 0700), 0);
    tree_clear(&tree);
    return rc;
}

static void what_cannot_be_looked_at_is_not_left_out_in_silence(void **state)
{
    (void)state;
    static const char list[] = "locked/model.py\0train.py\0";
    const struct span files = { list, sizeof(list) - 1 };
    static char locked[] = "locked/", yaml[] = "*.yaml";
    char *data[] = { locked }, *confs[] = { yaml };
    const struct tree_rules but_locked = { .exclude = data, .exclude_count = 1, .max_bytes = 1 << 20 };
    const struct tree_rules with_confs = { .include = confs, .include_count = 1, .max_bytes = 1 << 20 };
    struct err err = { 0 };
    put("locked/model.py", "x");
    assert_int_equal(choose_as_stranger(false, (struct span){ 0 }, &open_rules, &err), -1);
    assert_non_null(strstr(err.text, "snapshot: locked cannot be read; leave it out by code.exclude"));
    assert_int_equal(choose_as_stranger(true, files, &open_rules, &err), -1);
    assert_non_null(strstr(err.text, "snapshot: locked/model.py cannot be read"));
    assert_int_equal(choose_as_stranger(true, files, &with_confs, &err), -1);
    assert_int_equal(choose_as_stranger(false, (struct span){ 0 }, &but_locked, &err), 0);
    assert_int_equal(choose_as_stranger(true, files, &but_locked, &err), 0);
}

static void a_path_that_is_too_long_is_told(void **state)
{
    (void)state;
    char name[5000];
    struct tree tree = { 0 };
    struct err err = { 0 };
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(tree_choose(folder, true, (struct span){ name, sizeof(name) }, &open_rules, &tree, &err),
                     -1);
    assert_non_null(strstr(err.text, "cannot be read"));
}

static void put_many(const char *under, int count)
{
    char name[64];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%s%d/file", under, i);
        put(name, "x");
    }
}

/* Folders come in any order: some of the code lies behind the crowd. */
static void crowd_that_is_left_out_hides_no_code(void **state)
{
    (void)state;
    static const char list[] = "train.py";
    char *data[] = { (char *)"data*/" }, *code[] = { (char *)"code*/**" };
    struct tree_rules rules = { .exclude = data, .exclude_count = 1, .max_bytes = 1 << 20, .max_files = 30 };
    struct tree tree = { 0 };
    struct err err = { 0 };
    put_many("data", 100);
    put_many("code", 16);
    assert_int_equal(tree_choose(folder, false, (struct span){ 0 }, &rules, &tree, NULL), 0);
    assert_int_equal(tree.count, 16 + 3);
    tree_clear(&tree);
    rules.exclude_count = 0;
    assert_int_equal(tree_choose(folder, false, (struct span){ 0 }, &rules, &tree, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    rules.include = code;
    rules.include_count = 1;
    assert_int_equal(tree_choose(folder, true, (struct span){ list, sizeof(list) }, &rules, &tree, NULL), 0);
    assert_int_equal(tree.count, 16 + 1);
    tree_clear(&tree);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(folder_without_git_is_taken_whole),
        TEST(gits_list_decides_and_vanished_files_are_left_out),
        TEST(include_adds_what_git_ignores_and_exclude_takes_away),
        TEST(mlopsignore_is_obeyed),
        TEST(tree_over_the_limit_names_its_largest_files),
        TEST(hash_is_what_b2sum_prints),
        TEST(what_cannot_be_looked_at_is_not_left_out_in_silence),
        TEST(a_path_that_is_too_long_is_told),
        TEST(crowd_that_is_left_out_hides_no_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
