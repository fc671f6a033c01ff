/* git behind a program of its name, in front of PATH, that counts and can be made to wait. A test that
 * includes it begins with begin_slow and ends with end_slow. */
#ifndef SLUICE_TESTS_SLOW_GIT_H
#define SLUICE_TESTS_SLOW_GIT_H

#include "unit/svc/submit_fixture.h"

/* Beside it: count, a line for each status, and hold: while that is there a status waits. */
static const char slow_git[] = "#!/bin/sh\n"
                               "PATH=${PATH#*:}\n"
                               "case \" $* \" in *' status '*)\n"
                               "    echo x >>\"${0%/*}/count\"\n"
                               "    while [ -e \"${0%/*}/hold\" ]; do sleep 0.01; done;;\n"
                               "esac\n"
                               "exec git \"$@\"\n";

static void path_of(const struct fixture *f, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", f->dir, name);
}

static void put(const struct fixture *f, const char *name, const char *text)
{
    char path[256];
    path_of(f, name, path);
    fixture_write(path, text);
}

static int begin_slow(void **state)
{
    if (setup(state) < 0)
        return -1;
    struct fixture *f = *state;
    char path[256], git[256];
    auto_str struct str words = STR_MAX(4096);
    make_project(f, project_yaml);
    path_of(f, "bin", path);
    path_of(f, "bin/git", git);
    if (mkdir(path, 0700) < 0)
        return -1;
    fixture_write(git, slow_git);
    str_addf(&words, "%s:%s", path, getenv("PATH"));
    return chmod(git, 0700) == 0 ? setenv("PATH", str_text(&words), 1) : -1;
}

static int end_slow(void **state)
{
    int rc = setenv("PATH", strchr(getenv("PATH"), ':') + 1, 1);
    return teardown(state) < 0 ? -1 : rc;
}

static long looks(const struct fixture *f)
{
    char path[256];
    struct stat st = { 0 };
    path_of(f, "bin/count", path);
    return stat(path, &st) == 0 ? (long)st.st_size / 2 : 0;
}

static inline void wait_for_look(struct fixture *f)
{
    while (!looks(f)) {
        fixture_turn(f, 1);
        answer_facts();
        child_pause();
    }
}

static void release(const struct fixture *f)
{
    char path[256];
    path_of(f, "bin/hold", path);
    assert_int_equal(unlink(path), 0);
}

#endif
