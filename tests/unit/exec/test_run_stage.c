/* Code trees reach a workspace: through the whole executor, on this machine's own sh and tar.
 * Covers: exec/run_files. */
#include "local_executor.h"

#include <fcntl.h>
#include <unistd.h>

/* name of a tree: that of its tar's bytes. */
static struct {
    char tree[65];
    uint64_t bytes;
} tar;

static const char *at(const char *name)
{
    static char path[300];
    (void)snprintf(path, sizeof(path), "%s/%s", local.dir, name);
    return path;
}

static void shell(const char *text)
{
    char line[1000];
    (void)snprintf(line, sizeof(line), "set -e; cd %s; %s", local.dir, text);
    assert_int_equal(system(line), 0);
}

static bool has(const char *name)
{
    char path[400];
    (void)snprintf(path, sizeof(path), "%s/code/digits/%s/%s", local.dir, tar.tree, name);
    return access(path, F_OK) == 0;
}

static int setup(void **state)
{
    struct stat status;
    (void)local_executor_begin(state);
    shell("mkdir src; echo 'print(1)' >src/train.py; tar -C src -cf tree.tar train.py; "
          "b2sum -l 256 tree.tar | cut -c 1-64 >sum");
    FILE *sum = fopen(at("sum"), "re");
    assert_int_equal(fscanf(sum, "%64s", tar.tree), 1);
    (void)fclose(sum);
    assert_int_equal(stat(at("tree.tar"), &status), 0);
    tar.bytes = (uint64_t)status.st_size;
    return 0;
}

struct staged {
    bool is_done;
    struct err err;
    int tar; /* shares its place with the one that was handed over */
};

static void keep(void *ctx, const struct err *err)
{
    struct staged *staged = ctx;
    staged->is_done = true;
    if (err)
        staged->err = *err;
}

static void start(struct staged *staged, const char *tree, uint64_t bytes)
{
    struct err err;
    *staged = (struct staged){ .tar = open(at("tree.tar"), O_RDONLY | O_CLOEXEC) };
    struct stage_spec spec = {
        .project = "digits", .tree = tree, .tar_fd = fcntl(staged->tar, F_DUPFD_CLOEXEC, 0), .bytes = bytes
    };
    if (executor_stage(local.ex, &spec, keep, staged, &err) < 0)
        keep(staged, &err);
}

/* How much of the tar was read. */
static int64_t finish(struct staged *staged)
{
    while (!staged->is_done)
        loop_step(local.loop);
    int64_t read_to = lseek(staged->tar, 0, SEEK_CUR);
    (void)close(staged->tar);
    return read_to;
}

static void a_tree_arrives_whole_and_is_marked_last(void **state)
{
    (void)state;
    struct staged staged;
    start(&staged, tar.tree, tar.bytes);
    assert_int_equal(finish(&staged), tar.bytes);
    assert_int_equal(staged.err.code, ERR_NONE);
    assert_true(has("train.py") && has(".sluice-complete"));
    shell("test $(ls -A code/digits | wc -l) -eq 1");
}

static void of_a_tree_that_is_known_no_byte_is_read(void **state)
{
    (void)state;
    struct staged first, second;
    start(&first, tar.tree, tar.bytes);
    (void)finish(&first);
    start(&second, tar.tree, tar.bytes);
    assert_int_equal(finish(&second), 0);
    assert_int_equal(second.err.code, ERR_NONE);
}

/* As a gateway of another version, or a person's cp, may have left it. */
static void a_half_made_tree_is_made_anew(void **state)
{
    (void)state;
    struct staged staged;
    char half[300];
    (void)snprintf(half, sizeof(half), "mkdir -p code/digits/%s; echo 'print(' >code/digits/%s/half.py",
                   tar.tree, tar.tree);
    shell(half);
    start(&staged, tar.tree, tar.bytes);
    (void)finish(&staged);
    assert_int_equal(staged.err.code, ERR_NONE);
    assert_true(has("train.py") && has(".sluice-complete") && !has("half.py"));
    shell("test $(ls -A code/digits | wc -l) -eq 1");
}

static void a_tree_that_arrives_otherwise_leaves_nothing(void **state)
{
    (void)state;
    struct staged staged;
    char other[65];
    memcpy(other, tar.tree, sizeof(other));
    other[0] = other[0] == '0' ? '1' : '0';
    start(&staged, other, tar.bytes);
    (void)finish(&staged);
    assert_int_equal(staged.err.code, ERR_IO);
    assert_non_null(strstr(staged.err.text, "damaged"));
    shell("test -z \"$(ls -A code/digits)\"");
}

static void refuse(uint64_t bytes, const char *why)
{
    struct staged staged;
    start(&staged, tar.tree, bytes);
    (void)finish(&staged);
    assert_int_equal(staged.err.code, ERR_IO);
    assert_non_null(strstr(staged.err.text, why));
    shell("test -z \"$(ls -A code/digits)\"");
}

/* It is unpacked while it comes: in the midst of a file tar sees the cut, in the padding the hash alone. */
static void a_tree_that_is_cut_leaves_nothing(void **state)
{
    (void)state;
    refuse(520, "EOF");
    refuse(tar.bytes - 512, "cut or damaged");
}

/* More than a pipe holds: nobody may wait for a tar that has given up. */
static void what_is_no_tar_ends_with_what_tar_says(void **state)
{
    (void)state;
    shell("head -c 1000000 /dev/zero | tr '\\0' x >tree.tar");
    refuse(1000000, "tar");
}

static void two_at_once_make_one_tree(void **state)
{
    (void)state;
    struct staged one, two;
    start(&one, tar.tree, tar.bytes);
    start(&two, tar.tree, tar.bytes);
    (void)finish(&one);
    (void)finish(&two);
    assert_int_equal(one.err.code, ERR_NONE);
    assert_int_equal(two.err.code, ERR_NONE);
    assert_true(has("train.py"));
    shell("test $(ls -A code/digits | wc -l) -eq 1");
}

static void odd_names_are_refused(void **state)
{
    (void)state;
    struct staged staged;
    start(&staged, "../../etc", tar.bytes);
    assert_int_equal(finish(&staged), 0);
    assert_int_equal(staged.err.code, ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, local_executor_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tree_arrives_whole_and_is_marked_last),
        TEST(of_a_tree_that_is_known_no_byte_is_read),
        TEST(a_half_made_tree_is_made_anew),
        TEST(a_tree_that_arrives_otherwise_leaves_nothing),
        TEST(a_tree_that_is_cut_leaves_nothing),
        TEST(what_is_no_tar_ends_with_what_tar_says),
        TEST(two_at_once_make_one_tree),
        TEST(odd_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
