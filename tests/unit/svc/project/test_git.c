/* What git says of real folders, made by the git command. */
#include "svc/project/git.h"

#include "base/mem.h"
#include "io/loop.h"
#include "support/spawn.h"
#include "support/valgrind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
    struct loop *loop;
    char dir[64];
    bool is_over;
    struct git_state state; /* its spans point into text */
    struct err err;
    char text[5][4096];
    size_t files;
};

static struct span keep(struct bench *b, size_t at, struct span from)
{
    size_t len = from.len < sizeof(b->text[at]) - 1 ? from.len : sizeof(b->text[at]) - 1;
    if (len)
        memcpy(b->text[at], from.ptr, len);
    b->text[at][len] = '\0';
    return (struct span){ b->text[at], len };
}

static void on_look(void *ctx, const struct git_state *state, const struct err *err)
{
    struct bench *b = ctx;
    b->is_over = true;
    b->err = err ? *err : (struct err){ 0 };
    b->state = (struct git_state){ 0 };
    if (err)
        return;
    b->state = *state;
    b->state.sha = keep(b, 0, state->sha);
    b->state.branch = keep(b, 1, state->branch);
    b->state.url = keep(b, 2, state->url);
    b->state.diff = keep(b, 3, state->diff);
    b->state.files = keep(b, 4, state->files);
}

static void look(struct bench *b, enum git_depth depth)
{
    b->is_over = false;
    assert_int_equal(git_look(b->loop, b->dir, depth, on_look, b, NULL), 0);
    while (!b->is_over)
        loop_step(b->loop);
}

/* Runs shell text in the folder. */
static void sh(const struct bench *b, const char *text)
{
    char command[2048];
    (void)snprintf(command, sizeof(command),
                   "cd %s && export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "
                   "GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && %s",
                   b->dir, text);
    const char *argv[] = { "/bin/sh", "-c", command, NULL };
    assert_int_equal(spawn_collect(argv, SPAN_LIT(""), NULL), 0);
}

static bool has_file(const struct bench *b, const char *name)
{
    struct span rest = b->state.files, one;
    while (span_next(&rest, '\0', &one))
        if (span_is(one, name))
            return true;
    return false;
}

static int begin(void **state)
{
    struct bench *b = mem_zalloc(sizeof(*b));
    b->loop = loop_new();
    (void)snprintf(b->dir, sizeof(b->dir), "/tmp/sluice-git-XXXXXX");
    *state = b;
    return mkdtemp(b->dir) ? 0 : -1;
}

static int end(void **state)
{
    struct bench *b = *state;
    sh(b, "rm -rf \"$PWD\"");
    loop_free(b->loop);
    free(b);
    return 0;
}

static void a_folder_without_git_is_plain(void **state)
{
    struct bench *b = *state;
    look(b, GIT_FILES);
    assert_int_equal(b->err.code, ERR_NONE);
    assert_false(b->state.is_repo);
}

static void a_clean_tree_has_its_commit_and_no_diff(void **state)
{
    struct bench *b = *state;
    sh(b, "git init -q -b main && echo a >a && git add a && git commit -qm one && "
          "git remote add origin https://example.org/x.git");
    look(b, GIT_FILES);
    assert_true(b->state.is_repo && !b->state.is_dirty);
    assert_int_equal(b->state.sha.len, 40);
    assert_string_equal(b->text[1], "main");
    assert_int_equal(b->state.diff.len, 0);
    assert_true(has_file(b, "a"));
    look(b, GIT_CHANGES);
    assert_true(b->state.is_repo && !b->state.is_dirty);
    assert_int_equal(b->state.sha.len, 40);
    look(b, GIT_STATE);
    assert_string_equal(b->text[2], "https://example.org/x.git");
}

static void a_repository_of_nowhere_has_no_url(void **state)
{
    struct bench *b = *state;
    sh(b, "git init -q -b main");
    look(b, GIT_STATE);
    assert_int_equal(b->err.code, ERR_NONE);
    assert_true(b->state.is_repo);
    assert_int_equal(b->state.url.len, 0);
}

static void look_by_path(struct bench *b, const char *path)
{
    auto_free char *before = mem_dup_str(getenv("PATH"));
    setenv("PATH", path, 1);
    look(b, GIT_FILES);
    setenv("PATH", before, 1);
}

static void a_machine_without_git_has_no_repositories(void **state)
{
    if (spawn_errors_are_lost())
        skip();
    struct bench *b = *state;
    sh(b, "git init -q -b main");
    look_by_path(b, b->dir);
    assert_int_equal(b->err.code, ERR_NONE);
    assert_false(b->state.is_repo);
}

static void a_complaint_is_read_in_english_whatever_the_machine_speaks(void **state)
{
    struct bench *b = *state;
    sh(b,
       "printf '#!/bin/sh\\n[ \"$LC_ALL\" = C ] && echo fatal: not a git repository >&2 || echo kein >&2\\n"
       "exit 128\\n' >git && chmod 700 git");
    auto_str struct str path = STR_MAX(4096);
    str_addf(&path, "%s:%s", b->dir, getenv("PATH"));
    look_by_path(b, str_text(&path));
    assert_int_equal(b->err.code, ERR_NONE);
    assert_false(b->state.is_repo);
}

static void a_folder_that_is_gone_is_an_error(void **state)
{
    struct bench *b = *state;
    size_t len = strlen(b->dir);
    (void)snprintf(b->dir + len, sizeof(b->dir) - len, "/gone");
    look(b, GIT_CHANGES);
    b->dir[len] = '\0';
    assert_int_equal(b->err.code, ERR_IO);
}

static void a_change_of_a_tracked_file_is_in_the_diff(void **state)
{
    struct bench *b = *state;
    sh(b, "git init -q -b main && echo a >a && git add a && git commit -qm one && echo b >>a");
    look(b, GIT_CHANGES);
    assert_true(b->state.is_dirty);
    assert_non_null(strstr(b->text[3], "\n+b\n"));
    assert_int_equal(b->state.files.len, 0);
    look(b, GIT_STATE);
    assert_true(b->state.is_dirty);
    assert_int_equal(b->state.diff.len, 0);
}

static void an_untracked_file_makes_it_dirty_and_is_listed(void **state)
{
    struct bench *b = *state;
    sh(b, "git init -q -b main && echo '*.tmp' >.gitignore && git add . && git commit -qm one && "
          "echo n >'? new' && echo t >x.tmp");
    look(b, GIT_FILES);
    assert_true(b->state.is_dirty);
    assert_int_equal(b->state.diff.len, 0);
    assert_true(has_file(b, "? new") && has_file(b, ".gitignore"));
    assert_false(has_file(b, "x.tmp"));
}

static void before_the_first_commit_and_off_a_branch_the_words_are_absent(void **state)
{
    struct bench *b = *state;
    sh(b, "git init -q -b main && echo a >a");
    look(b, GIT_FILES);
    assert_true(b->state.is_repo && b->state.is_dirty);
    assert_int_equal(b->state.sha.len, 0);
    assert_string_equal(b->text[1], "main");
    sh(b, "git add a && git commit -qm one && git checkout -q --detach");
    look(b, GIT_STATE);
    assert_int_equal(b->state.sha.len, 40);
    assert_int_equal(b->state.branch.len, 0);
    assert_false(b->state.is_dirty);
}

/* A commit made meanwhile by the folder's user would fail of the lock that git takes to write the index anew.
 */
static void a_look_takes_no_lock_and_leaves_the_index(void **state)
{
    struct bench *b = *state;
    sh(b, "git init -q -b main && echo a >a && git add a && git commit -qm one && touch -d @9 a && "
          "cp .git/index before");
    look(b, GIT_FILES);
    assert_true(has_file(b, "a"));
    sh(b, "cmp .git/index before && git status >/dev/null && ! cmp -s .git/index before");
}

static void a_repository_that_is_broken_is_said_and_not_taken_for_none(void **state)
{
    struct bench *b = *state;
    sh(b, "git init -q -b main && echo a >a && git add a && git commit -qm one && echo rubbish >.git/index");
    look(b, GIT_FILES);
    assert_int_equal(b->err.code, ERR_IO);
    assert_non_null(strstr(b->err.text, "index"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_folder_without_git_is_plain),
        T(a_clean_tree_has_its_commit_and_no_diff),
        T(a_repository_of_nowhere_has_no_url),
        T(a_machine_without_git_has_no_repositories),
        T(a_complaint_is_read_in_english_whatever_the_machine_speaks),
        T(a_folder_that_is_gone_is_an_error),
        T(a_change_of_a_tracked_file_is_in_the_diff),
        T(an_untracked_file_makes_it_dirty_and_is_listed),
        T(before_the_first_commit_and_off_a_branch_the_words_are_absent),
        T(a_look_takes_no_lock_and_leaves_the_index),
        T(a_repository_that_is_broken_is_said_and_not_taken_for_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
